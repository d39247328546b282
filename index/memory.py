"""Question memory: wordings that once led to a passage push it, its chapter and its law.

The passages of kind question are found like all others; here their scores are folded into what
they lead to. Measured on STARD train, each question held out when it is asked: recall@10 0.506
without memory, 0.625 folding into articles only, 0.682 with law and chapter (the shares below
were chosen on these same figures, so expect a little less elsewhere). Questions of another field
cost: labour questions with memory of the others only 0.441, without memory 0.454.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Set
from dataclasses import replace

import numpy as np

from index.lexical import Lexical
from index.retriever import Hit, Query, Retriever
from index.rows import Bools, Floats, Rows

QUESTION = "question"
# What the best question adds to its article, its law and its chapter, as a share of its score,
# and how much less each further one adds. Damped, because an article that many people ask about
# would else win every query (the plain sum has recall@10 0.668). Coarsely tuned on STARD train: an
# article share of 0.2 or 0.35 loses less than a point.
ARTICLE, TITLE, CHAPTER = 0.25, 0.1, 0.1
DAMPING = 0.5
_QUESTIONS_READ = 200
_PER_GROUP = 5


class Memory:
    """A lexical engine that answers with what its question passages lead to.

    A question appears as itself only if the query asks for that kind, or if what it leads to is
    not in this index.
    """

    def __init__(self, engine: Lexical) -> None:
        self.engine = engine
        rows = engine.rows
        self._questions = _of_kind(rows, QUESTION)
        self._hidden = self._questions & (rows.targets >= 0)
        self._titles = int(rows.titles.max(initial=-1)) + 1
        self._chapters = int(rows.chapters.max(initial=-1)) + 1

    def search(self, query: Query, k: int) -> list[Hit]:
        """The best `k` passages for `query`, best first."""
        return self.recall(query, k)

    def recall(self, query: Query, k: int, without: Set[str] = frozenset()) -> list[Hit]:
        """As `search`, as if the questions with the ids in `without` had never been asked."""
        rows = self.engine.rows
        if not len(rows) or k <= 0:
            return []
        scores = self.engine.scores(query.text)
        for id in without:
            if (row := rows.find(id)) is not None:
                scores[row] = 0
        self._fold(scores)
        if QUESTION not in query.kinds:
            scores[self._hidden] = 0
        return rows.best(scores, rows.mask(query), k)

    def _fold(self, scores: Floats) -> None:
        rows = self.engine.rows
        read = np.flatnonzero(self._hidden & (scores > 0))
        if not len(read):
            return
        read = read[np.argsort(-scores[read], kind="stable")][:_QUESTIONS_READ]
        titles = np.zeros(self._titles + 1, np.float32)  # the last place is for -1: none
        chapters = np.zeros(self._chapters + 1, np.float32)
        articles: dict[int, float] = {}
        times: Counter[tuple[str, int]] = Counter()
        before: dict[tuple[str, int], float] = {}
        for row, score in zip(read.tolist(), scores[read].tolist(), strict=True):
            target = int(rows.targets[row])
            articles[target] = articles.get(target, 0.0) + score * DAMPING ** times["", target]
            times["", target] += 1
            for name, numbers, sums in (
                ("title", rows.titles, titles),
                ("chapter", rows.chapters, chapters),
            ):
                group = (name, int(numbers[target]))
                # One wording with three articles of a law is three passages, and one question.
                if group[1] >= 0 and times[group] < _PER_GROUP and before.get(group) != score:
                    sums[group[1]] += score * DAMPING ** times[group]
                    times[group] += 1
                    before[group] = score
        found = scores > 0
        found &= ~self._questions
        extra = TITLE * titles[rows.titles] + CHAPTER * chapters[rows.chapters]
        extra[~found] = 0
        at = np.fromiter(articles, np.int64)
        extra[at] += ARTICLE * np.fromiter(articles.values(), np.float32)
        scores += extra * rows.weights


class Leading:
    """Any engine over the same passages, its question hits replaced by what they lead to.

    The better score wins where an article and its question are both found.
    """

    def __init__(self, engine: Retriever, rows: Rows) -> None:
        self.engine, self.rows = engine, rows

    def search(self, query: Query, k: int) -> list[Hit]:
        """The best `k` passages for `query`, best first."""
        return self.recall(query, k)

    def recall(self, query: Query, k: int, without: Set[str] = frozenset()) -> list[Hit]:
        """As `search`, as if the questions with the ids in `without` had never been asked."""
        if k <= 0:
            return []
        wide = replace(query, kinds=query.kinds | {QUESTION} if query.kinds else query.kinds)
        mask = self.rows.mask(query)
        best: dict[int, float] = {}
        for hit in self.engine.search(wide, 4 * k + len(without)):
            row = None if hit.id in without else self.rows.find(hit.id)
            if row is None:
                continue
            if hit.kind == QUESTION and QUESTION not in query.kinds:
                target = int(self.rows.targets[row])
                row = target if target >= 0 else row
            if mask is None or mask[row]:
                best.setdefault(row, hit.score)
        return [self.rows.hit(row, score) for row, score in _falling(best)[:k]]


def _falling(best: dict[int, float]) -> list[tuple[int, float]]:
    return sorted(best.items(), key=lambda pair: (-pair[1], pair[0]))


def _of_kind(rows: Rows, kind: str) -> Bools:
    if kind not in rows.kind_names:
        return np.zeros(len(rows), np.bool_)
    found: Bools = np.asarray(rows.kinds) == rows.kind_names.index(kind)
    return found
