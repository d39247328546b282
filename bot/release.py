"""A release: library and index built together into one folder, and swapped in one step.

`XST_HOME/releases/NAME/` holds `library.db`, `index/` and `manifest.json`; `XST_HOME/current`
names the one to serve and is replaced last. A build that is killed is never seen.
"""

from __future__ import annotations

import json
import logging
import re
import shutil
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any
from uuid import uuid4

from bot.around import Entry, resting
from bot.settings import Settings
from bot.sources import Contact
from bot.teaching import current, taught
from bot.wording import Field, compile_guards, entries, question_features
from index import milvus, store
from index.encoder import unpack
from index.pinpoint import Asked, Pinpoint, Spot, open_pinpoint
from index.questions import Questions, build_questions, open_questions
from index.ranked import Ranked, Why
from index.rerank import Reranked, load_judge
from index.retriever import Hit, Passage, Query, Retriever, RetrieverError
from index.text import Tokens
from knowledge.accepting import FILE as ACCEPTED
from knowledge.accepting import accepted, read_accepted
from knowledge.amounts import Amount, open_amounts
from knowledge.authored import read_content
from knowledge.bound import Accepted, Bound, Standing, sort_out
from knowledge.check import check
from knowledge.citation import Citation, read_citation
from knowledge.forms import ContentError
from knowledge.graph import Arrow
from knowledge.lessons import Item
from knowledge.library import Article, Library, Version, fingerprint, publish
from knowledge.misleading import FILE as MISLEADING
from knowledge.misleading import Misleading, read_misleading, without
from knowledge.numerals import narrow
from knowledge.pieces import (
    Card,
    Case,
    Conflict,
    Content,
    Digest,
    Gap,
    Guard,
    Point,
    Region,
    Replaced,
    Rule,
    Synonym,
    Term,
    Topic,
    bare,
)
from knowledge.plain import from_plain, to_plain
from knowledge.records import Level
from knowledge.regions import NATION, Regions
from knowledge.scenes import Scene
from knowledge.signing import read_signatures, signed

FORM = 5
"""Raised when a release of an earlier version can no longer be read."""

KEEP = 2
"""Releases kept: the current one and the one before, for servers that still have it open."""

Progress = Callable[[str, int, int], None]

LABOUR = (
    "劳动|工会|工资|职工|集体合同|集体协商|工伤|社会保险|就业|年休假|职业病|安全生产|农民工|劳务派遣|工作时间|"
    "放假办法|失业保险|养老保险|医疗期|仲裁办案|妇女权益|未成年|女职工|用工|工时|民主管理|民主权利|薪"
)


def weight(law: str, level: str) -> float:
    """The prior of a text for a worker's question: labour law first, other cases last."""
    labour = bool(re.search(LABOUR, law))
    if level == Level.CASE:
        return 1.2 if labour or "加班" in law or "用人单位" in law else 0.5
    return 2.0 if labour else 1.0


def passages(library: Library) -> Iterator[Passage]:
    for article in library.each_article():
        version = article.version
        yield Passage(
            id=article.id,
            kind="article",
            text=article.text,
            ref=article.id,
            title=version.law,
            chapter=article.chapter,
            region=version.region,
            start=version.validity.start,
            end=version.validity.end,
            weight=weight(version.law, version.level),
        )


def _content_rows(content: Content) -> dict[str, dict[str, Any]]:
    return {
        "card": {c.id: to_plain(c) for c in content.cards},
        "point": {p.point: to_plain(p) for p in content.points},
        "case": {c.id: to_plain(c) for c in content.cases},
        "digest": {str(d.citation): to_plain(d) for d in content.digests},
        "topic": {t.id: to_plain(t) for t in content.topics},
        "synonym": {s.term: to_plain(s) for s in content.synonyms},
        "region": {r.name: to_plain(r) for r in content.regions},
        "guard": {g.id: to_plain(g) for g in content.guards},
        "term": {t.term: to_plain(t) for t in content.terms},
        "gap": {f"{g.region} {g.contract}": to_plain(g) for g in content.gaps},
        "conflict": {c.id: to_plain(c) for c in content.conflicts},
        "replaced": {r.law: to_plain(r) for r in content.replaced},
        "lesson": {
            n.point: {"teaches": n.teaches, "forms": [i.id for i in n.forms]}
            for n in content.lessons
        },
        "item": {i.id: to_plain(i) for i in content.items},
        "bound": {str(c): sha for c, sha in content.bound.items()},
        "scene": {s.id: to_plain(s) for s in content.scenes},
    }


def build_release(
    settings: Settings, content: Content | None = None, progress: Progress | None = None
) -> Path:
    """Build library and index from the shelf and the project's content; the release's folder.

    Raises ContentError for content that does not stand up to its own digests (a wrong article, a
    figure that is off) and RetrieverError for a missing model; the release that is served stays
    as it was. Against the official texts `xst check --laws` proves it; an operator's newer text
    must not stop a build, and what it no longer carries the gate holds back.
    """
    content = content or read_content()
    if wrong := check(content, None, date.today()):
        raise ContentError("\n".join(map(str, wrong)))
    content, _ = signed(content, read_signatures(settings.signatures))
    releases = settings.home / "releases"
    releases.mkdir(parents=True, exist_ok=True)
    for left in releases.glob(".building-*"):
        shutil.rmtree(left, ignore_errors=True)
    name = f"{date.today():%Y%m%d}-{uuid4().hex[:8]}"
    folder = releases / f".building-{name}"
    folder.mkdir()
    try:
        texts = fingerprint(settings.shelf)
        meta = {"as_of": date.today().isoformat(), "texts": texts}
        publish(settings.shelf, folder / "library.db", _content_rows(content), meta)
        library = Library(folder / "library.db")
        words = _words(content)
        synonyms = _lay_to_term(content.synonyms)
        manifest = store.build(
            passages(library),
            folder / "index",
            encoder=settings.encoder or None,
            words=words,
            synonyms=synonyms,
            taught=taught(content, library, current(settings.home)),
            meta=meta,
            progress=progress,
        )
        if settings.milvus:
            milvus.build(
                passages(library),
                settings.milvus,
                encoder=unpack(),
                terms=words,
                token=settings.milvus_token,
            )
        features = question_features(
            make_tokens(content.topics, content.synonyms), Regions(content.regions)
        )
        listed = entries(content.cards, content.points, content.cases, content.topics)
        build_questions(listed, features).save(folder)
        counts = library.counts() | {"rule": sum(1 for _ in content.rules)}
        library.close()
        described: dict[str, Any] = {
            "form": FORM,
            "name": name,
            "built": meta["as_of"],
            "texts": texts,
            "counts": counts,
        }
        described |= {"encoder": manifest["encoder"], "libraries": manifest["libraries"]}
        (folder / "manifest.json").write_text(
            json.dumps(described, ensure_ascii=False, indent=1), encoding="utf-8"
        )
        folder.replace(releases / name)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    draft = settings.home / f".current-{name}"
    draft.write_text(name, encoding="utf-8")
    draft.replace(settings.home / "current")
    done = sorted((p for p in releases.iterdir() if p.is_dir()), key=lambda p: p.stat().st_mtime)
    for old in done[:-KEEP]:
        shutil.rmtree(old, ignore_errors=True)
    return releases / name


def _words(content: Content) -> list[str]:
    found = {w for t in content.topics for w in (t.name, *t.words)}
    found |= {w for s in content.synonyms for w in (s.term, *s.lay)}
    return sorted(found)


def make_tokens(topics: Sequence[Topic], synonyms: Sequence[Synonym]) -> Tokens:
    """The same when wordings are built and when a question is asked."""
    words = sorted({w for t in topics for w in (t.name, *t.words)} | {s.term for s in synonyms})
    return Tokens(words, _lay_to_term(synonyms))


def _lay_to_term(synonyms: Sequence[Synonym]) -> dict[str, list[str]]:
    out: dict[str, list[str]] = {}
    for synonym in synonyms:
        for lay in synonym.lay:
            out.setdefault(lay, []).append(synonym.term)
    return out


def current_folder(settings: Settings) -> Path:
    """The release to serve. Raises RetrieverError if nothing was built yet."""
    pointer = settings.home / "current"
    try:
        folder = settings.home / "releases" / pointer.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise RetrieverError(f"{settings.home}：还没有资料库；请先运行 xst build") from error
    if not (folder / "manifest.json").exists():
        raise RetrieverError(f"{folder}：发布不完整；请运行 xst build")
    return folder


@dataclass(frozen=True)
class Release:
    """One opened release; makes `Seen` values for any day."""

    folder: Path
    manifest: Mapping[str, Any]
    library: Library
    articles: Retriever
    questions: Questions
    regions: Regions
    cards: Mapping[str, Card]
    points: Mapping[str, Point]
    cases: Mapping[str, Case]
    digests: Mapping[Citation, Digest]
    guards: Sequence[Callable[[str], Guard | None]]
    field: Field
    related: Mapping[str, Sequence[str]]
    bargaining: frozenset[str]
    amounts: Sequence[Amount]
    local: Mapping[str, Sequence[Card]]
    terms: Mapping[str, Term]
    gaps: Mapping[tuple[str, str], Gap]
    conflicts: Sequence[Conflict]
    named: re.Pattern[str]
    replaced: Sequence[tuple[re.Pattern[str], Replaced]]
    by_article: Mapping[Citation, Sequence[Rule]]
    contacts: Sequence[Contact]
    operator: str
    pinpoint: Pinpoint
    reranker: str
    bank: Mapping[str, Item]
    bound: Bound
    accepted: Accepted
    misleading: Sequence[Misleading]
    scenes: Mapping[str, Scene]

    @property
    def name(self) -> str:
        return self.folder.name

    @cached_property
    def ranked(self) -> Retriever:
        """The learnt engine, opened when it is first needed; Milvus, where that serves."""
        engine = self.articles
        if not isinstance(engine, milvus.Milvus):
            engine = store.open_ranked(self.folder / "index") or engine
        if self.reranker:
            return Reranked(engine, load_judge(self.reranker), self._said)
        return engine

    def _said(self, ident: str) -> str:
        article = self.library.article(ident)
        return f"{article.version.law} {article.chapter} {article.text}" if article else ""

    @cached_property
    def resting(self) -> Mapping[Citation, Sequence[Entry]]:
        return resting(self.cards.values(), self.points.values(), self.cases.values())

    def on(self, day: date) -> Seen:
        return Seen(self, day)


def open_release(settings: Settings, folder: Path | None = None) -> Release:
    """Open the current release (or `folder`). Raises RetrieverError or LibraryError."""
    folder = folder or current_folder(settings)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    if manifest.get("form") != FORM:
        raise RetrieverError(f"{folder}：是别的版本造的；请运行 xst build")
    library = Library(folder / "library.db")
    cards = {k: from_plain(Card, v) for k, v in library.content("card").items()}
    points = {k: from_plain(Point, v) for k, v in library.content("point").items()}
    cases = {k: from_plain(Case, v) for k, v in library.content("case").items()}
    digests = [from_plain(Digest, v) for v in library.content("digest").values()]
    topics = [from_plain(Topic, v) for v in library.content("topic").values()]
    synonyms = [from_plain(Synonym, v) for v in library.content("synonym").values()]
    guards = [from_plain(Guard, v) for v in library.content("guard").values()]
    regions = Regions(from_plain(Region, v) for v in library.content("region").values())
    related: dict[str, list[str]] = {}
    by_topic: dict[str, list[str]] = {}
    for card in cards.values():
        if card.disposition == "answer" and not card.of:
            by_topic.setdefault(card.topic, []).append(card.id)
    for ident, topic in [(c.id, c.topic) for c in cards.values()] + [
        (p.point, p.topic) for p in points.values()
    ]:
        related[ident] = [i for i in by_topic.get(topic, []) if i != ident]
    local: dict[str, list[Card]] = {}
    for card in cards.values():
        if card.of:
            local.setdefault(card.of, []).append(card)
    listed = [from_plain(Term, v) for v in library.content("term").values()]
    terms = {bare(name): t for t in listed for name in (t.term, *t.also)}
    gaps = [from_plain(Gap, v) for v in library.content("gap").values()]
    conflicts = [from_plain(Conflict, v) for v in library.content("conflict").values()]
    old = [from_plain(Replaced, v) for v in library.content("replaced").values()]
    named = {_named(name): r for r in old for name in (r.law, *r.also)}
    replaced = [
        (_names(name), r)
        for name, r in sorted(named.items(), key=lambda item: (-len(item[0]), item[0]))
    ]
    by_article: dict[Citation, list[Rule]] = {}
    for rule in (r for p in points.values() for r in p.rules):
        by_article.setdefault(rule.cite[0].whole, []).append(rule)
    bargaining = frozenset(
        r.region
        for p in points.values()
        for r in p.rules
        if r.region != NATION
        and any(w in r.cite[0].law for w in ("集体合同", "集体协商", "劳动合同条例"))
    )
    tokens = make_tokens(topics, synonyms)
    features = question_features(tokens, regions)
    pinpoint = open_pinpoint(tokens, features)
    bank = {k: from_plain(Item, v) for k, v in library.content("item").items()}
    return Release(
        folder,
        manifest,
        library,
        _open_articles(folder, settings),
        open_questions(folder, features, pinpoint.meaning),
        regions,
        cards,
        points,
        cases,
        {d.citation: d for d in digests},
        compile_guards(guards),
        Field(topics, synonyms),
        related,
        bargaining,
        open_amounts(settings.amounts),
        local,
        terms,
        {(g.region, g.contract): g for g in gaps},
        conflicts,
        re.compile("|".join(p.pattern for p, _ in replaced) or r"(?!)"),
        replaced,
        by_article,
        settings.contacts,
        settings.operator,
        pinpoint,
        settings.reranker,
        bank,
        {read_citation(k): v for k, v in library.content("bound").items()},
        accepted(read_accepted(settings.home / ACCEPTED), bank.values()),
        read_misleading(settings.home / MISLEADING),
        {k: from_plain(Scene, v) for k, v in library.content("scene").items()},
    )


def _open_articles(folder: Path, settings: Settings) -> Retriever:
    if settings.milvus:
        return milvus.open_milvus(settings.milvus, encoder=unpack(), token=settings.milvus_token)
    return store.open_index(folder / "index", settings.encoder or None)


def _named(text: str) -> str:
    """A law's name, or a text that may hold one, without the marks that people leave out."""
    return re.sub(r"[《》〈〉（）()〔〕\[\]“”\"\s]|中华人民共和国", "", narrow(text))


def _names(name: str) -> re.Pattern[str]:
    """A pattern for a text out of force; 「集体合同规定1994年」 in whatever order it is said."""
    m = re.fullmatch(r"(.+?)((?:19|20)(\d\d))年", name)
    if not m:
        return re.compile(re.escape(name))
    law, year = re.escape(m[1]), f"(?<!\\d)(?:{m[2]}|{m[3]})年?"
    return re.compile(f"{year}.{{0,8}}{law}|{law}.{{0,3}}{year}")


class Seen:
    """A release seen on one day: the `Sources` of a turn."""

    def __init__(self, release: Release, day: date) -> None:
        self._release, self.day = release, day
        self.regions = release.regions
        self.contacts = release.contacts
        self.operator = release.operator
        self._find = lru_cache(maxsize=512)(lambda c: release.library.find(c, day))

    @property
    def has_texts(self) -> bool:
        return self._release.library.has_texts

    @property
    def as_of(self) -> str:
        return self._release.library.meta("as_of")

    @property
    def counts(self) -> Mapping[str, int]:
        return self._release.manifest["counts"]  # type: ignore[no-any-return]

    def match(self, text: str, regions: tuple[str, ...], k: int) -> list[Hit]:
        return self._release.questions.search(Query(text, regions=regions), k)

    def search(self, text: str, regions: tuple[str, ...], k: int) -> list[Hit]:
        query = Query(text, frozenset({"article"}), regions, self.day)
        return self._release.articles.search(query, k)

    def ranked(self, text: str, regions: tuple[str, ...], k: int) -> list[Hit]:
        query = Query(text, frozenset({"article"}), regions, self.day)
        return self._release.ranked.search(query, k)

    def explain(self, text: str, regions: tuple[str, ...], k: int) -> list[Why]:
        """What spoke for each of the best articles; nothing where the index learnt nothing."""
        engine = self._release.ranked
        engine = engine.engine if isinstance(engine, Reranked) else engine
        query = Query(text, frozenset({"article"}), regions, self.day)
        return engine.explain(query, k) if isinstance(engine, Ranked) else []

    def asked(self, text: str) -> Asked:
        return self._release.pinpoint.asked(self.regions.strip(text))

    def pinpoint(
        self, asked: Asked, article: str, named: Collection[tuple[int, int]] = ()
    ) -> Spot | None:
        return self._release.pinpoint.find(asked, article, named)

    @cached_property
    def standing(self) -> Standing:
        """Which quiz items are live on this day, which are withdrawn and why."""
        held = self._release
        found = sort_out(held.bank.values(), self, held.bound, held.accepted)
        return without(found, held.misleading)

    @cached_property
    def _live(self) -> Sequence[Item]:
        return [s.item for s in self.standing.live]

    def items(self) -> Sequence[Item]:
        return self._live

    def item(self, ident: str) -> Item | None:
        return self._release.bank.get(ident)

    def scenes(self) -> Sequence[Scene]:
        return list(self._release.scenes.values())

    def scene(self, ident: str) -> Scene | None:
        return self._release.scenes.get(ident)

    def guard(self, text: str) -> Guard | None:
        for guard in self._release.guards:
            if found := guard(text):
                return found
        return None

    def card(self, ident: str) -> Card | None:
        return self._release.cards.get(ident)

    def point(self, ident: str) -> Point | None:
        return self._release.points.get(ident)

    def case(self, ident: str) -> Case | None:
        return self._release.cases.get(ident)

    @property
    def points(self) -> Sequence[Point]:
        return list(self._release.points.values())

    @property
    def conflicts(self) -> Sequence[Conflict]:
        return sorted({c.id: c for c in self._release.conflicts}.values(), key=lambda c: c.id)

    def locals_of(self, card: str) -> Sequence[Card]:
        return self._release.local.get(card, ())

    def gap(self, region: str, contract: str) -> Gap | None:
        for place in self.regions.chain(region)[:-1]:
            for kind in ("任何", contract):
                if found := self._release.gaps.get((place, kind)):
                    return found
        return None

    def term(self, name: str) -> Term | None:
        return self._release.terms.get(bare(name)) if name else None

    def replaced(self, text: str) -> Replaced | None:
        named = _named(text)
        if not self._release.named.search(named):  # hundreds of names, hardly ever one of them
            return None
        return next((r for names, r in self._release.replaced if names.search(named)), None)

    def amounts(self, kind: str, region: str) -> Sequence[Amount]:
        for place in self.regions.chain(region):
            found = [a for a in self._release.amounts if (a.kind, a.region) == (kind, place)]
            if found:
                return sorted(found, key=lambda a: (-a.year, a.grade, a.unit))
        return ()

    def at(self, day: date) -> Seen:
        return self if day == self.day else self._release.on(day)

    def rules_citing(self, citation: Citation) -> Sequence[Rule]:
        return self._release.by_article.get(citation, ())

    def bargaining_law(self, region: str) -> bool:
        return any(r in self._release.bargaining for r in self.regions.chain(region))

    def article(self, citation: Citation) -> Article | None:
        found: Article | None = self._find(citation.whole)
        return found

    def article_by_id(self, ident: str) -> Article | None:
        return self._release.library.article(ident)

    def in_force(self, law: str) -> Version | None:
        return self._release.library.in_force(law, self.day)

    def known_law(self, law: str) -> bool:
        return bool(self._release.library.versions(law))

    def versions(self, law: str) -> list[Version]:
        return self._release.library.versions(law)

    def articles_of(self, version: str) -> list[Article]:
        return self._release.library.articles(version)

    def version(self, ident: str) -> Version | None:
        return self._release.library.version(ident)

    def cites(self, article: Article) -> list[Arrow]:
        return self._release.library.cites(article)

    def cited_by(self, citation: Citation) -> list[Arrow]:
        return self._release.library.cited_by(citation, self.day)

    def cited_within(self, article: Article) -> list[Arrow]:
        return self._release.library.cited_within(article)

    def resting_on(self, citation: Citation) -> Sequence[Entry]:
        return self._release.resting.get(citation.whole, ())

    @property
    def laws(self) -> Sequence[str]:
        return self._release.library.laws

    def digest(self, citation: Citation) -> Digest | None:
        return self._release.digests.get(citation.whole)

    def related(self, card: str) -> Sequence[str]:
        return self._release.related.get(card, ())

    def in_field(self, text: str) -> float:
        return self._release.field.share(text)


class Current:
    """The release that is current now: notices a new one within a second of its swap.

    A new release that cannot be opened leaves the old one in service.
    """

    def __init__(
        self,
        settings: Settings,
        today: Callable[[], date] = date.today,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings, self._today, self._clock = settings, today, clock
        self._beside = self._kept_beside()
        self._release = open_release(settings)
        self._looked = clock()
        self._seen = self._release.on(today())

    def __call__(self) -> Seen:
        now = self._clock()
        if now - self._looked >= 1.0:
            self._looked = now
            self._look()
        if self._seen.day != self._today():
            self._seen = self._release.on(self._today())
        return self._seen

    def _look(self) -> None:
        try:
            folder = current_folder(self._settings)
            beside = self._kept_beside()
            if folder.name != self._release.name or beside != self._beside:
                self._beside = beside
                self._release = open_release(self._settings, folder)
                self._seen = self._release.on(self._today())
        except Exception:
            logging.getLogger("xst").exception("new release cannot be opened, the old one stays")

    def _kept_beside(self) -> tuple[float, ...]:
        """When what an operator keeps beside the release changed last."""
        home = self._settings.home
        beside = (self._settings.amounts, home / ACCEPTED, home / MISLEADING)
        return tuple(map(_changed, beside))


def _changed(path: Path) -> float:
    """When the file changed last; 0 if there is none."""
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
