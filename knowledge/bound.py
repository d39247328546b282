"""Binding quiz items to the words of the articles they rest on: which are live, which withdrawn.

`quiz-bound.yaml` in the content folder holds, for every cited article, the SHA-256 of its official
text as it was when the items were proved against it. Where another text is in force, exactly the
items that cite the article are withdrawn, until somebody has looked at them again.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Protocol

import yaml

from knowledge.citation import (
    Citation,
    CitationError,
    article_order,
    read_citation,
    write_citation,
)
from knowledge.lessons import Item
from knowledge.library import Article, Library, Version
from knowledge.records import KnowledgeError

FILE = "quiz-bound.yaml"

CHANGED = "条文已修改"
REPEALED = "法规已废止"
GONE = "条文没有了"
UNBOUND = "还没有核对过"
BASELESS = "没有依据"

Bound = Mapping[Citation, str]
"""Whole article -> SHA-256 of its official text."""

Accepted = Mapping[str, Bound]
"""Item id -> the texts that somebody found it right with, after they changed."""


class Texts(Protocol):
    """What is known of laws on one day. `bot.sources.Sources` is one."""

    def known_law(self, law: str) -> bool:
        """Whether any version of the law is imported, in force or not."""
        ...

    def in_force(self, law: str) -> Version | None: ...
    def article(self, citation: Citation) -> Article | None: ...
    def digest(self, citation: Citation) -> object | None: ...


@dataclass(frozen=True, slots=True)
class LibraryTexts:
    """A library and the project's digests on one day, either of which may be missing."""

    library: Library | None
    day: date
    digests: Mapping[Citation, object] = field(default_factory=dict)

    def known_law(self, law: str) -> bool:
        return self.library is not None and bool(self.library.versions(law))

    def in_force(self, law: str) -> Version | None:
        return self.library.in_force(law, self.day) if self.library else None

    def article(self, citation: Citation) -> Article | None:
        return self.library.find(citation.whole, self.day) if self.library else None

    def official(self, citation: Citation) -> str | None:
        """An article's own words, None where they are not imported."""
        article = self.article(citation)
        return article.text if article else None

    def digest(self, citation: Citation) -> object | None:
        return self.digests.get(citation.whole)


@dataclass(frozen=True, slots=True)
class Live:
    """An item that may be asked. `by_digest`: a law it cites is not imported, so that it rests on
    the project's own digest and is shown as 按要点核对."""

    item: Item
    by_digest: bool = False


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """An item that may not be asked, why, and the article that is the reason."""

    item: Item
    reason: str
    citation: Citation


@dataclass(frozen=True, slots=True)
class Standing:
    """A whole bank on one day, both in the bank's order."""

    live: tuple[Live, ...]
    withdrawn: tuple[Withdrawn, ...]


def fingerprint(text: str) -> str:
    """The SHA-256 of an article's characters, whatever blanks, line breaks and widths of
    punctuation a source prints it with: the same law comes as Markdown, .docx and HTML."""
    said = "".join(unicodedata.normalize("NFKC", text).split())
    return hashlib.sha256(said.encode()).hexdigest()


def state(
    item: Item, texts: Texts, bound: Bound, accepted: Bound | None = None
) -> Live | Withdrawn:
    """Whether an item may be asked. `accepted` are the texts it was accepted with later."""
    return _state(item, texts, bound, accepted or {}, {})


def sort_out(
    items: Iterable[Item], texts: Texts, bound: Bound, accepted: Accepted | None = None
) -> Standing:
    """The state of every item; each article is looked up once."""
    known: dict[Citation, _Found] = {}
    of = accepted or {}
    states = [_state(i, texts, bound, of.get(i.id, {}), known) for i in items]
    return Standing(
        tuple(s for s in states if isinstance(s, Live)),
        tuple(s for s in states if isinstance(s, Withdrawn)),
    )


def bind(items: Iterable[Item], texts: Texts) -> dict[Citation, str]:
    """The binding of every article that `items` cite and that is in force, in order."""
    cited = sorted({c.whole for i in items for c in i.cite})
    return {c: fingerprint(a.text) for c in cited if (a := texts.article(c)) is not None}


def read_bound(folder: Path) -> dict[Citation, str]:
    """The bindings kept in a content folder; none if there is no file. Raises KnowledgeError."""
    path = folder / FILE
    if not path.exists():
        return {}
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
        return {read_citation(k).whole: _sha256(v) for k, v in raw.items()}
    except (yaml.YAMLError, UnicodeDecodeError, CitationError, AttributeError, TypeError) as error:
        problem = f"{path}: 应为“《法规》第X条: SHA-256”，请用 xst quiz bind 重写（{error}）"
        raise KnowledgeError(problem) from error


def bound_text(bound: Bound) -> str:
    """`quiz-bound.yaml` as it is written."""
    listed = sorted(bound, key=lambda c: (c.law, article_order(c.article)))
    lines = [f"{write_citation(c)}: {bound[c]}" for c in listed]
    return "# xst quiz bind 写入：题目所依条文原文的 SHA-256\n" + "\n".join(lines) + "\n"


_Found = tuple[str, str]
"""("text", its hash), ("digest", "") or ("", the reason why there is nothing)."""


def _state(
    item: Item, texts: Texts, bound: Bound, accepted: Bound, known: dict[Citation, _Found]
) -> Live | Withdrawn:
    by_digest = False
    for citation in item.cite:
        whole = citation.whole
        if whole not in known:
            known[whole] = _look(whole, texts)
        kind, found = known[whole]
        if kind == "digest":
            by_digest = True
        elif kind == "text" and found not in (bound.get(whole), accepted.get(whole)):
            return Withdrawn(item, CHANGED if whole in bound else UNBOUND, citation)
        elif not kind:
            return Withdrawn(item, found, citation)
    return Live(item, by_digest) if item.cite else Withdrawn(item, BASELESS, Citation(""))


def _look(citation: Citation, texts: Texts) -> _Found:
    if not texts.known_law(citation.law):
        return ("digest", "") if texts.digest(citation) is not None else ("", BASELESS)
    if texts.in_force(citation.law) is None:
        return "", REPEALED
    article = texts.article(citation)
    return ("text", fingerprint(article.text)) if article is not None else ("", GONE)


def _sha256(value: object) -> str:
    if not isinstance(value, str) or len(value) != 64:
        raise TypeError(f"{value}")
    return value
