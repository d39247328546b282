"""Where the channels hand in what arrived: once, in order for one person, together for many.

Nothing typed is written. A message is acknowledged only when `answer` returned, and by then its
mark, its answer and what is to be sent are stored; killed before that, it is redelivered.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace

import anyio
from anyio import to_thread

from bot import texts
from bot.assistant import Assistant
from bot.faults import where
from bot.limits import Limits
from bot.message import Incoming, Reply
from bot.metrics import Metrics
from bot.persons import Persons
from bot.storage.mailbox import Grant, Mailbox, Parcel, Settled, Visit
from bot.storage.practice import Practices, Subscriber
from bot.storage.store import Store
from bot.turn import Forget, Session, Subscribe, Turn
from knowledge.plain import from_plain, to_plain

log = logging.getLogger("xst")

AT_ONCE, WAITING = 8, 2000
"""Messages worked on at one time, and messages that may wait; more are not acknowledged."""

Write = Callable[[tuple[Reply, ...]], "Written"]
"""Replies -> what the channel makes of them."""


class Busy(Exception):
    """Too much waits already: do not acknowledge, the platform delivers again."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """One message as a platform delivered it.

    `key` is what makes it this message and no other, by the platform's rules; `account` names
    channel and account (「wechat:gh_1」), `user` the platform's id of who wrote, to whom parcels
    go; both and the text stay in memory. `grant` is what the platform allows for it. `read` gives
    the message where that depends on the conversation (a button of an earlier answer), None for a
    button that is out of date.
    """

    key: str
    account: str
    user: str
    incoming: Incoming
    grant: Grant | None = None
    read: Callable[[Session], Incoming | None] | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """What a channel says: `answer` at once (kept for a redelivery, "" for nothing), `bodies` as
    parcels afterwards, to `target` (by default who wrote)."""

    answer: str = ""
    bodies: tuple[str, ...] = ()
    target: str = ""


class Desk:
    """Takes messages of every channel. One for a process, used inside its event loop.

    `pushes` tells of an account whether it may write first.
    """

    def __init__(
        self,
        assistant: Assistant,
        mailbox: Mailbox,
        persons: Persons,
        limits: Limits | None = None,
        metrics: Metrics | None = None,
        posted: Callable[[], None] | None = None,
    ) -> None:
        self.mailbox, self.persons = mailbox, persons
        self._assistant, self._limits = assistant, limits or Limits()
        self.metrics = metrics or Metrics()
        self.posted = posted or (lambda: None)
        self.pushes: Callable[[str], bool] = lambda account: True
        self._running: dict[str, asyncio.Task[Visit]] = {}
        self._lines: dict[str, tuple[asyncio.Lock, int]] = {}
        self._limit = anyio.CapacityLimiter(AT_ONCE)

    async def answer(self, arrived: Arrived, write: Write) -> str:
        """What the channel says at once to a message, of which this may be the second delivery.

        Cancelling the caller (the platform hung up) does not stop the work: a redelivery finds
        it. Raises Busy, or StoreError or SQLAlchemyError where live state cannot be written.
        """
        mark = self.persons.mark(arrived.key)
        running = self._running.get(mark)
        if running is None:
            if len(self._running) >= WAITING:
                self.metrics.busy(_channel(arrived))
                raise Busy
            running = self._start(mark, self._work(mark, arrived, write))
        else:
            self.metrics.repeated(_channel(arrived))
        visit = await asyncio.shield(running)
        return visit.answer

    async def forget(self, account: str, user: str) -> int:
        """Delete everything kept about a platform's user, in memory too; gives the number of
        rows."""
        person = self.persons.person(account, user)
        async with self._line(person):
            self._assistant.settle(Turn((), Session(), (Forget(),)), person, None)
            return await to_thread.run_sync(self.mailbox.forget, person)

    def person(self, account: str, user: str) -> str:
        return self.persons.person(account, user)

    def parcel(self, arrived: Arrived, body: str, target: str = "") -> Parcel:
        sealed = self.persons.seal(target or arrived.user)
        return Parcel(arrived.account, sealed, self.persons.close(body))

    async def push(
        self,
        to: Subscriber,
        compute: Callable[[Session, float, Store], Turn | None],
        write: Callable[[tuple[Reply, ...]], tuple[str, ...]],
        seconds: float,
    ) -> bool:
        """Say something that answers no message, of use for so many `seconds`; says whether it
        was posted. `compute` gets the session and how long the person has been silent, inside
        the transaction, and gives None to leave them in peace."""

        def settle(kept: str, idle: float, store: Store) -> Settled | None:
            turn = compute(read_session(kept), idle, store)
            if turn is None:
                return None
            bodies = map(self.persons.close, write(turn.replies))
            parcels = tuple(Parcel(to.account, to.target, body, seconds) for body in bodies)
            return Settled(write_session(turn.session), "", parcels)

        async with self._line(to.person):
            return await to_thread.run_sync(
                self.mailbox.tell, to.person, settle, limiter=self._limit
            )

    async def drained(self) -> None:
        """Wait until everything that was taken is answered."""
        while self._running:
            await asyncio.gather(*self._running.values(), return_exceptions=True)

    def _start(self, mark: str, work: Coroutine[None, None, Visit]) -> asyncio.Task[Visit]:
        task = asyncio.create_task(work)
        self._running[mark] = task

        def ended(done: asyncio.Task[Visit]) -> None:
            self._running.pop(mark, None)
            if not done.cancelled():
                done.exception()  # retrieved, so that nobody logs it with what it quotes

        task.add_done_callback(ended)
        return task

    async def _work(self, mark: str, arrived: Arrived, write: Write) -> Visit:
        start = time.perf_counter()
        person = self.persons.person(arrived.account, arrived.user)
        async with self._line(person):
            visit, turn = await to_thread.run_sync(
                self._visit, mark, person, arrived, write, limiter=self._limit
            )
        channel = _channel(arrived)
        if visit.again:
            self.metrics.repeated(channel)
        else:
            disposition = turn.replies[0].disposition if turn and turn.replies else ""
            self.metrics.answered(channel, disposition, time.perf_counter() - start)
            self.posted()
        if turn and any(isinstance(e, Forget) for e in turn.effects):
            await to_thread.run_sync(self.mailbox.settle_journal)
        return visit

    def _visit(
        self, mark: str, person: str, arrived: Arrived, write: Write
    ) -> tuple[Visit, Turn | None]:
        made: list[Turn] = []

        def compute(kept: str) -> Turn:
            session = read_session(kept)
            incoming = arrived.read(session) if arrived.read else arrived.incoming
            if incoming is None:
                return _said(texts.WEB_STALE, session)
            return self._turn(replace(incoming, sender=person), session, person)

        def settle(turn: Turn, store: Store) -> Settled:
            turn = self._assistant.settle(turn, person, store)
            turn = self._subscribed(turn, arrived, person, store)
            made[:] = [turn]
            written = write(turn.replies)
            parcels = tuple(self.parcel(arrived, b, written.target) for b in written.bodies)
            forget = any(isinstance(e, Forget) for e in turn.effects)
            # Sealed: what is said may quote what somebody typed, or be a receipt code.
            answer = self.persons.close(written.answer)
            return Settled(write_session(turn.session), answer, parcels, forget)

        visit = self.mailbox.visit(mark, person, compute, settle, arrived.grant)
        visit = replace(visit, answer=self.persons.read(visit.answer) or "")
        return visit, made[0] if made else None

    def _subscribed(self, turn: Turn, arrived: Arrived, person: str, store: Store) -> Turn:
        """The turn after a wish for the daily question, or for no more of it, was carried out."""
        for effect in turn.effects:
            if not isinstance(effect, Subscribe):
                continue
            practices = Practices(store)
            if not effect.on:
                practices.unsubscribe(person)
            elif not self.pushes(arrived.account):
                return replace(_said(texts.PRACTICE_NO_PUSH, turn.session), effects=turn.effects)
            else:
                sealed = self.persons.seal(arrived.user)
                practices.subscribe(person, arrived.account, sealed, turn.session.region)
                if effect.had:
                    practices.sent(person, effect.had)
        return turn

    def _turn(self, incoming: Incoming, session: Session, person: str) -> Turn:
        wait = self._limits.wait(person)
        if wait or self._limits.crowded():
            # Whoever is in danger, or wants to be forgotten, does not wait.
            urgent = self._assistant.urgent(incoming)
            if not urgent:
                says = texts.SLOWER.format(seconds=int(wait) + 1) if wait else texts.BUSY
                return _said(says, session)
        try:
            return self._assistant.respond(incoming, session)
        except Exception as error:
            log.error("turn failed: %s", where(error))
            return _said(texts.APOLOGY, session)

    def _line(self, person: str) -> _Line:
        return _Line(self._lines, person)


class _Line:
    """A place in one person's line; first come, first served."""

    def __init__(self, lines: dict[str, tuple[asyncio.Lock, int]], person: str) -> None:
        self._lines, self._person = lines, person

    async def __aenter__(self) -> None:
        lock, count = self._lines.get(self._person, (asyncio.Lock(), 0))
        self._lines[self._person] = (lock, count + 1)
        try:
            await lock.acquire()
        except BaseException:  # whoever gives up waiting leaves the line, too
            self._leave()
            raise

    async def __aexit__(self, *_: object) -> None:
        self._lines[self._person][0].release()
        self._leave()

    def _leave(self) -> None:
        lock, count = self._lines[self._person]
        if count == 1:
            del self._lines[self._person]
        else:
            self._lines[self._person] = (lock, count - 1)


def read_session(kept: str) -> Session:
    """A session from the database; a fresh one where it is of an older form."""
    try:
        return from_plain(Session, json.loads(kept)) if kept else Session()
    except (ValueError, TypeError, KeyError, AttributeError):
        return Session()


def write_session(session: Session) -> str:
    return json.dumps(to_plain(session), ensure_ascii=False)


def _said(text: str, session: Session) -> Turn:
    return Turn((Reply(text, text, "clarify"),), session)


def _channel(arrived: Arrived) -> str:
    return arrived.account.partition(":")[0]
