"""Sending for the outbox: what Telegram answers, as what the outbox does about it."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable

import httpx
from anyio import to_thread
from telegram.error import (
    BadRequest,
    ChatMigrated,
    EndPointNotFound,
    Forbidden,
    InvalidToken,
    RetryAfter,
    TelegramError,
)

from bot.channels.telegram.api import Api, seconds_of
from bot.channels.telegram.pace import Pace
from bot.faults import where
from bot.post import Later, Moved, Outcome, Refused, Sent
from bot.storage.mailbox import Mailbox

log = logging.getLogger("xst")

SLEEP = 1.5
"""Longest wait inside a sending; for more the parcel goes back into the outbox."""

WRONG_TOKEN = 300.0
"""Seconds until a refused token is tried again."""

MESSAGES = ("sendMessage", "sendPoll")
"""Methods that write a message: they have their pace, and a topic."""

_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


class TelegramSender:
    """The Sender of one bot. A target is a chat and, after a slash, its topic."""

    def __init__(
        self,
        api: Api,
        mailbox: Mailbox,
        pace: Pace | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._api, self._mailbox = api, mailbox
        self._pace, self._sleep = pace or Pace(), sleep
        self._refused = False

    async def send(self, target: str, body: str, person: str) -> Outcome:
        """Make one call of the Bot API in one chat. Whoever blocked the bot is forgotten."""
        params = json.loads(body)
        method = params.pop("method")
        chat, _, topic = target.partition("/")
        if method != "answerCallbackQuery":
            params["chat_id"] = int(chat)
        if method in MESSAGES:
            if topic:
                params["message_thread_id"] = int(topic)
            while wait := self._pace.wait(person, chat):
                if wait > SLEEP:
                    return Later(wait)
                await self._sleep(wait)
        try:
            await self._api.call(method, params)
        except TelegramError as error:
            outcome = self._outcome(error, method, chat, topic)
            if outcome == Refused("blocked"):
                await to_thread.run_sync(self._mailbox.forget, person)
            return outcome
        self._refused = False
        return Sent()

    def _outcome(self, error: TelegramError, method: str, chat: str, topic: str) -> Outcome:
        match error:
            case RetryAfter():
                seconds = seconds_of(error)
                self._pace.close(chat, seconds)
                return Later(seconds)
            case ChatMigrated():
                return Moved(str(error.new_chat_id))
            case Forbidden():
                return Refused("blocked")
            case BadRequest() if topic and "thread not found" in error.message.lower():
                return Moved(chat)
            case BadRequest():
                # A press is to be acknowledged within seconds; an edit may have happened.
                return Refused("bad_request" if method in MESSAGES else "too_late")
            case InvalidToken() | EndPointNotFound():
                if not self._refused:
                    log.error("telegram: the token is refused (xst doctor)")
                self._refused = True
                return Later(WRONG_TOKEN)
            case _:  # timed out, 5xx, no network, an answer that is no JSON
                log.warning("telegram: not sent: %s", where(error))
                return Later(perhaps=not isinstance(error.__cause__, _NEVER_SENT))
