"""The simulated official account: its secrets, the rules in force, and what each user allows.

Sources: 客服消息 (five messages in 48 hours after a message; three in a minute after a click, a
subscription or a scan) and 接口权限说明 of developers.weixin.qq.com.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from bot.sim.crypt import new_aes_key

KINDS = ("unverified", "verified", "service")
MODES = ("plain", "compatible", "safe")

MESSAGE_GRANT = ("message", 5, 48 * 3600.0)
ACTION_GRANT = ("action", 3, 60.0)


@dataclass(frozen=True, slots=True)
class Account:
    """An official account and its developer's settings."""

    account: str = "gh_0123456789ab"
    app_id: str = "wx0123456789abcdef"
    secret: str = field(default_factory=lambda: secrets.token_hex(16), repr=False)
    token: str = field(default_factory=lambda: secrets.token_hex(8), repr=False)
    aes_key: str = field(default_factory=new_aes_key, repr=False)
    old_aes_key: str = field(default_factory=new_aes_key, repr=False)


@dataclass(slots=True)
class Rules:
    """What can be set while the simulator runs.

    `second`: length of one second of the five that a bot has. `twice`: every delivery comes two
    times at once. `duplicates`: further deliveries after an answer that was taken.
    `retry_errors`: HTTP 5xx is redelivered like silence (the pages do not say). `old_key`:
    messages are sealed with the former EncodingAESKey. `whitelist`: addresses that may fetch
    tokens, None for all. `fail_next`: API calls answered "system error". `broken_next`: API calls
    answered with HTTP 502. `latency`: seconds every API call takes. `quota`: calls left today.
    `msgmenu`: whether this account may send menus in messages (many may not: 40200).
    """

    kind: str = "service"
    mode: str = "safe"
    second: float = 1.0
    deliveries: int = 3
    twice: bool = False
    duplicates: int = 0
    retry_errors: bool = True
    old_key: bool = False
    whitelist: list[str] | None = None
    fail_next: int = 0
    broken_next: int = 0
    latency: float = 0.0
    quota: int | None = None
    msgmenu: bool = False


@dataclass(slots=True)
class User:
    """A user of the account. `grants`: messages left and until when, by what gave them."""

    openid: str
    followed: bool = True
    grants: dict[str, tuple[int, float]] = field(default_factory=dict)
    touched: float = 0.0
    typing_until: float = 0.0
    accepted: set[str] = field(default_factory=set)

    def grant(self, what: tuple[str, int, float], now: float) -> None:
        """A newer one of the same kind takes the older one's place, it does not add to it."""
        name, count, seconds = what
        self.grants[name] = (count, now + seconds)

    def spend(self, now: float) -> int:
        """Take one message from what is allowed, the soonest to end first: 0, or an errcode."""
        open_ = {n: g for n, g in self.grants.items() if g[1] > now}
        if not self.followed or not open_:
            return 45015
        left = {n: g for n, g in open_.items() if g[0] > 0}
        if not left:
            return 45047
        name = min(left, key=lambda n: left[n][1])
        self.grants[name] = (left[name][0] - 1, left[name][1])
        return 0
