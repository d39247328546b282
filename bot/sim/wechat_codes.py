"""Error codes of WeChat's interfaces in its own words, and how it reads what it is sent.

Source: 全局返回码 of developers.weixin.qq.com.
"""

from __future__ import annotations

import json
import re
from typing import Any

from starlette.requests import Request

ESCAPED = "\0escaped"
"""Set in a body that had \\uXXXX."""

WORDS = {
    -1: "system error",
    40001: (
        "invalid credential, access_token is invalid or not latest, could get access_token by "
        "getStableAccessToken, more details at https://mmbizurl.cn/s/JtxxFh33r"
    ),
    40002: "invalid grant_type",
    40003: "invalid openid",
    40004: "invalid media type",
    40006: "invalid meida size",
    40007: "invalid media_id",
    40008: "invalid message type",
    40013: "invalid appid",
    40014: "invalid access_token",
    40018: "invalid button name size",
    40023: "invalid sub button size",
    40027: "invalid sub button url size",
    40052: "invalid action name",
    40053: "invalid action info",
    40119: "invalid use button type",
    40125: "invalid appsecret",
    40164: "invalid ip {ip} ipv6 ::ffff:{ip}, not in whitelist",
    40200: "invalid account type",
    41001: "access_token missing",
    41004: "appsecret missing",
    42001: "access_token expired",
    43002: "require POST method",
    43101: "user refuse to accept the msg",
    44004: "empty content",
    45002: "content size out of limit",
    45009: "reach max api daily quota limit",
    45011: "api minute-quota reach limit, must slower, retry next minute",
    45015: "response out of time limit or subscription is canceled",
    45047: "out of response count limit",
    45072: "invalid command",
    45080: "no interaction in the last 30 seconds",
    45081: "already typing",
    46003: "menu no exist",
    47001: "data format error",
    48001: "api unauthorized",
}


class Refusal(Exception):
    """An errcode."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def ok(**more: Any) -> dict[str, Any]:
    return {"errcode": 0, "errmsg": "ok", **more}


async def body_of(request: Request) -> dict[str, Any]:
    """The JSON of a request. WeChat does not undo \\uXXXX: it stays as it stands, and is noted."""
    raw = (await request.body()).decode("utf-8", "replace")
    kept = re.sub(r"(?<!\\)\\u(?=[0-9a-fA-F]{4})", r"\\\\u", raw)
    try:
        body = json.loads(kept)
    except ValueError as error:
        raise Refusal(47001) from error
    if not isinstance(body, dict):
        raise Refusal(47001)
    if kept != raw:
        body[ESCAPED] = True
    return body
