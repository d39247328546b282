"""Rules, chats and speed limits of the simulated Telegram.

Source: "My bot is hitting limits" of core.telegram.org/bots/faq.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field
from typing import Any

PER_SECOND, PER_MINUTE_IN_GROUP = 30, 20


@dataclass(slots=True)
class Rules:
    """What can be set while the simulator runs.

    `second`: length of a second for waiting (webhook retries and time-outs, speed limits).
    `burst`: messages a chat takes at once before one a second counts. `floods`: whether there
    are speed limits at all. `fail_next`: calls answered with HTTP 502. `latency`: seconds every
    call takes. `twice`: every update is delivered two times. `privacy`: in groups only commands,
    mentions and replies reach the bot. `https_only`: as outside of a test.
    """

    second: float = 1.0
    burst: int = 1
    floods: bool = True
    fail_next: int = 0
    latency: float = 0.0
    twice: bool = False
    privacy: bool = False
    https_only: bool = False


@dataclass(slots=True)
class Chat:
    """A private chat (its id is the user's) or a group. `state`: "" | "blocked" | "kicked" |
    "deactivated" | "never" (nobody wrote first)."""

    id: int
    kind: str
    title: str = ""
    state: str = ""
    moved: int = 0
    messages: dict[int, dict[str, Any]] = field(default_factory=dict)
    last_id: int = 0

    def plain(self) -> dict[str, Any]:
        if self.kind == "private":
            return {"id": self.id, "type": "private", "first_name": self.title or "用户"}
        return {"id": self.id, "type": self.kind, "title": self.title}


class Pace:
    """Counts messages and says how long a bot must wait; waiting too little is remembered."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._chats: dict[int, tuple[float, float]] = {}
        self._minutes: dict[int, deque[float]] = {}
        self._all: deque[float] = deque()
        self._shut: dict[int, float] = {}
        self.impatient = 0

    def flood(self, chat: int, seconds: float, now: float) -> None:
        """Shut a chat for so long, as after a flood."""
        self._shut[chat] = now + seconds

    def wait(self, chat: int, group: bool, now: float) -> int:
        """0 and the message counts, or the seconds of retry_after."""
        if self._shut.get(chat, 0.0) > now:
            self.impatient += 1
            return self._seconds(self._shut[chat] - now)
        if not self._rules.floods:
            return 0
        second = self._rules.second
        room, last = self._chats.get(chat, (float(self._rules.burst), now))
        room = min(float(self._rules.burst), room + (now - last) / second)
        _trim(self._all, now - second)
        minute = self._minutes.setdefault(chat, deque()) if group else deque[float]()
        _trim(minute, now - 60 * second)
        wait = 0.0
        if room < 1.0 - 1e-6:
            wait = (1.0 - room) * second
        if len(self._all) >= PER_SECOND:
            wait = max(wait, self._all[0] + second - now)
        if len(minute) >= PER_MINUTE_IN_GROUP:
            wait = max(wait, minute[0] + 60 * second - now)
        if wait > 0.0:
            self._shut[chat] = now + wait
            return self._seconds(wait)
        self._chats[chat] = (room - 1.0, now)
        self._all.append(now)
        minute.append(now)
        return 0

    def _seconds(self, wait: float) -> int:
        return max(1, math.ceil(wait))


def _trim(times: deque[float], before: float) -> None:
    while times and times[0] <= before:
        times.popleft()
