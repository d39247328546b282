"""What silence may hide, and what visiting some of the silent brings to light."""

from __future__ import annotations

import math
from dataclasses import dataclass

from bot.awareness.bounds import weighted_lower_bound, wilson_score
from bot.awareness.inputs import ALPHA, TARGET, AwarenessError, counts, share, whole


def manski(population: int, answered: int, correct: int) -> tuple[float, float]:
    """Shares that stay possible whatever the silent know (Manski 1989): all of them don't, all
    do. `population` is who was asked, or the whole roster."""
    counts(population, population, answered, correct)
    return correct / population, (correct + population - answered) / population


def silent_must_know(response: float, observed: float, target: float = TARGET) -> float:
    """Share of the silent who must know for all together to reach `target`; above 1: impossible,
    below 0: reached without them."""
    share("response（答题率）", response, zero=True, one=False)
    share("observed（答题者的比例）", observed, zero=True)
    return (target - response * observed) / (1 - response)


@dataclass(frozen=True, slots=True)
class FollowUp:
    """A random part of the silent, visited or telephoned: `chosen` of them, of whom `answered`."""

    chosen: int
    answered: int
    correct: int


@dataclass(frozen=True, slots=True)
class Followed:
    """The estimate with the followed-up silent counted in, as shares; bounds one-sided, Wilson for
    display and Korn–Graubard, both with `effective` answers."""

    estimate: float
    se: float
    effective: float
    lower: float
    lower_exact: float


def third_of(silent: int) -> int:
    """How many of the silent to follow up: a third, rounded up."""
    return math.ceil(whole("silent（没答的人数）", silent) / 3)


def double_sample(
    population: int, asked: int, answered: int, correct: int, again: FollowUp, alpha: float = ALPHA
) -> Followed:
    """The share of all when a random part of the silent was followed up, each standing for k.

    Hansen & Hurwitz (1946): p = w₁p₁ + w₂p₂; variance (1−n/N)·s²/n + w₂(k−1)·s₂²/n with
    k = silent / chosen. In the variance shares are drawn toward ½, (x+1)/(n+2), since few who all
    answer alike have a spread none the less. Whoever stays silent when followed up counts as not
    knowing. Raises AwarenessError.
    """
    counts(population, asked, answered, correct)
    silent = asked - answered
    if asked == 0:
        raise AwarenessError("asked（抽到的人数）是 0，没有可估计的数")
    if silent and again.chosen == 0:
        raise AwarenessError("chosen（补访的人数）是 0：没答的人里至少要随机补访一人")
    if again.chosen > silent or not 0 <= again.correct <= again.answered <= again.chosen:
        raise AwarenessError(
            f"补访 {again.chosen} 人、答 {again.answered} 人、答对 {again.correct} 人对不上："
            f"答对 ≤ 答题 ≤ 补访 ≤ 没答的 {silent} 人"
        )
    w2 = silent / asked
    estimate = (correct + (silent * again.correct / again.chosen if silent else 0.0)) / asked
    mild = (estimate * asked + 1) / (asked + 2)
    variance = (1 - asked / population) * mild * (1 - mild) / max(asked - 1, 1)
    if silent:
        mild2 = (again.correct + 1) / (again.chosen + 2)
        s2 = mild2 * (1 - mild2) * again.chosen / max(again.chosen - 1, 1)
        variance += w2 * (silent / again.chosen - 1) * s2 / asked
    if variance <= 0:  # everybody of the roster was heard
        return Followed(estimate, 0.0, math.inf, estimate, estimate)
    effective = mild * (1 - mild) / variance
    return Followed(
        estimate,
        math.sqrt(variance),
        effective,
        wilson_score(estimate, effective, alpha),
        weighted_lower_bound(estimate, effective, alpha),
    )
