"""One turn of a conversation as a value: replies, the session after it, and the effects."""

from __future__ import annotations

from dataclasses import dataclass

from bot.message import Reply


@dataclass(frozen=True, slots=True)
class Session:
    """What a conversation remembers: what was answered, never what was typed.

    `region` and `contract` are the profile; `ref` is the id last answered; `choices` the
    payloads that a number may pick; `waits` what the next message is for
    ("" | "question" | "consent").
    """

    region: str = ""
    contract: str = ""
    ref: str = ""
    choices: tuple[str, ...] = ()
    waits: str = ""


@dataclass(frozen=True, slots=True)
class Hold:
    """Keep a scrubbed question in memory until the person agrees or ten minutes pass."""

    text: str
    region: str = ""


@dataclass(frozen=True, slots=True)
class Enqueue:
    """The person agreed: the held question goes to the instructor's queue."""


@dataclass(frozen=True, slots=True)
class Drop:
    """The person declined: the held question is forgotten."""


@dataclass(frozen=True, slots=True)
class Fetch:
    """Look up the instructor's answer under a receipt code, or delete what stands under it."""

    code: str
    delete: bool = False


@dataclass(frozen=True, slots=True)
class Vote:
    """A thumb for an answer, counted without identity."""

    ref: str
    helpful: bool


@dataclass(frozen=True, slots=True)
class Log:
    """An event name for the operator's log; never words of the person."""

    event: str


@dataclass(frozen=True, slots=True)
class Forget:
    """The person wants everything that is kept about the conversation deleted."""


Effect = Forget | Hold | Enqueue | Drop | Fetch | Vote | Log


@dataclass(frozen=True, slots=True)
class Turn:
    replies: tuple[Reply, ...]
    session: Session
    effects: tuple[Effect, ...] = ()
