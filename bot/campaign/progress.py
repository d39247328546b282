"""How a running campaign stands, for its organiser: units, never persons, nothing under ten.

What is shown must give nothing away by subtraction either: figures grow by ten people at least
(`Campaigns.figures`), and the units that are shown together never change.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from bot.awareness.monitoring import watch
from bot.awareness.words import percent
from bot.campaign.hiding import alike
from bot.campaign.outlook import counted_units, even
from bot.campaign.plan import Campaign, Unit

LEAST = 10

# Sentences

FEW = "不到10"
REST = "抽的不到10人的{number}个单位，合在一起"
WHOLE = "合计"
BAND = "{low}–{high}（按{answered}人）"
NOT_YET = "答完满20人才显示"
NO_FIGURE = "宣传数据，不显示"
UNEVEN = "各单位抽的比例不同，合计要加权，看结束后的报告"
NO_UNIT = "不单列"


@dataclass(frozen=True, slots=True)
class Came:
    """What is counted so far: codes made by unit, `Campaigns.progress`, `Campaigns.figures`."""

    issued: Mapping[str, int]
    progress: Mapping[tuple[str, str], int]
    figures: Mapping[str, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Row:
    """A unit, the small ones together, or all. Numbers are None where they are from 1 to 9.
    `low` and `high` are the always-valid band of the share, `answered` how many it rests on, 0
    for none; `note` says why there is none."""

    name: str
    asked: int
    issued: int
    opened: int | None
    begun: int | None
    finished: int | None
    answered: int = 0
    low: float = 0.0
    high: float = 1.0
    note: str = ""

    @property
    def band(self) -> str:
        if not self.answered:
            return self.note
        return BAND.format(low=percent(self.low), high=percent(self.high), answered=self.answered)


def groups(campaign: Campaign) -> dict[str, str]:
    """Unit -> what its figure is shown as: itself, or "*" with the other small ones; units whose
    figure cannot be shown are missing."""
    counted = counted_units(campaign)
    small = [u for u in counted if u.asked < LEAST]
    found = {u.id: u.id for u in counted if u.asked >= LEAST}
    return found | ({u.id: "*" for u in small} if sum(u.asked for u in small) >= LEAST else {})


def rows(campaign: Campaign, came: Came) -> list[Row]:
    """The campaign's table: large units by themselves, small ones in one row, all in the last."""
    small = [u for u in campaign.units if u.asked < LEAST]
    found = [_row(campaign, came, u.name, [u]) for u in campaign.units if u.asked >= LEAST]
    if small:
        found.append(_row(campaign, came, REST.format(number=len(small)), small))
    whole = _row(campaign, came, WHOLE, list(campaign.units))
    # Of what is shown only: the sum of all would tell what a hidden number is.
    opened, begun, finished = (
        sum(getattr(r, n) or 0 for r in found) for n in ("opened", "begun", "finished")
    )
    return [*found, replace(whole, opened=opened, begun=begun, finished=finished)]


def _row(campaign: Campaign, came: Came, name: str, units: list[Unit]) -> Row:
    def number(what: str) -> int | None:
        found = sum(came.progress.get((u.id, what), 0) for u in units)
        return None if 0 < found < LEAST else found

    row = Row(
        name,
        sum(u.asked for u in units),
        sum(came.issued.get(u.id, 0) for u in units),
        number("opened"),
        number("begun"),
        number("finished"),
    )
    if not campaign.measures:
        return replace(row, note=NO_FIGURE)
    shown_as = groups(campaign)
    mine = [u for u in units if u.id in shown_as]
    if not mine:
        return replace(row, note=NO_UNIT)
    if not even(mine):
        return replace(row, note=UNEVEN)
    shown = [came.figures[g] for g in {shown_as[u.id] for u in mine} if g in came.figures]
    answered, correct = (sum(s[n] for s in shown) for n in (0, 1))
    if not answered:
        return replace(row, note=NOT_YET)
    population = sum(u.population for u in mine)
    # That all of a unit passed, or none, is not told of its people either.
    low, high = (watch(n, answered, population) for n in alike(correct, answered))
    return replace(row, answered=answered, low=low.low, high=high.high)
