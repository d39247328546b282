"""The rows whose vectors are nearest, by FAISS, for gathering candidates.

Flat, because candidates must not depend on chance, but with eight bits a number: what they are
worth is computed from the vectors themselves afterwards.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from index.corpus import Halves
from index.rows import Bools, Floats, Ints

_AT_ONCE = 16_384
_LEARNT_FROM = 65_536


def build(vectors: Halves, path: Path) -> None:
    """Write an index of `vectors`, shape (rows, dimension)."""
    import faiss

    tools: Any = faiss  # its stubs do not know arrays
    count, dimension = vectors.shape
    index = tools.IndexScalarQuantizer(
        dimension, tools.ScalarQuantizer.QT_8bit, tools.METRIC_INNER_PRODUCT
    )
    step = max(1, count // _LEARNT_FROM)
    if count:  # FAISS refuses to train on nothing, which a home without law texts has
        index.train(np.asarray(vectors[::step], np.float32))
    for low in range(0, count, _AT_ONCE):
        index.add(np.asarray(vectors[low : low + _AT_ONCE], np.float32))
    tools.write_index(index, str(path))


class Neighbours:
    """What `build` wrote, opened; safe to share between threads."""

    def __init__(self, path: Path) -> None:
        import faiss

        self._faiss: Any = faiss
        # Two milliseconds on one thread; more threads wait for each other, and servers have
        # their own.
        self._faiss.omp_set_num_threads(1)
        self._index: Any = faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC)

    def __call__(self, vector: Floats, count: int, mask: Bools | None) -> Ints:
        """At most `count` rows that `mask` allows, nearest first, only those at an acute angle."""
        if not vector.any() or count <= 0 or not self._index.ntotal:
            return np.zeros(0, np.int32)
        params = None
        if mask is not None:
            bits = np.packbits(mask, bitorder="little")
            params = self._faiss.SearchParameters(sel=self._faiss.IDSelectorBitmap(bits))
        one = np.ascontiguousarray(vector[None, :], np.float32)
        scores, rows = self._index.search(one, min(count, self._index.ntotal), params=params)
        kept = (rows[0] >= 0) & (scores[0] > 0)  # FAISS pads a short result with row -1
        found: Ints = rows[0][kept].astype(np.int32)
        return found
