"""The rule for a district whose units were sampled at different rates: one weighted claim."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.awareness.bounds import SLACK
from bot.awareness.inputs import ALPHA, LEAST_RESPONSE, TARGET, AwarenessError
from bot.awareness.measured import PUBLICITY, REACHED, REACHED_AMONG, UNPROVEN
from bot.awareness.strata import Stratum, Weighted, post_stratify
from bot.awareness.words import percent


@dataclass(frozen=True, slots=True)
class DistrictJudgement:
    """What the units prove together. Shares; `lower` (Korn–Graubard) decides, `wilson_lower` is for
    display, `response_rate` counts each unit by its size."""

    claim: str
    reason: str
    estimate: float
    lower: float
    wilson_lower: float
    lower_worst: float
    response_rate: float
    silent_units: tuple[str, ...]
    weighted: Weighted


def judge_district(
    units: Sequence[Stratum], random: bool = True, alpha: float = ALPHA
) -> DistrictJudgement:
    """The rule of `claim.judge` for units drawn from by themselves, each from its own roster.

    A unit with nobody asked belongs to the population all the same: it stands in `silent_units`,
    and nothing is claimed for a district part of which had no chance to be drawn, or where weights
    were cut. Raises AwarenessError where nobody at all answered.
    """
    if not units:
        raise AwarenessError("一个单位也没有，请先登记单位和人数")
    population = sum(u.population for u in units)
    unasked = tuple(u.name for u in units if u.population and not u.invited)
    weighted = post_stratify(units, alpha)
    worst = post_stratify([replace(u, answered=u.invited) for u in units], alpha)
    rate = sum(u.population * u.answered / u.invited for u in units if u.invited) / population
    whole_sample = all(u.answered == u.invited for u in units)
    proved = weighted.lower_exact >= TARGET - SLACK
    reasons = []
    if unasked:
        reasons.append(
            f"有{len(unasked)}个单位一个人也没抽（{'、'.join(unasked[:5])}"
            f"{'等' if len(unasked) > 5 else ''}），这些人没有机会被问到。"
        )
    if rate < LEAST_RESPONSE - SLACK:
        reasons.append(f"答题率{percent(rate)}（按单位人数加权），不到70%。")
    if weighted.capped:
        reasons.append("权数压过，估计有偏：这些组抽的人太少，请按人数比例补抽。")
    if not proved:
        reasons.append("下限低于90%。")
    if not random:
        claim, reasons = PUBLICITY, ["不是从名册随机抽的人，推不出全体职工。"]
    elif reasons:
        claim = UNPROVEN
    else:
        claim = REACHED if whole_sample else REACHED_AMONG
    figures = (
        f"按各单位人数加权，估计{percent(weighted.estimate)}，"
        f"下限{percent(weighted.lower_exact)}（把握{(1 - alpha) * 100:.4g}%，单侧）；"
    )
    if not whole_sample:
        figures += f"没答的全算不懂，下限{percent(worst.lower_exact)}；"
    if weighted.capped:
        figures += f"权数超过3倍、已压到3倍的组：{'、'.join(weighted.capped)}；"
    return DistrictJudgement(
        claim,
        figures.rstrip("；") + "。" + "".join(reasons),
        weighted.estimate,
        weighted.lower_exact,
        weighted.lower,
        worst.lower_exact,
        min(1.0, rate) if math.isfinite(rate) else 0.0,
        unasked,
        weighted,
    )
