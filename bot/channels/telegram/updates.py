"""What an update of Telegram's says to us, if it is for us at all.

In a group only what is addressed to the bot is read: a mention, a reply to it, a command with its
name. Channel posts, polls, other bots and moving live locations are nobody's question.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from telegram import CallbackQuery, Chat, ChatMemberUpdated, Message, MessageEntity, Update, User

from bot.channels.provinces import nearest
from bot.channels.telegram import buttons
from bot.message import Incoming
from bot.turn import Session

WANTED = ("message", "edited_message", "callback_query", "my_chat_member")
"""Kinds of updates to ask Telegram for."""

ANONYMOUS = 1087968824
"""The user in whose name Telegram shows anonymous administrators of a group."""

COMMANDS = {"help": "help", "region": "near:", "forget": "forget"}

DEEP = 64
"""Characters of a deep link's parameter."""


class Unreadable(Exception):
    """An update that is not of Telegram's form."""


@dataclass(frozen=True, slots=True)
class Me:
    """The bot's own id, and its name without @ ("" while it is unknown)."""

    id: int
    username: str = ""


@dataclass(frozen=True, slots=True)
class Heard:
    """Something said or pressed. `user` is who is answered (in a group chat and person), `target`
    the chat and, after a slash, its topic; `message` the one said or pressed at.

    `query` is a press to acknowledge, `data` what its button carried, `keyboard` what should be
    left of the buttons (None: leave them).
    """

    user: str
    target: str
    incoming: Incoming
    message: int
    query: str = ""
    data: str = ""
    keyboard: Mapping[str, Any] | None = None

    def read(self, session: Session) -> Incoming | None:
        """What it means in this conversation; None for a button that is out of date."""
        if not self.data:
            return self.incoming
        choice = buttons.meant(self.data, session)
        return None if choice is None else replace(self.incoming, choice=choice)


@dataclass(frozen=True, slots=True)
class Gone:
    """Somebody blocked the bot or deleted the chat."""

    user: str


def hear(raw: Mapping[str, Any], me: Me) -> Heard | Gone | None:
    """What an update says; None where it is not for us. Raises Unreadable."""
    wanted = {kind: raw[kind] for kind in WANTED if raw.get(kind)}
    if not wanted:
        return None
    try:
        update = Update.de_json({"update_id": raw["update_id"], **wanted}, None)
        return _usable(_heard(update, me))
    except Exception:  # whatever a library makes of JSON of another form
        raise Unreadable from None


def _heard(update: Update, me: Me) -> Heard | Gone | None:
    if update.callback_query:
        return _pressed(update.callback_query)
    if update.my_chat_member:
        return _changed(update.my_chat_member)
    if update.message:
        return _said(update.message, me)
    if update.edited_message:
        return _edited(update.edited_message, me)
    return None


def _usable(heard: Heard | Gone | None) -> Heard | Gone | None:
    """The same; raises ValueError for ids that are no numbers and for half characters, which JSON
    may hold and nothing later could store or send."""
    if isinstance(heard, Heard):
        heard.query.encode()
        for ident in (*heard.user.split(":"), *heard.target.split("/")):
            int(ident)
    return heard


def _said(message: Message, me: Me) -> Heard | None:
    chat, writer = message.chat, message.from_user
    if not _by_person(writer) or message.is_automatic_forward or message.via_bot:
        return None
    assert writer is not None
    private = chat.type == Chat.PRIVATE
    if not private and (chat.type == Chat.CHANNEL or not _addressed(message, me)):
        return None
    incoming = _incoming(message, me, private)
    if incoming is None:
        return None
    return Heard(_user(chat, writer), _target(message), incoming, message.message_id)


def _edited(message: Message, me: Me) -> Heard | None:
    # Nobody can know whether the edited message was the last one, so in private it is asked
    # anew. A live location is edited every few seconds without anybody asking anything.
    if message.chat.type != Chat.PRIVATE or message.location or not message.text:
        return None
    return _said(message, me)


def _pressed(query: CallbackQuery) -> Heard | None:
    message = query.message
    if message is None or not query.data or not _by_person(query.from_user):
        return None
    chat = message.chat
    incoming = Incoming("", channel="telegram", private=chat.type == Chat.PRIVATE)
    left, topic = None, ""
    if isinstance(message, Message):  # one that is too old comes without its buttons
        topic = _topic(message)
        if buttons.once(query.data) and message.reply_markup:
            rows = message.reply_markup.inline_keyboard
            left = buttons.remaining(
                [(b.text, str(b.callback_data or "")) for b in r] for r in rows
            )
    return Heard(
        _user(chat, query.from_user),
        f"{chat.id}{topic}",
        incoming,
        message.message_id,
        query.id,
        _whole(query.data),
        left,
    )


def _changed(change: ChatMemberUpdated) -> Gone | None:
    gone = change.new_chat_member.status in ("kicked", "left")
    if not gone or change.chat.type != Chat.PRIVATE:
        return None
    return Gone(_user(change.chat, change.from_user))


def _incoming(message: Message, me: Me, private: bool) -> Incoming | None:
    """The message as every channel says it; None for one that says nothing to anybody."""
    text = message.text or message.caption or ""
    command = next(iter(message.parse_entities([MessageEntity.BOT_COMMAND]).items()), None)
    choice, kind = "", "text"
    if command and command[0].offset == 0 and message.text:
        name = command[1][1:].partition("@")[0].lower()
        rest = text[len(command[1]) :].strip()
        if name == "start":
            choice = f"start:{rest[:DEEP]}" if rest else "start"
        elif name in COMMANDS:
            choice = COMMANDS[name]
        else:
            text = f"{name} {rest}".strip()
    elif not private:
        text = _without_mention(message, me)
    if message.location:
        kind = "place"
        place = message.location
        # A region is offered in private; a group would learn where somebody is.
        choice = f"near:{nearest(place.latitude, place.longitude)}" if private else "near:"
    elif message.voice or message.audio or message.video_note:
        kind = "voice"
    elif message.photo:
        kind = "image"
    elif message.effective_attachment:
        kind = "other"
    elif not message.text:
        return None  # somebody joined, a title changed, a chat migrated
    text = "" if choice else _whole(text)
    return Incoming(text, _whole(choice), "", "telegram", private, kind)


def _addressed(message: Message, me: Me) -> bool:
    answered = message.reply_to_message
    if answered and answered.from_user and answered.from_user.id == me.id:
        return True
    return any(_names(entity, said, me) for entity, said in _entities(message).items())


def _names(entity: MessageEntity, said: str, me: Me) -> bool:
    if entity.type == MessageEntity.TEXT_MENTION:
        return entity.user is not None and entity.user.id == me.id
    name = said.partition("@")[2]
    return bool(me.username) and name.casefold() == me.username.casefold()


def _without_mention(message: Message, me: Me) -> str:
    text = message.text or message.caption or ""
    for entity, said in _entities(message).items():
        if _names(entity, said, me):
            text = text.replace(said, " ", 1)
    return text.strip()


def _entities(message: Message) -> dict[MessageEntity, str]:
    kinds: list[str | None] = [
        MessageEntity.MENTION,
        MessageEntity.TEXT_MENTION,
        MessageEntity.BOT_COMMAND,
    ]
    if message.text:
        return message.parse_entities(kinds)
    return message.parse_caption_entities(kinds) if message.caption else {}


def _by_person(user: User | None) -> bool:
    return user is not None and (not user.is_bot or user.id == ANONYMOUS)


def _user(chat: Chat, user: User) -> str:
    """Whose conversation it is; in a group everybody has their own."""
    return str(user.id) if chat.type == Chat.PRIVATE else f"{chat.id}:{user.id}"


def _target(message: Message) -> str:
    return f"{message.chat.id}{_topic(message)}"


def _topic(message: Message) -> str:
    topic = message.message_thread_id if message.is_topic_message else None
    return f"/{topic}" if topic else ""


def _whole(text: str) -> str:
    """`text` without half characters, which JSON may hold and nothing else."""
    return text.encode("utf-8", "replace").decode("utf-8")
