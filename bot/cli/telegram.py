"""`xst telegram`: where the bot's updates are sent."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import typer

from bot.cli.common import fail, out
from bot.settings import Settings, Telegram, read_settings

telegram = typer.Typer(help="Telegram 机器人：设置、查看、删除 webhook。", no_args_is_help=True)
webhook = typer.Typer(help="Telegram 把消息送到哪里。", no_args_is_help=True)
telegram.add_typer(webhook, name="webhook")


@webhook.command("set")
def set_() -> None:
    """让 Telegram 把消息送到 [server] url 的 /telegram，并登记命令菜单。"""
    from bot.channels.telegram.check import ABROAD, set_hook

    settings, bot = _settings()
    out.print(f"提示：{ABROAD}", markup=False, soft_wrap=True)
    url = _asked(set_hook(bot, settings.url))
    out.print(f"已设置：{url}", markup=False, soft_wrap=True)


@webhook.command("show")
def show() -> None:
    """看看机器人和 webhook 现在怎样。有缺失时退出码为 1。"""
    from bot.channels.telegram.check import diagnose

    settings, bot = _settings()
    found = diagnose(bot, settings.url)
    for state, text in found:
        out.print(f"[{state}] {text}", markup=False, soft_wrap=True)
    if any(state == "缺" for state, _ in found):
        raise typer.Exit(1)


@webhook.command("delete")
def delete() -> None:
    """不再让 Telegram 送消息来；没送到的留着，轮询时取。"""
    from bot.channels.telegram.check import delete_hook

    _asked(delete_hook(_settings()[1]))
    out.print("已删除 webhook。")


def _settings() -> tuple[Settings, Telegram]:
    settings = read_settings()
    if settings.telegram is None:
        fail(f"{settings.config}: 没有 [telegram] 部分")
    return settings, settings.telegram


def _asked(asking: Coroutine[Any, Any, Any]) -> Any:
    from telegram.error import TelegramError

    try:
        return asyncio.run(asking)
    except TelegramError as error:
        # What Telegram answers to an operator's command holds nothing of a person.
        fail(f"Telegram 没有接受：{error.message}")
