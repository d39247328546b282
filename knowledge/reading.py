"""How easy a text is to read: sentence length, and characters outside the common ones."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_SENTENCE = re.compile(r"[。！？；\n]+")
_MARKS = re.compile(r"[\W_]")


def common(char: str) -> bool:
    """Whether a character is of the first level of GB 2312: the 3,755 in everyday use."""
    try:
        code = char.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return len(code) == 1 or 0xB0 <= code[0] <= 0xD7


@dataclass(frozen=True, slots=True)
class Reading:
    """`length` characters a sentence on average, `longest` the longest; `rare` is the share of
    Chinese characters outside the common ones, 0 to 1."""

    sentences: int
    length: float
    longest: int
    rare: float


def reading(texts: Iterable[str]) -> Reading:
    """The reading level of some texts together; marks and blanks do not count."""
    lengths: list[int] = []
    rare = total = 0
    for text in texts:
        lengths += [n for s in _SENTENCE.split(text) if (n := len(_MARKS.sub("", s)))]
        chinese = [c for c in text if "\u4e00" <= c <= "\u9fff"]
        total += len(chinese)
        rare += sum(not common(c) for c in chinese)
    if not lengths:
        return Reading(0, 0.0, 0, 0.0)
    return Reading(len(lengths), sum(lengths) / len(lengths), max(lengths), rare / max(1, total))
