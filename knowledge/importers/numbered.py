"""Texts without 第X条 (decisions, replies, old rules): cut at their own numbers 一、 or 1."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

from knowledge.importers.heads import heading
from knowledge.numerals import to_chinese
from knowledge.records import ParsedArticle, Warning_
from knowledge.structure import marker, number

STYLES = ("一、", "1.", "（一）")


def split_items(lines: Sequence[str], warnings: list[Warning_]) -> list[ParsedArticle]:
    """The numbered units, with what stands before them as preamble; [] where nothing counts up.

    「1.」 that counts on through headings 一、二、 is the unit and they are its chapters; else the
    outermost style that counts to two. Numbers inside open quotes belong to a quoted text.
    """
    plain = [line.lstrip("# ") if line.startswith("#") else line for line in lines]
    opened = [0, *accumulate(line.count("“") - line.count("”") for line in plain)]
    runs = {style: _run(plain, opened, style) for style in STYLES}
    ones = sum(1 for line in plain if marker(line) == ("1.", 1))
    style = next((s for s in STYLES if len(runs[s]) >= 2), None)
    outer = [i for i, _ in runs["一、"]]
    under = {sum(1 for o in outer if o < i) for i, _ in runs["1."]}
    if ones == 1 and len(runs["1."]) > max(2, len(outer)) and (len(under) > 1 or not outer):
        style = "1."
    if style is None:
        return []
    starts = dict(runs[style])
    chapters = dict(runs["一、"]) if style == "1." else {}
    values = list(starts.values())
    if gaps := [_label(style, n) for n in range(1, values[-1]) if n not in starts.values()]:
        warnings.append(Warning_("gap", "".join(gaps) if style == "一、" else " ".join(gaps)))
    units: list[ParsedArticle] = []
    label, chapter, place = "", "", ""
    text: list[str] = []

    def close() -> None:
        if label or text:
            kind = "item" if label else "preamble"
            units.append(ParsedArticle(label or "序言", "\n".join(text), place, kind))

    for i, line in enumerate(plain):
        title = heading(lines[i])
        if i in starts:
            close()
            label, place = _label(style, starts[i]), chapter
            body = _strip(line)
            text = [body] if body else []
        elif i in chapters or (title and lines[i].startswith("#")):
            chapter = f"{title[1]} {title[2]}".strip() if title else line
            if text and not label:
                close()
                text = []
            elif label:
                close()
                label, text = "", []
            place = chapter
        else:
            text.append(line)
    close()
    return [unit for unit in units if unit.text or unit.kind == "item"]


def _run(lines: Sequence[str], opened: Sequence[int], style: str) -> list[tuple[int, int]]:
    """(line, value) of the heads of one style that count up from the beginning.

    A head is taken when it is the next number, or one or two further on (the source lost some)
    and the next does not come later. Quotes left open since the last head hide it.
    """
    found = [(i, m[1]) for i, line in enumerate(lines) if (m := marker(line)) and m[0] == style]
    taken: list[tuple[int, int]] = []
    value = 0
    for n, (i, seen) in enumerate(found):
        since = taken[-1][0] if taken else 0
        if opened[i] - opened[since] > 0 and seen != value + 1:
            continue
        if taken and opened[i] - opened[since] > 0 and _again(found[n + 1 :], seen):
            continue
        near = value + 1 < seen <= value + 3
        if seen == value + 1 or (near and not any(s == value + 1 for _, s in found[n + 1 :])):
            taken.append((i, seen))
            value = seen
    return taken


def _again(later: Sequence[tuple[int, int]], value: int) -> bool:
    """The same number comes again before the next one: this one stands in a quotation."""
    for _, seen in later:
        if seen == value:
            return True
        if seen == value + 1:
            return False
    return False


def _label(style: str, value: int) -> str:
    if style == "1.":
        return f"{value}."
    return f"{to_chinese(value)}、" if style == "一、" else f"（{to_chinese(value)}）"


def _strip(line: str) -> str:
    """The line without its list marker."""
    for i, c in enumerate(line):
        if c in "、.．）)" and number(line[:i].strip("（( ")) is not None:
            return line[i + 1 :].strip()
    return line
