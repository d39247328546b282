"""What a campaign's figure will and will not be able to show, told before anybody is asked."""

from __future__ import annotations

from dataclasses import dataclass

from bot.awareness.inputs import LEAST_RESPONSE, AwarenessError
from bot.awareness.planning import Plan, plan
from bot.campaign.plan import Campaign, Unit

TRUTH = 0.95
"""What is assumed to be so: a campaign at exactly 90 % can prove nothing with any sample."""

EVEN = 1.25
"""Units are counted as sampled alike while the largest share asked is so many times the least."""

# Sentences

REACH = "指标是宣传覆盖：只能说消息送到了多少人，说明不了懂不懂，证明不了90%。"
PRIZE = "有奖：结果只作宣传数据，不是指标。要看是否达标，另办一个不抽奖的。"
VOLUNTEERS = "谁来都能答（自愿）：结果只作宣传数据，人再多也推不出全体职工，不是指标。"
NEEDS = "“已达到90%”要三样都有：下限不低于90%、从名册随机抽（或全员）、抽到的人至少七成来答。"
ENOUGH = (
    "合计{population}人抽{asked}人：够。如果真有95%的人合格，至少{answers}人答（其中{correct}人合格），"
    "有八成把握能证明90%。"
)
RATE = "抽到的人答的不到{least:.0%}，人数就不够了。"
SHORT = (
    "合计{population}人抽{asked}人：不够。就算真有95%的人合格，也要至少{answers}人答才有八成把握证明90%；"
    "现在这样多半只能说“尚不能证明”。"
)
NEVER = "合计{population}人：{why}"
UNEVEN = "各单位抽的比例不一样，合计要按各单位人数加权，实际要的人比上面说的多。"
UNITS = "各单位单看：{good}个单位抽的人数够单独证明90%，{bad}个不够（只并入合计）。"
TOGETHER = "一共{units}个单位分别判断，凑巧“达到”的会多起来：名单要按多重比较校正过的算。"
SMALL = "有{small}个单位抽的不到10人：这些单位的数什么时候都不单独显示。"


@dataclass(frozen=True, slots=True)
class Outlook:
    """`proves`: whether the whole figure has a fair chance to show 90 % where 95 % is true."""

    proves: bool
    says: tuple[str, ...]


def outlook(campaign: Campaign) -> Outlook:
    """What to tell an organiser of a campaign that nobody was asked in yet."""
    if campaign.metric == "宣传覆盖":
        return Outlook(False, (REACH,))
    if not campaign.measures:
        return Outlook(False, (PRIZE if campaign.draw else VOLUNTEERS,))
    counted = counted_units(campaign)
    asked, population = (sum(getattr(u, n) for u in counted) for n in ("asked", "population"))
    found, whole = _planned(population), {"asked": asked, "population": population}
    says = [NEEDS]
    proves = isinstance(found, Plan) and found.answers <= asked
    if not isinstance(found, Plan):
        says.append(NEVER.format(**whole, why=found))
    elif not proves:
        says.append(SHORT.format(**whole, answers=found.answers))
    else:
        correct, answers = found.correct, found.answers
        says.append(ENOUGH.format(**whole, correct=correct, answers=answers))
        if answers > LEAST_RESPONSE * asked:
            says.append(RATE.format(least=answers / asked))
    if not even(counted):
        says.append(UNEVEN)
    if len(counted) > 1:
        plans = [(u, _planned(u.population)) for u in counted if u.asked >= 10]
        good = sum(isinstance(p, Plan) and p.answers <= u.asked for u, p in plans)
        says.append(UNITS.format(good=good, bad=len(counted) - good))
        if good > 1:
            says.append(TOGETHER.format(units=good))
    if small := sum(0 < u.asked < 10 for u in counted):
        says.append(SMALL.format(small=small))
    return Outlook(proves, tuple(says))


def counted_units(campaign: Campaign) -> list[Unit]:
    """The units that the metric counts: 知晓率 is of workers whom a contract covers."""
    aware = campaign.metric == "知晓率"
    return [u for u in campaign.units if u.asked and (u.contract or not aware)]


def even(units: list[Unit]) -> bool:
    """Whether about the same share was asked everywhere, so that sums need no weights."""
    shares = [u.asked / u.population for u in units]
    return not shares or max(shares) <= EVEN * min(shares)


def _planned(population: int) -> Plan | str:
    if not population:
        return "没有要答的人，请核对各单位的 asked 和 contract。"
    try:
        return plan(population, TRUTH)
    except AwarenessError as error:
        return f"{error}。"
