"""`TelegramSim`: the Bot API, people and groups in one process or thread.

The control API under /_sim and the methods here are the same calls; see docs/simulators.md.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from starlette.applications import Starlette

from bot.sim.control import control_routes
from bot.sim.screen import Shown
from bot.sim.server import Clock, Server
from bot.sim.telegram_api import Api
from bot.sim.telegram_platform import Telegram
from bot.sim.telegram_rules import Rules

TOKEN = "7000000001:AAsimulated-token-for-tests-000000000"


def make_app(telegram: Telegram) -> Starlette:
    """The simulator as one web application: the Bot API and the control API."""

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        await telegram.updates.close()

    routes = [*control_routes(telegram.calls()), *Api(telegram).routes()]
    return Starlette(routes=routes, lifespan=lifespan)


class TelegramSim:
    """The simulator in a thread, for tests. An update is on its way when a method returns;
    `settle` waits until the bot confirmed all."""

    def __init__(self, token: str = TOKEN, port: int = 0, **rules: Any) -> None:
        """`rules`: fields of `Rules`."""
        self.token = token
        self.telegram = Telegram(token, Rules(**rules), Clock())
        self._server = Server(make_app(self.telegram), port=port)
        self.url = self._server.url

    def __enter__(self) -> TelegramSim:
        self.start_server()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start_server(self) -> None:
        self._server.start()

    def stop(self) -> None:
        self._server.stop()

    @property
    def base_url(self) -> str:
        """What python-telegram-bot calls base_url; the files lie under /file beside it."""
        return f"{self.url}/bot"

    @property
    def rules(self) -> Rules:
        return self.telegram.rules

    @property
    def counts(self) -> dict[str, int]:
        return dict(self.telegram.screens.counts)

    @property
    def violations(self) -> dict[str, int]:
        return self.telegram.violations()

    @property
    def waiting(self) -> int:
        """Updates that the bot has not confirmed."""
        return len(self.telegram.updates.waiting)

    def text(self, user: int, text: str, chat: int = 0, reply_to: int = 0) -> int:
        return self._server.run(self.telegram.text(user, text, chat, reply_to))

    def start(self, user: int, payload: str = "") -> int:
        return self._server.run(self.telegram.start(user, payload))

    def press(self, user: int, message: int, button: str, chat: int = 0) -> int:
        return self._server.run(self.telegram.press(user, message, button, chat))

    def vote(self, user: int, poll: str, options: list[int]) -> int:
        return self._server.run(self.telegram.vote(user, poll, options))

    def voice(self, user: int, chat: int = 0) -> int:
        return self._server.run(self.telegram.voice(user, chat))

    def photo(self, user: int, chat: int = 0, caption: str = "") -> int:
        return self._server.run(self.telegram.photo(user, chat, caption))

    def document(self, user: int, chat: int = 0, name: str = "a.pdf") -> int:
        return self._server.run(self.telegram.document(user, chat, name))

    def location(self, user: int, latitude: float, longitude: float, chat: int = 0) -> int:
        return self._server.run(self.telegram.location(user, latitude, longitude, chat))

    def edit(self, user: int, message: int, text: str, chat: int = 0) -> int:
        return self._server.run(self.telegram.edit(user, message, text, chat))

    def group(self, title: str = "工会小组", kind: str = "group") -> int:
        return self._server.run(self.telegram.group(title, kind))

    def migrate(self, chat: int) -> int:
        return self._server.run(self.telegram.migrate(chat))

    def kick(self, chat: int) -> None:
        self._server.run(self.telegram.kick(chat))

    def block(self, user: int) -> None:
        self._server.run(self.telegram.block(user))

    def unblock(self, user: int) -> None:
        self._server.run(self.telegram.unblock(user))

    def deactivate(self, user: int) -> None:
        self._server.run(self.telegram.deactivate(user))

    def flood(self, chat: int, seconds: float) -> None:
        self._server.run(self.telegram.flood(chat, seconds))

    def redeliver(self) -> int:
        return self._server.run(self.telegram.redeliver())

    def settle(self, seconds: float = 10.0) -> bool:
        return self._server.run(self.telegram.settle(seconds))

    def set(self, **rules: Any) -> None:
        self._server.run(self.telegram.set(**rules))

    def advance(self, seconds: float) -> None:
        self._server.run(self.telegram.advance(seconds))

    def screen(self, chat: int, after: int = 0) -> list[Shown]:
        return self._server.run(self.telegram.screen(chat, after))

    def reset(self) -> None:
        self._server.run(self.telegram.reset())
