"""From a closed campaign and its answers to the report: figures, units, areas, items.

Pure, and the only place that decides what may be printed: nothing of fewer than ten answers, by
itself or by subtraction, and no person anywhere.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from bot.awareness import bounds, change
from bot.awareness.areas import LEAST_SHOWN, Cell, Tally, shares_wrong, total
from bot.awareness.claim import judge
from bot.awareness.inputs import ALPHA, REACH
from bot.awareness.many import holm
from bot.awareness.measured import REACHED, REACHED_AMONG, UNPROVEN, Measured
from bot.campaign.figuring import figure, reach
from bot.campaign.hiding import alike, banded, hidden_units
from bot.campaign.plan import Campaign
from bot.campaign.reported import (
    AreaLine,
    Earlier,
    Figure,
    Finished,
    Report,
    UnitLine,
)
from bot.campaign.tallied import AREAS, Counts, count, counted_units, pooled
from bot.campaign.used import items_of
from knowledge.lessons import Item

WEAK = 0.3
"""An area is named as weak in a unit from this share wrong up, two of them at most."""


def build(
    campaign: Campaign,
    attempts: Sequence[Finished],
    *,
    points: Collection[str] = (),
    bank: Mapping[str, Item] | None = None,
    progress: Mapping[tuple[str, str], int] | None = None,
    unreliable: Collection[str] = (),
    generations: Mapping[str, int] | None = None,
    before: Earlier | None = None,
) -> Report:
    """The report of a closed campaign. `progress`: (unit, opened | begun | finished) -> how often;
    `unreliable`: units whose answers were copied; `generations` of a publicity round's key."""
    counted, outside = counted_units(campaign)
    # Copying moves no count of who came.
    flagged = [u.id for u in counted if campaign.measures and u.id in unreliable]
    inside = {u.id for u in counted if u.id not in flagged}
    kept = [a for a in attempts if a.unit in inside]
    bare = Report(
        campaign,
        None,
        None,
        unreliable=tuple(u.name for u in counted if u.id in flagged),
        outside=outside,
    )
    if len(kept) < LEAST_SHOWN:
        return bare
    units = [count(u, kept) for u in counted if u.id in inside]
    hidden = hidden_units({c.unit.id: c.vector for c in units})
    shown = [c for c in units if c.unit.id not in hidden]
    rest = [c for c in units if c.unit.id in hidden]
    pool = pooled(rest) if rest and shown else None
    report = replace(bare, hidden=len(rest))
    if campaign.metric != REACH:
        report = replace(report, areas=_areas(units), items=items_of(kept, bank or {}))
    if not campaign.measures:
        return replace(
            report,
            units=tuple(_came(c) for c in shown),
            pool=_came(pool) if pool else None,
            reach=reach(campaign, counted, kept, progress or {}, generations or {}),
        )
    made = figure(campaign, units, counted)
    cells = _cells(shown, pool)
    report = replace(
        report,
        figure=made,
        units=_lines(shown, cells),
        pool=_line(pool, cells[""]) if pool else None,
    )
    if before is not None:
        now = _earlier(campaign, made, points)
        moved = change.compare(before.measured, now.measured, before.points, now.points)
        report = replace(report, before=before, change=moved)
    return report


def earlier(
    campaign: Campaign,
    attempts: Sequence[Finished],
    points: Collection[str],
    unreliable: Collection[str] = (),
) -> Earlier | None:
    """A campaign as the one before another; None where fewer than ten answered."""
    made = build(replace(campaign, draw=None), attempts, unreliable=unreliable)
    if made.figure is None and made.reach is None:
        return None
    return _earlier(campaign, made.figure, points)


def _earlier(campaign: Campaign, made: Figure | None, points: Collection[str]) -> Earlier:
    """Answers counted as many as a simple random sample would need, so that weights count."""
    if made is None:
        measured = Measured(1, 1, 1, 0, random=False, metric=campaign.metric)
    else:
        answered = max(1, min(made.answered, math.floor(made.effective)))
        asked = min(made.asked, max(answered, round(answered / max(made.response, 1e-9))))
        correct = round(made.share * answered)
        measured = Measured(made.population, asked, answered, correct, metric=campaign.metric)
    return Earlier(campaign.id, campaign.title, measured, frozenset(points))


# Units and areas


def _lines(
    shown: Sequence[Counts], cells: Mapping[str, Mapping[int, Cell]]
) -> tuple[UnitLine, ...]:
    """Units with the claims that hold for all of them at one time."""
    judged = {c.unit.id: judge(_measured(c)) for c in shown}
    listed = holm([j.p_value if j.p_value is not None else 1.0 for j in judged.values()])
    made = []
    for c, on_list in zip(shown, listed, strict=True):
        claim = judged[c.unit.id].claim
        if claim in (REACHED, REACHED_AMONG) and not on_list:
            claim = UNPROVEN
        made.append(replace(_line(c, cells[c.unit.id]), claim=claim))
    return tuple(made)


def _measured(c: Counts) -> Measured:
    return Measured(c.unit.population, max(c.unit.asked, c.answered), c.answered, c.correct)


def _line(c: Counts, cells: Mapping[int, Cell]) -> UnitLine:
    """A unit, or the pool of small ones, which is no random sample and gets no interval."""
    band = banded(c.correct, c.answered)
    share = c.correct / c.answered if not band else None
    low = high = None
    if c.unit.id:
        size, told = c.unit.population, alike(c.correct, c.answered)
        ends = [bounds.roster_interval(size, c.answered, x, 2 * ALPHA) for x in told]
        low, high = ends[0][0] / size, ends[1][1] / size
    weak = sorted(c.areas, key=lambda a: -_share(c.areas[a]))
    named = tuple(a for a in weak if _share(c.areas[a]) >= WEAK)[:2]
    return UnitLine(
        c.unit.name,
        c.unit.population,
        max(c.unit.asked, c.answered),
        c.answered,
        share,
        band,
        low,
        high,
        "",
        named,
        cells,
    )


def _came(c: Counts) -> UnitLine:
    """A unit of a publicity round: how many came, and nothing that could be taken for a rate."""
    return UnitLine(
        c.unit.name, c.unit.population, c.unit.asked, c.answered, None, "", None, None, ""
    )


def _share(tally: Tally) -> float:
    return tally.wrong / tally.answered if tally.answered >= LEAST_SHOWN else 0.0


def _areas(units: Sequence[Counts]) -> tuple[AreaLine, ...]:
    asked = [a for a in AREAS if any(c.areas[a].answered for c in units)]
    return tuple(
        AreaLine(a, total({str(n): c.areas[a] for n, c in enumerate(units)})) for a in asked
    )


def _cells(shown: Sequence[Counts], pool: Counts | None) -> dict[str, dict[int, Cell]]:
    """Unit id -> area -> share wrong; "" is the pool."""
    rows = [*shown, pool] if pool else shown
    live = [a for a in AREAS if any(c.areas[a].answered for c in rows)]
    made = shares_wrong({c.unit.id: {str(a): c.areas[a] for a in live} for c in rows})
    return {unit: {int(a): cell for a, cell in row.items()} for unit, row in made.items()}
