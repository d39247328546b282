"""Looking every day without cheating: e-processes and always-valid bands.

A fixed interval looked at every ten answers says 「达到」 in about a fifth of campaigns that sit at
exactly 0.90 and have nothing to show. What stands here may be looked at after every answer and
stopped at any time: Ville's inequality bounds the risk over all looks together. All of it needs
that people are invited in random order and that silence has nothing to do with knowing.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.special import betainc, betaln, logsumexp
from scipy.stats import beta, hypergeom

from bot.awareness.bounds import first_that
from bot.awareness.inputs import ALPHA, TARGET, AwarenessError, counted, needed_of


@dataclass(frozen=True, slots=True)
class Watch:
    """What may be shown on any day. `log_e` is the natural logarithm of the e-value; `declared`
    from 1/alpha up; `low`, `high` the band as shares; `needed` correct of the same number
    answered would declare (None: no number would)."""

    log_e: float
    declared: bool
    low: float
    high: float
    needed: int | None

    @property
    def e(self) -> float:
        return math.exp(min(self.log_e, 700.0))


def watch(
    correct: int, answered: int, population: int | None = None, alpha: float = ALPHA
) -> Watch:
    """The state of a campaign on any day: of a roster of `population`, or of an endless one."""
    counted(correct, answered, population)
    bar = -math.log(alpha)
    if population is None:
        low, high = band(correct, answered, alpha)
        log_e = log_e_value(correct, answered)
        needed = first_that(0, answered, lambda x: log_e_value(x, answered) >= bar)
    else:
        people = roster_band(population, answered, correct, alpha)
        low, high = people[0] / population, people[1] / population
        log_e = log_e_roster(population, answered, correct)
        needed = first_that(0, answered, lambda x: log_e_roster(population, answered, x) >= bar)
    return Watch(log_e, log_e >= bar, low, high, needed)


def log_e_value(correct: int, answered: int, target: float = TARGET) -> float:
    """log M, M = [∫ p^S(1−p)^F dp over (target, 1) / (1−target)] / (target^S (1−target)^F).

    A mixture of likelihood ratios against the share `target`; where the truth is at most that, M
    is a test supermartingale from 1, so P(M ever ≥ 1/alpha) ≤ alpha (Ville 1939; Robbins 1970).
    """
    counted(correct, answered)
    wrong = answered - correct
    null = correct * math.log(target) + wrong * math.log1p(-target)
    tail = float(betainc(wrong + 1, correct + 1, 1 - target))  # 1 − I loses all digits here
    if tail > 1e-290:
        area = float(betaln(correct + 1, wrong + 1)) + math.log(tail)
    else:
        area = null + _area_beyond(correct, wrong, target)
    return area - math.log(1 - target) - null


def _area_beyond(correct: int, wrong: int, target: float) -> float:
    """log ∫ (p/target)^S ((1−p)/(1−target))^F dp over (target, 1), where the mode is far below
    `target`, so that the integrand falls from 1 about exponentially."""
    slope = wrong / (1 - target) - correct / target
    scale = min(1 - target, 40 / slope)

    def ratio(p: float) -> float:
        return math.exp(correct * math.log(p / target) + wrong * math.log((1 - p) / (1 - target)))

    return math.log(quad(ratio, target, target + scale * (1 - 1e-12), epsabs=0)[0])


def e_needed(answered: int, alpha: float = ALPHA, target: float = TARGET) -> int | None:
    """Fewest correct of `answered` at which M ≥ 1/alpha; None: not even all."""
    bar = -math.log(alpha)
    return first_that(0, answered, lambda x: log_e_value(x, answered, target) >= bar)


def log_e_roster(population: int, answered: int, correct: int, target: float = TARGET) -> float:
    """log of an e-value against 「fewer than `target` of this roster know」, drawn without
    replacement: the mean likelihood of the numbers K that reach the target over the greatest
    likelihood of those that do not.

    For each K of the hypothesis the mixture ratio is a martingale from 1, and this is at most the
    least of them. inf once as many as needed have answered right, −inf once too many are wrong.
    """
    counted(correct, answered, population)
    needed = needed_of(population, target)
    yes = _log_likelihood(population, answered, correct, needed, population)
    no = _log_likelihood(population, answered, correct, 0, needed - 1)
    best = float(no.max()) if no.size else -math.inf
    mean = float(logsumexp(yes)) - math.log(yes.size)
    if best == -math.inf:
        return math.inf
    return mean - best


def roster_band(
    population: int, answered: int, correct: int, alpha: float = ALPHA
) -> tuple[int, int]:
    """Always-valid two-sided band for the people of the roster who know, drawn without
    replacement: all K whose prior-posterior ratio is below 1/alpha, uniform prior.

    Waudby-Smith & Ramdas (2020), NeurIPS, Theorem on the PPR confidence sequence; the ratio is
    1 / ((n+1) · hypergeometric probability of what was seen under K).
    """
    counted(correct, answered, population)
    log_ratio = _log_likelihood(population, answered, correct, 0, population)
    inside = np.flatnonzero(log_ratio + math.log(answered + 1) > math.log(alpha))
    return int(inside[0]), int(inside[-1])


def band(correct: int, answered: int, alpha: float = ALPHA) -> tuple[float, float]:
    """The same for an endless population: shares where the posterior density, Beta(S+1, F+1),
    stays above alpha times the uniform prior's."""
    counted(correct, answered)
    if answered == 0:
        return 0.0, 1.0
    belief = beta(correct + 1, answered - correct + 1)
    mode = correct / answered

    def over(p: float) -> float:
        return float(belief.logpdf(p)) - math.log(alpha)

    edge = 1e-12
    low = 0.0 if over(edge) > 0 else float(brentq(over, edge, max(mode, 2 * edge)))
    high = 1.0 if over(1 - edge) > 0 else float(brentq(over, min(mode, 1 - 2 * edge), 1 - edge))
    return low, high


def running(bands: Iterable[tuple[float, float]]) -> tuple[float, float]:
    """What all bands of the days so far have in common; it holds as surely as each of them.

    Raises AwarenessError where they have nothing in common: then the order was not random.
    """
    low, high = 0.0, math.inf
    for one in bands:
        low, high = max(low, one[0]), min(high, one[1])
    if low > high:
        raise AwarenessError("前后各天的界限互相矛盾：请人答题的先后不是随机的，这个数不能用")
    return low, high


def _log_likelihood(
    population: int, answered: int, correct: int, low: int, high: int
) -> NDArray[np.float64]:
    """log P(`correct` of `answered`) for every K from `low` to `high`."""
    return np.asarray(hypergeom.logpmf(correct, population, np.arange(low, high + 1), answered))
