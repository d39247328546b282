"""Answers of a campaign counted by unit and area, in people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.awareness.areas import LEAST_SHOWN, Tally
from bot.campaign.plan import Campaign, Unit
from bot.campaign.reported import Finished

POOL = f"其他单位（不足{LEAST_SHOWN}人）"

AREAS = range(1, 13)


@dataclass(frozen=True, slots=True)
class Counts:
    unit: Unit
    answered: int
    correct: int
    areas: Mapping[int, Tally]

    @property
    def vector(self) -> tuple[int, ...]:
        return self.answered, *(t.answered for t in self.areas.values())


def counted_units(campaign: Campaign) -> tuple[list[Unit], tuple[str, ...]]:
    """The units that the metric is about, and names of those that it is not: 知晓率 is of workers
    whom a contract covers."""
    if campaign.metric != "知晓率":
        return list(campaign.units), ()
    covered = [u for u in campaign.units if u.contract]
    return covered, tuple(u.name for u in campaign.units if not u.contract)


def count(unit: Unit, attempts: Sequence[Finished]) -> Counts:
    mine = [a for a in attempts if a.unit == unit.id]
    given: dict[int, int] = {}
    wrong: dict[int, int] = {}
    for attempt in mine:
        # Areas of somebody who had two questions of one count once: cells are people.
        areas = {a.area for a in attempt.answers if a.area and a.version}
        missed = {a.area for a in attempt.answers if a.area and a.version and not a.right}
        for area in areas:
            given[area] = given.get(area, 0) + 1
        for area in missed:
            wrong[area] = wrong.get(area, 0) + 1
    tallies = {a: Tally(given.get(a, 0), wrong.get(a, 0)) for a in AREAS}
    return Counts(unit, len(mine), sum(a.passed for a in mine), tallies)


def pooled(rest: Sequence[Counts]) -> Counts:
    unit = Unit("", POOL, sum(c.unit.population for c in rest), sum(c.unit.asked for c in rest))
    tallies = {
        a: Tally(sum(c.areas[a].answered for c in rest), sum(c.areas[a].wrong for c in rest))
        for a in AREAS
    }
    return Counts(unit, sum(c.answered for c in rest), sum(c.correct for c in rest), tallies)
