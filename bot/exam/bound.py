"""How long what somebody knew holds: three years, and while the law it was asked of stands."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date

from knowledge.citation import Citation, CitationError, read_citation

VALID_YEARS = 3
STALE = 0.20
"""A certificate ends when more than this share of its items rest on articles that have changed."""

Bound = Mapping[str, str]
"""An item's citations, each with the digest of the article's words when it was asked."""


def stale(bounds: Sequence[Bound], digest: Callable[[Citation], str]) -> bool:
    """Whether more than STALE of the items rest on an article that now says something else, or
    is gone."""
    return sum(changed(b, digest) for b in bounds) > STALE * len(bounds)


def changed(bound: Bound, digest: Callable[[Citation], str]) -> bool:
    """Whether an article that an item rests on has changed."""
    return any(_now(said, digest) != then for said, then in bound.items())


def _now(said: str, digest: Callable[[Citation], str]) -> str:
    try:
        return digest(read_citation(said))
    except CitationError:  # written by us; a form that is no longer read counts as gone
        return ""


def later(day: date, years: int) -> date:
    """The same day some years later (earlier where negative); 29 February becomes 1 March."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)
