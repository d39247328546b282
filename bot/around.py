"""What is around an article: what it cites, what cites it, its other versions, articles like it,
and the cases, cards and rules that rest on it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from index.retriever import Hit
from knowledge.citation import Citation, article_order
from knowledge.graph import Arrow
from knowledge.library import Article, Version
from knowledge.pieces import Card, Case, Point
from knowledge.records import Level
from knowledge.regions import NATION
from knowledge.renumbering import counterpart, likeness

SIMILAR = 5
"""Articles shown as similar, at most."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Something the project wrote that rests on an article; `kind` is card, point or case."""

    kind: str
    id: str
    title: str
    region: str


class Near(Protocol):
    """What is asked of a release, seen on `day`. Not found is None or an empty list."""

    @property
    def day(self) -> date: ...
    def article(self, citation: Citation) -> Article | None: ...
    def article_by_id(self, ident: str) -> Article | None: ...
    def articles_of(self, version: str) -> Sequence[Article]: ...
    def in_force(self, law: str) -> Version | None: ...
    def versions(self, law: str) -> Sequence[Version]: ...
    def search(self, text: str, regions: tuple[str, ...], k: int) -> list[Hit]: ...
    def cites(self, article: Article) -> Sequence[Arrow]: ...
    def cited_by(self, citation: Citation) -> Sequence[Arrow]: ...
    def cited_within(self, article: Article) -> Sequence[Arrow]: ...
    def resting_on(self, citation: Citation) -> Sequence[Entry]: ...


@dataclass(frozen=True, slots=True)
class Reference:
    """The other end of a citation; without `article` it is the law as a whole.

    `printed` is the number in the citing text where the article has another one now.
    """

    version: Version
    article: Article | None
    printed: str = ""


@dataclass(frozen=True, slots=True)
class Edition:
    """Another version of the law; `article` is what the article is there, None if it is not."""

    version: Version
    article: Article | None


@dataclass(frozen=True, slots=True)
class Around:
    """Each list in the order in which it is shown; an empty one is not."""

    cites: tuple[Reference, ...] = ()
    cited_by: tuple[Reference, ...] = ()
    editions: tuple[Edition, ...] = ()
    similar: tuple[Article, ...] = ()
    cases: tuple[Article, ...] = ()
    """Law reports of the library that apply the article; the project's own are among `entries`."""
    entries: tuple[Entry, ...] = ()


def around(article: Article, near: Near, regions: tuple[str, ...]) -> Around:
    """Everything around an article. Similar ones come from `regions` only."""
    version = article.version
    cites = tuple(_cites(article, near))
    citing = _citing(article, near, _holds(version, near))
    cited_by = tuple(r for r in citing if r.version.level != Level.CASE)
    cases = tuple(r.article for r in citing if r.version.level == Level.CASE and r.article)
    shown = {r.article.id for r in (*cites, *cited_by) if r.article}
    return Around(
        cites,
        cited_by,
        tuple(_editions(article, near)),
        tuple(_similar(article, near, regions, shown)),
        cases,
        tuple(near.resting_on(article.citation)),
    )


def resting(
    cards: Iterable[Card], points: Iterable[Point], cases: Iterable[Case]
) -> dict[Citation, list[Entry]]:
    """Article -> what cites it. First what names it first of all; then points of the procedure
    before cards before cases, the nation before provinces.

    Cards that turn a person down or call for help say nothing about the articles they cite.
    """
    found: dict[Citation, list[tuple[int, Entry]]] = {}

    def add(entry: Entry, *groups: Sequence[Citation]) -> None:
        leading = {group[0].whole for group in groups if group}
        for citation in dict.fromkeys(c.whole for group in groups for c in group):
            if citation.article:
                place = (int(citation not in leading), entry)
                found.setdefault(citation, []).append(place)

    for point in points:
        entry = Entry("point", point.point, point.title, NATION)
        add(entry, *(rule.cite for rule in point.rules), point.explain_cite)
    for card in sorted(cards, key=lambda c: c.region != NATION):
        if card.disposition in ("answer", "clarify"):
            add(Entry("card", card.id, card.title, card.region), card.cite)
    for case in sorted(cases, key=lambda c: c.region != NATION):
        add(Entry("case", case.id, case.title, case.region), case.cite)
    return {
        citation: [entry for _, entry in sorted(placed, key=lambda p: p[0])]
        for citation, placed in found.items()
    }


# Citations


def _cites(article: Article, near: Near) -> Iterator[Reference]:
    """Each article once, then the laws named only as a whole; what is no longer in force is left
    out."""
    seen: set[str] = {article.id}
    arrows = near.cites(article)
    for arrow in sorted(arrows, key=lambda a: not a.printed):
        version, found = target(arrow, article, near)
        if version is None or (arrow.printed and found is None):
            continue
        ident = found.id if found else version.id
        if ident not in seen:
            seen |= {ident, version.id}
            yield Reference(version, found, _renumbered(arrow))


def target(arrow: Arrow, article: Article, near: Near) -> tuple[Version | None, Article | None]:
    """Where an arrow out of `article` leads: the version in force, or its own, which may be old."""
    law, number = arrow.citation.law, arrow.citation.article
    if law == article.version.law:
        return article.version, near.article_by_id(f"{article.version.id}#{number}")
    version = near.in_force(law)
    if version is None or not number:
        return version, None
    same = version.id == near.versions(law)[-1].id  # arrows count as the newest version does
    return version, near.article(Citation(law, number if same else arrow.printed))


def _renumbered(arrow: Arrow) -> str:
    return arrow.printed if arrow.printed != arrow.citation.article else ""


def _citing(article: Article, near: Near, current: bool) -> list[Reference]:
    """The own law before others, the nation before provinces, then by rank."""
    version = article.version
    if not article.citation.article:
        return []
    arrows = near.cited_by(article.citation) if current else near.cited_within(article)
    found: dict[str, Reference] = {}
    for arrow in arrows:
        source = near.article_by_id(arrow.article)
        if source is not None and source.id != article.id:
            moved = _renumbered(arrow) if current else ""
            reference = Reference(source.version, source, moved)
            found.setdefault(source.id, reference)
    ranks = [level.value for level in Level]

    def order(r: Reference) -> tuple[object, ...]:
        rank = ranks.index(r.version.level) if r.version.level in ranks else len(ranks)
        number = article_order(r.article.number if r.article else "")
        own = r.version.law == version.law
        return not own, r.version.region != NATION, rank, r.version.id, number

    return sorted(found.values(), key=order)


# Versions


def _editions(article: Article, near: Near) -> Iterator[Edition]:
    """Newest first. A version that gave the article another number has it under that one."""
    version = article.version
    for other in reversed(near.versions(version.law)):
        if other.id == version.id:
            continue
        found = same_part(article, other, near)
        yield Edition(other, found)


def same_part(article: Article, other: Version, near: Near) -> Article | None:
    """What an article is in another version of its law; None if it is not there."""
    part = article.id[len(article.version.id) + 1 :]
    same = near.article_by_id(f"{other.id}#{part}")
    if article.kind != "article" or article.version.law.endswith("修正案"):
        # 宪法修正案 of 1999 is no later wording of the one of 1993.
        return same if article.kind != "article" else None
    if same is not None and counterpart(same.number, article.text, {same.number: same.text}):
        return same
    units = {a.number: a for a in near.articles_of(other.id) if a.kind == "article"}
    number = counterpart("", article.text, {n: a.text for n, a in units.items()})
    return units.get(number)


# Likeness

_NOTHING_OF_ITS_OWN = re.compile(r"起(?:施行|实施|执行|生效)|制定本(?:法|条例|规定|办法|细则)|废止")
_QUERY = 300
"""Characters of an article that are searched for; its subject stands at its beginning."""

_NEAR, _NEAR_INSIDE, _ALIKE = 0.6, 0.8, 0.3
"""How near an article is at least: its score as a part of the article's own, plus the likeness of
their wordings (0 to 2). More is asked inside one law; of an article that has no score of its own,
because it is not in force, only the likeness counts. Read against forty articles of labour law."""

_NEIGHBOURS = 2


def _similar(
    article: Article, near: Near, regions: tuple[str, ...], shown: set[str]
) -> Iterator[Article]:
    """The nearest articles in force, one of each law; other laws before the own one."""
    if len(article.text) < 20 or _NOTHING_OF_ITS_OWN.search(article.text[:200]):
        return
    version = article.version
    hits = near.search(article.text[:_QUERY], regions, 40)
    own = next((h.score for h in hits if (h.ref or h.id) == article.id), 0.0)
    here, _ = article_order(article.number)
    laws = {version.law}
    inside: list[Article] = []
    for hit in hits:
        if len(laws) > SIMILAR:
            break
        found = near.article_by_id(hit.ref or hit.id)
        if found is None or found.id in shown or _about_other_texts(found.version):
            continue
        alike = likeness(article.text, found.text)
        nearness = alike + (hit.score / own if own else _NEAR - _ALIKE)
        if nearness < _NEAR:
            continue
        if found.version.id == version.id:
            apart = abs(article_order(found.number)[0] - here) > _NEIGHBOURS
            if apart and nearness >= _NEAR_INSIDE:
                inside.append(found)
        elif found.version.law not in laws and _holds(found.version, near):
            laws.add(found.version.law)
            yield found
    yield from inside[: SIMILAR + 1 - len(laws)]


def _about_other_texts(version: Version) -> bool:
    """A report or an amending decision quotes the words of others."""
    return version.level == Level.CASE or bool(re.search("修改|修正案|废止", version.law))


def _holds(version: Version, near: Near) -> bool:
    """Whether it is the version in force: two texts of one law may begin on the same day."""
    current = near.in_force(version.law)
    return current is not None and current.id == version.id
