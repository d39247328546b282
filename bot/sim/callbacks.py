"""Callbacks by the thousand, as the platforms make them: for load generators and kill tests."""

from __future__ import annotations

import itertools
import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree

from bot.sim import wechat_events as events
from bot.sim.crypt import Crypt, new_aes_key, signature
from bot.sim.wechat_rules import Account
from bot.sim.wire import Callback


@dataclass(frozen=True, slots=True)
class Said:
    """One message of one person, not yet on its way. It may be delivered several times."""

    user: str
    ident: int
    xml: str


class WeChatSide:
    """An official account's platform side in safe mode: messages, deliveries, and what an answer
    says."""

    def __init__(self, account: Account | None = None) -> None:
        self.account = account or Account()
        self._crypt = Crypt(self.account.aes_key, self.account.app_id)
        self._ids = itertools.count(time.time_ns() // 1000)

    def said(self, user: str, text: str, menu_id: str = "") -> Said:
        """A text message; `menu_id` makes it one that was chosen in a message with a menu."""
        ident = next(self._ids)
        head = events.envelope(self.account.account, user, int(time.time()), "text")
        xml = events.render([*head, *events.text(text, menu_id), ("MsgId", ident)])
        return Said(user, ident, xml)

    def key(self, said: Said) -> str:
        """What the platform's pages say tells this message from every other."""
        return f"wechat:{self.account.account}:{said.user}:{said.ident}"

    def event(self, user: str, name: str, key: str = "") -> Said:
        """An event; it has no id of its own."""
        head = events.envelope(self.account.account, user, int(time.time()), "event")
        return Said(user, 0, events.render([*head, *events.keyed(name, key)]))

    def delivery(self, said: Said) -> Callback:
        """One delivery, with a time, nonce and signature of its own."""
        return self.sealed(said.xml, said.user)

    def sealed(self, xml: str, user: str = "") -> Callback:
        """The same of any text, also one that WeChat would not send."""
        stamp, nonce = str(int(time.time())), secrets.token_hex(8)
        sealed = self._crypt.encrypt(xml)
        token = self.account.token
        query = {
            "signature": signature(token, stamp, nonce),
            "timestamp": stamp,
            "nonce": nonce,
            "openid": user,
            "encrypt_type": "aes",
            "msg_signature": signature(token, stamp, nonce, sealed),
        }
        inside = f"<ToUserName><![CDATA[{self.account.account}]]></ToUserName>"
        body = f"<xml>{inside}<Encrypt><![CDATA[{sealed}]]></Encrypt></xml>"
        return Callback(f"/wechat?{urlencode(query)}", body.encode(), "Content-Type: text/xml\r\n")

    def shown(self, body: bytes) -> str:
        """What a passive reply shows; "" for none. Raises ValueError for one that WeChat would
        not show."""
        if body in (b"", b"success"):
            return ""
        try:
            outer = {e.tag: e.text or "" for e in ElementTree.fromstring(body)}
            signed = signature(
                self.account.token, outer["TimeStamp"], outer["Nonce"], outer["Encrypt"]
            )
            if signed != outer["MsgSignature"]:
                raise ValueError("the signature is wrong")
            inner = ElementTree.fromstring(self._crypt.decrypt(outer["Encrypt"])[0])
        except (ElementTree.ParseError, KeyError) as error:
            raise ValueError("not a reply") from error
        return inner.findtext("Content") or ""


class WeComSide:
    """A WeCom application's platform side."""

    def __init__(self, corp: str = "ww0123456789abcdef", agent: int = 1000002) -> None:
        self.corp, self.agent = corp, agent
        self.token, self.aes_key = secrets.token_hex(12), new_aes_key()
        self.secret = secrets.token_urlsafe(32)
        self._crypt = Crypt(self.aes_key, corp)
        self._ids = itertools.count(1)

    def xml(self, user: str, text: str) -> str:
        """A text message of a member, as it stands inside."""
        head = events.envelope(self.corp, user, int(time.time()), "text")
        ids = [("MsgId", next(self._ids)), ("AgentID", self.agent)]
        return events.render([*head, ("Content", text), *ids])

    def delivery(self, xml: str) -> Callback:
        stamp, nonce = str(int(time.time())), secrets.token_hex(8)
        sealed = self._crypt.encrypt(xml)
        signed = signature(self.token, stamp, nonce, sealed)
        query = {"msg_signature": signed, "timestamp": stamp, "nonce": nonce}
        body = events.render(
            [("ToUserName", self.corp), ("AgentID", self.agent), ("Encrypt", sealed)]
        )
        return Callback(f"/wecom?{urlencode(query)}", body.encode(), "Content-Type: text/xml\r\n")


class TelegramSide:
    """A bot's webhook from Telegram's side."""

    def __init__(self, token: str = "", secret: str = "") -> None:
        self.token = token or f"{10**9 + secrets.randbelow(10**9)}:{new_aes_key()[:35]}"
        self.secret = secret or secrets.token_urlsafe(32)
        self._ids = itertools.count(1)

    @property
    def account(self) -> str:
        return f"telegram:{self.token.partition(':')[0]}"

    def said(self, user: int, text: str) -> dict[str, Any]:
        """An update with a text in a private chat."""
        number = next(self._ids)
        return {"update_id": number, "message": self._message(user, text, number)}

    def pressed(self, user: int, data: str) -> dict[str, Any]:
        """An update with a press of a button; its query's id is `q` and the update's."""
        number = next(self._ids)
        return {
            "update_id": number,
            "callback_query": {
                "id": f"q{number}",
                "from": _person(user),
                "chat_instance": "1",
                "data": data,
                "message": self._message(user, "…", number),
            },
        }

    def key(self, update: Mapping[str, Any]) -> str:
        return f"{self.account}:{update['update_id']}"

    def delivery(self, update: Mapping[str, Any]) -> Callback:
        headers = (
            f"Content-Type: application/json\r\nX-Telegram-Bot-Api-Secret-Token: {self.secret}\r\n"
        )
        return Callback("/telegram", json.dumps(update, ensure_ascii=False).encode(), headers)

    def _message(self, user: int, text: str, number: int) -> dict[str, Any]:
        return {
            "message_id": number,
            "date": int(time.time()),
            "chat": {"id": user, "type": "private", "first_name": "工"},
            "from": _person(user),
            "text": text,
        }


def _person(user: int) -> dict[str, Any]:
    return {"id": user, "is_bot": False, "first_name": "工", "language_code": "zh-hans"}
