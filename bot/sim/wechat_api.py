"""The part of api.weixin.qq.com that a bot calls: tokens, menu, media; messages in a file apart.

Answers are HTTP 200 with an errcode, as there.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.sim.wechat_codes import ESCAPED, WORDS, Refusal, body_of, ok
from bot.sim.wechat_menu import check_menu
from bot.sim.wechat_platform import WeChat
from bot.sim.wechat_service import Service
from bot.sim.wechat_tokens import Tokens

MOST_MEDIA = {"image": 10 << 20, "voice": 2 << 20, "video": 10 << 20, "thumb": 64 << 10}

Handler = Callable[[Request], Awaitable[dict[str, Any]]]
CODES = ("QR_SCENE", "QR_STR_SCENE", "QR_LIMIT_SCENE", "QR_LIMIT_STR_SCENE")
SUBSCRIPTION, SERVICE = ("verified", "service"), ("service",)
ANY = ("unverified", *SUBSCRIPTION)


class Api:
    """The REST endpoints over one simulated account."""

    def __init__(self, wechat: WeChat) -> None:
        self._wechat, self.tokens = wechat, Tokens()
        self._tickets = 0

    def routes(self) -> list[Route]:
        service = Service(self._wechat)
        given: list[tuple[str, str, Handler, tuple[str, ...]]] = [
            ("GET", "getcallbackip", self._addresses, ANY),
            ("GET", "get_api_domain_ip", self._addresses, ANY),
            ("GET", "get_current_selfmenu_info", self._shown_menu, ANY),
            ("POST", "clear_quota", self._done, ANY),
            ("POST", "message/custom/send", service.send, SUBSCRIPTION),
            ("POST", "message/custom/typing", service.typing, SUBSCRIPTION),
            ("GET", "customservice/getkflist", self._agents, SUBSCRIPTION),
            ("POST", "menu/create", self._create_menu, SUBSCRIPTION),
            ("GET", "menu/get", self._get_menu, SUBSCRIPTION),
            ("GET", "menu/delete", self._delete_menu, SUBSCRIPTION),
            ("POST", "media/upload", self._upload, SUBSCRIPTION),
            ("GET", "media/get", self._download, SUBSCRIPTION),
            ("GET", "user/info", self._user, SUBSCRIPTION),
            ("GET", "template/get_industry", self._industry, SERVICE),
            ("GET", "template/get_all_private_template", self._templates, SERVICE),
            ("POST", "message/template/send", service.template, SERVICE),
            ("POST", "message/subscribe/bizsend", service.notice, SERVICE),
            ("POST", "qrcode/create", self._code, SERVICE),
        ]
        return [
            Route("/cgi-bin/token", self._open(self._token)),
            Route("/cgi-bin/stable_token", self._open(self._stable), methods=["GET", "POST"]),
            *(
                Route(f"/cgi-bin/{path}", self._guarded(method, h, k), methods=["GET", "POST"])
                for method, path, h, k in given
            ),
        ]

    async def kill_tokens(self) -> None:
        """End every access token now, as when another server fetched one."""
        self.tokens.kill()

    async def tokens_fetched(self) -> dict[str, int]:
        """How often tokens were fetched in the last day, by kind."""
        return self.tokens.fetched()

    # Before every call

    def _open(self, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        """A call that needs no token; the others come through here too."""

        async def called(request: Request) -> Response:
            rules, counts = self._wechat.rules, self._wechat.screens.counts
            counts["api " + request.url.path.removeprefix("/cgi-bin/")] += 1
            if rules.latency:
                await asyncio.sleep(rules.latency)
            if rules.broken_next > 0:
                rules.broken_next -= 1
                return Response("<html>502 Bad Gateway</html>", 502, media_type="text/html")
            try:
                if rules.fail_next > 0:
                    rules.fail_next -= 1
                    raise Refusal(-1)
                answer = await handler(request)
            except Refusal as refusal:
                answer = self._refused(refusal.code, request)
            raw = answer.pop("raw", None)
            if raw is not None:
                return Response(raw, media_type="application/octet-stream")
            return JSONResponse(answer)

        return called

    def _guarded(
        self, method: str, handler: Handler, kinds: tuple[str, ...]
    ) -> Callable[[Request], Awaitable[Response]]:
        async def called(request: Request) -> dict[str, Any]:
            token = request.query_params.get("access_token", "")
            if code := self.tokens.check(token, self._wechat.clock.now()):
                raise Refusal(code)
            if method == "POST" and request.method != "POST":
                raise Refusal(43002)
            rules = self._wechat.rules
            if rules.quota is not None:
                if rules.quota <= 0:
                    raise Refusal(45009)
                rules.quota -= 1
            if rules.kind not in kinds:
                raise Refusal(48001)
            return await handler(request)

        return self._open(called)

    def _refused(self, code: int, request: Request) -> dict[str, Any]:
        self._wechat.screens.counts[f"errcode {code}"] += 1
        address = request.client.host if request.client else ""
        words = WORDS.get(code, "invalid request").format(ip=address)
        return {"errcode": code, "errmsg": f"{words} rid: {secrets.token_hex(4)}"}

    # Tokens

    async def _token(self, request: Request) -> dict[str, Any]:
        self._may_fetch(dict(request.query_params), request)
        return self._fetched(*self.tokens.fetch(self._wechat.clock.now()))

    async def _stable(self, request: Request) -> dict[str, Any]:
        if request.method != "POST":
            raise Refusal(43002)
        asked = await body_of(request)
        self._may_fetch(asked, request)
        force = asked.get("force_refresh") is True
        return self._fetched(*self.tokens.fetch_stable(self._wechat.clock.now(), force))

    def _may_fetch(self, asked: dict[str, Any], request: Request) -> None:
        account, allowed = self._wechat.account, self._wechat.rules.whitelist
        if asked.get("grant_type") != "client_credential":
            raise Refusal(40002)
        if asked.get("appid") != account.app_id:
            raise Refusal(40013)
        if not asked.get("secret"):
            raise Refusal(41004)
        if asked["secret"] != account.secret:
            raise Refusal(40125)
        if allowed is not None and (not request.client or request.client.host not in allowed):
            raise Refusal(40164)

    def _fetched(self, code: int, token: str, seconds: int) -> dict[str, Any]:
        if code:
            raise Refusal(code)
        return {"access_token": token, "expires_in": seconds}

    # Menu

    async def _create_menu(self, request: Request) -> dict[str, Any]:
        menu = await body_of(request)
        menu.pop(ESCAPED, None)
        if code := check_menu(menu):
            raise Refusal(code)
        self._wechat.menu = menu
        return ok()

    async def _get_menu(self, request: Request) -> dict[str, Any]:
        if self._wechat.menu is None:
            raise Refusal(46003)
        return {"menu": self._wechat.menu}

    async def _delete_menu(self, request: Request) -> dict[str, Any]:
        self._wechat.menu = None
        return ok()

    async def _shown_menu(self, request: Request) -> dict[str, Any]:
        menu = self._wechat.menu
        return {"is_menu_open": int(menu is not None), "selfmenu_info": menu or {"button": []}}

    # The rest

    async def _upload(self, request: Request) -> dict[str, Any]:
        kind = request.query_params.get("type", "")
        if kind not in MOST_MEDIA:
            raise Refusal(40004)
        form = await request.form()
        media = form.get("media")
        if media is None or isinstance(media, str):
            raise Refusal(41005)
        content = await media.read()
        if not 0 < len(content) <= MOST_MEDIA[kind]:
            raise Refusal(40006)
        ident = secrets.token_urlsafe(48)
        self._wechat.media[ident] = content
        return {"type": kind, "media_id": ident, "created_at": int(self._wechat.clock.now())}

    async def _download(self, request: Request) -> dict[str, Any]:
        content = self._wechat.media.get(request.query_params.get("media_id", ""))
        if content is None:
            raise Refusal(40007)
        return {"raw": content}

    async def _user(self, request: Request) -> dict[str, Any]:
        user = self._wechat.users.get(request.query_params.get("openid", ""))
        if user is None:
            raise Refusal(40003)
        return {"subscribe": int(user.followed), "openid": user.openid, "language": "zh_CN"}

    async def _code(self, request: Request) -> dict[str, Any]:
        """A code with a scene: what it carries leads to the account's chat and says the scene."""
        asked = await body_of(request)
        action, seconds = asked.get("action_name"), asked.get("expire_seconds", 60)
        info = asked.get("action_info")
        scene = info.get("scene") if isinstance(info, dict) else None
        if action not in CODES:
            raise Refusal(40052)
        if not isinstance(scene, dict):
            raise Refusal(40053)
        said = scene.get("scene_str" if "STR" in action else "scene_id")
        most = isinstance(said, str) and 1 <= len(said) <= 64
        if not (most if "STR" in action else type(said) is int and said > 0):
            raise Refusal(40053)
        if type(seconds) is not int or not 1 <= seconds <= 2_592_000:
            raise Refusal(40053)
        self._tickets += 1
        answer = {"ticket": f"gQSIM{self._tickets}", "url": f"http://weixin.qq.com/q/02{said}"}
        return answer if "LIMIT" in action else answer | {"expire_seconds": seconds}

    async def _addresses(self, request: Request) -> dict[str, Any]:
        return {"ip_list": ["127.0.0.1"]}

    async def _agents(self, request: Request) -> dict[str, Any]:
        return {"kf_list": []}

    async def _industry(self, request: Request) -> dict[str, Any]:
        return {"primary_industry": {}, "secondary_industry": {}}

    async def _templates(self, request: Request) -> dict[str, Any]:
        return {"template_list": []}

    async def _done(self, request: Request) -> dict[str, Any]:
        return ok()
