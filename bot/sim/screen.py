"""What users of a simulated platform see, and what the platform counts and complains about."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any

KEPT = 1000
"""Messages kept for one user, and complaints kept in all; load tests run for long."""


@dataclass(slots=True)
class Shown:
    """One thing on a user's screen. `by`: "me" | "bot" | "platform"; `kind` says how it came."""

    id: int
    by: str
    kind: str
    text: str
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule that the bot broke. `reason` is one fixed word, `detail` never a user's words."""

    reason: str
    detail: str = ""


class Screens:
    """The screens of all users, the counters and the violations."""

    def __init__(self) -> None:
        self._shown: dict[str, deque[Shown]] = {}
        self._last = 0
        self.counts: Counter[str] = Counter()
        self.reasons: Counter[str] = Counter()
        self.violations: deque[Violation] = deque(maxlen=KEPT)

    def show(self, user: str, by: str, kind: str, text: str, **extra: Any) -> Shown:
        self._last += 1
        shown = Shown(self._last, by, kind, text, extra)
        self._shown.setdefault(user, deque(maxlen=KEPT)).append(shown)
        return shown

    def of(self, user: str, after: int = 0) -> list[Shown]:
        """A user's screen in order, from after one id on."""
        return [shown for shown in self._shown.get(user, ()) if shown.id > after]

    def users(self) -> list[str]:
        return list(self._shown)

    def violate(self, reason: str, detail: str = "") -> None:
        self.reasons[reason] += 1
        self.violations.append(Violation(reason, detail))

    def clear(self) -> None:
        self._shown.clear()
        self.counts.clear()
        self.reasons.clear()
        self.violations.clear()
