"""Many units at once: who may be put on the list of those that reached the target."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from statsmodels.stats.multitest import multipletests

from bot.awareness.inputs import ALPHA, AwarenessError, whole


@dataclass(frozen=True, slots=True)
class Chance:
    """What testing `units` units apiece does where all sit just below the target: how many claims
    are false on average, how likely there is one, and the `bonferroni` risk for each that keeps
    the last at alpha."""

    units: int
    expected_false: float
    any_false: float
    bonferroni: float


def by_chance(units: int, alpha: float = ALPHA) -> Chance:
    """Units are taken as independent."""
    whole("units（单位数）", units, 1)
    return Chance(units, units * alpha, 1 - (1 - alpha) ** units, alpha / units)


def holm(p_values: Sequence[float], alpha: float = ALPHA) -> list[bool]:
    """Which units reached the target, with at most `alpha` risk of even one false name on the
    list (Holm 1979). For a list that is published."""
    return _decide(p_values, alpha, "holm")


def benjamini_hochberg(p_values: Sequence[float], alpha: float = ALPHA) -> list[bool]:
    """Which units reached the target, with on average at most the share `alpha` of false names
    among those on the list (Benjamini & Hochberg 1995). For deciding where to look next."""
    return _decide(p_values, alpha, "fdr_bh")


def holm_adjusted(p_values: Sequence[float]) -> list[float]:
    """Holm's p-values, in the order given: a unit is on the list where its one is at most alpha."""
    if not p_values:
        return []
    return [float(p) for p in multipletests(_checked(p_values), method="holm")[1]]


def _decide(p_values: Sequence[float], alpha: float, method: str) -> list[bool]:
    if not p_values:
        return []
    return [bool(r) for r in multipletests(_checked(p_values), alpha, method=method)[0]]


def _checked(p_values: Sequence[float]) -> list[float]:
    for number, p in enumerate(p_values, 1):
        if not 0 <= p <= 1:
            raise AwarenessError(f"第 {number} 个单位的 p 值是 {p}，应在 0 到 1 之间")
    return list(p_values)
