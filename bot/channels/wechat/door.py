"""What stands between the network and a message: mode, signature, key, form."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.channels.wechat import envelope
from bot.channels.wechat.crypto import Crypto
from bot.channels.wechat.envelope import Fields, Rejected
from bot.settings import WeChat

_PLAIN = -1


@dataclass(frozen=True, slots=True)
class Opened:
    """A callback that is WeChat's. `key` is the number of the key that it was encrypted with and
    the answer will be; negative for none."""

    fields: Fields
    key: int


class Door:
    """Lets in what an account's mode allows. Raises ConfigError for secrets that are none."""

    def __init__(self, settings: WeChat, clock: Callable[[], float] = time.time) -> None:
        self._mode = settings.mode
        self._crypto = Crypto(
            settings.token, settings.app_id, settings.aes_key, settings.old_aes_key, clock
        )

    def verify(self, query: Mapping[str, str]) -> str:
        """What proves to WeChat that the address is ours. Raises Rejected."""
        echo = query.get("echostr", "")
        if not echo or len(echo) > 256 or not echo.isascii() or not echo.isprintable():
            raise Rejected("fields")
        self._check(query, "signature", once=False)
        return echo

    def open(self, query: Mapping[str, str], body: bytes) -> Opened:
        """The message in a callback. Raises Rejected."""
        ciphered = query.get("encrypt_type", "") == "aes" or "msg_signature" in query
        if not ciphered:
            if self._mode == "safe":
                raise Rejected("mode", 403)
            self._check(query, "signature")
            fields = envelope.read(body)
            if "MsgType" not in fields and "Encrypt" in fields:
                raise Rejected("mode")
            return Opened(fields, _PLAIN)
        if self._mode == "plain":
            raise Rejected("mode")
        cipher = envelope.text(envelope.read(body), "Encrypt")
        if not cipher:
            raise Rejected("fields")
        self._check(query, "msg_signature", cipher)
        said, key = self._crypto.decrypt(cipher)
        return Opened(envelope.read(said), key)

    def close(self, opened: Opened, answer: str) -> str:
        """An answer's XML as it goes out: encrypted as the message was."""
        return answer if opened.key == _PLAIN else self._crypto.encrypt(answer, opened.key)

    def _check(
        self, query: Mapping[str, str], name: str, cipher: str = "", *, once: bool = True
    ) -> None:
        signature, timestamp, nonce = (query.get(n, "") for n in (name, "timestamp", "nonce"))
        self._crypto.check(signature, timestamp, nonce, cipher, once=once)
