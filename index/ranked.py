"""The learnt engine: words, meaning and remembered questions, weighed for each candidate.

Without trees (nothing learnt that helps, or LightGBM missing) the same numbers are fused by
rank. A passage's weight is a prior, added as its logarithm, so it can be shown beside the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from index.features import ALIKE, NAMES, Reader, Table
from index.lessons import without
from index.retriever import Hit, Query
from index.rows import Floats, Ints, Rows
from index.text import normalise, runs
from index.trees import Blend

FUSED = ("words_rank", "plain_rank")
"""What is fused by rank before anything is learnt."""

REMEMBERING = (*FUSED, "field_rank", "memory_rank")
"""What is fused where questions are remembered and nothing more was learnt."""

PRIOR = 1.0
"""What the logarithm of a passage's weight counts beside a score of the trees."""


SAME, SURELY = 0.985, 20.0
"""How like a remembered question must be to be the same one, and what that counts: more than all
else together, since somebody who knows gave its answer."""


@dataclass(frozen=True, slots=True)
class Why:
    """One hit and what spoke for it: name -> share of the score, the largest first."""

    hit: Hit
    shares: Mapping[str, float]


class Ranked:
    """A Retriever over the candidates of a `Reader`; safe to share between threads.

    A score lies between 0 and 1 and compares only inside one result. It finds at most as many
    passages as there are candidates, some six hundred.
    """

    def __init__(
        self,
        reader: Reader,
        rows: Rows,
        trees: Blend | None = None,
        fused: Sequence[str] = FUSED,
    ) -> None:
        self.reader, self.rows, self.trees = reader, rows, trees
        self._fused = [NAMES.index(name) for name in fused]

    def search(self, query: Query, k: int) -> list[Hit]:
        """The best `k` passages for `query`, best first."""
        return self.recall(query, k)

    def recall(self, query: Query, k: int, forgotten: Iterable[str] = ()) -> list[Hit]:
        """As `search`, as if the remembered questions with these ids had never been asked."""
        table = self._table(query, k, forgotten)
        return [self._hit(table, i, score) for i, score in self._best(table, k)]

    def explain(self, query: Query, k: int) -> list[Why]:
        """The best `k` with what spoke for each, feature by feature."""
        table = self._table(query, k, ())
        best = self._best(table, k)
        if not best:
            return []
        at = np.array([i for i, _ in best])
        chosen = Table(table.rows[at], table.values[at])
        if self.trees:
            names, shares = self.trees.columns, self.trees.shares(chosen)
        else:
            names, shares = [NAMES[i] for i in self._fused], chosen.values[:, self._fused]
        priors, same = self._priors(chosen.rows), _same(chosen)
        found = []
        for place, (i, score) in enumerate(best):
            parts = {name: float(shares[place, n]) for n, name in enumerate(names)}
            if same[place]:
                parts["same_question"] = float(same[place])
            if priors[place]:
                parts["prior"] = float(priors[place])
            ordered = dict(sorted(parts.items(), key=lambda p: (-abs(p[1]), p[0])))
            found.append(Why(self._hit(table, i, score), ordered))
        return found

    def _table(self, query: Query, k: int, forgotten: Iterable[str]) -> Table:
        if k <= 0 or not len(self.rows) or not runs(normalise(query.text)):
            return Table(np.zeros(0, np.int32), np.zeros((0, len(NAMES)), np.float32))
        lessons = self.reader.lessons
        left = without(lessons, forgotten) if forgotten else None
        mask = self.rows.mask(query)
        alike = self.trees is not None and not ALIKE.isdisjoint(self.trees.columns)
        return self.reader.table(query.text, mask, left, brief=self.trees is None, alike=alike)

    def scores(self, table: Table) -> Floats:
        """The score of each candidate, priors included."""
        if self.trees:
            margins = self.trees.scores(table)
        else:
            # What nothing speaks for ends at minus infinity, and is no hit.
            with np.errstate(divide="ignore"):
                margins = np.log(table.values[:, self._fused].sum(axis=1))
        same = _same(table)
        margins = np.where((same > 0) & ~np.isfinite(margins), 0, margins)
        found: Floats = (margins + self._priors(table.rows) + same).astype(np.float32)
        return found

    def _best(self, table: Table, k: int) -> list[tuple[int, float]]:
        scores = self.scores(table).astype(np.float64)
        # A weight of 0 hides a passage; candidates are in the order of rows, so ties go by id.
        order = [i for i in np.argsort(-scores, kind="stable").tolist() if np.isfinite(scores[i])]
        return [(i, float(1 / (1 + np.exp(-scores[i])))) for i in order[:k]]

    def _priors(self, rows: Ints) -> Floats:
        with np.errstate(divide="ignore"):
            priors: Floats = (PRIOR * np.log(self.rows.weights[rows])).astype(np.float32)
        return priors

    def _hit(self, table: Table, i: int, score: float) -> Hit:
        return self.rows.hit(int(table.rows[i]), score)


def _same(table: Table) -> Floats:
    """What it counts that a row answers the very question that is asked."""
    found: Floats = np.where(table.values[:, _MEMORY] >= SAME, SURELY, 0).astype(np.float32)
    return found


_MEMORY = NAMES.index("memory")
