"""Whether a quiz item's claims are about the very words that people read, and its figures founded.

A claim that an article bears out proves nothing of an option that says something else: each is
tied to the option's own words, and a figure that people read must stand in a cited article.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from knowledge.citation import write_citation
from knowledge.clauses import ACTORS, agree, comparisons, plain, said_polarities, strong_polarities
from knowledge.figures import Figure, figures, missing_figures, show
from knowledge.lessons import Claim, Item, Option
from knowledge.numerals import NUMBER
from knowledge.sums import SumError, numbers, values


@dataclass(frozen=True, slots=True)
class Flaw:
    """One thing to mend in an item. `kind`: key (not derivable), tie (the claim is not what people
    read), figure (stands in no cited article), claim (cannot be read)."""

    kind: str
    message: str


def claimed(item: Item) -> tuple[Option, ...]:
    """The options with a claim of their own; both of a 判断 rest on one."""
    return item.options[:1] if item.kind == "判断" else item.options


def should_hold(item: Item, option: Option) -> bool:
    return option.right == (item.kind == "判断" or item.asks == "对的")


def claimed_figure(claim: Claim) -> Figure:
    """The figure a claim names. Raises ValueError if it cannot be read as exactly one."""
    text = re.sub(r"^([\d.]+|[一二三四五六七八九十百两]+)月$", r"\1个月", plain(claim.figure))
    found = figures(text)
    if len(found) != 1:
        raise ValueError(claim.figure)
    return next(iter(found))


# Ties to what people read

_WHOEVER = ("一方", "双方", "另一方", "任何一方")
_SAME_ACTOR = (
    {"用人单位", "单位", "企业", "公司", "企业方", "单位方", "老板"},
    {"职工", "劳动者", "工人", "员工", "职工方", "职工一方"},
)


def ties(item: Item, option: Option) -> list[Flaw]:
    """Where a claim says something else than its option, or the option more than its claim."""
    claim, name = option.claim, name_of(item, option)
    own, around = plain(seen(item, option)), plain(item.stem + "\n" + option.text)
    found: list[str] = []
    tied = item.kind == "判断"
    wanted: Figure | None = None
    if claim.figure:
        try:
            wanted = claimed_figure(claim)
        except ValueError:
            message = (
                f"{name}的 figure “{claim.figure}” 读不出一个数，应写作 20日、3月、2/3、半数以上"
            )
            return [Flaw("claim", message)]
    for said, _ in claim.says:
        tied |= plain(said) in own
        if plain(said) not in around:
            found.append(f"{name}和题干里都没有 says 左边的“{said}”")
    if wanted is not None:
        tied |= wanted in figures(own)
        found += _figure_tie(item, option, wanted)
    elif claim.compare:
        found.append(f"{name}写了 compare，没有写 figure")
    if claim.must:
        said_here = said_polarities(own)
        tied |= claim.must in said_here
        loud = {kind for kind, _ in strong_polarities(own)}
        if claim.must not in said_here and (loud or claim.must not in said_polarities(around)):
            found.append(f"{name}的 must 是“{claim.must}”，看到的字里没有这个意思的词")
    if claim.who:
        names = {plain(claim.who)}.union(
            {plain(said) for said, law in claim.says if plain(claim.who) in plain(law)},
            *(same for same in _SAME_ACTOR if claim.who in same),
        )
        tied |= any(n in own for n in names)
        others = [a for a in re.findall(ACTORS, own) if a not in _WHOEVER]
        if not any(n in (own if others and should_hold(item, option) else around) for n in names):
            found.append(f"{name}和题干里都没有“{claim.who}”（who）；换了说法就在 says 里对应")
    if claim.holds:
        tied |= bool(numbers(own) & numbers(claim.holds))
    if not tied:
        found.append(
            f"{name}自己的字跟 claim 一处都连不上：把选项里的词写进 says 左边，或把数字写进选项"
        )
    if should_hold(item, option) or item.kind == "判断":
        found += _uncovered(item, option, name, own)
    return [Flaw("tie", message) for message in found]


def _figure_tie(item: Item, option: Option, wanted: Figure) -> list[str]:
    claim, name = option.claim, name_of(item, option)
    own, stem = figures(seen(item, option)), figures(item.stem)
    summed = bool(claim.holds) and bool(numbers(claim.figure) & numbers(claim.holds))
    same_unit = any(f[1] == wanted[1] for f in own)
    if wanted not in own and (same_unit or wanted not in stem) and not summed:
        return [f"{name}里读不到 {claim.figure}（figure）"]
    visible = comparisons(seen(item, option), wanted)
    if claim.holds or not claim.compare or not visible or agree({claim.compare}, visible):
        return []
    broken = {"过": {"以内", "不超过"}, "不到": {"以上", "至少"}}
    if item.kind == "案例" and any(claim.compare in broken.get(v, ()) for v in visible):
        return []  # 超过60日，不行: told against the article's measure
    shown = "、".join(sorted(visible))
    return [f"{name}里 {claim.figure} 写的是“{shown}”，claim 写的是“{claim.compare}”"]


def _uncovered(item: Item, option: Option, name: str, own: str) -> list[str]:
    """Words of leave, duty or ban, and actors, in a text that is to hold and that no claim
    answers for: another word in their place would go unnoticed."""
    claim = option.claim
    rest = own
    for said, _ in sorted(claim.says, key=lambda pair: -len(pair[0])):
        rest = rest.replace(plain(said), "、")
    rest = re.sub("不[得能应可](?=[少低超多高])", "", rest)  # 不得少于3人 compares
    answer = re.match("(?:不?可以|不能|不得|有权|无权)(?=[，,])", rest)  # 不能，必须先书面提出
    loud = strong_polarities(rest[answer.end() :] if answer and claim.must else rest)
    loose = [word for kind, word in loud if kind != claim.must]
    found = []
    if loose:
        found.append(
            f"{name}里的“{loose[0]}”没有依据：写 must，或在 says 左边连它一起写"
            f"（如 {{{loose[0]}…: 条文的词}}）"
        )
    actors, left = ([a for a in re.findall(ACTORS, t) if a not in _WHOEVER] for t in (own, rest))
    if should_hold(item, option) and actors and not claim.who and actors == left:
        found.append(
            f"{name}里的“{actors[0]}”没有依据：写 who，或在 says 左边连它一起写"
            f"（如 {{{actors[0]}: 条文的词}}）"
        )
    return found


# Figures

_ORDINAL = re.compile(rf"第\s*{NUMBER}\s*个?(?:工作日|[天日周年月次名份人])")
_DATE = re.compile(r"\d\s*月\s*\d+\s*[日号]")
_MAJORITIES = ("半数以上", "过半数")


def figure_flaws(item: Item, texts: Sequence[str]) -> list[Flaw]:
    """Figures in the why and in what is said to hold that no article, stem or sum gives."""
    found: list[Flaw] = []
    worked: set[float] = set()
    known_numbers = numbers(item.stem).union(*map(numbers, texts))
    for option in claimed(item):
        claim, name = option.claim, name_of(item, option)
        if not claim.holds:
            continue
        try:
            worked |= values(claim.holds)
        except SumError as error:
            found.append(Flaw("claim", f"{name}的 holds：{error}"))
            continue
        used = numbers(claim.holds, plain_digits=True)
        known = known_numbers | numbers(option.text) | _small(item, texts)
        if (loose := used - known) and should_hold(item, option):
            shown = "、".join(f"{n:g}" for n in sorted(loose))
            message = f"{name}的 holds 里 {shown} 不在题干、选项和所引条文里"
            found.append(Flaw("figure", message))
        if not _from_law(claim, used, texts):
            found.append(Flaw("tie", f"{name}的 holds 里没有一个条文的数字，不算由条文推出"))
    said = [("why", item.why)]
    if item.kind != "判断":
        said += [(name_of(item, o), o.text) for o in item.options if should_hold(item, o)]
    elif item.options[0].right:
        said.append(("题干", item.stem))
    halves = (
        {(0.5, "份额")} if any(f[1] in _MAJORITIES for t in texts for f in figures(t)) else set()
    )
    for place, text in said:
        allowed = halves | (set() if place == "题干" else figures(item.stem))
        missing = {
            f
            for f in missing_figures(_ORDINAL.sub("", text), texts, allowed)
            if worked.isdisjoint({f[0], round(f[0] * 100, 6)}) and not _needs_none(item, f)
        }
        if missing:
            shown = "、".join(sorted(map(show, missing)))
            cited = "、".join(write_citation(c) for c in item.cite)
            found.append(Flaw("figure", f"{place}里的 {shown} 不在 {cited} 里，题干也推不出"))
    return found


def _needs_none(item: Item, stated: Figure) -> bool:
    """另一名代表, 一份合同 count nothing; 6日 is the day after a 6月5日 of the stem."""
    value, unit = stated
    if unit in ("人", "份", "次"):
        return value == 1
    dated = unit == "日" and bool(_DATE.search(item.stem))
    return dated and not numbers(item.stem).isdisjoint({value, value - 1})


def _from_law(claim: Claim, used: Iterable[float], texts: Iterable[str]) -> bool:
    """Whether a sum reckons with what the article says: the claimed figure, if there is one."""
    if "半" in claim.figure or any("半" in law for _, law in claim.says):
        return True  # 40 + 40 <= 80 needs no number to say half
    law = set(numbers(claim.figure))
    for text in () if claim.figure else texts:
        law |= numbers(text) - {1.0} | {value for value, _ in figures(text)}  # 一方 is no number
    return not law.isdisjoint(used)


def _small(item: Item, texts: Iterable[str]) -> set[float]:
    """Numbers a sum may use without anybody writing them: 1, halves, the lengths of the calendar
    where dates or years are counted, 100 where a share is."""
    said = "\n".join((item.stem, *(o.text for o in item.options), *texts))
    small = {1.0}
    if "半" in said:
        small |= {2.0, 0.5}
    if _DATE.search(item.stem):
        small |= {28.0, 29.0, 30.0, 31.0}
    if "年" in said:
        small |= {12.0}
    if "周" in said or "星期" in said:
        small |= {7.0}
    if "%" in said or "百分之" in said:
        small |= {100.0}
    return small


# Wording


def seen(item: Item, option: Option) -> str:
    return item.stem if item.kind == "判断" else option.text


def name_of(item: Item, option: Option) -> str:
    return "题干的说法" if item.kind == "判断" else f"选项“{option.text}”"


def quoted(words: Iterable[str]) -> str:
    return "、".join(f"“{w}”" for w in words)
