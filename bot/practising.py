"""Practice of one person: what they got wrong is kept sealed, and asked again when it is due."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Protocol

from bot.campaign import repetition
from bot.campaign.repetition import Memory
from bot.skills.practice import next_turn
from bot.skills.practice_group import of_day
from bot.sources import Sources
from bot.storage.practice import Practices
from bot.storage.store import Store
from bot.turn import NextPractice, Practised, Session, Turn

SEEDS = 10**9 - 1


class Sealing(Protocol):
    """What we use of `bot.persons`: text closed under the key in memory, and read again (None
    where it was another key)."""

    def close(self, text: str) -> str: ...
    def read(self, closed: str) -> str | None: ...


class Practising:
    """Does what practice asks for. Without `sealing` nothing is kept of a person."""

    def __init__(
        self,
        sources: Callable[[], Sources],
        sealing: Sealing | None = None,
        seed: Callable[[], int] = lambda: 1 + secrets.randbelow(SEEDS),
    ) -> None:
        self._sources, self._sealing, self._seed = sources, sealing, seed

    def next(
        self, effect: NextPractice, session: Session, person: str, store: Store | None
    ) -> Turn:
        """The turn with the next question; effects are not its own."""
        sources, seed = self._sources(), self._seed()
        if not effect.kept or store is None or self._sealing is None:
            return next_turn(session, sources, seed)
        memory = self._memory(person, Practices(store), self._sealing)
        return next_turn(session, sources, seed, memory.due(sources.day), memory.points)

    def answered(self, effect: Practised, session: Session, person: str, store: Store) -> None:
        """Count an answer, and remember what was wrong where it may be kept."""
        sources = self._sources()
        item = sources.item(effect.item)
        if item is None:
            return
        practices = Practices(store)
        practices.used(item.id, item.version, effect.chosen)
        if not effect.kept:
            return
        practices.answered(person, session.region)
        today = of_day(session, sources) if effect.daily else None
        if today is not None and today.id == item.id:
            practices.sent(person, sources.day)  # who has it needs it no second time
        if self._sealing is not None:
            memory = self._memory(person, practices, self._sealing)
            after = memory.after(item.point, effect.chosen == item.key, sources.day)
            if after is not memory:
                practices.put(person, self._sealing.close(repetition.write(after)))

    def _memory(self, person: str, practices: Practices, sealing: Sealing) -> Memory:
        return repetition.read(sealing.read(practices.get(person)) or "")
