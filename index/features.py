"""What speaks for a passage: some sixty numbers for each candidate of a query.

Candidates come from words, from meaning, from remembered questions and from passages beside
those; all numbers are computed for them together. Nothing here knows a domain: how far the
numbers can be trusted is learnt (`index.learn`), and priors are added afterwards.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from index.corpus import Corpus, gather
from index.encoder import Static
from index.lessons import Lessons
from index.lexical import Lexical
from index.rows import Bools, Floats, Ints

WORDS, MEANINGS, PLAIN_MEANINGS = 200, 250, 80
"""Candidates by counted words, by the tuned encoder, by the encoder as it ships."""

SEEDS = 20
"""Of each kind, how many of the best lend their neighbours and the articles they name."""

READ = 240
"""Candidates that are read for the trees, the best by what is known of all of them. All 460 had
0.4 points more recall at 100, 0.5 less MRR, and took twice as long."""

READ_CLOSELY = 200
"""Of these, the best by words and meaning, that are compared pair by pair."""

BESIDE = 0.3
"""What the next articles and those that name one another count when the candidates are chosen."""

NEAR, NEAREST = 60, 0.12
"""Remembered questions that are read, and how like a question must be."""

DAMPING = 0.6
"""What each further question of an article, chapter or law counts of the one before."""

PRIOR_QUESTIONS = 2.0
"""How many questions of the common kind each row, law and chapter is thought to have answered."""

K1, B = 1.2, 0.75
_CLAUSE_BITS, _GRAM_BITS = 8, 12

Nearest = Callable[[Floats, int, Bools | None], Ints]
"""A vector, how many, which rows may be found -> the nearest rows in any order."""


@dataclass(frozen=True, slots=True)
class Table:
    """Candidates of one query: `rows`, and `values` of shape (len(rows), len(NAMES))."""

    rows: Ints
    values: Floats


@dataclass(frozen=True, slots=True)
class Reader:
    """Makes tables; safe to share between threads."""

    corpus: Corpus
    lexical: Lexical
    plain: Floats
    nearest: Nearest
    tuned_nearest: Nearest
    lessons: Lessons

    def table(
        self,
        text: str,
        mask: Bools | None = None,
        without: Ints | None = None,
        *,
        brief: bool = False,
        alike: bool = True,
    ) -> Table:
        """The candidates for `text`; rows outside `mask` are none, and the questions numbered in
        `without` are treated as never asked. A `brief` table has all candidates and leaves at 0
        what only trees read; without `alike` the columns of that name are left at 0."""
        return _Reading(self, text, mask, without).table(brief, alike)


class _Reading:
    """One query being read; columns gather in `self.columns` in the order of NAMES."""

    def __init__(self, reader: Reader, text: str, mask: Bools | None, without: Ints | None) -> None:
        corpus, lessons = reader.corpus, reader.lessons
        self.corpus, self.lessons, self.without, self.text = corpus, lessons, without, text
        ids = corpus.vocabulary.ids(text)
        self.grams, times = np.unique(ids, return_counts=True)
        self.idf = corpus.idf[self.grams]
        self.pairs = corpus.vocabulary.pairs[self.grams]
        self.words = reader.lexical.scores(text)
        if mask is not None:
            self.words = np.where(mask, self.words, 0)
        self.plain = Static(corpus.vocabulary, reader.plain).vector(ids)
        self.tuned = lessons.encoder.vector(ids)
        self._remember(np.sqrt(times))
        self.rows = self._candidates(reader, mask)
        self.fused = self.best = np.zeros(0, np.float32)
        self.columns: dict[str, npt.NDArray[np.floating]] = {}

    def _remember(self, weights: npt.NDArray[np.floating]) -> None:
        """How like each remembered question is, and which rows the nearest lead to."""
        lessons = self.lessons
        said = np.zeros(len(lessons), np.float32)
        alike = np.zeros(len(lessons), np.float32)
        if len(lessons):
            asked = weights * lessons.rarity[self.grams]
            asked /= max(float(np.linalg.norm(asked)), 1e-9)
            ends, at, data = lessons.counts.indptr, lessons.counts.indices, lessons.counts.data
            for gram, weight in zip(self.grams.tolist(), asked.tolist(), strict=True):
                low, high = ends[gram], ends[gram + 1]
                said[at[low:high]] += data[low:high] * np.float32(weight)
            alike = np.maximum(lessons.vectors @ self.tuned, 0)
            if self.without is not None and len(self.without):
                said[self.without] = 0
                alike[self.without] = 0
        both = (said + alike) / 2
        self.spread = np.diff(lessons.counts.indptr)[self.grams].astype(np.float32)
        near = _top(both, NEAR)
        near = near[both[near] > NEAREST]
        read = np.zeros(len(lessons), np.bool_)
        read[near] = True
        chosen = read[lessons.links[:, 0]] if len(lessons) else np.zeros(0, np.bool_)
        self.led = lessons.links[chosen, 1]
        self.by = lessons.links[chosen, 0]
        self.said, self.alike, self.both = said, alike, both

    def _candidates(self, reader: Reader, mask: Bools | None) -> Ints:
        corpus = self.corpus
        words = _top(self.words, WORDS)
        tuned = reader.tuned_nearest(self.tuned, MEANINGS, mask)
        plain = tuned[:PLAIN_MEANINGS]
        if reader.nearest is not reader.tuned_nearest:
            plain = reader.nearest(self.plain, PLAIN_MEANINGS, mask)
        led = self.led[np.argsort(-self.both[self.by], kind="stable")]
        seeds = np.unique(np.concatenate([words[:SEEDS], tuned[:SEEDS], led[:SEEDS]])).astype(int)
        beside = np.concatenate([seeds - 1, seeds + 1])
        beside = beside[(beside >= 0) & (beside < len(corpus))]
        named = corpus.links[seeds].indices[:150]
        rows = np.unique(np.concatenate([words, tuned, plain, self.led, beside, named]))
        if mask is not None:
            rows = rows[mask[rows]]
        return rows.astype(np.int32)

    def table(self, brief: bool, alike: bool) -> Table:
        if not len(self.rows):
            return Table(self.rows, np.zeros((0, len(NAMES)), np.float32))
        self._engines()
        self._remembered()
        if not brief:
            self._choose()
        if not brief or len(self.lessons):
            self._grams(brief, alike)
        if brief:
            nothing = np.zeros(len(self.rows), np.float32)
            self.columns = {name: self.columns.get(name, nothing) for name in NAMES}
        else:
            self._memory()
            self._structure()
        values = np.column_stack([self.columns[name] for name in NAMES]).astype(np.float32)
        return Table(self.rows, values)

    def _choose(self) -> None:
        """Keep the `READ` candidates that most speaks for; what counts among all stays so."""
        if len(self.rows) <= READ:
            return
        spread = np.zeros(len(self.corpus) + 2, np.float32)
        spread[self.rows + 1] = self.fused
        around = spread[self.rows] + spread[self.rows + 2] + self._named(spread[1:-1])
        worth = self.fused + self.columns["plain_rank"] + self.columns["memory_rank"]
        order = np.argsort(-(worth + BESIDE * around), kind="stable")
        kept = np.sort(order[:READ])
        self.rows, self.fused = self.rows[kept], self.fused[kept]
        self.columns = {name: values[kept] for name, values in self.columns.items()}

    def _engines(self) -> None:
        """Scores of words and of both encoders: as they are, as a share of the best, by rank."""
        rows, corpus = self.rows, self.corpus
        plain = corpus.vectors[rows].astype(np.float32) @ self.plain
        tuned = self.lessons.tuned[rows].astype(np.float32) @ self.tuned
        for name, scores in (("words", self.words[rows]), ("plain", plain), ("tuned", tuned)):
            self.columns[name] = scores
            self.columns[f"{name}_share"] = scores / max(float(scores.max()), 1e-9)
            self.columns[f"{name}_rank"] = _by_rank(scores)
        self.fused = self.columns["words_rank"] + self.columns["tuned_rank"]
        self.columns["fused"] = self.fused

    def _grams(self, brief: bool, alike: bool) -> None:
        """What of the question stands in the passage, letter by letter, by likeness and by
        translation."""
        rows, corpus, grams = self.rows, self.corpus, self.grams
        column = np.full(len(corpus.vocabulary), -1, np.int32)
        column[grams] = np.arange(len(grams))
        at, owner = gather(corpus.text, rows)
        flat = corpus.text.flat[at]
        asked = column[flat]
        hit = np.flatnonzero(asked >= 0)
        held = np.zeros((len(rows), len(grams)), np.float32)
        np.add.at(held, (owner[hit], asked[hit]), 1)
        length = np.diff(np.searchsorted(owner, np.arange(len(rows) + 1))).astype(np.float32)
        mean = max(float(length.mean()), 1.0)
        gain = held * (K1 + 1) / (held + K1 * (1 - B + B * (length / mean)[:, None]))
        total = max(float(self.idf.sum()), 1e-9)
        self.columns["text"] = gain @ self.idf / total
        self.columns["held"] = (held > 0) @ self.idf / total
        doubles = self.idf * self.pairs
        self.columns["held_pairs"] = (held > 0) @ doubles / max(float(doubles.sum()), 1e-9)
        self.columns["held_rarest"] = _rarest(held, self.idf)
        self.columns["clause"] = self._clauses(at[hit], owner[hit], asked[hit]) / total
        heads, numbers = np.unique(corpus.head_of[rows], return_inverse=True)
        at, owner_of_head = gather(corpus.heads, heads)
        asked = column[corpus.heads.flat[at]]
        there = asked >= 0
        headed = np.zeros((len(heads), len(grams)), np.float32)
        headed[owner_of_head[there], asked[there]] = 1
        self.columns["head"] = (headed @ self.idf / total)[numbers]
        self.columns["head_pairs"] = (headed @ doubles)[numbers] / max(float(doubles.sum()), 1e-9)
        self._asked(held, length)
        if not brief:
            self._alike(flat, owner, alike)

    def _asked(self, held: Floats, length: Floats) -> None:
        """The same with the questions that a row answered as one more field of it, and how far
        the question's grams are those of questions that the row, its law, its chapter answer."""
        lessons, corpus, rows = self.lessons, self.corpus, self.rows
        forgotten = self._forgotten()
        at = np.full(len(corpus), -1, np.int32)
        at[rows] = np.arange(len(rows))
        asked = _columns(lessons.row_grams, self.grams, at, len(rows))
        answered = lessons.by_row[rows].copy()
        for grams, led in forgotten:
            mine = np.isin(rows, led)
            asked[mine] -= grams
            answered[mine] -= 1
        common = (self.spread + 1) / (len(lessons) + 2)
        self.columns["apt_row"] = _apt(asked, answered, common)
        for name, numbers in (("law", corpus.laws), ("chapter", corpus.chapters)):
            groups, number = np.unique(numbers[rows], return_inverse=True)
            at = np.full(int(numbers.max()) + 1, -1, np.int32)
            at[groups] = np.arange(len(groups))
            said = _columns(getattr(lessons, f"{name}_grams"), self.grams, at, len(groups))
            total = getattr(lessons, f"by_{name}")[groups].copy()
            for grams, led in forgotten:
                mine = np.isin(groups, numbers[led])
                said[mine] -= grams
                total[mine] -= 1
            self.columns[f"apt_{name}"] = _apt(said, total, common)[number]
        total_idf = max(float(self.idf.sum()), 1e-9)
        doubles = self.idf * self.pairs
        either = (held > 0) | (asked > 0)
        self.columns["either"] = either @ self.idf / total_idf
        self.columns["either_pairs"] = either @ doubles / max(float(doubles.sum()), 1e-9)
        self.columns["asked_pairs"] = (asked > 0) @ doubles / max(float(doubles.sum()), 1e-9)
        both = length + answered * max(float(lessons.lengths.mean()) if len(lessons) else 1, 1)
        norm = K1 * (1 - B + B * both / max(float(both.mean()), 1.0))
        sums = held + asked
        self.columns["field"] = (sums * (K1 + 1) / (sums + norm[:, None])) @ self.idf / total_idf
        self.columns["field_rank"] = _by_rank(self.columns["field"])
        self._centres()

    def _forgotten(self) -> list[tuple[Floats, Ints]]:
        """Of each question that is treated as never asked: which of the grams asked now it has,
        and the rows it led to."""
        found = []
        for question in self.without if self.without is not None else ():
            has = np.zeros(len(self.grams), np.float32)
            ends, where = self.lessons.counts.indptr, self.lessons.counts.indices
            for number, gram in enumerate(self.grams.tolist()):
                has[number] = question in where[ends[gram] : ends[gram + 1]]
            links = self.lessons.links
            found.append((has, links[links[:, 0] == question, 1]))
        return found

    def _centres(self) -> None:
        """Likeness to the middle of a row's questions, and of these with the row itself."""
        lessons = self.lessons
        at = np.full(len(self.corpus), -1, np.int32)
        at[self.rows] = np.arange(len(self.rows))
        place = at[lessons.links[:, 1]]
        usable = place >= 0
        if self.without is not None and len(self.without):
            usable &= ~np.isin(lessons.links[:, 0], self.without)
        questions, place = lessons.links[usable, 0], place[usable]
        own = lessons.tuned[self.rows].astype(np.float32)
        middle = np.zeros_like(own)
        order = np.argsort(place, kind="stable")
        answered, starts = np.unique(place[order], return_index=True)
        if len(answered):
            middle[answered] = np.add.reduceat(lessons.vectors[questions[order]], starts, axis=0)
        middle = _unit(middle)
        self.columns["middle"] = middle @ self.tuned
        self.columns["with_middle"] = _unit(own + middle) @ self.tuned

    def _clauses(self, at: npt.NDArray[np.integer], owner: Ints, asked: Ints) -> Floats:
        """The idf of the question that one clause holds, for the best clause of each row."""
        best = np.zeros(len(self.rows), np.float32)
        if not len(at):
            return best
        clause = owner.astype(np.int64) << _CLAUSE_BITS | self.corpus.text.clauses[at]
        keys = np.unique(clause << _GRAM_BITS | np.minimum(asked, (1 << _GRAM_BITS) - 1))
        clauses, number = np.unique(keys >> _GRAM_BITS, return_inverse=True)
        sums = np.bincount(number, weights=self.idf[keys & ((1 << _GRAM_BITS) - 1)])
        np.maximum.at(best, clauses >> _CLAUSE_BITS, sums.astype(np.float32))
        return best

    def _alike(self, flat: Ints, owner: Ints, alike: bool) -> None:
        """Each pair of the question with the likest pair of the passage, and what the passage's
        pairs would be asked as; for the first `READ_CLOSELY` candidates only."""
        count = len(self.rows)
        close = np.zeros(count, np.bool_)
        close[np.argsort(-self.fused, kind="stable")[:READ_CLOSELY]] = True
        chosen = self.corpus.vocabulary.pairs[flat] & close[owner]
        flat, owner = flat[chosen], owner[chosen]
        asked = self.grams[self.pairs]
        weight = self.idf[self.pairs]
        for name in ("like", "like_weakest", "asked_as", "asked_as_best"):
            self.columns[name] = np.zeros(count, np.float32)
        if not len(asked) or not len(flat):
            return
        kinds, number = np.unique(flat, return_inverse=True)
        starts = np.searchsorted(owner, np.arange(count))
        lengths = np.diff(np.append(starts, len(owner)))
        filled = np.flatnonzero(lengths)
        starts = starts[filled]
        total = max(float(weight.sum()), 1e-9)
        if alike:
            weights = self.lessons.encoder.weights
            likeness = (_unit(weights[kinds]) @ _unit(weights[asked]).T)[number]
            likest = np.maximum.reduceat(likeness, starts, axis=0)
            self.columns["like"][filled] = likest @ weight / total
            weakest = max(1, len(asked) // 3)
            self.columns["like_weakest"][filled] = np.sort(likest, axis=1)[:, :weakest].mean(axis=1)
        at = np.full(len(self.corpus.vocabulary), -1, np.int32)
        at[kinds] = np.arange(len(kinds))
        table = _columns(self.lessons.table, asked, at, len(kinds))[number]
        sums = np.add.reduceat(table, starts, axis=0)
        best = np.maximum.reduceat(table, starts, axis=0)
        length = np.maximum(lengths[filled], 20)[:, None]
        common = (np.exp(-weight) / 2 + 1e-5)[None, :]
        self.columns["asked_as"][filled] = np.log1p(sums / length / 2 / common).mean(axis=1)
        self.columns["asked_as_best"][filled] = np.log1p(best / common) @ weight / total

    def _memory(self) -> None:
        """What remembered questions say of the row, its chapter, its law, what it names; and
        how often each was the answer before."""
        rows, corpus, lessons = self.rows, self.corpus, self.lessons
        best = self.best
        self.columns["memory_said"] = _grouped(self.led, self.said[self.by], len(corpus))[0][rows]
        self.columns["memory_alike"] = _grouped(self.led, self.alike[self.by], len(corpus))[0][rows]
        for name, numbers in (("chapter", corpus.chapters), ("law", corpus.laws)):
            keys = np.unique(numbers[self.led].astype(np.int64) * max(len(lessons), 1) + self.by)
            group, question = keys // max(len(lessons), 1), keys % max(len(lessons), 1)
            high, low = _grouped(group, self.both[question], int(numbers.max(initial=0)) + 1)
            self.columns[f"memory_{name}"] = high[numbers[rows]]
            self.columns[f"memory_{name}_sum"] = low[numbers[rows]]
        padded = np.concatenate([[0], best, [0]]).astype(np.float32)
        self.columns["memory_beside"] = np.maximum(padded[rows], padded[rows + 2])
        self.columns["memory_named"] = self._named(best)
        nearest = float(self.both.max(initial=0))
        self.columns["memory_nearest"] = np.full(len(rows), nearest, np.float32)
        self.columns["memory_share"] = best[rows] / max(nearest, 1e-9)
        row, law, chapter = lessons.by_row, lessons.by_law, lessons.by_chapter
        by_row, by_law, by_chapter = (
            row[rows].copy(),
            law[corpus.laws[rows]].copy(),
            chapter[corpus.chapters[rows]].copy(),
        )
        for question in self.without if self.without is not None else ():
            own = lessons.links[lessons.links[:, 0] == question, 1]
            by_row -= np.isin(rows, own)
            by_law -= np.isin(corpus.laws[rows], corpus.laws[own])
            by_chapter -= np.isin(corpus.chapters[rows], corpus.chapters[own])
        self.columns["often_row"] = np.log1p(by_row)
        self.columns["often_law"] = np.log1p(by_law)
        self.columns["often_chapter"] = np.log1p(by_chapter)

    def _remembered(self) -> None:
        """The likeness of the nearest remembered question of every row of the corpus."""
        self.best, damped = _grouped(self.led, self.both[self.by], len(self.corpus))
        self.columns["memory"] = self.best[self.rows]
        self.columns["memory_sum"] = damped[self.rows]
        self.columns["memory_rank"] = _by_rank(damped[self.rows])

    def _structure(self) -> None:
        """How well the row's law, chapter, neighbours and links do, and what kind of text it is."""
        rows, corpus, fused = self.rows, self.corpus, self.fused
        for name, numbers in (("law", corpus.laws), ("chapter", corpus.chapters)):
            group = np.unique(numbers[rows], return_inverse=True)[1]
            best, damped = _grouped(group, fused, int(group.max()) + 1)
            self.columns[f"{name}_sum"] = damped[group]
            self.columns[f"{name}_best"] = best[group]
        spread = np.zeros(len(corpus) + 2, np.float32)
        spread[rows + 1] = fused
        self.columns["before"] = spread[rows]
        self.columns["after"] = spread[rows + 2]
        self.columns["named"] = self._named(spread[1:-1])
        self.columns["links"] = np.log1p(np.diff(corpus.links.indptr)[rows]).astype(np.float32)
        self.columns["size"] = np.log1p(corpus.sizes[rows]).astype(np.float32)
        self.columns["kind"] = corpus.kinds[rows].astype(np.float32)
        self.columns["law_size"] = np.log1p(np.bincount(corpus.laws)[corpus.laws[rows]])
        self.columns["question_size"] = np.full(len(rows), len(self.text), np.float32)

    def _named(self, values: Floats) -> Floats:
        """The best of `values` (one for each row of the corpus) among what each candidate names
        or is named by."""
        links = self.corpus.links[self.rows]
        found = np.zeros(len(self.rows), np.float32)
        filled = np.flatnonzero(np.diff(links.indptr) > 0)
        if len(filled):
            found[filled] = np.maximum.reduceat(values[links.indices], links.indptr[filled])
        return found


ALIKE = frozenset({"like", "like_weakest"})
"""The columns that take longest: they compare every pair with every pair."""

NAMES = (
    *(f"{e}{s}" for e in ("words", "plain", "tuned") for s in ("", "_share", "_rank")),
    *("fused", "text", "held", "held_pairs", "held_rarest", "clause", "head", "head_pairs"),
    *("either", "either_pairs", "asked_pairs", "field", "field_rank"),
    *("apt_row", "apt_law", "apt_chapter", "middle", "with_middle"),
    *("like", "like_weakest", "asked_as", "asked_as_best"),
    *("memory", "memory_sum", "memory_rank", "memory_said", "memory_alike"),
    *("memory_chapter", "memory_chapter_sum", "memory_law", "memory_law_sum"),
    *("memory_beside", "memory_named", "memory_nearest", "memory_share"),
    *("often_row", "often_law", "often_chapter"),
    *("law_sum", "law_best", "chapter_sum", "chapter_best", "before", "after", "named", "links"),
    *("size", "kind", "law_size", "question_size"),
)


def _top(scores: npt.NDArray[np.floating], count: int) -> npt.NDArray[np.int64]:
    """The best rows with a score above zero, best first."""
    rows = np.flatnonzero(scores > 0)
    if len(rows) > count:
        rows = rows[np.argpartition(-scores[rows], count)[:count]]
    return rows[np.argsort(-scores[rows], kind="stable")]


def _by_rank(scores: npt.NDArray[np.floating]) -> Floats:
    """1 / (rank + 5), ranks from 0; 0 for what has no score."""
    found = np.empty(len(scores), np.float32)
    found[np.argsort(-scores, kind="stable")] = 1 / (np.arange(len(scores)) + 5)
    found[scores <= 0] = 0
    return found


def _grouped(
    keys: npt.NDArray[np.integer], values: npt.NDArray[np.floating], size: int
) -> tuple[Floats, Floats]:
    """By key: the best value, and the sum with each next one counting `DAMPING` as much."""
    best, damped = np.zeros(size, np.float32), np.zeros(size, np.float32)
    if not len(keys):
        return best, damped
    order = np.lexsort((-values, keys))
    keys, values = keys[order], values[order].astype(np.float32)
    first = np.concatenate([[True], keys[1:] != keys[:-1]])
    starts = np.flatnonzero(first)
    place = np.arange(len(keys)) - np.repeat(starts, np.diff(np.append(starts, len(keys))))
    best[keys[starts]] = values[starts]
    damped += np.bincount(keys, weights=values * DAMPING**place, minlength=size)[:size]
    return best, damped


def _columns(matrix: Any, grams: Ints, at: Ints, count: int) -> Floats:
    """The columns `grams` (of a matrix stored by rows: the rows) of a sparse `matrix` where `at` is
    not negative, moved to `at`: shape (count, len(grams))."""
    found = np.zeros((count, len(grams)), np.float32)
    ends, where, data = matrix.indptr, matrix.indices, matrix.data
    for number, gram in enumerate(grams.tolist()):
        low, high = ends[gram], ends[gram + 1]
        place = at[where[low:high]]
        kept = place >= 0
        found[place[kept], number] = data[low:high][kept]
    return found


def _apt(asked: Floats, answered: Floats, common: Floats) -> Floats:
    """The mean over grams of ln p(gram | questions answered) / p(gram), naive Bayes with as many
    made-up questions as `PRIOR_QUESTIONS`; 0 where nothing was answered."""
    share = (asked + PRIOR_QUESTIONS * common) / (answered[:, None] + PRIOR_QUESTIONS)
    if not len(common):
        return np.zeros(len(asked), np.float32)
    found: Floats = np.log(share / common).mean(axis=1).astype(np.float32)
    return found


def _rarest(held: Floats, idf: Floats) -> Floats:
    """The share of the question's five rarest grams that a row holds."""
    if not len(idf):
        return np.zeros(len(held), np.float32)
    rare = np.argsort(-idf, kind="stable")[:5]
    found: Floats = (held[:, rare] > 0).mean(axis=1).astype(np.float32)
    return found


def _unit(vectors: Floats) -> Floats:
    wide = np.asarray(vectors, np.float32)
    found: Floats = wide / np.maximum(np.linalg.norm(wide, axis=1, keepdims=True), 1e-9)
    return found
