"""Pseudonyms, and sealing what is needed to reply, under a key that is never on a disk.

Whoever knows everybody's platform ids could compute any keyed hash of them, so the key of these
hashes must not lie beside them (half a million guesses a second on one core). It lives in a file
system in memory: it outlasts a restart of the service, not of the machine, and no backup has it.
Without it the stored pseudonyms mean nothing to anybody, us included.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import secrets
import sys
from collections.abc import Mapping
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bot.settings import ConfigError

KEY = 32
NAME = "persons.key"
_NONCE = 12


class Persons:
    """Pseudonyms under one key. Safe to share between threads."""

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY:
            raise ConfigError(f"代号密钥应为 {KEY} 字节")
        self._key = key
        self._sealing = AESGCM(hmac.digest(key, b"seal", hashlib.sha256))

    def person(self, account: str, user: str) -> str:
        """The pseudonym of a platform's user for one account; 32 hexadecimal digits."""
        return self._hash("person", account, user)

    def mark(self, key: str) -> str:
        """What a deduplication key is stored as; 32 hexadecimal digits."""
        return self._hash("message", key)

    def seal(self, text: str) -> bytes:
        """`text` for the database, to be opened under the same key only."""
        nonce = secrets.token_bytes(_NONCE)
        return nonce + self._sealing.encrypt(nonce, text.encode(), None)

    def open(self, sealed: bytes) -> str | None:
        """What was sealed; None where it was under another key, or is damaged."""
        try:
            return self._sealing.decrypt(sealed[:_NONCE], sealed[_NONCE:], None).decode()
        except (InvalidTag, ValueError):
            return None

    def close(self, text: str) -> str:
        """`text` sealed, as text; "" stays ""."""
        return base64.b64encode(self.seal(text)).decode() if text else ""

    def read(self, closed: str) -> str | None:
        """What was closed; None where it was under another key, or is damaged."""
        try:
            return self.open(base64.b64decode(closed, validate=True)) if closed else ""
        except (binascii.Error, ValueError):
            return None

    def _hash(self, *parts: str) -> str:
        # Each part with its length, so that ("ab", "c") is not ("a", "bc").
        said = b"".join(len(p.encode()).to_bytes(4, "big") + p.encode() for p in parts)
        return hmac.digest(self._key, said, hashlib.sha256).hex()[:32]


def memory_folder(home: Path, environment: Mapping[str, str] = os.environ) -> Path | None:
    """A folder in memory for this installation, made if need be; None where the system has none.

    `XST_RUN` names one (service units give /run/xieshangtong); replicas share it.
    """
    if named := environment.get("XST_RUN"):
        folder = Path(named)
    elif sys.platform == "linux" and Path("/dev/shm").is_dir():
        mark = hashlib.sha256(str(home.resolve()).encode()).hexdigest()[:16]
        folder = Path("/dev/shm") / f"xieshangtong-{os.getuid()}-{mark}"
    else:
        return None
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not named and folder.stat().st_uid != os.getuid():
            raise ConfigError(f"{folder}: 属于别的用户；请用 XST_RUN 指定一个内存文件夹")
    except OSError as error:
        raise ConfigError(f"{folder}: 不能写（{error.strerror}）；请用 XST_RUN 另指定") from error
    return folder


def open_persons(folder: Path | None) -> Persons:
    """The pseudonyms of this machine: their key is made on first use in `folder`, which should be
    in memory; without a folder they last as long as this process.

    Raises ConfigError if the file is no key.
    """
    if folder is None:
        return Persons(secrets.token_bytes(KEY))
    return Persons(read_key(folder / NAME))


def round_key(folder: Path, ident: str) -> bytes:
    """The key of one publicity round, in memory; `forget_round` ends it."""
    return read_key(folder / f"round-{ident}.key")


def forget_round(folder: Path, ident: str) -> None:
    """Let the key of a publicity round die with it: its hashes mean nothing after that."""
    (folder / f"round-{ident}.key").unlink(missing_ok=True)


def read_key(path: Path) -> bytes:
    """A key file of 32 bytes; made on first use, readable by the service alone.

    Raises ConfigError if the file is there and is no key.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}-{secrets.token_hex(6)}")
        handle = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(secrets.token_bytes(KEY))
            os.link(draft, path)  # of two processes that start at once, one wins
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    key = path.read_bytes()
    if len(key) != KEY:
        raise ConfigError(f"{path}: 不是 {KEY} 字节的密钥，请删掉这个文件后重新启动")
    return key
