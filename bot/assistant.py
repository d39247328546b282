"""The shell around a turn: respond, apply the effects, answer. Nothing typed is written down."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace

from bot import skills, texts
from bot.campaign.asking import Page
from bot.message import Incoming, Reply
from bot.practising import Practising, Sealing
from bot.quizzing import Quizzing
from bot.skills.quiz import page_turn
from bot.sources import Sources
from bot.storage.campaigns import Campaigns
from bot.storage.store import Store
from bot.turn import (
    Drop,
    Effect,
    Enqueue,
    Enter,
    Fetch,
    Forget,
    Hold,
    Log,
    NextPractice,
    Pick,
    Practised,
    Session,
    Turn,
    Vote,
)

log = logging.getLogger("xst")

HELD_SECONDS = 600
HELD_MOST = 10_000


class Assistant:
    """Answers messages from any channel.

    `sources` gives the release that is current now; `store` may be None where nothing is kept
    (bulk answers); `round_key` gives the key of a publicity round, `sealing` closes what practice
    keeps of a person, without it nothing is. Questions that wait for consent are in memory only,
    at most ten minutes.
    """

    def __init__(
        self,
        sources: Callable[[], Sources],
        store: Store | None = None,
        clock: Callable[[], float] = time.monotonic,
        round_key: Callable[[str], bytes] | None = None,
        sealing: Sealing | None = None,
    ) -> None:
        self._sources, self._store, self._clock = sources, store, clock
        self.quizzing = Quizzing(Campaigns(store), sources, round_key) if store else None
        self.practising = Practising(sources, sealing)
        self._held: dict[str, tuple[float, Hold]] = {}
        self._lock = threading.Lock()

    @property
    def sources(self) -> Sources:
        return self._sources()

    def handle(self, incoming: Incoming, session: Session) -> Turn:
        """One message in, its replies and the session after it out."""
        return self.settle(self.respond(incoming, session), incoming.sender, self._store)

    def respond(self, incoming: Incoming, session: Session) -> Turn:
        """The turn for one message, nothing of it done yet."""
        return skills.respond(incoming, session, self._sources())

    def urgent(self, incoming: Incoming) -> bool:
        """Whether a message tells of danger or asks to be forgotten: found by words alone."""
        return skills.urgent(incoming, self._sources())

    def settle(self, turn: Turn, sender: str, store: Store | None) -> Turn:
        """Do what a turn asks for, in `store`; an effect that has something to say replaces the
        reply."""
        for effect in turn.effects:
            if isinstance(effect, Enter | Pick):
                turn = self._take_part(effect, turn, sender, store)
            elif isinstance(effect, NextPractice):
                said = self.practising.next(effect, turn.session, sender, store)
                turn = replace(said, effects=turn.effects)
            elif isinstance(effect, Practised) and store:
                self.practising.answered(effect, turn.session, sender, store)
            reply = self._apply(effect, sender, store)
            if reply is not None:
                turn = replace(turn, replies=(reply,))
        return turn

    def _take_part(
        self, effect: Enter | Pick, turn: Turn, sender: str, store: Store | None
    ) -> Turn:
        """The page that a step of a campaign leads to, as a turn with the effects of `turn`."""
        if self.quizzing is None or store is None:
            page = Page(problem="closed")
        else:
            # Inside the transaction that marks the message as done: a redelivery has no effect.
            quizzing = self.quizzing.within(store)
            if isinstance(effect, Enter):
                page = quizzing.enter(effect.scene, effect.code, sender)
            elif effect.number:
                page = quizzing.answer(effect.token, effect.number, effect.places)
            else:
                page = quizzing.page(effect.token)
        said = page_turn(page, turn.session)
        return replace(said, effects=turn.effects)

    def _apply(self, effect: Effect, sender: str, store: Store | None) -> Reply | None:
        match effect:
            case Log(event):
                log.warning("%s", event)
            case Vote(ref, helpful) if store:
                store.vote(ref, helpful)
            case Hold():
                if store is None:
                    return _plain(texts.QUEUE_CLOSED)
                with self._lock:
                    self._forget_old()
                    self._held[sender] = (self._clock(), effect)
            case Drop() | Forget():
                with self._lock:
                    self._held.pop(sender, None)
            case Enqueue():
                return self._enqueue(sender, store)
            case Fetch(code, delete):
                return _fetch(code, delete, store)
        return None

    def _enqueue(self, sender: str, store: Store | None) -> Reply:
        with self._lock:
            self._forget_old()
            held = self._held.pop(sender, None)
        if store is None or held is None:
            return _plain(texts.QUEUE_GONE)
        code = store.enqueue(held[1].text, held[1].region, self._sources().day)
        return _plain(texts.QUEUE_DONE.format(code=code))

    def forget_old(self) -> None:
        """Let go of questions whose ten minutes are over; to be called now and then."""
        with self._lock:
            self._forget_old()

    def _forget_old(self) -> None:
        now = self._clock()
        self._held = {k: v for k, v in self._held.items() if now - v[0] < HELD_SECONDS}
        while len(self._held) >= HELD_MOST:
            self._held.pop(next(iter(self._held)))


def _fetch(code: str, delete: bool, store: Store | None) -> Reply:
    if store is None:
        return _plain(texts.QUEUE_CLOSED)
    if delete:
        deleted = store.delete(code)
        return _plain(texts.QUEUE_DELETED if deleted else texts.QUEUE_UNKNOWN)
    queued = store.fetch(code)
    if queued is None:
        return _plain(texts.QUEUE_UNKNOWN)
    if not queued.answer:
        return _plain(texts.QUEUE_WAITING)
    cited = "".join(f"\n{c}" for c in queued.citations)
    basis = f"\n{texts.BASIS}{cited}" if cited else ""
    return _plain(texts.QUEUE_ANSWER.format(answer=queued.answer) + basis)


def _plain(text: str) -> Reply:
    return Reply(text, text, "answer")
