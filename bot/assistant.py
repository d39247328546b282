"""The shell around a turn: respond, apply the effects, answer. Nothing typed is written down."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date

from bot import texts
from bot.message import Incoming, Reply
from bot.skills import ask
from bot.sources import Sources
from bot.storage.store import Store
from bot.turn import Drop, Effect, Enqueue, Fetch, Hold, Log, Session, Turn, Vote

log = logging.getLogger("xst")

HELD_SECONDS = 600
HELD_MOST = 10_000


class Assistant:
    """Answers messages from any channel.

    `sources` gives the release that is current now; `store` may be None where nothing is kept
    (bulk answers). Questions that wait for consent are in memory only, at most ten minutes.
    """

    def __init__(
        self,
        sources: Callable[[], Sources],
        store: Store | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sources, self._store, self._clock = sources, store, clock
        self._held: dict[str, tuple[float, Hold]] = {}
        self._lock = threading.Lock()

    @property
    def sources(self) -> Sources:
        return self._sources()

    def handle(self, incoming: Incoming, session: Session) -> Turn:
        """One message in, its replies and the session after it out."""
        sources = self._sources()
        turn = ask.respond(incoming, session, sources)
        for effect in turn.effects:
            reply = self._apply(effect, incoming.sender, sources.day)
            if reply is not None:
                turn = replace(turn, replies=(reply,))
        return turn

    def _apply(self, effect: Effect, sender: str, day: date) -> Reply | None:
        match effect:
            case Log(event):
                log.warning("%s", event)
            case Vote(ref, helpful) if self._store:
                self._store.vote(ref, helpful)
            case Hold():
                if self._store is None:
                    return _plain(texts.QUEUE_CLOSED)
                with self._lock:
                    self._forget_old()
                    self._held[sender] = (self._clock(), effect)
            case Drop():
                with self._lock:
                    self._held.pop(sender, None)
            case Enqueue():
                return self._enqueue(sender, day)
            case Fetch(code, delete):
                return self._fetch(code, delete)
        return None

    def _enqueue(self, sender: str, day: date) -> Reply:
        with self._lock:
            self._forget_old()
            held = self._held.pop(sender, None)
        if self._store is None or held is None:
            return _plain(texts.QUEUE_GONE)
        code = self._store.enqueue(held[1].text, held[1].region, day)
        return _plain(texts.QUEUE_DONE.format(code=code))

    def _fetch(self, code: str, delete: bool) -> Reply:
        if self._store is None:
            return _plain(texts.QUEUE_CLOSED)
        if delete:
            deleted = self._store.delete(code)
            return _plain(texts.QUEUE_DELETED if deleted else texts.QUEUE_UNKNOWN)
        queued = self._store.fetch(code)
        if queued is None:
            return _plain(texts.QUEUE_UNKNOWN)
        if not queued.answer:
            return _plain(texts.QUEUE_WAITING)
        cited = "".join(f"\n{c}" for c in queued.citations)
        basis = f"\n{texts.BASIS}{cited}" if cited else ""
        return _plain(texts.QUEUE_ANSWER.format(answer=queued.answer) + basis)

    def _forget_old(self) -> None:
        now = self._clock()
        self._held = {k: v for k, v in self._held.items() if now - v[0] < HELD_SECONDS}
        while len(self._held) >= HELD_MOST:
            self._held.pop(next(iter(self._held)))


def _plain(text: str) -> Reply:
    return Reply(text, text, "answer")
