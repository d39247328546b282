"""When the next message may go out: each chat for itself, groups more slowly, all together.

One flooded chat waits alone (the limits are those of Telegram's FAQ for bots). In memory: another
replica has its own, and Telegram's 429 says so where they were too fast together.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

CHAT, ALL = 1.05, 1 / 30
"""Seconds between messages of one chat (with room for the network's moods), and of all."""

GROUP, MINUTE = 20, 61.0
"""Messages to one group in a minute."""

KEPT = 10 * MINUTE
"""After so long a place that nobody took, or a silent chat, is forgotten."""


class Pace:
    """Places in time by chat. Used inside one event loop."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._all = 0.0
        self._sent: dict[str, deque[float]] = {}
        self._closed: dict[str, float] = {}
        self._places: dict[tuple[str, str], float] = {}
        self._swept = clock()

    def wait(self, person: str, chat: str) -> float:
        """Seconds until a message of this person may go to this chat; 0 takes the place.

        The place is kept for when they come back, so that of many who wait each waits once.
        """
        now = self._clock()
        self._sweep(now)
        place = self._places.get((person, chat))
        if place is None or self._closed.get(chat, 0.0) > place:
            place = self._next(chat, now)
            self._places[person, chat] = place
        if (wait := max(place, self._all) - now) > 0:
            return wait
        self._all = now + ALL
        del self._places[person, chat]
        return 0.0

    def close(self, chat: str, seconds: float) -> None:
        """Telegram says that this chat must wait."""
        self._closed[chat] = self._clock() + seconds

    def _next(self, chat: str, now: float) -> float:
        sent = self._sent.setdefault(chat, deque(maxlen=GROUP))
        place = max(now, self._closed.get(chat, 0.0))
        if sent:
            place = max(place, sent[-1] + CHAT)
        if chat.startswith("-") and len(sent) == GROUP:
            place = max(place, sent[0] + MINUTE)
        sent.append(place)
        return place

    def _sweep(self, now: float) -> None:
        if now - self._swept < MINUTE:
            return
        self._swept = now
        self._sent = {c: s for c, s in self._sent.items() if s and s[-1] > now - KEPT}
        self._closed = {c: t for c, t in self._closed.items() if t > now}
        self._places = {p: t for p, t in self._places.items() if t > now - KEPT}
