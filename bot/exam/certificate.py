"""What a certificate says, signed with Ed25519 so that anybody can verify it without a server.

The signed text is `XSTC1.` + base64url(JSON) + `.` + base64url(signature), the signature over all
before its dot. A verifier without a network knows signature, dates and key; whether it was revoked,
or too many of its articles have changed, stands in a signed list (`XSTS1.`) that can be carried.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bot.exam import words
from bot.exam.keys import Key, key_id
from bot.exam.rules import ExamError

CERTIFICATE, STATUS = "XSTC1", "XSTS1"
FRESH = timedelta(days=31)
"""How long a status list is good."""

_TOKEN = re.compile(rf"({CERTIFICATE}|{STATUS})\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]{{86}})")


@dataclass(frozen=True, slots=True)
class Certificate:
    """Who passed what, when. `form` is the digest of the items asked."""

    serial: str
    issuer: str
    name: str
    unit: str
    issued: date
    expires: date
    taken: date
    correct: int
    total: int
    needed: int
    form: str
    key: str


@dataclass(frozen=True, slots=True)
class Status:
    """What an issuer says of its certificates on a day: serials revoked (with the day) and those
    ended by changes of the law. No persons."""

    key: str
    made: date
    until: date
    revoked: Mapping[str, str] = field(default_factory=dict)
    stale: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether it holds, and why, one thing a line; `certificate` is what was signed, None unless
    the signature is right."""

    good: bool
    says: tuple[str, ...]
    certificate: Certificate | None = None


# Signing

_NAMES = {
    "serial": "s", "issuer": "i", "name": "n", "unit": "u", "issued": "d", "expires": "e",
    "taken": "t", "correct": "c", "total": "a", "needed": "m", "form": "f", "key": "k",
}  # fmt: skip


def sign(certificate: Certificate, private: Ed25519PrivateKey) -> str:
    """The signed text. `certificate.key` is set to the id of the key that signs."""
    key = key_id(private.public_key().public_bytes_raw())
    said = {short: getattr(certificate, name) for name, short in _NAMES.items()} | {"k": key}
    return _sign(CERTIFICATE, said, private)


def sign_status(status: Status, private: Ed25519PrivateKey) -> str:
    """The signed list; its key is set likewise."""
    said = {
        "k": key_id(private.public_key().public_bytes_raw()),
        "d": status.made, "e": status.until,
        "r": dict(status.revoked), "x": sorted(status.stale),
    }  # fmt: skip
    return _sign(STATUS, said, private)


def _sign(kind: str, said: Mapping[str, Any], private: Ed25519PrivateKey) -> str:
    text = json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)
    body = f"{kind}.{_encode(text.encode())}"
    return f"{body}.{_encode(private.sign(body.encode()))}"


# Reading


def find(text: str, kind: str = CERTIFICATE) -> str:
    """The first signed text of a kind in any text (an address, a mail, a file); "" for none."""
    return next((m[0] for m in _TOKEN.finditer(text) if m[1] == kind), "")


def read(token: str) -> Certificate:
    """What a signed text says, whoever signed it. Raises ExamError."""
    raw = _read(token, CERTIFICATE)
    try:
        if set(raw) != set(_NAMES.values()):
            raise ValueError
        said = {name: raw[short] for name, short in _NAMES.items()}
        for name, value in said.items():
            number = name in ("correct", "total", "needed")
            if type(value) is not (int if number else str):
                raise ValueError
        for name in ("issued", "expires", "taken"):
            said[name] = date.fromisoformat(said[name])
        return Certificate(**said)
    except ValueError:
        raise ExamError(words.BAD_FORM) from None


def read_status(token: str, keys: Sequence[Key]) -> Status:
    """A status list, its signature checked. Raises ExamError."""
    raw = _read(token, STATUS)
    try:
        status = Status(
            str(raw["k"]), date.fromisoformat(raw["d"]), date.fromisoformat(raw["e"]),
            {str(k): str(v) for k, v in raw["r"].items()}, tuple(map(str, raw["x"])),
        )  # fmt: skip
    except (KeyError, TypeError, ValueError, AttributeError):
        raise ExamError(words.STATUS_BAD) from None
    if _signer(token, status.key, keys, status.made):
        raise ExamError(words.STATUS_BAD)
    return status


def verify(token: str, keys: Sequence[Key], day: date, status: Status | None = None) -> Verdict:
    """Whether a certificate holds on a day, as far as can be known with what is given."""
    try:
        found = read(token)
    except ExamError as error:
        return Verdict(False, (str(error),))
    if wrong := _signer(token, found.key, keys, found.issued):
        return Verdict(False, (wrong,))
    says = []
    if found.issued > day:
        says.append(words.NOT_YET)
    if found.expires < day:
        says.append(words.EXPIRED.format(day=found.expires))
    if status and (revoked := status.revoked.get(found.serial)):
        says.append(words.REVOKED.format(day=revoked))
    if status and found.serial in status.stale:
        says.append(words.STALE)
    good = not says
    if good:
        says.append(words.GOOD)
    if status is None:
        says.append(words.NO_STATUS)
    elif good and status.until < day:
        says.append(words.OLD_STATUS.format(made=status.made, until=status.until))
    elif good:
        says.append(words.STATUS_AT.format(made=status.made))
    return Verdict(good, tuple(says), found)


def shown(certificate: Certificate) -> list[tuple[str, str]]:
    """The certificate's own words, to be held against the paper."""
    c = certificate
    return [
        ("姓名", c.name), ("单位", c.unit), ("证书编号", c.serial), ("签发单位", c.issuer),
        ("考试日期", str(c.taken)), ("成绩", f"{c.correct}/{c.total}，合格线 {c.needed}"),
        ("签发日期", str(c.issued)), ("有效期至", str(c.expires)),
    ]  # fmt: skip


def _read(token: str, kind: str) -> dict[str, Any]:
    match = _TOKEN.fullmatch(token.strip())
    try:
        if match is None or match[1] != kind:
            raise ValueError
        raw = json.loads(_decode(match[2]))
        if not isinstance(raw, dict):
            raise ValueError
    except (ValueError, binascii.Error, RecursionError):
        raise ExamError(words.BAD_FORM) from None
    return raw


def _signer(token: str, ident: str, keys: Sequence[Key], made: date) -> str:
    """Why the signature is not to be trusted; "" where it is."""
    key = next((k for k in keys if k.id == ident), None)
    if key is None:
        return words.UNKNOWN_KEY.format(key=ident)
    body, _, signature = token.strip().rpartition(".")
    try:
        key.public_key.verify(_decode(signature), body.encode())
    except (InvalidSignature, ValueError):
        return words.BAD_SIGNATURE
    if key.until and made > key.until:
        return words.KEY_RETIRED.format(key=ident, day=key.until)
    return ""


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _decode(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
