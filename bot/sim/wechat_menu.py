"""What WeChat says to a menu: how many entries, how long, of which kind.

Source: 创建自定义菜单 and the global error codes of developers.weixin.qq.com.
"""

from __future__ import annotations

from typing import Any

TYPES = {
    "click": ("key",),
    "view": ("url",),
    "scancode_push": ("key",),
    "scancode_waitmsg": ("key",),
    "pic_sysphoto": ("key",),
    "pic_photo_or_album": ("key",),
    "pic_weixin": ("key",),
    "location_select": ("key",),
    "media_id": ("media_id",),
    "article_id": ("article_id",),
    "article_view_limited": ("article_id",),
    "miniprogram": ("url", "appid", "pagepath"),
}
TOP, SUB = 3, 5
NAME_BYTES, SUB_NAME_BYTES, KEY_BYTES, URL_BYTES = 16, 60, 128, 1024

BUTTONS = (40016, 40018, 40019, 40020, 40017)
SUB_BUTTONS = (40023, 40025, 40026, 40027, 40024)
"""The codes for number, name, key, address and kind, of entries and of entries below them."""


def check_menu(menu: Any) -> int:
    """0 for a menu that WeChat takes, or the errcode."""
    buttons = menu.get("button") if isinstance(menu, dict) else None
    if not isinstance(buttons, list):
        return 40015
    if not 1 <= len(buttons) <= TOP:
        return BUTTONS[0]
    for button in buttons:
        if not isinstance(button, dict):
            return 40015
        below = button.get("sub_button") or []
        if code := _entry(button, BUTTONS, NAME_BYTES, bare=bool(below)):
            return code
        if len(below) > SUB:
            return SUB_BUTTONS[0]
        for entry in below:
            if not isinstance(entry, dict) or entry.get("sub_button"):
                return 40022
            if code := _entry(entry, SUB_BUTTONS, SUB_NAME_BYTES):
                return code
    return 0


def _entry(button: dict[str, Any], codes: tuple[int, ...], most: int, bare: bool = False) -> int:
    _, name_code, key_code, url_code, kind_code = codes
    if not 1 <= len(str(button.get("name", "")).encode()) <= most:
        return name_code
    if bare:
        return 0
    kind = button.get("type")
    if kind not in TYPES:
        return 40119 if kind else kind_code
    for part in TYPES[kind]:
        value = str(button.get(part, ""))
        size = len(value.encode())
        if part == "key" and not 1 <= size <= KEY_BYTES:
            return key_code
        if part == "url":
            if not 1 <= size <= URL_BYTES:
                return url_code
            if not value.startswith(("http://", "https://")):
                return 40055
        if part.endswith("_id") and not value:
            return 40007
    return 0
