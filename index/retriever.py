"""The seam of the index: a query goes in, scored hits come out, whatever the engine."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Protocol


class RetrieverError(Exception):
    """An index cannot be built, opened or searched; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Passage:
    """One thing that can be found.

    `kind` is article, card, rule, case or question (a wording that leads to `ref`).
    `ref` is the id of what is found: the passage's own id, except for questions.
    `start`/`end` bound the days on which it holds (end exclusive; None is open).
    `weight` multiplies the score (a prior, such as labour law first); 1.0 is neutral.
    """

    id: str
    kind: str
    text: str
    ref: str = ""
    title: str = ""
    chapter: str = ""
    region: str = "国家"
    start: date | None = None
    end: date | None = None
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Query:
    """What to look for, and where.

    `kinds` empty means every kind. `regions` lists the jurisdictions that may answer
    (`("国家", "河南", "郑州")`); None means no filter. `day` None means any day.
    """

    text: str
    kinds: frozenset[str] = frozenset()
    regions: tuple[str, ...] | None = None
    day: date | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage found. Higher scores are better; a score compares only inside one result."""

    id: str
    score: float
    kind: str = ""
    ref: str = ""


class Retriever(Protocol):
    """Every engine and every combination of engines.

    Promise: at most `k` hits, scores falling, ties by id, no passage twice, filters hold,
    a blank query finds nothing.
    """

    def search(self, query: Query, k: int) -> list[Hit]:
        """The best `k` passages for `query`, best first."""
        ...
