"""Updates on their way to the bot: kept until confirmed, by long polling or by webhook.

Source: "Getting updates" of core.telegram.org/bots/api.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from bot.sim.screen import Screens
from bot.sim.telegram_rules import Rules
from bot.sim.telegram_text import Refused, bad

TIMEOUT, LONGEST_WAIT = 60.0, 300.0
CONFLICT = (
    "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete "
    "the webhook first"
)
OTHER = (
    "Conflict: terminated by other getUpdates request; make sure that only one bot instance is "
    "running"
)


@dataclass(slots=True)
class Hook:
    """A webhook as the bot set it."""

    url: str = ""
    secret: str = ""
    most: int = 40
    kinds: list[str] = field(default_factory=list)
    error: str = ""
    error_at: int = 0


class Updates:
    """The queue of one bot. Used inside the simulator's event loop."""

    def __init__(
        self,
        rules: Rules,
        screens: Screens,
        call: Callable[[str, dict[str, Any]], Awaitable[Any]],
    ) -> None:
        """`call` carries out a method that the bot put into its answer to a webhook."""
        self.rules, self._screens, self._call = rules, screens, call
        self.waiting: dict[int, dict[str, Any]] = {}
        self.hook = Hook()
        self.http = httpx.AsyncClient(
            timeout=None, trust_env=False, limits=httpx.Limits(max_connections=None)
        )
        self._next = 700_000_000
        self._poller = 0
        self._changed = asyncio.Condition()
        self._busy: dict[int, asyncio.Task[None]] = {}
        self._last: dict[str, Any] | None = None

    async def add(self, kind: str, content: dict[str, Any]) -> int:
        """Queue one update; gives its id, 0 for a kind that the bot does not want."""
        if self.hook.kinds and kind not in self.hook.kinds:
            return 0
        self._next += 1
        update = {"update_id": self._next, kind: content}
        self.waiting[self._next] = self._last = update
        self._screens.counts["updates"] += 1
        await self._wake()
        return self._next

    async def again(self) -> int:
        """Queue the last update once more under the same id, as after a lost confirmation."""
        if self._last is None:
            raise bad("no update yet")
        self.waiting[self._last["update_id"]] = self._last
        self._screens.counts["duplicates"] += 1
        await self._wake()
        return int(self._last["update_id"])

    async def poll(
        self, offset: int, limit: int, timeout: float, kinds: list[str] | None
    ) -> list[dict[str, Any]]:
        """getUpdates. A second poller ends the first with 409."""
        if self.hook.url:
            raise Refused(409, CONFLICT)
        if kinds is not None:
            self.hook.kinds = kinds
        self._poller += 1
        mine = self._poller
        if offset < 0:
            offset = max([*self.waiting, 0]) + offset + 1
        if offset > 0:
            self.waiting = {n: u for n, u in self.waiting.items() if n >= offset}
        until = time.monotonic() + timeout
        async with self._changed:
            self._changed.notify_all()
            while not (found := self._wanted()):
                left = until - time.monotonic()
                if left <= 0:
                    return []
                try:
                    async with asyncio.timeout(left):
                        await self._changed.wait()
                except TimeoutError:
                    return []
                if mine != self._poller:
                    raise Refused(409, OTHER)
        found = found[: max(1, min(limit, 100))]
        self._screens.counts["deliveries"] += len(found)
        return found * 2 if self.rules.twice else found

    async def set_hook(self, hook: Hook, drop: bool) -> None:
        if drop:
            self.waiting.clear()
        if (hook.url, hook.secret) == (self.hook.url, self.hook.secret):
            self.hook.most, self.hook.kinds = hook.most, hook.kinds
        else:
            self.hook = hook
            for task in self._busy.values():
                task.cancel()
            self._busy.clear()
        await self._wake()

    async def settle(self, seconds: float) -> bool:
        """Wait until nothing is queued; False where that takes longer."""
        until = time.monotonic() + seconds
        while self.waiting and time.monotonic() < until:
            await asyncio.sleep(0.005)
        return not self.waiting

    async def close(self) -> None:
        for task in self._busy.values():
            task.cancel()
        await self.http.aclose()

    def _wanted(self) -> list[dict[str, Any]]:
        return [update for _, update in sorted(self.waiting.items())]

    async def _wake(self) -> None:
        async with self._changed:
            self._changed.notify_all()
        if not self.hook.url:
            return
        for update in self._wanted():
            ident = update["update_id"]
            if len(self._busy) >= self.hook.most or ident in self._busy:
                continue
            task = asyncio.create_task(self._push(update, self.hook))
            self._busy[ident] = task
            task.add_done_callback(lambda t, i=ident: self._ended(t, i))  # type: ignore[misc]

    def _ended(self, task: asyncio.Task[None], ident: int) -> None:
        if self._busy.get(ident) is task:
            del self._busy[ident]
        if self.waiting and not task.cancelled():
            self._waking = asyncio.ensure_future(self._wake())  # held, or it may vanish

    async def _push(self, update: dict[str, Any], hook: Hook) -> None:
        """Post one update until it is taken, waiting longer each time."""
        wait = 1.0
        while update["update_id"] in self.waiting and self.hook is hook:
            posts = [self._post(update, hook) for _ in range(2 if self.rules.twice else 1)]
            if any(await asyncio.gather(*posts)):
                self.waiting.pop(update["update_id"], None)
                return
            await asyncio.sleep(wait * self.rules.second)
            wait = min(LONGEST_WAIT, wait * 2)

    async def _post(self, update: dict[str, Any], hook: Hook) -> bool:
        headers = {"X-Telegram-Bot-Api-Secret-Token": hook.secret} if hook.secret else {}
        self._screens.counts["deliveries"] += 1
        try:
            async with asyncio.timeout(TIMEOUT * self.rules.second):
                answer = await self.http.post(hook.url, json=update, headers=headers)
        except TimeoutError:
            return self._failed(hook, "Read timeout expired")
        except httpx.TransportError:
            return self._failed(hook, "Connection refused")
        if not 200 <= answer.status_code < 300:
            words = f"Wrong response from the webhook: {answer.status_code} {answer.reason_phrase}"
            return self._failed(hook, words)
        if answer.headers.get("content-type", "").startswith("application/json"):
            await self._answered(answer)
        return True

    async def _answered(self, answer: httpx.Response) -> None:
        try:
            asked = answer.json()
            if isinstance(asked, dict) and isinstance(method := asked.pop("method", None), str):
                await self._call(method, asked)
        except (ValueError, Refused):
            self._screens.violate("webhook-answer")

    def _failed(self, hook: Hook, words: str) -> bool:
        hook.error, hook.error_at = words, int(time.time())
        self._screens.counts["failed deliveries"] += 1
        return False
