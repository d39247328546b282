"""Sitting the exam: let in, begin, look, answer, hand in. The same for pages and terminal.

Keys never leave the server; every answer is on the disk before the next item is shown, so that a
sitting goes on after the service was killed, or on another phone.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from math import ceil

from bot.exam import words
from bot.exam.angoff import Ratings, mark
from bot.exam.bound import VALID_YEARS, later, stale
from bot.exam.enrol import fits
from bot.exam.form import another, choose, fitted, usable
from bot.exam.records import Candidate, Place, Sitting
from bot.exam.rules import Rules
from bot.exam.store import ExamStore
from knowledge.citation import Citation
from knowledge.lessons import Item

CHINA = timezone(timedelta(hours=8))

GRACE = 12 * 3600.0
"""Seconds that a token opens after letting in."""

RENEWAL = timedelta(days=90)
"""Before a certificate ends, its holder may sit again."""


@dataclass(frozen=True, slots=True)
class Question:
    """One item as shown. `place` names it, `number` is where it stands among `total`; `options`
    are (value, text) in this candidate's order; `chosen` values picked before; `left` seconds of
    the sitting."""

    place: int
    number: int
    total: int
    kind: str
    stem: str
    options: tuple[tuple[int, str], ...]
    chosen: tuple[int, ...]
    several: bool
    left: int


@dataclass(frozen=True, slots=True)
class State:
    """Where a candidate stands: `may` is "begin", "sit", "wait" (until `day`) or "passed" (may
    sit again from `day`)."""

    may: str
    day: date | None = None
    last: Sitting | None = None


class Exam:
    """An exam over a store and the items live at the time. Safe between threads."""

    def __init__(
        self,
        store: ExamStore,
        items: Callable[[], Sequence[Item]],
        digest: Callable[[Citation], str],
        rules: Rules = Rules(),  # noqa: B008  # frozen
        ratings: Ratings | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`digest` gives a hash of the words of a cited article, "" where there is none."""
        self.store, self.rules = store, rules
        self._items, self._digest, self._ratings = items, digest, ratings
        self._clock = clock

    @property
    def today(self) -> date:
        return datetime.fromtimestamp(self._clock(), CHINA).date()

    # Coming in

    def enter(self, number: str, secret: str) -> str:
        """A token for a candidate, in place of any before; "" where number and secret don't fit."""
        candidate = self.store.candidate("".join(number.split())[:20])
        if not fits(secret, candidate.secret if candidate else "") or candidate is None:
            return ""
        token = secrets.token_urlsafe(24)
        self.store.let_in(candidate.number, _hash(token), self._clock() + GRACE)
        return token

    def inside(self, token: str) -> Candidate | None:
        return self.store.inside(_hash(token), self._clock()) if token else None

    def state(self, number: str) -> State:
        """What a candidate may do now; a sitting whose time is up is handed in first."""
        sittings = self.store.sittings(number)
        if not sittings:
            return State("begin")
        last = sittings[-1]
        if last.ended is None:
            if self._clock() < last.deadline:
                return State("sit", last=last)
            last = self._end(last)
        assert last.ended
        if last.passed:
            again = later(last.ended, VALID_YEARS) - RENEWAL
            due = self.today >= again or self._void(last)
            return State("begin" if due else "passed", again, last)
        again = last.ended + timedelta(days=self.rules.resit_days)
        return State("begin" if self.today >= again else "wait", again, last)

    # The sitting

    def begin(self, number: str) -> None:
        """Open a sitting with a form of its own; nothing where one is open, or none is due.
        Raises ExamError where the bank cannot fill a form."""
        if self.state(number).may != "begin":
            return
        live = usable(self._items(), self.rules.region)
        seed = secrets.token_bytes(16)
        seen = {p.placed.item for s in self.store.sittings(number) for p in self.store.places(s.id)}
        form = choose(live, self.rules.blueprint or fitted(live), seed, seen)
        passing = mark([p.item for p in form], self._ratings, self.rules.pass_mark)
        by_id = {i.id: i for i in live}
        places = [
            Place(n, placed, self._bound(by_id[placed.item]), None, None, False)
            for n, placed in enumerate(form, 1)
        ]
        deadline = self._clock() + self.rules.minutes * 60
        opened = Sitting(0, number, self.today, seed, deadline, passing.share, passing.source)
        self.store.begin(opened, places)

    def question(self, number: str, wanted: int = 0) -> Question | None:
        """The item in a place, or the first that is not answered; None where all are, the sitting
        is over, or the wanted one was answered and then withdrawn. An unanswered one that may no
        longer be asked gives way to another."""
        state = self.state(number)
        if state.may != "sit" or state.last is None:
            return None
        live = {i.id: i for i in usable(self._items(), self.rules.region)}
        places = self._replaced(state.last, live)
        counted = [p for p in places if not p.void]
        found = next((p for p in counted if p.number == wanted), None)
        found = found or next((p for p in counted if p.chosen is None), None)
        item = live.get(found.placed.item) if found else None
        if found is None or item is None or item.version != found.placed.version:
            return None
        self.store.show(state.last.id, found.number, self._clock())
        return Question(
            found.number, counted.index(found) + 1, len(counted), item.kind, item.stem,
            tuple((n, item.options[n].text) for n in found.placed.order),
            found.chosen or (), len(item.key) > 1 or item.kind == "多选",
            max(0, int(state.last.deadline - self._clock())),
        )  # fmt: skip

    def answer(self, number: str, place: int, chosen: Sequence[int]) -> str:
        """Keep an answer to the item in a place; "" where it was kept, else why it was not."""
        state = self.state(number)
        if state.may != "sit" or state.last is None:
            return words.TIME_UP
        places = self.store.places(state.last.id)
        asked = next((p for p in places if p.number == place and not p.void), None)
        if asked is None or asked.since is None:
            return words.NOT_SHOWN
        picked = tuple(sorted(set(chosen)))
        if not picked or not set(picked) <= set(asked.placed.order):
            return words.NOTHING_CHOSEN
        if len(picked) > 1 and len(asked.placed.key) == 1:
            return words.ONE_ONLY
        wait = self.rules.least_seconds - (self._clock() - asked.since)
        if wait > 0:
            return words.TOO_SOON.format(seconds=ceil(wait))
        return "" if self.store.answer(state.last.id, place, picked) else words.TIME_UP

    def places(self, number: str) -> list[tuple[int, bool]]:
        """The open sitting's places that count, each with whether it is answered."""
        state = self.state(number)
        if state.may != "sit" or state.last is None:
            return []
        counted = (p for p in self.store.places(state.last.id) if not p.void)
        return [(p.number, p.chosen is not None) for p in counted]

    def hand_in(self, number: str) -> Sitting | None:
        """End the open sitting; the last one that ended, None where there is none."""
        state = self.state(number)
        return self._end(state.last) if state.may == "sit" and state.last else state.last

    def by_area(self, sitting: int) -> dict[int, tuple[int, int]]:
        """Per area, right answers and items: what to read again, and no item's key."""
        found: dict[int, tuple[int, int]] = {}
        for p in self.store.places(sitting):
            if not p.void:
                right, total = found.get(p.placed.area, (0, 0))
                found[p.placed.area] = (right + p.right, total + 1)
        return dict(sorted(found.items()))

    def close_overdue(self) -> int:
        """Hand in every sitting whose time is up; how many."""
        late = [s for s in self.store.sittings() if s.ended is None and s.deadline <= self._clock()]
        for sitting in late:
            self._end(sitting)
        return len(late)

    # Keeping and forgetting

    def purge(self) -> tuple[int, int]:
        """Forget people whose last sitting (or enrolment) is older than the rules keep, and
        certificates a year after their end; how many of each."""
        self.close_overdue()
        gone = 0
        for candidate in self.store.candidates():
            days = [s.ended or s.day for s in self.store.sittings(candidate.number)]
            last = max([candidate.enrolled, *days])
            if self.today > later(last, self.rules.kept_years):
                gone += self.store.delete(candidate.number)
        return gone, self.store.drop_expired(later(self.today, -1))

    def _void(self, sitting: Sitting) -> bool:
        """Whether what was passed no longer holds: revoked, or too many articles have changed."""
        revoked = any(c.sitting == sitting.id and c.revoked for c in self.store.certificates())
        bounds = [p.bound for p in self.store.places(sitting.id) if not p.void]
        return revoked or stale(bounds, self._digest)

    def _replaced(self, sitting: Sitting, live: Mapping[str, Item]) -> list[Place]:
        """The sitting's places, after those that wait for an answer and may no longer be asked
        gave way. What was answered stays as it was asked."""
        places = self.store.places(sitting.id)

        def asked(p: Place) -> bool:
            item = live.get(p.placed.item)
            return item is not None and item.version == p.placed.version

        gone = [p for p in places if p.chosen is None and not p.void and not asked(p)]
        if not gone:
            return places
        items = list(live.values())
        used = {live[p.placed.item].point for p in places if p.placed.item in live}
        for p in gone:
            new = another(items, p.placed, used, sitting.seed)
            bound = self._bound(live[new.item]) if new else {}
            if new:
                used.add(live[new.item].point)
            self.store.swap(sitting.id, p.number, new, bound)
        return self.store.places(sitting.id)

    def _end(self, sitting: Sitting) -> Sitting:
        counted = [p for p in self.store.places(sitting.id) if not p.void]
        needed = mark([], None, sitting.share).needed(len(counted))
        self.store.end(sitting.id, self.today, len(counted), sum(p.right for p in counted), needed)
        return next(s for s in self.store.sittings(sitting.number) if s.id == sitting.id)

    def _bound(self, item: Item) -> dict[str, str]:
        return {str(c): self._digest(c) for c in item.cite}


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
