"""Chinese, Arabic and full-width numbers, brought to one form and written back."""

from __future__ import annotations

import re
import unicodedata

DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "○": 0, "两": 2, "俩": 2}
UNITS = {"十": 10, "百": 100, "千": 1000}
LARGE = {"万": 10_000, "亿": 100_000_000}
CHINESE = "零〇○一二两俩三四五六七八九十百千万亿"
NUMBER = rf"(?:\d+(?:\.\d+)?(?:[万亿])?|[{CHINESE}]+(?:点[零〇一二三四五六七八九]+)?)"


def narrow(text: str) -> str:
    """Full-width digits, letters and signs as ordinary ones; Chinese punctuation kept."""
    return "".join(
        unicodedata.normalize("NFKC", c)
        if "０" <= c <= "９" or "Ａ" <= c <= "Ｚ" or "ａ" <= c <= "ｚ" or c in "％．／"
        else c
        for c in text
    )


def to_int(text: str) -> int:
    """The whole number that `text` writes, Arabic or Chinese. Raises ValueError if it is none."""
    text = narrow(text.strip())
    if text.isascii() and text.isdigit():
        return int(text)
    if not text or any(c not in CHINESE for c in text):
        raise ValueError(f"{text!r} is no number")
    if len(text) > 1 and all(c in DIGITS for c in text):  # 二〇二四
        return int("".join(str(DIGITS[c]) for c in text))
    total = section = digit = 0
    for c in text:
        if c in DIGITS:
            digit = DIGITS[c]
        elif c in UNITS:
            section += (digit or 1) * UNITS[c]
            digit = 0
        else:
            total = (total + section + digit) * LARGE[c]
            section = digit = 0
    return total + section + digit


def to_float(text: str) -> float:
    """Like `to_int`, with a decimal part: 1.5, 2万, 一点五."""
    text = narrow(text.strip())
    if "点" in text:
        whole, part = text.split("点", 1)
        return to_int(whole) + float("0." + "".join(str(DIGITS[c]) for c in part))
    factor = 1
    while text and text[-1] in LARGE and text[0].isdigit():
        factor *= LARGE[text[-1]]
        text = text[:-1]
    return float(text) * factor if text[:1].isdigit() else float(to_int(text))


def to_chinese(number: int) -> str:
    """The number as laws write it: 10 -> 十, 20 -> 二十, 105 -> 一百零五. 0 to 99,999,999."""
    if not 0 <= number < 100_000_000:
        raise ValueError(f"{number} is out of range")
    if number >= 10_000:
        high, low = divmod(number, 10_000)
        gap = "零" if 0 < low < 1000 else ""
        return to_chinese(high) + "万" + (gap + to_chinese(low) if low else "")
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
    return article_label(to_int(m[1]), to_int(m[2]) if m[2] else 0) if m else text
