"""The table beside every engine: which passage each row is, and which rows a query may find."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from index.retriever import Hit, Passage, Query, RetrieverError

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int32]
Bools = npt.NDArray[np.bool_]

_OPEN_END = 2**31 - 1
_MASKS_KEPT = 64
_NUMBERS = ("kinds", "regions", "starts", "ends", "weights", "targets", "titles", "chapters")


def ordered(passages: Iterable[Passage]) -> list[Passage]:
    """`passages` by id, so that a lower row is a lower id and ties need no strings.

    Raises RetrieverError for an id that comes twice and for a weight that cannot multiply.
    """
    found = sorted(passages, key=lambda passage: passage.id)
    for before, passage in pairwise(found):
        if before.id == passage.id:
            raise RetrieverError(f"段落编号重复：{passage.id}")
    for passage in found:
        if not (math.isfinite(passage.weight) and passage.weight >= 0):
            raise RetrieverError(f"{passage.id}：权重须为非负数，现为 {passage.weight}")
    return found


class Strings(Sequence[str]):
    """Many strings in two arrays; opening them costs nothing."""

    def __init__(self, blob: npt.NDArray[np.uint8], offsets: npt.NDArray[np.int64]) -> None:
        self.blob, self.offsets = blob, offsets

    @classmethod
    def of(cls, texts: Iterable[str]) -> Strings:
        parts = [text.encode("utf-8", "surrogatepass") for text in texts]
        offsets = np.cumsum([0, *map(len, parts)], dtype=np.int64)
        return cls(np.frombuffer(b"".join(parts), np.uint8), offsets)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, i: Any) -> Any:
        low, high = self.offsets[i], self.offsets[i + 1]
        return self.blob[low:high].tobytes().decode("utf-8", "surrogatepass")


@dataclass(frozen=True, slots=True)
class Rows:
    """One row per passage, by id.

    `targets` is the row that a passage leads to: its own, for a question that of its `ref`, -1
    where that is not in the index. `titles` and `chapters` number the passages' titles and
    (title, chapter) pairs, -1 without one. Days are proleptic ordinals.
    """

    ids: Strings
    refs: Strings
    kinds: Ints
    regions: Ints
    starts: Ints
    ends: Ints
    weights: Floats
    targets: Ints
    titles: Ints
    chapters: Ints
    kind_names: list[str]
    region_names: list[str]
    _masks: dict[tuple[frozenset[str], frozenset[str] | None, int], Bools] = field(
        default_factory=dict, compare=False
    )

    @classmethod
    def of(cls, passages: Sequence[Passage]) -> Rows:
        """The table of `passages`, which are in the order of `ordered`."""
        row = {passage.id: i for i, passage in enumerate(passages)}
        kinds, kind_names = _numbered([p.kind for p in passages])
        regions, region_names = _numbered([p.region for p in passages])
        return cls(
            ids=Strings.of(p.id for p in passages),
            refs=Strings.of(p.ref or p.id for p in passages),
            kinds=kinds,
            regions=regions,
            starts=_ints(p.start.toordinal() if p.start else 0 for p in passages),
            ends=_ints(p.end.toordinal() if p.end else _OPEN_END for p in passages),
            weights=np.array([p.weight for p in passages], np.float32),
            targets=_ints(
                row.get(p.ref, -1) if p.kind == "question" else i for i, p in enumerate(passages)
            ),
            titles=_numbered([p.title or None for p in passages])[0],
            chapters=_numbered([(p.title, p.chapter) if p.chapter else None for p in passages])[0],
            kind_names=kind_names,
            region_names=region_names,
        )

    def save(self, folder: Path) -> None:
        for name in _NUMBERS:
            np.save(folder / f"rows.{name}.npy", getattr(self, name))
        names = (
            ("ids", self.ids),
            ("refs", self.refs),
            ("kind_names", Strings.of(self.kind_names)),
            ("region_names", Strings.of(self.region_names)),
        )
        for name, strings in names:
            np.save(folder / f"rows.{name}.npy", strings.blob)
            np.save(folder / f"rows.{name}.offsets.npy", strings.offsets)

    @classmethod
    def open(cls, folder: Path) -> Rows:
        def strings(name: str) -> Strings:
            return Strings(
                load(folder / f"rows.{name}.npy"), load(folder / f"rows.{name}.offsets.npy")
            )

        numbers = {name: load(folder / f"rows.{name}.npy") for name in _NUMBERS}
        return cls(
            ids=strings("ids"),
            refs=strings("refs"),
            kind_names=list(strings("kind_names")),
            region_names=list(strings("region_names")),
            **numbers,
        )

    def __len__(self) -> int:
        return len(self.kinds)

    def find(self, id: str) -> int | None:
        """The row of the passage `id`."""
        row = bisect_left(self.ids, id)
        return row if row < len(self) and self.ids[row] == id else None

    def mask(self, query: Query) -> Bools | None:
        """Which rows `query` may find; None is all of them."""
        regions = None if query.regions is None else frozenset(query.regions)
        day = query.day.toordinal() if query.day else 0
        if not query.kinds and regions is None and not day:
            return None
        key = (query.kinds, regions, day)
        known = self._masks.get(key)
        if known is None:
            known = self._mask(*key)
            if len(self._masks) >= _MASKS_KEPT:
                self._masks.clear()
            self._masks[key] = known
        return known

    def _mask(self, kinds: frozenset[str], regions: frozenset[str] | None, day: int) -> Bools:
        mask = np.ones(len(self), np.bool_)
        if kinds:
            mask &= np.isin(self.kinds, _wanted(self.kind_names, kinds))
        if regions is not None:
            mask &= np.isin(self.regions, _wanted(self.region_names, regions))
        if day:
            mask &= (self.starts <= day) & (day < self.ends)
        return mask

    def best(self, scores: Floats, mask: Bools | None, k: int) -> list[Hit]:
        """The `k` best rows with a score above zero, falling, ties by id."""
        if k <= 0:
            return []
        kept = scores > 0 if mask is None else (scores > 0) & mask
        rows = np.flatnonzero(kept)
        if len(rows) > k:
            found = scores[rows]
            last = np.partition(found, len(rows) - k)[len(rows) - k]
            rows = rows[found >= last]  # all that tie for the last place; the order decides
        rows = rows[np.argsort(-scores[rows], kind="stable")][:k]
        return [self.hit(int(row), float(scores[row])) for row in rows]

    def hit(self, row: int, score: float) -> Hit:
        return Hit(self.ids[row], score, self.kind_names[self.kinds[row]], self.refs[row])


def load(path: Path) -> Any:
    """An array of the index, mapped and not read; an empty one cannot be mapped."""
    try:
        # A plain array over the same pages: numpy.memmap makes every look-up several times dearer.
        return np.asarray(np.load(path, mmap_mode="r"))
    except ValueError:
        return np.load(path)


def _ints(values: Iterable[int]) -> Ints:
    return np.fromiter(values, np.int32)


def _numbered(names: Sequence[Any]) -> tuple[Ints, list[Any]]:
    number: dict[Any, int] = {}
    numbers = _ints(-1 if name is None else number.setdefault(name, len(number)) for name in names)
    return numbers, list(number)


def _wanted(names: list[str], chosen: frozenset[str]) -> list[int]:
    return [i for i, name in enumerate(names) if name in chosen]
