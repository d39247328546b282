"""What an account sends by itself on the simulated WeChat: customer service, templates, notices.

Source: 客服消息 and 订阅通知 of developers.weixin.qq.com.
"""

from __future__ import annotations

import json
import secrets
from typing import Any

from starlette.requests import Request

from bot.sim.wechat_codes import ESCAPED, Refusal, body_of, ok
from bot.sim.wechat_platform import WeChat
from bot.sim.wechat_reply import MOST_BYTES

SENT = {
    "text": ("content",),
    "image": ("media_id",),
    "voice": ("media_id",),
    "video": ("media_id",),
    "music": ("musicurl", "thumb_media_id"),
    "news": ("articles",),
    "mpnews": ("media_id",),
    "msgmenu": ("list",),
    "miniprogrampage": ("appid", "pagepath"),
}


class Service:
    """The endpoints that bring something to a user's screen."""

    def __init__(self, wechat: WeChat) -> None:
        self._wechat = wechat

    async def send(self, request: Request) -> dict[str, Any]:
        message = await body_of(request)
        user = self._wechat.users.get(str(message.get("touser", "")))
        if user is None:
            raise Refusal(40003)
        kind = str(message.get("msgtype", ""))
        if kind not in SENT:
            raise Refusal(40008)
        part = message.get(kind)
        if not isinstance(part, dict) or any(not part.get(name) for name in SENT[kind]):
            raise Refusal(44004)
        if kind == "msgmenu" and not self._wechat.rules.msgmenu:
            raise Refusal(40200)
        if kind == "text" and len(str(part["content"]).encode()) > MOST_BYTES:
            raise Refusal(45002)
        if "media_id" in SENT[kind] and part["media_id"] not in self._wechat.media:
            raise Refusal(40007)
        now = self._wechat.clock.now()
        if code := user.spend(now):
            raise Refusal(code)
        user.typing_until = 0.0
        if message.pop(ESCAPED, False):
            self._wechat.screens.violate("json-escaped", "WeChat shows \\uXXXX as it stands")
        self._wechat.screens.counts["service messages"] += 1
        self._wechat.screens.show(user.openid, "bot", f"service-{kind}", _words(kind, part))
        return ok()

    async def typing(self, request: Request) -> dict[str, Any]:
        asked, now = await body_of(request), self._wechat.clock.now()
        user = self._wechat.users.get(str(asked.get("touser", "")))
        if user is None:
            raise Refusal(40003)
        if asked.get("command") not in ("Typing", "CancelTyping"):
            raise Refusal(45072)
        if now - user.touched > 30:
            raise Refusal(45080)
        if asked["command"] == "Typing":
            if user.typing_until > now:
                raise Refusal(45081)
            user.typing_until = now + 15
        else:
            user.typing_until = 0.0
        return ok()

    async def template(self, request: Request) -> dict[str, Any]:
        asked = await body_of(request)
        user = self._wechat.users.get(str(asked.get("touser", "")))
        if user is None or not user.followed:
            raise Refusal(40003)
        self._wechat.screens.show(user.openid, "bot", "template", json.dumps(asked.get("data")))
        return ok(msgid=secrets.randbelow(10**12))

    async def notice(self, request: Request) -> dict[str, Any]:
        asked = await body_of(request)
        user = self._wechat.users.get(str(asked.get("touser", "")))
        if user is None:
            raise Refusal(40003)
        template = str(asked.get("template_id", ""))
        if template not in user.accepted:
            raise Refusal(43101)
        user.accepted.discard(template)
        self._wechat.screens.show(user.openid, "bot", "notice", json.dumps(asked.get("data")))
        return ok()


def _words(kind: str, part: dict[str, Any]) -> str:
    """What the phone shows of a message."""
    if kind == "text":
        return str(part["content"])
    if kind == "news":
        return "\n".join(f"{a.get('title')}\n{a.get('url')}" for a in part["articles"])
    if kind == "msgmenu":
        entries = [str(entry.get("content")) for entry in part["list"]]
        return "\n".join([str(part.get("head_content", "")), *entries])
    return f"[{kind}]"
