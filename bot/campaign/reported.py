"""What a closed campaign says, as values: one report for every form in which it is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from bot.awareness.areas import Cell
from bot.awareness.change import Change
from bot.awareness.items import ItemFigures
from bot.awareness.measured import REACHED, REACHED_AMONG, Measured
from bot.campaign.asking import Answered
from bot.campaign.plan import Campaign


class Finished(Protocol):
    """A finished form of nobody in particular. `bot.storage.campaigns.Attempt` is one."""

    @property
    def unit(self) -> str: ...
    @property
    def passed(self) -> bool: ...
    @property
    def answers(self) -> tuple[Answered, ...]: ...


@dataclass(frozen=True, slots=True)
class Figure:
    """The indicator, of all units whose figures are reliable. Shares from 0 to 1.

    `low` and `high` are each one-sided at 95 % and `low` decides; `wilson` is two-sided, for
    display. `lower_worst` is `low` with every silent person as not knowing; `possible` what the
    share can be if all silent people don't know, or do. `more`: about how many answers in all
    would prove the target at the rate seen, None where none would. `effective`: how many answers
    of a simple random sample would say as much. In `unasked` units nobody was drawn.
    """

    units: int
    population: int
    asked: int
    answered: int
    correct: int
    share: float
    low: float
    high: float
    wilson: tuple[float, float]
    response: float
    lower_worst: float
    possible: tuple[float, float]
    effective: float
    claim: str
    reason: str
    more: int | None
    unasked: int = 0

    @property
    def reached(self) -> bool:
        return self.claim in (REACHED, REACHED_AMONG)

    @property
    def silent(self) -> int:
        return self.asked - self.answered


@dataclass(frozen=True, slots=True)
class Reach:
    """What a publicity round may say: who came, and how many questions they had right on average.
    `twice` bounds how many of those in chats may have come a second time, None where nothing is
    known of it."""

    units: int
    population: int
    begun: int
    right: float | None
    of: int
    twice: int | None


@dataclass(frozen=True, slots=True)
class UnitLine:
    """A unit of ten answers or more, or all small ones together.

    `share` is None where only the `band` may be said; then `low` and `high` are those of the whole
    band. `claim` holds for the list of all units at one time (Holm); `weak` are the areas most
    often wrong, `cells` the share wrong by area.
    """

    name: str
    population: int
    asked: int
    answered: int
    share: float | None
    band: str
    low: float | None
    high: float | None
    claim: str
    weak: tuple[int, ...] = ()
    cells: Mapping[int, Cell] = field(default_factory=dict)

    @property
    def response(self) -> float:
        return self.answered / self.asked if self.asked else 0.0

    @property
    def reached(self) -> bool:
        return self.claim in (REACHED, REACHED_AMONG)

    @property
    def told(self) -> str:
        """The share for reading."""
        return self.band or ("" if self.share is None else f"{self.share * 100:.0f}%")


@dataclass(frozen=True, slots=True)
class AreaLine:
    area: int
    cell: Cell


@dataclass(frozen=True, slots=True)
class ItemLine:
    """An item in the one version that was asked."""

    id: str
    version: str
    area: int
    figures: ItemFigures


@dataclass(frozen=True, slots=True)
class Items:
    """All items that were asked; `digest` names exactly them and their versions, `kr20` is of the
    form by points, None before thirty full forms."""

    lines: tuple[ItemLine, ...]
    digest: str
    kr20: float | None
    items_for_80: int | None


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier campaign to compare with."""

    id: str
    title: str
    measured: Measured
    points: frozenset[str]


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that is printed of a campaign, and nothing else.

    Exactly one of `figure` and `reach` stands where ten people answered at least; neither, and
    nothing below, where fewer did. `unreliable` units are named, and stand in no figure. `pool`
    are the units too small to be shown, None where even together they must not be.
    """

    campaign: Campaign
    figure: Figure | None
    reach: Reach | None
    units: tuple[UnitLine, ...] = ()
    pool: UnitLine | None = None
    hidden: int = 0
    unreliable: tuple[str, ...] = ()
    outside: tuple[str, ...] = ()
    areas: tuple[AreaLine, ...] = ()
    items: Items | None = None
    before: Earlier | None = None
    change: Change | None = None

    @property
    def missing(self) -> list[AreaLine]:
        """Areas by what is most often wrong."""
        known = [a for a in self.areas if a.cell.answered]
        return sorted(known, key=lambda a: -_wrong(a.cell))


def _wrong(cell: Cell) -> float:
    if cell.share_wrong is not None:
        return cell.share_wrong
    return 0.95 if cell.shown.startswith("高") else 0.05
