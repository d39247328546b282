"""Which points somebody got wrong, and on which day each is to be asked again: FSRS, by the day.

A point comes in with the first wrong answer and is then scheduled by the package `fsrs` without
fuzz. Kept is the day, not the hour: what is due ten minutes later is due the same day, and whoever
asks sees to it that others come in between.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta

from fsrs import Card, Rating, Scheduler, State

MOST = 200
"""Points that are remembered; of more, the one that is due last is let go."""

_SCHEDULER = Scheduler(enable_fuzzing=False)
_NOON = time(12, tzinfo=UTC)
_LONGEST = 3650
"""Days until the next time at most; the calendar ends."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of one point: FSRS's state, step, stability and difficulty, the day when it is
    due, and the day of the last answer."""

    state: int
    step: int | None
    stability: float
    difficulty: float
    due: date
    last: date


@dataclass(frozen=True, slots=True)
class Memory:
    """The points that somebody got wrong, by id."""

    points: Mapping[str, Standing] = field(default_factory=dict)

    def due(self, day: date) -> tuple[str, ...]:
        """The points to ask again on `day`, the one that waits longest first."""
        waiting = [(s.due, point) for point, s in self.points.items() if s.due <= day]
        return tuple(point for _, point in sorted(waiting))

    def after(self, point: str, right: bool, day: date) -> Memory:
        """The memory after an answer. A point that was never wrong is not remembered."""
        known = self.points.get(point)
        if known is None and right:
            return self
        points = {**self.points, point: _reviewed(known, right, day)}
        while len(points) > MOST:
            last = max((p for p in points if p != point), key=lambda p: (points[p].due, p))
            del points[last]
        return replace(self, points=points)


def write(memory: Memory) -> str:
    """A memory as JSON: one short row for each point."""
    rows = {
        point: [
            s.state,
            s.step,
            s.stability,
            s.difficulty,
            s.due.toordinal(),
            s.last.toordinal(),
        ]
        for point, s in sorted(memory.points.items())
    }
    return json.dumps(rows, separators=(",", ":"))


def read(text: str) -> Memory:
    """What `write` wrote; an empty memory for "" and for an older form."""
    try:
        rows = json.loads(text) if text else {}
        return Memory({str(point): _standing(*row) for point, row in rows.items()})
    except (ValueError, TypeError, AttributeError, OverflowError):
        return Memory()


def _standing(
    state: int, step: int | None, stability: float, difficulty: float, due: int, last: int
) -> Standing:
    day, before = date.fromordinal(due), date.fromordinal(last)
    kept = Standing(State(state).value, step, float(stability), float(difficulty), day, before)
    # What the scheduler would only assert.
    if kept.stability <= 0 or (step is None) != (kept.state == State.Review):
        raise ValueError
    return kept


def _reviewed(known: Standing | None, right: bool, day: date) -> Standing:
    now = datetime.combine(day, _NOON)
    card = Card(card_id=1, due=now)
    if known is not None:
        # A clock that was set back must not make days negative.
        last = datetime.combine(min(known.last, day), _NOON)
        card = Card(1, State(known.state), known.step, known.stability, known.difficulty, now, last)
    rating = Rating.Good if right else Rating.Again
    card, _ = _SCHEDULER.review_card(card, rating, now)
    assert card.stability is not None and card.difficulty is not None
    due = min(card.due.date(), day + timedelta(days=_LONGEST))
    # Rounded here, so that what is written and read again goes on alike.
    stability, difficulty = round(card.stability, 4), round(card.difficulty, 4)
    return Standing(card.state.value, card.step, stability, difficulty, due, day)
