"""What an operator should know and set about the bot: its webhook, its commands, its doctor."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from typing import Any

from telegram.error import EndPointNotFound, InvalidToken, TelegramError

from bot.channels.telegram.api import Api
from bot.channels.telegram.updates import WANTED
from bot.settings import ConfigError, Telegram

# Sentences

ABROAD = "Telegram：消息经境外服务器，数据会出境；国内服务请勿启用，启用前须评估并告知使用者"
TOKEN = "Telegram：令牌被拒绝，请到 @BotFather 核对，再设 XST_TELEGRAM_TOKEN"
UNREACHED = "Telegram：连不上 {api}（{why}）；国内网络通常访问不了"
BOT = "Telegram：机器人 @{name}"
GROUPS = "Telegram：机器人在群里看得到所有消息；请在 @BotFather 用 /setprivacy 打开隐私模式"
SECRET = "XST_TELEGRAM_SECRET: 只能用字母、数字、_ 和 -，最多 256 个"
ADDRESS = (
    "[server] url 应是 https:// 开头的公网地址（端口 443、80、88 或 8443），Telegram 才能送来消息"
)
HOOK = "Telegram：webhook 是 {url}，等着送来的更新 {pending} 条"
HOOK_NONE = "Telegram：还没有设置 webhook；运行 xst telegram webhook set"
HOOK_OTHER = "Telegram：webhook 指向别处（{url}），应是 {wanted}；运行 xst telegram webhook set"
HOOK_ERROR = "Telegram：上次送更新失败：{why}"
HOOK_POLLING = "Telegram：设了 webhook 就不能轮询；运行 xst telegram webhook delete"
POLLING = "Telegram：用轮询收消息，只能有一个进程"
COMMANDS = {
    "help": "怎么用",
    "region": "选省市",
    "quiz": "答题；在群里是每日一题",
    "practice": "练习",
    "daily": "每日一题",
    "forget": "删掉这个对话记得的东西",
}


def hook(base_url: str) -> str:
    """The webhook's address. Raises ConfigError where Telegram would not take it."""
    if not base_url.startswith("https://"):
        raise ConfigError(ADDRESS)
    return f"{base_url.rstrip('/')}/telegram"


def check_secret(settings: Telegram) -> str:
    """The secret token. Raises ConfigError where Telegram would not take it."""
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", settings.secret):
        raise ConfigError(SECRET)
    return settings.secret


async def set_hook(settings: Telegram, base_url: str, api: Api | None = None) -> str:
    """Have updates sent to this installation and show its commands; gives the address.
    Raises ConfigError, TelegramError."""
    url, secret = hook(base_url), check_secret(settings)
    api = api or Api(settings)
    try:
        await api.call(
            "setWebhook",
            {"url": url, "secret_token": secret, "allowed_updates": list(WANTED)},
        )
        await api.call(
            "setMyCommands",
            {"commands": [{"command": c, "description": d} for c, d in COMMANDS.items()]},
        )
    finally:
        await api.close()
    return url


async def delete_hook(settings: Telegram, api: Api | None = None) -> None:
    """Have no updates sent any more; those that wait are kept for polling."""
    api = api or Api(settings)
    try:
        await api.call("deleteWebhook", {"drop_pending_updates": False})
    finally:
        await api.close()


def diagnose(settings: Telegram, base_url: str, api: Api | None = None) -> list[tuple[str, str]]:
    """(好 | 提示 | 缺, sentence) for everything that can be wrong with the bot; asks Telegram."""
    return asyncio.run(_diagnosed(settings, base_url, api or Api(settings)))


async def _diagnosed(settings: Telegram, base_url: str, api: Api) -> list[tuple[str, str]]:
    found = [("提示", ABROAD)]
    if settings.mode == "webhook":
        try:
            hook(base_url)
            check_secret(settings)
        except ConfigError as error:
            found.append(("缺", str(error)))
    try:
        me = await api.call("getMe")
        info = await api.call("getWebhookInfo")
    except (InvalidToken, EndPointNotFound):
        return [*found, ("缺", TOKEN)]
    except TelegramError as error:
        return [*found, ("缺", UNREACHED.format(api=settings.api, why=type(error).__name__))]
    finally:
        await api.close()
    found.append(("好", BOT.format(name=me.get("username", ""))))
    if me.get("can_read_all_group_messages"):
        found.append(("提示", GROUPS))
    return [*found, *_of_hook(settings, base_url, info)]


def _of_hook(settings: Telegram, base_url: str, info: Mapping[str, Any]) -> list[tuple[str, str]]:
    url = str(info.get("url", ""))
    if settings.mode == "polling":
        return [("缺", HOOK_POLLING) if url else ("好", POLLING)]
    wanted = f"{base_url.rstrip('/')}/telegram"
    if not url:
        return [("缺", HOOK_NONE)]
    if url != wanted:
        return [("缺", HOOK_OTHER.format(url=url, wanted=wanted))]
    found = [("好", HOOK.format(url=url, pending=info.get("pending_update_count", 0)))]
    if why := info.get("last_error_message"):
        found.append(("提示", HOOK_ERROR.format(why=why)))
    return found
