"""The simulated Telegram: people, groups, buttons and polls around one bot.

Every public coroutine is a call of the control API under its own name.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any

from bot.sim.control import Wrong, change
from bot.sim.screen import Screens, Shown
from bot.sim.server import Clock
from bot.sim.telegram_rules import Chat, Pace, Rules
from bot.sim.telegram_text import found
from bot.sim.telegram_updates import Updates

BOT = 7_000_000_001
USERNAME = "xst_simulated_bot"


class Telegram:
    """One bot with everybody who writes to it. Used inside the simulator's event loop."""

    def __init__(self, token: str, rules: Rules, clock: Clock) -> None:
        self.token, self.rules, self.clock = token, rules, clock
        self.me: dict[str, Any] = {
            "id": int(token.partition(":")[0]) if token.partition(":")[0].isdigit() else BOT,
            "is_bot": True,
            "first_name": "协商通",
            "username": USERNAME,
            "can_join_groups": True,
            "can_read_all_group_messages": not rules.privacy,
            "supports_inline_queries": False,
            "can_connect_to_business": False,
            "has_main_web_app": False,
        }
        self.screens, self.pace = Screens(), Pace(rules)
        self.chats: dict[int, Chat] = {}
        self.queries: set[str] = set()
        self.polls: dict[str, dict[str, Any]] = {}
        self.files: dict[str, bytes] = {}
        self.updates = Updates(rules, self.screens, self._no_call)
        self._group = -5_000_000_000

    async def _no_call(self, method: str, asked: dict[str, Any]) -> Any:
        raise NotImplementedError(method)

    def calls(self) -> list[Callable[..., Awaitable[Any]]]:
        """What the control API offers."""
        return [
            *(self.text, self.start, self.press, self.vote, self.voice, self.photo),
            *(self.document, self.location, self.edit, self.group, self.migrate, self.kick),
            *(self.block, self.unblock, self.deactivate, self.flood, self.redeliver),
            *(self.settle, self.screen, self.state, self.set, self.advance, self.reset),
        ]

    # What people do

    async def text(self, user: int, text: str, chat: int = 0, reply_to: int = 0) -> int:
        """Type a text, in private or in a group; gives the update's id, 0 where the bot's privacy
        keeps it from the bot."""
        return await self._said(user, chat, {"text": text}, text, reply_to)

    async def start(self, user: int, payload: str = "") -> int:
        """Open the bot by a link, with its payload."""
        return await self.text(user, f"/start {payload}".strip())

    async def voice(self, user: int, chat: int = 0) -> int:
        voice = {**self._file(b"OggS"), "duration": 3, "mime_type": "audio/ogg"}
        return await self._said(user, chat, {"voice": voice}, "[voice]")

    async def photo(self, user: int, chat: int = 0, caption: str = "") -> int:
        sizes = [{**self._file(b"\xff\xd8"), "width": 90, "height": 90}]
        more = {"caption": caption} if caption else {}
        return await self._said(user, chat, {"photo": sizes, **more}, "[photo]")

    async def document(self, user: int, chat: int = 0, name: str = "a.pdf") -> int:
        document = {**self._file(b"%PDF"), "file_name": name}
        return await self._said(user, chat, {"document": document}, "[document]")

    async def location(self, user: int, latitude: float, longitude: float, chat: int = 0) -> int:
        place = {"latitude": float(latitude), "longitude": float(longitude)}
        return await self._said(user, chat, {"location": place}, "[location]")

    async def edit(self, user: int, message: int, text: str, chat: int = 0) -> int:
        """Change a text that was sent before."""
        place = self.chat(chat or user)
        sent = place.messages.get(message)
        if sent is None:
            raise Wrong("no such message")
        sent |= {"text": text, "edit_date": int(time.time())}
        return await self.updates.add("edited_message", sent)

    async def press(self, user: int, message: int, button: str, chat: int = 0) -> int:
        """Press the button with this text or these data under a message of the bot."""
        place = self.chat(chat or user)
        sent = place.messages.get(int(message))
        rows = ((sent or {}).get("reply_markup") or {}).get("inline_keyboard", [])
        pressed = next(
            (b for r in rows for b in r if button in (b["text"], b.get("callback_data"))), None
        )
        if sent is None or pressed is None or "callback_data" not in pressed:
            raise Wrong("the message has no such button")
        ident = str(secrets.randbelow(10**18))
        self.queries.add(ident)
        self.screens.show(str(place.id), "me", "press", pressed["text"])
        query = {
            "id": ident,
            "from": self.person(user),
            "message": sent,
            "chat_instance": str(place.id),
            "data": pressed["callback_data"],
        }
        return await self.updates.add("callback_query", query)

    async def vote(self, user: int, poll: str, options: list[int]) -> int:
        """Vote in a poll of the bot; the bot is told who voted unless the poll is anonymous."""
        known = self.polls.get(poll)
        if known is None or known["is_closed"]:
            raise Wrong("no such open poll")
        votes: dict[str, list[int]] = known.setdefault("_votes", {})
        if str(user) in votes and not known["allows_revoting"]:
            raise Wrong("voted already")
        if any(not 0 <= o < len(known["options"]) for o in options):
            raise Wrong("no such option")
        votes[str(user)] = options
        known["total_voter_count"] = sum(bool(v) for v in votes.values())
        for n, option in enumerate(known["options"]):
            option["voter_count"] = sum(n in v for v in votes.values())
        if known["is_anonymous"]:
            return await self.updates.add("poll", public(known))
        answer = {
            "poll_id": poll,
            "user": self.person(user),
            "option_ids": options,
            "option_persistent_ids": [known["options"][o]["persistent_id"] for o in options],
        }
        return await self.updates.add("poll_answer", answer)

    # Groups and their ends

    async def group(self, title: str = "工会小组", kind: str = "group") -> int:
        """A new group with the bot in it; gives its id."""
        self._group -= 1
        ident = self._group if kind == "group" else self._group - 1_000_000_000_000
        self.chats[ident] = Chat(ident, kind, title)
        await self._member(self.chats[ident], 1, "left", "member")
        return ident

    async def migrate(self, chat: int) -> int:
        """Make a supergroup of a group, as Telegram does by itself; gives the new id."""
        old = self.chat(chat)
        new = await self.group(old.title, "supergroup")
        old.moved = new
        await self._said(1, chat, {"migrate_to_chat_id": new}, "[migrated]")
        return new

    async def kick(self, chat: int) -> None:
        self.chat(chat).state = "kicked"
        await self._member(self.chat(chat), 1, "member", "kicked")

    async def block(self, user: int) -> None:
        self.chat(user).state = "blocked"
        await self._member(self.chat(user), user, "member", "kicked")

    async def unblock(self, user: int) -> None:
        self.chat(user).state = ""
        await self._member(self.chat(user), user, "kicked", "member")

    async def deactivate(self, user: int) -> None:
        self.chat(user).state = "deactivated"

    async def flood(self, chat: int, seconds: float) -> None:
        """Refuse messages to a chat for so long."""
        self.pace.flood(chat, float(seconds), self.clock.now())

    # The simulator

    async def redeliver(self) -> int:
        """Deliver the last update once more."""
        return await self.updates.again()

    async def settle(self, seconds: float = 10.0) -> bool:
        """Wait until every update is confirmed."""
        return await self.updates.settle(float(seconds))

    async def set(self, **rules: Any) -> dict[str, Any]:
        """Change rules; gives all of them."""
        change(self.rules, rules)
        self.me["can_read_all_group_messages"] = not self.rules.privacy
        return asdict(self.rules)

    async def advance(self, seconds: float) -> float:
        self.clock.advance(float(seconds))
        return self.clock.now()

    async def screen(self, chat: int, after: int = 0) -> list[Shown]:
        return self.screens.of(str(chat), int(after))

    async def state(self) -> dict[str, Any]:
        """Counters, violations, what waits and the rules."""
        return {
            "counts": dict(self.screens.counts),
            "violations": self.violations(),
            "waiting": len(self.updates.waiting),
            "hook": self.updates.hook.url,
            "chats": {c.id: c.state or c.kind for c in list(self.chats.values())[-100:]},
            "rules": asdict(self.rules),
        }

    async def reset(self) -> None:
        """Forget chats, screens, polls, waiting updates and counters; rules and webhook stay."""
        self.chats.clear()
        self.polls.clear()
        self.queries.clear()
        self.updates.waiting.clear()
        self.screens.clear()
        self.pace = Pace(self.rules)

    # Parts

    def violations(self) -> dict[str, int]:
        impatient = {"did-not-wait": self.pace.impatient} if self.pace.impatient else {}
        return {**self.screens.reasons, **impatient}

    def chat(self, ident: int) -> Chat:
        """A chat by id; a private one is made where a user is new."""
        ident = int(ident)
        if ident < 0 and ident not in self.chats:
            raise Wrong("no such group")
        return self.chats.setdefault(ident, Chat(ident, "private"))

    def person(self, user: int) -> dict[str, Any]:
        return {"id": int(user), "is_bot": False, "first_name": "用户", "language_code": "zh-hans"}

    def keep(self, chat: Chat, sender: dict[str, Any], content: dict[str, Any]) -> dict[str, Any]:
        """A new message in a chat."""
        chat.last_id += 1
        message = {
            "message_id": chat.last_id,
            "from": sender,
            "chat": chat.plain(),
            "date": int(time.time()),
            **content,
        }
        chat.messages[chat.last_id] = message
        chat.messages.pop(chat.last_id - 500, None)
        return message

    async def _said(
        self, user: int, chat: int, content: dict[str, Any], shown: str, reply_to: int = 0
    ) -> int:
        place = self.chat(chat or user)
        if place.state == "never":
            place.state = ""
        if text := content.get("text"):
            content = content | ({"entities": e} if (e := found(text)) else {})
        to = place.messages.get(int(reply_to)) if reply_to else None
        if to is not None:
            content = content | {"reply_to_message": to}
        message = self.keep(place, self.person(user), content)
        self.screens.show(str(place.id), "me", "text", shown, message_id=message["message_id"])
        self.screens.counts["messages"] += 1
        if place.id < 0 and self.rules.privacy and not self._meant(message, to):
            return 0
        return await self.updates.add("message", message)

    def _meant(self, message: dict[str, Any], to: dict[str, Any] | None) -> bool:
        if "text" not in message or (to is not None and to["from"]["id"] == self.me["id"]):
            return True
        kinds = {e["type"] for e in message.get("entities", [])}
        return "bot_command" in kinds or f"@{USERNAME}" in message["text"]

    async def _member(self, chat: Chat, user: int, old: str, new: str) -> None:
        def member(status: str) -> dict[str, Any]:
            until = {"until_date": 0} if status == "kicked" else {}
            return {"user": self.me, "status": status, **until}

        change_ = {
            "chat": chat.plain(),
            "from": self.person(user),
            "date": int(time.time()),
            "old_chat_member": member(old),
            "new_chat_member": member(new),
        }
        await self.updates.add("my_chat_member", change_)
        await asyncio.sleep(0)

    def _file(self, content: bytes) -> dict[str, Any]:
        ident = secrets.token_urlsafe(24)
        self.files[ident] = content
        return {"file_id": ident, "file_unique_id": ident[:12], "file_size": len(content)}


def public(poll: dict[str, Any]) -> dict[str, Any]:
    """A poll without what the simulator remembers of it."""
    return {k: v for k, v in poll.items() if not k.startswith("_")}
