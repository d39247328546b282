"""A WeCom application as a channel: callbacks in, application messages out.

WeCom would take an answer in the callback's response too, within five seconds. Answers go through
the outbox instead: unlike WeChat every application may send at any time, so the callback is
acknowledged as soon as the answer is stored, nothing depends on the five seconds, and there is
one way of answering and not two. It costs one call of the API for each answer.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

import anyio
from anyio import to_thread
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.channels.bodies import Unread, read
from bot.channels.plain import fitted, utf8
from bot.channels.wechat.envelope import MOST_BYTES, Rejected
from bot.channels.wechat.tokens import Shared, Waited
from bot.channels.wecom.callbacks import Door, Heard, account
from bot.channels.wecom.client import (
    BAD_TOKEN,
    GONE,
    OVER_QUOTA,
    TOO_LONG,
    Api,
    ApiError,
    ConfigurationFault,
    Unreachable,
)
from bot.desk import Arrived, Busy, Desk, Written
from bot.faults import where
from bot.message import Reply
from bot.post import Later, Outcome, Refused, Sent
from bot.settings import WeCom
from bot.storage.store import StoreError

log = logging.getLogger("xst")

MOST = 2048
"""Bytes of a text; WeCom cuts what is longer."""

AT_ONCE = 4
LONG = 300.0
"""Seconds to wait where somebody has to change a setting first."""

QUOTA = 60.0


class WeComApp:
    """One application. `routes` bring callbacks in, `send` is the post's Sender.

    Raises ConfigError for secrets that are none.
    """

    def __init__(
        self,
        settings: WeCom,
        desk: Desk,
        base_url: str = "",
        *,
        api: Api | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.account = account(settings)
        self._door, self._desk, self._base = Door(settings, clock), desk, base_url
        self._api = api or Api(settings, Shared(desk.mailbox, desk.persons, self.account))
        self._threads = anyio.CapacityLimiter(AT_ONCE)
        self._fault = 0

    def routes(self) -> list[Route]:
        """GET and POST /wecom."""
        return [
            Route("/wecom", self._verify, methods=["GET"]),
            Route("/wecom", self._receive, methods=["POST"]),
        ]

    async def close(self) -> None:
        """Close the connections to WeCom."""
        self._api.close()

    # Callbacks

    async def _verify(self, request: Request) -> Response:
        try:
            return Response(self._door.verify(request.query_params), media_type="text/plain")
        except Rejected as refused:
            return self._rejected(refused.reason, refused.status)

    async def _receive(self, request: Request) -> Response:
        try:
            heard = self._door.open(request.query_params, await read(request, MOST_BYTES))
        except (Rejected, Unread) as refused:
            return self._rejected(refused.reason, refused.status)
        try:
            await self._take(heard)
        except Busy:
            return Response(status_code=503)
        except (StoreError, SQLAlchemyError) as error:
            log.error("wecom: callback not stored: %s", where(error))
            return Response(status_code=503)
        return Response()

    async def _take(self, heard: Heard) -> None:
        if heard.left:
            await self._desk.forget(self.account, heard.user)
        elif heard.incoming:
            arrived = Arrived(heard.key, self.account, heard.user, heard.incoming)
            await self._desk.answer(arrived, self._write)

    def _write(self, replies: tuple[Reply, ...]) -> Written:
        return Written("", self.pushed(replies))

    pushes, metered = True, False

    def pushed(self, replies: tuple[Reply, ...]) -> tuple[str, ...]:
        """The bodies of parcels, whether they answer a message or not."""
        return tuple(fitted(reply, MOST, utf8, self._base) for reply in replies)

    # Sending

    async def send(self, target: str, body: str, person: str) -> Outcome:
        """One text to one member."""
        try:
            found = await to_thread.run_sync(
                self._api.send_text, target, body, limiter=self._threads
            )
        except ApiError as error:
            return self._refused(error)
        except (Unreachable, Waited) as error:
            log.warning("wecom: not sent: %s", where(error))
            return Later(perhaps=isinstance(error, Unreachable) and error.perhaps)
        self._fault = 0
        # Accepted, but not for this member.
        return Refused("gone") if found.get("invaliduser") else Sent()

    def _refused(self, error: ApiError) -> Outcome:
        code = error.code
        if code in GONE:
            return Refused("gone")
        if code == TOO_LONG:
            return Refused("too_long")
        if code in OVER_QUOTA:
            return Later(QUOTA)
        if isinstance(error, ConfigurationFault):
            if self._fault != code:  # once, not for every parcel
                log.error("wecom: %s %s", code, error.advice)
            self._fault = code
            return Later(LONG)
        if code < 0 or code in BAD_TOKEN:
            return Later()
        log.error("wecom: refused with %s", code)
        return Refused(f"code_{code}")

    def _rejected(self, reason: str, status: int) -> Response:
        self._desk.metrics.rejected("wecom", reason)
        return Response(status_code=status)
