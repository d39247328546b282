"""Matching a question to what we already have an answer for.

Each card, point and case owns many wordings; with its own words they make one document, and a
question is scored against it by BM25 (Robertson & Zaragoza 2009) over characters, pairs, words
and the legal terms its lay words stand for. Divided by what a perfect match would score, that
is a confidence between 0 and 1 which means the same for every question. Measured by holding
wordings out: one document per entry finds more unseen wordings than the closest single wording,
a naive Bayes or a ridge classifier over the same features (`xst bench wordings`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix

from index.retriever import Hit, Query

Features = Callable[[str], Iterable[tuple[str, float]]]
"""Text -> (feature, weight) pairs."""

K1, B = 1.2, 0.75
TEXT_WEIGHT = 1.5
"""How often an entry's own words count, against once for each wording."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What can be matched: an id, its kind and region, its wordings, and its own words."""

    ref: str
    kind: str
    wordings: tuple[str, ...]
    text: str = ""
    region: str = "国家"


class Questions:
    """A Retriever over entries; `Hit.score` is the confidence, `Hit.ref` the entry."""

    def __init__(self, entries: Sequence[Entry], features: Features) -> None:
        self._entries = list(entries)
        self._features = features
        bags = [self._bag(e) for e in self._entries]
        seen = Counter(f for bag in bags for f in bag)
        names = sorted(seen)
        self._column = {f: i for i, f in enumerate(names)}
        count = len(bags)
        df = np.array([seen[f] for f in names], dtype=np.float64)
        self._idf = np.log(1 + (count - df + 0.5) / (df + 0.5))
        self._rare = float(np.log(1 + (count + 0.5) / 0.5))
        self._impacts = self._matrix(bags)
        self._kinds = np.array([e.kind for e in self._entries])
        self._regions = np.array([e.region for e in self._entries])

    def search(self, query: Query, k: int) -> list[Hit]:
        """The best entries, by confidence; kinds and regions are filtered, days are not kept."""
        scores = self.confidences(query.text)
        if k < 1 or not scores.any():
            return []
        allowed = scores > 0
        if query.kinds:
            allowed &= np.isin(self._kinds, sorted(query.kinds))
        if query.regions is not None:
            allowed &= np.isin(self._regions, query.regions)
        order = [int(i) for i in np.flatnonzero(allowed)]
        order.sort(key=lambda i: (-scores[i], self._entries[i].ref))
        return [
            Hit(self._entries[i].ref, float(scores[i]), self._entries[i].kind, self._entries[i].ref)
            for i in order[:k]
        ]

    def confidences(self, text: str) -> np.ndarray:
        """The confidence of every entry, in the order given."""
        known: dict[int, float] = {}
        possible = 0.0
        for feature, weight in self._features(text):
            column = self._column.get(feature)
            # A word that no entry has ever used counts half: it may be a name or a typo.
            possible += weight * (self._rare / 2 if column is None else self._idf[column])
            if column is not None:
                known[column] = max(known.get(column, 0.0), weight)
        if not known:
            return np.zeros(len(self._entries))
        columns = list(known)
        vector = np.zeros(len(self._column))
        vector[columns] = list(known.values())
        # BM25's saturation lets a matched term reach K1 + 1 times its idf; half of that is usual.
        scores = np.asarray(self._impacts @ vector) / (possible * (K1 + 1))
        return np.minimum(1.0, scores)

    def _bag(self, entry: Entry) -> dict[str, float]:
        bag: dict[str, float] = {}
        for wording in entry.wordings:
            for feature, weight in dict(self._features(wording)).items():
                bag[feature] = bag.get(feature, 0.0) + weight
        for feature, weight in dict(self._features(entry.text)).items():
            bag[feature] = bag.get(feature, 0.0) + weight * TEXT_WEIGHT
        return bag

    def _matrix(self, bags: Sequence[dict[str, float]]) -> csr_matrix:
        lengths = [sum(bag.values()) for bag in bags]
        average = sum(lengths) / len(lengths) if lengths else 1.0
        indptr, indices, data = [0], [], []
        for bag, length in zip(bags, lengths, strict=True):
            norm = K1 * (1 - B + B * length / average)
            for feature, tf in bag.items():
                column = self._column[feature]
                indices.append(column)
                data.append(self._idf[column] * tf * (K1 + 1) / (tf + norm))
            indptr.append(len(indices))
        shape = (len(bags), len(self._column))
        return csr_matrix((np.array(data, dtype=np.float32), indices, indptr), shape=shape)
