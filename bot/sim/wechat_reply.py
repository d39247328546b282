"""Reads what a bot answered to a WeChat delivery, as strictly as the platform does.

Sources: the pages 被动回复用户消息 and 消息加解密 of developers.weixin.qq.com; the 2,047 bytes are
measured (dodgepudding/wechat-php-sdk, issue 363).
"""

from __future__ import annotations

from dataclasses import dataclass
from xml.etree import ElementTree

from bot.sim.crypt import Crypt, signature

MOST_BYTES = 2047
MOST_ARTICLES = 8

PARTS = {
    "text": {"Content"},
    "image": {"Image"},
    "voice": {"Voice"},
    "video": {"Video"},
    "music": {"Music"},
    "news": {"ArticleCount", "Articles"},
    "transfer_customer_service": set(),
}
ENVELOPE = {"ToUserName", "FromUserName", "CreateTime", "MsgType"}
OPTIONAL = {"FuncFlag", "MsgId", "TransInfo", "AgentID"}
"""Seen in replies that are taken: of old pages, of hand-overs, of WeCom."""

SEALED = {"Encrypt", "MsgSignature", "TimeStamp", "Nonce"}


@dataclass(frozen=True, slots=True)
class Answer:
    """What the user gets: `outcome` "reply" | "silence" | "fault", a fault with its reason."""

    outcome: str
    kind: str = ""
    text: str = ""
    reason: str = ""


SILENCE = Answer("silence")


class _Broken(Exception):
    """The reply breaks a rule; its argument is the reason."""


@dataclass(frozen=True, slots=True)
class Expected:
    """How the answer to one delivery must look. `crypt` is None where encryption is not allowed;
    `needed` says that it must be encrypted."""

    user: str
    account: str
    token: str
    app_id: str
    crypt: Crypt | None = None
    needed: bool = False


def judge(status: int, body: bytes, expected: Expected) -> Answer:
    """What the platform makes of an HTTP answer."""
    if status != 200:
        return Answer("fault", reason=f"http-{status}")
    if body in (b"", b"success"):
        return SILENCE
    try:
        return _read(_fields(_opened(body, expected)), expected)
    except _Broken as broken:
        return Answer("fault", reason=str(broken))


def _opened(body: bytes, expected: Expected) -> ElementTree.Element:
    root = _parsed(body)
    tags = [child.tag for child in root]
    if "Encrypt" not in tags:
        if expected.needed:
            raise _Broken("reply-not-encrypted")
        return root
    if expected.crypt is None:
        raise _Broken("reply-encrypted-in-plain-mode")
    parts = _fields(root)
    if set(parts) != SEALED:
        raise _Broken("reply-envelope")
    sealed = parts["Encrypt"].text or ""
    signed = signature(
        expected.token, parts["TimeStamp"].text or "", parts["Nonce"].text or "", sealed
    )
    if parts["MsgSignature"].text != signed:
        raise _Broken("reply-bad-signature")
    try:
        plain, receiver = expected.crypt.decrypt(sealed)
    except ValueError as error:
        raise _Broken("reply-bad-ciphertext") from error
    if receiver != expected.app_id:
        raise _Broken("reply-wrong-appid")
    return _parsed(plain.encode())


def _parsed(body: bytes) -> ElementTree.Element:
    if b"<!DOCTYPE" in body or b"<!ENTITY" in body:
        raise _Broken("reply-doctype")
    try:
        root = ElementTree.fromstring(body)
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise _Broken("reply-not-xml") from error
    if root.tag != "xml":
        raise _Broken("reply-root")
    return root


def _fields(root: ElementTree.Element) -> dict[str, ElementTree.Element]:
    found: dict[str, ElementTree.Element] = {}
    if (root.text or "").strip():
        raise _Broken("reply-stray-text")
    for child in root:
        if child.tag in found:
            raise _Broken("reply-element-twice")
        if (child.tail or "").strip():
            raise _Broken("reply-stray-text")
        found[child.tag] = child
    return found


def _read(fields: dict[str, ElementTree.Element], expected: Expected) -> Answer:
    if missing := ENVELOPE - set(fields):
        raise _Broken(f"reply-without-{min(missing)}")
    if fields["ToUserName"].text != expected.user:
        raise _Broken("reply-to-somebody-else")
    if fields["FromUserName"].text != expected.account:
        raise _Broken("reply-from-somebody-else")
    if not (fields["CreateTime"].text or "").strip().isdigit():
        raise _Broken("reply-create-time")
    kind = fields["MsgType"].text or ""
    if kind not in PARTS:
        raise _Broken("reply-kind")
    if PARTS[kind] - set(fields):
        raise _Broken(f"reply-{kind}-incomplete")
    if set(fields) - ENVELOPE - PARTS[kind] - OPTIONAL:
        raise _Broken("reply-unknown-element")
    return Answer("reply", kind, _content(kind, fields))


def _content(kind: str, fields: dict[str, ElementTree.Element]) -> str:
    if kind == "text":
        content = fields["Content"].text or ""
        if not content.strip():
            raise _Broken("reply-empty")
        if len(content.encode()) > MOST_BYTES:
            raise _Broken("reply-too-long")
        return content
    if kind == "news":
        items = fields["Articles"].findall("item")
        if not 1 <= len(items) <= MOST_ARTICLES or fields["ArticleCount"].text != str(len(items)):
            raise _Broken("reply-articles")
        return "\n".join(f"{i.findtext('Title')}\n{i.findtext('Url')}" for i in items)
    if kind in ("image", "voice", "video"):
        if not fields[kind.capitalize()].findtext("MediaId"):
            raise _Broken(f"reply-{kind}-incomplete")
        return f"[{kind}]"
    return f"[{kind}]"
