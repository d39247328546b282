"""The simulated WeCom (企业微信): members of a company who write to one application.

Every public coroutine is a call of the control API under its own name. Sources: 接收消息与事件,
消息格式 and 加解密方案说明 of developer.work.weixin.qq.com.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, field
from typing import Any

import httpx

from bot.sim import wechat_events as events
from bot.sim.control import Wrong, change
from bot.sim.crypt import Crypt, new_aes_key, signature
from bot.sim.screen import Screens, Shown
from bot.sim.server import Clock
from bot.sim.wechat_delivery import SECONDS, Delivered, Request
from bot.sim.wechat_events import Fields
from bot.sim.wechat_reply import Answer, Expected, judge

LOST = Answer("fault", reason="no-answer")


@dataclass(frozen=True, slots=True)
class App:
    """An application of a company and its developer's settings."""

    corp_id: str = "ww0123456789abcdef"
    agent_id: int = 1000002
    token: str = field(default_factory=lambda: secrets.token_hex(8), repr=False)
    aes_key: str = field(default_factory=new_aes_key, repr=False)
    secret: str = field(default_factory=lambda: secrets.token_hex(16), repr=False)


@dataclass(slots=True)
class Rules:
    """What can be set while the simulator runs; the names mean what they mean for WeChat."""

    second: float = 1.0
    deliveries: int = 3
    twice: bool = False
    whitelist: list[str] | None = None
    fail_next: int = 0
    broken_next: int = 0
    latency: float = 0.0


class WeCom:
    """One application and its members. Used inside the simulator's event loop."""

    def __init__(self, hook: str, app: App, rules: Rules, clock: Clock) -> None:
        self.hook, self.app, self.rules, self.clock = hook, app, rules, clock
        self.screens = Screens()
        self.members: set[str] = set()
        self.menu: dict[str, Any] | None = None
        self.crypt = Crypt(app.aes_key, app.corp_id)
        self.http = httpx.AsyncClient(
            timeout=None, trust_env=False, limits=httpx.Limits(max_connections=None)
        )
        self._msg_id = 7_000_000_000_000_000 + secrets.randbelow(10**12) * 1000
        self._last: tuple[str, str] | None = None

    def calls(self) -> list[Callable[..., Awaitable[Any]]]:
        """What the control API offers."""
        return [
            *(self.text, self.image, self.voice, self.location, self.enter, self.click),
            *(self.press, self.event, self.redeliver, self.forge, self.verify, self.remove),
            *(self.screen, self.state, self.set, self.advance, self.reset),
        ]

    async def text(self, user: str, text: str, msg_id: int = 0) -> Delivered:
        self.screens.show(user, "me", "text", text)
        return await self._message(user, "text", events.text(text), msg_id)

    async def image(self, user: str) -> Delivered:
        self.screens.show(user, "me", "image", "[图片]")
        return await self._message(user, "image", events.image(secrets.token_urlsafe(32)))

    async def voice(self, user: str) -> Delivered:
        """WeCom never says what was spoken."""
        self.screens.show(user, "me", "voice", "[语音]")
        media: Fields = [("MediaId", secrets.token_urlsafe(32)), ("Format", "amr")]
        return await self._message(user, "voice", media)

    async def location(
        self, user: str, latitude: float, longitude: float, label: str = ""
    ) -> Delivered:
        self.screens.show(user, "me", "location", f"[位置] {label}")
        fields = events.location(float(latitude), float(longitude), label)
        return await self._message(user, "location", [*fields, ("AppType", "wxwork")])

    async def enter(self, user: str) -> Delivered:
        """Open the application."""
        return await self._event(user, events.keyed("enter_agent", ""))

    async def click(self, user: str, key: str) -> Delivered:
        """A menu entry with this key, whether or not the menu has it."""
        return await self._event(user, events.keyed("click", key))

    async def press(self, user: str, name: str) -> Delivered:
        """Press the menu entry with this name. Refused where the menu has none."""
        top = (self.menu or {}).get("button", [])
        buttons = [b for entry in top for b in (entry, *entry.get("sub_button", []))]
        button = next((b for b in buttons if b.get("name") == name and "type" in b), None)
        if button is None:
            raise Wrong("the menu has no such entry")
        self.screens.show(user, "me", "menu", name)
        if button["type"] == "view":
            return await self._event(user, events.keyed("view", button["url"]))
        return await self.click(user, button.get("key", ""))

    async def event(self, user: str, name: str, fields: dict[str, Any] | None = None) -> Delivered:
        """Any event by name, known or not, with these elements."""
        return await self._event(user, events.event(name, list((fields or {}).items())))

    async def redeliver(self) -> Delivered:
        """Deliver the last message or event once more."""
        if self._last is None:
            raise Wrong("nothing was delivered yet")
        self.screens.counts["duplicates"] += 1
        return await self._deliver(*self._last, 0)

    async def forge(self, user: str, text: str, how: str) -> int:
        """Post what WeCom would never post; gives the HTTP status. `how`: "signature", "old",
        "receiver" or "ciphertext"."""
        xml = self._xml(user, "text", [*events.text(text), ("MsgId", self._next_id())])
        stamp = str(int(time.time()) - (7200 if how == "old" else 0))
        token = "not-the-token" if how == "signature" else self.app.token
        crypt = Crypt(self.app.aes_key, "wwsomebodyelse") if how == "receiver" else self.crypt
        sealed = "QUJD" * 16 if how == "ciphertext" else crypt.encrypt(xml)
        answer = await self._post(self._sealed(sealed, token, stamp))
        if answer.status_code == 200 and answer.content not in (b"", b"success"):
            self.screens.violate("forgery-answered", how)
        return answer.status_code

    async def verify(self) -> str:
        """Save the address in the console: the echo comes sealed and must be given back open.
        Gives "" or what is wrong."""
        echo = str(secrets.randbelow(10**18))
        sealed = self.crypt.encrypt(echo)
        for token, right in ((self.app.token, True), ("somebody-else", False)):
            params = self._sealed(sealed, token).params | {"echostr": sealed}
            try:
                async with asyncio.timeout(SECONDS * self.rules.second):
                    answer = await self.http.get(self.hook, params=params)
            except (TimeoutError, httpx.TransportError):
                return self._problem("verify-no-answer")
            if right and (answer.status_code != 200 or answer.text != echo):
                return self._problem("verify-not-echoed")
            if not right and echo in answer.text:
                return self._problem("verify-forged-echoed")
        return ""

    async def remove(self, user: str) -> None:
        """Take a member out of who may see the application."""
        self.members.discard(user)

    async def set(self, **rules: Any) -> dict[str, Any]:
        """Change rules; gives all of them."""
        change(self.rules, rules)
        return asdict(self.rules)

    async def advance(self, seconds: float) -> float:
        self.clock.advance(float(seconds))
        return self.clock.now()

    async def screen(self, user: str, after: int = 0) -> list[Shown]:
        return self.screens.of(user, int(after))

    async def state(self) -> dict[str, Any]:
        """Counters, violations, menu and rules."""
        return {
            "counts": dict(self.screens.counts),
            "violations": dict(self.screens.reasons),
            "menu": self.menu,
            "rules": asdict(self.rules),
        }

    async def reset(self) -> None:
        """Forget members, screens, menu and counters; rules and tokens stay."""
        self.members.clear()
        self.screens.clear()
        self.menu, self._last = None, None

    # Parts

    async def _message(self, user: str, kind: str, fields: Fields, msg_id: int = 0) -> Delivered:
        msg_id = msg_id or self._next_id()
        self.screens.counts["messages"] += 1
        xml = self._xml(user, kind, [*fields, ("MsgId", msg_id)])
        return await self._deliver(user, xml, msg_id)

    async def _event(self, user: str, fields: Fields) -> Delivered:
        self.screens.counts["events"] += 1
        return await self._deliver(user, self._xml(user, "event", fields), 0)

    async def _deliver(self, user: str, xml: str, msg_id: int) -> Delivered:
        """Five seconds, three times. A member is told nothing of a fault."""
        self.members.add(user)
        self._last = (user, xml)
        started, answer, number = time.monotonic(), LOST, 0
        for number in range(1, self.rules.deliveries + 1):
            slot = time.monotonic() + SECONDS * self.rules.second
            self.screens.counts["redeliveries"] += number > 1
            posts = [self._once(user, xml) for _ in range(2 if self.rules.twice else 1)]
            found = await asyncio.gather(*posts)
            if None not in found and len(set(found)) > 1:
                self.screens.violate("answers-differ")
            taken = next((a for a in found if a is not None), None)
            if taken is not None:
                answer = taken
                break
            if number < self.rules.deliveries:
                await asyncio.sleep(max(0.0, slot - time.monotonic()))
        if answer.outcome == "reply":
            self.screens.show(user, "bot", f"passive-{answer.kind}", answer.text)
        elif answer.outcome == "fault":
            self.screens.violate(answer.reason)
        seconds = time.monotonic() - started
        return Delivered(
            msg_id, answer.outcome, answer.kind, answer.text, answer.reason, number, seconds
        )

    async def _once(self, user: str, xml: str) -> Answer | None:
        self.screens.counts["deliveries"] += 1
        try:
            async with asyncio.timeout(SECONDS * self.rules.second):
                response = await self._post(self._sealed(self.crypt.encrypt(xml)))
        except (TimeoutError, httpx.TransportError):
            self.screens.counts["unanswered"] += 1
            return None
        if response.status_code >= 500:
            return None
        corp, token = self.app.corp_id, self.app.token
        expected = Expected(user, corp, token, corp, crypt=self.crypt, needed=True)
        return judge(response.status_code, response.content, expected)

    async def _post(self, request: Request) -> httpx.Response:
        return await self.http.post(
            self.hook,
            params=request.params,
            content=request.body,
            headers={"Content-Type": "text/xml"},
        )

    def _sealed(self, sealed: str, token: str = "", stamp: str = "") -> Request:
        stamp, nonce = stamp or str(int(time.time())), secrets.token_hex(8)
        signed = signature(token or self.app.token, stamp, nonce, sealed)
        head: Fields = [
            ("ToUserName", self.app.corp_id),
            ("AgentID", str(self.app.agent_id)),
            ("Encrypt", sealed),
        ]
        params = {"msg_signature": signed, "timestamp": stamp, "nonce": nonce}
        return Request(params, events.render(head).encode())

    def _xml(self, user: str, kind: str, fields: Fields) -> str:
        head = events.envelope(self.app.corp_id, user, int(time.time()), kind)
        return events.render([*head, *fields, ("AgentID", self.app.agent_id)])

    def _next_id(self) -> int:
        self._msg_id += 1
        return self._msg_id

    def _problem(self, reason: str) -> str:
        self.screens.violate(reason)
        return reason
