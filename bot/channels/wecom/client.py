"""Calls to WeCom's API: one token for all replicas, and errors that say what to do."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any

import httpx

from bot.channels.wechat.tokens import Tokens
from bot.settings import WeCom

BAD_TOKEN = frozenset({40014, 42001})
GONE = frozenset({40003, 60111, 81013, 82001})
"""No such member, or one who may not use the application."""

OVER_QUOTA = frozenset({45009, 45033})
TOO_LONG = 45002

# Sentences

ADVICE: Mapping[int, str] = {
    60020: "服务器的 IP 不在可信 IP 里：在企业微信管理后台“应用管理 → 这个应用 → 企业可信IP”加上它"
    "（先要配好可信域名或接收消息的地址）",
    40001: "Secret 不对：在管理后台的应用详情里查看，更新 XST_WECOM_SECRET",
    40013: "企业 ID 不对：核对 xst.toml 里 [wecom] 的 corp_id（管理后台“我的企业”最下面）",
    40056: "应用编号不对：核对 xst.toml 里 [wecom] 的 agent_id",
    48002: "这个应用没有这项接口权限",
    301002: "Secret 和应用编号不是同一个应用的：核对 [wecom] 的 agent_id 和 XST_WECOM_SECRET",
    301005: "应用被停用：在管理后台启用它",
    50003: "应用被停用：在管理后台启用它",
}
UNKNOWN = "企业微信回了错误码 {code}，含义见企业微信开发者中心“全局错误码”"


class ApiError(Exception):
    """WeCom refused a call. Holds the code only: its words quote address and sender."""

    def __init__(self, code: int) -> None:
        super().__init__(str(code))
        self.code = code

    @property
    def advice(self) -> str:
        """What an operator can do, in Chinese."""
        return ADVICE.get(self.code, UNKNOWN.format(code=self.code))


class ConfigurationFault(ApiError):
    """Something that trying again does not mend."""


class Unreachable(Exception):
    """No answer, or none that can be read. `perhaps` a message was sent nevertheless."""

    def __init__(self, perhaps: bool = False) -> None:
        super().__init__()
        self.perhaps = perhaps


class Api:
    """One application's API. Every call blocks, some ten seconds at most; safe between threads.

    Calls raise ConfigurationFault, ApiError, Unreachable, or tokens.Waited.
    """

    def __init__(
        self, settings: WeCom, tokens: Tokens, transport: httpx.BaseTransport | None = None
    ) -> None:
        # Its addresses hold the secret and the token.
        logging.getLogger("httpx").setLevel(logging.WARNING)
        self._settings, self._tokens = settings, tokens
        self._http = httpx.Client(
            base_url=f"{settings.api}/cgi-bin/", timeout=httpx.Timeout(5.0), transport=transport
        )

    def get(self, path: str, **params: str | int) -> dict[str, Any]:
        return self._call("GET", path, params, None)

    def post(self, path: str, data: Mapping[str, object], **params: str | int) -> dict[str, Any]:
        return self._call("POST", path, params, data)

    def send_text(self, user: str, content: str) -> dict[str, Any]:
        """A message of the application to one member."""
        return self.post(
            "message/send",
            {
                "touser": user,
                "msgtype": "text",
                "agentid": self._settings.agent_id,
                "text": {"content": content},
            },
        )

    def close(self) -> None:
        self._http.close()

    def _call(
        self,
        method: str,
        path: str,
        params: Mapping[str, str | int],
        data: Mapping[str, object] | None,
    ) -> dict[str, Any]:
        token = self._tokens.get(self._fetch)
        try:
            return self._ask(method, path, {**params, "access_token": token}, data)
        except ApiError as error:
            if error.code not in BAD_TOKEN:
                raise
        token = self._tokens.get(self._fetch, token)
        return self._ask(method, path, {**params, "access_token": token}, data)

    def _fetch(self, force: bool) -> tuple[str, float]:
        # WeCom has no force: it gives the same token until that one ends.
        asked = {"corpid": self._settings.corp_id, "corpsecret": self._settings.secret}
        found = self._ask("GET", "gettoken", asked, None)
        token, seconds = found.get("access_token"), found.get("expires_in", 7200)
        if not isinstance(token, str) or not token or not isinstance(seconds, int):
            raise Unreachable
        return token, float(seconds)

    def _ask(
        self,
        method: str,
        path: str,
        params: Mapping[str, str | int],
        data: Mapping[str, object] | None,
    ) -> dict[str, Any]:
        found: object = None
        perhaps = path == "message/send"
        try:
            # WeChat's family shows \uXXXX literally.
            content = None if data is None else json.dumps(data, ensure_ascii=False).encode()
            answer = self._http.request(method, path, params=params, content=content)
            if answer.status_code == 200:
                found = answer.json()
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout):
            perhaps = False
        except (httpx.HTTPError, ValueError):
            found = None
        # Outside of `except`: nothing that names the address hangs on these.
        if not isinstance(found, dict) or not isinstance(found.get("errcode", 0), int):
            raise Unreachable(perhaps)
        if code := int(found.get("errcode", 0)):
            raise (ConfigurationFault if code in ADVICE else ApiError)(code)
        return found
