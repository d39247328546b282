"""What comes in and what goes out, the same for every channel."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Incoming:
    """One message. `choice` is the payload of a button that was pressed, "" for typed text.

    `sender` is a pseudonym of the channel's making; no skill reads it. In a group (`private`
    false) everybody reads the answer, so nothing personal is asked there. What a message is that
    holds no words is told by `kind`: "text" | "voice" | "image" | "place" | "other".
    """

    text: str
    choice: str = ""
    sender: str = ""
    channel: str = "terminal"
    private: bool = True
    kind: str = "text"


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing the person may press, or type the number of."""

    label: str
    payload: str


@dataclass(frozen=True, slots=True)
class Cited:
    """One article under 依据: where it stands, what is known of it, its words or our digest.

    `quote` is law text only where `official`; else it is a digest (要点，非原文). `marked` is the
    part of the quote that answers, `place` what it is called (「第二款」, "" in an article without
    parts), `lead` what introduces a marked item, `excerpt` a long part's closest sentence.
    """

    law: str
    article: str
    region: str
    status: str
    effective: str
    level: str = ""
    quote: str = ""
    official: bool = False
    marked: str = ""
    id: str = ""
    place: str = ""
    lead: str = ""
    excerpt: str = ""


@dataclass(frozen=True, slots=True)
class Poll:
    """A question that a group may vote on: the place of its one right option, and why."""

    question: str
    options: tuple[str, ...]
    right: int
    why: str


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer. `answer` is the plain part that comes before 依据, `text` all of it as plain
    text; `notes` are the sentences after 依据 (next step, caution, contacts). A `poll` says the
    same where a channel has polls."""

    answer: str
    text: str
    disposition: str
    citations: tuple[Cited, ...] = ()
    notes: tuple[str, ...] = ()
    choices: tuple[Choice, ...] = ()
    confidence: float = 0.0
    ref: str = ""
    unreviewed: bool = False
    poll: Poll | None = None
