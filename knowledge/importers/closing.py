"""What a text says in its own last articles: from when it holds, and which laws it ends."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from knowledge.citation import law_name
from knowledge.importers.dates import dates
from knowledge.records import ParsedArticle

_SELF = (
    r"本(?:法|条例|规定|办法|解释|决定|决议|细则|规则|准则|规范|安排|批复|意见|通知|修正案|命令|"
    r"章程|暂行[^，。；]{2,6})"
)
_STARTS = re.compile(
    rf"{_SELF}[^。；]{{0,30}}?[自从于]?([^，。；]{{6,16}}?)起?(?:正式)?(?:施行|实施|执行|生效)"
)
_AT_ONCE = re.compile(
    rf"{_SELF}?[^。；]{{0,12}}自(?:公布|发布|颁布|通过|批准|印发)之日起(?:施行|实施|执行|生效)"
)
_ENDED = re.compile(
    r"(?:同时|即行|一并|随之|相应|自行|予以|均|现予|同日)?(?:废止|作废|失效)|停止执行|不再执行"
)
_SENTENCE = re.compile(r"[。；;]")
_AMENDED = re.compile(
    r"^(?:[^《》，]{0,4})?修[正改订]|^(?:的)?(?:规定|有关|第[一二三四五六七八九十百\d]+[条款])|^中"
)
_NUMBERED = re.compile(r"^\s*[（(][^（）()]{2,40}[）)]")  # （法释〔2020〕26号）
_BASIS = re.compile(r"(?:根据|依照|按照|依据|依)$")
_OTHERWISE = re.compile(r"(?:不一致|抵触|不符|相冲突)")
_ISSUER = re.compile(r"(最高人民法院|最高人民检察院|国务院)[^《》]{0,40}$")
_LAST = 4


@dataclass(frozen=True, slots=True)
class Repeal:
    """A law that a text ends: its name, and the date given with it (passed or published)."""

    name: str
    dated: date | None = None


def effective_in(units: Sequence[ParsedArticle]) -> date | str | None:
    """The day the text names in its closing units; "at once" for 自公布之日起; None if silent."""
    lines = _closing_lines(units)
    for line in reversed(lines):
        for found in _STARTS.finditer(line):
            if days := dates(found.group(1)):
                return days[-1][0]
        if _AT_ONCE.search(line):
            return "at once"
    return None


def repeals_in(units: Sequence[ParsedArticle], title: str = "") -> tuple[Repeal, ...]:
    """The laws that end with this text, from 「…同时废止」 in its last units, once each.

    Names only amended, only the basis of another, or ended in part are left out; so is a text
    that merely changes (修改) a law. A 关于废止…的决定 ends every law it lists.
    """
    listing = "关于废止" in title and "修改" not in title
    lines = [line for unit in units for line in unit.text.split("\n")]
    sentences = [s for line in (lines if listing else _closing_lines(units))
                 for s in _SENTENCE.split(line)]  # fmt: skip
    found: dict[str, Repeal] = {}
    for sentence in sentences:
        if "《" not in sentence:
            continue
        ends = [m.start() for m in _ENDED.finditer(sentence)]
        limit = len(sentence) if listing else max(ends, default=0)
        before = 0
        for name, start, end in _titles(sentence):
            lead, tail = sentence[before:start], _NUMBERED.sub("", sentence[end:])[:14]
            before = end
            if start >= limit or _AMENDED.match(tail) or _BASIS.search(lead.rstrip()):
                continue
            if "决定" in lead and listing:
                continue
            if _OTHERWISE.search(sentence[end:limit]) or (not ends and not listing):
                continue
            if name.startswith("关于") and (issuer := _ISSUER.search(lead)):
                name = issuer.group(1) + name
            day = dates(lead)
            known = law_name(name)
            found.setdefault(known, Repeal(known, day[0][0] if day else None))
    return tuple(found.values())


def _closing_lines(units: Sequence[ParsedArticle]) -> list[str]:
    body = [u for u in units if u.kind in ("article", "item", "whole")]
    lines = [line for unit in body[-_LAST:] for line in unit.text.split("\n")]
    return lines if len(body) > 1 else lines[-5:]


def _titles(sentence: str) -> list[tuple[str, int, int]]:
    """Outermost 《…》 in a sentence, with the marks inside: 《关于〈X〉的解释》."""
    found, depth, start = [], 0, 0
    for i, c in enumerate(sentence):
        if c == "《":
            depth += 1
            start = i if depth == 1 else start
        elif c == "》" and depth:
            depth -= 1
            if not depth:
                found.append((sentence[start + 1 : i], start, i + 1))
    return found
