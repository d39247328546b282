"""What every figure here shares: the target, the error, and checks that name the field."""

from __future__ import annotations

import math
from numbers import Integral

TARGET = 0.9
"""The share that has to be proved: 「90%」 in the documents of the unions."""

ALPHA = 0.05
"""One-sided risk of saying 「已达到」 where it is not so."""

LEAST_RESPONSE = 0.7
"""Below this share of the invited nothing is claimed."""

METRICS = ("知晓率", "基本了解率", "宣传覆盖")
"""Three figures that are never reported one for another: workers covered by a contract who know
of it; all workers of a district who pass the quiz; people reached, which proves no knowledge."""

REACH = METRICS[2]

FIELDS = {
    "population": "职工总数",
    "asked": "抽到的人数",
    "answered": "答题的人数",
    "correct": "答对（合格）的人数",
}


class AwarenessError(ValueError):
    """Figures that can not be; the message names the field, its value and what to do."""


def whole(name: str, value: object, least: int = 0) -> int:
    """`value` if it is a whole number from `least` up. Raises AwarenessError."""
    if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
        raise AwarenessError(f"{named(name)}是 {value}，应为不小于 {least} 的整数")
    return int(value)


def share(name: str, value: float, *, zero: bool = False, one: bool = True) -> float:
    """`value` if it lies between 0 and 1. Raises AwarenessError; the ends count as told."""
    low = value >= 0 if zero else value > 0
    high = value <= 1 if one else value < 1
    if not (isinstance(value, int | float) and math.isfinite(value) and low and high):
        raise AwarenessError(f"{named(name)}是 {value}，应为 0 到 1 之间的小数，如 0.95")
    return float(value)


def counts(population: int, asked: int, answered: int, correct: int) -> None:
    """Refuse what can not be: correct ≤ answered ≤ asked ≤ population ≥ 1."""
    whole("population", population, 1)
    values = {"asked": asked, "answered": answered, "correct": correct}
    above, most = "population", population
    for name, value in values.items():
        whole(name, value)
        if value > most:
            raise AwarenessError(
                f"{named(name)}是 {value}，多于{named(above)} {most}；"
                "请核对：答对 ≤ 答题 ≤ 抽到 ≤ 职工总数"
            )
        above, most = name, value


def counted(correct: int, answered: int, population: int | None = None) -> None:
    """Refuse what can not be where nobody says who was asked."""
    if population is None:
        whole("correct", correct)
        if correct > whole("answered", answered):
            counts(answered, answered, answered, correct)
    else:
        counts(population, population, answered, correct)


def named(field: str) -> str:
    return f"{field}（{FIELDS[field]}）" if field in FIELDS else field


def needed_of(population: int, target: float = TARGET) -> int:
    """How many of `population` must know for the share to be at least `target`."""
    # 0.9 * 30 is 27.000000000000004: without the slack it would ask for one person more.
    return math.ceil(target * population - 1e-9)
