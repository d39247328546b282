"""Parts of a Telegram message that are checked before it is sent: buttons and polls.

Source: InlineKeyboardButton and sendPoll of core.telegram.org/bots/api, version 10.0.
"""

from __future__ import annotations

import re
import secrets
from typing import Any

from bot.sim.telegram_text import bad, units

KEYBOARDS = {"inline_keyboard", "keyboard", "remove_keyboard", "force_reply"}
DATA_BYTES, MOST_BUTTONS, MOST_ROW = 64, 100, 8

Arguments = dict[str, Any]


def markup_of(asked: Arguments) -> dict[str, Any]:
    """The reply markup, checked button by button."""
    markup = asked.get("reply_markup") or {}
    if not isinstance(markup, dict) or (markup and not set(markup) & KEYBOARDS):
        raise bad("object expected as reply markup")
    rows = markup.get("inline_keyboard", [])
    if sum(map(len, rows)) > MOST_BUTTONS or any(len(row) > MOST_ROW for row in rows):
        raise bad("REPLY_MARKUP_TOO_LONG")
    for button in (b for row in rows for b in row):
        if not str(button.get("text", "")).strip():
            raise bad("can't parse inline keyboard button: Text buttons must be non-empty")
        actions = set(button) - {"text", "style", "icon_custom_emoji_id"}
        if not actions:
            raise bad("text buttons are unallowed in the inline keyboard")
        data = button.get("callback_data")
        if data is not None and not 1 <= len(str(data).encode()) <= DATA_BYTES:
            raise bad("BUTTON_DATA_INVALID")
        url = button.get("url")
        if url is not None and not re.match(r"(https?|tg)://\S+$", url):
            raise bad("BUTTON_URL_INVALID")
    return markup


def poll_of(asked: Arguments) -> dict[str, Any]:
    """A poll as Bot API 10 gives it. Raises Refused."""
    question, kind = str(asked.get("question") or ""), str(asked.get("type") or "regular")
    options = asked.get("options")
    if not 1 <= units(question) <= 300:
        raise bad("poll question must be non-empty and have at most 300 characters")
    if not isinstance(options, list) or not 1 <= len(options) <= 12:
        raise bad("poll must have from 1 to 12 options")
    texts = [str(o.get("text", "") if isinstance(o, dict) else o) for o in options]
    if any(not 1 <= units(text) <= 100 for text in texts):
        raise bad("poll options length must not exceed 100")
    right = asked.get("correct_option_ids") or []
    if asked.get("correct_option_id") is not None:
        right = [int(asked["correct_option_id"])]
    if kind == "quiz" and (not right or any(not 0 <= r < len(texts) for r in right)):
        raise bad("quiz must have correct options")
    explanation = str(asked.get("explanation") or "")
    if units(explanation) > 200 or explanation.count("\n") > 2:
        raise bad("message is too long")
    poll: dict[str, Any] = {
        "id": str(secrets.randbelow(10**18)),
        "question": question,
        "options": [
            {"text": text, "voter_count": 0, "persistent_id": secrets.token_hex(4)}
            for text in texts
        ],
        "total_voter_count": 0,
        "is_closed": bool(asked.get("is_closed")),
        "is_anonymous": asked.get("is_anonymous") is not False,
        "type": kind,
        "allows_multiple_answers": bool(asked.get("allows_multiple_answers")),
        "allows_revoting": bool(asked.get("allows_revoting", kind != "quiz")),
        "members_only": bool(asked.get("members_only")),
    }
    if kind == "quiz":
        poll["correct_option_ids"] = right
    if explanation:
        poll["explanation"] = explanation
    return poll
