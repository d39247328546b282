"""WeChat's messages and events as what the assistant is told, each with the key that it comes by.

A MsgId alone has collided (voice messages), and events have none at all: so a message's key is
account, sender and MsgId, an event's is account, sender, time, event and event key.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.channels.provinces import nearest
from bot.channels.wechat.envelope import Fields, Rejected, text
from bot.message import Incoming
from bot.storage.mailbox import Grant

MESSAGE = Grant("message", 5, 48 * 3600.0)
"""A message from the person: five customer-service messages in 48 hours."""

ACT = Grant("act", 3, 60.0)
"""A menu item pressed, the account followed, a code scanned: three in one minute."""

_USER = re.compile(r"[\w\-@.]{1,64}", re.ASCII)
_NUMBER = re.compile(r"[0-9]{1,24}", re.ASCII)
_KINDS = {"voice": "voice", "image": "image"}


@dataclass(frozen=True, slots=True)
class Heard:
    """One callback. `incoming` is None where there is nothing to answer; `left` says that the
    person left, so that everything about them is deleted."""

    key: str
    user: str
    account: str
    created: int
    incoming: Incoming | None = None
    grant: Grant | None = None
    left: bool = False


def read(fields: Fields) -> Heard:
    """What a callback says. Raises Rejected where a field that it needs is missing or odd."""
    user, account = text(fields, "FromUserName"), text(fields, "ToUserName")
    created, kind = text(fields, "CreateTime").strip(), text(fields, "MsgType").strip().lower()
    if not _USER.fullmatch(user) or not _USER.fullmatch(account) or not kind:
        raise Rejected("fields")
    if not _NUMBER.fullmatch(created):
        raise Rejected("fields")
    if kind == "event":
        return _event(fields, user, account, int(created))
    ident = text(fields, "MsgId").strip()
    if not _NUMBER.fullmatch(ident):
        raise Rejected("fields")
    incoming, grant = _message(fields, kind), MESSAGE
    if incoming.choice and kind == "text":
        grant = ACT  # an item of a message with a menu counts as pressed
    key = f"wechat:{account}:{user}:{ident}"
    return Heard(key, user, account, int(created), incoming, grant)


def _message(fields: Fields, kind: str) -> Incoming:
    match kind:
        case "text":
            if "Content" not in fields:
                raise Rejected("fields")
            return _incoming(text(fields, "Content"), text(fields, "bizmsgmenuid"))
        case "voice":
            said = text(fields, "Recognition").strip()
            return _incoming(said, kind="text" if said else "voice")
        case "location":
            region = _nearest(text(fields, "Location_X"), text(fields, "Location_Y"))
            return _incoming(choice=f"near:{region}" if region else "", kind="place")
    return _incoming(kind=_KINDS.get(kind, "other"))


def _event(fields: Fields, user: str, account: str, created: int) -> Heard:
    event, value = text(fields, "Event").strip(), _key(fields)
    if not event:
        raise Rejected("fields")
    key = f"wechat:{account}:{user}:{created}:{event}:{value}"
    choice = ""
    match event.lower():
        case "subscribe":
            scene = value.removeprefix("qrscene_") if value.startswith("qrscene_") else ""
            choice = f"start:{scene}" if scene else "start"
        case "unsubscribe":
            return Heard(key, user, account, created, left=True)
        case "scan":
            choice = f"start:{value}" if value else "start"
        case "click":
            choice = value
    if not choice:  # a page was opened, a position reported, something of a later year
        return Heard(key, user, account, created)
    return Heard(key, user, account, created, _incoming(choice=choice), ACT)


def _key(fields: Fields) -> str:
    """The event's key; of events that carry something else in its place, nothing."""
    value = fields.get("EventKey", "")
    return value.strip()[:1024] if isinstance(value, str) else ""


def _nearest(latitude: str, longitude: str) -> str:
    try:
        return nearest(float(latitude), float(longitude))
    except (ValueError, OverflowError):
        return ""


def _incoming(said: str = "", choice: str = "", kind: str = "text") -> Incoming:
    return Incoming(said, choice, channel="wechat", kind=kind)
