"""Access tokens by WeChat's rules: what fetching one does to the others, and when they die.

Sources: 获取接口调用凭据 and 获取稳定版接口调用凭据 of developers.weixin.qq.com.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

LIFE = 7200
OVERLAP = 300
"""Seconds for which a former token lives on after an ordinary renewal."""

DAY = 24 * 3600.0
PER_DAY = 2000
STABLE_PER_MINUTE, STABLE_PER_DAY = 10_000, 500_000
FORCED_PER_DAY, FORCED_APART = 20, 30.0


@dataclass(slots=True)
class Token:
    """`ends`: when its life is over; `dies`: earlier, when another took its place."""

    value: str
    ends: float
    dies: float


@dataclass(slots=True)
class Tokens:
    """All tokens of one account. /token and /stable_token know nothing of each other."""

    _known: dict[str, Token] = field(default_factory=dict)
    _ordinary: Token | None = None
    _stable: Token | None = None
    _calls: dict[str, list[float]] = field(default_factory=dict)

    def fetch(self, now: float) -> tuple[int, str, int]:
        """errcode, token and seconds: what GET /cgi-bin/token gives."""
        if self._count("token", now, DAY) >= PER_DAY:
            return 45009, "", 0
        self._calls["token"].append(now)
        self._ordinary = self._renewed(self._ordinary, now, OVERLAP)
        return 0, self._ordinary.value, LIFE

    def fetch_stable(self, now: float, force: bool) -> tuple[int, str, int]:
        """errcode, token and seconds: what POST /cgi-bin/stable_token gives."""
        if self._count("stable", now, DAY) >= STABLE_PER_DAY:
            return 45009, "", 0
        if sum(t > now - 60 for t in self._calls["stable"]) >= STABLE_PER_MINUTE:
            return 45011, "", 0
        self._calls["stable"].append(now)
        if force:
            if self._count("forced", now, DAY) >= FORCED_PER_DAY:
                return 45009, "", 0
            if self._calls["forced"] and now - self._calls["forced"][-1] < FORCED_APART:
                return 45011, "", 0
            self._calls["forced"].append(now)
            self._stable = self._renewed(self._stable, now, 0)
        elif self._stable is None or self._stable.ends - now < OVERLAP:
            self._stable = self._renewed(self._stable, now, OVERLAP)
        return 0, self._stable.value, int(self._stable.ends - now)

    def check(self, value: str, now: float) -> int:
        """0 for a token that is good now, or the errcode."""
        if not value:
            return 41001
        token = self._known.get(value)
        if token is None:
            return 40001 if len(value) >= 100 else 40014
        if now >= token.ends:
            return 42001
        return 40001 if now >= token.dies else 0

    def kill(self) -> None:
        """End every token before its time, as when somebody else fetched one."""
        for token in self._known.values():
            token.dies = 0.0
        self._stable = self._ordinary = None

    def fetched(self) -> dict[str, int]:
        return {name: len(times) for name, times in self._calls.items()}

    def _renewed(self, former: Token | None, now: float, overlap: float) -> Token:
        if former is not None:
            former.dies = min(former.dies, now + overlap)
        token = Token(f"{secrets.token_urlsafe(102)[:136]}", now + LIFE, now + LIFE)
        self._known = {v: t for v, t in self._known.items() if t.ends > now - DAY}
        self._known[token.value] = token
        return token

    def _count(self, name: str, now: float, window: float) -> int:
        times = self._calls.setdefault(name, [])
        self._calls.setdefault("forced", [])
        if times and times[0] <= now - window:
            times[:] = [t for t in times if t > now - window]
        return len(times)
