"""Chinese numbers, and the 款 and 项 inside an article, so that 第二款第三项 can be addressed."""

from __future__ import annotations

import re
from functools import lru_cache

from knowledge.numerals import to_chinese, to_int

NUMERAL = "零〇○一二三四五六七八九十百千两"

# One style of list marker each, from the outermost to the innermost usual in legal texts.
MARKERS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("一、", re.compile(rf"^([{NUMERAL}]{{1,5}})\s*、")),
    ("（一）", re.compile(rf"^[（(]\s*([{NUMERAL}]{{1,5}})\s*[）)]")),
    ("1.", re.compile(r"^(\d{1,3})\s*(?:[.．](?!\d)|、)")),
    ("（1）", re.compile(r"^[（(]\s*(\d{1,3})\s*[）)]")),
    ("1）", re.compile(r"^(\d{1,3})\s*[）)]")),
    ("①", re.compile(r"^([①-⑳])")),
)
_OPENERS = frozenset("（(①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳0123456789" + NUMERAL)
_CONTINUES = ("：", ":", "；", ";", "，", ",", "、")
_INLINE = re.compile(rf"(?<=[：:；;。])\s*(?=[（(][{NUMERAL}]{{1,5}}[）)])")


@lru_cache(maxsize=4096)
def number(text: str) -> int | None:
    """Value of a well-formed number, 一百零三 or 17; None for anything else (三五十, 一百三)."""
    try:
        value = to_int(text)
    except ValueError:
        return None
    plain = text.replace("〇", "零").replace("○", "零").replace("两", "二")
    well_formed = plain.isascii() or plain.removeprefix("一") == to_chinese(value).removeprefix(
        "一"
    )
    return value if well_formed else None


def marker(line: str) -> tuple[str, int] | None:
    """Style and value of the list marker that opens a line: ("（一）", 3); None without one."""
    if line[:1] not in _OPENERS:
        return None
    for style, pattern in MARKERS:
        if found := pattern.match(line):
            inner = found.group(1)
            value = ord(inner) - ord("①") + 1 if style == "①" else number(inner)
            if value is not None:
                return style, value
    return None


def paragraphs(text: str) -> list[str]:
    """The 款 of an article's text, in order; the items of a 款 stay with it as its lines.

    A line joins the 款 before it when it opens with a list marker or a table bar, or when that
    款 is unfinished (ends in ：；，), as where the source lost its item numbers.
    """
    found: list[str] = []
    for line in text.split("\n"):
        line = line.strip()
        if not line:
            continue
        joins = line.startswith("|") or marker(line) is not None
        if found and (joins or found[-1].endswith(_CONTINUES)):
            found[-1] += "\n" + line
        else:
            found.append(line)
    return found


def items(paragraph: str) -> list[str]:
    """The first-level 项 of one 款, each with its marker and its nested lines; [] without any.

    The style of the first marker is the level. Lines without numbers after a lead that ends in
    ： count as items where there is no numbered one. Items run together in one line are parted.
    """
    lines = paragraph.split("\n")
    if len(lines) == 1:
        lines = _INLINE.split(paragraph)
    marked = [marker(line) for line in lines]
    level = next((m[0] for m in marked if m), None)
    if level is None:
        return lines[1:] if len(lines) > 1 and lines[0].endswith(("：", ":")) else []
    found: list[str] = []
    for line, mark in zip(lines, marked, strict=True):
        if mark and mark[0] == level:
            found.append(line)
        elif found:
            found[-1] += "\n" + line
    return found
