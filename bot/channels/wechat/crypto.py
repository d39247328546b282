"""Signatures and encryption of WeChat's and WeCom's callbacks.

wechatpy encrypts and decrypts; what it leaves out is here: comparing in constant time, a time
window, replays, a second key while keys change, and one error for whatever is wrong. In AES mode
it is `msg_signature` that covers the message; `signature` beside it covers none of it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
import struct
import time
from collections.abc import Callable

from wechatpy.crypto import PrpCrypto
from wechatpy.exceptions import InvalidAppIdException

from bot.channels.wechat.envelope import Rejected, write
from bot.settings import ConfigError

WINDOW = 300
"""Seconds that a request's time may be off ours."""

_REMEMBERED = 100_000
_TIME = re.compile(r"[0-9]{1,12}", re.ASCII)


class Crypto:
    """The secrets of one account. `receiver` is its appid (WeChat) or corpid (WeCom).

    Raises ConfigError where the token is empty (anybody could sign) or a key is no key.
    """

    def __init__(
        self,
        token: str,
        receiver: str,
        aes_key: str = "",
        old_aes_key: str = "",
        clock: Callable[[], float] = time.time,
    ) -> None:
        if not token.strip():
            raise ConfigError("回调的 token 是空的：任何人都能冒充平台")
        self._token, self._receiver, self._clock = token, receiver, clock
        self._ciphers = [_cipher(key) for key in (aes_key, old_aes_key) if key]
        self._seen = Seen(clock)

    def __repr__(self) -> str:
        return f"Crypto({len(self._ciphers)} keys)"

    def check(
        self, signature: str, timestamp: str, nonce: str, cipher: str = "", *, once: bool = True
    ) -> None:
        """Raises Rejected unless the platform signed this (`cipher` too, in AES mode), just now,
        and (`once`) did not come with it before."""
        expected = self.signature(timestamp, nonce, *([cipher] if cipher else []))
        if not hmac.compare_digest(_bytes(signature), _bytes(expected)):
            raise Rejected("signature", 403)
        if not _TIME.fullmatch(timestamp) or abs(self._clock() - int(timestamp)) > WINDOW:
            raise Rejected("time", 403)
        if once and not self._seen.first(expected):
            raise Rejected("replay", 403)

    def signature(self, *parts: str) -> str:
        said = b"".join(sorted(_bytes(part) for part in (self._token, *parts)))
        return hashlib.sha1(said, usedforsecurity=False).hexdigest()

    def decrypt(self, cipher: str) -> tuple[str, int]:
        """What was encrypted for this receiver, and the number of the key that it was for."""
        other = False
        for number, crypto in enumerate(self._ciphers):
            try:
                return str(crypto.decrypt(cipher, self._receiver)), number
            except InvalidAppIdException:
                other = True
            except (ValueError, IndexError, KeyError, TypeError, struct.error, OverflowError):
                continue
        raise Rejected("appid", 403) if other else Rejected("cipher")

    def encrypt(self, text: str, key: int = 0) -> str:
        """The `<xml>` document that holds `text` encrypted and signed, as an answer."""
        cipher = self._ciphers[key].encrypt(text, self._receiver).decode("ascii")
        timestamp, nonce = int(self._clock()), str(secrets.randbelow(10**10))
        return write(
            {
                "Encrypt": cipher,
                "MsgSignature": self.signature(str(timestamp), nonce, cipher),
                "TimeStamp": timestamp,
                "Nonce": nonce,
            }
        )


class Seen:
    """Signatures of the last minutes, in bounded memory: two generations, the older one dropped
    when the younger is full or has seen out the window."""

    def __init__(self, clock: Callable[[], float], most: int = _REMEMBERED) -> None:
        self._clock, self._most = clock, most
        self._young: set[int] = set()
        self._old: set[int] = set()
        self._since = clock()

    def first(self, signature: str) -> bool:
        """Whether this signature comes for the first time."""
        now = self._clock()
        # A time 300 s ahead is good for 600 s.
        if len(self._young) >= self._most or now - self._since > 2 * WINDOW:
            self._old, self._young, self._since = self._young, set(), now
        mark = int(signature[:16], 16)
        if mark in self._young or mark in self._old:
            return False
        self._young.add(mark)
        return True


class _Prp(PrpCrypto):  # type: ignore[misc]  # wechatpy has no types
    """wechatpy's, with random bytes from the system."""

    def get_random_string(self) -> str:
        return secrets.token_hex(8)


def _cipher(key: str) -> _Prp:
    try:
        raw = base64.b64decode(key + "=", validate=True)
    except ValueError:
        raw = b""
    if len(raw) != 32:
        raise ConfigError("EncodingAESKey 应是 43 位字母和数字")
    return _Prp(raw)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
