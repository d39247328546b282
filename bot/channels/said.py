"""What a request says: its text or button and its sealed fields, read within limits."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException
from starlette.requests import Request

from bot import texts
from bot.release import Seen
from bot.skills import rehearse
from bot.turn import Session
from knowledge.pieces import CONTRACTS
from knowledge.regions import NATION

BODY = 64 * 1024
"""Bytes of a request that are read."""


@dataclass(frozen=True, slots=True)
class Said:
    """What one request says: typed text or a button, and the sealed fields of its page."""

    text: str = ""
    choice: str = ""
    region: str = ""
    token: str = ""
    past: str = ""


async def body(request: Request) -> bytes:
    """The body, at most BODY bytes of it: counted while it comes, whatever its header says."""
    if (length := request.headers.get("content-length", "")).isdigit() and int(length) > BODY:
        raise HTTPException(413)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY:
            raise HTTPException(413)
    return bytes(body)


def form(body: bytes, content_type: str) -> Said:
    if content_type.partition(";")[0].strip().lower() != "application/x-www-form-urlencoded":
        raise HTTPException(400)
    try:
        pairs = parse_qsl(
            body.decode("utf-8", "replace"),
            errors="replace",
            max_num_fields=20,
            keep_blank_values=True,
        )
    except ValueError:
        raise HTTPException(400) from None
    return _said(dict(reversed(pairs)))  # of two fields with one name, the first counts


def json_(body: bytes) -> Said:
    try:
        raw = json.loads(body)
    except (ValueError, RecursionError):
        raise HTTPException(400) from None
    if not isinstance(raw, dict):
        raise HTTPException(400)
    return _said(raw)


def _said(raw: Mapping[str, Any]) -> Said:
    names = ("text", "choice", "region", "token", "past")
    values = {n: raw[n] for n in names if isinstance(raw.get(n), str)}
    # JSON may hold half a surrogate pair, which no page can be encoded with.
    return Said(**{n: v.encode("utf-8", "replace").decode("utf-8") for n, v in values.items()})


def from_elsewhere(request: Request) -> bool:
    """Whether another site made the browser send this. (Origin is null under no-referrer.)"""
    return request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none")


# Buttons

ALWAYS = ("person", "open:quiz", "practice", "daily")
"""Choices that mean the same whatever was said before."""


def usable(choice: str, session: Session, sources: Seen) -> bool:
    """Whether a button can still do what it says; a page may be old, or its token not ours.

    Only ids that exist pass: what a request invents must never reach the count of votes.
    """
    kind, _, value = choice.partition(":")
    match kind:
        case "region" | "ask" | "rehearse":
            return True
        case "contract":
            return value in CONTRACTS
        case "ref":
            ref_kind, _, ident = value.partition(":")
            return bool(ident) and kind_of(ident, sources, ref_kind) == ref_kind
        case "more" | "up" | "down":
            return bool(session.ref)
        case "agree" | "decline":
            return session.waits == "consent"
        case _:
            return choice in ALWAYS or choice in session.choices


def kind_of(ident: str, sources: Seen, only: str = "") -> str:
    """card, point or case: whichever the id names, or ""."""
    look: dict[str, Callable[[str], object]] = {
        "card": sources.card,
        "point": sources.point,
        "case": sources.case,
    }
    return next((k for k, find in look.items() if only in ("", k) and find(ident)), "")


def label(choice: str, sources: Seen) -> str:
    """What a button said, for the record of the conversation."""
    kind, _, value = choice.partition(":")
    fixed = {
        "more": texts.BUTTON_MORE,
        "up": texts.BUTTON_UP,
        "down": texts.BUTTON_DOWN,
        "person": texts.BUTTON_PERSON,
        "agree": texts.BUTTON_AGREE,
        "decline": texts.BUTTON_DECLINE,
        "practice": texts.QUIZ_BUTTON_NEXT,
        "practice:stop": texts.QUIZ_BUTTON_STOP,
        "quiz:stop": texts.QUIZ_BUTTON_STOP,
        "quiz:code": texts.QUIZ_BUTTON_CODE,
        "daily": texts.QUIZ_BUTTON_DAILY,
    }
    if kind == "region":
        if value == NATION:
            return texts.WEB_PLACE_NONE
        return sources.regions.named(value) or texts.BUTTON_OTHER_REGION
    if kind == "ref":
        ident = value.partition(":")[2]
        entry = sources.card(ident) or sources.point(ident) or sources.case(ident)
        return entry.title if entry else ""
    if kind == "rehearse":
        return rehearse.label(choice, sources)
    return value if kind in ("ask", "contract") else fixed.get(choice, "")
