"""Dates in promulgation lines and closing articles, and what happened on them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import Enum

from knowledge.structure import number

_C = "〇○零一二三四五六七八九"
_DATE = re.compile(
    r"(?P<y>[12]\d{3})\s*[年\-./]\s*(?P<m>[01]?\d)\s*[月\-./]\s*(?P<d>[0-3]?[\dl])(?:\s*日)?(?!\d)"
    rf"|(?P<cy>[一二][{_C}]{{3}})年(?P<cm>[一二三四五六七八九十]{{1,2}})月(?P<cd>[一二三四五六七八九十]{{1,3}})日"
)


class Event(Enum):
    """What a date stands for."""

    PASSED = "通过"
    PUBLISHED = "公布"
    AMENDED = "修正"
    EFFECTIVE = "施行"


@dataclass(frozen=True, slots=True)
class Dated:
    day: date
    event: Event


_WORDS = (
    (Event.AMENDED, re.compile(r"修正|修订|修改")),
    (Event.PUBLISHED, re.compile(r"公布|发布|颁布|印发|令第")),
    (Event.PASSED, re.compile(r"通过|批准")),
    (Event.EFFECTIVE, re.compile(r"施行|实施|执行|生效")),
)
_TITLES = re.compile(r"《[^《》]*(?:《[^《》]*》[^《》]*)*》")
_QUOTED = re.compile(r"[〈<][^〈〉<>]*[〉>]")


def dates(text: str) -> list[tuple[date, int, int]]:
    """Every calendar date in the text, with its span; impossible ones (2月30日) are left out."""
    found = []
    for m in _DATE.finditer(text):
        try:
            if m["y"]:
                day = date(int(m["y"]), int(m["m"]), int(m["d"].replace("l", "1")))
            else:
                year = int("".join(str(number(c) or 0) for c in m["cy"]))
                day = date(year, number(m["cm"]) or 0, number(m["cd"]) or 0)
        except ValueError:
            continue
        found.append((day, m.start(), m.end()))
    return found


def events(lines: Iterable[str]) -> list[Dated]:
    """What the promulgation lines tell, in order of day. Words inside 《…》 are other acts."""
    found: list[Dated] = []
    for line in lines:
        text = _TITLES.sub("《》", _QUOTED.sub("", line))
        text = re.sub(r"关于修[改正订]", "", text)
        spans = dates(text)
        for n, (day, _, end) in enumerate(spans):
            after = text[end : spans[n + 1][1] if n + 1 < len(spans) else len(text)]
            effective = re.match(r"\s*起?\s*(?:施行|实施|执行|生效)", after)
            kind = Event.EFFECTIVE if effective else _kind(after)
            if kind is not None:
                found.append(Dated(day, kind))
    return sorted(found, key=lambda d: d.day)


def _kind(words: str) -> Event | None:
    return next((event for event, pattern in _WORDS if pattern.search(words)), None)
