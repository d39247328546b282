"""`xst wecom`: the menu of the WeCom application."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from difflib import ndiff
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.common import fail, out
from bot.settings import WeCom, read_settings

if TYPE_CHECKING:
    from bot.channels.wecom.client import Api

wecom = typer.Typer(help="企业微信应用：菜单。", no_args_is_help=True)
menu = typer.Typer(help="应用的菜单。", no_args_is_help=True)
wecom.add_typer(menu, name="menu")


@menu.command()
def show() -> None:
    """看应用现在的菜单。"""
    from bot.channels.wechat.menu import lines
    from bot.channels.wecom.menu import current

    settings = _settings()
    with _asking(settings) as api:
        found = lines(current(api, settings.agent_id))
    out.print("\n".join(found) or "还没有菜单", markup=False, soft_wrap=True)


@menu.command("apply")
def apply_(
    file: Annotated[str, typer.Argument(help="菜单文件（YAML），或 default：自带的菜单")],
    yes: Annotated[bool, typer.Option("--yes", help="不再问，直接改")] = False,
) -> None:
    """检查菜单，显示会改什么，再改应用的菜单。没有开放的功能不放上去。"""
    from bot.channels.wechat.menu import DEFAULT, MenuError, lines, opened, read_menu
    from bot.channels.wecom.menu import apply, current, payload

    settings = _settings()
    try:
        entries, missing = opened(read_menu(DEFAULT if file == "default" else Path(file)))
        new = payload(entries, read_settings().url)
    except MenuError as error:
        fail(str(error))
    with _asking(settings) as api:
        old = current(api, settings.agent_id)
        if missing:
            out.print(f"还没有开放，先不放：{'、'.join(missing)}", markup=False)
        changes = [line for line in ndiff(lines(old), lines(new)) if not line.startswith("?")]
        if not any(line[0] in "+-" for line in changes):
            out.print("菜单没有变化。")
            return
        out.print("\n".join(changes), markup=False, soft_wrap=True)
        if not yes and not typer.confirm("照此改吗？"):
            raise typer.Exit(1)
        apply(api, settings.agent_id, new)
    out.print("菜单已改。成员重新进入应用就能看到。")


def _settings() -> WeCom:
    settings = read_settings()
    if settings.wecom is None:
        fail(f"{settings.config}: 没有 [wecom]")
    return settings.wecom


@contextmanager
def _asking(settings: WeCom) -> Iterator[Api]:
    """The API for one command, its refusals told in one line."""
    from bot.channels.wechat.tokens import Alone, Waited
    from bot.channels.wecom.client import Api, ApiError, Unreachable

    api = Api(settings, Alone())
    try:
        yield api
    except ApiError as error:
        fail(f"企业微信拒绝了（{error.code}）：{error.advice}")
    except (Unreachable, Waited):
        fail("连不上企业微信的接口，稍后再试；检查网络和 [wecom] api")
    finally:
        api.close()
