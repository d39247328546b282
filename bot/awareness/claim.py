"""The rule that decides whether 「已达到90%」 may be said."""

from __future__ import annotations

from dataclasses import dataclass

from bot.awareness import bounds
from bot.awareness.bounds import SLACK, first_that
from bot.awareness.inputs import ALPHA, TARGET, AwarenessError, share
from bot.awareness.measured import PUBLICITY, REACHED, REACHED_AMONG, UNPROVEN, Measured
from bot.awareness.words import notes, reason


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a measurement proves. Shares from 0 to 1, bounds at 95 % unless `alpha` was told.

    `lower` is one-sided and decides; `wilson` is two-sided and for display only. `lower_worst` is
    the same bound with every silent person counted as not knowing. `correct_needed` of the people
    who answered would have been enough; `more_answers` is the least number of further answers,
    all right, that would do, `more_at_rate` about how many at the rate seen so far,
    `more_for_response` how many of the silent are missing for the response rate. None: no number
    would do.
    """

    claim: str
    reason: str
    notes: tuple[str, ...]
    method: str
    share: float | None
    lower: float
    wilson: tuple[float, float]
    wilson_lower: float
    response_rate: float
    lower_worst: float
    bounds_of_asked: tuple[float, float]
    p_value: float | None
    correct_needed: int | None
    more_answers: int | None
    more_at_rate: int | None
    more_for_response: int

    @property
    def reached(self) -> bool:
        """Whether 「已达到90%」 may be said, of all or of those who answer."""
        return self.claim in (REACHED, REACHED_AMONG)


def judge(measured: Measured, alpha: float = ALPHA) -> Judgement:
    """Apply the rule: lower bound ≥ 0.90, random from the roster, response ≥ 70 %.

    The bound is exact: hypergeometric for a random sample of the roster (a census is its own
    bound), Clopper–Pearson for volunteers, Korn–Graubard with a design effect. For volunteers the
    silent are all others of the population. Raises AwarenessError for an alpha above ALPHA.
    """
    share("alpha（错报的风险）", alpha, one=False)
    if alpha > ALPHA:
        raise AwarenessError(
            f"alpha（错报的风险）是 {alpha}，最多 {ALPHA}：“已达到”不能用更松的标准"
        )
    m = measured
    lower, lower_worst = _lower(m, m.answered, alpha), _lower(m, m.asked, alpha)
    if not m.random:
        lower_worst = min(lower, m.correct / m.population)
    proved = m.answered > 0 and lower >= TARGET - SLACK
    if m.publicity:
        claim = PUBLICITY
    elif not proved or not m.enough_response:
        claim = UNPROVEN
    else:
        claim = REACHED if m.silent == 0 else REACHED_AMONG
    exact = not m.publicity and m.deff == 1
    more = None if m.publicity or proved else _more(m, alpha, m.population - m.answered)
    at_rate = None if m.publicity or proved else _more(m, alpha, m.population - m.answered, True)
    if proved and not m.publicity:
        more = at_rate = 0
    return Judgement(
        claim=claim,
        reason=reason(m, lower, claim, proved, more, at_rate, alpha),
        notes=notes(m, lower_worst),
        method=_method(m),
        share=m.correct / m.answered if m.answered else None,
        lower=lower,
        wilson=bounds.interval(m.correct, m.answered),
        wilson_lower=bounds.lower_bound(m.correct, m.answered, "wilson", alpha),
        response_rate=m.response_rate,
        lower_worst=lower_worst,
        bounds_of_asked=(
            (m.correct / m.asked, (m.correct + m.silent) / m.asked) if m.asked else (0.0, 1.0)
        ),
        p_value=bounds.roster_p_value(m.population, m.answered, m.correct) if exact else None,
        correct_needed=_correct_needed(m, alpha) if not m.publicity else None,
        more_answers=more,
        more_at_rate=at_rate,
        more_for_response=0 if m.publicity else m.more_for_response,
    )


def _lower(m: Measured, answered: int, alpha: float) -> float:
    """The bound that decides, were `answered` people to have answered and none more be right."""
    return _bound(m, answered, m.correct, alpha)


def _bound(m: Measured, answered: int, correct: int, alpha: float) -> float:
    if answered == 0:
        return 0.0
    if answered == m.population and m.random:
        return correct / m.population
    if not m.random:
        return bounds.lower_bound(correct, answered, alpha=alpha)
    if m.deff > 1:
        return bounds.weighted_lower_bound(correct / answered, answered / m.deff, alpha)
    return bounds.roster_lower(m.population, answered, correct, alpha) / m.population


def _more(m: Measured, alpha: float, most: int, at_rate: bool = False) -> int | None:
    """Fewest further answers that prove the target: all right, or at the rate seen so far."""
    if at_rate and m.answered == 0:
        return None

    def proves(more: int) -> bool:
        right = more * m.correct // m.answered if at_rate else more
        return _bound(m, m.answered + more, m.correct + right, alpha) >= TARGET - SLACK

    return first_that(0, most, proves)


def _correct_needed(m: Measured, alpha: float) -> int | None:
    if m.answered == 0:
        return None
    return first_that(0, m.answered, lambda x: _bound(m, m.answered, x, alpha) >= TARGET - SLACK)


def _method(m: Measured) -> str:
    if not m.random:
        return "clopper-pearson"
    if m.census:
        return "census"
    return "korn-graubard" if m.deff > 1 else "hypergeometric"
