"""Units whose estimate is unreliable because answer sheets were copied: units, never persons.

What gives copying away is the same wrong answers at the same time. A pair of sheets counts as
alike if it differs in one item at most, shares two wrong answers at least, and was handed in within
the window. How many such pairs honest people produce is worked out by chance (`honest.py`): each
person keeps the number right, so that knowing much is never suspicious; which ones are right
follows the items' difficulty, and wrong options how often they tempt. Both are taken for the
greater part from the unit itself, so that what a unit was taught wrongly is not taken for copying.

It can not see a passed-on key: sheets that are all right look the same whether learnt or copied.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bot.awareness.honest import Honest, fit, wrong_shares
from bot.awareness.inputs import AwarenessError

WINDOW = 300.0
LEAST_COMMON = 8
LEAST_WRONG = 2
LEAST_PEOPLE = 10
LEAST_GROUP, LEAST_SHARE = 3.5, 0.05
"""A unit is flagged only for pairs beyond the expected as many as a group of so many people, and of
this share of the unit, would make: less does not move its estimate."""

LEVEL = 0.01
"""Of honest units at most this share is flagged."""

MOST_DRAWS = 1999
ENOUGH = 30
"""Draws stop once this many were as extreme: the unit is plainly honest (Besag & Clifford 1991)."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One person's answers: the option chosen of each item by its unshuffled name, "" where the
    item was not given; `when` it was handed in, in seconds or coarser from any start, None
    where that is not kept (then all count as handed in together)."""

    chosen: tuple[str, ...]
    when: float | None = None


@dataclass(frozen=True, slots=True)
class Reliability:
    """How a unit's sheets look: `alike` pairs seen, `expected` of honest people, the p-value, and
    whether the unit's estimate is `unreliable`. Nothing is said of a unit under LEAST_PEOPLE."""

    unit: str
    people: int
    alike: int
    expected: float
    p_value: float
    unreliable: bool


def unreliable_units(
    units: Mapping[str, Sequence[Sheet]],
    keys: Sequence[str],
    window: float = WINDOW,
    seed: int = 20261120,
    level: float = LEVEL,
) -> list[Reliability]:
    """Look through all units of a campaign. `keys`: the right option of each item. The same input
    and seed give the same result. Raises AwarenessError where a sheet has another length."""
    key, coded, options = _code(units, keys)
    everybody = np.concatenate([np.zeros((0, len(keys)), dtype=int), *coded.values()])
    general = fit(everybody == key, everybody >= 0)
    found = []
    for number, (unit, sheets) in enumerate(units.items()):
        rng = np.random.default_rng([seed, number])
        answers = coded[unit]
        first, second = _pairs(sheets, answers, window)
        people = len(sheets)
        seen = int(_alike(answers[None], key, first, second)[0])
        if people < LEAST_PEOPLE or seen < _material(people):
            found.append(Reliability(unit, people, seen, 0.0, 1.0, False))
            continue
        odds = fit(answers == key, answers >= 0, general)
        honest = Honest(answers, key, odds, wrong_shares(answers, everybody, key, options))
        batch = max(1, min(100, 20_000_000 // (len(first) * len(keys))))
        draws = extreme = total = 0
        while draws < MOST_DRAWS and extreme < ENOUGH:
            drawn = honest.draw(min(batch, MOST_DRAWS - draws), rng)
            counts = _alike(drawn, key, first, second)
            draws += len(counts)
            extreme += int((counts >= seen).sum())
            total += int(counts.sum())
        p = (extreme + 1) / (draws + 1)
        expected = total / draws
        unreliable = p <= level and seen - expected >= _material(people)
        found.append(Reliability(unit, people, seen, expected, p, unreliable))
    return found


def _material(people: int) -> float:
    group = max(LEAST_GROUP, LEAST_SHARE * people)
    return group * (group - 1) / 2


def _code(
    units: Mapping[str, Sequence[Sheet]], keys: Sequence[str]
) -> tuple[NDArray[np.int_], dict[str, NDArray[np.int_]], list[int]]:
    """Key, sheets of each unit (people × items) and number of options, options as numbers; −1
    where an item was not given."""
    names: list[dict[str, int]] = [{key: 0} for key in keys]
    coded = {}
    for unit, sheets in units.items():
        rows = np.full((len(sheets), len(keys)), -1)
        for person, sheet in enumerate(sheets):
            if len(sheet.chosen) != len(keys):
                raise AwarenessError(
                    f"{unit}：第 {person + 1} 份答卷有 {len(sheet.chosen)} 个回答，"
                    f"题有 {len(keys)} 道"
                )
            for item, option in enumerate(sheet.chosen):
                if option:
                    rows[person, item] = names[item].setdefault(option, len(names[item]))
        coded[unit] = rows
    return np.zeros(len(keys), dtype=int), coded, [len(n) for n in names]


def _pairs(
    sheets: Sequence[Sheet], answers: NDArray[np.int_], window: float
) -> tuple[NDArray[np.int_], NDArray[np.int_]]:
    """The pairs handed in within the window that had enough items in common."""
    given = (answers >= 0).astype(np.int32)
    when = np.array([np.nan if s.when is None else s.when for s in sheets])
    near = ~(np.abs(when[:, None] - when[None, :]) > window)  # unknown times are not far apart
    first, second = np.nonzero(np.triu(near & (given @ given.T >= LEAST_COMMON), 1))
    return first, second


def _alike(
    drawn: NDArray[np.int_],
    key: NDArray[np.int_],
    first: NDArray[np.int_],
    second: NDArray[np.int_],
) -> NDArray[np.int_]:
    """For each of draws × people × items: how many of the pairs are alike."""
    a, b = drawn[:, first], drawn[:, second]
    common = (a >= 0) & (b >= 0)
    same = common & (a == b)
    items, agree = common.sum(axis=2), same.sum(axis=2)
    wrong = (same & (a != key)).sum(axis=2)
    alike = (agree >= items - 1) & (wrong >= LEAST_WRONG)
    return np.asarray(alike.sum(axis=1))
