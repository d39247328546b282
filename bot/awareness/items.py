"""How items behave in use: too hard, too easy, misleading, with options nobody takes.

Classical figures only. A two-parameter model asks for 500 answers to an item and tells an editor
nothing that these do not; it is left out.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bot.awareness.inputs import AwarenessError, share

LEAST_ANSWERS = 30
"""Before so many answers nothing is said of an item."""

HARD, EASY, WEAK, UNUSED = 0.25, 0.95, 0.15, 0.03
"""Facility below and above, item–rest correlation below, share of a distractor below."""

TOO_HARD, TOO_EASY, DULL = "太难", "太易", "分不出懂与不懂"
MISLEADS, IDLE = "懂的人反而答错", "有干扰项没人选"


@dataclass(frozen=True, slots=True)
class Used:
    """An item as it was used: its options in any fixed order (without 「不知道」) and the right
    ones, as strings of single characters: 「ABCD」, 「B」, or 「BC」 for several."""

    id: str
    options: str
    key: str


@dataclass(frozen=True, slots=True)
class ItemFigures:
    """`facility`: share right; `item_rest`: correlation with the share right of the other items,
    None where one of the two never varies; `unused`: distractors under UNUSED; `chance`: share
    right by pure guessing. All None and no flags before LEAST_ANSWERS."""

    id: str
    answers: int
    facility: float | None
    item_rest: float | None
    unused: tuple[str, ...]
    chance: float
    flags: tuple[str, ...]

    @property
    def withdraw(self) -> bool:
        return MISLEADS in self.flags


@dataclass(frozen=True, slots=True)
class FormFigures:
    """A form as a whole: Kuder–Richardson 20, how many items like these reach .80, and the mean
    share right that pure guessing would get."""

    people: int
    kr20: float | None
    items_for_80: int | None
    chance: float


def item_figures(chosen: Sequence[Sequence[str]], items: Sequence[Used]) -> list[ItemFigures]:
    """Figures of each item. `chosen`: one row a person, one column an item, the chosen options as
    they are named in `Used.options` in any order; "" where the person was not given the item; any
    other sign is a wrong answer (「不知道」). Raises AwarenessError where a row has another length.
    """
    right = _right(chosen, items)
    return [_figures(right, chosen, column, item) for column, item in enumerate(items)]


def form_figures(chosen: Sequence[Sequence[str]], items: Sequence[Used]) -> FormFigures:
    """Figures of one form; people who were not given all of its items don't count."""
    right = _right(chosen, items)
    full = right[~np.isnan(right).any(axis=1)]
    alpha = kr20(full) if len(full) >= LEAST_ANSWERS else None
    chance = sum(guess_chance(i) for i in items) / len(items) if items else 0.0
    needed = spearman_brown(len(items), alpha) if alpha and 0 < alpha < 1 else None
    return FormFigures(len(full), alpha, needed, chance)


def guess_chance(item: Used) -> float:
    """Chance of a blind guess: one of k options, or one of the 2^k − 1 sets of options."""
    k = len(item.options)
    return 1 / k if len(item.key) == 1 else 1 / (2**k - 1)


def kr20(right: NDArray[np.float64]) -> float | None:
    """Kuder & Richardson (1937), formula 20, with the variance of the people at hand (divisor n);
    None where all have the same score. `right`: people × items of 0 and 1."""
    people, items = right.shape
    if people < 2 or items < 2:
        return None
    variance = float(right.sum(axis=1).var())
    if variance == 0:
        return None
    p = right.mean(axis=0)
    return float(items / (items - 1) * (1 - (p * (1 - p)).sum() / variance))


def spearman_brown(items: int, reliability: float, wanted: float = 0.8) -> int:
    """How many items of the same kind give the reliability `wanted` (Spearman 1910, Brown 1910)."""
    share("reliability（信度）", reliability, one=False)
    share("wanted（要求的信度）", wanted, one=False)
    times = wanted * (1 - reliability) / (reliability * (1 - wanted))
    return math.ceil(items * times - 1e-9)


def _right(chosen: Sequence[Sequence[str]], items: Sequence[Used]) -> NDArray[np.float64]:
    """People × items: 1 right, 0 wrong, nan not given."""
    right = np.full((len(chosen), len(items)), np.nan)
    for person, row in enumerate(chosen):
        if len(row) != len(items):
            raise AwarenessError(f"第 {person + 1} 行有 {len(row)} 个回答，而题有 {len(items)} 道")
        for column, answer in enumerate(row):
            if answer:
                right[person, column] = set(answer) == set(items[column].key)
    return right


def _figures(
    right: NDArray[np.float64], chosen: Sequence[Sequence[str]], column: int, item: Used
) -> ItemFigures:
    mine = right[:, column]
    given = ~np.isnan(mine)
    answers = int(given.sum())
    if answers < LEAST_ANSWERS:
        return ItemFigures(item.id, answers, None, None, (), guess_chance(item), ())
    facility = float(mine[given].mean())
    correlation = _item_rest(right, column)
    picks = Counter(option for row in chosen for option in set(row[column]))
    unused = tuple(o for o in item.options if o not in item.key and picks[o] / answers < UNUSED)
    flags = [
        flag
        for flag, holds in (
            (TOO_HARD, facility < HARD),
            (TOO_EASY, facility > EASY),
            (MISLEADS, correlation is not None and correlation < 0),
            (DULL, correlation is not None and 0 <= correlation < WEAK),
            (IDLE, bool(unused)),
        )
        if holds
    ]
    return ItemFigures(
        item.id, answers, facility, correlation, unused, guess_chance(item), tuple(flags)
    )


def _item_rest(right: NDArray[np.float64], column: int) -> float | None:
    """Pearson's correlation of the item with the share right of the person's other items."""
    others = np.delete(right, column, axis=1)
    usable = ~np.isnan(right[:, column]) & ~np.isnan(others).all(axis=1)
    if usable.sum() < LEAST_ANSWERS:
        return None
    mine, rest = right[usable, column], np.nanmean(others[usable], axis=1)
    # A spread of 1e-16 is rounding, and would give a correlation out of nothing.
    if mine.std() < 1e-12 or rest.std() < 1e-12:
        return None
    return float(np.corrcoef(mine, rest)[0, 1])
