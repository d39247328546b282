"""Which units' figures are not to be trusted because answer sheets there were copied."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from bot.awareness.cheats import Sheet, unreliable_units
from bot.campaign.asking import Answered

RIGHT, WRONG = "right", "wrong"

# Sentences

COPIED = (
    "有 {alike} 对答卷在同一段时间里错得几乎一样，各答各的大约只会有 {expected:.1f} 对，"
    "像是照着抄的；这个单位的数不可靠"
)


class Finished(Protocol):
    """A finished form. `bot.storage.campaigns.Attempt` is one."""

    @property
    def unit(self) -> str: ...
    @property
    def answers(self) -> tuple[Answered, ...]: ...
    @property
    def slot(self) -> int | None: ...


def unreliable(
    attempts: Iterable[Finished], seconds: float, point_of: Callable[[str], str] | None = None
) -> dict[str, str]:
    """Unit -> why its figure is unreliable; units only, and none of fewer than ten people.
    `seconds` is the length of a slot; two slots that touch count as the same time.

    With `point_of` (item -> point) sheets are compared by which points are wrong. Neighbours are
    asked a point in other forms, so that by items only large groups would show; who answers from
    one list, or for others, is wrong at the same points in every form.

    Forms that nobody finished are not looked at, and a 不知道 is no answer to copy.
    """
    forms = [a for a in attempts if all(one.version for one in a.answers)]
    keys = _keys(forms, point_of)
    if not keys:
        return {}
    places = sorted(keys)
    units: dict[str, list[Sheet]] = {}
    for form in forms:
        said = {_place(one, point_of): _said(one, point_of) for one in form.answers}
        when = None if form.slot is None else form.slot * seconds
        sheet = Sheet(tuple(said.get(p, "") for p in places), when)
        units.setdefault(form.unit, []).append(sheet)
    found = unreliable_units(units, [keys[p] for p in places], window=seconds)
    return {
        one.unit: COPIED.format(alike=one.alike, expected=one.expected)
        for one in found
        if one.unreliable
    }


def _keys(forms: Sequence[Finished], point_of: Callable[[str], str] | None) -> dict[str, str]:
    """What is right at each place. An item of which nobody was right has no key here, and is left
    out; of one item and version all right answers are the same."""
    answers = (one for form in forms for one in form.answers)
    if point_of is not None:
        return {_place(one, point_of): RIGHT for one in answers}
    return {_place(one, point_of): _said(one, point_of) for one in answers if one.right}


def _place(one: Answered, point_of: Callable[[str], str] | None) -> str:
    return point_of(one.item) if point_of is not None else f"{one.item}\x1f{one.version}"


def _said(one: Answered, point_of: Callable[[str], str] | None) -> str:
    if point_of is None or not one.chosen:
        return ",".join(map(str, one.chosen))
    return RIGHT if one.right else WRONG
