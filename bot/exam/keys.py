"""Keys of certificates: the private one in a file of its own, the public ones in a list to publish.

A private key is made outside XST_HOME, so that no copy of the installation carries it, and it is
read only when a certificate or a status list is signed, by a command; the service never has it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from bot.exam.rules import ExamError


@dataclass(frozen=True, slots=True)
class Key:
    """A public key. What it signed with a date after `until` is not trusted."""

    id: str
    public: bytes
    made: date
    until: date | None = None

    @property
    def public_key(self) -> Ed25519PublicKey:
        return Ed25519PublicKey.from_public_bytes(self.public)


def key_id(public: bytes) -> str:
    """A public key's name: 8 hexadecimal digits."""
    return hashlib.sha256(public).hexdigest()[:8]


def make_key(path: Path, home: Path, day: date) -> Key:
    """Write a new private key, readable by its owner only; its public half. Raises ExamError for
    a place inside `home` or a file that is there."""
    if path.resolve().is_relative_to(home.resolve()):
        raise ExamError(f"{path}: 私钥不能放在 {home} 里面，免得随数据一起被复制、备份；请放到别处")
    private = Ed25519PrivateKey.generate()
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(pem)
    except FileExistsError as error:
        raise ExamError(f"{path}: 已经有这个文件，私钥从不覆盖；请换个名字") from error
    except OSError as error:
        raise ExamError(f"{path}: 写不下去（{error.strerror}）") from error
    public = private.public_key().public_bytes_raw()
    return Key(key_id(public), public, day)


def read_private(path: Path) -> Ed25519PrivateKey:
    """A private key. Raises ExamError if others may read the file, or it is none."""
    try:
        if os.name == "posix" and path.stat().st_mode & 0o077:
            raise ExamError(f"{path}: 别的用户也能读；请先 chmod 600 {path}")
        found = load_pem_private_key(path.read_bytes(), None)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise ExamError(f"{path}: 不是可用的私钥（{error}）") from error
    if not isinstance(found, Ed25519PrivateKey):
        raise ExamError(f"{path}: 不是 Ed25519 私钥，请用 xst certificate keygen 生成的文件")
    return found


# The published list


def write_keys(path: Path, keys: Sequence[Key]) -> None:
    """Write the list, whole or not at all."""
    said = [
        {
            "id": k.id,
            "public": base64.b64encode(k.public).decode(),
            "made": str(k.made),
            "until": str(k.until or ""),
        }
        for k in keys
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.draft")
    draft.write_text(json.dumps({"keys": said}, indent=1) + "\n", encoding="utf-8")
    draft.replace(path)


def read_keys(path: Path) -> list[Key]:
    """The list in a file; none where there is no file. Raises ExamError."""
    try:
        return keys_in(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as error:
        raise ExamError(f"{path}: 读不出来（{error}）") from error
    except ExamError as error:
        raise ExamError(f"{path}: {error}") from error


def keys_in(text: str) -> list[Key]:
    """Public keys from a published list, or one key's base64 alone. Raises ExamError."""
    text = text.strip()
    if not text.startswith("{"):
        public = _public(text)
        return [Key(key_id(public), public, date.min)]
    try:
        raw = json.loads(text)
        return [_key(entry) for entry in raw["keys"]]
    except (ValueError, TypeError, KeyError):
        raise ExamError("不是公钥清单；请用签发单位公布的 keys.json") from None


def _key(raw: dict[str, Any]) -> Key:
    public = _public(raw["public"])
    if raw["id"] != key_id(public):
        raise ExamError(f"公钥 {raw['id']} 与它的编号不符")
    until = date.fromisoformat(raw["until"]) if raw["until"] else None
    return Key(raw["id"], public, date.fromisoformat(raw["made"]), until)


def _public(text: str) -> bytes:
    try:
        public = base64.b64decode(text, validate=True)
        if len(public) != 32:
            raise ValueError
    except (ValueError, binascii.Error):
        raise ExamError("公钥应是 32 字节的 base64（44 个字符）") from None
    return public


def retire(keys: Sequence[Key], ident: str, until: date) -> list[Key]:
    """The list with a key's last day. Raises ExamError for an id that is not in it."""
    if ident not in {k.id for k in keys}:
        raise ExamError(
            f"{ident}: 没有这个公钥，有的是 {'、'.join(k.id for k in keys) or '（空）'}"
        )
    return [replace(k, until=until) if k.id == ident else k for k in keys]
