"""`xst wechat`: the menu of the official account, and what the account may do."""

from __future__ import annotations

from difflib import ndiff
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from bot.cli.common import fail, out
from bot.settings import WeChat, read_settings

if TYPE_CHECKING:
    from bot.channels.wechat.client import Api

wechat = typer.Typer(help="微信公众号：菜单、账号类型。", no_args_is_help=True)
menu = typer.Typer(help="公众号的菜单。", no_args_is_help=True)
wechat.add_typer(menu, name="menu")


@wechat.command()
def kind() -> None:
    """问微信：这个公众号能做什么。"""
    from bot.channels.wechat.condition import NAMES
    from bot.channels.wechat.service import kind_of

    settings, api = _account()
    try:
        found = kind_of(api)
    except Exception as error:
        _failed(error)
    out.print(f"{found}　{NAMES[found]}", markup=False, soft_wrap=True)
    if settings.kind and settings.kind != found:
        out.print(f"xst.toml 里 [wechat] kind = {settings.kind}，请改成 {found} 或删掉这一行")


@menu.command()
def show() -> None:
    """看公众号现在的菜单。"""
    from bot.channels.wechat.menu import current, lines

    _, api = _account()
    try:
        found = lines(current(api))
    except Exception as error:
        _failed(error)
    out.print("\n".join(found) or "还没有菜单", markup=False, soft_wrap=True)


@menu.command("default")
def default_() -> None:
    """写出自带的菜单文件，改好再 apply。"""
    from bot.channels.wechat.menu import DEFAULT

    print(DEFAULT.read_text(encoding="utf-8"), end="")


@menu.command()
def apply(
    file: Annotated[str, typer.Argument(help="菜单文件（YAML），或 default：自带的菜单")],
    yes: Annotated[bool, typer.Option("--yes", help="不再问，直接改")] = False,
    all_: Annotated[bool, typer.Option("--all", help="没有开放的项也放上去")] = False,
) -> None:
    """检查菜单，显示会改什么，再改公众号的菜单。没有开放的功能不放上去。"""
    from bot.channels.wechat.menu import (
        DEFAULT,
        MenuError,
        current,
        lines,
        opened,
        payload,
        read_menu,
    )

    try:
        entries = read_menu(DEFAULT if file == "default" else Path(file))
        entries, missing = (entries, ()) if all_ else opened(entries)
        new = payload(entries, read_settings().url)
    except MenuError as error:
        fail(str(error))
    _, api = _account()
    try:
        old = current(api)
    except Exception as error:
        _failed(error)
    if missing:
        out.print(f"还没有开放，先不放：{'、'.join(missing)}", markup=False)
    changes = [line for line in ndiff(lines(old), lines(new)) if not line.startswith("?")]
    if not any(line[0] in "+-" for line in changes):
        out.print("菜单没有变化。")
        return
    out.print("\n".join(changes), markup=False, soft_wrap=True)
    if not yes and not typer.confirm("照此改吗？"):
        raise typer.Exit(1)
    try:
        api.post("menu/create", new)
    except Exception as error:
        _failed(error)
    out.print("菜单已改。关注者几分钟内看到；取消关注再关注，马上看到。")


def _account() -> tuple[WeChat, Api]:
    from bot.channels.wechat.client import Api
    from bot.channels.wechat.tokens import Alone

    settings = read_settings()
    if settings.wechat is None:
        fail(f"{settings.config}: 没有 [wechat]")
    return settings.wechat, Api(settings.wechat, Alone())


def _failed(error: Exception) -> NoReturn:
    from bot.channels.wechat.client import ApiError, Unreachable
    from bot.channels.wechat.tokens import Waited

    if isinstance(error, ApiError):
        fail(f"微信拒绝了（{error.code}）：{error.advice}")
    if isinstance(error, Unreachable | Waited):
        fail("连不上微信的接口，稍后再试；检查网络和 [wechat] api")
    raise error
