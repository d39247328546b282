"""The one figure of a campaign: an indicator with its bounds, or how many were reached."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from bot.awareness import bounds
from bot.awareness.areas import LEAST_SHOWN
from bot.awareness.bounds import SLACK, first_that
from bot.awareness.claim import judge
from bot.awareness.district import judge_district
from bot.awareness.inputs import ALPHA, TARGET
from bot.awareness.measured import Measured
from bot.awareness.strata import Stratum
from bot.campaign.plan import Campaign, Unit
from bot.campaign.reported import Figure, Finished, Reach
from bot.campaign.tallied import Counts


def figure(campaign: Campaign, units: Sequence[Counts], everybody: Sequence[Unit]) -> Figure:
    population = sum(c.unit.population for c in units)
    asked = sum(max(c.unit.asked, c.answered) for c in units)
    answered, correct = sum(c.answered for c in units), sum(c.correct for c in units)
    if len(units) == 1:
        share, low, high, effective, response, worst, claim, reason = _single(
            Measured(population, asked, answered, correct, metric=campaign.metric)
        )
    else:
        strata = [
            Stratum(c.unit.name, c.unit.population, c.answered, c.correct, c.unit.asked)
            for c in units
        ]
        judged = judge_district(strata)
        share, low, effective = judged.estimate, judged.lower, judged.weighted.effective
        high = (
            share
            if math.isinf(effective)
            else 1 - bounds.weighted_lower_bound(1 - share, effective)
        )
        response, worst = judged.response_rate, judged.lower_worst
        claim, reason = judged.claim, judged.reason
    # People of units whose answers are no answers may all be ignorant.
    worst *= population / sum(u.population for u in everybody)
    more = _more(share, low, effective, answered, population)
    effective = min(effective, float(answered))
    return Figure(
        len(units),
        population,
        asked,
        answered,
        correct,
        share,
        low,
        high,
        _wilson(share, effective),
        response,
        worst,
        _possible(units, population),
        effective,
        claim,
        reason,
        more,
        sum(not c.unit.asked and not c.answered for c in units),
    )


def _single(
    measured: Measured,
) -> tuple[float, float, float, float, float, float, str, str]:
    judged = judge(measured)
    share = measured.correct / measured.answered
    high = (
        share
        if measured.census
        else bounds.roster_upper(measured.population, measured.answered, measured.correct)
        / measured.population
    )
    left = 1 - measured.answered / measured.population
    effective = measured.answered / left if left else math.inf
    return (
        share, judged.lower, high, effective, judged.response_rate, judged.lower_worst,
        judged.claim, judged.reason,
    )  # fmt: skip


def _wilson(share: float, effective: float) -> tuple[float, float]:
    return (
        bounds.wilson_score(share, effective, ALPHA / 2),
        1 - bounds.wilson_score(1 - share, effective, ALPHA / 2),
    )


def _possible(units: Sequence[Counts], population: int) -> tuple[float, float]:
    """The share if all who were silent don't know, and if they do; units by their size, those
    where nobody was asked wholly silent."""
    low = high = 0.0
    for c in units:
        weight, asked = c.unit.population / population, max(c.unit.asked, c.answered)
        low += weight * (c.correct / asked if asked else 0.0)
        high += weight * ((c.correct + asked - c.answered) / asked if asked else 1.0)
    return low, high


def _more(share: float, low: float, effective: float, answered: int, population: int) -> int | None:
    """About how many answers prove the target at this share; a whole roster proves what is so."""
    if low >= TARGET - SLACK:
        return answered
    if share < TARGET - SLACK:
        return None
    each = effective * (1 - answered / population) / answered

    def proves(n: int) -> bool:
        if n == population:
            return True
        bound = bounds.weighted_lower_bound(share, each * n / (1 - n / population))
        return bound >= TARGET - SLACK

    return first_that(answered, population, proves)


def reach(
    campaign: Campaign,
    counted: Sequence[Unit],
    attempts: Sequence[Finished],
    progress: Mapping[tuple[str, str], int],
    generations: Mapping[str, int],
) -> Reach:
    ids = {u.id for u in counted}
    begun = sum(n for (unit, what), n in progress.items() if unit in ids and what == "begun")
    full = [a for a in attempts if a.answers and all(one.version for one in a.answers)]
    asked = sum(len(a.answers) for a in full)
    right = sum(one.right for a in full for one in a.answers)
    knows = asked and campaign.metric == "基本了解率" and len(full) >= LEAST_SHOWN
    twice = None
    if campaign.entrance == "答题码":
        twice = 0
    elif generations and sum(generations.values()) == begun:
        twice = begun - max(generations.values())
    return Reach(
        len(counted),
        sum(u.population for u in counted),
        max(begun, len(attempts)),
        right / asked * campaign.form.items if knows else None,
        campaign.form.items,
        twice,
    )
