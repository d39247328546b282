"""A figure from groups that were not asked in proportion to their size: weighted by the roster."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from bot.awareness.bounds import weighted_lower_bound, wilson_score
from bot.awareness.inputs import ALPHA, AwarenessError, counts

MOST_WEIGHT = 3.0
"""No answer counts for more than three average ones: beyond that a few people speak for all."""

LEAST_STRATUM = 5
"""Strata with fewer answers are merged with the next smallest."""


@dataclass(frozen=True, slots=True)
class Stratum:
    """A group of the roster: how many there are, answered, and were right. `asked` (0: the same as
    answered) counts the silent in."""

    name: str
    population: int
    answered: int
    correct: int
    asked: int = 0

    def __post_init__(self) -> None:
        try:
            counts(self.population, self.asked or self.answered, self.answered, self.correct)
        except AwarenessError as error:
            raise AwarenessError(f"{self.name}：{error}") from error

    @property
    def invited(self) -> int:
        return max(self.asked, self.answered)

    def joined(self, other: Stratum) -> Stratum:
        return Stratum(
            f"{self.name}＋{other.name}",
            self.population + other.population,
            self.answered + other.answered,
            self.correct + other.correct,
            self.invited + other.invited,
        )


@dataclass(frozen=True, slots=True)
class Weighted:
    """An estimate by strata, as shares; `effective` is how many answers of a simple random sample
    would say as much. `lower` is one-sided Wilson, for display; `lower_exact` is Korn–Graubard,
    for the claim."""

    raw: float
    estimate: float
    se: float
    effective: float
    lower: float
    lower_exact: float
    strata: tuple[Stratum, ...]
    capped: tuple[str, ...]


def post_stratify(strata: Sequence[Stratum], alpha: float = ALPHA) -> Weighted:
    """The share of all, each stratum counted by its size on the roster (Cochran 1977, 5A.9).

    Variance Σ W² (1−n/N) p(1−p)/(n−1), n_eff = p(1−p)/variance. Strata with fewer than
    LEAST_STRATUM answers are merged first; weights above MOST_WEIGHT times the average are cut to
    it, which biases the estimate and is told in `capped`. n_eff is held to 1/Σ W² (1−n/N)/n, what
    it would be at one share everywhere: strata without a wrong answer look as if they had no
    spread, and a large one of which few were asked must not lean on a small one asked whole.
    """
    merged = _merge([s for s in strata if s.population])
    population = sum(s.population for s in merged)
    answered = sum(s.answered for s in merged)
    if not answered:
        raise AwarenessError("各组都还没有人答题，没有可估计的数")
    weights = {s: s.population / s.answered / (population / answered) for s in merged}
    capped = tuple(s.name for s in merged if weights[s] > MOST_WEIGHT)
    parts = {s: min(weights[s], MOST_WEIGHT) * s.answered for s in merged}
    whole_ = sum(parts.values())
    estimate = variance = spread = 0.0
    for s in merged:
        part, p = parts[s] / whole_, s.correct / s.answered
        estimate += part * p
        fraction = s.answered / s.population
        spread += part**2 * (1 - fraction) / s.answered
        if s.answered > 1:
            variance += part**2 * (1 - fraction) * p * (1 - p) / (s.answered - 1)
    raw = sum(s.correct for s in merged) / answered
    if answered == population:
        return Weighted(raw, estimate, 0.0, math.inf, estimate, estimate, tuple(merged), capped)
    most = 1 / spread
    effective = min(most, estimate * (1 - estimate) / variance) if variance > 0 else most
    return Weighted(
        raw,
        estimate,
        math.sqrt(variance),
        effective,
        wilson_score(estimate, effective, alpha),
        weighted_lower_bound(estimate, effective, alpha),
        tuple(merged),
        capped,
    )


def _merge(strata: Sequence[Stratum]) -> list[Stratum]:
    left = list(strata)
    while len(left) > 1:
        few = min(left, key=lambda s: s.answered)
        if few.answered >= LEAST_STRATUM:
            break
        others = [s for s in left if s is not few]
        partner = min(others, key=lambda s: s.answered)
        left = [few.joined(partner) if s is partner else s for s in left if s is not few]
    return left
