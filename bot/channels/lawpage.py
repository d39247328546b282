"""Law texts as pages: an article with its neighbours and versions, and a whole text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import PurePath
from typing import Protocol
from urllib.parse import quote

from bot.channels.views import STATUS_CLASS, article_url, law_url
from knowledge.citation import Citation, find_citations, law_name
from knowledge.library import Article, Version


class Laws(Protocol):
    """What these pages ask of a release."""

    day: date

    def article(self, citation: Citation) -> Article | None: ...
    def article_by_id(self, ident: str) -> Article | None: ...
    def articles_of(self, version: str) -> list[Article]: ...
    def in_force(self, law: str) -> Version | None: ...
    def version(self, ident: str) -> Version | None: ...
    def versions(self, law: str) -> list[Version]: ...


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text, and where it leads."""

    text: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One paragraph (款) or item (项) of an article."""

    pieces: tuple[Piece, ...]
    item: bool = False


@dataclass(frozen=True, slots=True)
class Edition:
    """One version of a law in the list of all."""

    name: str
    status: str
    status_class: str
    url: str
    here: bool


@dataclass(frozen=True, slots=True)
class About:
    """What is known of a version."""

    title: str
    name: str
    status: str
    status_class: str
    level: str
    region: str
    start: str
    end: str
    why: str
    source: str
    header: tuple[str, ...]
    url: str
    newer: str


@dataclass(frozen=True, slots=True)
class ArticlePage:
    law: About
    number: str
    chapter: str
    lines: tuple[Line, ...]
    editions: tuple[Edition, ...]
    before: Piece | None
    after: Piece | None


@dataclass(frozen=True, slots=True)
class Unit:
    """One article in the whole text; `heads` are the chapter titles that begin before it."""

    anchor: str
    number: str
    url: str
    lines: tuple[Line, ...]
    heads: tuple[tuple[int, str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class LawPage:
    law: About
    units: tuple[Unit, ...]
    contents: tuple[tuple[int, str, str], ...]
    editions: tuple[Edition, ...]


def article_page(version: Version, part: str, laws: Laws) -> ArticlePage | None:
    """The page of one article, or None if the version has no such part."""
    article = laws.article_by_id(f"{version.id}#{part}")
    if article is None:
        return None
    units = laws.articles_of(version.id)
    at = next((n for n, a in enumerate(units) if a.id == article.id), 0)
    return ArticlePage(
        _about(version, laws, part),
        number_of(article),
        article.chapter,
        lines(linked(article, laws)),
        tuple(_editions(version, laws, part)),
        _neighbour(units[at - 1]) if at else None,
        _neighbour(units[at + 1]) if at + 1 < len(units) else None,
    )


def law_page(version: Version, laws: Laws) -> LawPage:
    """The whole text. References are links on the articles' own pages only: a code has
    thousands of them."""
    units: list[Unit] = []
    contents: list[tuple[int, str, str]] = []
    open_heads: list[str] = []
    for number, article in enumerate(laws.articles_of(version.id)):
        path = [p for p in article.chapter.split(" / ") if p]
        kept = 0
        while kept < min(len(path), len(open_heads)) and path[kept] == open_heads[kept]:
            kept += 1
        heads = tuple((d, path[d], f"c{number}-{d}") for d in range(kept, len(path)))
        open_heads = path
        contents += heads
        units.append(
            Unit(
                anchor(article),
                number_of(article),
                article_url(article.id, version.id),
                lines([Piece(article.text)]),
                heads,
            )
        )
    return LawPage(
        _about(version, laws), tuple(units), tuple(contents), tuple(_editions(version, laws))
    )


def number_of(article: Article) -> str:
    return {"preamble": "序言"}.get(article.kind, article.number)


def anchor(article: Article) -> str:
    return re.sub(r"\s+", "", article.id[len(article.version.id) + 1 :])


# References

_NAMED = re.compile(r"《[^《》]*(?:《[^《》]*》[^《》]*)*》")


def linked(article: Article, laws: Laws) -> list[Piece]:
    """The article's text with every reference that the library can follow as a link."""
    text, version = article.text, article.version
    spans: dict[tuple[int, int], str] = {}
    for mention in find_citations(text, version.law, article.number):
        url = _target(mention.citation, article, laws)
        start = mention.start
        name = re.search(r"《(?:[^《》]|《[^《》]*》)*》\s*$", text[:start])
        if name and law_name(name[0].strip()) == mention.citation.law:
            start = name.start()
        if url:
            spans[(start, mention.end)] = url
    for m in _NAMED.finditer(text):
        if any(start < m.end() and m.start() < end for start, end in spans):
            continue
        found = laws.in_force(law_name(m[0]))
        if found is not None and found.law != version.law:
            spans[m.span()] = law_url(found.id)
    out, at = [], 0
    for (start, end), url in sorted(spans.items()):
        if start < at:
            continue
        if start > at:
            out.append(Piece(text[at:start]))
        out.append(Piece(text[start:end], url))
        at = end
    return [*out, Piece(text[at:])] if at < len(text) else out


def _target(citation: Citation, article: Article, laws: Laws) -> str:
    version = article.version
    if citation.law == version.law:  # an old version speaks of itself
        found = laws.article_by_id(f"{version.id}#{citation.article}")
    else:
        found = laws.article(citation.whole)
    if found is None or found.id == article.id:
        return ""
    return article_url(found.id, found.version.id)


_ITEM = re.compile(r"[（(][一二三四五六七八九十百\d]+[）)]|\d{1,2}[.．、]")


def lines(pieces: Sequence[Piece]) -> tuple[Line, ...]:
    """Pieces of running text as paragraphs and items."""
    rows: list[list[Piece]] = [[]]
    for piece in pieces:
        for n, text in enumerate(piece.text.split("\n")):
            if n:
                rows.append([])
            if text:
                rows[-1].append(Piece(text, piece.url))
    return tuple(Line(tuple(r), bool(_ITEM.match("".join(p.text for p in r)))) for r in rows if r)


# About a version


def _about(version: Version, laws: Laws, part: str = "") -> About:
    validity = version.validity
    status = version.status(laws.day).value
    newer = ""
    if STATUS_CLASS[status] == "over":
        current = laws.in_force(version.law)
        if current is not None and current.id != version.id:
            newer = _same(current, part, laws)
    return About(
        version.title or version.law,
        _name(version),
        status,
        STATUS_CLASS[status],
        version.level,
        version.region,
        validity.start.isoformat() if validity.start else "",
        validity.end.isoformat() if validity.end else "",
        validity.why,
        PurePath(version.source).name,  # the folder is the operator's business
        version.header,
        law_url(version.id),
        newer,
    )


def _name(version: Version) -> str:
    return f"{version.label} 版" if version.label else "未注明日期的版本"


def _editions(version: Version, laws: Laws, part: str = "") -> Iterator[Edition]:
    for other in reversed(laws.versions(version.law)):
        status = other.status(laws.day).value
        yield Edition(
            _name(other),
            status,
            STATUS_CLASS[status],
            _same(other, part, laws),
            other.id == version.id,
        )


def _same(version: Version, part: str, laws: Laws) -> str:
    """The same part in another version, or that version's whole text."""
    found = laws.article_by_id(f"{version.id}#{part}") if part else None
    if found is not None:
        return article_url(found.id, version.id)
    return law_url(version.id)


def _neighbour(article: Article) -> Piece:
    return Piece(number_of(article), article_url(article.id, article.version.id))


def fragment(unit_anchor: str) -> str:
    """An anchor as it stands in an address."""
    return quote(unit_anchor, safe="")
