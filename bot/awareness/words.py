"""What a chairman reads of a measurement: why, what it does not say, what to do next."""

from __future__ import annotations

from bot.awareness.bounds import SLACK
from bot.awareness.inputs import REACH, TARGET, needed_of
from bot.awareness.measured import PUBLICITY, REACHED, REACHED_AMONG, Measured


def percent(value: float) -> str:
    """A share for reading, one digit. Rounded down, so that a bound below the target never reads
    as the target."""
    tenths = int(value * 1000 + 1e-9)
    return f"{tenths // 10}.{tenths % 10}%"


def reason(
    m: Measured,
    lower: float,
    claim: str,
    proved: bool,
    more: int | None,
    at_rate: int | None,
    alpha: float,
) -> str:
    """Why the claim is what it is, and what would change it."""
    if claim == PUBLICITY:
        return (
            "“宣传覆盖”只说明消息送到了多少人，不说明懂不懂，不能当知晓率或基本了解率用。"
            if m.metric == REACH
            else "自愿参加、有奖答题的人不是从名册里随机抽的，爱答的往往本来就懂，"
            "人再多也推不出全体职工。要看是否达标，请从名册随机抽人另测。"
        )
    how = "精确法" if m.deff == 1 else f"按设计效应{m.deff:.4g}折算"
    basis = f"下限{percent(lower)}（把握{(1 - alpha) * 100:.4g}%，单侧，{how}）"
    if m.census:
        basis = f"全体{m.population}人都答了，{m.correct}人答对，占{percent(lower)}，不用推算"
    if claim in (REACHED, REACHED_AMONG):
        return f"{basis}，不低于90%。"
    if m.answered == 0:
        return "还没有人答题，没有可下结论的数。" if m.asked else "还没有抽人，没有可下结论的数。"
    parts = []
    if not m.enough_response:
        parts.append(
            f"抽到{m.asked}人只答了{m.answered}人（{percent(m.response_rate)}），不到70%："
            f"至少还要{m.more_for_response}位抽到的人来答，不能换人顶替。"
        )
    if not proved:
        parts.append(f"{basis}，低于90%。" + _still(m, more, at_rate))
    elif parts:
        parts.append(f"{basis}虽不低于90%，但答的人太少，不能代表全体。")
    return "".join(parts)


def _still(m: Measured, more: int | None, at_rate: int | None) -> str:
    if m.census:
        return "请先补课，再用新题另测。"
    allowed = m.population - needed_of(m.population)
    if more is None:
        return (
            f"已有{m.answered - m.correct}人答错，而{m.population}人中最多只能有{allowed}人不懂，"
            "再加人也证明不了。请先补课，再用新题另测。"
            if m.deff == 1
            else "这样按整组抽人，再加人也证明不了，请改为从名册逐人随机抽。"
        )
    rate = (
        f"按现在的答对率，大约还要{at_rate}人作答。"
        if at_rate is not None
        else "按现在的答对率，再加人也不够，要先补课。"
    )
    return (
        f"最少还要再有{more}人作答并且全部答对；{rate}"
        "加人须按原来抽签的顺序往下请。看了结果再加人，要用 xst awareness watch 的逐日界限来判断。"
    )


def notes(m: Measured, lower_worst: float) -> tuple[str, ...]:
    """What stands beside the claim: who was silent, how few they were, how they came."""
    if m.publicity:
        return () if m.metric == REACH else ("这些数只说参加的人，不是指标。",)
    found = []
    if m.silent:
        verdict = (
            "仍不低于90%，不答的人再不懂也改变不了结论。"
            if lower_worst >= TARGET - SLACK
            else "这是最坏的情形，要与上面的数一起公布。"
        )
        found.append(
            f"有{m.silent}人抽到没答。上面的数把答题者当作抽到的人的随机一部分，"
            "只有在答不答与懂不懂无关时才对全体成立。"
            f"把没答的全算作不懂，下限是{percent(lower_worst)}，{verdict}"
        )
    if 0 < m.answered < min(30, m.population):
        found.append(f"只有{m.answered}人作答，区间很宽。")
    if m.asked == m.population and m.silent:
        found.append("全体都请了，但答不答由各人自己定，不等于随机抽样。")
    return tuple(found)
