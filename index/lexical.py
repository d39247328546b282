"""BM25 over characters, character pairs and the field's own words, from arrays on disk.

Why characters: on STARD train (1,235 questions, 59,523 articles) they reach recall@10 0.507;
with jieba's words of three and more characters added 0.500, so passages are not segmented and
neither jieba nor its dictionary is loaded here. Words given by the caller are terms of their own.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from index.retriever import Hit, Passage, Query
from index.rows import Floats, Ints, Rows, load, ordered
from index.text import Tokens, normalise, runs

# How often a term counts when it stands in a field. Doubling one of them, or halving title and
# chapter, moved recall@10 on STARD train by 0.0 to -0.7 points.
FIELDS: Mapping[str, float] = {"title": 1.0, "chapter": 1.0, "text": 1.0}
K1, B = 1.2, 0.75
WORD_WEIGHT = 0.5
SYNONYM_WEIGHT = 0.4
# A query keeps its rarest terms, which bounds the time of a long one (500 characters have some
# 700 terms). What it costs in recall is not measured: the benchmark's questions are short.
MOST_TERMS = 160

_ROW_BITS, _FIELD_BITS = 24, 2
_STEPS = 65535


def build(
    passages: Iterable[Passage],
    folder: Path,
    *,
    tokens: Tokens | None = None,
    fields: Mapping[str, float] = FIELDS,
    k1: float = K1,
    b: float = B,
) -> Lexical:
    """Write the index of `passages` into `folder` and open it.

    BM25F with one saturation for all fields (Robertson, Zaragoza, Taylor 2004, section 3.2):
    tf and length are sums over fields times the field's weight. What a passage gains from a term,
    tf (k1+1) / (tf + k1 (1 - b + b length/mean length)), is kept in 16 bits (an error of 2e-5).
    Raises RetrieverError for a repeated id or an impossible weight.
    """
    tokens = tokens or Tokens()
    found = ordered(passages)
    corpus = _corpus(found, fields)
    lengths = corpus.lengths(len(found))
    mean = float(lengths.mean()) if len(found) and lengths.any() else 1.0
    norm = (k1 * (1 - b + b * lengths / mean)).astype(np.float32)
    parts: dict[str, list[npt.NDArray[Any]]] = {"terms": [], "counts": [], "rows": [], "gains": []}
    # Codes rise from family to family, so the parts need no sorting together.
    for codes, at in corpus.families(tokens.terms):
        terms, counts, rows, tf = _postings(codes, at, corpus, list(fields.values()))
        gains = tf * np.float32(k1 + 1) / (tf + norm[rows])
        parts["terms"].append(terms)
        parts["counts"].append(counts)
        parts["rows"].append(rows)
        parts["gains"].append(np.rint(gains * np.float32(_STEPS / (k1 + 1))).astype(np.uint16))
    Rows.of(found).save(folder)
    np.save(folder / "lexical.alphabet.npy", corpus.alphabet)
    np.save(folder / "lexical.terms.npy", np.concatenate(parts["terms"]))
    counts = np.concatenate(parts["counts"])
    np.save(folder / "lexical.offsets.npy", np.concatenate([[0], np.cumsum(counts)]))
    np.save(folder / "lexical.rows.npy", np.concatenate(parts["rows"]))
    np.save(folder / "lexical.gains.npy", np.concatenate(parts["gains"]))
    about = {
        "step": (k1 + 1) / _STEPS,
        "words": tokens.terms,
        "synonyms": tokens.synonyms,
    }
    (folder / "lexical.json").write_text(json.dumps(about, ensure_ascii=False), encoding="utf-8")
    return Lexical.open(folder)


class Lexical:
    """The engine over what `build` wrote; safe to share between threads."""

    def __init__(self, folder: Path) -> None:
        about = json.loads((folder / "lexical.json").read_text(encoding="utf-8"))
        self.rows = Rows.open(folder)
        self.tokens = Tokens(about["words"], about["synonyms"])
        self._step: float = about["step"]
        self._word = {word: i for i, word in enumerate(self.tokens.terms)}
        self._longest = max(map(len, self._word), default=0)
        self._alphabet = np.asarray(load(folder / "lexical.alphabet.npy"))
        self._terms = load(folder / "lexical.terms.npy")
        self._offsets = load(folder / "lexical.offsets.npy")
        self._posted: Ints = load(folder / "lexical.rows.npy")
        self._gains: npt.NDArray[np.uint16] = load(folder / "lexical.gains.npy")

    @classmethod
    def open(cls, folder: Path) -> Lexical:
        return cls(folder)

    def search(self, query: Query, k: int) -> list[Hit]:
        """The best `k` passages for `query`, best first."""
        if not len(self.rows) or k <= 0:
            return []
        scores = self.scores(query.text)
        return self.rows.best(scores, self.rows.mask(query), k)

    def scores(self, text: str) -> Floats:
        """The score of every row, the passages' weights included, no filter applied."""
        scores = np.zeros(len(self.rows), np.float32)
        for slot, weight in self._chosen(text):
            low, high = int(self._offsets[slot]), int(self._offsets[slot + 1])
            gains = self._gains[low:high] * np.float32(weight * self._step)
            # A row stands once in a posting list, so += loses nothing.
            scores[self._posted[low:high]] += gains
        scores *= self.rows.weights
        return scores

    def _chosen(self, text: str) -> list[tuple[int, float]]:
        """The slots of the query's terms with weight × idf, the weightiest `MOST_TERMS`."""
        weights = self._weights(text)
        if not weights or not len(self._terms):
            return []
        codes = np.fromiter(weights, np.int64)
        slots = np.minimum(np.searchsorted(self._terms, codes), len(self._terms) - 1)
        chosen = []
        for slot, (code, weight) in zip(slots.tolist(), weights.items(), strict=True):
            if int(self._terms[slot]) == code:
                df = int(self._offsets[slot + 1]) - int(self._offsets[slot])
                chosen.append((slot, weight * idf(len(self.rows), df)))
        chosen.sort(key=lambda pair: (-pair[1], pair[0]))
        return chosen[:MOST_TERMS]

    def _weights(self, text: str) -> dict[int, float]:
        """Term code -> weight: the root of its count in the query, less for words and synonyms."""
        weights: dict[int, float] = {}
        parts = [(text, 1.0), *((legal, SYNONYM_WEIGHT) for legal in self.tokens.expand(text))]
        for part, worth in parts:
            # The root: recall@100 on STARD train 0.708 against 0.703 with plain counts.
            for code, count in Counter(self._codes(part)).items():
                factor = WORD_WEIGHT if code >= (len(self._alphabet) + 1) ** 2 else 1.0
                weight = worth * factor * math.sqrt(count)
                weights[code] = max(weights.get(code, 0.0), weight)
        return weights

    def _codes(self, text: str) -> Iterator[int]:
        size = len(self._alphabet) + 1
        for run in runs(normalise(text)):
            points = np.array([ord(c) for c in run], np.uint32)
            at = np.searchsorted(self._alphabet, points)
            known = self._alphabet[np.minimum(at, size - 2)] == points if size > 1 else at < 0
            chars = np.where(known, at + 1, 0).tolist()
            for i, char in enumerate(chars):
                if char:
                    yield char
                    if i + 1 < len(chars) and chars[i + 1]:
                        yield char * size + chars[i + 1]
            for i in range(len(run)):
                for end in range(i + 3, min(len(run), i + self._longest) + 1):
                    word = self._word.get(run[i:end])
                    if word is not None:
                        yield size * size + word


def idf(count: int, df: int) -> float:
    """ln(1 + (N - df + 0.5) / (df + 0.5)): Robertson, Spärck Jones 1976, kept above 0."""
    return math.log1p((count - df + 0.5) / (df + 0.5))


@dataclass(frozen=True, slots=True)
class _Corpus:
    """Every field of every passage as one array of characters.

    `chars` holds the number of each character in `alphabet` plus one, 0 for what separates;
    `places` its row and field in one number, `row << _FIELD_BITS | field`.
    """

    alphabet: npt.NDArray[np.uint32]
    chars: Ints
    places: Ints
    field_weights: Sequence[float]

    def lengths(self, count: int) -> npt.NDArray[np.float64]:
        """The weighted number of characters in each row."""
        kept = self.places[self.chars > 0]
        weights = np.array(self.field_weights)[kept & (2**_FIELD_BITS - 1)]
        found = np.bincount(kept >> _FIELD_BITS, weights, minlength=count)
        return found.astype(np.float64)

    def families(
        self, words: list[str]
    ) -> Iterator[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]]:
        """Characters, then pairs, then words: the codes, and where in `chars` each starts."""
        size = len(self.alphabet) + 1
        chars = self.chars.astype(np.int64)
        at = np.flatnonzero(chars)
        yield chars[at], at
        at = np.flatnonzero((chars[:-1] > 0) & (chars[1:] > 0))
        pairs = chars[at] * size + chars[at + 1]
        yield pairs, at
        yield self._words(words, pairs, at)

    def _words(
        self, words: list[str], pairs: npt.NDArray[np.int64], at: npt.NDArray[np.int64]
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        size = len(self.alphabet) + 1
        number = {chr(point): i + 1 for i, point in enumerate(self.alphabet.tolist())}
        spelled = [(i, [number.get(c, 0) for c in word]) for i, word in enumerate(words)]
        spelled = [(i, chars) for i, chars in spelled if all(chars)]
        first: dict[int, list[tuple[int, list[int]]]] = {}
        for i, chars in spelled:
            first.setdefault(chars[0] * size + chars[1], []).append((i, chars))
        starts = at[np.isin(pairs, list(first))] if first else at[:0]
        order = np.argsort(self._pair(starts), kind="stable")
        starts = starts[order]
        edges = self._pair(starts)
        codes, places = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
        padded = np.concatenate([self.chars, np.zeros(32, self.chars.dtype)])
        for pair, candidates in first.items():
            low, high = np.searchsorted(edges, [pair, pair + 1])
            for i, chars in candidates:
                here = starts[low:high]
                for step, char in enumerate(chars[2:], start=2):
                    here = here[padded[here + step] == char]
                places.append(here)
                codes.append(np.full(len(here), size * size + i, np.int64))
        return np.concatenate(codes), np.concatenate(places)

    def _pair(self, at: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        size = len(self.alphabet) + 1
        return self.chars[at].astype(np.int64) * size + self.chars[at + 1]


def _corpus(passages: list[Passage], fields: Mapping[str, float]) -> _Corpus:
    plain: dict[str, str] = {}  # titles and chapters repeat
    chars, places = [], []
    for number, field in enumerate(fields):
        texts = [getattr(passage, field) for passage in passages]
        if field != "text":
            for text in texts:
                if text not in plain:
                    plain[text] = normalise(text)
            texts = [plain[text] for text in texts]
        else:
            texts = [normalise(text) for text in texts]
        points = np.frombuffer("".join(f"{text}\n" for text in texts).encode("utf-32-le"), "<u4")
        # Normal text has no line ends, so each ends a row.
        ends = points == 10
        rows = np.cumsum(ends, dtype=np.int32) - ends
        chars.append(points)
        places.append(((rows << _FIELD_BITS) | number).astype(np.int32))
    points = np.concatenate(chars)
    seen = np.flatnonzero(np.bincount(points)) if len(points) else np.empty(0, np.int64)
    alphabet = np.array([p for p in seen.tolist() if chr(p).isalnum()], np.uint32)
    lookup = np.zeros(int(seen.max()) + 1 if len(seen) else 1, np.int32)
    lookup[alphabet] = np.arange(1, len(alphabet) + 1)
    return _Corpus(alphabet, lookup[points], np.concatenate(places), list(fields.values()))


def _postings(
    codes: npt.NDArray[np.int64],
    at: npt.NDArray[np.int64],
    corpus: _Corpus,
    weights: list[float],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], Ints, Floats]:
    """Terms rising, how many rows each has, and term after term the rows with their weighted tf."""
    keys = codes << (_ROW_BITS + _FIELD_BITS)
    keys |= corpus.places[at]
    keys.sort()
    worth = np.array(weights, np.float32)[keys & (2**_FIELD_BITS - 1)]
    keys >>= _FIELD_BITS
    starts = _starts(keys)
    tf = np.add.reduceat(worth, starts) if len(keys) else worth
    keys = keys[starts]
    rows = (keys & (2**_ROW_BITS - 1)).astype(np.int32)
    keys >>= _ROW_BITS
    starts = _starts(keys)
    counts = np.diff(np.append(starts, len(keys)))
    return keys[starts], counts, rows, tf


def _starts(keys: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Where in sorted `keys` each value begins."""
    if not len(keys):
        return np.empty(0, np.int64)
    return np.concatenate([[0], np.flatnonzero(keys[1:] != keys[:-1]) + 1])
