"""Chinese, Arabic and full-width numbers, brought to one form and written back."""

from __future__ import annotations

import re
import unicodedata
from fractions import Fraction

DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "○": 0, "两": 2, "俩": 2}
UNITS = {"十": 10, "百": 100, "千": 1000}
LARGE = {"万": 10_000, "亿": 100_000_000}
CHINESE = "零〇○一二两俩三四五六七八九十百千万亿"
_ARABIC = r"\d{1,3}(?:,\d{3})+(?!\d)[百千万亿]{0,2}|(?:\d+(?:\.\d+)?[百千万亿]{1,2})+|\d+(?:\.\d+)?"
NUMBER = rf"(?:{_ARABIC}|[{CHINESE}]+(?:点[零〇一二三四五六七八九]+[万亿]?)?)"


def narrow(text: str) -> str:
    """Full-width digits, letters and signs as ordinary ones; Chinese punctuation kept."""
    return "".join(
        unicodedata.normalize("NFKC", c)
        if "０" <= c <= "９" or "Ａ" <= c <= "Ｚ" or "ａ" <= c <= "ｚ" or c in "％．／"
        else c
        for c in text
    )


def to_int(text: str) -> int:
    """The whole number that `text` writes, Arabic or Chinese: 17, 1.5万, 一百零五, 二〇二四.

    一百二 is 120, as people say it; 三五十 and the like are read somehow, `exact` refuses them.
    Raises ValueError if it is no whole number.
    """
    value = _value(text)
    if value.denominator != 1:
        raise ValueError(f"{text!r} is no whole number")
    return int(value)


def to_float(text: str) -> float:
    """Like `to_int`, with a decimal part: 1.5, 1.5万, 一点五."""
    return float(_value(text))


def exact(text: str) -> int | None:
    """The number that `text` writes as laws do (17, 两, 一百零三); None for 〇, 三五十, 1.5."""
    text = narrow(text.strip())
    try:
        value = to_int(text)
    except ValueError:
        return None
    if not 0 < value < 100_000_000:
        return None
    if text.isdecimal() or all(c in DIGITS for c in text):  # 105, 一〇五
        return value
    plain = text.translate(str.maketrans("〇○两俩", "零零二二"))
    return value if plain.removeprefix("一") == to_chinese(value).removeprefix("一") else None


def _value(text: str) -> Fraction:
    text = narrow(text.strip())
    if text[:1].isascii() and text[:1].isdigit():
        if not re.fullmatch(_ARABIC, text):
            raise ValueError(f"{text!r} is no number")
        parts = re.findall(r"(\d+(?:\.\d+)?)([百千万亿]*)", text.replace(",", ""))
        return sum((Fraction(digits) * _product(units) for digits, units in parts), Fraction())
    if "点" in text:
        whole, part = text.split("点", 1)
        units = part[-1:] if part[-1:] in LARGE else ""
        digits = part.removesuffix(units)
        if not digits or any(c not in DIGITS for c in digits):
            raise ValueError(f"{text!r} is no number")
        tail = Fraction("0." + "".join(str(DIGITS[c]) for c in digits))
        return (_chinese(whole) + tail) * _product(units)
    return Fraction(_chinese(text))


def _product(units: str) -> int:
    factor = 1
    for c in units:
        factor *= (UNITS | LARGE)[c]
    return factor


def _chinese(text: str) -> int:
    if not text or any(c not in CHINESE for c in text):
        raise ValueError(f"{text!r} is no number")
    if len(text) > 1 and all(c in DIGITS for c in text):  # 二〇二四
        return int("".join(str(DIGITS[c]) for c in text))
    total = middle = section = digit = 0  # 亿, 万, below
    for c in text:
        if c in DIGITS:
            digit = DIGITS[c]
        elif c in UNITS:
            section += (digit or 1) * UNITS[c]
            digit = 0
        elif c == "万":
            middle += (section + digit or 1) * LARGE[c]
            section = digit = 0
        else:
            total += (middle + section + digit or 1) * LARGE[c]
            middle = section = digit = 0
    if digit and text[-2:-1] in ("百", "千", "万", "亿"):  # 一百二, 三万五
        digit *= (UNITS | LARGE)[text[-2]] // 10
    return total + middle + section + digit


def to_chinese(number: int) -> str:
    """The number as laws write it: 10 -> 十, 20 -> 二十, 105 -> 一百零五. 0 to 99,999,999."""
    if not 0 <= number < 100_000_000:
        raise ValueError(f"{number} is out of range")
    if number >= 10_000:
        high, low = divmod(number, 10_000)
        zero = "零" if 0 < low < 1000 else ""
        # 十万零五, but 一万零十 has its 一 written: 一万零一十.
        rest = "一" + to_chinese(low) if 10 <= low < 20 else to_chinese(low)
        return to_chinese(high) + "万" + (zero + rest if low else "")
    names = "零一二三四五六七八九"
    if number < 10:
        return names[number]
    out, gap = "", False
    for unit, sign in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit, number = divmod(number, unit)
        if digit:
            out += ("零" if gap and out else "") + names[digit] + sign
            gap = False
        else:
            gap = bool(out)
    return out.removeprefix("一") if out.startswith("一十") else out


_ARTICLE = re.compile(rf"第\s*({NUMBER})\s*条(?:之({NUMBER}))?")


def article_label(number: int, branch: int = 0) -> str:
    """第二十条, 第二百六十二条之二."""
    return f"第{to_chinese(number)}条" + (f"之{to_chinese(branch)}" if branch else "")


def normal_article(text: str) -> str:
    """第20条, 第 二十 条 -> 第二十条; other labels (一、, 附录) come back as they are."""
    m = _ARTICLE.fullmatch(narrow(text).replace(" ", ""))
    if m is None:
        return text
    number, branch = exact(m[1]), exact(m[2]) if m[2] else 0
    return text if number is None or branch is None else article_label(number, branch)
