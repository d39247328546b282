"""One sentence of an article read closely: who acts, what is laid on them, how a figure compares.

Rules of thumb, not grammar. They serve a proof-reader that would rather refuse a right claim than
let a wrong one pass: the author then words the claim more closely to the article.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from knowledge.figures import Figure, figures
from knowledge.numerals import narrow
from knowledge.structure import items, paragraphs

NOT_YET = "不到"
"""Less than the figure: read from texts, but nothing that a claim may say of an article."""

SAME_BOUND = ({"以上", "至少"}, {"以内", "不超过"})
"""以上 and 以内 include the figure itself (民法典 art. 1259)."""


def plain(text: str) -> str:
    """Without blanks and line breaks, digits and signs narrow: what words are looked up in."""
    return re.sub(r"\s+", "", narrow(text))


@lru_cache(maxsize=2048)
def sentences(text: str, paragraph: int = 0, item: int = 0) -> tuple[str, ...]:
    """The sentences of an article, of one 款 or of one 项; an item is joined to its lead."""
    parts = paragraphs(text)
    if paragraph:
        parts = parts[paragraph - 1 : paragraph]
    found = [s for part in parts for s in _sentences(part, item)]
    return tuple(dict.fromkeys(plain(s) for s in found if plain(s)))


def _sentences(part: str, item: int = 0) -> list[str]:
    listed = items(part)
    if not listed:
        return [] if item else _split(part)
    head = part[: part.find(listed[0])]
    lead = _split(head)
    opening = "" if head.rstrip().endswith("。") or not lead else lead.pop()
    chosen = listed[item - 1 : item] if item else listed
    joined = [f"{opening}{s}" for one in chosen for s in _sentences_below(one)]
    return joined if item else lead + joined


def _sentences_below(item: str) -> list[str]:
    first, _, rest = item.partition("\n")
    below = _sentences(rest) if rest else []
    lead = _split(first)
    if below and lead and first.rstrip().endswith(("：", ":")):
        return [*lead[:-1], *(f"{lead[-1]}{s}" for s in below)]
    return lead + below


def _split(text: str) -> list[str]:
    return [s for s in re.split(r"[。；;\n]", text) if s.strip()]


def clauses(sentence: str) -> list[str]:
    return [c for c in re.split(r"[，,：:]", sentence) if c]


# How a figure compares.

_NO = "(?:不|不得|不能|不可|不应)"
_BEFORE = {
    "至少": rf"{_NO}(?:少于|低于)|至少|最少|最低|起码|达到|(?<![不未])满",
    "不超过": rf"{_NO}(?:超过|多于|高于)|最[长多高迟晚]|至[多迟]|顶多|上限",
    NOT_YET: r"(?<!不)(?<![不]得)(?<!不[能可应])(?:少于|低于)|不足|[不未]满|未达到|[不没]到",
    "过": r"(?<!不)(?<!不[得能可应])(?:超过|多于|大于|高于)|超出|逾|晚于",
    "之前": r"提前|前",
}
# 不得超过本方代表的三分之一: what a share is a share of stands between.
_OF_WHAT = {"份额": "(?:[^，,]{1,14}的)?", "倍": "(?:[^，,]{1,14}的)?"}
_BEFORE_END = {
    (kind, unit): re.compile(rf"(?:{words})[为是有应须应当达到了]{{0,2}}{between}$")
    for kind, words in _BEFORE.items()
    for unit, between in {"": "", **_OF_WHAT}.items()
}
_AFTER = (
    (re.compile(r"(?:[（(]含[^)）]*[）)])?(?:之内|以内|内|以下)"), "以内"),
    (re.compile(r"(?:及|及其)?以上"), "以上"),
    (re.compile(r"(?:之前|以前|前)"), "之前"),
)
_RANGE = re.compile(r"[\d一二三四五六七八九十百两]\s*(?:至|到|[-‐‑–—―－~～])\s*$")
_TO = re.compile(r"至|到|[-‐‑–—―－~～]")


def comparisons(text: str, wanted: Figure) -> set[str]:
    """How `text` compares the figure where it states it; empty where it stands bare or not."""
    found: set[str] = set()
    for clause in clauses(plain(text)):
        found |= _compared(clause, wanted)
    return found


@lru_cache(maxsize=16384)
def _compared(clause: str, wanted: Figure) -> frozenset[str]:
    if wanted not in figures(clause):
        return frozenset()
    if wanted[1] in ("半数以上", "过半数"):
        return frozenset({"以上" if wanted[1] == "半数以上" else "过"})
    end = next(j for j in range(1, len(clause) + 1) if wanted in figures(clause[:j]))
    start = next((i for i in range(end - 1, -1, -1) if wanted in figures(clause[i:end])), 0)
    if clause[end - 1] == "以":  # 六月以上 is no month's name only once 以 is read
        end -= 1
    before, stated, after = clause[:start], clause[start:end], clause[end:]
    unit = wanted[1] if wanted[1] in _OF_WHAT else ""
    found = {kind for kind in _BEFORE if _BEFORE_END[kind, unit].search(before)}
    found |= {kind for pattern, kind in _AFTER if pattern.match(after)}
    if len(figures(stated)) > 1 and _TO.search(stated):
        found.add("至少")
    if _RANGE.search(before):
        found.add("不超过")
    if "以内" in found:  # 期满前3个月内
        found.discard("之前")
    return frozenset(found)


def agree(claimed: Iterable[str], read: Iterable[str]) -> bool:
    """Whether one of the claimed comparisons is among the read ones, or the same by another
    word."""
    wide = set(read)
    for same in SAME_BOUND:
        if wide & same:
            wide |= same
    return not wide.isdisjoint(claimed)


# What is laid on people.

_NEUTRAL = (
    "可不可以|可以不可以|能不能|应不应该|应不应当|该不该|要不要|必不必须|许不许|准不准|能否|可否|是否"
    "|不可抗力|不可避免|可能|可行|可靠|可见|许可|认可|可持续|不得已|不能胜任|不能工作|不能从事"
    "|相应|适应|供应|对应|反应|应用|应聘|应急|应对|应诉|应付|应邀|应届|应约|应得|答应|响应|回应|效应"
    "|无须|无需|不必|不需要|不用|功能|性能|职能|只能|能力|智能|技能|产能|节能|要求|需要|主要|重要"
    "|只要|要么|要约|要点|摘要|必要|要件|还要不|应收"
)
_LAW = {
    "不得": "不应当|不得|不准|不许|禁止|严禁|不能|不可以|不应|不可|无权|不予",
    "可以": "可以|有权|可|有(?=[^，,]{2,16}的权利)",
    "应当": "应当|必须|应该|有义务|须|应",
}
_PLAIN = {
    "不得": "不应当|不应该|不得|不能|不可以|不可|不许|不准|禁止|严禁|不该|不应|不要|不允许"
    "|无权|没有权利|没权|不行|不让|别",
    "可以": "可以|有权|有权利|允许|准许|也行|都行|就行|才能|可|能",
    "应当": "不得不|必须|应当|应该|一定要|须|有义务|该|应|要",
}
_STRONG = {
    "不得": "不得|不能|不可以|禁止|不许|不准|无权|不应当",
    "可以": "可以|有权",
    "应当": "必须|应当|应该|一定要",
}


def _scanner(kinds: dict[str, str]) -> re.Pattern[str]:
    words = "|".join(
        f"(?P<{name}>{'|'.join(sorted(kinds[kind].split('|'), key=len, reverse=True))})"
        for name, kind in (("no", "不得"), ("must", "应当"), ("may", "可以"))
    )
    return re.compile(f"(?P<none>{_NEUTRAL})|{words}")


_NAMES = {"no": "不得", "may": "可以", "must": "应当"}
_LAW_SCAN, _PLAIN_SCAN, _STRONG_SCAN = map(_scanner, (_LAW, _PLAIN, _STRONG))


def _modals(text: str, scan: re.Pattern[str]) -> list[tuple[int, int, str, str]]:
    """(start, end, polarity, word) of every modal."""
    return [
        (m.start(), m.end(), _NAMES[m.lastgroup or ""], m[0])
        for m in scan.finditer(text)
        if m.lastgroup != "none"
    ]


def said_polarities(text: str) -> set[str]:
    """Every polarity that plain words express; questions (能不能) express none."""
    return {kind for _, _, kind, _ in _modals(plain(text), _PLAIN_SCAN)}


def strong_polarities(text: str) -> list[tuple[str, str]]:
    """(polarity, word) of the words that nobody can overlook: 必须, 可以, 不得 and the like."""
    return [(kind, word) for _, _, kind, word in _modals(plain(text), _STRONG_SCAN)]


def tightest(sentence: str, words: Sequence[str]) -> tuple[int, int] | None:
    """Start and end of the shortest stretch that holds all `words`; None if one is missing."""
    if not words:
        return None
    places = [[m.start() for m in re.finditer(re.escape(w), sentence)] for w in words]
    if not all(places):
        return None
    best: tuple[int, int] | None = None
    for first in (p for ps in places for p in ps):
        ends = [
            next((p + len(w) for p in ps if p >= first), None)
            for w, ps in zip(words, places, strict=True)
        ]
        if None not in ends:
            end = max(e for e in ends if e is not None)
            if best is None or end - first < best[1] - best[0]:
                best = first, end
    return best


def governing(sentence: str, words: Sequence[str]) -> tuple[int, str] | None:
    """Place and polarity of the modal that governs `words`: the nearest before the last of them
    in their clause, else the next in that clause, else the nearest before in the sentence."""
    modals = _modals(sentence, _LAW_SCAN)
    if not modals:
        return None
    stretch = tightest(sentence, words) or (0, len(sentence))
    end = stretch[1]
    left = max((sentence.rfind(c, 0, end - 1) for c in "，,：:"), default=-1) + 1
    right = min((p for c in "，,：:" if (p := sentence.find(c, end)) >= 0), default=len(sentence))
    before = [m for m in modals if left <= m[0] < end]
    after = [m for m in modals if end <= m[0] < right]
    earlier = [m for m in modals if m[0] < left]
    later = [m for m in modals if m[0] >= right]
    chosen = (before[-1:] or after[:1] or earlier[-1:] or later[:1])[0]
    return chosen[0], chosen[2]


# Who acts.

_ACTORS = (
    "用人单位", "用工单位", "企业", "公司", "单位", "雇主", "另一方", "任何一方", "双方", "一方",
    "职工一方", "职工方", "企业方", "单位方", "职工一方协商代表", "协商代表", "首席代表",
    "工会主席", "工会委员会", "上级工会", "上一级工会", "地方工会", "总工会", "工会",
    "职工代表大会", "职代会", "职工大会", "职工代表", "职工", "劳动者", "女职工", "员工",
    "劳动行政部门", "劳动保障行政部门", "人力资源社会保障行政部门", "人力资源和社会保障行政部门",
    "人民政府", "行政部门", "主管部门", "仲裁委员会", "人民法院", "工会组织",
)  # fmt: skip
ACTORS = "|".join(sorted(_ACTORS, key=len, reverse=True))
"""A pattern of those who act in labour law, longest name first."""

_NOT_ACTING = re.compile(r"(?:[向对给为被将把从按其该]|针对|属于)(?:本|该|各)?$")
_JOINS = re.compile(r"(?:和|与|、|或者?|及|以及|同)(?:本|该|各)?$")


def acts(sentence: str, who: str, words: Sequence[str]) -> bool:
    """Whether `who` is the one who acts: the nearest actor before the governing modal, or in a
    sentence without one before the last of `words`; or the one named by 由 or 经 in that clause."""
    who = plain(who)
    names = "|".join(sorted({*_ACTORS, who}, key=len, reverse=True))
    tokens = list(re.finditer(names, sentence))
    governed = governing(sentence, words)
    stretch = tightest(sentence, words)
    points = [governed[0]] if governed else []
    if not governed:
        points.append(stretch[1] if stretch else len(sentence))
    if any(_is(t[0], who) for p in points for t in _acting(sentence, tokens, p)):
        return True
    end = stretch[1] if stretch else len(sentence)
    left = max((sentence.rfind(c, 0, end - 1) for c in "，,：:"), default=-1) + 1
    return any(
        _is(t[0], who) and re.search(r"(?:由|经)[^，,：:]{0,12}$", sentence[left : t.start()])
        for t in tokens
        if left <= t.start() < end + 12
    )


def _is(token: str, who: str) -> bool:
    return token == who or (token.endswith(who) and not token.endswith(("另一方", "双方")))


def _acting(sentence: str, tokens: Sequence[re.Match[str]], point: int) -> list[re.Match[str]]:
    """The nearest actor before `point` that is no mere object, and those joined to it by 和."""
    before = [t for t in tokens if t.end() <= point]
    while before and _is_object(sentence, before[-1].start(), point):
        before.pop()
    found = before[-1:]
    for left, right in zip(before[-2::-1], before[::-1], strict=False):
        if not _JOINS.fullmatch(sentence[left.end() : right.start()]):
            break
        found.append(left)
    return found


def _is_object(sentence: str, start: int, point: int) -> bool:
    """Behind 向 or 对, behind 本 (本单位的秩序), or behind the modal of an earlier clause."""
    head = sentence[:start]
    if _NOT_ACTING.search(head) or head.endswith("本"):
        return True
    clause = re.split("[，,：:]", head)[-1]
    return bool(re.search("[，,：:]", sentence[start:point]) and _modals(clause, _LAW_SCAN))
