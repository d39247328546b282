"""The question of the day, put into the outbox for everybody who wants it, once a day each.

That somebody has it is noted in the transaction that posts it and opens it in their conversation:
neither a restart nor a second replica sends it again.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Protocol

from anyio import to_thread

from bot.desk import Desk
from bot.faults import where
from bot.message import Reply
from bot.skills.practice import daily_turn
from bot.skills.practice_group import of_day
from bot.sources import Sources
from bot.storage.practice import Practices, Subscriber
from bot.storage.store import Store
from bot.turn import Session, Turn

log = logging.getLogger("xst")

MINUTE, HOUR = 60.0, 3600.0
BATCH = 100

WINDOW = timedelta(hours=3)
"""How long after its hour the question still goes out, to who was busy or away: not at night."""

QUIET, EXERCISE = 300.0, 3600.0
"""Seconds of silence before a conversation is begun anew, and one in the midst of an exercise."""


class Pusher(Protocol):
    """What an account offers that may write first.

    `pushes` may change (a platform tells what it allows); `metered` says that the platform
    allows so many messages and no more; `pushed` gives the bodies of parcels.
    """

    metered: bool

    @property
    def pushes(self) -> bool: ...
    def pushed(self, replies: tuple[Reply, ...]) -> tuple[str, ...]: ...


class Daily:
    """Posts the daily questions of one process while `run` runs."""

    def __init__(
        self,
        desk: Desk,
        pushers: Mapping[str, Pusher],
        current: Callable[[], Sources],
        at: time,
        now: Callable[[], datetime] = datetime.now,
    ) -> None:
        """`pushers` by account; `at` and `now` in the operator's local time."""
        self._desk, self._pushers, self._current = desk, pushers, current
        self._at, self._now = at, now
        self._practices = Practices(desk.mailbox.store)

    async def run(self, stop: asyncio.Event) -> None:
        """Look every minute until `stop`."""
        while not stop.is_set():
            try:
                await self.once()
            except Exception as error:  # the database may be away; the next minute is as good
                log.error("daily question failed: %s", where(error))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), MINUTE)

    async def once(self) -> int:
        """Post what is due now; gives how many."""
        now = self._now()
        opens = datetime.combine(now.date(), self._at, now.tzinfo)
        closes = min(opens + WINDOW, datetime.combine(now.date(), time.max, now.tzinfo))
        pushing = {a for a, p in self._pushers.items() if p.pushes}
        if not (opens <= now <= closes and pushing):
            return 0
        sources = await to_thread.run_sync(self._current)
        if sources.day != now.date() or not sources.items():
            return 0
        metered = {a for a in pushing if self._pushers[a].metered}
        seconds = (closes - now).total_seconds() + HOUR
        due, posted, after = self._practices.due, 0, ""
        while found := await to_thread.run_sync(due, sources.day, pushing, metered, after, BATCH):
            for to in found:
                posted += await self._sent(to, sources, seconds)
            after = found[-1].person
        if posted:
            self._desk.posted()
        return posted

    async def _sent(self, to: Subscriber, sources: Sources, seconds: float) -> bool:
        if self._desk.persons.open(to.target) is None:
            # The key went with the machine's memory: nobody can be reached by this any more.
            await to_thread.run_sync(self._practices.unsubscribe, to.person)
            return False

        def compute(session: Session, idle: float, store: Store) -> Turn | None:
            return question(session, idle, store, to, sources)

        write = self._pushers[to.account].pushed
        return await self._desk.push(to, compute, write, seconds)


def question(
    session: Session, idle: float, store: Store, to: Subscriber, sources: Sources
) -> Turn | None:
    """The turn that brings the day's question; None where the person has it, or is busy: asked
    for consent, in a campaign, in the midst of an exercise, or just talking."""
    kind = session.task.partition(":")[0]
    if session.waits or kind == "sit" or idle < (EXERCISE if kind == "rehearse" else QUIET):
        return None
    if not session.region:
        session = replace(session, region=to.region)
    if of_day(session, sources) is None or not Practices(store).sent(to.person, sources.day):
        return None
    return daily_turn(session, sources, pushed=True)
