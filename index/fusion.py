"""One ranking out of several kinds of engine, by rank and never by score."""

from __future__ import annotations

import math
from collections.abc import Iterable

from index.retriever import Hit, Query, Retriever

# Cormack, Clarke, Büttcher 2009, "Reciprocal Rank Fusion outperforms Condorcet and individual
# Rank Learning Methods", section 2: k was fixed at 60 in a pilot study.
K = 60
DEPTH = 100


class Fused:
    """Engines of different kinds (words, meanings) over the same passages.

    score(p) = sum over engines of weight / (60 + rank of p), ranks from 1 (Cormack et al. 2009,
    equation 1, with weights). Shards of one kind do not belong here: their scores compare, so
    they merge inside one engine.
    """

    def __init__(self, engines: Iterable[tuple[Retriever, float]], depth: int = DEPTH) -> None:
        self.engines = list(engines)
        self.depth = depth

    def search(self, query: Query, k: int) -> list[Hit]:
        """The best `k` passages for `query`, best first."""
        if k <= 0:
            return []
        shares: dict[str, list[float]] = {}
        found: dict[str, Hit] = {}
        for engine, weight in self.engines:
            for rank, hit in enumerate(engine.search(query, max(k, self.depth)), start=1):
                shares.setdefault(hit.id, []).append(weight / (K + rank))
                found.setdefault(hit.id, hit)
        # fsum: equal shares make equal scores, in whichever order the engines gave them.
        hits = [
            Hit(id, score, found[id].kind, found[id].ref)
            for id, parts in shares.items()
            if (score := math.fsum(parts)) > 0
        ]
        return sorted(hits, key=lambda hit: (-hit.score, hit.id))[:k]
