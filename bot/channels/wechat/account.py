"""A WeChat official account as a channel: callbacks in, passive replies and customer service out.

WeChat waits five seconds for an answer, hangs up, and delivers the message again, three times in
all. Only an answer acknowledges a message; one that said `success` and was killed before it had
computed would be lost. So an answer that is not ready within the budget is not replaced by
anything: the connection is held until WeChat hangs up, the work goes on, and the next delivery
finds it (`bot.desk`). On the third delivery something has to be said, because after it WeChat
tells the person that the account is broken: a sentence that asks for patience, the one thing that
acknowledges a message before its effect. Where the account may send customer-service messages,
the answer follows through the outbox when it is there.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable

from anyio import to_thread
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot import texts
from bot.channels import bodies
from bot.channels.wechat import messages
from bot.channels.wechat.client import Api
from bot.channels.wechat.door import Door, Opened
from bot.channels.wechat.envelope import MOST_BYTES, Rejected, passive
from bot.channels.wechat.messages import Heard
from bot.channels.wechat.render import render
from bot.channels.wechat.service import Service, body_of
from bot.channels.wechat.tokens import Shared
from bot.desk import Arrived, Busy, Desk, Written
from bot.faults import where
from bot.message import Reply
from bot.post import Outcome
from bot.settings import WeChat
from bot.storage.store import StoreError

log = logging.getLogger("xst")

HOLD = 5.5
"""Seconds from a request's arrival for which it is held: WeChat hangs up after five."""

DELIVERIES = 3
OLD = 9.5
"""Seconds after which a message can only be in its third delivery."""

REMEMBERED = 20_000
"""Messages whose deliveries are counted, and people who left, in memory only."""

AGAIN = 0.3
"""Seconds between attempts to store an answer."""


class WeChatAccount:
    """One account, inside the event loop of its desk.

    `hold` is for tests in which seconds are shorter. Raises ConfigError for secrets that are
    none.
    """

    def __init__(
        self,
        settings: WeChat,
        desk: Desk,
        base_url: str,
        *,
        api: Api | None = None,
        clock: Callable[[], float] = time.time,
        hold: float = HOLD,
    ) -> None:
        self.name = f"wechat:{settings.account}"
        self._settings, self._desk, self._base = settings, desk, base_url
        self._door, self._clock, self._hold = Door(settings, clock), clock, hold
        api = api or Api(settings, Shared(desk.mailbox, desk.persons, self.name))
        self.service = Service(settings, api, desk)
        self._running: set[asyncio.Task[str]] = set()
        self._following: dict[str, asyncio.Task[None]] = {}
        self._deliveries: OrderedDict[str, int] = OrderedDict()
        self._left: OrderedDict[str, int] = OrderedDict()

    def routes(self) -> list[Route]:
        return [
            Route("/wechat", self.verify, methods=["GET"]),
            Route("/wechat", self.receive, methods=["POST"]),
        ]

    @property
    def serves(self) -> bool:
        """Whether customer-service messages are allowed, as far as is known."""
        return self.service.allowed

    metered = True  # so many messages in so many hours after one of the person's own

    @property
    def pushes(self) -> bool:
        return self.service.allowed

    def pushed(self, replies: tuple[Reply, ...]) -> tuple[str, ...]:
        """The bodies of parcels that answer no message."""
        return (body_of(render(replies, self._base)),)

    async def prepare(self) -> None:
        """Find out what the account may do, where it is not configured; to be run beside the
        server."""
        await self.service.find_kind()

    async def send(self, target: str, body: str, person: str) -> Outcome:
        """Send a parcel as a customer-service message (`bot.post.Sender`)."""
        return await self.service.send(target, body, person)

    # Callbacks

    async def verify(self, request: Request) -> Response:
        try:
            return Response(self._door.verify(request.query_params), media_type="text/plain")
        except Rejected as refused:
            return self._refuse(refused)

    async def receive(self, request: Request) -> Response:
        arrival = asyncio.get_running_loop().time()
        try:
            body = await bodies.read(request, MOST_BYTES, bodies.SLOWEST)
            opened = self._door.open(request.query_params, body)
            heard = messages.read(opened.fields)
            if heard.account != self._settings.account:
                raise Rejected("account", 403)
        except Rejected as refused:
            return self._refuse(refused)
        except bodies.Unread as unread:
            if unread.reason == "cut":  # nobody is there to be refused
                return Response(status_code=unread.status)
            return self._refuse(Rejected(unread.reason, unread.status))
        if heard.left:
            return await self._forget(heard, arrival + self._hold)
        if heard.incoming is None or self._stale(heard):
            return _success()
        return await self._answer(request, opened, heard, arrival)

    async def _answer(
        self, request: Request, opened: Opened, heard: Heard, arrival: float
    ) -> Response:
        assert heard.incoming is not None
        clock = asyncio.get_running_loop().time
        grant = heard.grant if self.service.kind != "unverified" else None
        arrived = Arrived(heard.key, self.name, heard.user, heard.incoming, grant)
        mark = self._desk.persons.mark(heard.key)
        # By its age too: another process may have had the first two deliveries.
        last = self._count(mark) >= DELIVERIES or self._clock() - heard.created >= OLD
        work = self._start(arrived, arrival + self._hold)
        await asyncio.wait({work}, timeout=max(arrival + self._settings.budget - clock(), 0.0))
        if work.done() and not work.exception():
            self._deliveries.pop(mark, None)
            answer = work.result()
            return self._say(opened, heard, answer) if answer else _success()
        if last:
            if work.done():
                return self._say(opened, heard, texts.APOLOGY)
            if not self.serves:
                return self._say(opened, heard, texts.SLOW)
            if mark not in self._following:
                self._follow(mark, arrived, heard.created, work)
            return self._say(opened, heard, texts.SLOW_FOLLOWS)
        gone = asyncio.create_task(bodies.gone_away(request))
        await asyncio.wait({gone}, timeout=max(arrival + self._hold - clock(), 0.0))
        gone.cancel()
        return Response(status_code=503)  # nobody is there to read it

    def _start(self, arrived: Arrived, until: float) -> asyncio.Task[str]:
        work = asyncio.create_task(self._work(arrived, until))
        self._running.add(work)

        def ended(done: asyncio.Task[str]) -> None:
            self._running.discard(done)
            if not done.cancelled() and (error := done.exception()):
                log.error("wechat: not answered: %s", where(error))

        work.add_done_callback(ended)
        return work

    async def _work(self, arrived: Arrived, until: float) -> str:
        """The answer, asked for again while there is time: what is too busy or has lost its
        database may be back before WeChat hangs up."""

        def write(replies: tuple[Reply, ...]) -> Written:
            return Written(render(replies, self._base))

        while True:
            try:
                return await self._desk.answer(arrived, write)
            except (Busy, StoreError, SQLAlchemyError):
                if asyncio.get_running_loop().time() + AGAIN > until:
                    raise
            await asyncio.sleep(AGAIN)

    def _follow(self, mark: str, arrived: Arrived, created: int, work: asyncio.Task[str]) -> None:
        async def follow() -> None:
            answer = await work
            person = self._desk.person(arrived.account, arrived.user)
            if answer and self._left.get(person, -1) < created:
                parcel = self._desk.parcel(arrived, body_of(answer))
                await to_thread.run_sync(self._desk.mailbox.post, person, [parcel])
                self._desk.posted()

        def ended(done: asyncio.Task[None]) -> None:
            self._following.pop(mark, None)
            if not done.cancelled() and (error := done.exception()):
                log.error("wechat: late answer lost: %s", where(error))

        self._following[mark] = asyncio.create_task(follow())
        self._following[mark].add_done_callback(ended)

    async def _forget(self, heard: Heard, until: float) -> Response:
        person = self._desk.person(self.name, heard.user)
        _remember(self._left, person, max(heard.created, self._left.get(person, 0)))
        while True:
            try:
                await self._desk.forget(self.name, heard.user)
                return _success()
            except (StoreError, SQLAlchemyError) as error:
                if asyncio.get_running_loop().time() + AGAIN > until:
                    log.error("wechat: not deleted: %s", where(error))
                    return Response(status_code=503)
            await asyncio.sleep(AGAIN)

    def _stale(self, heard: Heard) -> bool:
        """Whether this was sent before its sender left: delivered again after everything was
        deleted, it would leave something anew."""
        person = self._desk.person(self.name, heard.user)
        left = self._left.get(person)
        if left is None or heard.created < left:
            return left is not None
        follows = heard.incoming is not None and heard.incoming.choice.startswith("start")
        if heard.created > left or follows:
            del self._left[person]
            return False
        return True

    def _count(self, mark: str) -> int:
        count = self._deliveries.get(mark, 0) + 1
        _remember(self._deliveries, mark, count)
        return count

    def _say(self, opened: Opened, heard: Heard, answer: str) -> Response:
        said = passive(heard.user, heard.account, answer, int(self._clock()))
        return Response(self._door.close(opened, said), media_type="text/xml")

    def _refuse(self, refused: Rejected) -> Response:
        self._desk.metrics.rejected("wechat", refused.reason)
        return Response(status_code=refused.status)


def _remember(kept: OrderedDict[str, int], key: str, value: int) -> None:
    kept[key] = value
    kept.move_to_end(key)
    while len(kept) > REMEMBERED:
        kept.popitem(last=False)


def _success() -> Response:
    return Response("success", media_type="text/plain")
