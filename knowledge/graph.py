"""Which article cites which: the arrows between articles, drawn once when a library is built.

Precision before recall: a wrong arrow is worse than a missing one. A place counts only where the
words right before it say whose article it is; what speaks of an earlier wording (原刑法, 修正前的)
or of a law that the library does not hold is left out. Where the law was changed after the text was
written, an arrow leads to the article that was meant, under its number of today, or nowhere.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from knowledge.citation import Citation, Mention, article_order, find_citations, law_name
from knowledge.numerals import NUMBER, exact
from knowledge.records import Level
from knowledge.renumbering import Proof, follows, today

TABLE = "citations"
"""Columns: article (id), start and end (offsets in its text), law, printed (the number that stands
there, "" for the whole law), number (where that article stands in the newest version)."""


@dataclass(frozen=True, slots=True)
class Arrow:
    """One place in the text of `article` (its id) that cites another article or a whole law.

    `citation` counts as the newest version does, `printed` is the number in the text; both have
    "" for the whole law. What a range only implies has a place of no length.
    """

    article: str
    citation: Citation
    printed: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Unit:
    """What of an article the arrows are read from."""

    id: str
    number: str
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Version:
    """One text, its units in order. `abbreviations` are what it calls other laws; `written` is
    the day of its wording, `start` the day since which it holds, both ISO or ""."""

    law: str
    level: str
    units: tuple[Unit, ...]
    abbreviations: Mapping[str, str]
    written: str = ""
    start: str = ""
    first: bool = False
    """Whether it is the wording that was passed, with no change since."""
    numbers: Mapping[str, str] = field(default_factory=dict)
    """Number -> text of the articles; of a number that occurs twice, the first."""

    @property
    def speaks_for_itself(self) -> bool:
        """Whether a bare 第三条 is its own: not where articles of another law are explained,
        quoted or changed."""
        return self.level not in (Level.INTERPRETATION, Level.CASE) and not self.amends

    @property
    def amends(self) -> bool:
        return bool(_AMENDS.search(self.law))


Known = Mapping[str, Sequence[Version]]
"""Every law of the library by name, its versions oldest first."""


def draw(connection: sqlite3.Connection) -> int:
    """Fill the table of citations of a library from its articles; the number of its rows.

    What was there before is replaced. The caller commits.
    """
    run = connection.execute
    run(f"DROP TABLE IF EXISTS {TABLE}")
    run(
        f"CREATE TABLE {TABLE} (article TEXT, start INTEGER, end INTEGER, law TEXT, printed TEXT,"
        " number TEXT, PRIMARY KEY (article, start, law, printed)) WITHOUT ROWID"
    )
    known = _read(connection)
    rows = (
        (a.article, a.start, a.end, a.citation.law, a.printed, a.citation.article)
        for versions in known.values()
        for version in versions
        for a in arrows(version, known)
    )
    connection.executemany(f"INSERT OR IGNORE INTO {TABLE} VALUES (?,?,?,?,?,?)", rows)
    run(f"CREATE INDEX {TABLE}_cited ON {TABLE} (law, number)")
    count: int = run(f"SELECT count(*) FROM {TABLE}").fetchone()[0]
    return count


def read_arrows(connection: sqlite3.Connection, where: str, values: Sequence[str]) -> list[Arrow]:
    """The arrows of which `where` holds, by article and place."""
    rows = connection.execute(
        "SELECT article, law, number, printed, start, end"
        f" FROM {TABLE} WHERE {where} ORDER BY article, start, end",
        values,
    )
    return [Arrow(r[0], Citation(r[1], r[2]), *r[3:]) for r in rows]


def _read(connection: sqlite3.Connection) -> dict[str, list[Version]]:
    rows = connection.execute(
        "SELECT v.id, v.law, v.level, coalesce(v.start, ''), v.label, v.header,"
        " a.id, a.number, a.kind, a.text FROM articles a JOIN versions v ON v.id = a.version"
        " ORDER BY v.law, coalesce(v.start, ''), v.id, a.position"
    ).fetchall()
    laws = {r[1] for r in rows}
    known: dict[str, list[Version]] = {}
    for (_, law, level, start, label, header), group in groupby(rows, key=lambda r: r[:6]):
        units = [Unit(*r[6:]) for r in group]
        written = max(start, label or "")
        version = make_version(law, level, units, laws, written, start, _unchanged(header or ""))
        known.setdefault(law, []).append(version)
    return known


_DAY = re.compile(r"(\d{4})年\d{1,2}月\d{1,2}日")


def _unchanged(header: str) -> bool:
    """Whether a text's own history tells of no change: passed and published within two years."""
    years = [int(y) for y in _DAY.findall(header)]
    return not re.search("修[正订改]", header) and max(years, default=0) - min(years, default=0) < 2


def make_version(
    law: str,
    level: str,
    units: Sequence[Unit],
    laws: Collection[str] = (),
    written: str = "",
    start: str = "",
    first: bool = True,
) -> Version:
    """A text with what `arrows` must know of it; `laws` are the names that it may abbreviate."""
    short = abbreviations((u.text for u in units), laws)
    numbers = {u.number: u.text for u in reversed(units)}
    return Version(law, level, tuple(units), short, written, start, first, numbers)


# Names

_ANY = r"《(?P<name>[^《》]*(?:《[^《》]*》[^《》]*)*)》"
_SHORT = re.compile(
    rf"{_ANY}\s*[（(](?:[^（）()]{{0,40}}[，,；;])?\s*以?下(?:统一)?简?称[：:]?\s*"
    r"(?P<short>[“\"《]?[^“”\"《》（）()，,；;、]{1,30}[》”\"]?)[^（）()]{0,12}[）)]"
)
_AMENDS = re.compile(r"修改|修正案|废止")
_TITLE = "法典?|条例|办法|细则|规则|规定|解释|决定|章程|通则|公约|意见|通知|修正案"


def abbreviations(texts: Iterable[str], known: Collection[str]) -> dict[str, str]:
    """What a text calls other laws, from its own 《…》（以下简称…）: short name -> name.

    A name of a law that is not `known` leads to "", and so does one given to two laws: under
    this name the text means no law that can be followed.
    """
    found: dict[str, str] = {}
    for text in texts:
        if "称" not in text:
            continue
        for m in _SHORT.finditer(text):
            short = m["short"].strip('“”"《》 ')
            law = law_name(m["name"])
            law = law if law in known else ""
            found[short] = law if found.get(short, law) == law else ""
    return found


_LIST = rf"{NUMBER}(?:\s*[、至到和\-－—–]\s*(?:第\s*)?{NUMBER})*"
_PLACE_AHEAD = rf"(?=(?:\s*第\s*{NUMBER}\s*[编章节])*\s*第\s*{_LIST}\s*条(?!例|件))"
_NAME_END = re.compile(rf"(?:{_TITLE})(?:（[^）]{{1,6}}）)?{_PLACE_AHEAD}")
_LONGEST = 60

# What stands before a law's name without 《》; anything else may be the head of a longer name.
_BORDER = re.compile(
    r"(?:^|[\s，。；：、（(“”\"》〉！？]|中华人民共和国|我国|[依按参]照|[依根]据|违反|适用|符合|触犯|遵守|执行"
    r"|属于|构成|具有|享有|存在|认定为|视为|作为|以及|或者?|和|与|及|对|有|是|为|因|由|在|以|将|按|除|经|即|如|到"
    r"|就|于|不|的|中|应当?|均|所称|关于|[条款项])$"
)
# 原刑法, 1979年《刑法》, 修改后的民事诉讼法: a wording that may not be the one in force.
_EARLIER = re.compile(
    r"(?:原|旧|[年版]|(?:19|20)\d\d|[修废][改正订止](?:以?[前后])?的?|(?:施行|公布)的)\s*"
    r"(?:中华人民共和国)?$"
)
_DATED = re.compile(r"\d{4}\s*[年\-.]|修[改正订]|年版")


def _unmarked(text: str, names: Collection[str]) -> set[str]:
    """The names that stand in `text` without 《》 before a place, each of them whole wherever it
    stands: 竞争法 is none in 反不正当竞争法第二条."""
    found: dict[str, bool] = {}
    for m in _NAME_END.finditer(text):
        end = m.end()
        for start in range(max(0, end - _LONGEST), end - 1):
            if (name := text[start:end]) in names:
                before = text[max(0, start - 12) : start]
                whole = bool(_BORDER.search(before)) and not _EARLIER.search(before)
                found[name] = found.get(name, True) and whole
                break
    return {name for name, whole in found.items() if whole}


# Places

_HEAD = 120
"""Characters before a place in which its law is named."""

_SELF = re.compile(
    rf"本(?:实施|若干|暂行|试行)?(?P<kind>{_TITLE})(?:\s*第\s*{NUMBER}\s*[编章节])*\s*$"
)
_MARKED = re.compile(
    rf"{_ANY}\s*(?P<note>[（(][^（）()]*[）)])?(?:\s*第\s*{NUMBER}\s*[编章节])*\s*$"
)
_BETWEEN = re.compile(
    r"(?:、|和|或者?|以及|及|与|至|到|的|规定|第|之|条|款|项|[（()）\-－—–~～\s])*"
)
_FOREIGN = re.compile(
    rf"(?P<self>本(?:实施|若干|暂行|试行)?(?:{_TITLE}))|》|(?:{_TITLE}){_PLACE_AHEAD}"
)
_STOP = re.compile(r"[。；！？\n]")
_BARE = re.compile(
    r"(?:^|[。；，\n]|违反|属于|符合|[依按参]照|根据|遵守|适用|具有|享有|没有|丧失|以及|或者|由于|[有除因和及按])\s*$"
)
_MAYBE = re.compile(rf"第\s*{NUMBER}\s*条|前[两二三四五]?条|》")
_BEFORE = re.compile(r"前([两二三四五]?)条")


def arrows(version: Version, known: Known) -> list[Arrow]:
    """Every article and law that the articles of a version surely cite, in the order of the text.

    Whole articles and whole laws of those that are `known`, never the article itself. The 《…》 of
    a law belongs to the place.
    """
    found = [pair for unit in version.units for pair in _read_unit(unit, version, known)]
    proofs: dict[str, list[Proof]] = {}
    for arrow, proof in found:
        proofs.setdefault(arrow.citation.law, []).append(proof)
    kept = {law for law, of_law in proofs.items() if follows(of_law)}
    return [a for a, proof in found if proof is not Proof.OPEN or a.citation.law in kept]


def _read_unit(unit: Unit, version: Version, known: Known) -> list[tuple[Arrow, Proof]]:
    text = unit.text
    if not _MAYBE.search(text):
        return []
    named = _unmarked(text, known.keys() | version.abbreviations.keys())
    found: list[tuple[Arrow, Proof]] = []
    last: Mention | None = None
    sure = broken = False
    for m in find_citations(text, version.law, unit.number, named):
        goes_on = (
            last is not None
            and m.citation.law == last.citation.law
            and (m.start < last.end or bool(_BETWEEN.fullmatch(text, last.end, m.start)))
        )
        if not goes_on:
            sure, broken = _sure(m, unit, version), False
        last = m
        pair = _arrow(m, unit, version, known) if sure else None
        # 第二十八条或者第二十九条: where numbers moved by one, the words meant for the first
        # article prove the second.
        broken = broken or pair is None
        if pair and not (broken and pair[1] is Proof.WORDS):
            found.append(pair)
    found += [(a, Proof.DATES) for a in _laws(unit, [a for a, _ in found], version, known)]
    return sorted(found, key=lambda pair: pair[0].start)


def _sure(m: Mention, unit: Unit, version: Version) -> bool:
    """Whether the words before a place leave no doubt whose it is."""
    text, law = unit.text, m.citation.law
    head = text[max(0, m.start - _HEAD) : m.start]
    if _BEFORE.match(text, m.start):
        return not version.amends and _right_before(m, unit, version)
    if own := _SELF.search(head):
        return law == version.law and _names_itself(own["kind"], version)
    if marked := _MARKED.search(head):
        dated = _DATED.search(marked["name"]) and not _AMENDS.search(marked["name"])
        note = marked["note"] or ""
        earlier = dated or _EARLIER.search(head[: marked.start()]) or _DATED.search(note)
        return law == law_name(marked["name"]) and not earlier
    if law != version.law:
        return head.endswith(law)
    if head.endswith(law):
        return True
    if not version.speaks_for_itself or unit.kind not in ("article", "item", "preamble"):
        return False
    sentence = head[max((s.end() for s in _STOP.finditer(head)), default=0) :]
    foreign = any(not f["self"] for f in _FOREIGN.finditer(sentence + "第一条"))
    return bool(_BARE.search(head)) and not foreign


def _names_itself(kind: str, version: Version) -> bool:
    """Whether 本法 or 本条例 is the text itself: a decision quotes what another law says."""
    if version.amends or any(short.startswith("本") for short in version.abbreviations):
        return False
    if kind in ("法", "法典"):
        return version.level in (Level.LAW, Level.CONSTITUTION)
    return kind in version.law


def _right_before(m: Mention, unit: Unit, version: Version) -> bool:
    """Whether 前条 counts from labels that have no gap: before 第十条 may stand 第九条之一."""
    found = _BEFORE.match(unit.text, m.start)
    count = (exact(found[1]) if found and found[1] else 1) or 1
    labels = [u.number for u in version.units if u.kind == "article"]
    if labels.count(unit.number) != 1:
        return False
    at = labels.index(unit.number)
    return m.citation.article in labels[max(0, at - count) : at]


def _arrow(m: Mention, unit: Unit, version: Version, known: Known) -> tuple[Arrow, Proof] | None:
    law, printed = m.citation.law, m.citation.article
    if law != version.law:
        law = version.abbreviations.get(law, law)
    start, end = _place(m, unit.text)
    if law == version.law:
        if printed == unit.number or printed not in version.numbers:
            return None
        return Arrow(unit.id, Citation(law, printed), printed, start, end), Proof.DATES
    versions, amended = known.get(law, ()), not version.first
    stands = today(printed, versions, version.written, amended, _sentence(m, unit.text))
    if stands is None:
        return None
    before = max(0, start - _HEAD)
    marked = _MARKED.search(unit.text[before:start])
    if start == end:
        pass
    elif marked and law_name(marked["name"]) == m.citation.law and not marked["note"]:
        start = before + marked.start()
    elif unit.text.endswith(m.citation.law, 0, start):
        start -= len(m.citation.law)
    return Arrow(unit.id, Citation(law, stands.number), printed, start, end), stands.proof


_OWN_NUMBER = re.compile(rf"第?\s*({NUMBER})\s*(?=条|$)")


def _place(m: Mention, text: str) -> tuple[int, int]:
    """Where a place stands, with its 第 and 条; what a range only implies has no length."""
    start, end = m.start, m.end
    written = _OWN_NUMBER.match(text[start:end])
    if written and exact(written[1]) != article_order(m.citation.article)[0]:
        return start, start
    if text[start - 1 : start] == "第":
        start -= 1
    return start, end + (written is not None and text[end : end + 1] == "条")


def _sentence(m: Mention, text: str) -> str:
    """What a text says of the article that it cites: the sentence around the place."""
    before = re.split(r"[。；\n]", text[max(0, m.start - 60) : m.start])[-1]
    return before + " " + re.split(r"[。；\n]", text[m.end : m.end + 90])[0]


_LAW = re.compile(_ANY)


def _laws(unit: Unit, found: Sequence[Arrow], version: Version, known: Known) -> Iterator[Arrow]:
    """The laws in 《》 that are named as a whole; one that ends another does not cite it."""
    text = unit.text
    for m in _LAW.finditer(text):
        law = law_name(m["name"])
        law = version.abbreviations.get(law, law)
        if law == version.law or law not in known or _DATED.search(text[m.end() : m.end() + 12]):
            continue
        if _EARLIER.search(text[max(0, m.start() - 12) : m.start()]) or _ended(text, m.end()):
            continue
        if not any(a.start < m.end() and m.start() < a.end for a in found):
            yield Arrow(unit.id, Citation(law), "", m.start(), m.end())


def _ended(text: str, at: int) -> bool:
    stop = _STOP.search(text, at)
    return "废止" in text[at : stop.start() if stop else len(text)]
