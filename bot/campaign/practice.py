"""Practice as values: where somebody stands, which question comes next, and the question of a day.

Nothing is scored. New points come in an order of this conversation's own and none twice before
all were asked; what was wrong comes again, in other words where the point has them.
"""

from __future__ import annotations

import random
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256

from bot.campaign.asking import Answered, Feedback, Shown, Sitting, feedback, show
from knowledge.lessons import Item

EASY, HARD = (1, 2), (1, 2, 3)
"""Levels that are asked at first, and when somebody wants it harder."""

APART = 3
"""Other questions between two of the same point."""

MISSED = 20
"""Points to ask again that a conversation carries itself."""

_FORM = re.compile(
    r"practice:([0-9]{1,9}):([0-9]{1,6}):([0-9]{1,6}):(h?)(d?)(p?):([a-z0-9-]*):([0-9,]*)"
    r":([a-z0-9,-]*):([a-z0-9,-]*)"
)


@dataclass(frozen=True, slots=True)
class Stage:
    """Where somebody practises.

    `seed` orders points and options, `number` counts the questions, `at` is how far the new points
    were gone through. `item` is the open question ("" for none) and `ticks` the places ticked of
    several; `recent` the points asked last; `missed` those to ask again, where nothing is kept of
    a person; `daily` and `pushed` tell that it is the day's question, and that we sent it.
    """

    seed: int
    number: int = 0
    at: int = 0
    hard: bool = False
    daily: bool = False
    pushed: bool = False
    item: str = ""
    ticks: tuple[int, ...] = ()
    recent: tuple[str, ...] = ()
    missed: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """What the buttons of the open question begin with."""
        return f"try:{self.seed}:{self.number}"


def write(stage: Stage) -> str:
    """A stage as a session keeps it."""
    flags = ("h" if stage.hard else "") + ("d" if stage.daily else "")
    flags += "p" if stage.pushed else ""
    lists = (map(str, stage.ticks), stage.recent, stage.missed)
    head = f"practice:{stage.seed}:{stage.number}:{stage.at}:{flags}:{stage.item}"
    return ":".join((head, *(",".join(one) for one in lists)))


def read(task: str) -> Stage | None:
    """The stage of a session; None for another task, or one of an older form."""
    m = _FORM.fullmatch(task)
    if m is None:
        return None
    ticks, recent, missed = (tuple(filter(None, m[n].split(","))) for n in (8, 9, 10))
    return Stage(
        int(m[1]),
        int(m[2]),
        int(m[3]),
        bool(m[4]),
        bool(m[5]),
        bool(m[6]),
        m[7],
        tuple(map(int, ticks)),
        recent,
        missed,
    )


def fitting(items: Sequence[Item], regions: Collection[str], hard: bool = False) -> list[Item]:
    """The items that somebody in `regions` (the place and all above it) may be asked."""
    levels = HARD if hard else EASY
    return [i for i in items if i.level in levels and i.region in regions]


def following(
    stage: Stage, items: Sequence[Item], due: Sequence[str], known: Collection[str] = ()
) -> tuple[Stage, Item] | None:
    """The stage with its next question open: a point that is `due`, else a new one. `known` are
    points that were wrong and wait for their day. None where there are no items."""
    forms = _forms(items)
    if not forms:
        return None
    again = [p for p in due if p in forms and p not in stage.recent]
    if again:
        return _opened(stage, again[0], forms)
    order = sorted(forms)
    _generator("points", stage.seed).shuffle(order)
    walk = [(n, order[n % len(order)]) for n in range(stage.at, stage.at + len(order))]
    for shut in ({*known, *due, *stage.recent}, set(stage.recent), set(stage.recent[-1:]), set()):
        for n, point in walk:
            if point not in shut:
                return _opened(replace(stage, at=(n + 1) % 10**6), point, forms)
    return None


def of_day(items: Sequence[Item], place: str, day: date) -> Item | None:
    """The question of a day, the same for everybody in a place; it has one right option.

    Points follow each other in an order of the place's own, so that none comes again before all
    were asked, and then in other words; unless the bank changes.
    """
    forms = _forms([i for i in items if len(i.key) == 1 and i.kind != "多选"])
    if not forms:
        return None
    order = sorted(forms)
    _generator("daily", place).shuffle(order)
    round_, at = divmod(day.toordinal(), len(order))
    of_point = forms[order[at]]
    return of_point[round_ % len(of_point)]


def opened(stage: Stage, item: Item) -> Stage:
    """The stage with this question open."""
    recent = (*(p for p in stage.recent if p != item.point), item.point)[-APART:]
    number = (stage.number + 1) % 10**6
    return replace(
        stage, number=number, item=item.id, ticks=(), recent=recent, daily=False, pushed=False
    )


def shown(stage: Stage, item: Item) -> Shown:
    """The open question as this conversation sees it: its options in an order of their own."""
    return show(Sitting("", "", "", stage.seed * 10**6 + stage.number, (item.id,)), item)


def answered(
    stage: Stage, item: Item, places: Sequence[int], kept: bool
) -> tuple[Stage, Feedback, tuple[int, ...]]:
    """The stage after an answer by places shown, what is said to it, and what was chosen by
    places in the item. What was wrong stays in the stage, unless it is `kept` elsewhere."""
    order = shown(stage, item).places
    chosen = tuple(sorted({order[p] for p in places}))
    right = chosen == item.key
    missed = tuple(p for p in stage.missed if p != item.point)
    if not right and not kept:
        missed = (*missed, item.point)[-MISSED:]
    said = feedback(item, Answered(item.id, item.version, item.area, chosen, right))
    return replace(stage, item="", ticks=(), missed=missed), said, chosen


def _opened(stage: Stage, point: str, forms: dict[str, list[Item]]) -> tuple[Stage, Item]:
    item = _generator("form", stage.seed, stage.number).choice(forms[point])
    return opened(stage, item), item


def _forms(items: Sequence[Item]) -> dict[str, list[Item]]:
    forms: dict[str, list[Item]] = {}
    for item in sorted(items, key=lambda i: i.id):
        forms.setdefault(item.point, []).append(item)
    return forms


def _generator(*parts: object) -> random.Random:
    said = "\x1f".join(map(str, parts)).encode()
    return random.Random(int.from_bytes(sha256(said).digest(), "big"))
