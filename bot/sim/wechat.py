"""`WeChatSim`: an official account, its users and api.weixin.qq.com in one process or thread.

The control API under /_sim and the methods here are the same calls; see docs/simulators.md.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.routing import BaseRoute

from bot.sim import wechat_events as events
from bot.sim.control import control_routes
from bot.sim.screen import Shown
from bot.sim.server import Clock, Server
from bot.sim.wechat_api import Api
from bot.sim.wechat_delivery import Delivered, Request
from bot.sim.wechat_platform import WeChat
from bot.sim.wechat_rules import Account, Rules


def make_app(wechat: WeChat, api: Api, more: list[BaseRoute] | None = None) -> Starlette:
    """The simulator as one web application: the API, the control API and `more`."""

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        await wechat.courier.http.aclose()

    calls = [*wechat.calls(), api.kill_tokens, api.tokens_fetched]
    return Starlette(
        routes=[*api.routes(), *control_routes(calls), *(more or [])], lifespan=lifespan
    )


class WeChatSim:
    """The simulator in a thread, for tests. Methods wait until WeChat is done with the message."""

    def __init__(
        self,
        hook: str = "http://127.0.0.1:9/",
        account: Account | None = None,
        port: int = 0,
        **rules: Any,
    ) -> None:
        """`hook`: the bot's address, which may be set later; `rules`: fields of `Rules`."""
        self.account = account or Account()
        self.wechat = WeChat(hook, self.account, Rules(**rules), Clock())
        self.api = Api(self.wechat)
        self._server = Server(make_app(self.wechat, self.api), port=port)
        self.url = self._server.url

    def __enter__(self) -> WeChatSim:
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
        return self.wechat.courier.hook

    @hook.setter
    def hook(self, url: str) -> None:
        self.wechat.courier.hook = url

    @property
    def rules(self) -> Rules:
        return self.wechat.rules

    @property
    def counts(self) -> dict[str, int]:
        return dict(self.wechat.screens.counts)

    @property
    def violations(self) -> dict[str, int]:
        return dict(self.wechat.screens.reasons)

    def text(self, user: str, text: str, msg_id: int = 0, menu_id: str = "") -> Delivered:
        return self._server.run(self.wechat.text(user, text, msg_id, menu_id))

    def image(self, user: str) -> Delivered:
        return self._server.run(self.wechat.image(user))

    def voice(self, user: str, recognition: str = "", msg_id: int = 0) -> Delivered:
        return self._server.run(self.wechat.voice(user, recognition, msg_id))

    def video(self, user: str, short: bool = False) -> Delivered:
        return self._server.run(self.wechat.video(user, short))

    def location(self, user: str, latitude: float, longitude: float, label: str = "") -> Delivered:
        return self._server.run(self.wechat.location(user, latitude, longitude, label))

    def link(self, user: str, title: str, url: str) -> Delivered:
        return self._server.run(self.wechat.link(user, title, url))

    def file(self, user: str, title: str = "a.pdf") -> Delivered:
        return self._server.run(self.wechat.file(user, title))

    def follow(self, user: str, scene: str = "") -> Delivered:
        return self._server.run(self.wechat.follow(user, scene))

    def unfollow(self, user: str) -> Delivered:
        return self._server.run(self.wechat.unfollow(user))

    def scan(self, user: str, scene: str) -> Delivered:
        return self._server.run(self.wechat.scan(user, scene))

    def click(self, user: str, key: str) -> Delivered:
        return self._server.run(self.wechat.click(user, key))

    def press(self, user: str, name: str) -> Delivered:
        return self._server.run(self.wechat.press(user, name))

    def event(self, user: str, name: str, **fields: Any) -> Delivered:
        return self._server.run(self.wechat.event(user, name, fields))

    def position(self, user: str, latitude: float, longitude: float) -> Delivered:
        return self._server.run(self.wechat.position(user, latitude, longitude))

    def subscribe(self, user: str, templates: dict[str, bool]) -> Delivered:
        return self._server.run(self.wechat.subscribe(user, templates))

    def redeliver(self) -> Delivered:
        return self._server.run(self.wechat.redeliver())

    def forge(self, user: str, text: str, how: str) -> int:
        return self._server.run(self.wechat.forge(user, text, how))

    def verify(self) -> str:
        return self._server.run(self.wechat.verify())

    def set_menu(self, menu: dict[str, Any] | None = None) -> None:
        self._server.run(self.wechat.set_menu(menu))

    def set(self, **rules: Any) -> None:
        self._server.run(self.wechat.set(**rules))

    def advance(self, seconds: float) -> None:
        self._server.run(self.wechat.advance(seconds))

    def screen(self, user: str, after: int = 0) -> list[Shown]:
        return self._server.run(self.wechat.screen(user, after))

    def reset(self) -> None:
        self._server.run(self.wechat.reset())

    def kill_tokens(self) -> None:
        self._server.run(self.api.kill_tokens())

    def request(self, user: str, xml: str) -> Request:
        """One signed (and sealed) delivery to be posted by somebody else; XML by `xml`."""
        return self.wechat.courier.request(user, xml)

    def xml(self, user: str, text: str) -> str:
        """A text message as XML, with a message id of its own."""
        return self.wechat.xml(user, "text", events.text(text), self.wechat.next_id())
