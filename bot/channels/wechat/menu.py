"""The menu below a WeChat chat: read from YAML, checked before anything is sent, compared.

Limits: https://developers.weixin.qq.com/doc/service/api/custommenu/api_createcustommenu (three
entries of up to five, in bytes: names 16 and 60, keys 128, addresses 1024).
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from bot import texts
from bot.channels.wechat.client import Api, ApiError

DEFAULT = Path(__file__).with_name("menu.yaml")
MOST_TOP, MOST_SUB = 3, 5
NAME_TOP, NAME_SUB, KEY, URL = 16, 60, 128, 1024
_NO_MENU = 46003

Button = dict[str, Any]


class MenuError(Exception):
    """A menu that WeChat would refuse; the message names the entry."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: `choice` pressed, `link` opened, or `entries` shown."""

    name: str
    choice: str = ""
    link: str = ""
    entries: tuple[Entry, ...] = ()


def read_menu(path: Path = DEFAULT) -> tuple[Entry, ...]:
    """A menu file. Raises MenuError naming file and entry."""
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise MenuError(f"{path}: 读不出来（{type(error).__name__}）") from error
    if not isinstance(raw, list):
        raise MenuError(f"{path}: 应是一列菜单项")
    return tuple(_entry(one, f"{path.name} 第 {n} 项") for n, one in enumerate(raw, 1))


def opened(
    menu: Sequence[Entry], closed: Container[str] = texts.NOT_OPEN
) -> tuple[tuple[Entry, ...], tuple[str, ...]]:
    """The entries whose skill is there, and the names of those that are left out."""
    kept: list[Entry] = []
    missing: list[str] = []
    for entry in menu:
        kind, _, value = entry.choice.partition(":")
        if kind == "open" and value in closed:
            missing.append(entry.name)
        elif entry.entries:
            inside, without = opened(entry.entries, closed)
            missing += without
            if inside:
                kept.append(Entry(entry.name, entries=inside))
        else:
            kept.append(entry)
    return tuple(kept), tuple(missing)


def payload(menu: Sequence[Entry], base_url: str = "") -> Button:
    """The menu as WeChat takes it. Raises MenuError where it would not."""
    if not 1 <= len(menu) <= MOST_TOP:
        raise MenuError(f"一级菜单应有 1 到 {MOST_TOP} 项，现有 {len(menu)} 项")
    return {"button": [_button(entry, base_url, NAME_TOP) for entry in menu]}


def current(api: Api) -> Button | None:
    """The menu that WeChat shows now; None for none. Raises what a call raises."""
    try:
        found = api.get("menu/get")
    except ApiError as error:
        if error.code == _NO_MENU:
            return None
        raise
    menu = found.get("menu")
    return menu if isinstance(menu, dict) else None


def lines(menu: Mapping[str, Any] | None) -> list[str]:
    """A menu of WeChat's form as lines to read and to compare."""
    out: list[str] = []
    for top in (menu or {}).get("button", []):
        inside = top.get("sub_button") or []
        if isinstance(inside, dict):  # as get_current_selfmenu_info nests them
            inside = inside.get("list", [])
        out.append(f"{top.get('name', '')}{_does(top) if not inside else ''}")
        out += [f"    {sub.get('name', '')}{_does(sub)}" for sub in inside]
    return out


def _does(button: Mapping[str, Any]) -> str:
    return f" → {button.get('key') or button.get('url') or button.get('type', '')}"


def _entry(raw: object, place: str) -> Entry:
    if not isinstance(raw, dict):
        raise MenuError(f"{place}: 应写 name 和 choice、link 或 entries")
    if unknown := sorted(set(map(str, raw)) - {"name", "choice", "link", "entries"}):
        raise MenuError(f"{place}: 不认识的项 {'、'.join(unknown)}")
    name = raw.get("name")
    if not isinstance(name, str) or not name.strip():
        raise MenuError(f"{place}: 缺少 name")
    place = f"{place}「{name}」"
    given = [key for key in ("choice", "link", "entries") if key in raw]
    if len(given) != 1:
        raise MenuError(f"{place}: choice、link、entries 应写一个，且只写一个")
    value = raw[given[0]]
    if given[0] != "entries":
        if not isinstance(value, str) or not value:
            raise MenuError(f"{place}: {given[0]} 应是文字")
        return Entry(name, value) if given[0] == "choice" else Entry(name, link=value)
    if not isinstance(value, list) or not 1 <= len(value) <= MOST_SUB:
        raise MenuError(f"{place}: 二级菜单应有 1 到 {MOST_SUB} 项")
    inside = tuple(_entry(one, f"{place}下第 {n} 项") for n, one in enumerate(value, 1))
    if any(entry.entries for entry in inside):
        raise MenuError(f"{place}: 菜单最多两级")
    return Entry(name, entries=inside)


def _button(entry: Entry, base_url: str, most: int) -> Button:
    _within(entry.name, most, f"「{entry.name}」的名字")
    if entry.entries:
        if len(entry.entries) > MOST_SUB:
            raise MenuError(f"「{entry.name}」: 二级菜单最多 {MOST_SUB} 项")
        inside = [_button(sub, base_url, NAME_SUB) for sub in entry.entries]
        return {"name": entry.name, "sub_button": inside}
    if entry.choice:
        _within(entry.choice, KEY, f"「{entry.name}」的 choice")
        return {"type": "click", "name": entry.name, "key": entry.choice}
    link = entry.link
    if link.startswith("/"):
        if not base_url:
            raise MenuError(f"「{entry.name}」: 要先在 xst.toml 设 [server] url 才能用 {link}")
        link = base_url.rstrip("/") + link
    if urlsplit(link).scheme not in ("http", "https") or not urlsplit(link).netloc:
        raise MenuError(f"「{entry.name}」: link 应以 https:// 或 / 开头")
    _within(link, URL, f"「{entry.name}」的 link")
    return {"type": "view", "name": entry.name, "url": link}


def _within(text: str, most: int, place: str) -> None:
    size = len(text.encode("utf-8"))
    if size > most:
        raise MenuError(f"{place}: 有 {size} 字节，最多 {most}（一个汉字 3 字节）")
