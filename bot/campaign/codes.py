"""One-time codes for a measurement: drawn from a hat or torn off a sheet, never tied to a person.

A code says which unit it is of and that this service made it; who drew it is known to nobody. Of
a code that was used only a hash is kept.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no I, L, O, U, so that a code can be read aloud and copied by hand."""

LENGTH = 16
_RANDOM, _TAG = 5, 5  # bytes: 40 bits each, 16 characters together


def make_codes(key: bytes, campaign: str, unit: str, count: int) -> list[str]:
    """`count` different codes for a unit, as XXXX-XXXX-XXXX-XXXX."""
    made: set[str] = set()
    while len(made) < count:
        nonce = secrets.token_bytes(_RANDOM)
        made.add(_write(nonce + _tag(key, campaign, unit, nonce)))
    # A set's order is chance already; sorted, it tells nothing about which was made first.
    return sorted(made)


def unit_of(key: bytes, campaign: str, units: Sequence[str], code: str) -> str | None:
    """The unit that a code was made for, None for one that was not made here."""
    raw = read_code(code)
    if raw is None:
        return None
    nonce, tag = raw[:_RANDOM], raw[_RANDOM:]
    found = None
    for unit in units:
        if hmac.compare_digest(_tag(key, campaign, unit, nonce), tag):
            found = unit
    return found


def spent(campaign: str, code: str) -> str:
    """What is kept of a code that was used: a hash of it."""
    raw = read_code(code)
    assert raw is not None
    return hashlib.sha256(b"spent\x1f" + campaign.encode() + b"\x1f" + raw).hexdigest()[:32]


def read_code(text: str) -> bytes | None:
    """The bytes of a code as somebody typed it: spaces, dashes, small letters, O for 0, I or L
    for 1; None where it is no code."""
    said = re.sub(r"[\s\-–—－_]", "", text).upper().translate(str.maketrans("OIL", "011"))
    if len(said) != LENGTH or any(c not in ALPHABET for c in said):
        return None
    number = 0
    for c in said:
        number = number * 32 + ALPHABET.index(c)
    return number.to_bytes(_RANDOM + _TAG, "big")


def looks_like(text: str) -> bool:
    """Whether a message is a code and nothing else."""
    return read_code(text) is not None


def _write(raw: bytes) -> str:
    number, out = int.from_bytes(raw, "big"), []
    for _ in range(LENGTH):
        number, digit = divmod(number, 32)
        out.append(ALPHABET[digit])
    said = "".join(reversed(out))
    return "-".join(said[i : i + 4] for i in range(0, LENGTH, 4))


def _tag(key: bytes, campaign: str, unit: str, nonce: bytes) -> bytes:
    said = b"\x1f".join((b"code", campaign.encode(), unit.encode(), nonce))
    return hmac.digest(key, said, hashlib.sha256)[:_TAG]
