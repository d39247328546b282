"""What the assistant can do, one module each; `respond` picks the one a message is for."""

from __future__ import annotations

from dataclasses import replace

from bot import texts
from bot.message import Incoming, Reply
from bot.skills import ask, greet, practice, quiz, rehearse
from bot.sources import Sources
from bot.turn import (
    Drop,
    Enqueue,
    Enter,
    Fetch,
    Hold,
    NextPractice,
    Pick,
    Practised,
    Session,
    Subscribe,
    Turn,
)
from bot.understand import clean, picked

PRIVATE = ("person", "agree", "decline")
"""Choices that make no sense where everybody reads along."""

PERSONAL = Hold | Enqueue | Fetch | Drop | Enter | Pick | Practised | NextPractice | Subscribe


def respond(incoming: Incoming, session: Session, sources: Sources) -> Turn:
    """The turn for one message, by the first skill that takes it."""
    incoming = _numbered(incoming, session)
    turn = (
        practice.respond(incoming, session, sources)  # before quiz: in a group both hear /quiz
        or quiz.respond(incoming, session, sources)
        or greet.respond(incoming, session, sources)
        or rehearse.respond(incoming, session, sources)
        or ask.respond(incoming, session, sources)
    )
    return turn if incoming.private else _public(turn)


def urgent(incoming: Incoming, sources: Sources) -> bool:
    """Whether a message must be answered however many came before it."""
    return greet.asks_to_forget(incoming) or ask.is_danger(incoming.text, sources)


def _numbered(incoming: Incoming, session: Session) -> Incoming:
    """A typed number as the choice that it picks, whichever skill offered it."""
    if incoming.choice or not session.choices:
        return incoming
    number = picked(clean(incoming.text), len(session.choices))
    return replace(incoming, choice=session.choices[number - 1]) if number else incoming


def _public(turn: Turn) -> Turn:
    """The same for a group: nothing personal is asked, shown or taken there."""
    personal = any(isinstance(e, PERSONAL) for e in turn.effects)
    if turn.session.waits or personal:
        reply = Reply(texts.IN_PRIVATE, texts.IN_PRIVATE, "clarify")
        return Turn((reply,), replace(turn.session, waits="", choices=()))
    replies = tuple(
        replace(r, choices=tuple(c for c in r.choices if c.payload not in PRIVATE))
        for r in turn.replies
    )
    left = tuple(c for c in turn.session.choices if c not in PRIVATE)
    return replace(turn, replies=replies, session=replace(turn.session, choices=left))
