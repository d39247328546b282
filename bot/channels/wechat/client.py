"""Calls to WeChat's API: wechatpy's client with one token for all replicas, and errors that say
what to do.

Left to itself wechatpy renews the token on every refusal without end (136 times until the stack
was full), has the address of the token fixed, knows no stable_token and waits for it for ever; so
token, retry, host and time-outs are ours.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from wechatpy import WeChatClient
from wechatpy.exceptions import WeChatClientException

from bot.channels.wechat.tokens import Tokens
from bot.settings import WeChat

TIMEOUT = (3.0, 5.0)
"""Seconds to connect, and to wait for an answer."""

BAD_TOKEN = frozenset({40001, 40014, 42001})
USED_UP = frozenset({45015, 45047})
OVER_QUOTA = frozenset({45009, 45011})
NO_PERMISSION = 48001
GONE = frozenset({40003, 43004, 43101, 46004})
"""No such follower (any more)."""

FAULT_SECONDS = 60.0
"""How long a configuration fault is taken as given before WeChat is asked again."""

# Sentences

ADVICE: Mapping[int, str] = {
    40164: "服务器的 IP 不在公众号的 IP 白名单里："
    "在公众平台“设置与开发 → 基本配置 → IP白名单”加上它",
    40125: "AppSecret 不对：在公众平台“基本配置”重置后，更新 XST_WECHAT_SECRET",
    40013: "AppID 不对：核对 xst.toml 里 [wechat] 的 app_id",
    40002: "取令牌的方式不被接受：核对 [wechat] 的 app_id 和 api",
    41004: "没有 AppSecret：设置 XST_WECHAT_SECRET",
    41002: "没有 AppID：在 xst.toml 的 [wechat] 写上 app_id",
    40243: "AppSecret 被冻结：在公众平台“基本配置”解冻",
    50002: "公众号被限制，先登录公众平台看站内通知",
    48001: "这个公众号没有这项接口权限（未认证的订阅号不能用客服消息和自定义菜单接口）：认证，"
    "或把 [wechat] 的 kind 设成 unverified",
    48004: "这项接口被微信封禁，登录 mp.weixin.qq.com 看原因",
    40200: "这类账号不能用这项接口",
    50001: "公众号没有授权这项接口",
}
UNKNOWN = "微信回了错误码 {code}，含义见微信公众平台“全局返回码”"


class ApiError(Exception):
    """WeChat refused a call. Holds the code only: WeChat's words may quote what was sent."""

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
    """No answer, or none that can be read; it may have been done nevertheless."""


class Api:
    """One account's API. Every call blocks, for ten seconds or so at most; safe between threads.

    Calls raise ConfigurationFault, ApiError, Unreachable, or tokens.Waited.
    """

    def __init__(
        self, settings: WeChat, tokens: Tokens, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._client = _Client(settings)
        self._settings, self._tokens, self._clock = settings, tokens, clock
        self._fault: tuple[float, int] | None = None

    def ready(self) -> None:
        """Have a token, or raise why there is none."""
        self._token()

    def get(self, path: str) -> dict[str, Any]:
        return self._call("get", path, None)

    def post(self, path: str, data: Mapping[str, object]) -> dict[str, Any]:
        return self._call("post", path, dict(data))

    def send_text(self, user: str, text: str) -> None:
        """A customer-service message."""
        data = {"touser": user, "msgtype": "text", "text": {"content": text}}
        self.post("message/custom/send", data)

    def _call(self, method: str, path: str, data: dict[str, object] | None) -> dict[str, Any]:
        token = self._token()
        try:
            return self._client.ask(method, path, data, {"access_token": token})
        except ApiError as error:
            if error.code not in BAD_TOKEN:
                raise
        return self._client.ask(method, path, data, {"access_token": self._token(bad=token)})

    def _token(self, bad: str = "") -> str:
        if not self._settings.secret:
            raise ConfigurationFault(41004)
        if self._fault and self._clock() < self._fault[0]:
            raise ConfigurationFault(self._fault[1])
        try:
            token = self._tokens.get(self._fetch, bad)
        except ConfigurationFault as fault:
            self._fault = (self._clock() + FAULT_SECONDS, fault.code)
            raise
        self._fault = None
        return token

    def _fetch(self, force: bool) -> tuple[str, float]:
        asked = {
            "grant_type": "client_credential",
            "appid": self._settings.app_id,
            "secret": self._settings.secret,
            "force_refresh": force,
        }
        found = self._client.ask("post", "stable_token", asked, None)
        token, seconds = found.get("access_token"), found.get("expires_in", 7200)
        if not isinstance(token, str) or not token or not isinstance(seconds, int):
            raise Unreachable
        return token, float(seconds)


class _Client(WeChatClient):  # type: ignore[misc]  # wechatpy has no types
    """wechatpy's, which asks nobody for a token and says only what went wrong."""

    def __init__(self, settings: WeChat) -> None:
        super().__init__(settings.app_id, "", timeout=TIMEOUT, auto_retry=False)
        self.API_BASE_URL = f"{settings.api}/cgi-bin/"

    @property
    def access_token(self) -> str:
        raise AttributeError("given with each call")

    def ask(
        self,
        method: str,
        path: str,
        data: dict[str, object] | None,
        params: dict[str, str] | None,
    ) -> dict[str, Any]:
        sent = {} if data is None else {"data": data}
        try:
            found = self._request(method, path, params=params, allow_redirects=False, **sent)
        except WeChatClientException as error:
            code = error.errcode
        except Exception:  # requests' errors name the address, and with it the token
            code = None
        else:
            if isinstance(found, dict):
                return found
            code = None
        # Outside of `except`: nothing of what wechatpy or requests said hangs on these.
        if code is None:
            raise Unreachable
        raise (ConfigurationFault if code in ADVICE else ApiError)(code)
