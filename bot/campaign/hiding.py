"""Which units of a campaign may be shown by themselves, so that nothing is known of a few people.

A unit is shown or hidden whole, with all its areas, so that hidden cells never stand alone in a
row or a column. What all minus the shown units gives away covers two units and ten people at
least, in every area.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from bot.awareness.areas import LEAST_SHOWN


def hidden_units(counts: Mapping[str, tuple[int, ...]], least: int = LEAST_SHOWN) -> set[str]:
    """Units that stay hidden. `counts`: unit -> who answered, then who answered area by area, all
    units with the same areas; only units that stand in the totals.

    Where fewer than `least` people would be hidden, in all or in an area, the next smallest units
    are hidden too, so that it is never one unit alone; where none is left, all are hidden.
    """
    # An area that nobody at all was asked tells nothing.
    asked = [n for n, column in enumerate(zip(*counts.values(), strict=True)) if sum(column)]
    inside = {u: tuple(c[n] for n in asked) for u, c in counts.items()}
    hidden = {u for u, c in inside.items() if not c or min(c) < least}
    shown = sorted((u for u in inside if u not in hidden), key=lambda u: (inside[u][0], u))
    while hidden and shown and not _covered([inside[u] for u in hidden], least):
        hidden.add(shown.pop(0))
    return hidden


def _covered(hidden: Collection[tuple[int, ...]], least: int) -> bool:
    return min(map(sum, zip(*hidden, strict=True))) >= least


EDGE = 3
"""With fewer people on one side a share would tell about nearly everybody there. This is for the
eye: sums of large groups may give the number away, while groups of ten are kept whole."""


def alike(part: int, whole: int) -> tuple[int, int]:
    """The counts, from the least to the most, that are told as one: `part` of `whole` people, or
    all that are as near to none or to everybody."""
    if part < EDGE:
        return 0, min(EDGE - 1, whole)
    if whole - part < EDGE:
        return whole - EDGE + 1, whole
    return part, part


def banded(part: int, whole: int) -> str:
    """What is said instead of a share near an end, "" elsewhere."""
    least, most = alike(part, whole)
    if least == most:
        return ""
    return f"{-(-100 * most // whole)}%以下" if least == 0 else f"{100 * least // whole}%以上"
