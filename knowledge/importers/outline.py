"""The headings of a body: numbered, wrapped over two lines, or bare where 第X章 was lost."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from knowledge.importers.appendices import ENDS, unmarked
from knowledge.importers.heads import HEADING_UNITS, heading, tidy_title
from knowledge.records import Warning_
from knowledge.structure import marker

RANKS = {unit: rank for rank, unit in enumerate(HEADING_UNITS)}
_CHAPTER, _SECTION = RANKS["章"], RANKS["节"]
_LONGEST_BARE = 22
_LONGEST_FIRST = 6
_NO_TITLE = re.compile(r"[，。；：:=＝|“”\d]|应当|可以|不得|^[（(]|^续表")
_OPEN = ("、", "，", "和", "与", "及", "或", "的", "及其", "以及")


@dataclass(frozen=True, slots=True)
class Title:
    """A heading: its rank (编 0 … 目 4), its name, and how many lines it takes; name "": none."""

    rank: int
    name: str
    span: int = 1


def outline(
    lines: Sequence[str], heads: set[int], warnings: list[Warning_]
) -> dict[int, Title]:  # fmt: skip
    """The headings by their first line. `heads` are the lines that open articles."""
    found: dict[int, Title] = {}
    wrapped: list[str] = []
    bare: list[str] = []
    sections = False
    i = 0
    while i < len(lines):
        title = None if i in heads else _title(lines, i, heads)
        if title:
            more = _unpunctuated(lines, i + 1, heads)
            text = "".join(lines[i + 1 : i + 1 + more])
            sections = False
            if not more:
                found[i] = title
            elif tidy_title(text) in ("总则", "附则"):  # a stray one is no part of the name
                found[i] = Title(title.rank, title.name, 1 + more)
                wrapped.append(text)
            elif _has_sections(lines, i, more, heads):
                sections = True
                found[i] = title
                found[i + 1] = Title(_SECTION, tidy_title(text), more)
                bare.append(text)
            else:
                found[i] = Title(title.rank, title.name + text, 1 + more)
                wrapped.append(text)
            i += 1 + more
        elif more := _bare(lines, i, heads):
            name = tidy_title("".join(lines[i : i + more]))
            found[i] = Title(_SECTION if sections else _CHAPTER, name, more)
            bare.append(name)
            i += more
        else:
            i += 1
    if wrapped:
        warnings.append(Warning_("wrapped-heading", "、".join(wrapped)))
    if bare:
        warnings.append(Warning_("bare-heading", "、".join(bare)))
    return found


def _title(lines: Sequence[str], i: int, heads: set[int]) -> Title | None:
    """第二章 …, a line marked with #, or 「一、受理范围」 right above an article."""
    line = lines[i]
    announced = i > 0 and lines[i - 1].endswith(("：", ":")) and not line.startswith("#")
    numbered = None if announced else heading(line)
    if numbered:
        unit, number, name = numbered
        return Title(RANKS[unit], f"{number} {name}".strip())
    style = (marker(unmarked(line)) or ("", 0))[0]
    rank = _SECTION if style == "（一）" else _CHAPTER
    name = tidy_title(unmarked(line))
    if line.startswith("#"):
        return Title(rank, name)
    above = i + 1 in heads or (i + 1 < len(lines) and marker(lines[i + 1]) == ("（一）", 1))
    free = i == 0 or lines[i - 1].endswith("。") or not lines[i - 1].endswith(ENDS)
    short = len(line) < 30 and not line.endswith(ENDS)
    return Title(rank, name) if style in ("一、", "（一）") and above and free and short else None


def _unpunctuated(lines: Sequence[str], start: int, heads: set[int]) -> int:
    """Number of short lines from `start` on that no stop ends, up to an article or heading."""
    for i in range(start, min(start + 3, len(lines))):
        if i in heads or heading(lines[i]) or lines[i].startswith("#"):
            return i - start
        if len(lines[i]) > 40 or lines[i].endswith(ENDS) or marker(lines[i]):
            return 0
    return 0


def _bare(lines: Sequence[str], i: int, heads: set[int]) -> int:
    """Lines of a heading without its number: short, between a finished sentence and an article.

    Many local laws lost 「第二章」 on the way, and 「监督管理」 stands behind the last 款.
    """
    if i in heads or (i > 0 and not lines[i - 1].endswith("。")):
        return 0
    more = _unpunctuated(lines, i, heads)
    ok = 0 < more < 3 and all(_plain_title(line) for line in lines[i : i + more])
    # The first line of a body may be the law's title once more; 总则 is short.
    return more if ok and (i > 0 or len(lines[0]) <= _LONGEST_FIRST) else 0


def _plain_title(line: str) -> bool:
    return len(line) <= _LONGEST_BARE and not _NO_TITLE.search(line)


def _has_sections(lines: Sequence[str], i: int, more: int, heads: set[int]) -> bool:
    """What follows the chapter's line is the first of its bare sections, not its second half."""
    first = lines[i + 1]
    if lines[i].endswith(_OPEN) or first.startswith(_OPEN):
        return False
    if tidy_title(first) == "一般规定":
        return True
    for j in range(i + 1 + more, len(lines)):
        if j not in heads and _title(lines, j, heads):
            return False
        if _bare(lines, j, heads):
            return True
    return False
