"""The simulated WeChat: users who write, tap and scan, and an account that must answer them.

Every public coroutine is a call of the control API under its own name.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any

from bot.sim import wechat_events as events
from bot.sim.control import Wrong, change
from bot.sim.screen import Screens, Shown
from bot.sim.server import Clock
from bot.sim.wechat_delivery import Courier, Delivered
from bot.sim.wechat_events import Fields
from bot.sim.wechat_forgery import FORGERIES, forged
from bot.sim.wechat_menu import check_menu
from bot.sim.wechat_rules import (
    ACTION_GRANT,
    KINDS,
    MESSAGE_GRANT,
    MODES,
    Account,
    Rules,
    User,
)

FAULT = "该公众号提供的服务出现故障，请稍后再试"


class WeChat:
    """One official account, its users and its menu. Used inside the simulator's event loop."""

    def __init__(self, hook: str, account: Account, rules: Rules, clock: Clock) -> None:
        self.account, self.rules, self.clock = account, rules, clock
        self.screens = Screens()
        self.users: dict[str, User] = {}
        self.menu: dict[str, Any] | None = None
        self.media: dict[str, bytes] = {}
        self.courier = Courier(hook, account, rules, self.screens)
        self._msg_id = 24_000_000_000_000_000 + secrets.randbelow(10**12) * 1000
        self._last: tuple[str, str, int] | None = None
        self.changed: Callable[[], None] = lambda: None

    def calls(self) -> list[Callable[..., Awaitable[Any]]]:
        """What the control API offers."""
        return [
            *(self.text, self.image, self.voice, self.video, self.location, self.link, self.file),
            *(self.follow, self.unfollow, self.scan, self.click, self.press, self.event),
            *(self.position, self.subscribe, self.redeliver, self.forge, self.verify),
            *(self.set_menu, self.screen, self.state, self.set, self.advance, self.reset),
        ]

    # Messages

    async def text(self, user: str, text: str, msg_id: int = 0, menu_id: str = "") -> Delivered:
        """Type a text; `menu_id` is that of a tapped entry of a menu in a message."""
        self.screens.show(user, "me", "text", text)
        grant = ACTION_GRANT if menu_id else MESSAGE_GRANT
        return await self._message(user, "text", events.text(text, menu_id), msg_id, grant)

    async def image(self, user: str) -> Delivered:
        self.screens.show(user, "me", "image", "[图片]")
        return await self._message(user, "image", events.image(self._media()))

    async def voice(self, user: str, recognition: str = "", msg_id: int = 0) -> Delivered:
        """Speak; `recognition` is what WeChat makes of it, "" where it makes nothing."""
        self.screens.show(user, "me", "voice", "[语音]")
        fields = events.voice(self._media(), recognition)
        return await self._message(user, "voice", fields, msg_id)

    async def video(self, user: str, short: bool = False) -> Delivered:
        kind = "shortvideo" if short else "video"
        self.screens.show(user, "me", kind, "[视频]")
        return await self._message(user, kind, events.video(self._media()))

    async def location(
        self, user: str, latitude: float, longitude: float, label: str = ""
    ) -> Delivered:
        self.screens.show(user, "me", "location", f"[位置] {label}")
        fields = events.location(float(latitude), float(longitude), label)
        return await self._message(user, "location", fields)

    async def link(self, user: str, title: str, url: str) -> Delivered:
        self.screens.show(user, "me", "link", f"[链接] {title}")
        return await self._message(user, "link", events.link(title, url))

    async def file(self, user: str, title: str = "a.pdf") -> Delivered:
        self.screens.show(user, "me", "file", f"[文件] {title}")
        return await self._message(user, "file", events.file(title))

    # Events

    async def follow(self, user: str, scene: str = "") -> Delivered:
        """Follow the account, by a code with a scene or without."""
        person = self.user(user)
        person.followed = True
        self.screens.show(user, "platform", "notice", "您已关注该公众号")
        key, ticket = (f"qrscene_{scene}", "gQSIMTICKET") if scene else ("", "")
        return await self._event(user, events.keyed("subscribe", key, ticket), ACTION_GRANT)

    async def unfollow(self, user: str) -> Delivered:
        person = self.user(user)
        person.followed, person.grants = False, {}
        self.screens.show(user, "platform", "notice", "您已取消关注")
        return await self._event(user, events.keyed("unsubscribe", ""))

    async def scan(self, user: str, scene: str) -> Delivered:
        """Scan a code of the account: a follower's scan is an event of its own."""
        known = self.users.get(user)
        if known is None or not known.followed:
            return await self.follow(user, scene)
        return await self._event(user, events.keyed("SCAN", scene, "gQSIMTICKET"), ACTION_GRANT)

    async def click(self, user: str, key: str) -> Delivered:
        """A menu entry of type click with this key, whether or not the menu has it."""
        return await self._event(user, events.keyed("CLICK", key), ACTION_GRANT)

    async def press(self, user: str, name: str) -> Delivered:
        """Press the menu entry with this name. Refused where the menu has none."""
        button = next((b for b in self._buttons() if b.get("name") == name), None)
        if button is None or "type" not in button:
            raise Wrong("the menu has no such entry")
        self.screens.show(user, "me", "menu", name)
        if button["type"] == "view":
            return await self._event(user, events.keyed("VIEW", button["url"]))
        return await self.click(user, button.get("key", ""))

    async def position(self, user: str, latitude: float, longitude: float) -> Delivered:
        return await self._event(user, events.position(float(latitude), float(longitude)))

    async def subscribe(self, user: str, templates: dict[str, bool]) -> Delivered:
        """Accept or refuse subscription notices; one acceptance allows one notice."""
        self.user(user).accepted |= {t for t, accepted in templates.items() if accepted}
        return await self._event(user, events.subscribed(templates))

    async def event(self, user: str, name: str, fields: dict[str, Any] | None = None) -> Delivered:
        """Any event by name, known or not, with these elements."""
        return await self._event(user, events.event(name, list((fields or {}).items())))

    async def redeliver(self) -> Delivered:
        """Deliver the last message or event once more, as after a lost connection."""
        if self._last is None:
            raise Wrong("nothing was delivered yet")
        user, xml, msg_id = self._last
        self.screens.counts["duplicates"] += 1
        return await self.courier.deliver(user, xml, msg_id)

    # Attacks and set-up

    async def forge(self, user: str, text: str, how: str) -> int:
        """Post what WeChat would never post; gives the HTTP status of the answer.

        `how`: "signature", "no-signature", "old" (rightly signed, two hours ago), "receiver"
        (another appid inside), "ciphertext" (rightly signed noise), "body" (no XML).
        """
        if how not in FORGERIES:
            raise Wrong(f"how is one of {', '.join(FORGERIES)}")
        if how in ("receiver", "ciphertext") and self.rules.mode == "plain":
            raise Wrong("nothing is encrypted in plain mode")
        xml = self.xml(user, "text", events.text(text), self.next_id())
        request = forged(self.courier, user, xml, how)
        response = await self.courier.post(request)
        if response.status_code == 200 and response.content not in (b"", b"success"):
            self.screens.violate("forgery-answered", how)
        return response.status_code

    async def verify(self) -> str:
        """Save the address in the console: "" or what is wrong with the bot's answer."""
        problem = await self.courier.verify()
        if problem:
            self.screens.violate(problem)
        return problem

    async def set_menu(self, menu: dict[str, Any] | None = None) -> None:
        """Set the menu in the console, which every kind of account may; none deletes it."""
        if menu is not None and (code := check_menu(menu)):
            raise Wrong(f"errcode {code}")
        self.menu = menu

    async def set(self, **rules: Any) -> dict[str, Any]:
        """Change rules; gives all of them."""
        for name, allowed in (("kind", KINDS), ("mode", MODES)):
            if name in rules and rules[name] not in allowed:
                raise Wrong(f"{name} is one of {', '.join(allowed)}")
        change(self.rules, rules)
        return asdict(self.rules)

    async def advance(self, seconds: float) -> float:
        """Let time pass for tokens and windows; gives the platform's time."""
        self.clock.advance(float(seconds))
        return self.clock.now()

    async def screen(self, user: str, after: int = 0) -> list[Shown]:
        return self.screens.of(user, int(after))

    async def state(self) -> dict[str, Any]:
        """Counters, violations, menu, users and rules."""
        return {
            "counts": dict(self.screens.counts),
            "violations": dict(self.screens.reasons),
            "latest": list(self.screens.violations)[-20:],
            "menu": self.menu,
            "users": {u.openid: u.followed for u in list(self.users.values())[-100:]},
            "rules": asdict(self.rules),
            "account": self.account.account,
        }

    async def reset(self) -> None:
        """Forget users, screens, menu and counters; rules and tokens stay."""
        self.users.clear()
        self.screens.clear()
        self.menu = None
        self._last = None

    # Parts

    def user(self, openid: str) -> User:
        if not openid:
            raise Wrong("a user needs a name")
        return self.users.setdefault(openid, User(openid))

    def next_id(self) -> int:
        self._msg_id += 1
        return self._msg_id

    def xml(self, user: str, kind: str, fields: Fields, msg_id: int = 0) -> str:
        """The message as it stands in a plain delivery; for load generators too."""
        head = events.envelope(self.account.account, user, int(time.time()), kind)
        return events.render([*head, *fields, *([("MsgId", msg_id)] if msg_id else [])])

    async def _message(
        self,
        user: str,
        kind: str,
        fields: Fields,
        msg_id: int = 0,
        grant: tuple[str, int, float] = MESSAGE_GRANT,
    ) -> Delivered:
        person, msg_id = self.user(user), msg_id or self.next_id()
        person.grant(grant, self.clock.now())
        person.touched = self.clock.now()
        self.screens.counts["messages"] += 1
        return await self._deliver(user, self.xml(user, kind, fields, msg_id), msg_id)

    async def _event(
        self, user: str, fields: Fields, grant: tuple[str, int, float] | None = None
    ) -> Delivered:
        person = self.user(user)
        if grant is not None:
            person.grant(grant, self.clock.now())
            person.touched = self.clock.now()
        self.screens.counts["events"] += 1
        return await self._deliver(user, self.xml(user, "event", fields), 0)

    async def _deliver(self, user: str, xml: str, msg_id: int) -> Delivered:
        self._last = (user, xml, msg_id)
        done = await self.courier.deliver(user, xml, msg_id)
        if self.user(user).followed:
            if done.outcome == "reply":
                self.screens.show(user, "bot", f"passive-{done.kind}", done.text)
            elif done.outcome == "fault":
                self.screens.show(user, "platform", "fault", FAULT, reason=done.reason)
        return done

    def _media(self) -> str:
        """A new media id with something under it."""
        ident = secrets.token_urlsafe(48)
        self.media[ident] = b"#!AMR\n" + bytes(32)
        return ident

    def _buttons(self) -> list[dict[str, Any]]:
        top = (self.menu or {}).get("button", [])
        return [b for entry in top for b in (entry, *entry.get("sub_button", []))]
