"""WeChat's side of a callback, written apart from ours so that both do not share a mistake."""

from __future__ import annotations

import base64
import hashlib
import itertools
import os
import re
import struct
import time

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

TOKEN, APP_ID, ACCOUNT, USER = (
    "token-7f3",
    "wx0123456789abcdef",
    "gh_0a1b2c3d",
    "oPENid_0123456789-abcdefghij",
)
KEY = base64.b64encode(bytes(range(32))).decode()[:43]
OLD = base64.b64encode(bytes(range(32, 64))).decode()[:43]

_nonces = itertools.count(10**9)


def sign(*parts: str) -> str:
    return hashlib.sha1("".join(sorted(parts)).encode()).hexdigest()


def encrypt(text: str, key: str = KEY, receiver: str = APP_ID) -> str:
    raw = base64.b64decode(key + "=")
    said = (
        os.urandom(16) + struct.pack("!I", len(text.encode())) + text.encode() + receiver.encode()
    )
    pad = 32 - len(said) % 32
    encryptor = Cipher(algorithms.AES(raw), modes.CBC(raw[:16])).encryptor()
    return base64.b64encode(
        encryptor.update(said + bytes([pad]) * pad) + encryptor.finalize()
    ).decode()


def decrypt(cipher: str, key: str = KEY, receiver: str = APP_ID) -> str:
    raw = base64.b64decode(key + "=")
    decryptor = Cipher(algorithms.AES(raw), modes.CBC(raw[:16])).decryptor()
    said = decryptor.update(base64.b64decode(cipher, validate=True)) + decryptor.finalize()
    assert said[-said[-1] :] == bytes([said[-1]]) * said[-1] and 1 <= said[-1] <= 32
    said = said[16 : -said[-1]]
    (length,) = struct.unpack("!I", said[:4])
    assert said[4 + length :].decode() == receiver
    return said[4 : 4 + length].decode()


def xml(**parts: object) -> str:
    return "<xml>" + "".join(f"<{k}><![CDATA[{v}]]></{k}>" for k, v in parts.items()) + "</xml>"


def message(content: str = "你好", ident: int = 1, kind: str = "text", **parts: object) -> str:
    said = {"Content": content} if kind == "text" else {}
    return xml(
        ToUserName=ACCOUNT,
        FromUserName=USER,
        CreateTime=int(time.time()),
        MsgType=kind,
        MsgId=ident,
    ).replace(
        "</xml>",
        "".join(f"<{k}><![CDATA[{v}]]></{k}>" for k, v in {**said, **parts}.items()) + "</xml>",
    )


def event(name: str, key: str | None = None, created: int | None = None, **parts: object) -> str:
    if key is not None:
        parts["EventKey"] = key
    return xml(
        ToUserName=ACCOUNT,
        FromUserName=USER,
        CreateTime=created or int(time.time()),
        MsgType="event",
        Event=name,
        **parts,
    )


def callback(
    inner: str, mode: str = "safe", key: str = KEY, receiver: str = APP_ID, at: float | None = None
) -> tuple[dict[str, str], bytes]:
    """Query and body of one delivery; each has its own nonce."""
    timestamp, nonce = str(int(time.time() if at is None else at)), str(next(_nonces))
    query = {
        "signature": sign(TOKEN, timestamp, nonce),
        "timestamp": timestamp,
        "nonce": nonce,
        "openid": USER,
    }
    if mode == "plain":
        return query, inner.encode()
    cipher = encrypt(inner, key, receiver)
    query |= {"encrypt_type": "aes", "msg_signature": sign(TOKEN, timestamp, nonce, cipher)}
    outer = f"<ToUserName><![CDATA[{ACCOUNT}]]></ToUserName><Encrypt><![CDATA[{cipher}]]></Encrypt>"
    body = f"<xml>{outer}</xml>" if mode == "safe" else inner.replace("</xml>", outer + "</xml>")
    return query, body.encode()


def answer(body: str, key: str = KEY) -> str:
    """The Content of a passive reply as WeChat would show it; "" for none. Fails where WeChat
    would say that the account is broken."""
    if body in ("", "success"):
        return ""
    if "<Encrypt>" in body:
        part = {
            n: re.search(f"<{n}>(?:<!\\[CDATA\\[)?(.*?)(?:\\]\\]>)?</{n}>", body)[1]
            for n in ("Encrypt", "MsgSignature", "TimeStamp", "Nonce")
        }
        assert part["MsgSignature"] == sign(
            TOKEN, part["TimeStamp"], part["Nonce"], part["Encrypt"]
        )
        body = decrypt(part["Encrypt"], key)
    import xml.etree.ElementTree as trees

    root = trees.fromstring(body)
    found = {child.tag: child.text or "" for child in root}
    assert (
        len(found) == len(root) == 5
        and found["MsgType"] == "text"
        and found["CreateTime"].isdigit()
    )
    assert (found["ToUserName"], found["FromUserName"]) == (USER, ACCOUNT)
    assert found["Content"] and len(found["Content"].encode()) <= 2047
    return found["Content"]
