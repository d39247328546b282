"""The part of qyapi.weixin.qq.com that an application calls: token, messages, menu.

Source: 获取access_token, 发送应用消息 and 创建菜单 of developer.work.weixin.qq.com.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.sim.wechat_codes import Refusal, body_of
from bot.sim.wechat_menu import check_menu
from bot.sim.wecom_platform import WeCom

LIFE = 7200
MOST_BYTES = 2048
"""A longer text is cut by the platform."""

PER_MINUTE = 30
"""Messages of one application to one member; more are dropped without a word."""

WORDS = {
    -1: "system busy",
    40001: "invalid credential",
    40008: "invalid message type",
    40013: "invalid corpid",
    40014: "invalid access_token",
    40056: "invalid agentid",
    41001: "access_token missing",
    42001: "access_token expired",
    44004: "empty content",
    46003: "menu not exist",
    47001: "data format error",
    60020: "not allow to access from your ip",
    81013: "user & party & tag all invalid",
}

Handler = Callable[[Request], Awaitable[dict[str, Any]]]


class Api:
    """The REST endpoints over one simulated application."""

    def __init__(self, wecom: WeCom) -> None:
        self._wecom = wecom
        self._token, self._ends = "", 0.0
        self._sent: dict[str, deque[float]] = {}

    def routes(self) -> list[Route]:
        given: dict[str, Handler] = {
            "message/send": self._send,
            "menu/create": self._create_menu,
            "menu/get": self._get_menu,
            "menu/delete": self._delete_menu,
            "agent/get": self._agent,
        }
        return [
            Route("/cgi-bin/gettoken", self._open(self._fetch)),
            *(
                Route(f"/cgi-bin/{path}", self._open(self._guarded(h)), methods=["GET", "POST"])
                for path, h in given.items()
            ),
        ]

    async def kill_tokens(self) -> None:
        """End the access token before its time."""
        self._token, self._ends = "", 0.0

    def _open(self, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        async def called(request: Request) -> Response:
            rules, counts = self._wecom.rules, self._wecom.screens.counts
            counts["api " + request.url.path.removeprefix("/cgi-bin/")] += 1
            await asyncio.sleep(rules.latency)
            if rules.broken_next > 0:
                rules.broken_next -= 1
                return Response("", 502)
            try:
                if rules.fail_next > 0:
                    rules.fail_next -= 1
                    raise Refusal(-1)
                return JSONResponse({"errcode": 0, "errmsg": "ok", **await handler(request)})
            except Refusal as refusal:
                counts[f"errcode {refusal.code}"] += 1
                words = WORDS.get(refusal.code, "invalid request")
                return JSONResponse({"errcode": refusal.code, "errmsg": words})

        return called

    def _guarded(self, handler: Handler) -> Handler:
        async def called(request: Request) -> dict[str, Any]:
            token = request.query_params.get("access_token", "")
            if not token:
                raise Refusal(41001)
            if token != self._token:
                raise Refusal(40014)
            if self._wecom.clock.now() >= self._ends:
                raise Refusal(42001)
            allowed = self._wecom.rules.whitelist
            if allowed is not None and (not request.client or request.client.host not in allowed):
                raise Refusal(60020)
            return await handler(request)

        return called

    async def _fetch(self, request: Request) -> dict[str, Any]:
        """The same token as before while that one lives."""
        asked, app, now = request.query_params, self._wecom.app, self._wecom.clock.now()
        if asked.get("corpid") != app.corp_id:
            raise Refusal(40013)
        if asked.get("corpsecret") != app.secret:
            raise Refusal(40001)
        if now >= self._ends:
            self._token, self._ends = secrets.token_urlsafe(120), now + LIFE
        return {"access_token": self._token, "expires_in": int(self._ends - now)}

    async def _send(self, request: Request) -> dict[str, Any]:
        message = await body_of(request)
        if str(message.get("agentid")) != str(self._wecom.app.agent_id):
            raise Refusal(40056)
        kind = message.get("msgtype")
        if kind not in ("text", "markdown", "textcard"):
            raise Refusal(40008)
        part = message.get(kind) or {}
        content = str(part.get("content") or part.get("description") or "")
        if not content:
            raise Refusal(44004)
        wanted = [u for u in str(message.get("touser", "")).split("|") if u]
        known = [u for u in wanted if u in self._wecom.members]
        if not known:
            raise Refusal(81013)
        if len(content.encode()) > MOST_BYTES:
            self._wecom.screens.violate("message-cut")
            content = content.encode()[:MOST_BYTES].decode("utf-8", "ignore")
        for user in known:
            if self._dropped(user):
                self._wecom.screens.violate("message-dropped")
            else:
                self._wecom.screens.counts["sent"] += 1
                self._wecom.screens.show(user, "bot", f"app-{kind}", content)
        unknown = "|".join(u for u in wanted if u not in known)
        return {"msgid": secrets.token_urlsafe(16), **({"invaliduser": unknown} if unknown else {})}

    def _dropped(self, user: str) -> bool:
        times, now = self._sent.setdefault(user, deque()), self._wecom.clock.now()
        while times and times[0] <= now - 60:
            times.popleft()
        if len(times) >= PER_MINUTE:
            return True
        times.append(now)
        return False

    async def _create_menu(self, request: Request) -> dict[str, Any]:
        self._own_agent(request)
        menu = await body_of(request)
        if code := check_menu(menu):
            raise Refusal(code)
        self._wecom.menu = menu
        return {}

    async def _get_menu(self, request: Request) -> dict[str, Any]:
        self._own_agent(request)
        if self._wecom.menu is None:
            raise Refusal(46003)
        return self._wecom.menu

    async def _delete_menu(self, request: Request) -> dict[str, Any]:
        self._own_agent(request)
        self._wecom.menu = None
        return {}

    async def _agent(self, request: Request) -> dict[str, Any]:
        self._own_agent(request)
        return {"agentid": self._wecom.app.agent_id, "name": "协商通", "close": 0}

    def _own_agent(self, request: Request) -> None:
        if request.query_params.get("agentid") != str(self._wecom.app.agent_id):
            raise Refusal(40056)
