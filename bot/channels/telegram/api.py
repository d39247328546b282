"""The Bot API by python-telegram-bot's Bot: its connections, its errors, no Application.

Results stay JSON. The library's own methods build objects from them too, so that one update it
cannot read would fail all that came with it, and a message that was sent would pass for not sent.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Mapping
from typing import Any

import httpx
from telegram import Bot
from telegram.error import RetryAfter
from telegram.request import HTTPXRequest
from telegram.warnings import PTBDeprecationWarning, PTBUserWarning

from bot.settings import Telegram

AT_ONCE = 32
"""Connections for sending."""


class Api:
    """One bot's access to the Bot API. Holds connections; used inside one event loop."""

    def __init__(
        self, settings: Telegram, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        _quiet()
        more = {"transport": transport} if transport else None
        self._requests = (
            HTTPXRequest(2, httpx_kwargs=more),
            HTTPXRequest(AT_ONCE, httpx_kwargs=more),
        )
        self._bot = Bot(
            settings.token,
            base_url=f"{settings.api}/bot",
            get_updates_request=self._requests[0],
            request=self._requests[1],
        )

    async def call(
        self, method: str, params: Mapping[str, Any] | None = None, timeout: float = 15.0
    ) -> Any:
        """The result of one method. Raises TelegramError."""
        return await self._bot.do_api_request(method, dict(params or {}), read_timeout=timeout)

    async def close(self) -> None:
        for request in self._requests:
            await request.shutdown()


def seconds_of(error: RetryAfter) -> float:
    """How long Telegram asks us to wait."""
    after = error.retry_after
    return float(after) if isinstance(after, int) else after.total_seconds()


def _quiet() -> None:
    # httpx logs addresses, which hold the token; the library logs what it could not read.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    logging.getLogger("telegram").setLevel(logging.CRITICAL + 1)
    warnings.filterwarnings("ignore", "Please use 'Bot", PTBUserWarning)
    warnings.filterwarnings("ignore", ".*retry_after", PTBDeprecationWarning)
