"""From knowledge to an answer: what a card, a point of procedure or an article says here.

Everything is a `Draft` first; `finish` sends it through the gate and makes the reply.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bot import gate, pinpoint, texts
from bot.message import Choice, Cited, Reply
from bot.sources import Sources
from bot.understand import best_sentence, bigrams
from index.pinpoint import Asked
from knowledge.check import allowed_by
from knowledge.citation import Citation
from knowledge.figures import Figure, figures
from knowledge.library import Article
from knowledge.pieces import Card, Case, Point, Replaced, Rule, Term
from knowledge.records import Status
from knowledge.regions import NATION

PLAIN = 600
"""Longest plain answer, in characters."""


ROOMY = 330
"""Up to this length of an answer there is room for more of the same article."""

EXAMPLE = 80
"""Longest rule of another place that is said as an example."""


@dataclass(frozen=True, slots=True)
class Draft:
    """An answer before the gate. `claims` go together into the plain answer; `cite` in order of
    weight; `quotes` are law text inside the claims."""

    ref: str
    claims: tuple[str, ...]
    disposition: str = "answer"
    cite: tuple[Citation, ...] = ()
    quotes: tuple[gate.Quote, ...] = ()
    notes: tuple[str, ...] = ()
    choices: tuple[Choice, ...] = ()
    allowed: frozenset[Figure] = frozenset()
    confidence: float = 0.0
    unreviewed: bool = False
    signed: str = ""
    crisis: bool = False

    def plus(
        self,
        claims: Iterable[str] = (),
        notes: Iterable[str] = (),
        choices: Iterable[Choice] = (),
        cite: Iterable[Citation] = (),
    ) -> Draft:
        return replace(
            self,
            claims=(*self.claims, *claims),
            notes=(*self.notes, *notes),
            choices=(*self.choices, *choices),
            cite=_unique((*self.cite, *cite)),
        )


def _unique(cite: Iterable[Citation]) -> tuple[Citation, ...]:
    """One entry for each article, the first one's paragraph kept."""
    found: dict[Citation, Citation] = {}
    for citation in cite:
        found.setdefault(citation.whole, citation)
    return tuple(found.values())


def region_choices(regions: Iterable[str]) -> tuple[Choice, ...]:
    """Buttons for up to eight places, then one for any other."""
    names = list(dict.fromkeys(regions))[:8]
    return (
        *(Choice(name, f"region:{name}") for name in names),
        Choice(texts.BUTTON_OTHER_REGION, "region:"),
    )


def contract_choices(rules: Iterable[Rule], contract: str) -> tuple[Choice, ...]:
    """Buttons for the contract type, where the rules differ by it and none was said."""
    kinds = list(dict.fromkeys(r.contract for r in rules if r.contract != "任何"))
    if contract or len(kinds) < 2:
        return ()
    return tuple(Choice(texts.CONTRACT_NAMES[k], f"contract:{k}") for k in kinds)


# Rules of procedure


@dataclass(frozen=True, slots=True)
class Held:
    """The rules of a point as they hold at a place: its own, and the nation's."""

    local: tuple[Rule, ...]
    nation: tuple[Rule, ...]


def rules_at(
    rules: Sequence[Rule], region: str, contract: str, question: str, sources: Sources
) -> Held:
    """Pick what holds for the place and contract type; the closest to the question first.

    A type that is not said leaves all types in; a type that has no rule of its own falls back
    to rules for any type, then to all. City rules come before the province's.
    """
    chain = [r for r in sources.regions.chain(region) if r != NATION]
    local: list[Rule] = []
    for place in chain:
        # 综合 and 工资 are never mixed: a place without rules of the type has none.
        own = [r for r in rules if r.region == place and r.contract in (contract, "任何")]
        if not contract:
            own = [r for r in rules if r.region == place]
        local += _of_type(own, contract, question)
    nation = _of_type([r for r in rules if r.region == NATION], contract, question)
    return Held(tuple(local), tuple(nation))


def _of_type(rules: list[Rule], contract: str, question: str) -> list[Rule]:
    if contract:
        exact = [r for r in rules if r.contract == contract]
        anyone = [r for r in rules if r.contract == "任何"]
        rules = exact + anyone or ([] if contract in ("女职工", "安全") else rules)
    wanted = bigrams(question)
    # In a place the closest rule comes first: its wage ordinance is mostly the newer one. Of the
    # nation's, a question about wages is answered by the wage rule first, any other by the general.
    wage = "工资" in question or "薪" in question
    order = {"任何": 1, "综合": 1, "工资": 0 if wage else 2, "女职工": 3, "安全": 3}
    if any(r.region != NATION for r in rules):
        closest = {"任何": 0, "综合": 1, "工资": 2, "女职工": 3, "安全": 3}
        return sorted(
            rules, key=lambda r: (-len(wanted & bigrams(r.says)), closest.get(r.contract, 3))
        )
    return sorted(rules, key=lambda r: (order.get(r.contract, 3), -len(wanted & bigrams(r.says))))


def say_rule(rule: Rule, typed: bool) -> str:
    """「河南（工资专项）：…」; the type stands there only where it makes a difference."""
    kind = texts.CONTRACT_NAMES.get(rule.contract, "")
    if rule.region == NATION:
        form = texts.NATIONAL_TYPED if typed and kind else texts.NATIONAL
    else:
        form = texts.LOCAL_TYPED if typed and kind else texts.LOCAL
    return form.format(region=rule.region, contract=kind, says=_stop(rule.says))


def _stop(text: str) -> str:
    return text if text.endswith(("。", "！", "？", "」")) else text + "。"


def from_point(point: Point, region: str, contract: str, question: str, sources: Sources) -> Draft:
    """The rule that holds at the place; without one, what is known and who to ask."""
    held = rules_at(point.rules, region, contract, question, sources)
    base = Draft(
        f"point:{point.point}",
        (),
        notes=(texts.NEXT.format(next=point.next),),
        **_review(point.reviewed),
    )
    gap = sources.gap(region, contract) if region else None
    if held.local:
        lead = held.local[:3]
        # A national figure beside the local one would only be taken for it.
        contrast = [] if any(r.figures for r in lead) else list(held.nation[:1])
        draft = _with_rules(base, lead).plus(choices=contract_choices(held.local, contract))
        draft = _with_neighbours(draft, lead[0], contract, question, sources)
        return _explained(_with_rules(draft, contrast), point)
    nation = held.nation[:3]
    lead = nation[:1]
    known = [r for r in point.rules if r.region != NATION]
    if region:
        covered = sources.bargaining_law(region)
        if nation and (covered or not point.varies or not known):
            draft = _explained(_with_rules(base, nation), point)
            if point.varies and known:
                first = gap.says if gap else texts.LOCAL_SILENT.format(region=region, says="")
                draft = replace(draft, claims=(_stop(first.rstrip("：")), *draft.claims))
            return draft
        if nation:
            says = "".join(say_rule(r, len({r.contract for r in nation}) > 1) for r in nation[:2])
            says = says.removeprefix("全国：")
            claim = texts.LOCAL_MISSING.format(region=region, says=says)
            if gap:
                claim = _stop(gap.says) + texts.FLOOR.format(says=says)
            return replace(_with_rules(base, nation[:2]), claims=(claim,), disposition="clarify")
        claim = texts.LOCAL_MISSING_BARE.format(region=region)
        return replace(base, claims=(claim,), disposition="clarify")
    buttons = region_choices(r.region for r in known)
    if nation:
        draft = _with_rules(base, nation)
        if point.varies and known:
            short = [r for r in _differing(known, nation) if len(r.says) <= EXAMPLE]
            short = _examples(short, question)[:2]
            draft = _with_neighbours(draft, lead[0], contract, question, sources)
            draft = _explained(_with_rules(draft, short), point)
            return draft.plus(claims=[texts.VARIES], choices=buttons)
        draft = _with_neighbours(draft, lead[0], contract, question, sources)
        return _explained(draft, point)
    examples = _examples(known, question)
    if not examples:
        return replace(
            base, claims=(texts.NO_NATIONAL_BARE,), disposition="clarify", choices=buttons
        )
    draft = _with_rules(base, examples)
    first = texts.NO_NATIONAL.format(examples="").replace("您在哪个省市？", "")
    return replace(draft, claims=(first, *draft.claims, "您在哪个省市？"), choices=buttons)


def _explained(draft: Draft, point: Point) -> Draft:
    """`draft` with what the rules do not say, where there is room."""
    if not point.explain or sum(map(len, draft.claims)) + len(point.explain) > PLAIN - 60:
        return draft
    return draft.plus(claims=[_stop(point.explain)], cite=point.explain_cite)


def _review(reviewed: str) -> dict[str, Any]:
    unreviewed = reviewed == "unreviewed"
    return {"unreviewed": unreviewed, "signed": "" if unreviewed else reviewed}


def _with_neighbours(
    draft: Draft, rule: Rule, contract: str, question: str, sources: Sources
) -> Draft:
    """`draft` with what else the first rule's article says at other points of the procedure,
    the closest to the question first: who asks for a majority also needs the quorum."""
    others = [
        r
        for r in sources.rules_citing(rule.cite[0].whole)
        if r.point != rule.point and r.region == rule.region and r.figures
    ]
    said = "".join(draft.claims)
    first = texts.SAME_ARTICLE.format(article=rule.cite[0].whole, says="")
    chosen: list[Rule] = []
    for other in _of_type(others, contract, question)[:2]:
        known = bigrams(other.says) & bigrams(said)
        fresh = len(known) * 2 < len(bigrams(other.says))
        if fresh and len(said) + len(first) + len(other.says) <= ROOMY:
            said += other.says
            chosen.append(other)
    if not chosen:
        return draft
    claim = first + "".join(_stop(r.says) for r in chosen)
    allowed = frozenset(allowed_by([claim], [s for r in chosen for s in r.worked]))
    cite = [c for r in chosen for c in r.cite]
    return replace(draft.plus(claims=[claim], cite=cite), allowed=draft.allowed | allowed)


def _examples(rules: Sequence[Rule], question: str) -> list[Rule]:
    """Up to three places' rules, one each, closest to the question first."""
    best: dict[str, Rule] = {}
    for rule in _of_type(list(rules), "", question):
        best.setdefault(rule.region, rule)
    return list(best.values())[:3]


def _differing(rules: Sequence[Rule], nation: Sequence[Rule]) -> list[Rule]:
    """Rules whose first figure is not among the nation's: they show what may differ."""
    common = {(f.number, f.unit) for r in nation for f in r.figures}
    return [
        r for r in rules if r.figures and (r.figures[0].number, r.figures[0].unit) not in common
    ]


def _with_rules(draft: Draft, rules: Sequence[Rule]) -> Draft:
    claims: list[str] = []
    used: list[Rule] = []
    room = PLAIN - sum(map(len, draft.claims)) - 90
    typed = len({r.contract for r in rules}) > 1 or any(r.contract not in ("任何",) for r in rules)
    for rule in rules:
        says = say_rule(rule, typed)
        if used and len(says) > room:
            continue
        claims.append(says)
        used.append(rule)
        room -= len(says)
    cite = [r.cite[0] for r in used] + [c for r in used for c in r.cite[1:]]
    cautions = [texts.CAUTION.format(caution=r.caution) for r in used if r.caution]
    sums = [s for r in used for s in r.worked]
    draft = draft.plus(claims=claims, cite=cite, notes=dict.fromkeys(cautions))
    return replace(draft, allowed=draft.allowed | frozenset(allowed_by(claims, sums)))


# Cards and cases


def from_card(card: Card, region: str, contract: str, question: str, sources: Sources) -> Draft:
    """A card's answer, as its local version has it, after the local rule of its point where there
    is one."""
    card = at_place(card, region, sources)
    draft = Draft(
        f"card:{card.id}",
        (_stop(card.answer),),
        disposition=card.disposition,
        cite=card.cite,
        notes=(texts.NEXT.format(next=card.next),),
        allowed=frozenset(allowed_by([card.answer, card.next], card.worked)),
        **(_review(card.reviewed) if not card.about else {}),
        crisis=card.crisis,
    )
    if card.amounts:
        return _with_amounts(draft, card, region, sources)
    point = sources.point(card.point) if card.point else None
    if point is None or card.disposition != "answer":
        return _place_of_card(draft, card, region, sources)
    contract = contract or (card.contract if card.contract != "任何" else "")
    held = rules_at(point.rules, region, contract, question, sources)
    if held.local:
        local = _with_rules(Draft("", ()), held.local[:2])
        return replace(
            draft,
            claims=(*local.claims, *draft.claims),
            cite=_unique((*local.cite, *draft.cite)),
            notes=(*draft.notes, *local.notes),
            allowed=draft.allowed | local.allowed,
        )
    if region and point.varies and not sources.bargaining_law(region):
        note = texts.LOCAL_TEXT_MISSING.format(region=region)
        return replace(draft, claims=(note, *draft.claims), disposition="clarify")
    if not region and point.varies:
        known = [r.region for r in point.rules if r.region != NATION]
        return draft.plus(claims=[texts.VARIES], choices=region_choices(known)) if known else draft
    return draft


def _with_amounts(draft: Draft, card: Card, region: str, sources: Sources) -> Draft:
    """The amount of this place and day, if the operator imported one; else what the card says of
    how to find it, and that an old one is old."""
    listed = [a for kind in card.amounts for a in sources.amounts(kind, region)]
    held = [a for a in listed if a.current(sources.day)]
    if not held:
        old = [
            texts.AMOUNT_OLD.format(region=a.region, kind=a.kind, year=a.year) for a in listed[:1]
        ]
        said = frozenset(f for claim in old for f in figures(claim))
        draft = replace(draft, claims=(*old, *draft.claims), disposition="clarify")
        draft = replace(draft, allowed=draft.allowed | said)
        return _place_of_card(draft, card, region, sources)
    claims = []
    for a in held[:6]:
        since = texts.AMOUNT_SINCE.format(since=a.since) if a.since else ""
        grade = f"（{a.grade}）" if a.grade else ""
        claims.append(
            texts.AMOUNT.format(
                region=a.region, year=a.year, kind=a.kind, grade=grade, shown=a.shown, since=since
            )
        )
    notes = [texts.AMOUNT_SOURCE.format(source=a.source, published=a.published) for a in held[:6]]
    allowed = frozenset(f for claim in claims for f in figures(claim))
    return replace(
        draft,
        claims=tuple(claims),
        notes=(*dict.fromkeys(notes), *draft.notes),
        disposition="answer",
        allowed=draft.allowed | allowed,
    )


def at_place(card: Card, region: str, sources: Sources) -> Card:
    """The version of a card for a place: the closest local one, else the nation's."""
    nation = sources.card(card.of) or card if card.of else card
    versions = {c.region: c for c in sources.locals_of(nation.id)}
    return next((versions[r] for r in sources.regions.chain(region) if r in versions), nation)


def _place_of_card(draft: Draft, card: Card, region: str, sources: Sources) -> Draft:
    places = [c.region for c in sources.locals_of(card.id)]
    if not (card.varies or places) or card.disposition in ("refuse", "escalate"):
        return draft
    if not region:
        buttons = region_choices(
            r
            for r in (*places, "河南", "山东", "浙江", "上海", "北京", "重庆")
            if r in sources.regions
        )
        return draft.plus(
            claims=[texts.VARIES] if card.disposition == "answer" else (), choices=buttons
        )
    if card.region in sources.regions.chain(region)[:-1]:
        return draft
    # The national text answers the question; the place may add to it.
    return draft.plus(claims=[texts.LOCAL_MAY_DIFFER.format(region=region)])


def from_case(case: Case) -> Draft:
    """A case's figures come from its source, not from a law: the story stands in the notes, and
    the plain answer says only that there is one."""
    return Draft(
        f"case:{case.id}",
        (texts.CASE.format(title=case.title),),
        cite=case.cite,
        allowed=frozenset(figures(case.title)),
        notes=(
            texts.CASE_HAPPENED.format(text=case.happened),
            texts.CASE_WORKED.format(text=case.worked_because),
            texts.CASE_COPY.format(text=case.copy),
            texts.CASE_SOURCE.format(text=case.source),
        ),
        **_review(case.reviewed),
    )


def from_term(term: Term, sources: Sources) -> Draft:
    """A term in one sentence, with the way to the entry that says more."""
    entry = sources.card(term.see) or sources.point(term.see)
    says = texts.DEFINED.format(term=term.term, says=_stop(term.says))
    notes = [texts.DEFINED_SOURCE.format(source=term.source)] if term.source else []
    draft = Draft("", (says,), cite=term.cite, notes=tuple(notes), **_review(term.reviewed))
    if entry is None:
        return draft
    kind = "point" if isinstance(entry, Point) else "card"
    more = Choice(entry.title, f"ref:{kind}:{term.see}")
    return replace(draft, ref=f"{kind}:{term.see}").plus(choices=[more])


def from_replaced(replaced: Replaced) -> Draft:
    """What took the place of a text out of force."""
    return Draft("", (_stop(replaced.says),), cite=replaced.cite, unreviewed=True)


# Articles


def from_articles(
    articles: Sequence[Article], question: str, region: str, sources: Sources | None = None
) -> Draft:
    """No card knows: the closest article, with the sentence that answers; where `sources` are
    given, it is of the paragraph or item that answers."""
    best = articles[0]
    words = best.text
    if sources is not None:
        asked = sources.asked(question)
        words = pinpoint.mark(best.citation, best, question, asked, sources).words
    sentence = best_sentence(question, words, 260)
    if len(sentence) > 400:
        sentence = sentence[: sentence.rfind("，", 0, 400) + 1].rstrip("，") or sentence[:400]
    form = texts.FROM_ARTICLES
    number = best.citation.article
    local = best.version.region if best.version.region != NATION else ""
    if local:
        form = texts.FROM_ARTICLES_LOCAL
    claim = form.format(
        law=f"《{best.version.law}》", article=number, sentence=sentence, region=local
    )
    return Draft(
        f"article:{best.id}",
        (claim,),
        cite=_unique(a.citation for a in articles),
        quotes=(gate.Quote(best.id, sentence),),
    )


# To the reply


def finish(draft: Draft, question: str, sources: Sources) -> tuple[Reply | None, list[str]]:
    """The reply, or None and what the gate found. Adds 依据, status, contacts and thumbs."""
    draft = replace(draft, cite=_unique(draft.cite))
    about = question + "".join(draft.claims)
    # With what was answered beside it, the right paragraph was found less often (49 of 58 by the
    # question alone, 33 with the answer): an answer says more than was asked.
    asked = sources.asked(question)
    cited = tuple(_cited(c, about, asked, sources) for c in draft.cite)
    quotes = [
        *draft.quotes,
        *(gate.Quote(c.id, c.quote) for c in cited if c.official),
    ]
    found = gate.faults(draft.claims, draft.cite, quotes, sources, draft.allowed)
    if found:
        return None, found
    answer = "".join(draft.claims)[:PLAIN]
    notes = list(draft.notes)
    if draft.disposition == "escalate":
        answer = (texts.LIFE if draft.crisis else "") + answer
        notes += contact_lines(sources)
    if any(c.status == Status.UNVERIFIED for c in cited):
        notes.append(texts.UNVERIFIED)
    if draft.signed:
        notes.append(texts.REVIEWED.format(by=draft.signed))
    if draft.unreviewed and draft.disposition in ("answer", "clarify"):
        notes.append(texts.UNREVIEWED)
    choices = list(draft.choices)
    return (
        Reply(
            answer,
            render(answer, cited, notes),
            draft.disposition,
            cited,
            tuple(dict.fromkeys(notes)),
            tuple(choices),
            round(draft.confidence, 3),
            draft.ref,
            draft.unreviewed,
        ),
        [],
    )


def contact_lines(sources: Sources) -> list[str]:
    lines = [
        texts.CONTACT.format(name=c.name, reach=c.reach, checked=c.checked)
        for c in sources.contacts
    ]
    return [*(lines or [texts.CONTACTS_NONE]), texts.NOT_NOTIFIED]


def render(answer: str, cited: Sequence[Cited], notes: Iterable[str]) -> str:
    """The whole reply as plain text, for channels without markup."""
    lines = [answer]
    if cited:
        lines.append(texts.BASIS)
        for n, c in enumerate(cited, 1):
            effective = texts.EFFECTIVE.format(day=c.effective) if c.effective else ""
            lines.append(
                f"{n}. "
                + texts.CITED.format(
                    law=f"《{c.law}》",
                    article=c.article,
                    region=c.region,
                    status=c.status,
                    effective=effective,
                )
            )
            if c.quote:
                lines.append("   " + "".join(pinpoint.quoted(c)))
    lines += dict.fromkeys(notes)
    return "\n".join(lines)


def _cited(citation: Citation, about: str, asked: Asked, sources: Sources) -> Cited:
    """A citation with its text; the part that answers what was asked is marked, within the
    paragraph that is cited."""
    article = sources.article(citation)
    digest = sources.digest(citation.whole)
    place = str(citation).removeprefix(f"《{citation.law}》")
    if article is None:
        checked = texts.CHECKED.format(day=digest.drafted) if digest else Status.UNVERIFIED
        region = _region_of(citation.law, sources)
        return Cited(citation.law, place, region, checked, "", quote=digest.says if digest else "")
    marked = pinpoint.mark(citation, article, about, asked, sources)
    version = article.version
    start = version.validity.start
    return Cited(
        citation.law,
        place,
        version.region,
        version.status(sources.day),
        start.isoformat() if start else "",
        version.level,
        article.text,
        True,
        marked.words,
        article.id,
        marked.place,
        marked.lead,
        pinpoint.excerpt(marked, about),
    )


def _region_of(law: str, sources: Sources) -> str:
    found = sources.regions.find(law[:8])
    return found[0] if found else NATION
