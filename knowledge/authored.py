"""What the project itself wrote (`knowledge/content`), read strictly into records.

The form of every file is told in `knowledge/content/README.md`. A fault names file, line,
entry and field.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from knowledge.bound import read_bound
from knowledge.citation import Citation, law_name
from knowledge.forms import (
    ContentError,
    Entry,
    Reader,
    Several,
    asked,
    cites,
    day,
    entries,
    ident,
    one_of,
    reviewed,
    short,
    sums,
    take,
    texts,
)
from knowledge.numerals import normal_article
from knowledge.pieces import (
    AMOUNTS,
    AUDIENCES,
    COMPARISONS,
    CONTRACTS,
    DISPOSITIONS,
    UNITS,
    VERDICTS,
    Card,
    Case,
    Conflict,
    Content,
    Digest,
    Gap,
    Guard,
    Leave,
    Override,
    Place,
    Point,
    Region,
    Replaced,
    Rule,
    Side,
    Span,
    Synonym,
    Term,
    Topic,
    bare,
)
from knowledge.quiz import lesson
from knowledge.records import KnowledgeError
from knowledge.staging import scene

CONTENT = Path(__file__).parent / "content"


def read_content(folder: Path = CONTENT, faults: list[str] | None = None) -> Content:
    """Read every file under `folder`. Raises ContentError at the first fault; with `faults`
    given, every fault is put there instead and the faulty entries are left out."""
    read = Reader(folder, faults)
    content = Content(
        cards=tuple(read.lists("cards", _card)),
        points=tuple(read.files("rules", _point)),
        cases=tuple(read.pages("cases", _case)),
        digests=tuple(d for ds in read.files("digests", _digests) for d in ds),
        topics=tuple(read.list_file("topics.yaml", _topic)),
        synonyms=tuple(read.list_file("synonyms.yaml", _synonym)),
        regions=tuple(read.list_file("regions.yaml", _region)),
        guards=tuple(read.list_file("guards.yaml", _guard)),
        overrides=tuple(read.list_file("validity.yaml", _override)),
        terms=tuple(read.list_file("glossary.yaml", _term)),
        gaps=tuple(read.list_file("gaps.yaml", _gap)),
        conflicts=tuple(read.list_file("conflicts.yaml", _conflict)),
        replaced=tuple(read.list_file("replaced.yaml", _replaced)),
        lessons=tuple(read.lists("quiz", lesson)),
        scenes=tuple(read.files("scenes", scene)),
        bound=_bound(read),
    )
    for fault in _cross_faults(content):
        read.fault(fault)
    return content


def read_overrides(folder: Path = CONTENT) -> tuple[Override, ...]:
    """The reviewed corrections of validity alone; all that an import needs of the content."""
    return tuple(Reader(folder, None).list_file("validity.yaml", _override))


def _bound(read: Reader) -> dict[Citation, str]:
    try:
        return read_bound(read.folder)
    except KnowledgeError as error:
        read.fault(str(error))
        return {}


def _card(raw: Entry, place: Place) -> Card:
    disposition = one_of(raw.get("disposition", "answer"), DISPOSITIONS, "disposition")
    values = take(
        raw,
        Card,
        id=ident(raw.get("id")),
        audience=tuple(
            one_of(a, AUDIENCES, "audience") for a in texts(raw.get("audience"), "audience")
        ),
        questions=texts(raw.get("questions"), "questions"),
        cite=cites(raw.get("cite")),
        contract=one_of(raw.get("contract", "任何"), CONTRACTS, "contract"),
        disposition=disposition,
        may=_leave(raw.get("may")),
        amounts=tuple(one_of(a, AMOUNTS, "amounts") for a in texts(raw.get("amounts"), "amounts")),
        worked=sums(raw.get("worked")),
        reviewed=reviewed(raw.get("reviewed")),
        drafted=day(raw.get("drafted"), "drafted"),
    )
    card = Card(**values, place=place)
    asked(card.questions, 6)
    short(title=(card.title, 30), answer=(card.answer, 300), next=(card.next, 60))
    if not card.cite and disposition == "answer" and not card.about:
        raise ContentError("cite: 回答类卡片必须引用条文")
    return card


def _span(raw: Entry) -> Span:
    raw = {k: v for k, v in raw.items() if k != "__line__"}
    unknown = set(raw) - {"number", "unit", "compare", "from", "to", "of"}
    if unknown:
        raise ContentError(f"figures: 不认识的字段 {'、'.join(sorted(unknown))}")
    number = str(raw.get("number", ""))
    if not re.fullmatch(r"\d+(?:\.\d+)?|\d+/0*[1-9]\d*", number):
        raise ContentError(f"figures: number “{number}” 应为数字或 2/3 这样的分数")
    return Span(
        number,
        one_of(raw.get("unit", ""), UNITS, "figures: unit"),
        one_of(raw.get("compare", ""), COMPARISONS, "figures: compare"),
        str(raw.get("from", "")),
        str(raw.get("to", "")),
        str(raw.get("of", "")),
    )


def _rule(raw: Entry, point: str, place: Place) -> Rule:
    return Rule(
        **take(
            raw,
            Rule,
            id=ident(raw.get("id")),
            point=point,
            contract=one_of(raw.get("contract", ""), CONTRACTS, "contract"),
            cite=cites(raw.get("cite")),
            figures=tuple(_span(s) for s in entries(raw.get("figures"), "figures")),
            worked=sums(raw.get("worked")),
        ),
        place=place,
    )


def _rules(raw: Entry, point: str, file: str) -> tuple[Rule, ...]:
    rules: list[Rule] = []
    faults: list[tuple[int, str, str]] = []
    for entry in entries(raw.get("rules"), "rules"):
        line = entry.pop("__line__", 1)
        try:
            rules.append(_rule(entry, point, Place(file, line)))
        except KnowledgeError as error:
            faults.append((line, str(entry.get("id") or point), str(error)))
    if faults:
        raise Several(faults)
    return tuple(rules)


def _leave(raw: Any) -> Leave | None:
    if raw is None:
        return None
    if not isinstance(raw, dict) or not raw.get("asked"):
        raise ContentError("may: 应为 asked（一句“可以……吗”）和 verdict 两项")
    values = take(raw, Leave, verdict=one_of(raw.get("verdict"), VERDICTS, "may: verdict"))
    return Leave(**values)


def _explain(raw: Any) -> tuple[str, tuple[Citation, ...]]:
    if raw is None:
        return "", ()
    if not isinstance(raw, dict) or set(raw) - {"says", "cite", "__line__"} or "says" not in raw:
        raise ContentError("explain: 应为 says 和 cite 两项")
    says = str(raw["says"]).strip()
    short(explain=(says, 150))
    return says, cites(raw.get("cite"))


def _point(raw: Entry, place: Place) -> Point:
    name = ident(raw.get("point"), "point")
    explain = _explain(raw.pop("explain", None))
    values = take(
        raw,
        Point,
        questions=texts(raw.get("questions"), "questions"),
        rules=_rules(raw, name, place.file),
        explain=explain[0],
        may=_leave(raw.get("may")),
        explain_cite=explain[1],
        reviewed=reviewed(raw.get("reviewed")),
        drafted=day(raw.get("drafted"), "drafted"),
    )
    point = Point(**values, place=place)
    asked(point.questions, 6)
    short(title=(point.title, 30), next=(point.next, 60))
    return point


def _case(raw: Entry, body: str, place: Place) -> Case:
    before, *parts = re.split(r"^##\s*(.+?)\s*$", body, flags=re.M)
    wanted = ("发生了什么", "为什么成", "可以照做")
    said = [part.strip() for part in parts[1::2]]
    if before.strip() or tuple(parts[::2]) != wanted or not all(said):
        raise ContentError(f"正文应是三个标题各带一段：{'、'.join(wanted)}")
    case = Case(
        **take(
            raw,
            Case,
            id=ident(raw.get("id")),
            questions=texts(raw.get("questions"), "questions"),
            cite=cites(raw.get("cite")),
            reviewed=reviewed(raw.get("reviewed")),
            drafted=day(raw.get("drafted"), "drafted"),
            happened=said[0],
            worked_because=said[1],
            copy=said[2],
        ),
        place=place,
    )
    asked(case.questions, 3)
    return case


def _digests(raw: Entry, place: Place) -> list[Digest]:
    unknown = set(raw) - {"law", "reviewed", "drafted", "articles", "__line__"}
    if unknown:
        raise ContentError(f"不认识的字段：{'、'.join(sorted(unknown))}")
    state, drafted = reviewed(raw.get("reviewed")), day(raw.get("drafted"), "drafted")
    law, articles = raw.get("law"), raw.get("articles")
    if not isinstance(law, str) or not law.strip():
        raise ContentError("law: 缺少法规名称")
    if not isinstance(articles, dict):
        raise ContentError("articles: 应为“第X条: 要点”")
    line = articles.pop("__line__", place.line)
    found: list[Digest] = []
    place = Place(place.file, line)
    for label, says in articles.items():
        if not isinstance(says, str) or not says.strip():
            raise ContentError(f"articles: {label} 没有内容")
        number = "" if label == "全文" else normal_article(label)
        found.append(Digest(Citation(law_name(law), number), says.strip(), state, drafted, place))
    return found


def _term(raw: Entry, place: Place) -> Term:
    values = take(
        raw,
        Term,
        also=texts(raw.get("also"), "also"),
        cite=cites(raw.get("cite")),
        reviewed=reviewed(raw.get("reviewed")),
        drafted=day(raw.get("drafted"), "drafted"),
    )
    term = Term(**values, place=place)
    short(says=(term.says, 120))
    if not term.cite and not term.source:
        raise ContentError("cite 或 source: 至少写一个")
    return term


def _gap(raw: Entry, place: Place) -> Gap:
    gap = Gap(
        **take(
            raw,
            Gap,
            contract=one_of(raw.get("contract", "任何"), CONTRACTS, "contract"),
            has=texts(raw.get("has"), "has"),
            drafted=day(raw.get("drafted"), "drafted"),
        ),
        place=place,
    )
    short(says=(gap.says, 80))
    return gap


def _conflict(raw: Entry, place: Place) -> Conflict:
    sides = tuple(
        Side(
            **take(
                side,
                Side,
                contract=one_of(side.get("contract", "任何"), CONTRACTS, "sides: contract"),
                cite=cites(side.get("cite")),
            )
        )
        for side in entries(raw.get("sides"), "sides")
    )
    if len(sides) < 2:
        raise ContentError("sides: 至少两方")
    conflict = Conflict(
        **take(
            raw,
            Conflict,
            id=ident(raw.get("id")),
            points=texts(raw.get("points"), "points"),
            sides=sides,
            drafted=day(raw.get("drafted"), "drafted"),
        ),
        place=place,
    )
    short(note=(conflict.note, 60))
    return conflict


def _replaced(raw: Entry, place: Place) -> Replaced:
    return Replaced(
        **take(
            raw,
            Replaced,
            also=texts(raw.get("also"), "also"),
            by=texts(raw.get("by"), "by"),
            cite=cites(raw.get("cite")),
            drafted=day(raw.get("drafted"), "drafted"),
        ),
        place=place,
    )


def _topic(raw: Entry, place: Place) -> Topic:
    words, cite = texts(raw.get("words"), "words"), cites(raw.get("cite"))
    return Topic(**take(raw, Topic, id=ident(raw.get("id")), words=words, cite=cite), place=place)


def _synonym(raw: Entry, place: Place) -> Synonym:
    return Synonym(**take(raw, Synonym, lay=texts(raw.get("lay"), "lay")), place=place)


def _region(raw: Entry, place: Place) -> Region:
    return Region(**take(raw, Region, also=texts(raw.get("also"), "also")), place=place)


def _guard(raw: Entry, place: Place) -> Guard:
    listed = raw.get("all") or []
    if not isinstance(listed, list):
        raise ContentError("all: 应为列表的列表")
    groups = tuple(texts(group, "all") for group in listed)
    guard = Guard(
        **take(
            raw,
            Guard,
            id=ident(raw.get("id")),
            any=texts(raw.get("any"), "any"),
            all=groups,
            unless=texts(raw.get("unless"), "unless"),
        ),
        place=place,
    )
    if not guard.any and not guard.all:
        raise ContentError("any 或 all: 至少写一个")
    for pattern in (*guard.any, *guard.unless, *(p for g in groups for p in g)):
        try:
            re.compile(pattern)
        except re.error as error:
            raise ContentError(f"“{pattern}” 不是正则表达式：{error}") from error
    return guard


def _override(raw: Entry, place: Place) -> Override:
    raw = dict(raw)
    given: dict[str, Any] = {"since": raw.pop("from", None), "until": raw.pop("until", None)}
    for key, value in given.items():
        if value is not None:
            day(value, key)
    one_of(raw.get("status"), ("in_force", "superseded", "repealed", "unverified"), "status")
    for key in ("version", "checked"):  # 2026-11-20, with or without quotes
        given[key] = str(raw.get(key) or "")
    if given["version"] and not re.fullmatch(r"\d{4}-\d\d-\d\d", given["version"]):
        raise ContentError(f"version: “{given['version']}” 应为文件名里的日期，如 2004-09-25")
    if isinstance(raw.get("law"), str):
        given["law"] = law_name(raw["law"])
    return Override(**take(raw, Override, **given), place=place)


def _cross_faults(content: Content) -> Iterator[str]:
    """Faults between entries: repeated ids, names that lead nowhere."""
    seen: dict[str, Place] = {}
    entries: Iterable[Card | Case | Guard] = (*content.cards, *content.cases, *content.guards)
    for entry in entries:
        if entry.id in seen:
            yield f"{entry.place}: id “{entry.id}” 与 {seen[entry.id]} 重复"
        seen.setdefault(entry.id, entry.place)
    for point in content.points:
        if point.point in seen:
            yield f"{point.place}: id “{point.point}” 与 {seen[point.point]} 重复"
        seen.setdefault(point.point, point.place)
        for rule in point.rules:
            if rule.id in seen:
                yield f"{rule.place}: id “{rule.id}” 与 {seen[rule.id]} 重复"
            seen.setdefault(rule.id, rule.place)
    cited: dict[Citation, Place] = {}
    for digest in content.digests:
        if digest.citation in cited:
            yield f"{digest.place}: {digest.citation} 的要点与 {cited[digest.citation]} 重复"
        cited.setdefault(digest.citation, digest.place)
    topics = {t.id for t in content.topics}
    regions = {r.name for r in content.regions}
    points = {p.point for p in content.points}
    cards = {c.id: c for c in content.cards}
    filed: Iterable[Card | Point | Case] = (*content.cards, *content.points, *content.cases)
    for one in filed:
        ident = one.point if isinstance(one, Point) else one.id
        if topics and one.topic not in topics:
            yield f"{one.place}: [{ident}] topic “{one.topic}” 不在 topics.yaml"
    local: Iterable[Card | Rule | Case] = (*content.cards, *content.rules, *content.cases)
    for each in local:
        if regions and each.region not in regions:
            yield f"{each.place}: [{each.id}] region “{each.region}” 不在 regions.yaml"
    for card in content.cards:
        if card.point and card.point not in points:
            yield f"{card.place}: [{card.id}] point “{card.point}” 没有规则文件"
        parent = cards.get(card.of)
        if card.of and (parent is None or parent.region != "国家" or card.region == "国家"):
            yield (
                f"{card.place}: [{card.id}] of “{card.of}” 应是一张国家卡片，本卡应有自己的 region"
            )
    yield from _lesson_faults(content, regions)
    yield from _scene_faults(content, regions)
    yield from _shared_wordings(content)
    yield from _later_faults(content, regions, points | set(cards))
    known: dict[str, Place] = {}
    for topic in content.topics:
        if topic.id in known:
            yield f"{topic.place}: id “{topic.id}” 与 {known[topic.id]} 重复"
        known.setdefault(topic.id, topic.place)
        if topic.parent and topic.parent not in topics:
            yield f"{topic.place}: [{topic.id}] parent “{topic.parent}” 不在 topics.yaml"
    for guard in content.guards:
        if guard.card not in cards:
            yield f"{guard.place}: [{guard.id}] card “{guard.card}” 不存在"
    named: dict[str, Region] = {}
    for region in content.regions:
        if region.parent and region.parent not in regions:
            yield f"{region.place}: [{region.name}] parent “{region.parent}” 不在 regions.yaml"
        for alias in dict.fromkeys((region.name, region.full, *region.also)):
            if alias in named:
                yield f"{region.place}: [{region.name}] “{alias}” 已经是 {named[alias].name}"
            named.setdefault(alias, region)


def _lesson_faults(content: Content, regions: set[str]) -> Iterator[str]:
    seen: dict[str, Place] = {}
    for lesson_ in content.lessons:
        if regions and lesson_.region not in regions:
            yield f"{lesson_.place}: [{lesson_.point}] region “{lesson_.region}” 不在 regions.yaml"
        named = [(lesson_.point, lesson_.place), *((i.id, i.place) for i in lesson_.forms)]
        for name, place in named:
            if name in seen:
                yield f"{place}: id “{name}” 与 {seen[name]} 重复"
            seen.setdefault(name, place)


def _scene_faults(content: Content, regions: set[str]) -> Iterator[str]:
    seen: dict[str, Place] = {}
    for scene_ in content.scenes:
        if regions and scene_.region not in regions:
            yield f"{scene_.place}: [{scene_.id}] region “{scene_.region}” 不在 regions.yaml"
        if scene_.id in seen:
            yield f"{scene_.place}: id “{scene_.id}” 与 {seen[scene_.id]} 重复"
        seen.setdefault(scene_.id, scene_.place)


def _shared_wordings(content: Content) -> Iterator[str]:
    """A wording belongs to one entry, or to a card and its local versions."""
    owner: dict[str, tuple[str, str, Place]] = {}
    asked_of: list[tuple[str, Place, tuple[str, ...]]] = [
        *((c.of or c.id, c.place, c.questions) for c in content.cards),
        *((p.point, p.place, p.questions) for p in content.points),
        *((c.id, c.place, c.questions) for c in content.cases),
    ]
    for name, place, questions in asked_of:
        for question in questions:
            first = owner.setdefault(bare(question), (name, question, place))
            if first[0] != name:
                yield (
                    f"{place}: [{name}] questions: “{question}” 与 {first[2]} [{first[0]}] 的"
                    f"“{first[1]}” 是同一句；一种问法只能属于一处"
                )


def _later_faults(content: Content, regions: set[str], entries_: set[str]) -> Iterator[str]:
    """Faults of glossary, gaps, conflicts and replaced texts."""
    named: dict[str, Place] = {}
    for term in content.terms:
        for name in dict.fromkeys((term.term, *term.also)):
            if name in named:
                yield f"{term.place}: [{term.term}] “{name}” 与 {named[name]} 重复"
            named.setdefault(name, term.place)
        if term.see and term.see not in entries_:
            yield f"{term.place}: [{term.term}] see “{term.see}” 不是卡片或要点"
    for gap in content.gaps:
        if regions and gap.region not in regions:
            yield f"{gap.place}: [{gap.region}] region “{gap.region}” 不在 regions.yaml"
    for conflict in content.conflicts:
        for point in conflict.points:
            if point not in entries_:
                yield f"{conflict.place}: [{conflict.id}] points “{point}” 没有规则文件"
        for side in conflict.sides:
            if regions and side.where not in regions:
                yield f"{conflict.place}: [{conflict.id}] where “{side.where}” 不在 regions.yaml"
