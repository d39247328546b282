"""The Telegram channel: its webhook or long polling in front, its sender behind.

An update is acknowledged (200, or the next offset) only after the desk has stored its mark and
what is to be sent; Telegram delivers it again until then, and the mark makes that harmless.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import suppress
from typing import Any

from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from telegram.error import Conflict, InvalidToken, RetryAfter, TelegramError

from bot.channels.bodies import Unread, read
from bot.channels.telegram.api import Api, seconds_of
from bot.channels.telegram.sender import TelegramSender
from bot.channels.telegram.updates import WANTED, Gone, Heard, Me, Unreadable, hear
from bot.channels.telegram.writing import bodies, pushed
from bot.desk import Arrived, Busy, Desk, Written
from bot.faults import where
from bot.message import Reply
from bot.post import Outcome
from bot.settings import ConfigError, Telegram
from bot.storage.store import StoreError

log = logging.getLogger("xst")

HEADER = "X-Telegram-Bot-Api-Secret-Token"
BODY = 1024 * 1024
"""Bytes of an update: a message, the one it answers and all their entities."""

POLL = 25
"""Seconds that Telegram holds a request for updates open."""

TRIES = 3
"""Rounds after which an update that fails by a fault of ours is left."""

LONGEST = 60.0
"""Seconds between tries at most."""

Updates = Sequence[Mapping[str, Any]]


class TelegramBot:
    """One bot. `routes` (webhook) or `poll` bring updates in; `send` is the post's Sender.

    Raises ConfigError where anybody could forge updates.
    """

    def __init__(
        self,
        settings: Telegram,
        desk: Desk,
        base_url: str = "",
        api: Api | None = None,
    ) -> None:
        number = settings.token.partition(":")[0]
        if not number.isdigit():
            raise ConfigError("XST_TELEGRAM_TOKEN: 不像 BotFather 给的令牌（应为 数字:字母）")
        if settings.mode == "webhook" and not settings.secret:
            raise ConfigError("XST_TELEGRAM_SECRET: 没有设置，任何人都能伪造更新")
        self._settings, self._desk, self._base = settings, desk, base_url
        self.account = f"telegram:{number}"
        self._me = Me(int(number))
        self._asked = asyncio.Lock()
        self._api = api or Api(settings)
        self._failed: dict[int, int] = {}
        self.sender = TelegramSender(self._api, desk.mailbox)

    def routes(self) -> list[Route]:
        """POST /telegram; nothing where the bot polls."""
        if self._settings.mode != "webhook":
            return []
        return [Route("/telegram", self._webhook, methods=["POST"])]

    async def close(self) -> None:
        """Close the connections to Telegram."""
        await self._api.close()

    # What comes in

    async def _webhook(self, request: Request) -> Response:
        given = request.headers.get(HEADER, "").encode("utf-8", "replace")
        if not hmac.compare_digest(given, self._settings.secret.encode()):
            return self._rejected("secret", 403)
        try:
            body = await read(request, BODY)
        except Unread as error:
            return self._rejected(error.reason, error.status)
        try:
            raw = json.loads(body)
        except (ValueError, RecursionError):
            return self._rejected("json", 400)
        if not isinstance(raw, dict) or not _is_number(raw.get("update_id")):
            return self._rejected("form", 400)
        try:
            await self.take(raw)
        except Busy:
            return Response(status_code=503, headers={"Retry-After": "5"})
        except (StoreError, SQLAlchemyError) as error:
            log.error("telegram: update not stored: %s", where(error))
            return Response(status_code=503, headers={"Retry-After": "5"})
        except Exception as error:
            # Telegram would deliver it again for a day, and everything else behind it.
            if not self._gives_up(int(raw["update_id"]), error):
                raise
        return Response()

    async def take(self, raw: Mapping[str, Any]) -> None:
        """Have one update its effect, once. Raises what `Desk.answer` raises: then it must be
        delivered again."""
        if not self._me.username and _in_group(raw):
            await self._learn()
        try:
            heard = hear(raw, self._me)
        except Unreadable:
            # Delivered again it would be no better, and all that follow would wait behind it.
            self._desk.metrics.rejected("telegram", "unreadable")
            return
        if isinstance(heard, Gone):
            await self._desk.forget(self.account, heard.user)
        elif heard:
            await self._answer(f"{self.account}:{raw['update_id']}", heard)

    async def _answer(self, key: str, heard: Heard) -> None:
        def write(replies: tuple[Reply, ...]) -> Written:
            return Written("", bodies(heard, replies, self._base), heard.target)

        arrived = Arrived(key, self.account, heard.user, heard.incoming, read=heard.read)
        await self._desk.answer(arrived, write)

    async def _learn(self) -> None:
        """The bot's own name, without which nobody knows whether a group mentions it."""
        async with self._asked:
            if self._me.username:
                return
            try:
                me = await self._api.call("getMe")
                self._me = Me(self._me.id, str(me.get("username", "")))
            except TelegramError as error:
                log.warning("telegram: getMe failed: %s", where(error))

    # Long polling

    async def poll(self, stop: asyncio.Event) -> None:
        """Fetch updates until `stop`. An update is confirmed by asking for those after it, and
        only when it and all before it have had their effect."""
        offset, failures = 0, 0
        while not stop.is_set():
            try:
                updates = await _unless(stop, self._fetch(offset))
                offset = await self._taken(updates, offset)
                failures = 0
            except RetryAfter as error:
                await _pause(stop, seconds_of(error))
            except Exception as error:  # whatever it is, polling goes on
                failures += 1
                log.warning("telegram: polling: %s", _explained(error))
                slow = isinstance(error, Conflict | InvalidToken)
                await _pause(stop, LONGEST if slow else min(LONGEST, 2.0**failures / 2))

    async def _fetch(self, offset: int) -> Updates:
        wanted = {"offset": offset, "timeout": POLL, "allowed_updates": list(WANTED)}
        updates = await self._api.call("getUpdates", wanted, POLL + 10.0)
        return [u for u in updates if _is_number(u.get("update_id"))]

    async def _taken(self, updates: Updates, offset: int) -> int:
        """The next offset, after all updates have had their effect; raises the first fault,
        then nothing of this round is confirmed and the marks tell what need not be redone."""
        done = await asyncio.gather(*map(self.take, updates), return_exceptions=True)
        for update, outcome in zip(updates, done, strict=True):
            if not isinstance(outcome, BaseException):
                continue
            if isinstance(outcome, Busy | StoreError | SQLAlchemyError) or not self._gives_up(
                int(update["update_id"]), outcome
            ):
                raise outcome
        self._failed.clear()
        return max([offset, *(int(u["update_id"]) + 1 for u in updates)])

    def _gives_up(self, number: int, error: BaseException) -> bool:
        """Whether an update fails time and again by a fault of ours, so that all that follow
        would wait behind it for ever."""
        self._failed[number] = self._failed.get(number, 0) + 1
        if self._failed[number] < TRIES:
            return False
        log.error("telegram: an update is given up: %s", where(error))
        self._desk.metrics.rejected("telegram", "failed")
        return True

    pushes, metered = True, False

    def pushed(self, replies: tuple[Reply, ...]) -> tuple[str, ...]:
        """The bodies of parcels that answer no message, for a private chat."""
        return pushed(replies, self._base)

    async def send(self, target: str, body: str, person: str) -> Outcome:
        return await self.sender.send(target, body, person)

    def _rejected(self, reason: str, status: int) -> Response:
        self._desk.metrics.rejected("telegram", reason)
        return Response(status_code=status)


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _in_group(raw: Mapping[str, Any]) -> bool:
    message = raw.get("message")
    chat = message.get("chat") if isinstance(message, dict) else None
    return isinstance(chat, dict) and chat.get("type") in ("group", "supergroup")


def _explained(error: BaseException) -> str:
    """The error for the log; what Telegram itself says of a conflict names no person."""
    if isinstance(error, Conflict):
        return "409, a webhook is set (xst telegram webhook delete) or another process polls"
    if isinstance(error, InvalidToken):
        return "the token is refused; ask BotFather for it"
    return where(error)


async def _unless(stop: asyncio.Event, fetching: Coroutine[Any, Any, Updates]) -> Updates:
    """What is fetched; nothing where `stop` comes first."""
    tasks = asyncio.ensure_future(fetching), asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        return tasks[0].result() if tasks[0].done() else []
    finally:
        for task in tasks:
            task.cancel()


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
