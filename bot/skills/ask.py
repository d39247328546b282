"""Answering questions: rules, cards, cases, articles, in that order of trust.

Session keys: `region`, `contract` (profile), `ref` (last answered), `choices` (numbered),
`waits` ("question": the next text is for the instructor; "consent": it was shown).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot import gate, manner, texts
from bot.answer import (
    PLAIN,
    Draft,
    contact_lines,
    finish,
    from_articles,
    from_card,
    from_case,
    from_point,
    from_replaced,
    from_term,
)
from bot.fit import fit, fit_day
from bot.message import Choice, Incoming, Reply
from bot.scrub import left, looks_like_demand, scrub
from bot.sources import Sources
from bot.turn import Drop, Effect, Enqueue, Fetch, Hold, Log, Session, Turn, Vote
from bot.understand import (
    LONGEST,
    asks_about_service,
    asks_local,
    bigrams,
    chinese,
    clean,
    contract_type,
    has_content,
    is_foreign,
    only_place,
    opening,
    picked,
    receipt_code,
    wants_more,
    wants_person,
    without_type,
)
from index.calibrate import About, Judged, abroad, apart, shipped
from index.retriever import Hit
from index.sound import PINYIN, spells
from knowledge.figures import figures
from knowledge.pieces import CONTRACTS, Leave
from knowledge.regions import NATION

SURE = 0.6
"""Probability of being right from which the first entry is the answer; of the testing part of
`tests/questions/outside.jsonl` 3 % get that far, of our own questions 87 %."""

LIKELY = 0.12
"""The same, from which it is offered as what was probably meant: a wrong guess beside choices
costs less than none."""

OURS = 0.35
"""Probability of being about our field below which a message is about something else; none of
our own questions is (`tests/questions`), of their wordings held out one in thirty."""

SAID = 0.5
"""Probability of saying anything below which a message is asked back."""

KNOWN = 0.42
"""Confidence from which one of several questions of a message is understood by itself."""

HEARD = 0.25
"""Confidence from which a card that declines or comforts is said though a match is unlikely to
be right, and from which typed pinyin, which no probability was learnt from, is answered."""

HOPELESS = 0.02
"""Both probabilities below it, not even a card that comforts is said; of 208 held-out wordings
of such cards none was, the lowest had 0.07."""

COVERED = 0.25
"""Share of a question's pairs of characters that an article must hold to be given for it."""

LOCAL = 0.9
"""Share of the closest national article's score from which a local one is cited too."""

CLEAR = 0.55
"""Confidence from which hardly anything else could be meant."""

BESIDE = ((CLEAR, 0.85), (KNOWN, 0.6), (0.0, 0.4))
"""From this confidence on, other entries with at least this share of it are said beside the
first, at most two."""

ROOM_FOR_SECOND = 200
"""The same, of the answer to a second question."""

SPELLED = 2.0
"""What a confidence counts for typed pinyin: only sounds can match, and they count less."""

ABOUT_AS_GOOD = 0.7
"""Share of a case's confidence from which a card or point is said before it."""

BRIEF = 100
"""Longest opening of what is said beside the answer, in characters."""


def respond(incoming: Incoming, session: Session, sources: Sources) -> Turn:
    """The turn for one message. Never raises for any text, never falls silent."""
    text = clean(incoming.text)
    choice = incoming.choice
    if not choice and session.choices and (number := picked(text, len(session.choices))):
        choice = session.choices[number - 1]
    if choice:
        return _chosen(choice, session, sources)
    if session.waits == "question" and not is_danger(text, sources):
        return _preview(text, session, sources)
    if code := receipt_code(text):
        return Turn((_say(""),), replace(session, waits=""), (Fetch(*code),))
    session = replace(session, waits="")
    if info := asks_about_service(text):
        return _told(info, session, sources)
    if wants_person(text):
        return _chosen("person", session, sources)
    if wants_more(text):
        return _more(session, sources)
    regions = sources.regions.find(text)
    if regions and only_place(text, sources.regions.strip(text)):
        return _for_region(regions[0], session, sources)
    return _question(text, len(incoming.text.strip()) > LONGEST, regions, session, sources)


# Questions


def _question(text: str, cut: bool, regions: list[str], session: Session, sources: Sources) -> Turn:
    region = regions[0] if regions else session.region
    region = "" if region == NATION else region
    contract = contract_type(text) or session.contract
    session = replace(session, region=region)
    if guard := sources.guard(text):
        card = sources.card(guard.card)
        if card is not None:
            return _send(from_card(card, region, contract, text, sources), text, session, sources)
    if is_foreign(text):
        return _fixed(texts.NOT_CHINESE, "clarify", session)
    if not has_content(text):
        return _fixed(texts.NO_CONTENT, "clarify", session, _menu())
    if not has_content(scrubbed := left(scrub(text)[0])) and scrubbed != text:
        return _fixed(texts.NO_CONTENT, "clarify", session, _menu())
    old, match = sources.replaced(text), None
    if old and manner.asks_validity(text):
        draft: Draft | None = from_replaced(old)
    elif term := sources.term(manner.defined(sources.regions.strip(text))):
        draft = from_term(term, sources)
    else:
        match = look(text, region, sources)
        draft = find(match, text, region, contract, sources)
    if draft is not None and not region and asks_local(text) and texts.VARIES in draft.claims:
        draft = replace(draft, disposition="clarify")
    if cut and draft is not None:
        draft = draft.plus(notes=[texts.TOO_LONG.format(limit=LONGEST)])
    if draft is not None:
        return _send(draft, text, session, sources, match)
    return _unknown(match or look(text, region, sources), session, sources)


@dataclass(frozen=True, slots=True)
class Match:
    """What the library has for a message: entries, best first, those that answer its other
    questions, and what to think of the first."""

    hits: tuple[Hit, ...]
    others: tuple[Hit, ...]
    judged: Judged


def look(text: str, region: str, sources: Sources) -> Match:
    """Match a message, each part that is surely understood by itself apart."""
    bare = without_type(manner.without_years(sources.regions.strip(text)))
    return _match(text, bare, sources.regions.chain(region), sources)


def find(match: Match, text: str, region: str, contract: str, sources: Sources) -> Draft | None:
    """The draft that answers best, or None if the library has nothing reliable."""
    hits, others, judged = match.hits, match.others, match.judged
    best = hits[0].score if hits else 0.0
    draft = _draft(hits[0], text, region, contract, sources) if hits else None
    heard = best >= HEARD and max(judged.right, judged.ours) >= HOPELESS
    if draft and draft.disposition in ("refuse", "escalate") and heard:
        return replace(draft, confidence=judged.right)
    if judged.ours < OURS or judged.said < SAID:
        return None
    if judged.right < LIKELY:
        return _articles(text, region, sources, judged.right)
    if draft is None:
        return None
    draft = replace(draft, confidence=judged.right)
    if draft.disposition != "answer":
        return draft
    for hit in others:
        draft = _beside(draft, hit, text, region, contract, sources, most=ROOM_FOR_SECOND)
    if not others:
        share = next(share for least, share in BESIDE if best >= least)
        for hit in [h for h in hits[1:3] if h.score >= best * share]:
            draft = _beside(draft, hit, text, region, contract, sources)
    draft = _local(draft, text, region, sources)
    draft = fit_day(fit(draft, _leave(hits[0], sources), text), text, sources)
    second = (Choice(t, f"ref:{h.kind}:{h.ref}") for h in others if (t := _title(h, sources)))
    draft = draft.plus(choices=second)
    if judged.right < SURE:
        title = texts.PERHAPS.format(title=_title(hits[0], sources))
        draft = replace(
            draft, claims=(title, *draft.claims), allowed=draft.allowed | figures(title)
        )
        offered = (
            Choice(t, f"ref:{h.kind}:{h.ref}") for h in hits[1:4] if (t := _title(h, sources))
        )
        draft = draft.plus(choices=offered)
    return draft


def _local(draft: Draft, text: str, region: str, sources: Sources) -> Draft:
    """`draft` with the place's own article that is closest to the question among the first
    three citations, if it is about as close as the nation's closest."""
    chain = sources.regions.chain(region)
    if len(chain) < 2:
        return draft
    bare = sources.regions.strip(text)
    nation = sources.search(bare, chain[-1:], 1)
    for hit in sources.search(bare, chain[:-1], 1):
        article = sources.article_by_id(hit.id)
        if article is None or (nation and hit.score < nation[0].score * LOCAL):
            continue
        if article.citation not in (c.whole for c in draft.cite[:3]):
            return replace(draft, cite=(*draft.cite[:2], article.citation, *draft.cite[2:]))
    return draft


def _match(text: str, bare: str, seen: tuple[str, ...], sources: Sources) -> Match:
    hits = ranked(bare, seen, sources)
    if spells(bare) >= PINYIN and chinese(bare) < PINYIN:
        hits = [replace(h, score=min(1.0, h.score * SPELLED)) for h in hits]
        return Match(tuple(hits), (), _spelled(judge(text, bare, hits, sources)))
    whole = judge(text, bare, hits, sources)
    asked = manner.parts(bare)
    clauses = [] if len(asked) > 1 else manner.clauses(bare)
    least = KNOWN if len(asked) > 1 else CLEAR
    if len(asked) == 1 and not clauses:
        return Match(tuple(hits), (), whole)
    tops = {part: _answers_first(sources.match(part, seen, 3), bare) for part in clauses or asked}
    sure = [(part, top) for part, top in tops.items() if top and top[0].score >= least]
    if not sure:
        return Match(tuple(hits), (), whole)
    part, top = sure[0]
    first = top[0]
    alone = judge(text, part, top, sources)
    others = {t[0].ref: t[0] for _, t in sure[1:] if t[0].ref != first.ref}
    rest = [h for h in hits if h.ref != first.ref]
    judged = alone if alone.right > whole.right else whole
    # What a message is about is told by all of it.
    judged = replace(judged, ours=whole.ours, said=max(whole.said, alone.said))
    return Match((first, *rest), tuple(others.values())[:2], judged)


def ranked(bare: str, seen: tuple[str, ...], sources: Sources) -> list[Hit]:
    """The entries for a message without its places, what answers before what only tells."""
    return _answers_first(sources.match(bare, seen, 8), bare)


def judge(text: str, bare: str, hits: Sequence[Hit], sources: Sources) -> Judged:
    """What to think of `hits` for a message, with and without its places, by the calibration
    that ships."""
    return shipped().judge(bare, hits, circumstances(text, bare, hits, sources))


def circumstances(text: str, bare: str, hits: Sequence[Hit], sources: Sources) -> About:
    """What a calibration has to be told of a message."""
    behind = apart(hits, lambda ref: _topic(ref, sources))
    return About(behind, sources.in_field(bare), abroad(text))


def _spelled(judged: Judged) -> Judged:
    """The same for typed pinyin: only its sounds are compared, and they alone decide."""
    heard = judged.features["top"]
    return replace(judged, right=heard, ours=float(heard >= HEARD), said=1.0)


def _topic(ref: str, sources: Sources) -> str:
    entry = sources.point(ref) or sources.card(ref) or sources.case(ref)
    return entry.topic if entry else ""


def _answers_first(hits: list[Hit], text: str) -> list[Hit]:
    """`hits` with model cases behind what answers, unless an example is asked for."""
    if manner.asks_example(text):
        return hits
    rest = [h for h in hits if h.kind != "case"]
    if not rest or rest[0].score < hits[0].score * ABOUT_AS_GOOD:
        return hits
    return rest + [h for h in hits if h.kind == "case"]


def _leave(hit: Hit, sources: Sources) -> Leave | None:
    entry = sources.point(hit.ref) or sources.card(hit.ref)
    return entry.may if entry else None


def _beside(
    draft: Draft,
    hit: Hit,
    text: str,
    region: str,
    contract: str,
    sources: Sources,
    most: int = BRIEF,
) -> Draft:
    """`draft` with the first sentence and citation of a hit that was nearly as close, where
    there is room and it says something new."""
    other = _draft(hit, text, region, contract, sources)
    if other is None or other.disposition != "answer" or hit.kind == "case" or not other.cite:
        return draft
    if other.cite[0].whole in (c.whole for c in draft.cite[:2]):
        return draft
    title = _title(hit, sources)
    silent = len(other.claims) > 1 and other.claims[0].endswith(texts.SILENT_END)
    first = other.claims[1 if silent else 0]
    says = texts.BESIDE.format(title=title, says=opening(first, most))
    if sum(map(len, draft.claims)) + len(says) > PLAIN - 60:
        return draft
    # The first citation of each thing said comes before the second of any; of the others, only
    # what its opening needs.
    said = 1 + sum(c.startswith(texts.BESIDE[:2]) for c in draft.claims)
    needed = gate.needed([says], other.cite, sources, other.allowed | figures(title))
    cite = (*draft.cite[:said], needed[0], *draft.cite[said:], *needed[1:])
    return replace(
        draft.plus(claims=[says]),
        cite=tuple(cite),
        allowed=draft.allowed | other.allowed | figures(title),
    )


def _draft(hit: Hit, text: str, region: str, contract: str, sources: Sources) -> Draft | None:
    draft: Draft | None = None
    if hit.kind == "point" and (point := sources.point(hit.ref)):
        draft = from_point(point, region, contract, text, sources)
    elif hit.kind == "card" and (card := sources.card(hit.ref)):
        draft = from_card(card, region, contract, text, sources)
    elif hit.kind == "case" and (case := sources.case(hit.ref)):
        draft = from_case(case)
    return replace(draft, confidence=hit.score) if draft else None


def _title_of(ref: str, sources: Sources) -> str:
    kind, _, ident = ref.partition(":")
    return _title(Hit(ident, 1.0, kind, ident), sources)


def _known(ref: str, sources: Sources) -> bool:
    """Whether a session's or a button's `ref` names an entry; what comes from outside may not."""
    kind, _, ident = ref.partition(":")
    found = {"card": sources.card, "point": sources.point, "case": sources.case}.get(kind)
    return bool(found and found(ident)) or bool(kind == "article" and sources.article_by_id(ident))


def _title(hit: Hit, sources: Sources) -> str:
    entry = sources.point(hit.ref) or sources.card(hit.ref) or sources.case(hit.ref)
    return entry.title if entry else ""


def _articles(text: str, region: str, sources: Sources, best: float) -> Draft | None:
    """The closest articles, where law texts are imported and speak of what was asked."""
    hits = sources.ranked(sources.regions.strip(text), sources.regions.chain(region), 3)
    articles = [a for h in hits if (a := sources.article_by_id(h.ref or h.id))]
    wanted = bigrams(sources.regions.strip(text))
    if not articles or not wanted:
        return None
    held = bigrams(articles[0].text + articles[0].version.law + articles[0].chapter)
    if len(wanted & held) < COVERED * len(wanted):
        return None
    return replace(from_articles(articles, text, region, sources), confidence=round(best, 3))


def _unknown(match: Match, session: Session, sources: Sources) -> Turn:
    """Nothing reliable: about something else, or asked back with what came closest."""
    judged = match.judged
    if judged.ours < OURS and judged.said >= SAID:
        return _fixed(texts.OUT_OF_FIELD, "refuse", session)
    person = Choice(texts.BUTTON_PERSON, "person")
    offered = [
        Choice(t, f"ref:{h.kind}:{h.ref}") for h in match.hits[:3] if (t := _title(h, sources))
    ]
    return _fixed(texts.NOT_FOUND + texts.NOT_FOUND_HINT, "clarify", session, (*offered, person))


def is_danger(text: str, sources: Sources) -> bool:
    """Danger comes before anything that was under way."""
    guard = sources.guard(text)
    card = sources.card(guard.card) if guard else None
    return card is not None and card.disposition == "escalate"


# Choices and follow-ups


def _chosen(choice: str, session: Session, sources: Sources) -> Turn:
    kind, _, value = choice.partition(":")
    if kind == "region":
        if not value:
            return _fixed(texts.CHOOSE_REGION, "clarify", session)
        if value == NATION:
            return _for_nation(session, sources)
        return _for_region(sources.regions.named(value) or value, session, sources)
    if kind == "contract" and value in CONTRACTS:
        session = replace(session, contract="" if value == "任何" else value)
        return _again(session, sources, texts.CONTRACT_SET.format(contract=value))
    if kind == "ref" and _known(value, sources):
        return _again(replace(session, ref=value), sources, "")
    if kind == "ask":
        if info := asks_about_service(value):
            return _fixed(
                privacy(sources) if info == "privacy" else about(sources), "answer", session
            )
        return _question(clean(value), False, [], session, sources)
    if choice == "more":
        return _more(session, sources)
    if choice in ("up", "down") and _known(session.ref, sources):
        thanks = texts.THANKS_UP if choice == "up" else texts.THANKS_DOWN
        person = () if choice == "up" else (Choice(texts.BUTTON_PERSON, "person"),)
        turn = _fixed(thanks, "answer", session, person)
        return replace(turn, effects=(Vote(session.ref, choice == "up"),))
    if choice == "person":
        says = texts.PERSON.format(contacts="\n".join(contact_lines(sources))) + texts.QUEUE_ASK
        return _fixed(says, "clarify", replace(session, waits="question"))
    if choice == "agree" and session.waits == "consent":
        return Turn((_say(""),), replace(session, waits="", choices=()), (Enqueue(),))
    if choice == "decline":
        turn = _fixed(texts.QUEUE_DROPPED, "answer", replace(session, waits=""))
        return replace(turn, effects=(Drop(),))
    return _fixed(texts.NO_CONTENT, "clarify", session, _menu())


def _for_region(region: str, session: Session, sources: Sources) -> Turn:
    if region not in sources.regions:
        return _fixed(texts.REGION_UNKNOWN, "clarify", session)
    session = replace(session, region=region)
    if not session.ref or session.ref.startswith("article:"):
        again = texts.REGION_ASK_AGAIN if session.ref else texts.REGION_SET
        return _fixed(
            again.format(region=region), "clarify", session, () if session.ref else _menu()
        )
    return _again(session, sources, texts.REGION_SET.format(region=region))


def _for_nation(session: Session, sources: Sources) -> Turn:
    """The person takes the place back: answer for the whole country again."""
    session = replace(session, region="")
    if not _title_of(session.ref, sources):
        return _fixed(texts.REGION_CLEARED, "answer", session, _menu())
    return _again(session, sources, "")


def _again(session: Session, sources: Sources, first: str) -> Turn:
    """The last answer once more, for another place or contract type."""
    kind, _, ident = session.ref.partition(":")
    hit = Hit(ident, 1.0, kind, ident)
    title = _title_of(session.ref, sources)
    draft = _draft(hit, title, session.region, session.contract, sources) if title else None
    if draft is None:
        return _fixed(first + texts.NO_CONTENT, "clarify", session, _menu())
    if first:
        draft = replace(draft, claims=(first, *draft.claims))
    return _send(draft, title, session, sources)


def _more(session: Session, sources: Sources) -> Turn:
    """What lies behind the last answer: every cited article whole, then neighbours."""
    kind, _, ident = session.ref.partition(":")
    if kind == "article" and (article := sources.article_by_id(ident)):
        reply = _say(f"《{article.version.law}》{article.citation.article}：{article.text}")
        return Turn((replace(reply, ref=session.ref),), session)
    entry = sources.point(ident) or sources.card(ident) or sources.case(ident)
    if entry is None:
        return _fixed(texts.MORE_NONE, "clarify", session, _menu())
    draft = _draft(
        Hit(ident, 1.0, kind, ident), entry.title, session.region, session.contract, sources
    )
    answered = finish(draft, entry.title, sources)[0] if draft else None
    cited = answered.citations if answered else ()
    lines = [f"《{c.law}》{c.article}：{c.quote}" for c in cited if c.quote]
    related = [
        Choice(card.title, f"ref:card:{card.id}")
        for other in sources.related(ident)[:4]
        if (card := sources.card(other))
    ]
    text = "\n\n".join(lines) or texts.MORE_NONE
    return _turn(replace(_say(text), ref=session.ref), session, tuple(related))


# The instructor's queue


def _preview(text: str, session: Session, sources: Sources) -> Turn:
    if looks_like_demand(text):
        return _fixed(texts.QUEUE_DEMAND, "clarify", replace(session, waits=""))
    scrubbed, _ = scrub(text)
    if not has_content(left(scrubbed)):
        return _fixed(texts.QUEUE_EMPTY, "clarify", replace(session, waits=""))
    choices = (Choice(texts.BUTTON_AGREE, "agree"), Choice(texts.BUTTON_DECLINE, "decline"))
    reply = replace(_say(texts.QUEUE_PREVIEW.format(text=scrubbed)), disposition="clarify")
    turn = _turn(reply, replace(session, waits="consent"), choices)
    return replace(turn, effects=(Hold(scrubbed, session.region),))


# Replies


def privacy(sources: Sources) -> str:
    """What is kept, how long, by whom, how to have it deleted."""
    operator = sources.operator or texts.OPERATOR_NONE
    return "\n".join(f"{title}：{says.format(operator=operator)}" for title, says in texts.PRIVACY)


def about(sources: Sources) -> str:
    """What this is, how current its library is, who runs it."""
    return texts.ABOUT.format(
        as_of=as_of(sources), operator=sources.operator or texts.OPERATOR_NONE
    )


def as_of(sources: Sources) -> str:
    counts = sources.counts
    form = texts.AS_OF if sources.has_texts else texts.AS_OF_BARE
    return form.format(
        day=sources.as_of,
        laws=f"{counts.get('laws', 0):,}",
        articles=f"{counts.get('articles', 0):,}",
        cards=f"{counts.get('card', 0):,}",
        rules=f"{counts.get('rule', 0):,}",
        digests=f"{counts.get('digest', 0):,}",
    )


def _told(info: str, session: Session, sources: Sources) -> Turn:
    says = privacy(sources) if info == "privacy" else about(sources)
    return _fixed(says, "answer", session)


def _say(text: str) -> Reply:
    return Reply(text, text, "answer")


def _menu() -> tuple[Choice, ...]:
    return tuple(Choice(t, f"ask:{t}") for t in texts.MENU)


def _fixed(text: str, disposition: str, session: Session, choices: tuple[Choice, ...] = ()) -> Turn:
    reply = replace(_say(text), disposition=disposition)
    return _turn(reply, session, choices)


def _turn(
    reply: Reply, session: Session, choices: tuple[Choice, ...], effects: tuple[Effect, ...] = ()
) -> Turn:
    reply = replace(reply, choices=choices)
    return Turn((reply,), replace(session, choices=tuple(c.payload for c in choices)), effects)


def _send(
    draft: Draft, text: str, session: Session, sources: Sources, match: Match | None = None
) -> Turn:
    reply, found = finish(draft, text, sources)
    if reply is None:
        log = Log(f"gate {draft.ref}: {'; '.join(found)}")
        if draft.disposition in ("refuse", "escalate"):
            # First words must not be lost over a citation: say them without any law.
            says = texts.REFUSED if draft.disposition == "refuse" else texts.ESCALATED
            plain = replace(draft, claims=(says,), cite=(), quotes=(), notes=(), ref="")
            return replace(_send(plain, text, session, sources), effects=(log,))
        match = match or look(text, session.region, sources)
        return replace(_unknown(match, session, sources), effects=(log,))
    extra: list[Choice] = []
    if reply.citations and draft.disposition == "answer":
        extra = [Choice(texts.BUTTON_MORE, "more")]
    if reply.disposition in ("answer", "clarify") and draft.ref:
        extra += [Choice(texts.BUTTON_UP, "up"), Choice(texts.BUTTON_DOWN, "down")]
    if reply.disposition in ("clarify", "escalate"):
        extra.append(Choice(texts.BUTTON_PERSON, "person"))
    session = replace(session, ref=draft.ref)
    return _turn(reply, session, (*reply.choices, *extra))
