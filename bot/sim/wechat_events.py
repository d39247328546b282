"""The XML of every message and event that WeChat delivers, in the order its pages give.

Sources: 接收普通消息 and 接收事件推送 of developers.weixin.qq.com.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

NEVER = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that no XML may hold; WeChat drops them."""

Value = str | int | Sequence["Fields"]
Fields = list[tuple[str, Value]]
"""Element names and what is in them; a sequence of fields is written as repeated elements."""


def render(fields: Fields, root: str = "xml") -> str:
    """Text in CDATA, numbers bare, as the platform writes it."""
    return f"<{root}>{''.join(_elements(fields))}</{root}>"


def envelope(account: str, user: str, at: int, kind: str) -> Fields:
    return [("ToUserName", account), ("FromUserName", user), ("CreateTime", at), ("MsgType", kind)]


def text(content: str, menu_id: str = "") -> Fields:
    return [("Content", content), *([("bizmsgmenuid", menu_id)] if menu_id else [])]


def image(media_id: str) -> Fields:
    return [("PicUrl", f"http://mmbiz.qpic.cn/{media_id}/0"), ("MediaId", media_id)]


def voice(media_id: str, recognition: str = "") -> Fields:
    """`recognition`: what was heard; WeChat sends the element, empty, where it heard nothing."""
    return [("MediaId", media_id), ("Format", "amr"), ("Recognition", recognition)]


def video(media_id: str) -> Fields:
    return [("MediaId", media_id), ("ThumbMediaId", f"{media_id}-thumb")]


def location(latitude: float, longitude: float, label: str) -> Fields:
    return [
        ("Location_X", f"{latitude:.6f}"),
        ("Location_Y", f"{longitude:.6f}"),
        ("Scale", 15),
        ("Label", label),
    ]


def link(title: str, url: str) -> Fields:
    return [("Title", title), ("Description", ""), ("Url", url)]


def file(title: str) -> Fields:
    """Sent by the platform, named on no page."""
    return [
        ("Title", title),
        ("Description", ""),
        ("FileKey", "sim-file"),
        ("FileMd5", "0" * 32),
        ("FileTotalLen", 1024),
    ]


def event(name: str, more: Iterable[tuple[str, Value]] = ()) -> Fields:
    return [("Event", name), *more]


def keyed(name: str, key: str, ticket: str = "") -> Fields:
    return event(name, [("EventKey", key), *([("Ticket", ticket)] if ticket else [])])


def position(latitude: float, longitude: float) -> Fields:
    """The LOCATION event of a user who lets the account see where they are."""
    return event(
        "LOCATION",
        [
            ("Latitude", f"{latitude:.6f}"),
            ("Longitude", f"{longitude:.6f}"),
            ("Precision", "30.000000"),
        ],
    )


def template_sent(status: str = "success") -> Fields:
    return event("TEMPLATESENDJOBFINISH", [("MsgID", 200163836), ("Status", status)])


def subscribed(templates: dict[str, bool]) -> Fields:
    """subscribe_msg_popup_event: a List for every template that was accepted or refused."""
    lists: list[Fields] = [
        [
            ("TemplateId", template),
            ("SubscribeStatusString", "accept" if accepted else "reject"),
            ("PopupScene", 2),
        ]
        for template, accepted in templates.items()
    ]
    return event("subscribe_msg_popup_event", [("SubscribeMsgPopupEvent", [[("List", lists)]])])


def _elements(fields: Fields) -> Iterable[str]:
    for name, value in fields:
        if isinstance(value, int):
            yield f"<{name}>{value}</{name}>"
        elif isinstance(value, str):
            kept = NEVER.sub("", value).replace("]]>", "]]]]><![CDATA[>")
            yield f"<{name}><![CDATA[{kept}]]></{name}>"
        else:
            yield from (render(part, name) for part in value)
