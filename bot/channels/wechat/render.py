"""Replies as the text of one WeChat message: 2,047 bytes, choices by number.

WeChat's page names no limit; 2,047 is what was measured, and past it strange things happen
(complaint 12). Buttons inside a text are not documented, so a choice is picked by its number;
where everything has room, one that has a page of its own is a link as well.
"""

from __future__ import annotations

from dataclasses import replace

from bot.channels.plain import fitted, utf8
from bot.channels.views import permalink
from bot.message import Choice, Reply

MOST = 2047


def render(replies: tuple[Reply, ...], base: str = "") -> str:
    """All replies of a turn in one text; "" where there is none."""
    if not replies:
        return ""
    reply = _one(replies)
    linked = tuple(_linked(choice, base) for choice in reply.choices)
    if base and linked != reply.choices:
        text = fitted(replace(reply, choices=linked), 10 * MOST, utf8, base)
        if utf8(text) <= MOST:
            return text
    return fitted(reply, MOST, utf8, base)


def _one(replies: tuple[Reply, ...]) -> Reply:
    """Several replies as one; the numbers that may be typed are the last one's."""
    last = replies[-1]
    if len(replies) == 1:
        return last
    return replace(
        last,
        answer="\n\n".join(r.answer for r in replies if r.answer),
        text="\n\n".join(r.text for r in replies if r.text),
        citations=tuple(c for r in replies for c in r.citations),
        notes=tuple(dict.fromkeys(n for r in replies for n in r.notes)),
    )


def _linked(choice: Choice, base: str) -> Choice:
    kind, _, value = choice.payload.partition(":")
    path = permalink(value) if kind == "ref" else ""
    if not path or any(sign in choice.label for sign in "<>&"):
        return choice
    return replace(choice, label=f'<a href="{base.rstrip("/")}{path}">{choice.label}</a>')
