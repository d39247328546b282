"""Which knowledge is missing, by area and unit, so that no figure leads to a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

LEAST_SHOWN = 10
"""Fewer answers than this are never shown, nor found by subtraction."""

HIDDEN = "不显示"


@dataclass(frozen=True, slots=True)
class Tally:
    """Answers in one area by one unit."""

    answered: int
    wrong: int


@dataclass(frozen=True, slots=True)
class Cell:
    """What may be shown: None and 「不显示」 where it may not. `shown` blurs the ends, since 「all
    were wrong」 tells of everybody."""

    answered: int | None
    share_wrong: float | None
    shown: str


Table = Mapping[str, Mapping[str, Tally]]
"""Unit to area to tally."""


def shares_wrong(table: Table, least: int = LEAST_SHOWN) -> dict[str, dict[str, Cell]]:
    """The table to publish beside the totals of areas and of units.

    Cells under `least` answers are hidden; then, in each area over the units and in each unit over
    the areas, the next smallest are hidden too, until what a total minus the shown cells gives
    away covers two cells and `least` answers at least. Where too few cells are left for that, all
    of them are hidden; see `total` for then.
    """
    hidden = hidden_cells(table, least)
    return {
        unit: {area: _cell(tally, (unit, area) in hidden, least) for area, tally in row.items()}
        for unit, row in table.items()
    }


def total(tallies: Mapping[str, Tally], least: int = LEAST_SHOWN) -> Cell:
    """All units of one area together, under the same floor."""
    joined = Tally(
        sum(t.answered for t in tallies.values()), sum(t.wrong for t in tallies.values())
    )
    return _cell(joined, joined.answered < least, least)


def hidden_cells(table: Table, least: int = LEAST_SHOWN) -> set[tuple[str, str]]:
    """(unit, area) of every cell that stays hidden."""
    size = {
        (unit, area): tally.answered for unit, row in table.items() for area, tally in row.items()
    }
    hidden = {key for key, answered in size.items() if 0 < answered < least}
    lines = [[k for k in size if k[0] == unit] for unit in table]
    areas = dict.fromkeys(area for _, area in size)
    lines += [[k for k in size if k[1] == area] for area in areas]
    changed = True
    while changed:
        changed = False
        for line in lines:
            inside = [k for k in line if k in hidden]
            rest = sorted((k for k in line if k not in hidden and size[k]), key=lambda k: size[k])
            # Both numbers must be large: one cell is the difference itself, few people are few.
            while inside and rest and (len(inside) < 2 or sum(size[k] for k in inside) < least):
                inside.append(rest.pop(0))
                hidden.add(inside[-1])
                changed = True
    return hidden


def _cell(tally: Tally, hide: bool, least: int) -> Cell:
    if hide or tally.answered < least:
        return Cell(None, None, HIDDEN if tally.answered else "没有人答")
    wrong = round(tally.wrong / tally.answered, 2)
    edge = 1 / least
    if wrong < edge:
        return Cell(tally.answered, None, f"低于{edge:.0%}")
    if wrong > 1 - edge:
        return Cell(tally.answered, None, f"高于{1 - edge:.0%}")
    return Cell(tally.answered, wrong, f"{wrong:.0%}")
