"""Law texts as pages: an article with its neighbours and versions, and a whole text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Protocol
from urllib.parse import quote

from bot.around import Around, Near, Reference, around, same_part, target
from bot.channels.views import STATUS_CLASS, article_url, law_url, permalink
from knowledge.library import Article, Version
from knowledge.regions import NATION, Regions


class Laws(Near, Protocol):
    """What these pages ask of a release."""

    @property
    def regions(self) -> Regions: ...
    def version(self, ident: str) -> Version | None: ...


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
class Row:
    """One line of a list beside an article: a link, what it begins with, what to know of it."""

    title: str
    url: str
    begins: str = ""
    tags: tuple[str, ...] = ()
    note: str = ""
    status: str = ""
    status_class: str = ""
    elsewhere: bool = False
    """It is no law text: it opens beside what is being read."""


@dataclass(frozen=True, slots=True)
class Part:
    """A list beside an article; `rows` are shown at once, `more` when asked for."""

    title: str
    rows: tuple[Row, ...]
    more: tuple[Row, ...] = ()


@dataclass(frozen=True, slots=True)
class ArticlePage:
    law: About
    number: str
    chapter: str
    lines: tuple[Line, ...]
    before: Piece | None
    after: Piece | None
    parts: tuple[Part, ...]


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
        _about(version, laws, article),
        number_of(article),
        article.chapter,
        lines(linked(article, laws)),
        _neighbour(units[at - 1]) if at else None,
        _neighbour(units[at + 1]) if at + 1 < len(units) else None,
        tuple(parts(article, around(article, laws, laws.regions.chain(version.region)), laws)),
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


def linked(article: Article, laws: Laws) -> list[Piece]:
    """The article's text with every reference that the library can follow as a link."""
    text = article.text
    out, at = [], 0
    for arrow in laws.cites(article):
        if not at <= arrow.start < arrow.end:
            continue
        version, found = target(arrow, article, laws)
        if version is None or (arrow.printed and found is None):
            continue
        url = article_url(found.id, version.id) if found else law_url(version.id)
        if arrow.start > at:
            out.append(Piece(text[at : arrow.start]))
        out.append(Piece(text[arrow.start : arrow.end], url))
        at = arrow.end
    return [*out, Piece(text[at:])] if at < len(text) else out


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


# Beside an article

FIRST = 5
"""Lines of a list that are shown at once."""

BEGINS = 42
"""Characters of an article that tell what it is about."""

_NOUNS = {"card": "解答", "point": "程序要点", "case": "案例"}


def parts(article: Article, found: Around, laws: Laws) -> Iterator[Part]:
    """The lists beside an article, without the empty ones."""
    own = article.version
    versions = [
        Row(
            _name(e.version) + (f"　{number_of(e.article)}" if e.article else ""),
            article_url(e.article.id, e.version.id) if e.article else law_url(e.version.id),
            note="" if e.article else "这一版里没有对应的条文，链接到全文",
            status=(status := e.version.status(laws.day).value),
            status_class=STATUS_CLASS[status],
        )
        for e in found.editions
    ]
    texts = [_reference(Reference(a.version, a), own, tag="判例") for a in found.cases]
    entries = [
        Row(
            e.title,
            permalink(f"{e.kind}:{e.id}"),
            tags=(_NOUNS[e.kind], *((e.region,) if e.region != NATION else ())),
            elsewhere=True,
        )
        for e in found.entries
    ]
    for title, rows in (
        ("它引用的", [_reference(r, own) for r in found.cites]),
        ("引用它的", [_reference(r, own) for r in found.cited_by]),
        ("其他版本", versions),
        ("相近的条文", [_reference(Reference(a.version, a), own) for a in found.similar]),
        ("相关案例和解答", [*entries, *texts]),
    ):
        if rows:
            yield cut(title, rows)


def cut(title: str, rows: Sequence[Row]) -> Part:
    """A list with its end folded; one line alone is shorter to read than to open."""
    first = FIRST if len(rows) > FIRST + 1 else len(rows)
    return Part(title, tuple(rows[:first]), tuple(rows[first:]))


def _reference(reference: Reference, own: Version, tag: str = "") -> Row:
    version, article = reference.version, reference.article
    name = "" if version.id == own.id else f"《{version.law}》"
    note = f"文中写作{reference.printed}" if reference.printed else ""
    region = version.region if version.region not in (NATION, own.region) else ""
    return Row(
        (name + (number_of(article) if article and article.number != "全文" else ""))
        or version.law,
        article_url(article.id, version.id) if article else law_url(version.id),
        _begins(article.text) if article and article.number != "全文" else "",
        tuple(t for t in (tag, region) if t),
        note,
    )


def _begins(text: str) -> str:
    plain = " ".join(text.split("\n"))
    return plain if len(plain) <= BEGINS + 4 else plain[:BEGINS].rstrip("，、；：。 ") + "…"


# About a version


def _about(version: Version, laws: Laws, article: Article | None = None) -> About:
    validity = version.validity
    status = version.status(laws.day).value
    newer = ""
    if STATUS_CLASS[status] == "over":
        current = laws.in_force(version.law)
        if current is not None and current.id != version.id:
            same = same_part(article, current, laws) if article else None
            newer = article_url(same.id, current.id) if same else law_url(current.id)
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


def _editions(version: Version, laws: Laws) -> Iterator[Edition]:
    for other in reversed(laws.versions(version.law)):
        status = other.status(laws.day).value
        url = law_url(other.id)
        yield Edition(_name(other), status, STATUS_CLASS[status], url, other.id == version.id)


def _neighbour(article: Article) -> Piece:
    return Piece(number_of(article), article_url(article.id, article.version.id))


def fragment(unit_anchor: str) -> str:
    """An anchor as it stands in an address."""
    return quote(unit_anchor, safe="")
