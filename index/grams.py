"""Texts as numbers: characters and pairs of neighbours that a fixed vocabulary knows.

The learnt parts of the index (encoder, translation, ranking) all read texts this way. Against
jieba's words it needs no dictionary, and on STARD train it found more (see index/README.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from index.rows import Ints
from index.text import normalise

Longs = npt.NDArray[np.int64]

_CLAUSE = "\ue000"  # private use: `normalise` leaves it, and it is no letter
_CLAUSES = str.maketrans({"。": _CLAUSE, "；": _CLAUSE, ";": _CLAUSE, "\n": _CLAUSE})
_MOST_CLAUSES = 255
_SHIFT = 21  # bits of a code point
_AT_ONCE = 4_000_000


@dataclass(frozen=True, slots=True)
class Bags:
    """Several texts as gram numbers.

    `flat` holds them text after text, in the order in which they are read; text i is
    `flat[offsets[i]:offsets[i + 1]]`. `clauses` says in which clause of its text each stands,
    from 0; the 256th and all later ones have 255.
    """

    flat: Ints
    offsets: Longs
    clauses: npt.NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, i: int) -> Ints:
        return self.flat[self.offsets[i] : self.offsets[i + 1]]


class Vocabulary:
    """Grams by number. Names longer than two characters are refused."""

    def __init__(self, names: Sequence[str]) -> None:
        if any(not 1 <= len(name) <= 2 for name in names):
            raise ValueError("a gram has one or two characters")
        self.names = list(names)
        codes = np.array([_code(name) for name in names], np.int64)
        self._order = np.argsort(codes, kind="stable").astype(np.int32)
        self._codes = codes[self._order]
        self.pairs: npt.NDArray[np.bool_] = np.array([len(name) == 2 for name in names], np.bool_)
        """Which grams are pairs."""

    def __len__(self) -> int:
        return len(self.names)

    def ids(self, text: str) -> Ints:
        """The numbers of the grams of `text` in reading order, unknown ones left out."""
        return self.bags([text]).flat

    def bags(self, texts: Iterable[str]) -> Bags:
        """`texts` as numbers; six million characters take some three seconds."""
        parts: list[Bags] = []
        some: list[str] = []
        size = 0
        for text in texts:
            some.append(text)
            size += len(text)
            if size > _AT_ONCE:
                parts.append(self._some(some))
                some, size = [], 0
        parts.append(self._some(some))
        if len(parts) == 1:
            return parts[0]
        flat = np.concatenate([part.flat for part in parts])
        clauses = np.concatenate([part.clauses for part in parts])
        starts = np.cumsum([0, *(len(part.flat) for part in parts)])
        offsets = [p.offsets[:-1] + s for p, s in zip(parts, starts, strict=False)]
        return Bags(flat, np.concatenate([*offsets, starts[-1:]]), clauses)

    def _some(self, texts: list[str]) -> Bags:
        joined = "".join(f"{normalise(text.translate(_CLAUSES))}\n" for text in texts)
        points = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), "<u4").astype(np.int64)
        ends = points == 10  # `normalise` leaves no line end inside a text
        breaks = points == ord(_CLAUSE)
        row = np.cumsum(ends) - ends
        seen = np.flatnonzero(np.bincount(points)) if len(points) else np.empty(0, np.int64)
        letter = np.zeros(int(seen.max(initial=0)) + 1, np.bool_)
        letter[[p for p in seen.tolist() if chr(p).isalnum()]] = True
        held = letter[points]
        singles = np.flatnonzero(held)
        doubles = np.flatnonzero(held[:-1] & held[1:])
        codes = np.concatenate(
            [points[singles], (points[doubles] + 1 << _SHIFT) | points[doubles + 1]]
        )
        at = np.concatenate([singles, doubles])
        place = np.minimum(np.searchsorted(self._codes, codes), max(len(self._codes) - 1, 0))
        known = self._codes[place] == codes if len(self._codes) else np.zeros(len(codes), np.bool_)
        at, found = at[known], self._order[place[known]]
        order = np.argsort(at, kind="stable")
        at, found = at[order], found[order]
        counts = np.bincount(row[at], minlength=len(texts))
        offsets = np.concatenate([[0], np.cumsum(counts)])
        running = np.cumsum(breaks)
        first = np.concatenate([[0], running[ends][:-1]]) if len(texts) else running[:0]
        clause = np.minimum(running[at] - first[row[at]], _MOST_CLAUSES)
        return Bags(found.astype(np.int32), offsets.astype(np.int64), clause.astype(np.uint8))


def _code(name: str) -> int:
    first = ord(name[0])
    return first if len(name) == 1 else (first + 1 << _SHIFT) | ord(name[1])
