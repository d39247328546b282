"""What a skill may ask of the world: one built release, seen on one day."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from index.pinpoint import Asked, Spot
from index.retriever import Hit
from knowledge.amounts import Amount
from knowledge.citation import Citation
from knowledge.lessons import Item
from knowledge.library import Article, Version
from knowledge.pieces import Card, Case, Digest, Gap, Guard, Point, Replaced, Rule, Term
from knowledge.regions import Regions
from knowledge.scenes import Scene


@dataclass(frozen=True, slots=True)
class Contact:
    """A way to a person, as the operator configured it, with the day it was checked."""

    name: str
    reach: str
    checked: date
    purpose: str = ""
    region: str = "国家"


class Sources(Protocol):
    """Read-only knowledge for one turn. Not found is None or an empty list."""

    @property
    def day(self) -> date: ...
    @property
    def regions(self) -> Regions: ...
    @property
    def contacts(self) -> Sequence[Contact]: ...
    @property
    def has_texts(self) -> bool: ...
    @property
    def as_of(self) -> str: ...
    @property
    def operator(self) -> str: ...
    @property
    def counts(self) -> Mapping[str, int]:
        """How much there is: laws, articles, card, rule, digest."""
        ...

    def match(self, text: str, regions: tuple[str, ...], k: int) -> list[Hit]:
        """Cards, points and cases by wording; the score is a confidence from 0 to 1."""
        ...

    def search(self, text: str, regions: tuple[str, ...], k: int) -> list[Hit]:
        """Articles in force on `day` in `regions`, by their words alone."""
        ...

    def ranked(self, text: str, regions: tuple[str, ...], k: int) -> list[Hit]:
        """The same by all that was learnt; its scores compare only inside one result."""
        ...

    def asked(self, text: str) -> Asked:
        """A question made ready for `pinpoint`."""
        ...

    def pinpoint(
        self, asked: Asked, article: str, named: Collection[tuple[int, int]] = ()
    ) -> Spot | None:
        """The paragraph or item of an article's text that answers, within those `named`; None
        for a text of one part."""
        ...

    def items(self) -> Sequence[Item]:
        """The quiz questions that may be asked on this day: every article they rest on is in force
        and says what it said when they were written."""
        ...

    def item(self, ident: str) -> Item | None:
        """A quiz question, whether it may still be asked or not."""
        ...

    def scenes(self) -> Sequence[Scene]:
        """The exercises of mock negotiation, in the order of their files."""
        ...

    def scene(self, ident: str) -> Scene | None: ...
    def guard(self, text: str) -> Guard | None: ...
    def card(self, ident: str) -> Card | None: ...
    def point(self, ident: str) -> Point | None: ...
    def case(self, ident: str) -> Case | None: ...
    def locals_of(self, card: str) -> Sequence[Card]:
        """The local versions of a national card."""
        ...

    def gap(self, region: str, contract: str) -> Gap | None:
        """What the library lacks of the region's own rules, for this contract type if it lacks
        only that; "" is a type that was not said."""
        ...

    def term(self, name: str) -> Term | None:
        """The glossary's entry under this very name, widths and particles aside."""
        ...

    def replaced(self, text: str) -> Replaced | None:
        """The text out of force that a message names."""
        ...

    def amounts(self, kind: str, region: str) -> Sequence[Amount]:
        """Amounts of a kind that the operator imported for the closest place that has any, the
        newest first, whether they still hold or not."""
        ...

    def at(self, day: date) -> Sources:
        """The same knowledge seen on another day."""
        ...

    def rules_citing(self, citation: Citation) -> Sequence[Rule]:
        """Every rule whose first citation is this article."""
        ...

    def bargaining_law(self, region: str) -> bool:
        """Whether the library knows the region's own rules on collective bargaining."""
        ...

    def article(self, citation: Citation) -> Article | None: ...
    def article_by_id(self, ident: str) -> Article | None: ...
    def articles_of(self, version: str) -> Sequence[Article]:
        """Every unit of one version, in the order of the text."""
        ...

    def in_force(self, law: str) -> Version | None: ...
    def known_law(self, law: str) -> bool:
        """Whether any version of the law is imported, in force or not."""
        ...

    def digest(self, citation: Citation) -> Digest | None: ...
    def related(self, card: str) -> Sequence[str]:
        """Ids of cards of the same topic."""
        ...

    def in_field(self, text: str) -> float:
        """0 to 1: how much of `text` speaks of work, pay, unions or bargaining."""
        ...
