"""How answer sheets come out where everybody answers alone: a Rasch model given the scores.

Given how many items a person got right, which ones were right depends on the items' difficulty
only (Rasch 1960); ability, and how it spreads, drops out. So nothing need be known of persons.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

OWN = 2 / 3
"""How much of difficulty and temptation is taken from the unit itself, the rest from all units.
All of it would explain a unit that copied one sheet from end to end; none would blame a unit for
what it was taught wrongly."""

ROUNDS = 30

Floats = NDArray[np.float64]


def fit(right: NDArray[np.bool_], given: NDArray[np.bool_], prior: Floats | None = None) -> Floats:
    """Odds of each item (easiness, up to a common factor) by conditional maximum likelihood
    (Andersen 1972), people × items. With `prior` odds the number of people right on an item is
    drawn toward what the prior expects of the same people, by 1 − OWN."""
    right = right & given
    people, items = given.sum(axis=0), given.shape[1]
    observed = right.sum(axis=0).astype(np.float64)
    odds = np.ones(items) if prior is None else prior.copy()
    # People of the same items and score behave alike: one row for all of them.
    rows = np.concatenate([given, right.sum(axis=1)[:, None]], axis=1).astype(int)
    kinds, counts = np.unique(rows, axis=0, return_counts=True)
    places, scores = _places(kinds[:, :-1] > 0), kinds[:, -1]

    def expect() -> Floats:
        chances = _chances(np.append(odds, 0.0)[places], scores) * counts[:, None]
        totals = np.bincount(places.ravel(), chances.ravel(), minlength=items + 1)
        return np.asarray(totals[:items], dtype=np.float64)

    if prior is not None:
        observed = OWN * observed + (1 - OWN) * expect()
    for _ in range(ROUNDS):
        step = _odds(observed, people) / _odds(expect(), people)
        odds = np.where(people > 0, odds * step, odds)
        odds = np.clip(odds / np.exp(np.log(odds).mean()), 1e-6, 1e6)
    return np.asarray(odds)


def wrong_shares(
    answers: NDArray[np.int_],
    everybody: NDArray[np.int_],
    key: NDArray[np.int_],
    options: Sequence[int],
) -> Floats:
    """Items × options: which wrong option is taken by whoever is wrong; 0 for the right one."""
    most = max(options, default=1)
    real = np.arange(most)[None, :] < np.array(options)[:, None]
    real = real & (np.arange(most)[None, :] != key[:, None])

    def shares(sheets: NDArray[np.int_]) -> Floats:
        columns = [(sheets == option).sum(axis=0) for option in range(most)]
        raised = (np.stack(columns, axis=1) + 0.5) * real
        return np.asarray(raised / np.maximum(raised.sum(axis=1, keepdims=True), 1e-9))

    return OWN * shares(answers) + (1 - OWN) * shares(everybody)


class Honest:
    """Draws sheets of the same people with the same numbers right, each filled in alone."""

    def __init__(
        self, answers: NDArray[np.int_], key: NDArray[np.int_], odds: Floats, wrong: Floats
    ) -> None:
        self._shape, self._key = answers.shape, key
        self._scores = ((answers == key) & (answers >= 0)).sum(axis=1)
        self._places = _places(answers >= 0)
        self._odds = np.append(odds, 0.0)[self._places]
        self._later = _later(self._odds)
        self._wrong = np.cumsum(wrong, axis=1)

    def draw(self, draws: int, rng: np.random.Generator) -> NDArray[np.int_]:
        """Draws × people × items of option numbers, −1 where the item was not given. Item by item
        (Chen, Dempster & Liu 1994): right with the share of the ways to reach the score."""
        people, items = self._shape
        left = np.broadcast_to(self._scores, (draws, people)).copy()
        drawn = np.full((draws, people, items + 1), -1)
        who = np.arange(people)
        for at in range(self._places.shape[1]):
            item = self._places[:, at]
            ways = self._odds[:, at] * self._later[who, at + 1, np.maximum(left - 1, 0)]
            right = rng.random(left.shape) < np.where(
                left > 0, ways / self._later[who, at, left], 0.0
            )
            real = np.minimum(item, items - 1)
            option = (rng.random(left.shape)[..., None] >= self._wrong[real]).sum(axis=-1)
            option = np.minimum(option, self._wrong.shape[1] - 1)
            drawn[:, who, item] = np.where(right, self._key[real], option)
            left -= right
        return drawn[:, :, :items]


def _places(given: NDArray[np.bool_]) -> NDArray[np.int_]:
    """People × most items of anyone: the columns of the items that each was given, then the number
    of columns, which stands for no item."""
    items = given.shape[1]
    order = np.where(given, np.arange(items), items)
    order.sort(axis=1)
    return order[:, : int(given.sum(axis=1).max(initial=0))]


def _later(odds: Floats) -> Floats:
    """[person, i, r]: elementary symmetric function of order r of the odds of items i and later."""
    people, items = odds.shape
    sums = np.zeros((people, items + 1, items + 2))
    sums[:, items, 0] = 1.0
    for i in range(items - 1, -1, -1):
        sums[:, i] = sums[:, i + 1]
        sums[:, i, 1:] += odds[:, i, None] * sums[:, i + 1, :-1]
    return sums


def _chances(odds: Floats, scores: NDArray[np.int_]) -> Floats:
    """Kinds × items: chance that the item is right, given the score."""
    kinds, items = odds.shape
    later = _later(odds)
    who = np.arange(kinds)
    ways = later[who, 0, scores]
    found = np.zeros((kinds, items))
    earlier = np.zeros((kinds, items + 2))
    earlier[:, 0] = 1.0
    for i in range(items):
        # Right here, `before` of the items before and the rest of the later ones.
        after = scores[:, None] - 1 - np.arange(i + 1)
        parts = earlier[:, : i + 1] * later[who[:, None], i + 1, np.maximum(after, 0)]
        found[:, i] = np.where(after >= 0, parts, 0.0).sum(axis=1)
        found[:, i] *= odds[:, i] / np.where(ways > 0, ways, 1.0)
        earlier[:, 1:] += odds[:, i, None] * earlier[:, :-1].copy()
    return found


def _odds(right: Floats, people: NDArray[np.int_]) -> Floats:
    """Odds of a count, kept from 0 and from infinity by half a person."""
    return np.asarray((right + 0.5) / (people - right + 0.5))
