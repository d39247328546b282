"""Sending what waits: in order for one person, again where a platform says later, never in a rush.

No platform here takes a key that would make sending the same thing twice harmless. A parcel whose
sender was killed between sending and saying so is sent again and counted (`perhaps_twice`); so is
one that a platform may have got although it did not say so.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from anyio import to_thread

from bot.faults import where
from bot.metrics import Metrics
from bot.persons import Persons
from bot.storage.mailbox import LEASE, Mailbox, Taken

log = logging.getLogger("xst")

AT_ONCE = 20
PAUSE = 1.0
"""Seconds between looks into the outbox when nobody nudges."""

MOST_TRIES = 12
"""Tries after which a parcel is left whose sender breaks. One that a platform puts off is tried
until it expires: an outage of an hour loses nothing."""

LONGEST = 300.0
"""Longest wait between tries, in seconds."""


@dataclass(frozen=True, slots=True)
class Sent:
    """It arrived, as far as the platform says."""


@dataclass(frozen=True, slots=True)
class Later:
    """Not now. `seconds` is what the platform asks for; None leaves it to the outbox. `perhaps`:
    nobody knows whether it arrived nevertheless."""

    seconds: float | None = None
    perhaps: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """Never: blocked, out of what is allowed, too long. `reason` is one fixed word."""

    reason: str


@dataclass(frozen=True, slots=True)
class Moved:
    """The chat has another id now."""

    target: str


Outcome = Sent | Later | Refused | Moved


class Sender(Protocol):
    """What a channel offers: send one body it wrote itself. It raises nothing it can foresee."""

    async def send(self, target: str, body: str, person: str) -> Outcome: ...


class Post:
    """Empties the outbox while `run` runs. Replicas may each have one."""

    def __init__(
        self,
        mailbox: Mailbox,
        persons: Persons,
        senders: Mapping[str, Sender],
        metrics: Metrics | None = None,
    ) -> None:
        """`senders` by account."""
        self._mailbox, self._persons, self._senders = mailbox, persons, dict(senders)
        self._metrics = metrics or Metrics()
        self._nudged = asyncio.Event()

    def nudge(self) -> None:
        """Something was posted: look now."""
        self._nudged.set()

    async def run(self) -> None:
        """Send until cancelled; what is under way then is finished first."""
        under_way: set[asyncio.Task[None]] = set()
        try:
            while True:
                self._nudged.clear()
                try:
                    room = AT_ONCE - len(under_way)
                    taken = await to_thread.run_sync(self._mailbox.take, room) if room else []
                except Exception as error:  # the database may be away for a while
                    log.error("outbox: cannot read: %s", where(error))
                    taken = []
                for parcel in taken:
                    task = asyncio.create_task(self._send(parcel))
                    under_way.add(task)
                    task.add_done_callback(under_way.discard)
                    task.add_done_callback(lambda _: self.nudge())
                if not taken:
                    try:
                        await asyncio.wait_for(self._nudged.wait(), PAUSE)
                    except TimeoutError:
                        continue
        finally:
            if under_way:
                await asyncio.wait(under_way, timeout=LEASE / 2)

    async def once(self) -> int:
        """Send what is due now, one round; gives how many parcels were tried."""
        taken = await to_thread.run_sync(self._mailbox.take, AT_ONCE)
        await asyncio.gather(*map(self._send, taken))
        return len(taken)

    async def _send(self, parcel: Taken) -> None:
        channel = parcel.account.partition(":")[0]
        try:
            outcome = await self._tried(parcel)
        except Exception as error:
            log.error("outbox: %s failed: %s", channel, where(error))
            outcome = Refused("tries") if parcel.tries >= MOST_TRIES else Later(perhaps=True)
        self._metrics.send(channel, type(outcome).__name__.lower())
        try:
            await to_thread.run_sync(self._report, parcel, outcome)
        except Exception as error:  # the lease ends and it is sent again: counted there
            log.error("outbox: cannot write: %s", where(error))

    async def _tried(self, parcel: Taken) -> Outcome:
        sender = self._senders.get(parcel.account)
        target, body = self._persons.open(parcel.target), self._persons.read(parcel.body)
        if target is None or body is None:
            return Refused("key_gone")
        if sender is None:
            return Later(LONGEST)
        return await asyncio.wait_for(sender.send(target, body, parcel.person), timeout=LEASE * 0.8)

    def _report(self, parcel: Taken, outcome: Outcome) -> None:
        match outcome:
            case Sent():
                self._mailbox.sent(parcel.id)
            case Refused(reason):
                self._mailbox.give_up(parcel.id, reason)
            case Moved(target):
                self._mailbox.later(parcel.id, 0.0, self._persons.seal(target))
            case Later(seconds, perhaps):
                wait = min(LONGEST, 2.0 ** min(parcel.tries, 10)) if seconds is None else seconds
                self._mailbox.later(parcel.id, wait, perhaps=perhaps)
