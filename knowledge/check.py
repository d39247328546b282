"""The proof-reader: what the project wrote, held against the law texts in the library.

Without law texts it still checks form, ids and that figures stand in the digests; citations
can only be proved against the official text (`xst check --laws FOLDER`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from knowledge.citation import Citation, law_name, write_citation
from knowledge.derive import flaws
from knowledge.figures import Figure, figure, figures, missing_figures, show, supported, worked
from knowledge.lessons import Item
from knowledge.library import Article, Library
from knowledge.numerals import narrow
from knowledge.pieces import (
    Card,
    Case,
    Content,
    Digest,
    Override,
    Place,
    Replaced,
    Rule,
    Span,
    Term,
)
from knowledge.records import Status
from knowledge.signing import signable
from knowledge.structure import items, paragraphs

KINDS = {
    "form": "格式错误",
    "unknown-law": "引用了库里没有的法规",
    "unknown-article": "引用的条、款、项不存在",
    "repealed": "引用了已废止、已被修改或尚未施行的文本",
    "figure": "数字不在所引条文里",
    "no-digest": "引用的条文没有要点（未导入原文时无法回答）",
    "phone": "写了 110、120 以外的电话",
    "key": "答案推不出来",
    "tie": "说法跟看到的字对不上",
    "claim": "claim 读不出",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing to mend; `kind` is a key of KINDS."""

    kind: str
    place: str
    entry: str
    message: str

    def __str__(self) -> str:
        return f"{self.place}: [{self.entry}] {KINDS[self.kind]}：{self.message}"


class Proof:
    """What a citation rests on: the article in force, else its digest, else nothing."""

    def __init__(self, content: Content, library: Library | None, day: date) -> None:
        self.day, self.library = day, library
        self.digests: Mapping[Citation, Digest] = {d.citation: d for d in content.digests}

    @property
    def has_laws(self) -> bool:
        return self.library is not None and self.library.has_texts

    def article(self, citation: Citation) -> Article | None:
        return self.library.find(citation, self.day) if self.library else None

    def text(self, citation: Citation) -> str:
        """The words that figures must stand in, "" if there are none."""
        if self.has_laws:
            assert self.library is not None
            if not citation.article:
                version = self.library.in_force(citation.law, self.day)
                return (
                    "\n".join(a.text for a in self.library.articles(version.id)) if version else ""
                )
            article = self.article(citation)
            return article.text if article else ""
        digest = self.digests.get(citation.whole)
        return digest.says if digest else ""

    def official(self, citation: Citation) -> str | None:
        """The article's own words in force, None where they are not imported."""
        article = self.article(citation)
        return article.text if article else None

    def fault(self, citation: Citation) -> tuple[str, str] | None:
        """What is wrong with a citation: (kind, message), or None."""
        shown = write_citation(citation)
        if not self.has_laws:
            return None
        assert self.library is not None
        versions = self.library.versions(citation.law)
        if not versions:
            return "unknown-law", f"{shown}，库里没有《{citation.law}》"
        version = self.library.in_force(citation.law, self.day)
        if version is None:
            state: Status = versions[-1].status(self.day)
            return (
                "repealed",
                f"{shown}，《{citation.law}》{state.value}（{versions[-1].validity.why}）",
            )
        if not citation.article:
            return None
        article = self.library.article_of(version, citation.article)
        if article is None:
            return "unknown-article", f"{shown}，{version.label or '现行'}版没有这一条"
        parts = paragraphs(article.text)
        if citation.paragraph > len(parts):
            return "unknown-article", f"{shown}，该条只有 {len(parts)} 款"
        if citation.item:
            within = [parts[citation.paragraph - 1]] if citation.paragraph else parts
            most = max((len(items(p)) for p in within), default=0)
            if citation.item > most:
                return "unknown-article", f"{shown}，该处只有 {most} 项"
        return None


def check(content: Content, library: Library | None, day: date) -> list[Fault]:
    """Every fault of the content, kind of entry by kind of entry, in the order of the files."""
    proof = Proof(content, library, day)
    faults: list[Fault] = []
    for card in content.cards:
        said = [card.answer, card.next]
        faults += _claims(proof, card.place, card.id, card.cite, said, card.worked)
        faults += _phones(card.place, card.id, said)
    for point in content.points:
        faults += _phones(point.place, point.point, [point.next, point.explain])
        faults += _claims(proof, point.place, point.point, point.explain_cite, [point.explain], ())
    for rule in content.rules:
        said = [rule.says, rule.caution]
        claims = list(_claims(proof, rule.place, rule.id, rule.cite, said, rule.worked))
        faults += claims
        if all(f.kind == "figure" for f in claims):  # the citations hold
            faults += _spans(proof, rule)
        faults += _phones(rule.place, rule.id, said)
    for case in content.cases:  # a case's figures come from its source, not from a law
        faults += _citations(proof, case.place, case.id, case.cite)
        said = [case.happened, case.worked_because, case.copy]
        faults += _phones(case.place, case.id, said)
    for term in content.terms:
        faults += _claims(proof, term.place, f"词：{term.term}", term.cite, [term.says], ())
        faults += _phones(term.place, f"词：{term.term}", [term.says])
    for conflict in content.conflicts:
        for side in conflict.sides:
            faults += _claims(proof, conflict.place, conflict.id, side.cite, [side.says], ())
        known = [c for side in conflict.sides for c in side.cite]
        faults += _claims(proof, conflict.place, conflict.id, known, [conflict.note], ())
    for old in content.replaced:
        faults += _claims(proof, old.place, old.law, old.cite, [old.says], ())
        if proof.has_laws:
            faults += _replacements(proof, old)
    for digest in content.digests:
        entry = write_citation(digest.citation)
        if proof.has_laws:
            faults += _claims(proof, digest.place, entry, [digest.citation], [digest.says], ())
    for topic in content.topics:
        faults += _citations(proof, topic.place, topic.id, topic.cite)
    for item in content.items:
        faults += item_faults(proof, item)
    for scene in content.scenes:  # its invented numbers stand in what is not a claim
        for name, cite, says, sums in scene.claims:
            faults += _claims(proof, scene.place, name, cite, [says], sums)
        faults += _phones(scene.place, scene.id, list(scene.said))
    faults += _overrides(proof, content.overrides)
    faults += _undigested(proof, content)
    return faults


def item_faults(proof: Proof, item: Item) -> Iterator[Fault]:
    """What is wrong with a quiz item: its citations, its ties, its key, its figures."""
    yield from _citations(proof, item.place, item.id, item.cite)
    for flaw in flaws(item, proof.official):
        yield Fault(flaw.kind, str(item.place), item.id, flaw.message)
    said = [item.stem, item.why, *(o.text for o in item.options)]
    yield from _phones(item.place, item.id, said)


def unreviewed(content: Content) -> int:
    """How many entries no real person has signed yet."""
    return sum(e.reviewed == "unreviewed" for e in signable(content).values())


def cited(content: Content) -> set[Citation]:
    """Every article that anything but a digest rests on."""
    entries: Iterable[Card | Rule | Case | Term | Replaced] = (
        *content.cards,
        *content.rules,
        *content.cases,
        *content.terms,
        *content.replaced,
    )
    explained = (c for p in content.points for c in p.explain_cite)
    asked = (c for i in content.items for c in i.cite)
    played = (c for s in content.scenes for _, cite, _, _ in s.claims for c in cite)
    others = (*explained, *asked, *played)
    return {c.whole for e in entries for c in e.cite} | {c.whole for c in others}


def _claims(
    proof: Proof,
    place: Place,
    entry: str,
    cite: Iterable[Citation],
    texts: list[str],
    sums: Iterable[str],
) -> Iterator[Fault]:
    cite = list(cite)
    faults = list(_citations(proof, place, entry, cite))
    yield from faults
    if cite and not faults:
        yield from _figures(proof, place, entry, cite, texts, sums)


def _citations(proof: Proof, place: Place, entry: str, cite: Iterable[Citation]) -> Iterator[Fault]:
    for citation in cite:
        if fault := proof.fault(citation):
            yield Fault(fault[0], str(place), entry, fault[1])


def _overrides(proof: Proof, overrides: Iterable[Override]) -> Iterator[Fault]:
    """A correction of a text that is not there corrects nothing; its name may be misspelt."""
    for override in overrides if proof.has_laws else ():
        assert proof.library is not None
        labels = {v.label for v in proof.library.versions(override.law)}
        if not labels or (override.version and override.version not in labels):
            shown = f"《{override.law}》{override.version}"
            yield Fault("unknown-law", str(override.place), override.law, f"库里没有{shown}")


def _replacements(proof: Proof, old: Replaced) -> Iterator[Fault]:
    assert proof.library is not None
    for law in old.by:
        if proof.library.in_force(law_name(law), proof.day) is None:
            yield Fault("repealed", str(old.place), old.law, f"by 的《{law}》不在库里或不现行")


def allowed_by(texts: Iterable[str], sums: Iterable[str]) -> set[Figure]:
    """Figures of `texts` whose number a shown sum contains."""
    numbers = {n for s in sums for n in worked(s)}
    found = {f for t in texts for f in figures(t)}
    return {f for f in found if f[0] in numbers or round(f[0] * 100, 6) in numbers}


def _figures(
    proof: Proof,
    place: Place,
    entry: str,
    cite: list[Citation],
    texts: list[str],
    sums: Iterable[str],
) -> Iterator[Fault]:
    sources = [t for c in cite if (t := proof.text(c))]
    if not sources:
        return
    missing = {f for t in texts for f in missing_figures(t, sources, allowed_by(texts, sums))}
    if missing:
        shown = "、".join(sorted(show(f) for f in missing))
        yield Fault("figure", str(place), entry, f"{shown}（引 {'、'.join(map(str, cite))}）")


def span_figure(span: Span) -> Figure:
    """A rule's machine-readable figure in the form of `figures`."""
    value, unit = figure(Fraction(span.number), span.unit)
    if unit == "份额" and value == 0.5 and span.compare in ("过", "以上", "至少"):
        return value, "过半数" if span.compare == "过" else "半数以上"
    return value, unit


def _spans(proof: Proof, rule: Rule) -> Iterator[Fault]:
    sources = [t for c in rule.cite if (t := proof.text(c))]
    known = {f for t in sources for f in figures(t)}
    numbers = {n for s in rule.worked for n in worked(s)}
    for span in rule.figures:
        found = span_figure(span)
        if sources and not supported(found, known) and found[0] not in numbers:
            yield Fault("figure", str(rule.place), rule.id, f"figures 里的 {show(found)}")


_PHONE = re.compile(
    r"(?<![\d.])(?:400[-\s]?\d{3,4}[-\s]?\d{3,4}|0\d{2,3}[-\s]?\d{7,8}|1[3-9]\d(?:[-\s]?\d{4}){2}"
    r"|(?:1\d{4}|9[56]\d{3,4}|1[12]\d)(?!\s*[元块万日天年月人个小份名倍%％号岁]))(?![\d.])"
    r"|(?:拨打|致电|电话|热线|拨|打)[：:]?\s*(?P<named>\d{3,12})"
)


def _phones(place: Place, entry: str, texts: Iterable[str]) -> Iterator[Fault]:
    for text in texts:
        for m in _PHONE.finditer(narrow(text)):
            found = m["named"] or m[0]
            if found not in ("110", "120"):
                yield Fault("phone", str(place), entry, f"{found}，联系方式由运营者配置")


def _undigested(proof: Proof, content: Content) -> Iterator[Fault]:
    for citation in sorted(cited(content)):
        if citation not in proof.digests and citation.article:
            yield Fault(
                "no-digest", "digests", write_citation(citation), "请在 digests/ 补一条要点"
            )
