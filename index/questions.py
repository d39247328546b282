"""Matching a question to what we already have an answer for.

Each card, point and case owns many wordings; with its own words they make one document, and a
question is scored against it by BM25 (Robertson & Zaragoza 2009) over characters, pairs, words
and the legal terms its lay words stand for. Divided by what a perfect match would score, that
is a confidence between 0 and 1 which means the same for every question. Measured by holding
wordings out: one document per entry finds more unseen wordings than the closest single wording,
a naive Bayes or a ridge classifier over the same features (`xst bench wordings`).
"""

from __future__ import annotations

import json
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from index.meaning import Meaning, centre, open_meaning
from index.retriever import Hit, Query, RetrieverError
from knowledge.pieces import bare

Features = Callable[[str], Iterable[tuple[str, float]]]
"""Text -> (feature, weight) pairs."""

Floats = npt.NDArray[np.float64]
Centres = npt.NDArray[np.float32]

ARRAYS, LISTED = "questions.npz", "questions.json"

K1, B = 1.2, 0.75
SHORT = 18
"""Characters of a question that says nothing but what it asks."""

MEANING = 0.4
"""Share of the likeness of meaning in a confidence, beside counted words."""

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
    """A Retriever over entries; `Hit.score` is the confidence, `Hit.ref` the entry.

    Make one with `build_questions`, keep it with `save`, open it with `open_questions`.
    """

    def __init__(
        self,
        listed: Sequence[tuple[str, str, str]],
        names: Sequence[str],
        idf: Floats,
        impacts: csr_matrix,
        features: Features,
        centres: Centres,
        meaning: Meaning,
        wordings: Mapping[str, int],
    ) -> None:
        """`listed` are (ref, kind, region) by row, `names` the features by column, `centres`
        the entries' vectors in `meaning`, one a row; `wordings` lead to the row they are of."""
        self._refs = [ref for ref, _, _ in listed]
        self._kinds = np.array([kind for _, kind, _ in listed])
        self._regions = np.array([region for _, _, region in listed])
        self._names = list(names)
        self._column = {f: i for i, f in enumerate(self._names)}
        self._idf, self._features = idf, features
        self._impacts = impacts.tocsc()  # a question needs a few columns of very many
        self._centres, self._meaning, self._wordings = centres, meaning, wordings
        self._rare = float(np.log(1 + (len(listed) + 0.5) / 0.5))

    def save(self, folder: Path) -> None:
        """Write two files into `folder`, which exists."""
        m = self._impacts.tocsr()
        arrays = {"idf": self._idf, "data": m.data, "indices": m.indices, "indptr": m.indptr}
        np.savez(folder / ARRAYS, centres=self._centres, **arrays)
        listed = list(zip(self._refs, self._kinds.tolist(), self._regions.tolist(), strict=True))
        held = {"listed": listed, "names": self._names, "wordings": dict(self._wordings)}
        text = json.dumps(held, ensure_ascii=False)
        (folder / LISTED).write_text(text, encoding="utf-8")

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
        order.sort(key=lambda i: (-scores[i], self._refs[i]))
        return [
            Hit(self._refs[i], float(scores[i]), str(self._kinds[i]), self._refs[i])
            for i in order[:k]
        ]

    def confidences(self, text: str) -> Floats:
        """The confidence of every entry, in the order given."""
        pairs = list(self._features(text))
        likeness = self._centres @ self._meaning.encode(f for f, _ in pairs)
        scores = (1 - MEANING) * self._counted(pairs, len(text)) + MEANING * likeness
        scores = np.clip(scores, 0.0, 1.0).astype(np.float64)
        # Said in the very words that an entry lists: a short question is mostly common words.
        if (row := self._wordings.get(bare(text))) is not None:
            scores[row] = 1.0
        return scores

    def _counted(self, pairs: Iterable[tuple[str, float]], length: int) -> Floats:
        """BM25 as a share of a perfect match."""
        known: dict[int, float] = {}
        possible = 0.0
        for feature, weight in pairs:
            column = self._column.get(feature)
            # A word that no entry has ever used counts half: it may be a name or a typo.
            possible += weight * (self._rare / 2 if column is None else self._idf[column])
            if column is not None:
                known[column] = max(known.get(column, 0.0), weight)
        if not known:
            return np.zeros(len(self._refs))
        # BM25's saturation lets a matched term reach K1 + 1 times its idf; half of that is usual.
        # A long message says much beside its question; its best match is as often right.
        factor = max(1.0, length / SHORT) ** 0.5
        scores: Floats = np.zeros(len(self._refs))
        start, rows, impacts = self._impacts.indptr, self._impacts.indices, self._impacts.data
        for column, weight in known.items():
            held = slice(start[column], start[column + 1])
            scores[rows[held]] += weight * impacts[held]
        scores = np.minimum(1.0, scores * factor / (possible * (K1 + 1)))
        return scores


def remembered(features: Features) -> Features:
    """`features` that works a text out once; for texts of ours, never for what a person types."""
    known: dict[str, list[tuple[str, float]]] = {}

    def once(text: str) -> list[tuple[str, float]]:
        if text not in known:
            known[text] = list(features(text))
        return known[text]

    return once


def build_questions(
    entries: Sequence[Entry], features: Features, meaning: Meaning | None = None
) -> Questions:
    """The matcher over `entries`, by default with the vectors that ship; seconds for some
    thousand wordings."""
    meaning = meaning or open_meaning()
    once = remembered(features)

    def vector(text: str) -> npt.NDArray[np.float32]:
        return meaning.encode(f for f, _ in once(text))

    centres = np.array([centre([vector(w) for w in e.wordings], vector(e.text)) for e in entries])
    centres = centres.reshape(len(entries), meaning.dimension)
    bags = [_bag(e, once) for e in entries]
    seen = Counter(f for bag in bags for f in bag)
    names = sorted(seen)
    df = np.array([seen[f] for f in names], dtype=np.float64)
    idf = np.log(1 + (len(bags) - df + 0.5) / (df + 0.5))
    listed = [(e.ref, e.kind, e.region) for e in entries]
    impacts = _impacts(bags, names, idf)
    wordings: dict[str, int] = {}
    for row, entry in enumerate(entries):
        for wording in entry.wordings:
            wordings.setdefault(bare(wording), row)
    wordings.pop("", None)
    return Questions(listed, names, idf, impacts, features, centres, meaning, wordings)


def open_questions(folder: Path, features: Features, meaning: Meaning | None = None) -> Questions:
    """What `save` wrote. Raises RetrieverError when a file is missing or damaged."""
    try:
        listed = json.loads((folder / LISTED).read_text(encoding="utf-8"))
        with np.load(folder / ARRAYS) as arrays:
            shape = (len(listed["listed"]), len(listed["names"]))
            matrix = csr_matrix((arrays["data"], arrays["indices"], arrays["indptr"]), shape=shape)
            idf, centres = arrays["idf"], arrays["centres"]
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        raise RetrieverError(f"{folder}：问法表不完整；请运行 xst build") from error
    rows = [(ref, kind, region) for ref, kind, region in listed["listed"]]
    meaning = meaning or open_meaning()
    wordings = listed["wordings"]
    return Questions(rows, listed["names"], idf, matrix, features, centres, meaning, wordings)


def _bag(entry: Entry, features: Features) -> dict[str, float]:
    bag: dict[str, float] = {}
    for wording in entry.wordings:
        for feature, weight in dict(features(wording)).items():
            bag[feature] = bag.get(feature, 0.0) + weight
    for feature, weight in dict(features(entry.text)).items():
        bag[feature] = bag.get(feature, 0.0) + weight * TEXT_WEIGHT
    return bag


def _impacts(bags: Sequence[dict[str, float]], names: Sequence[str], idf: Floats) -> csr_matrix:
    column = {f: i for i, f in enumerate(names)}
    lengths = [sum(bag.values()) for bag in bags]
    average = sum(lengths) / len(lengths) if lengths else 1.0
    indptr, indices, data = [0], [], []
    for bag, length in zip(bags, lengths, strict=True):
        norm = K1 * (1 - B + B * length / average)
        for feature, tf in bag.items():
            indices.append(column[feature])
            data.append(idf[column[feature]] * tf * (K1 + 1) / (tf + norm))
        indptr.append(len(indices))
    return csr_matrix(
        (np.array(data, dtype=np.float32), indices, indptr), shape=(len(bags), len(names))
    )
