"""Parting from a body what follows it: 附录, 附件, a second text, notes and signatures."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from knowledge.importers.heads import appendix_head
from knowledge.numerals import to_chinese
from knowledge.records import ParsedArticle
from knowledge.structure import marker

ENDS = ("。", "；", "：", "，", "、", "！", "？", ";", ":", ",", "”", "|", "》")
"""How a line of running text ends; titles and signatures end otherwise."""

_FINAL = re.compile(r"施行|实施|执行|生效|废止|解释")
_TAIL = re.compile(r"^(?:[①-⑳*※]|[（(]?注\d{0,2}\s*[：:]|送\s*[：:]|抄送|主题词|[（(]此件)")


def part_appendices(
    lines: Sequence[str], after: int
) -> tuple[list[str], list[ParsedArticle]]:  # fmt: skip
    """The body, and the appendices that begin behind its line `after`."""
    starts = [i for i in range(after + 1, len(lines)) if appendix_head(lines[i])]
    if not starts:
        return list(lines), []
    found = []
    for start, end in pairwise([*starts, len(lines)]):
        number, rest = appendix_head(lines[start]) or ("附录", "")
        text = [rest] if rest else []
        text += [unmarked(line) for line in lines[start + 1 : end]]
        if text:
            found.append(ParsedArticle(number, "\n".join(text), kind="appendix"))
    return list(lines[: starts[0]]), found


def second_text(lines: Sequence[str]) -> list[ParsedArticle]:
    """Another text in the same file, kept in one piece, and its own appendices."""
    if not lines:
        return []
    body, extra = part_appendices(lines, 0)
    return [ParsedArticle("附", "\n".join(map(unmarked, body)), kind="appendix"), *extra]


def cut_tail(units: list[ParsedArticle]) -> list[ParsedArticle]:
    """Take what is glued behind the last article (notes, tables, signatures) off it."""
    if not units or units[-1].kind not in ("article", "item"):
        return []
    last = units[-1]
    lines = last.text.split("\n")
    for i in range(1, len(lines)):
        title = len(lines[i]) <= 40 and not lines[i].endswith(ENDS) and not marker(lines[i])
        done = lines[i - 1].endswith("。") and any(_FINAL.search(line) for line in lines[:i])
        if done and (_TAIL.match(lines[i]) or title):
            units[-1] = ParsedArticle(last.number, "\n".join(lines[:i]), last.chapter, last.kind)
            return [ParsedArticle("附", "\n".join(lines[i:]), kind="appendix")]
    return []


def numbered_apart(units: Sequence[ParsedArticle]) -> list[ParsedArticle]:
    """Appendices under different numbers: the second 附件 becomes 附件（二）."""
    seen: dict[str, int] = {}
    out = []
    for unit in units:
        seen[unit.number] = n = seen.get(unit.number, 0) + 1
        number = unit.number if n == 1 else f"{unit.number}（{to_chinese(n)}）"
        out.append(ParsedArticle(number, unit.text, unit.chapter, unit.kind))
    return out


def unmarked(line: str) -> str:
    """A line without the # of a heading."""
    return line.lstrip("# ") if line.startswith("#") else line
