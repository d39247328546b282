"""Before and after: whether a campaign moved the figure, measured with parallel forms.

The two waves are separate random samples. Persons are not linked, since nobody knows who answered,
so a paired test is out of reach; the comparison of independent samples is the honest one and, for
a sample that is a large part of a small roster, wider than it would have to be.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass

from statsmodels.stats.proportion import confint_proportions_2indep

from bot.awareness.inputs import ALPHA
from bot.awareness.measured import Measured
from bot.awareness.words import percent

LEAST_FRESH = 0.3
"""Share of the second wave's items that must be new: items leak, and known items measure memory."""

BETTER, WORSE, UNCLEAR = "有提高", "有下降", "看不出变化"
INCOMPARABLE = "不能比较"


@dataclass(frozen=True, slots=True)
class Change:
    """What moved: `difference` after minus before, its two-sided interval, in shares; `fresh` the
    share of new items, None where the items were not told; `reasons` whatever forbids or limits
    the comparison."""

    verdict: str
    difference: float | None
    low: float
    high: float
    fresh: float | None
    reasons: tuple[str, ...]


def compare(
    before: Measured,
    after: Measured,
    items_before: Set[str] = frozenset(),
    items_after: Set[str] = frozenset(),
    alpha: float = ALPHA,
) -> Change:
    """The difference of two waves with Newcombe's hybrid score interval (1998, method 10)."""
    against = _against(before, after)
    fresh = fresh_share(items_before, items_after)
    if fresh is not None and fresh < LEAST_FRESH - 1e-12:
        against.append(
            f"后一次只有{percent(fresh)}的题是新的，不到30%；旧题会传开，提高的可能只是记性。"
        )
    if not before.answered or not after.answered:
        return Change(INCOMPARABLE, None, -1.0, 1.0, fresh, (*against, "有一次没有人答题。"))
    low, high = newcombe(after.correct, after.answered, before.correct, before.answered, alpha)
    difference = after.correct / after.answered - before.correct / before.answered
    moved = BETTER if low > 0 else WORSE if high < 0 else UNCLEAR
    notes = []
    if before.silent or after.silent:
        notes.append(
            f"答题率前{percent(before.response_rate)}、后{percent(after.response_rate)}；"
            "只有两次不答的人情形相近时，差别才说明全体。"
        )
    return Change(
        INCOMPARABLE if against else moved, difference, low, high, fresh, (*against, *notes)
    )


def newcombe(x1: int, n1: int, x2: int, n2: int, alpha: float = ALPHA) -> tuple[float, float]:
    """Interval for x1/n1 − x2/n2, two-sided."""
    low, high = confint_proportions_2indep(
        x1, n1, x2, n2, method="newcomb", compare="diff", alpha=alpha
    )
    return float(low), float(high)


def fresh_share(before: Set[str], after: Set[str]) -> float | None:
    """Share of the second wave's items that the first had not."""
    return len(after - before) / len(after) if after else None


def _against(before: Measured, after: Measured) -> list[str]:
    """What makes a comparison meaningless."""
    found = []
    if before.metric != after.metric:
        found.append(
            f"前一次是“{before.metric or '未说明'}”，后一次是“{after.metric or '未说明'}”，"
            "不是同一个指标。"
        )
    if before.publicity or after.publicity:
        found.append(
            "至少有一次是自愿参加、有奖答题或宣传覆盖的数，参加的人不一样，差别说明不了什么。"
        )
    if not before.enough_response or not after.enough_response:
        found.append("至少有一次答题率不到70%。")
    return found
