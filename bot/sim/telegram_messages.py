"""Sending and changing messages on the simulated Telegram: text, documents, polls, buttons."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.datastructures import UploadFile

from bot.sim.telegram_parts import markup_of, poll_of
from bot.sim.telegram_platform import Telegram, public
from bot.sim.telegram_rules import Chat
from bot.sim.telegram_text import MOST_CAPTION, Refused, bad, read

ACTIONS = {
    *("typing", "upload_photo", "record_video", "upload_video", "record_voice", "upload_voice"),
    *("upload_document", "choose_sticker", "find_location", "record_video_note"),
    "upload_video_note",
}
CLOSED = {
    "blocked": "Forbidden: bot was blocked by the user",
    "kicked": "Forbidden: bot was kicked from the group chat",
    "deactivated": "Forbidden: user is deactivated",
    "never": "Forbidden: bot can't initiate conversation with a user",
}
MOST_FILE = 50 << 20

Arguments = dict[str, Any]
Method = Callable[[Arguments], Awaitable[Any]]


class Messages:
    """The methods that write into chats."""

    def __init__(self, telegram: Telegram) -> None:
        self._telegram = telegram

    def methods(self) -> dict[str, Method]:
        return {
            "sendMessage": self._send,
            "sendDocument": self._document,
            "sendPoll": self._poll,
            "stopPoll": self._stop_poll,
            "sendChatAction": self._action,
            "editMessageText": self._edit_text,
            "editMessageReplyMarkup": self._edit_markup,
            "deleteMessage": self._delete,
            "answerCallbackQuery": self._answer_query,
            "getChat": self._chat_info,
            "getFile": self._file,
        }

    async def _send(self, asked: Arguments) -> Any:
        chat = self._chat(asked)
        text, entities = read(
            str(asked.get("text") or ""), asked.get("parse_mode"), asked.get("entities")
        )
        content: Arguments = {"text": text, **({"entities": entities} if entities else {})}
        if options := asked.get("link_preview_options"):
            content["link_preview_options"] = options
        return self._sent(chat, asked, content, "text", text)

    async def _document(self, asked: Arguments) -> Any:
        chat, given = self._chat(asked), asked.get("document")
        if isinstance(given, str) and given.startswith("attach://"):
            given = asked.get(given.removeprefix("attach://"))
        if isinstance(given, UploadFile):
            content = await given.read()
            if not content:
                raise bad("file must be non-empty")
            if len(content) > MOST_FILE:
                raise Refused(413, "Request Entity Too Large")
            ident, name = secrets.token_urlsafe(24), given.filename or "file"
            self._telegram.files[ident] = content
        elif isinstance(given, str) and given in self._telegram.files:
            ident, name, content = given, "file", self._telegram.files[given]
        else:
            raise bad("there is no document in the request")
        document = {
            "file_id": ident,
            "file_unique_id": ident[:12],
            "file_name": name,
            "file_size": len(content),
        }
        caption: Arguments = {}
        if asked.get("caption"):
            text, entities = read(
                str(asked["caption"]),
                asked.get("parse_mode"),
                asked.get("caption_entities"),
                MOST_CAPTION,
            )
            caption = {"caption": text, "caption_entities": entities}
        return self._sent(chat, asked, {"document": document, **caption}, "document", name)

    async def _poll(self, asked: Arguments) -> Any:
        chat, poll = self._chat(asked), poll_of(asked)
        self._telegram.polls[poll["id"]] = poll
        message = self._sent(
            chat, asked, {"poll": public(poll)}, "poll", poll["question"], poll=poll["id"]
        )
        poll["_place"] = (chat.id, message["message_id"])
        return message

    async def _stop_poll(self, asked: Arguments) -> Any:
        chat = self._chat(asked)
        place = (chat.id, int(asked.get("message_id") or 0))
        for poll in self._telegram.polls.values():
            if poll.get("_place") == place:
                if poll["is_closed"]:
                    raise bad("poll has already been closed")
                poll["is_closed"] = True
                return public(poll)
        raise bad("message with poll to stop not found")

    async def _action(self, asked: Arguments) -> Any:
        self._chat(asked)
        if asked.get("action") not in ACTIONS:
            raise bad("wrong parameter action in request")
        return True

    async def _edit_text(self, asked: Arguments) -> Any:
        chat, message = self._mine(asked, "edit")
        text, entities = read(
            str(asked.get("text") or ""), asked.get("parse_mode"), asked.get("entities")
        )
        return self._changed(
            chat, message, {"text": text, "entities": entities, "reply_markup": markup_of(asked)}
        )

    async def _edit_markup(self, asked: Arguments) -> Any:
        chat, message = self._mine(asked, "edit")
        return self._changed(chat, message, {"reply_markup": markup_of(asked)})

    async def _delete(self, asked: Arguments) -> Any:
        chat, message = self._mine(asked, "delete")
        del chat.messages[message["message_id"]]
        return True

    async def _answer_query(self, asked: Arguments) -> Any:
        ident = str(asked.get("callback_query_id", ""))
        if ident not in self._telegram.queries:
            raise bad("query is too old and response timeout expired or query ID is invalid")
        if len(str(asked.get("text") or "")) > 200:
            raise bad("MESSAGE_TOO_LONG")
        self._telegram.queries.discard(ident)
        return True

    async def _chat_info(self, asked: Arguments) -> Any:
        return self._chat(asked, writing=False).plain() | {
            "accent_color_id": 0,
            "max_reaction_count": 11,
            "accepted_gift_types": {
                "unlimited_gifts": False,
                "limited_gifts": False,
                "unique_gifts": False,
                "premium_subscription": False,
                "gifts_from_channels": False,
            },
        }

    async def _file(self, asked: Arguments) -> Any:
        ident = str(asked.get("file_id", ""))
        if ident not in self._telegram.files:
            raise bad("wrong file_id or the file is temporarily unavailable")
        return {
            "file_id": ident,
            "file_unique_id": ident[:12],
            "file_size": len(self._telegram.files[ident]),
            "file_path": ident,
        }

    # Parts

    def _chat(self, asked: Arguments, writing: bool = True) -> Chat:
        """The chat asked for, if the bot may write there."""
        ident = asked.get("chat_id")
        if ident in (None, ""):
            raise bad("chat_id is empty")
        try:
            chat = self._telegram.chats.get(int(str(ident)))
        except ValueError as error:
            raise bad("chat not found") from error
        if chat is None:
            raise bad("chat not found")
        if chat.moved:
            raise Refused(
                400,
                "Bad Request: group chat was upgraded to a supergroup chat",
                migrate_to_chat_id=chat.moved,
            )
        if writing and chat.state:
            raise Refused(403, CLOSED[chat.state])
        return chat

    def _mine(self, asked: Arguments, verb: str) -> tuple[Chat, dict[str, Any]]:
        chat = self._chat(asked)
        message = chat.messages.get(int(asked.get("message_id") or 0))
        if message is None:
            raise bad(f"message to {verb} not found")
        if message["from"]["id"] != self._telegram.me["id"] and verb == "edit":
            raise bad("message can't be edited")
        return chat, message

    def _sent(
        self, chat: Chat, asked: Arguments, content: Arguments, kind: str, shown: str, **more: Any
    ) -> dict[str, Any]:
        if markup := markup_of(asked):
            content |= {"reply_markup": markup}
        if reply := asked.get("reply_parameters"):
            to = chat.messages.get(int(reply.get("message_id") or 0))
            if to is None and not reply.get("allow_sending_without_reply"):
                raise bad("message to be replied not found")
            content |= {"reply_to_message": _bare(to)} if to else {}
        telegram = self._telegram
        if wait := telegram.pace.wait(chat.id, chat.id < 0, telegram.clock.now()):
            words = f"Too Many Requests: retry after {wait}"
            raise Refused(429, words, retry_after=wait)
        message = telegram.keep(chat, telegram.me, content)
        buttons = [b["text"] for row in markup.get("inline_keyboard", []) for b in row]
        telegram.screens.counts["sent"] += 1
        telegram.screens.show(
            str(chat.id), "bot", kind, shown,
            message_id=message["message_id"], buttons=buttons, **more,
        )  # fmt: skip
        return message

    def _changed(self, chat: Chat, message: dict[str, Any], new: Arguments) -> dict[str, Any]:
        old = {name: message.get(name) or type(value)() for name, value in new.items()}
        if old == new:
            raise bad(
                "message is not modified: specified new message content and reply markup are "
                "exactly the same as a current content and reply markup of the message"
            )
        message |= {name: value for name, value in new.items() if value}
        for name, value in new.items():
            if not value:
                message.pop(name, None)
        message["edit_date"] = message["date"]
        for shown in self._telegram.screens.of(str(chat.id)):
            if shown.by == "bot" and shown.extra.get("message_id") == message["message_id"]:
                shown.text = new.get("text", shown.text)
                rows = new["reply_markup"].get("inline_keyboard", [])
                shown.extra |= {"edited": True, "buttons": [b["text"] for r in rows for b in r]}
        return message


def _bare(message: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in message.items() if k != "reply_to_message"}
