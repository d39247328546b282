"""Replies as calls of the Bot API: plain text with entities, never a parse mode.

Telegram counts 4,096 UTF-16 units after it has parsed entities, so they are sent as a list of
offsets beside the text and nothing in the text means anything. A body names no chat: whom it is
for stands sealed beside it.
"""

from __future__ import annotations

import json
import re
from typing import Any

from bot.channels.plain import cut, fitted, utf16
from bot.channels.telegram.buttons import keyboard
from bot.channels.telegram.updates import Heard
from bot.message import Poll, Reply
from bot.pinpoint import quoted

MOST = 4096
"""UTF-16 units of one message."""

MOST_QUESTION, MOST_OPTION, MOST_WHY = 300, 100, 200
"""The same of a poll's question, option and explanation (which has two line feeds at most)."""

BOLD, ENTITIES = 120, 100
"""Longest first sentence that is set in bold, in characters; entities of one message."""

_FIRST = re.compile(r"[^。！？\n]+[。！？]?")


def bodies(heard: Heard, replies: tuple[Reply, ...], base: str) -> tuple[str, ...]:
    """What to send for what was heard, in order."""
    calls: list[dict[str, Any]] = []
    if heard.query:
        # Without it the button shows a clock for a minute.
        calls.append({"method": "answerCallbackQuery", "callback_query_id": heard.query})
    group = not heard.incoming.private
    for reply in replies:
        call = _poll(reply.poll) if group and reply.poll else _message(reply, base)
        if group and not heard.query:
            call["reply_parameters"] = {
                "message_id": heard.message,
                "allow_sending_without_reply": True,
            }
        calls.append(call)
    if heard.keyboard is not None:
        calls.append(
            {
                "method": "editMessageReplyMarkup",
                "message_id": heard.message,
                "reply_markup": heard.keyboard,
            }
        )
    return tuple(json.dumps(call, ensure_ascii=False) for call in calls)


def pushed(replies: tuple[Reply, ...], base: str) -> tuple[str, ...]:
    """What to send to a private chat where nothing was heard."""
    return tuple(json.dumps(_message(reply, base), ensure_ascii=False) for reply in replies)


def _poll(poll: Poll) -> dict[str, Any]:
    """A native quiz poll. Anonymous: nobody's answer is told, to us neither."""
    return {
        "method": "sendPoll",
        "question": cut(poll.question, MOST_QUESTION, utf16),
        "options": [{"text": cut(option, MOST_OPTION, utf16)} for option in poll.options],
        "type": "quiz",
        "is_anonymous": True,
        "correct_option_ids": [poll.right],
        "explanation": cut(poll.why, MOST_WHY, utf16),
    }


def _message(reply: Reply, base: str) -> dict[str, Any]:
    text = fitted(reply, MOST, utf16, base, numbered=False)
    call: dict[str, Any] = {
        "method": "sendMessage",
        "text": text,
        "link_preview_options": {"is_disabled": True},
    }
    if found := entities(text, reply):
        call["entities"] = found
    if markup := keyboard(reply):
        call["reply_markup"] = markup
    return call


def entities(text: str, reply: Reply) -> list[dict[str, Any]]:
    """The answer's first sentence in bold where more follows, law's words as quotations that can
    be unfolded. Offsets and lengths in UTF-16 units."""
    found: list[dict[str, Any]] = []
    first = _FIRST.match(text)
    if first and first.end() <= min(BOLD, len(reply.answer)) and first.end() < len(text):
        found.append(_entity("bold", text, first.start(), first.end()))
    at = first.end() if first else 0
    for cited in reply.citations:
        words = "".join(quoted(cited)) if cited.quote else ""
        start = text.find(words, at) if words else -1
        if start >= 0:
            at = start + len(words)
            found.append(_entity("expandable_blockquote", text, start, at))
    return found[:ENTITIES]


def _entity(kind: str, text: str, start: int, end: int) -> dict[str, Any]:
    return {"type": kind, "offset": utf16(text[:start]), "length": utf16(text[start:end])}
