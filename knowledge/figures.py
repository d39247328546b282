"""The figures of a text: numbers with their units, shares and majorities, in one form.

An answer may state a figure only if a cited article states it; 十个工作日 and 10日 are two
figures, 半数以上 and 过半数 too (民法典 art. 1259: 以上 includes the number itself, 过 does not).

What was decided where the language leaves a choice:

* 半年 is 6个月 and 一年半 18个月; a broken hour counts in minutes. Whole ones stay what they are:
  一年 is not 12个月, 一周 not 7日, 半个月 not 15日.
* 十二月 is the month's name and no figure, 六月以上 and 满三月 are (六个月 always is).
* 双倍 and 200% are 2倍. 一半, 50%, 1/2 and 二分之一 are one share; with 以上, 至少, 不少于 they are
  半数以上, with 过 or 超过 they are 过半数.
* 几十人, 十几天, 数百元 say no number; 三五天 says both.
* Dates, numbers of articles, of decrees and of documents, list marks, 第一次 and 第三人 are none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from fractions import Fraction
from functools import lru_cache

from knowledge.numerals import DIGITS, NUMBER, narrow, to_float, to_int

Figure = tuple[float, str]
"""(value, unit): (20, "日"), (10, "工作日"), (2/3, "份额"), (0.5, "半数以上")."""

_UNITS = {
    "工作日": "工作日", "天工作日": "工作日", "日工作日": "工作日",
    "日（工作日）": "工作日", "天（工作日）": "工作日", "日(工作日)": "工作日",
    "日": "日", "天": "日", "自然日": "日", "日历日": "日", "周": "周", "星期": "周", "礼拜": "周",
    "月": "月", "年": "年", "周年": "年", "小时": "小时", "钟头": "小时", "分钟": "分钟",
    "周岁": "岁", "岁": "岁", "人": "人", "名": "人", "元": "元", "块钱": "元",
    "倍": "倍", "次": "次", "份": "份", "级": "级",
}  # fmt: skip
_UNIT = "|".join(map(re.escape, sorted(_UNITS, key=len, reverse=True)))
_TO = r"\s*(?:至|到|或者?|、|[-‐‑–—―－~～〜]{1,2})\s*"

# What looks like a figure and is none; taken out first, in this order.
_CHINESE_YEAR = "[一二][〇零○一二三四五六七八九]{3}"
_DAY = "(?:[0-9]{1,2}|[一二三四五六七八九十]{1,3})"
_DATE = re.compile(
    rf"(?:\d{{4}}|{_CHINESE_YEAR})\s*年(?:\s*{_DAY}\s*月(?!内|以))?(?:\s*{_DAY}\s*[日号])?"
    rf"|{_DAY}\s*月\s*{_DAY}\s*[日号](?:{_TO}{_DAY}\s*[日号])*"
    r"|\d{4}[-/.]\d{1,2}[-/.]\d{1,2}"
)
_CITED = re.compile(
    rf"第\s*{NUMBER}\s*[条款项章节编次届号版期人名方者](?:之{NUMBER})?"
    rf"|第[一1][天日]|{NUMBER}\s*号|[（(]{NUMBER}[）)]|(?m:^\s*{NUMBER}\s*(?:[、．]|\.(?!\d)))"
)
_VAGUE = re.compile(r"(?:好几|几|(?<![人员总职工票份])数)[十百千万亿]+(?!分之)|[十百千万]几")
_IDIOM = re.compile(
    r"一次性|一年到头|一年一度|一年四季|一年半载|一日三餐|有一天|某一天|一时间|一年一年|一天一天|"
    r"一天天|三天两头|百分百|一人一票|每一次|每一天|再[^，。；]{0,4}一次|"
    r"上一年度?|前一日|后一日|次一日|这一天|那一天|一天到晚|万元户|同一天|同一日|一元化|"
    r"一级工会|上一级|下一级|二级工会|[上下前后大小]半[年月天]|[老好大]半[天日]|"
    r"(?:\d0|[一二三四五六七八九]十)年代|[一二三四五六]年级(?!别|差)|月份(?!额)|"
    r"(?:正好|刚好|恰好|不到|不足|没到|未到)一半"
)
_MONTH = re.compile(rf"(?<![满每隔.\d])(?:{_DAY}{_TO})?({_DAY})\s*月(?!内|以|之内|期)")

# Shares and majorities.
_MORE = r"(?<!不)(?<!不得|不能|不应|没有)(?<!未|没)(?:超过?|多于|大于|高于|(?<!超)过)\s*"
_LEAST = r"(?:至少|不少于|不低于|不得少于|不得低于|达到)\s*"
_HALF = (
    r"(?:一半|(?<![十百])[二两]分之一|(?<![\d/])1/2(?![\d/])|(?<![\d.])50\s*%"
    r"|百分之五十(?![一二三四五六七八九点]))"
)
_MAJORITY = re.compile(
    rf"(?P<more>{_MORE}(?:半数(?:以上)?|{_HALF})|过半(?!数|个|年|月|天|日|小时|辈|点|路|百))"
    rf"|(?P<least>(?:经过)?半数以上|{_LEAST}(?:半数|{_HALF})|{_HALF}\s*(?:[(（]含[^)）]*[)）])?以上)"
    r"|(?P<half>一半)"
)
_OF = re.compile(rf"({NUMBER})分之({NUMBER})(?:{_TO}({NUMBER})(?!分之))?")
_OVER = re.compile(r"(?<![\d.])(\d+)/(\d+)(?![\d/])")
_PERCENT = re.compile(rf"(\d+(?:\.\d+)?)(?:{_TO}(\d+(?:\.\d+)?))?\s*([%‰])")

# 两个半小时, 一年半, 半个月.
_AND_HALF = re.compile(
    rf"({NUMBER})\s*个?半个?({_UNIT})"
    rf"|({NUMBER})\s*个?([年月天日周]|小时|星期|钟头)半(?!数|夜|个|价|薪)"
)
_ONLY_HALF = re.compile(r"半个?(工作日|年|月|天|日|小时|钟头)(?!度|报|刊|制|夜)")
_AMOUNT = re.compile(
    rf"((?:{NUMBER}{_TO})*)({NUMBER})\s*(?:个\s*)?({_UNIT})"
    r"(?!(?<=周)[末边转]|(?<=元)[化旦素宵件]|(?<=人)次|(?<=份)额|(?<=名)[义称单誉字])"
)
_ONE = re.compile(NUMBER)


def figures(text: str) -> set[Figure]:
    """Every figure in `text`. Article numbers, dates of laws and idioms are none."""
    return set(_read(text))


def figure(value: float | Fraction, unit: str) -> Figure:
    """One amount in the form of `figures`: broken years as months, broken hours as minutes."""
    for whole, part, factor in (("年", "月", 12), ("小时", "分钟", 60)):
        if unit == whole and float(value) != int(value):
            value, unit = value * factor, part
    return round(float(value), 6), unit


@lru_cache(maxsize=8192)
def _read(text: str) -> frozenset[Figure]:
    text = narrow(text)
    for pattern in (_DATE, _CITED, _VAGUE, _IDIOM):
        text = pattern.sub("；", text)
    text = _MONTH.sub(lambda m: "；" if to_int(m[1]) <= 12 else m[0], text)
    found: set[Figure] = set()

    def take(pattern: re.Pattern[str], read: Callable[[re.Match[str]], Iterable[Figure]]) -> None:
        """Read every match, and leave nothing of it to the patterns that follow."""
        nonlocal text
        for m in pattern.finditer(text):
            found.update(read(m))
        text = pattern.sub("；", text)

    take(_MAJORITY, lambda m: [(0.5, _majority(m))])
    take(_OF, lambda m: _shares((m[2], m[3]), to_float(m[1])))
    take(_OVER, lambda m: _shares((m[1],), to_float(m[2])))
    take(_PERCENT, lambda m: _shares((m[1], m[2]), 100 if m[3] == "%" else 1000))
    take(_AND_HALF, lambda m: [figure(to_float(m[1] or m[3]) + 0.5, _UNITS[m[2] or m[4]])])
    take(_ONLY_HALF, lambda m: [figure(0.5, _UNITS[m[1]])])
    text = text.replace("双倍", "2倍")
    take(
        _AMOUNT,
        lambda m: [
            figure(to_float(one), _UNITS[m[3]])
            for number in _ONE.findall(m[1] + m[2])
            for one in _loose(number)
        ],
    )
    return frozenset(found)


def _majority(m: re.Match[str]) -> str:
    return "过半数" if m["more"] else "半数以上" if m["least"] else "份额"


def _shares(parts: Iterable[str | None], of: float) -> list[Figure]:
    return [figure(to_float(part) / of, "份额") for part in parts if part and of]


def _loose(number: str) -> Iterable[str]:
    """三五(天) is three or five; every other number is itself."""
    return number if len(number) == 2 and all(DIGITS.get(c) for c in number) else (number,)


def missing_figures(
    claim: str, sources: Iterable[str], allowed: Iterable[Figure] = ()
) -> set[Figure]:
    """Figures of `claim` that stand neither in a source nor among the allowed ones."""
    known = set(allowed).union(*map(_read, sources))
    return {f for f in figures(claim) if not supported(f, known)}


def supported(claimed: Figure, known: Collection[Figure]) -> bool:
    """Whether a known figure says the same: itself, 三倍 for 300 %, 半数以上 for 50 %."""
    value, unit = claimed
    if claimed in known:
        return True
    if unit in ("倍", "份额") and ((value, "倍") in known or (value, "份额") in known):
        return True
    half = {(0.5, "半数以上"), (0.5, "份额")}
    return claimed in half and any(h in known for h in half)


def show(figure: Figure) -> str:
    """A figure for a message: 20日, 2/3, 35%, 半数以上."""
    value, unit = figure
    if unit in ("半数以上", "过半数"):
        return unit
    if unit == "份额":
        share = Fraction(value).limit_denominator(12)
        exact = value < 1 and abs(float(share) - value) < 1e-5
        return str(share) if exact else f"{value * 100:g}%"
    return f"{value:g}{unit}"


_EQUATION = re.compile(r"[\d\s.+\-*/×÷()%]+")


def worked(equation: str) -> set[float]:
    """The numbers of a shown sum such as `90 / 2 = 45`. Raises ValueError if it is wrong."""
    left, _, right = narrow(equation).replace("×", "*").replace("÷", "/").partition("=")
    if not right or not _EQUATION.fullmatch(left) or not re.fullmatch(r"\s*[\d.]+\s*", right):
        raise ValueError(f"{equation!r}: write it as 90 / 2 = 45")
    value = _evaluate(left)
    if abs(value - float(right)) > 1e-6:
        raise ValueError(f"{equation!r}: the left side is {value:g}")
    return {float(n) for n in re.findall(r"\d+(?:\.\d+)?", left + " " + right)}


def _evaluate(text: str) -> float:
    """Four operations and brackets; nothing else is read, so nothing else can run."""
    tokens = re.findall(r"\d+(?:\.\d+)?%?|[^\s\d]", text)
    position = 0

    def term() -> float:
        nonlocal position
        token = tokens[position]
        position += 1
        if token == "(":
            value = total()
            if tokens[position] != ")":
                raise ValueError(tokens[position])
            position += 1
            return value
        return float(token[:-1]) / 100 if token.endswith("%") else float(token)

    def product() -> float:
        nonlocal position
        value = term()
        while position < len(tokens) and tokens[position] in "*/":
            sign = tokens[position]
            position += 1
            value = value * term() if sign == "*" else value / term()
        return value

    def total() -> float:
        nonlocal position
        value = product()
        while position < len(tokens) and tokens[position] in "+-":
            sign = tokens[position]
            position += 1
            value = value + product() if sign == "+" else value - product()
        return value

    try:
        value = total()
        if position < len(tokens):
            raise ValueError(tokens[position])
        return value
    except (IndexError, ValueError, ZeroDivisionError) as error:
        raise ValueError(f"{text!r} is no sum") from error
