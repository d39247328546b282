"""Signed values that travel with the page, so that the server remembers no conversation."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import zlib
from typing import Any

FORM = "1"
"""Version of the form; a token of another one opens as nothing."""

LONGEST = 48_000


class Seal:
    """Seals JSON-able values with HMAC-SHA256 and opens what it sealed itself.

    A sealed value is signed, not secret: it holds only what its reader may see anyway.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key

    def seal(self, kind: str, value: Any) -> str:
        """`value` as text for a hidden field. `kind` keeps one field from passing for another."""
        body = zlib.compress(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"), 9)
        return f"{FORM}.{_encode(body)}.{_encode(self._mac(kind, body))}"

    def open(self, kind: str, token: str) -> Any | None:
        """What was sealed, or None for anything else: foreign, altered, of an older key or form."""
        form, _, rest = token.partition(".")
        text, _, signature = rest.partition(".")
        if form != FORM or len(token) > LONGEST:
            return None
        try:
            body, mac = _decode(text), _decode(signature)
        except (binascii.Error, ValueError):
            return None
        # Checked before anything is unpacked: a stranger's bytes never reach zlib.
        if not hmac.compare_digest(mac, self._mac(kind, body)):
            return None
        return json.loads(zlib.decompress(body))

    def _mac(self, kind: str, body: bytes) -> bytes:
        return hmac.digest(self._key, f"{FORM}.{kind}.".encode() + body, hashlib.sha256)


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _decode(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
