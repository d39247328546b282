"""The menu of a WeCom application: the same file as WeChat's, with WeCom's limits.

Limits: developer.work.weixin.qq.com/document/path/90231 (names of the second level: 40 bytes).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.channels.wechat import menu
from bot.channels.wechat.menu import Entry, MenuError
from bot.channels.wecom.client import Api, ApiError

NAME_SUB = 40
_NO_MENU = 46003


def payload(entries: Sequence[Entry], base_url: str = "") -> dict[str, Any]:
    """The menu as WeCom takes it. Raises MenuError where it would not."""
    made = menu.payload(entries, base_url)
    for top in entries:
        for entry in top.entries:
            size = len(entry.name.encode("utf-8"))
            if size > NAME_SUB:
                raise MenuError(f"「{entry.name}」的名字: 有 {size} 字节，企业微信最多 {NAME_SUB}")
    return made


def current(api: Api, agent: int) -> dict[str, Any] | None:
    """The menu that the application shows now; None for none. Raises what a call raises."""
    try:
        return api.get("menu/get", agentid=agent)
    except ApiError as error:
        if error.code == _NO_MENU:
            return None
        raise


def apply(api: Api, agent: int, made: dict[str, Any]) -> None:
    """Replace the menu. Raises what a call raises."""
    api.post("menu/create", made, agentid=agent)
