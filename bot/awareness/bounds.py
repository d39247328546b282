"""Bounds of a share: Wilson, Jeffreys, Clopper–Pearson, and the exact ones for a known roster."""

from __future__ import annotations

from collections.abc import Callable

from scipy.stats import beta, hypergeom
from statsmodels.stats.proportion import proportion_confint

from bot.awareness.inputs import ALPHA, TARGET, AwarenessError, counted, needed_of, whole

METHODS = {"wilson": "wilson", "jeffreys": "jeffreys", "clopper-pearson": "beta"}
"""Our names to those of statsmodels. The normal interval is not among them: at 95 of 100 it says
.9073 where the exact bound is .8977."""

SLACK = 1e-12
"""How far below the target a bound may lie and still reach it: 0.9 has no exact binary form."""


def interval(
    correct: int, answered: int, method: str = "wilson", alpha: float = ALPHA
) -> tuple[float, float]:
    """Two-sided interval with risk `alpha` for a share of an endless population, as shares.

    Wilson (1927), Jeffreys: Beta(½, ½) prior (Brown, Cai & DasGupta 2001), Clopper & Pearson
    (1934). Without answers (0, 1): nothing is known.
    """
    counted(correct, answered)
    if method not in METHODS:
        raise AwarenessError(f"method 是 {method}，应为 {'、'.join(METHODS)} 之一")
    if answered == 0:
        return 0.0, 1.0
    low, high = proportion_confint(correct, answered, alpha=alpha, method=METHODS[method])
    return max(0.0, float(low)), min(1.0, float(high))


def lower_bound(
    correct: int, answered: int, method: str = "clopper-pearson", alpha: float = ALPHA
) -> float:
    """One-sided lower bound at confidence 1−`alpha`: the lower end of the interval at 2·`alpha`."""
    return interval(correct, answered, method, 2 * alpha)[0]


def weighted_lower_bound(share: float, effective: float, alpha: float = ALPHA) -> float:
    """Clopper–Pearson with an effective number of answers, which need not be whole.

    Korn & Graubard (1998), Survey Methodology 24: for clustered or weighted samples.
    """
    if effective <= 0 or share <= 0:
        return 0.0
    right = min(share, 1.0) * effective
    return float(beta.ppf(alpha, right, effective - right + 1))


def wilson_score(share: float, effective: float, alpha: float = ALPHA) -> float:
    """One-sided Wilson lower bound for an effective number of answers, which need not be whole."""
    if effective <= 0:
        return 0.0
    low, _ = proportion_confint(share * effective, effective, alpha=2 * alpha, method="wilson")
    return max(0.0, float(low))


def min_correct(
    answered: int, target: float = TARGET, alpha: float = ALPHA, method: str = "clopper-pearson"
) -> int | None:
    """Fewest correct of `answered` whose one-sided lower bound reaches `target`; None: no number
    does."""
    whole("answered", answered)
    return first_that(
        0, answered, lambda x: lower_bound(x, answered, method, alpha) >= target - SLACK
    )


# A known roster of `population` people, of whom `answered` were drawn at random, none twice


def roster_lower(population: int, answered: int, correct: int, alpha: float = ALPHA) -> int:
    """Exact one-sided lower bound: fewest people of the roster who may know, at 1−`alpha`.

    Inversion of the hypergeometric test: the smallest K with P(X ≥ correct | K) > alpha. At least
    `correct`; with everybody asked, exactly `correct`.
    """
    counted(correct, answered, population)
    most = population - (answered - correct)
    found = first_that(correct, most, lambda k: _at_least(correct, population, k, answered) > alpha)
    return most if found is None else found


def roster_upper(population: int, answered: int, correct: int, alpha: float = ALPHA) -> int:
    """Exact one-sided upper bound: most people of the roster who may know, at 1−`alpha`."""
    wrong = answered - correct
    return population - roster_lower(population, answered, wrong, alpha)


def roster_interval(
    population: int, answered: int, correct: int, alpha: float = ALPHA
) -> tuple[int, int]:
    """Exact two-sided interval, in people, with risk `alpha`/2 on each side."""
    return (
        roster_lower(population, answered, correct, alpha / 2),
        roster_upper(population, answered, correct, alpha / 2),
    )


def roster_p_value(population: int, answered: int, correct: int, target: float = TARGET) -> float:
    """Exact p-value of 「fewer than `target` of the roster know」; at most alpha exactly where the
    one-sided lower bound reaches `target`."""
    counted(correct, answered, population)
    return _at_least(correct, population, needed_of(population, target) - 1, answered)


def roster_min_correct(
    population: int, answered: int, target: float = TARGET, alpha: float = ALPHA
) -> int | None:
    """Fewest correct of `answered` that prove `target` for the roster; None: no number does."""
    counted(0, answered, population)
    null = needed_of(population, target) - 1
    return first_that(0, answered, lambda x: _at_least(x, population, null, answered) <= alpha)


def _at_least(correct: int, population: int, knowing: int, answered: int) -> float:
    """P(X ≥ correct) when `answered` of `population` are drawn, `knowing` of whom know."""
    if knowing < 0:
        return 0.0
    return float(hypergeom.sf(correct - 1, population, knowing, answered))


def first_that(low: int, high: int, holds: Callable[[int], bool]) -> int | None:
    """The smallest number from `low` to `high` for which `holds`, which once true stays true."""
    if low > high or not holds(high):
        return None
    while low < high:
        middle = (low + high) // 2
        if holds(middle):
            high = middle
        else:
            low = middle + 1
    return low
