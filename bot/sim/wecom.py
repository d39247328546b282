"""`WeComSim`: an application of WeCom, its members and qyapi.weixin.qq.com in one thread.

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
from bot.sim.wechat_delivery import Delivered
from bot.sim.wecom_api import Api
from bot.sim.wecom_platform import App, Rules, WeCom


def make_app(wecom: WeCom, api: Api | None = None) -> Starlette:
    """The simulator as one web application."""
    api = api or Api(wecom)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        await wecom.http.aclose()

    routes = [*api.routes(), *control_routes([*wecom.calls(), api.kill_tokens])]
    return Starlette(routes=routes, lifespan=lifespan)


class WeComSim:
    """The simulator in a thread, for tests."""

    def __init__(
        self,
        hook: str = "http://127.0.0.1:9/",
        app: App | None = None,
        port: int = 0,
        **rules: Any,
    ) -> None:
        """`hook`: the bot's address, which may be set later; `rules`: fields of `Rules`."""
        self.app = app or App()
        self.wecom = WeCom(hook, self.app, Rules(**rules), Clock())
        self.api = Api(self.wecom)
        self._server = Server(make_app(self.wecom, self.api), port=port)
        self.url = self._server.url

    def __enter__(self) -> WeComSim:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        self._server.start()

    def stop(self) -> None:
        self._server.stop()

    @property
    def hook(self) -> str:
        return self.wecom.hook

    @hook.setter
    def hook(self, url: str) -> None:
        self.wecom.hook = url

    @property
    def counts(self) -> dict[str, int]:
        return dict(self.wecom.screens.counts)

    @property
    def violations(self) -> dict[str, int]:
        return dict(self.wecom.screens.reasons)

    def text(self, user: str, text: str, msg_id: int = 0) -> Delivered:
        return self._server.run(self.wecom.text(user, text, msg_id))

    def image(self, user: str) -> Delivered:
        return self._server.run(self.wecom.image(user))

    def voice(self, user: str) -> Delivered:
        return self._server.run(self.wecom.voice(user))

    def location(self, user: str, latitude: float, longitude: float, label: str = "") -> Delivered:
        return self._server.run(self.wecom.location(user, latitude, longitude, label))

    def enter(self, user: str) -> Delivered:
        return self._server.run(self.wecom.enter(user))

    def click(self, user: str, key: str) -> Delivered:
        return self._server.run(self.wecom.click(user, key))

    def press(self, user: str, name: str) -> Delivered:
        return self._server.run(self.wecom.press(user, name))

    def event(self, user: str, name: str, **fields: Any) -> Delivered:
        return self._server.run(self.wecom.event(user, name, fields))

    def redeliver(self) -> Delivered:
        return self._server.run(self.wecom.redeliver())

    def forge(self, user: str, text: str, how: str) -> int:
        return self._server.run(self.wecom.forge(user, text, how))

    def verify(self) -> str:
        return self._server.run(self.wecom.verify())

    def remove(self, user: str) -> None:
        self._server.run(self.wecom.remove(user))

    def set(self, **rules: Any) -> None:
        self._server.run(self.wecom.set(**rules))

    def advance(self, seconds: float) -> None:
        self._server.run(self.wecom.advance(seconds))

    def screen(self, user: str, after: int = 0) -> list[Shown]:
        return self._server.run(self.wecom.screen(user, after))

    def reset(self) -> None:
        self._server.run(self.wecom.reset())

    def kill_tokens(self) -> None:
        self._server.run(self.api.kill_tokens())
