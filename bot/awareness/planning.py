"""How many people to invite, and how many must be right, before anybody is asked."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy.stats import hypergeom, norm

from bot.awareness.bounds import first_that, weighted_lower_bound
from bot.awareness.inputs import ALPHA, TARGET, AwarenessError, needed_of, share, whole

STEADY = 6
"""The plan takes the first n from which the power holds for n and the next five sizes, to the
whole population where that is nearer. Power is not monotone in n: each time one more wrong answer
is forgiven it jumps, then falls. A first n on a peak of two or three sizes would lose its power
with one answer more or less than planned."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do in one unit: invite `invitations`, hope for `answers`, need `correct` of them.

    `correct` is valid for exactly `answers` answers; with fewer or more the claim is worked out
    anew. `power` is the chance to prove the target if the truth is `truth`.
    """

    population: int
    truth: float
    answers: int
    correct: int
    invitations: int
    power: float
    alpha: float

    @property
    def wrong_allowed(self) -> int:
        return self.answers - self.correct


def plan(
    population: int,
    truth: float,
    power: float = 0.8,
    alpha: float = ALPHA,
    response: float = 1.0,
    target: float = TARGET,
) -> Plan:
    """The smallest steady sample (see STEADY) that proves `target` with chance `power`. Exact:
    hypergeometric under the highest share that is below target, and under the truth.

    `truth` stands for the nearest whole number of people, half a person downward. Invitations are
    answers / `response` rounded up, never more than the population; silent people are not
    replaced by others. Raises AwarenessError where no sample can do it.
    """
    whole("population", population, 1)
    share("power（把握）", power, one=False)
    share("alpha（错报的风险）", alpha, one=False)
    share("truth（假定的真实比例）", truth)
    needed, knowing = needed_of(population, target), math.ceil(population * truth - 0.5 - 1e-9)
    if knowing < needed:
        raise AwarenessError(
            f"truth（假定的真实比例）是 {truth}，{population} 人里约 {knowing} 人，"
            f"而达到目标要 {needed} 人；真实情况不到目标，抽多少人也证明不了"
        )
    answers, correct, reached = _search(population, needed - 1, knowing, power, alpha)
    invited = invitations(answers, response)
    if invited > population:
        raise AwarenessError(
            f"response（预计答题率）是 {response}：{population} 人全请，约 "
            f"{int(population * response)} 人会答，而要 {answers} 人答才够；请先设法提高答题率"
        )
    return Plan(population, truth, answers, correct, invited, reached, alpha)


def _search(
    population: int, null: int, knowing: int, power: float, alpha: float
) -> tuple[int, int, float]:
    found: list[tuple[int, int, float]] = []
    correct = 0
    for n in range(1, population + 1):
        # The number needed never falls with n, and rises by one at most once a step.
        while hypergeom.sf(correct - 1, population, null, n) > alpha:
            correct += 1
        reached = float(hypergeom.sf(correct - 1, population, knowing, n))
        found = [*found, (n, correct, reached)] if correct <= n and reached >= power else []
        if len(found) == STEADY:
            break
    # Everybody asked is certain, so a run reaches the end if none was long enough before.
    return found[0]


def invitations(answers: int, response: float = 1.0) -> int:
    """How many to invite for so many answers, where the share `response` of the invited answer."""
    return math.ceil(answers / share("response（预计答题率）", response) - 1e-9)


def precision(population: int, margin: float, guess: float = TARGET, alpha: float = ALPHA) -> int:
    """Answers for an interval of about ± `margin` (a share): Cochran (1977), eq. 4.2 with the
    finite population correction. Normal approximation: to plan by, never to claim by."""
    whole("population", population, 1)
    share("margin（误差）", margin, one=False)
    share("guess（预计比例）", guess, one=False)
    z = float(norm.ppf(1 - alpha / 2))
    endless = z * z * guess * (1 - guess) / margin**2
    return min(population, math.ceil(endless / (1 + (endless - 1) / population) - 1e-9))


def design_effect(size: int, icc: float) -> float:
    """How many times more answers whole groups of `size` need than single people: 1+(m−1)ρ
    (Kish 1965). `icc` is ρ, how alike people of one group are, 0 to 1."""
    whole("cluster-size（每组人数）", size, 1)
    share("icc（组内相似程度）", icc, zero=True)
    return 1 + (size - 1) * icc


def clustered(planned: Plan, deff: float, response: float = 1.0) -> Plan:
    """The same plan where whole groups are drawn: `deff` times the answers. `correct` is by the
    bound of Korn & Graubard, which is what the judgement then uses; the power is about the same."""
    answers = math.ceil(planned.answers * deff - 1e-9)
    if answers > planned.population:
        raise AwarenessError(
            f"按整组抽要 {answers} 人答，多于 population（职工总数）{planned.population}；"
            "请改为从名册逐人随机抽"
        )
    correct = first_that(
        0,
        answers,
        lambda x: weighted_lower_bound(x / answers, answers / deff, planned.alpha) >= TARGET,
    )
    if correct is None:
        raise AwarenessError(f"按整组抽 {answers} 人，全对也证明不了；请改为从名册逐人随机抽")
    invited = min(planned.population, invitations(answers, response))
    return Plan(
        planned.population,
        planned.truth,
        answers,
        correct,
        invited,
        planned.power,
        planned.alpha,
    )
