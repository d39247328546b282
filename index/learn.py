"""Learning to rank from answered questions, and taking over only what helps.

Everything is judged on questions that it has not seen: five folds by question, five by law (no
question about the laws of a fold is learnt), and one whole domain apart. The features of a
training row are out of fold too, else the trees would trust a memory that knew the question.
Two sets of trees are grown: for the familiar, from rows whose law was asked about before, and
for the unfamiliar, from rows whose law was not. A question is ranked by both, mixed as much for
the familiar as the unfamiliar can bear.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from index import splits
from index.corpus import Corpus
from index.encoder import Static
from index.features import NAMES, Nearest, Reader, Table
from index.lessons import Lessons, Pair, learn
from index.lexical import Lexical
from index.ranked import FUSED
from index.rows import Bools, Floats, Ints
from index.trees import ROUNDS, Blend, Trees, grow

PARTS: Mapping[str, tuple[str, ...]] = {
    "encoder": ("tuned", "like"),
    "memory": ("memory", "often", "apt", "either", "asked_pairs", "field", "middle", "with_middle"),
    "translation": ("asked_as",),
}
"""Parts that can be left out of the trees, by how the names of their columns begin."""

NAMING = frozenset({"law_size"})
"""Columns that trees are not grown on. Hardly two laws have as many articles, so trees learn from
that number which laws were the answer, and rank a law of another size last: with the civil code
never seen they had 0.39 of R@10 with it and 0.55 without (fusion 0.51); by question it is worth
less than half a point."""

COLUMNS = tuple(name for name in NAMES if name not in NAMING)

FEWEST = 100
"""Questions from which trees are grown; below, folds are too small to tell gain from chance."""

UNSEEN_LAW = 0.5
"""What a row whose law no question was about counts in the trees for the familiar."""

FEWEST_OF_DOMAIN = 20
SHARES = (0.7, 0.5, 0.3, 0.15, 0.0)
"""Of the trees for the familiar, tried in this order. No more than 0.7: folds parted from few laws
promise more than a law that is new indeed keeps (with 0.85 two of five outer folds had a figure
below fusion, with 0.7 none)."""

_QUICK = 80
_TRIED_FOLDS = 2
_ROWS = 400

Progress = Callable[[str, int, int], None]
Figures = npt.NDArray[np.float64]
Row = tuple[Table, Collection[int]]


@dataclass(frozen=True, slots=True)
class Ground:
    """What learning starts from: one opened index, and how candidates of new vectors are found.

    `domain` says which rows belong to the field that is judged apart. `also` are pairs that are
    remembered but not learnt from (the project's own wordings, which the encoder has seen).
    """

    corpus: Corpus
    encoder: Static
    lexical: Lexical
    nearest: Nearest
    neighbours: Callable[[Lessons], Nearest]
    domain: Bools
    also: Sequence[Pair] = ()
    seed: int = 0


@dataclass(slots=True)
class Learnt:
    """What was learnt: lessons, and trees where they help; `report` says why, with figures."""

    lessons: Lessons
    trees: Blend | None = None
    report: dict[str, Any] = field(default_factory=dict)


def study(
    ground: Ground, pairs: Sequence[Pair], ids: Sequence[str], progress: Progress | None = None
) -> Learnt:
    """Learn from `pairs` (named by `ids`), judged by folds. The same seed learns the same.

    The report holds, for each kind of fold, the figures of plain fusion and of the trees, what
    each part adds, what was adopted and the seconds it took.
    """
    start = time.perf_counter()
    tell = progress or (lambda stage, done, total: None)
    lessons = final_lessons(ground, pairs, ids)
    report: dict[str, Any] = {"questions": len(pairs), "adopted": []}
    if len(pairs) < FEWEST:
        report["why"] = f"少于 {FEWEST} 题，只记住问题，不训练排序"
        return Learnt(lessons, report=report)
    tables = _Tables(ground, pairs, tell)
    columns = list(COLUMNS)
    trial = _judge(tables, columns, _QUICK, 1)
    for number, (part, begins) in enumerate(PARTS.items()):
        tell("parts", number, len(PARTS))
        rest = [c for c in COLUMNS if not c.startswith(begins)]
        gain = {k: trial[k] - v for k, v in _judge(tables, rest, _QUICK, 1).items()}
        report.setdefault("parts", {})[part] = {k: round(g, 4) for k, g in gain.items()}
        if gain["question"] <= 0 or sum(gain.values()) <= 0:
            columns = [c for c in columns if not c.startswith(begins)]
        else:
            report["adopted"].append(part)
    tell("parts", len(PARTS), len(PARTS))
    report["folds"], report["share"] = tables.weigh(columns)
    report["seconds"] = round(time.perf_counter() - start, 1)
    if any(figures["spare"] < 0 for figures in report["folds"].values()):
        report["why"] = "在没见过的问题、法规或领域上不如不学，仍用融合"
        return Learnt(lessons, report=report)
    report["adopted"].append("trees")
    known, unknown = tables.grow(columns, range(len(pairs)))
    share = report["share"]
    trees = Blend(known, unknown if share < 1 else None, share)
    report["seconds"] = round(time.perf_counter() - start, 1)
    return Learnt(lessons, trees, report)


def final_lessons(ground: Ground, pairs: Sequence[Pair], ids: Sequence[str]) -> Lessons:
    """Lessons of all `pairs` and of what is remembered beside them."""
    names = [*ids, *(f"also:{i}" for i in range(len(ground.also)))]
    return _lessons(ground, pairs, names)


def reader(ground: Ground, lessons: Lessons) -> Reader:
    """What makes tables with these lessons."""
    near = ground.nearest if lessons.encoder is ground.encoder else ground.neighbours(lessons)
    return Reader(
        ground.corpus, ground.lexical, ground.encoder.weights, ground.nearest, near, lessons
    )


def _lessons(ground: Ground, pairs: Sequence[Pair], ids: Sequence[str] | None = None) -> Lessons:
    from index.contrast import tune

    def tuned(corpus: Corpus, encoder: Static, _: Sequence[Pair]) -> Static:
        return tune(corpus, encoder, pairs, ground.lexical, seed=ground.seed)

    every = [*pairs, *ground.also]
    return learn(ground.corpus, ground.encoder, every, ids, tuned if pairs else None)


class _Tables:
    """Tables of every question for each kind of fold, all made by lessons that did not know it."""

    def __init__(self, ground: Ground, pairs: Sequence[Pair], tell: Progress) -> None:
        self.pairs, self.tell = pairs, tell
        corpus = ground.corpus
        self.answers = [list(rows) for _, rows in pairs]
        self.folds: dict[str, Ints] = {"question": splits.by_question(len(pairs), seed=ground.seed)}
        laws = [[int(corpus.laws[row]) for row in rows] for rows in self.answers]
        of_law, self.folds["law"] = splits.by_law(laws, seed=ground.seed)
        inside = splits.by_domain(self.answers, ground.domain)
        if FEWEST_OF_DOMAIN <= int(inside.sum()) < len(pairs) - FEWEST_OF_DOMAIN:
            self.folds["domain"] = np.where(inside, 1, 0).astype(np.int32)
        self.tables: dict[str, list[Table]] = {}
        jobs = [(k, f) for k, v in self.folds.items() for f in np.unique(v) if k != "domain" or f]
        found: dict[str, dict[int, Table]] = {kind: {} for kind in self.folds}
        for number, (kind, fold) in enumerate(jobs):
            tell("folds", number, len(jobs))
            held = self.folds[kind] == fold
            learnt: list[Pair] = []
            for i, (text, rows) in enumerate(pairs):
                kept = (
                    rows if kind != "law" else [r for r in rows if of_law[corpus.laws[r]] != fold]
                )
                if not held[i] and kept:
                    learnt.append((text, kept))
            made = reader(ground, _lessons(ground, learnt))
            for i in np.flatnonzero(held).tolist():
                found[kind][i] = made.table(pairs[i][0])
        tell("folds", len(jobs), len(jobs))
        self.found = found

    def grow(
        self,
        columns: Sequence[str],
        which: Iterable[int],
        rounds: int = ROUNDS,
    ) -> tuple[Trees, Trees]:
        """Trees for the familiar and for the unfamiliar, from the questions `which`.

        The first see each question twice, the second time without its law, which counts half:
        so they lean on memory less where it has nothing to say.
        """
        chosen = list(which)
        near, far = (
            [self._fewer(self.found[kind][i], i) for i in chosen] for kind in ("question", "law")
        )
        answers = [self.answers[i] for i in chosen]
        known = grow(
            near + far,
            answers * 2,
            columns=columns,
            rounds=rounds,
            weights=[1.0] * len(near) + [UNSEEN_LAW] * len(far),
        )
        return known, grow(far, answers, columns=columns, rounds=rounds)

    def judged(
        self, columns: Sequence[str], rounds: int, folds: int
    ) -> Iterator[tuple[str, int, Table, Floats, Floats]]:
        """(kind, question, its table, scores by the trees for the familiar and for the
        unfamiliar) of questions that these trees have not seen."""
        for kind, of in self.folds.items():
            for fold in [1] if kind == "domain" else list(range(folds)):
                which = np.flatnonzero(of != fold).tolist()
                known, unknown = self.grow(columns, which, rounds)
                for i in np.flatnonzero(of == fold).tolist():
                    table = self.found[kind][i]
                    yield kind, i, table, known.scores(table), unknown.scores(table)

    def weigh(self, columns: Sequence[str]) -> tuple[dict[str, Any], float]:
        """For each kind of fold the figures of plain fusion and of the trees, and the share of
        the trees for the familiar: the one that does best by question among those with which no
        figure for unseen laws or the unseen domain falls below plain fusion; if there is none,
        among those with which none falls by more than a standard error; else the one with which
        they stay furthest above that.

        The share is chosen on these same folds: its figures are a little too good.
        """
        total = sum(1 if kind == "domain" else _TRIED_FOLDS for kind in self.folds)
        self.tell("trees", 0, total)
        found = list(self.judged(columns, ROUNDS, _TRIED_FOLDS))
        self.tell("trees", total, total)
        plain = [NAMES.index(name) for name in FUSED]
        kinds = np.array([kind for kind, *_ in found])
        unseen = [kinds == kind for kind in self.folds if kind != "question"]
        fusion = np.array(
            [
                _figures(table, table.values[:, plain].sum(axis=1), self.answers[i])
                for _, i, table, _, _ in found
            ]
        )
        tried = {
            share: np.array(
                [
                    _figures(table, share * known + (1 - share) * unknown, self.answers[i])
                    for _, i, table, known, unknown in found
                ]
            )
            for share in SHARES
        }

        def worth(share: float) -> tuple[int, float]:
            trees = tried[share]
            by_question = float(_worth(trees[kinds == "question"]).mean())
            if all((trees[k].mean(axis=0) >= fusion[k].mean(axis=0)).all() for k in unseen):
                return 2, by_question
            spare = min(_spare(trees[k], fusion[k]) for k in unseen)
            return (1, by_question) if spare >= 0 else (0, spare)

        share = max(SHARES, key=worth)
        figures = {
            kind: {
                "questions": int((kinds == kind).sum()),
                "spare": round(_spare(tried[share][kinds == kind], fusion[kinds == kind]), 4),
                "fusion": _mean(fusion[kinds == kind]),
                "trees": _mean(tried[share][kinds == kind]),
            }
            for kind in self.folds
        }
        return figures, share

    def _fewer(self, table: Table, i: int) -> Table:
        """The answers, the likeliest others and some of the rest: trees need no more."""
        if len(table.rows) <= _ROWS:
            return table
        order = np.argsort(-table.values[:, NAMES.index("fused")], kind="stable")
        first, rest = order[: _ROWS * 2 // 3], order[_ROWS * 2 // 3 :]
        some = np.random.default_rng(i).choice(rest, _ROWS - len(first), replace=False)
        right = np.flatnonzero(np.isin(table.rows, self.answers[i]))
        kept = np.unique(np.concatenate([first, some, right]))
        return Table(table.rows[kept], table.values[kept])


def _judge(tables: _Tables, columns: Sequence[str], rounds: int, folds: int) -> dict[str, float]:
    sums: dict[str, list[float]] = {}
    for kind, i, table, known, unknown in tables.judged(columns, rounds, folds):
        scores = known if kind == "question" else unknown
        found = _figures(table, scores, tables.answers[i])
        sums.setdefault(kind, []).append((found[0] + found[2]) / 2)
    return {kind: float(np.mean(values)) for kind, values in sums.items()}


def _worth(figures: Figures) -> Figures:
    return (figures[:, 0] + figures[:, 2]) / 2


def _mean(figures: Figures) -> dict[str, float]:
    names = ("recall@10", "recall@100", "mrr@10")
    return dict(zip(names, figures.mean(axis=0).round(4).tolist(), strict=True))


def _spare(trees: Figures, fusion: Figures) -> float:
    """By how much trees are better than fusion, and one standard error of that: below 0 they are
    worse by more than chance would do."""
    gains = _worth(trees) - _worth(fusion)
    return float(gains.mean() + gains.std() / max(len(gains), 1) ** 0.5)


def _figures(table: Table, scores: Floats, answers: Collection[int]) -> tuple[float, ...]:
    ranked = table.rows[np.argsort(-scores, kind="stable")][:100].tolist()
    wanted = set(answers)
    first = next((1 / n for n, row in enumerate(ranked[:10], 1) if row in wanted), 0.0)
    tens, hundred = wanted.intersection(ranked[:10]), wanted.intersection(ranked)
    return len(tens) / len(wanted), len(hundred) / len(wanted), first
