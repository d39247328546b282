"""WeCom's callbacks: the door they come in by, and what they say.

They are WeChat's with three differences: always encrypted, the proof of the address too; meant
for a company (its id is the receiver) and one of its applications; voice comes without words.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.channels.provinces import nearest
from bot.channels.wechat.crypto import Crypto
from bot.channels.wechat.envelope import Fields, Rejected, read, text
from bot.message import Incoming
from bot.settings import WeCom

_USER = re.compile(r"[\w\-@.]{1,64}", re.ASCII)
_NUMBER = re.compile(r"[0-9]{1,24}", re.ASCII)
_KINDS = {"voice": "voice", "image": "image"}
_LONGEST_KEY = 1024


@dataclass(frozen=True, slots=True)
class Heard:
    """One callback. `incoming` is None where there is nothing to answer; `left` says that the
    person may not use the application any more, so that everything about them is deleted."""

    key: str
    user: str
    incoming: Incoming | None = None
    left: bool = False


class Door:
    """Lets in what WeCom sent to this application. Raises ConfigError for secrets that are none."""

    def __init__(self, settings: WeCom, clock: Callable[[], float] = time.time) -> None:
        self._crypto = Crypto(settings.token, settings.corp_id, settings.aes_key, clock=clock)
        self._agent = str(settings.agent_id)
        self._account = account(settings)

    def verify(self, query: Mapping[str, str]) -> str:
        """What proves to WeCom that the address is ours. Raises Rejected."""
        return self._decrypted(query, query.get("echostr", "").replace(" ", "+"))

    def open(self, query: Mapping[str, str], body: bytes) -> Heard:
        """What a callback says. Raises Rejected."""
        fields = read(self._decrypted(query, text(read(body), "Encrypt")))
        if text(fields, "AgentID").strip() not in ("", self._agent):
            raise Rejected("account", 403)
        return _heard(fields, self._account)

    def _decrypted(self, query: Mapping[str, str], cipher: str) -> str:
        if not cipher:
            raise Rejected("fields")
        signature, timestamp, nonce = (
            query.get(name, "") for name in ("msg_signature", "timestamp", "nonce")
        )
        # Nothing says that a redelivery is signed anew, so one must not pass for a replay; inside
        # the time window the mark of the message makes a replay harmless.
        self._crypto.check(signature, timestamp, nonce, cipher, once=False)
        return self._crypto.decrypt(cipher)[0]


def account(settings: WeCom) -> str:
    return f"wecom:{settings.corp_id}:{settings.agent_id}"


def _heard(fields: Fields, name: str) -> Heard:
    user, kind = text(fields, "FromUserName"), text(fields, "MsgType").strip().lower()
    if not _USER.fullmatch(user) or not kind:
        raise Rejected("fields")
    if kind == "event":
        return _event(fields, user, name)
    ident = text(fields, "MsgId").strip()
    if not _NUMBER.fullmatch(ident):
        raise Rejected("fields")
    return Heard(f"{name}:{user}:{ident}", user, _message(fields, kind))


def _message(fields: Fields, kind: str) -> Incoming:
    if kind == "text":
        if "Content" not in fields:
            raise Rejected("fields")
        return _incoming(text(fields, "Content"))
    if kind == "location":
        region = _nearest(text(fields, "Location_X"), text(fields, "Location_Y"))
        return _incoming(choice=f"near:{region}" if region else "", kind="place")
    return _incoming(kind=_KINDS.get(kind, "other"))


def _event(fields: Fields, user: str, name: str) -> Heard:
    event, created = text(fields, "Event").strip().lower(), text(fields, "CreateTime").strip()
    value = fields.get("EventKey", "")
    value = value.strip()[:_LONGEST_KEY] if isinstance(value, str) else ""
    if not event or not _NUMBER.fullmatch(created):
        raise Rejected("fields")
    key = f"{name}:{user}:{created}:{event}:{value}"
    match event:
        case "subscribe":
            return Heard(key, user, _incoming(choice="start"))
        case "unsubscribe":
            return Heard(key, user, left=True)
        case "click" if value:
            return Heard(key, user, _incoming(choice=value))
    return Heard(key, user)  # entered, viewed, a position reported, something of a later year


def _nearest(latitude: str, longitude: str) -> str:
    try:
        return nearest(float(latitude), float(longitude))
    except (ValueError, OverflowError):
        return ""


def _incoming(said: str = "", choice: str = "", kind: str = "text") -> Incoming:
    return Incoming(said, choice, channel="wecom", kind=kind)
