"""The service: pages, webhooks and the outbox of one process, put together and run."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from anyio import to_thread
from starlette.applications import Starlette
from starlette.routing import BaseRoute

from bot import texts
from bot.assistant import Assistant
from bot.channels import operating
from bot.channels.drawpage import draw_routes
from bot.channels.web import HERE, make_app
from bot.daily import Daily, Pusher
from bot.desk import Desk
from bot.exam.opening import exam_site
from bot.exam.rules import ExamError
from bot.faults import where
from bot.message import Incoming
from bot.metrics import Metrics
from bot.persons import memory_folder, open_persons, round_key
from bot.post import Post, Sender
from bot.release import Current
from bot.settings import ConfigError, Settings
from bot.storage.mailbox import Mailbox
from bot.storage.store import open_store
from bot.turn import Session

log = logging.getLogger("xst")

HOUR = 3600.0
"""Seconds between purges."""

MINUTE = 60.0
"""Seconds between looks for questions that nobody agreed to."""

DRAIN = 20.0
"""Seconds in which a service that stops finishes what it took."""


@dataclass(slots=True)
class Service:
    """Everything that one process holds while it serves."""

    settings: Settings
    assistant: Assistant
    current: Current
    desk: Desk
    routes: list[BaseRoute] = field(default_factory=list)
    senders: dict[str, Sender] = field(default_factory=dict)
    pushers: dict[str, Pusher] = field(default_factory=dict)
    work: list[Callable[[asyncio.Event], Awaitable[None]]] = field(default_factory=list)
    closing: list[Callable[[], Awaitable[None]]] = field(default_factory=list)
    accounts: list[str] = field(default_factory=list)

    @contextlib.asynccontextmanager
    async def running(self, _: Any = None) -> AsyncIterator[None]:
        """Send what waits, poll, purge, until the service stops; then finish what was taken."""
        await to_thread.run_sync(self._warm)
        stop = asyncio.Event()
        post = Post(self.desk.mailbox, self.desk.persons, self.senders, self.desk.metrics)
        self.desk.posted = post.nudge
        tasks = [
            asyncio.create_task(_named(w, stop)) for w in (self._purge, self._let_go, *self.work)
        ]
        if self.senders:
            tasks.append(asyncio.create_task(post.run()))
        try:
            yield
        finally:
            stop.set()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.desk.drained(), DRAIN)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for close in self.closing:
                await close()

    def pushes(self, account: str) -> bool:
        """Whether the daily question goes out by this account."""
        pusher = self.pushers.get(account)
        return self.settings.daily is not None and pusher is not None and pusher.pushes

    def _warm(self) -> None:
        """Load what the first question would have to wait for; WeChat waits three seconds."""
        for question in (texts.EXAMPLE, "没有一张卡片说的那种事该由哪个部门来管"):
            self.assistant.respond(Incoming(question), Session())

    async def _let_go(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            self.assistant.forget_old()
            try:
                if self.assistant.quizzing:
                    await to_thread.run_sync(self.assistant.quizzing.campaigns.purge)
            except Exception as error:  # the database may be away; the next minute is as good
                log.error("last pages not deleted: %s", where(error))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), MINUTE)

    async def _purge(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                await to_thread.run_sync(self.desk.mailbox.purge)
                # In a thread: where there is a new release, it is loaded here.
                seen = await to_thread.run_sync(self.current)
                await to_thread.run_sync(self.desk.mailbox.store.expire, seen.day)
            except Exception as error:  # the database may be away; the next hour is as good
                log.error("purge failed: %s", where(error))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), HOUR)


def make_service(settings: Settings) -> Service:
    """The parts of this installation's service. Raises ConfigError, StoreError, KnowledgeError
    or RetrieverError where one cannot be had."""
    current = Current(settings)
    store = open_store(settings.database_url)
    memory = memory_folder(settings.home)
    rounds = partial(round_key, memory) if memory else None
    persons = open_persons(memory)
    assistant = Assistant(current, store, round_key=rounds, sealing=persons)
    channels = [settings.wechat, settings.telegram, settings.wecom]
    shared = store.engine.dialect.name == "postgresql"
    if any(channels) and shared and "XST_RUN" not in os.environ:
        # Without one key two replicas would not know each other's messages, and answer twice.
        raise ConfigError("XST_RUN: 用 PostgreSQL 接聊天平台时，要指定几个进程共用的内存文件夹")
    desk = Desk(assistant, Mailbox(store), persons, metrics=Metrics())
    service = Service(settings, assistant, current, desk)
    shown = desk.metrics if settings.metrics else None
    service.routes += operating.routes(desk.mailbox, settings.home, current, shown)
    service.routes += draw_routes()
    service.routes += _exam(settings, current)
    if settings.wechat:
        _wechat(service)
    if settings.telegram:
        _telegram(service)
    if settings.wecom:
        _wecom(service)
    desk.pushes = service.pushes
    if settings.daily is not None and service.pushers:
        service.work.append(Daily(desk, service.pushers, current, settings.daily).run)
    return service


def _exam(settings: Settings, current: Current) -> Sequence[BaseRoute]:
    try:
        return exam_site(settings.home, current, HERE / "static", settings.url, settings.operator)
    except ExamError as error:
        raise ConfigError(str(error)) from error


def make_server(settings: Settings) -> tuple[Starlette, Service]:
    """The ASGI application of this installation and what it is made of."""
    service = make_service(settings)
    pages = make_app(
        service.assistant,
        service.current,
        settings,
        service.routes,
        service.running,
        service.desk.metrics,
    )
    return pages, service


def _wechat(service: Service) -> None:
    from bot.channels.wechat.account import WeChatAccount

    assert service.settings.wechat
    account = WeChatAccount(service.settings.wechat, service.desk, service.settings.url)
    service.routes += account.routes()
    service.senders[account.name] = service.pushers[account.name] = account
    service.work.append(lambda _: account.prepare())
    service.accounts.append(account.name)


def _telegram(service: Service) -> None:
    from bot.channels.telegram import TelegramBot

    assert service.settings.telegram
    bot = TelegramBot(service.settings.telegram, service.desk, service.settings.url)
    service.routes += bot.routes()
    service.senders[bot.account] = service.pushers[bot.account] = bot
    service.closing.append(bot.close)
    if service.settings.telegram.mode == "polling":
        service.work.append(bot.poll)
    service.accounts.append(bot.account)


def _wecom(service: Service) -> None:
    from bot.channels.wecom import WeComApp

    assert service.settings.wecom
    app = WeComApp(service.settings.wecom, service.desk, service.settings.url)
    service.routes += app.routes()
    service.senders[app.account] = service.pushers[app.account] = app
    service.closing.append(app.close)
    service.accounts.append(app.account)


async def _named(work: Callable[[asyncio.Event], Awaitable[None]], stop: asyncio.Event) -> None:
    """Run one of the works; one that fails is told, and does not end the others."""
    try:
        await work(stop)
    except Exception as error:
        log.error("background work failed: %s", where(error))
