"""Learning to rank from answered questions, and taking over only what helps.

Everything is judged on questions that it has not seen: five folds by question, five by law (no
question about the laws of a fold is learnt), and one whole domain apart. The features of a
training row are out of fold too, else the trees would trust a memory that knew the question.
Two sets of trees are grown: for the familiar, from rows whose law was asked about before, and
for the unfamiliar, from rows whose law was not. A question is ranked by both, weighed by how
familiar its closest laws are.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from index import splits
from index.corpus import Corpus
from index.encoder import Static
from index.features import NAMES, Nearest, Reader, Table
from index.lessons import Lessons, Pair, learn
from index.lexical import Lexical
from index.ranked import FUSED
from index.rows import Bools, Floats, Ints
from index.trees import ROUNDS, Blend, Gate, Trees, fit_gate, grow, signs

PARTS: Mapping[str, tuple[str, ...]] = {
    "encoder": ("tuned", "like"),
    "memory": ("memory", "often", "apt", "either", "asked_pairs", "field", "middle", "with_middle"),
    "translation": ("asked_as",),
}
"""Parts that can be left out of the trees, by how the names of their columns begin."""

FEWEST = 100
"""Questions from which trees are grown; below, folds are too small to tell gain from chance."""

UNSEEN_LAW = 0.5
"""What a row whose law no question was about counts in the trees for the familiar."""

FEWEST_OF_DOMAIN = 20
_QUICK = 80
_TRIED_FOLDS = 2
_ROWS = 400

Progress = Callable[[str, int, int], None]
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
    columns = list(NAMES)
    trial = _judge(tables, columns, _QUICK, 1)
    for number, (part, begins) in enumerate(PARTS.items()):
        tell("parts", number, len(PARTS))
        rest = [c for c in NAMES if not c.startswith(begins)]
        gain = {k: trial[k] - v for k, v in _judge(tables, rest, _QUICK, 1).items()}
        report.setdefault("parts", {})[part] = {k: round(g, 4) for k, g in gain.items()}
        if gain["question"] <= 0 or sum(gain.values()) <= 0:
            columns = [c for c in columns if not c.startswith(begins)]
        else:
            report["adopted"].append(part)
    tell("parts", len(PARTS), len(PARTS))
    report["folds"], gate = tables.weigh(columns)
    report["seconds"] = round(time.perf_counter() - start, 1)
    if any(figures["spare"] < 0 for figures in report["folds"].values()):
        report["why"] = "在没见过的问题、法规或领域上不如不学，仍用融合"
        return Learnt(lessons, report=report)
    report["adopted"].append("trees")
    trees = Blend(*tables.grow(columns, range(len(pairs))), gate)
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

    def weigh(self, columns: Sequence[str]) -> tuple[dict[str, Any], Gate]:
        """For each kind of fold the figures of plain fusion and of the trees; and the gate, set
        to lean on the trees for the familiar as far as nothing falls below plain fusion by more
        than a standard error.

        The gate's shift is chosen on these same folds: its figures are a little too good.
        """
        total = sum(1 if kind == "domain" else _TRIED_FOLDS for kind in self.folds)
        self.tell("trees", 0, total)
        found = list(self.judged(columns, ROUNDS, _TRIED_FOLDS))
        self.tell("trees", total, total)
        told = [signs(table, unknown) for _, _, table, _, unknown in found]
        fitted = fit_gate(
            [(one, kind == "question") for one, (kind, *_) in zip(told, found, strict=True)]
        ).weights
        plain = [NAMES.index(name) for name in FUSED]
        fusion = [
            _figures(table, table.values[:, plain].sum(axis=1), self.answers[i])
            for _, i, table, _, _ in found
        ]
        kinds = np.array([kind for kind, *_ in found])
        best: tuple[float, Gate, list[tuple[float, ...]]] | None = None
        for shift in np.arange(-2.0, 5.1, 0.5):
            gate = Gate((*fitted[:-1], fitted[-1] + float(shift)))
            trees = [
                _figures(table, gate(one) * known + (1 - gate(one)) * unknown, self.answers[i])
                for one, (_, i, table, known, unknown) in zip(told, found, strict=True)
            ]
            spare = min(
                _spare(trees, fusion, kinds == kind) for kind in self.folds if kind != "question"
            )
            # Nothing may fall below fusion; as far as it holds, questions of a known kind count.
            asked = [_worth(f) for f, kind in zip(trees, kinds, strict=True) if kind == "question"]
            worth = float(np.mean(asked)) if spare >= 0 else spare
            if best is None or worth > best[0]:
                best = worth, gate, trees
        assert best is not None
        figures = {
            kind: {
                "questions": int((kinds == kind).sum()),
                "spare": round(_spare(best[2], fusion, kinds == kind), 4),
                "fusion": _mean(fusion, kinds == kind),
                "trees": _mean(best[2], kinds == kind),
            }
            for kind in self.folds
        }
        return figures, best[1]

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


def _worth(figures: Sequence[float]) -> float:
    return (figures[0] + figures[2]) / 2


def _mean(figures: Sequence[Sequence[float]], chosen: Bools) -> dict[str, float]:
    names = ("recall@10", "recall@100", "mrr@10")
    means = np.array(figures)[chosen].mean(axis=0).round(4).tolist()
    return dict(zip(names, means, strict=True))


def _spare(
    trees: Sequence[Sequence[float]], fusion: Sequence[Sequence[float]], chosen: Bools
) -> float:
    """By how much trees are better than fusion on the `chosen` questions, and one standard error
    of that: below 0 they are worse by more than chance would do."""
    gains = np.array([_worth(t) - _worth(f) for t, f in zip(trees, fusion, strict=True)])[chosen]
    return float(gains.mean() + gains.std() / max(len(gains), 1) ** 0.5)


def _figures(table: Table, scores: Floats, answers: Collection[int]) -> tuple[float, ...]:
    ranked = table.rows[np.argsort(-scores, kind="stable")][:100].tolist()
    wanted = set(answers)
    first = next((1 / n for n, row in enumerate(ranked[:10], 1) if row in wanted), 0.0)
    tens, hundred = wanted.intersection(ranked[:10]), wanted.intersection(ranked)
    return len(tens) / len(wanted), len(hundred) / len(wanted), first
