"""What `xst doctor` says of an official account."""

from __future__ import annotations

from bot.channels.wechat.client import Api, ApiError, Unreachable
from bot.channels.wechat.door import Door
from bot.channels.wechat.service import kind_of
from bot.channels.wechat.tokens import Alone, Waited
from bot.settings import WECHAT_API, ConfigError, WeChat

# Sentences

NAMES = {
    "unverified": "未认证的订阅号：只能在用户来信后 5 秒内回复",
    "verified": "认证的订阅号：另可发客服消息、建菜单",
    "service": "认证的服务号：客服消息、菜单、模板消息都可用",
}

Line = tuple[str, str]


def diagnose(settings: WeChat, base_url: str, api: Api | None = None) -> list[Line]:
    """(好 | 提示 | 缺, sentence) for every part of the account; asks WeChat where there is an
    AppSecret."""
    found: list[Line] = []
    try:
        Door(settings)
        found.append(("好", f"微信公众号 {settings.account}，{_MODES[settings.mode]}"))
    except ConfigError as error:
        found.append(("缺", f"微信：{error}"))
    if not settings.account.startswith("gh_"):
        found.append(("提示", "微信：[wechat] account 应是以 gh_ 开头的原始 ID，不是微信号"))
    if settings.mode == "plain":
        found.append(("提示", "微信：明文模式下，消息在路上别人也看得见内容；建议用安全模式"))
    if base_url.startswith("https://"):
        found.append(("好", f"微信：公众平台里的服务器地址填 {base_url}/wechat"))
    else:
        found.append(("提示", "微信：没有 [server] url，长回答带不了链接，菜单不能打开网页"))
    if settings.old_aes_key:
        found.append(("提示", "微信：旧的 EncodingAESKey 仍被接受；换完后删掉它"))
    if settings.api != WECHAT_API:
        found.append(("提示", f"微信：接口地址是 {settings.api}，不是微信的"))
    if not settings.secret:
        found.append(("提示", "微信：没有 XST_WECHAT_SECRET，只能被动回复，不能建菜单和发客服消息"))
        return found
    return [*found, _asked(settings, api or Api(settings, Alone()))]


def _asked(settings: WeChat, api: Api) -> Line:
    try:
        kind = kind_of(api)
    except ApiError as error:
        return ("缺", f"微信：{error.code} {error.advice}")
    except (Unreachable, Waited):
        return ("缺", f"微信：连不上 {settings.api}，检查网络和防火墙")
    if settings.kind and settings.kind != kind:
        said = f"[wechat] kind 写的是 {settings.kind}，微信说是 {kind}"
        more = kind == "unverified" or (settings.kind, kind) == ("service", "verified")
        return ("缺" if more else "提示", f"微信：{said}（{NAMES[kind]}）")
    return ("好", f"微信：{NAMES[kind]}")


_MODES = {"safe": "安全模式", "compatible": "兼容模式", "plain": "明文模式"}
