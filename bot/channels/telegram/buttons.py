"""Choices as inline keyboards, and what a pressed button means by now.

Nothing is stored about a button: Telegram hands its 64 bytes back when it is pressed. What a
choice does may depend on the conversation (「更多依据」 of what?), so such a button carries a short
mark of what it belonged to; one whose conversation has gone on does nothing any more.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any
from unicodedata import east_asian_width

from bot.message import Choice, Reply
from bot.turn import Session

DATA = 64
"""Bytes of a button's payload (Bot API, InlineKeyboardButton.callback_data)."""

ABOUT = ("more", "up", "down")
"""Choices about the answer they stand under."""

CONSENT = ("agree", "decline")
ONCE = ("up", "down", *CONSENT)
"""Choices whose button goes when it was pressed."""

MOST, LABEL, ROW, IN_ROW = 100, 60, 26, 4
"""Buttons of a keyboard; characters of a label; columns and buttons of a row."""

Rows = list[list[dict[str, str]]]


def keyboard(reply: Reply) -> dict[str, Any] | None:
    """The reply's choices as Telegram's reply_markup; short ones share a row."""
    rows: Rows = []
    room = 0
    for choice in reply.choices[:MOST]:
        label = choice.label if len(choice.label) <= LABEL else choice.label[: LABEL - 1] + "…"
        button = {"text": label, "callback_data": written(choice, reply.ref)}
        columns = _columns(label) + 2
        if rows and columns <= room and len(rows[-1]) < IN_ROW:
            rows[-1].append(button)
        else:
            rows.append([button])
            room = ROW
        room -= columns
    return {"inline_keyboard": rows} if rows else None


def written(choice: Choice, ref: str) -> str:
    """What a button carries: the payload, one that is too long as `#` and its mark."""
    if choice.payload in ABOUT:
        return f"{choice.payload}|{mark(ref)}"
    if choice.payload.startswith("#") or len(choice.payload.encode()) > DATA:
        return f"#{mark(choice.payload)}"
    return choice.payload


def meant(data: str, session: Session) -> str | None:
    """The choice that a pressed button stands for in this conversation; None where it has gone
    on and the button is out of date."""
    if data.startswith("#"):
        return next((c for c in session.choices if mark(c) == data[1:]), None)
    payload, bar, about = data.rpartition("|")
    if bar and payload in ABOUT:
        return payload if session.ref and about == mark(session.ref) else None
    if data in ABOUT or (data in CONSENT and session.waits != "consent"):
        return None
    return data


def once(data: str) -> bool:
    """Whether the button is to go when it was pressed."""
    return data.rpartition("|")[0] in ONCE or data in ONCE


def remaining(rows: Iterable[Sequence[tuple[str, str]]]) -> dict[str, Any]:
    """The keyboard (rows of label and data) without the buttons that were for once."""
    left = [[{"text": t, "callback_data": d} for t, d in row if d and not once(d)] for row in rows]
    return {"inline_keyboard": [row for row in left if row]}


def mark(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _columns(text: str) -> int:
    return sum(2 if east_asian_width(c) in "WF" else 1 for c in text)
