"""One turn of a conversation as a value: replies, the session after it, and the effects."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from bot.message import Reply


@dataclass(frozen=True, slots=True)
class Session:
    """What a conversation remembers: what was answered, never what was typed.

    `region` and `contract` are the profile; `ref` is the id last answered; `choices` the
    payloads that a number may pick; `waits` what the next message is for
    ("" | "question" | "consent"); `task` where a longer exercise stands, in its skill's own words
    ("rehearse:offer:3", "quiz:…"), ids and numbers only.
    """

    region: str = ""
    contract: str = ""
    ref: str = ""
    choices: tuple[str, ...] = ()
    waits: str = ""
    task: str = ""


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


@dataclass(frozen=True, slots=True)
class Enter:
    """Take part in a campaign: by the scene of a QR code or link, or by a one-time code."""

    scene: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True)
class Pick:
    """Answer question `number` of a sitting by places shown; none is 不知道. A `number` of 0 shows
    where the sitting stands."""

    token: str
    number: int
    places: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Practised:
    """A practice question was answered by places in the item as written; none is 不知道.

    `kept`: the channel knows whose conversation it is, so that a point that was wrong is
    remembered for this person. `daily`: it was the question of the day.
    """

    item: str
    chosen: tuple[int, ...]
    kept: bool = False
    daily: bool = False


@dataclass(frozen=True, slots=True)
class NextPractice:
    """The person wants another question: what they got wrong before, when it is due."""

    kept: bool = False


@dataclass(frozen=True, slots=True)
class Subscribe:
    """The person wants the daily question sent, or (not `on`) not any more; `had` is the day whose
    question they know already."""

    on: bool
    had: date | None = None


Effect = (
    Forget
    | Hold
    | Enqueue
    | Drop
    | Fetch
    | Vote
    | Log
    | Enter
    | Pick
    | Practised
    | NextPractice
    | Subscribe
)


@dataclass(frozen=True, slots=True)
class Turn:
    replies: tuple[Reply, ...]
    session: Session
    effects: tuple[Effect, ...] = ()
