"""What the project itself wrote (`knowledge/content`), read strictly into records.

The form of every file is told in `knowledge/content/README.md`. A fault names file, line,
entry and field.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import MISSING, dataclass, fields
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import yaml

from knowledge.citation import Citation, CitationError, law_name, read_citation
from knowledge.figures import worked
from knowledge.numerals import normal_article
from knowledge.records import KnowledgeError

CONTENT = Path(__file__).parent / "content"

CONTRACTS = ("任何", "综合", "工资", "女职工", "安全")
AUDIENCES = ("worker", "negotiator", "employer", "official")
DISPOSITIONS = ("answer", "clarify", "refuse", "escalate")
UNITS = (
    "日",
    "工作日",
    "月",
    "年",
    "周",
    "小时",
    "分钟",
    "人",
    "次",
    "份",
    "份额",
    "元",
    "倍",
    "岁",
    "级",
)
COMPARISONS = ("以内", "以上", "至少", "不超过", "过", "等于", "之前", "")


class ContentError(KnowledgeError):
    """A content file is not in its form; the message names file, line, entry and field."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an entry stands, for messages: cards/wages.yaml:12."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Card:
    """A question that people ask, and its plain answer."""

    id: str
    topic: str
    title: str
    audience: tuple[str, ...]
    questions: tuple[str, ...]
    answer: str
    next: str
    reviewed: str
    drafted: date
    cite: tuple[Citation, ...] = ()
    region: str = "国家"
    contract: str = "任何"
    disposition: str = "answer"
    point: str = ""
    varies: bool = False
    crisis: bool = False
    about: bool = False
    worked: tuple[str, ...] = ()
    place: Place = Place("", 0)


@dataclass(frozen=True, slots=True)
class Span:
    """The machine-readable figure of a rule.

    `number` as written ("20", "2/3"), `unit` one of UNITS, `compare` one of COMPARISONS;
    `since` the starting event, `until` what must be done, `of` what a share is a share of.
    """

    number: str
    unit: str
    compare: str = ""
    since: str = ""
    until: str = ""
    of: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the procedure: what holds at a point, in a region, for a contract type."""

    id: str
    point: str
    region: str
    contract: str
    says: str
    cite: tuple[Citation, ...]
    figures: tuple[Span, ...] = ()
    caution: str = ""
    worked: tuple[str, ...] = ()
    place: Place = Place("", 0)


@dataclass(frozen=True, slots=True)
class Point:
    """One point of the procedure that people ask for, with its rules."""

    point: str
    title: str
    step: str
    topic: str
    questions: tuple[str, ...]
    next: str
    rules: tuple[Rule, ...]
    reviewed: str
    drafted: date
    varies: bool = True
    place: Place = Place("", 0)


@dataclass(frozen=True, slots=True)
class Case:
    """A model case: what happened, what made it work, what to copy."""

    id: str
    title: str
    topic: str
    source: str
    questions: tuple[str, ...]
    cite: tuple[Citation, ...]
    happened: str
    worked_because: str
    copy: str
    reviewed: str
    drafted: date
    region: str = "国家"
    industry: str = ""
    place: Place = Place("", 0)


@dataclass(frozen=True, slots=True)
class Digest:
    """What one article says, in own words."""

    citation: Citation
    says: str
    reviewed: str
    drafted: date
    place: Place = Place("", 0)


@dataclass(frozen=True, slots=True)
class Topic:
    id: str
    name: str
    parent: str = ""
    words: tuple[str, ...] = ()
    cite: tuple[Citation, ...] = ()
    place: Place = Place("", 0)


@dataclass(frozen=True, slots=True)
class Synonym:
    """What the law calls `term`, people call `lay`."""

    term: str
    lay: tuple[str, ...]
    place: Place = Place("", 0)


@dataclass(frozen=True, slots=True)
class Region:
    name: str
    full: str
    parent: str = ""
    also: tuple[str, ...] = ()
    place: Place = Place("", 0)


@dataclass(frozen=True, slots=True)
class Guard:
    """A message that needs a fixed reaction; patterns are regular expressions."""

    id: str
    card: str
    any: tuple[str, ...] = ()
    all: tuple[tuple[str, ...], ...] = ()
    unless: tuple[str, ...] = ()
    place: Place = Place("", 0)


@dataclass(frozen=True, slots=True)
class Override:
    """A reviewed correction of a text's validity; `version` "" means every version."""

    law: str
    status: str
    why: str
    checked: str
    version: str = ""
    since: date | None = None
    until: date | None = None
    place: Place = Place("", 0)


@dataclass(frozen=True, slots=True)
class Content:
    """Everything the project wrote, read and checked for form."""

    cards: tuple[Card, ...] = ()
    points: tuple[Point, ...] = ()
    cases: tuple[Case, ...] = ()
    digests: tuple[Digest, ...] = ()
    topics: tuple[Topic, ...] = ()
    synonyms: tuple[Synonym, ...] = ()
    regions: tuple[Region, ...] = ()
    guards: tuple[Guard, ...] = ()
    overrides: tuple[Override, ...] = ()

    @property
    def rules(self) -> Iterator[Rule]:
        return (rule for point in self.points for rule in point.rules)


def read_content(folder: Path = CONTENT, faults: list[str] | None = None) -> Content:
    """Read every file under `folder`. Raises ContentError at the first fault; with `faults`
    given, every fault is put there instead and the faulty entries are left out."""
    read = _Reader(folder, faults)
    content = Content(
        cards=tuple(read.lists("cards", _card)),
        points=tuple(read.files("rules", _point)),
        cases=tuple(read.cases("cases")),
        digests=tuple(d for ds in read.files("digests", _digests) for d in ds),
        topics=tuple(read.list_file("topics.yaml", _topic)),
        synonyms=tuple(read.list_file("synonyms.yaml", _synonym)),
        regions=tuple(read.list_file("regions.yaml", _region)),
        guards=tuple(read.list_file("guards.yaml", _guard)),
        overrides=tuple(read.list_file("validity.yaml", _override)),
    )
    for fault in _cross_faults(content):
        read.fault(fault)
    return content


def read_overrides(folder: Path = CONTENT) -> tuple[Override, ...]:
    """The reviewed corrections of validity alone; all that an import needs of the content."""
    return tuple(_Reader(folder, None).list_file("validity.yaml", _override))


T = TypeVar("T")
Entry = dict[str, Any]
_ID = re.compile(r"[a-z0-9]+(?:[-.][a-z0-9]+)*")


class _Lines(yaml.SafeLoader):
    """SafeLoader that remembers the line of every mapping and refuses a repeated key."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            problem = "键应为文字" if not isinstance(key, yaml.ScalarNode) else ""
            problem = problem or (f"键 {key.value} 写了两次" if key.value in seen else "")
            if problem:
                raise yaml.constructor.ConstructorError(None, None, problem, key.start_mark)
            seen.add(key.value)
            key.tag = "tag:yaml.org,2002:str"  # YAML 1.1 reads a bare key `on` as true
        mapping = super().construct_mapping(node, deep=True)
        mapping["__line__"] = node.start_mark.line + 1
        return mapping


class _Several(ContentError):
    """Faults of the parts of one entry: (line, id, message) each."""

    def __init__(self, faults: list[tuple[int, str, str]]) -> None:
        super().__init__(faults)
        self.faults = faults


class _Reader:
    def __init__(self, folder: Path, faults: list[str] | None) -> None:
        self.folder, self.faults = folder, faults

    def fault(self, message: str) -> None:
        if self.faults is None:
            raise ContentError(message)
        self.faults.append(message)

    def read(self, path: Path) -> str | None:
        try:
            return path.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError:
            self.fault(f"{self.name(path)}:1: 不是 UTF-8 文件，请另存为 UTF-8")
            return None

    def name(self, path: Path) -> str:
        return path.relative_to(self.folder).as_posix()

    def yaml(self, text: str | None, name: str, above: int = 0) -> Any:
        """`text` as YAML values; `above` lines of the file stand before it."""
        try:
            return None if text is None else yaml.load(text, _Lines)
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            line = (mark.line + 1 if mark else 1) + above
            problem = getattr(error, "problem", None) or getattr(error, "reason", None) or error
            self.fault(f"{name}:{line}: YAML 写法有误：{problem}")
        except (ValueError, RecursionError) as error:  # 2026-13-40 looks like a date and is none
            self.fault(f"{name}:{1 + above}: YAML 写法有误：{error}")
        return None

    def entry(
        self, make: Callable[[Entry, Place], T], raw: Any, name: str, above: int = 0
    ) -> Iterator[T]:
        line = above + (raw.pop("__line__", 1) if isinstance(raw, dict) else 1)
        ident = ""
        try:
            if not isinstance(raw, dict):
                raise ContentError("应为“键: 值”的条目")
            ident = str(next((raw[k] for k in _NAMING if raw.get(k)), ""))
            yield make(raw, Place(name, line))
        except _Several as several:
            for at, part, message in several.faults:
                self.fault(f"{name}:{at}: [{part}] {message}")
        except KnowledgeError as error:
            self.fault(f"{name}:{line}: {f'[{ident}] ' if ident else ''}{error}")

    def list_file(self, name: str, make: Callable[[Entry, Place], T]) -> Iterator[T]:
        path = self.folder / name
        if not path.exists():
            return
        raw = self.yaml(self.read(path), name)
        if raw is not None and not isinstance(raw, list):
            self.fault(f"{name}:1: 应为列表（每条以 - 开头）")
            return
        for item in raw or []:
            yield from self.entry(make, item, name)

    def lists(self, sub: str, make: Callable[[Entry, Place], T]) -> Iterator[T]:
        for path in sorted((self.folder / sub).glob("*.yaml")):
            yield from self.list_file(f"{sub}/{path.name}", make)

    def files(self, sub: str, make: Callable[[Entry, Place], T]) -> Iterator[T]:
        for path in sorted((self.folder / sub).glob("*.yaml")):
            raw = self.yaml(self.read(path), f"{sub}/{path.name}")
            if raw is not None:
                yield from self.entry(make, raw, f"{sub}/{path.name}")

    def cases(self, sub: str) -> Iterator[Case]:
        for path in sorted((self.folder / sub).glob("*.md")):
            name, text = f"{sub}/{path.name}", self.read(path)
            if text is None:
                continue
            parts = re.split(r"^---[ \t]*\n", text, maxsplit=2, flags=re.M)
            if len(parts) != 3 or parts[0].strip():
                self.fault(f"{name}:1: 缺少以 --- 包住的开头")
                continue
            above = parts[0].count("\n") + 1
            front = self.yaml(parts[1], name, above)
            if front is not None:
                make = partial(_case, body=parts[2])
                yield from self.entry(make, front, name, above)


_NAMING = ("id", "point", "law", "name", "term", "title")
_TYPES: dict[str, tuple[type, str]] = {"str": (str, "文字"), "bool": (bool, "true 或 false")}


def _take(raw: Entry, kind: type, **given: Any) -> dict[str, Any]:
    """Keys of `raw` that the record knows, strictly: none unknown, none missing."""
    known = {f.name for f in fields(kind)} - {"place"}
    unknown = set(raw) - known - set(given) - {"__line__"}
    if unknown:
        raise ContentError(f"不认识的字段：{'、'.join(sorted(unknown))}")
    values = {k: v for k, v in raw.items() if k in known} | given
    needed = {f.name for f in fields(kind) if f.default is MISSING}
    missing = [n for n in needed if values.get(n) in (None, "", ())]
    if missing:
        raise ContentError(f"缺少字段：{'、'.join(sorted(missing))}")
    for f in fields(kind):
        wanted, said = _TYPES.get(str(f.type), (object, ""))
        if f.name in values and not isinstance(values[f.name], wanted):
            raise ContentError(f"{f.name}: 应为{said}（像数字或日期的文字请加引号）")
    return values


def _texts(value: Any, field: str) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, list) or not all(type(v) in (str, int, float) for v in value):
        raise ContentError(f"{field}: 应为文字列表（像 yes、no、日期的文字请加引号）")
    texts = tuple(str(v).strip() for v in value)
    if "" in texts:
        raise ContentError(f"{field}: 有空的一条")
    return texts


def _entries(value: Any, field: str) -> list[Entry]:
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(v, dict) for v in value):
        raise ContentError(f"{field}: 应为列表，每条是“键: 值”")
    return value


def _cites(value: Any) -> tuple[Citation, ...]:
    try:
        return tuple(read_citation(v) for v in _texts(value, "cite"))
    except CitationError as error:
        raise ContentError(f"cite: {error}") from error


def _reviewed(value: Any) -> str:
    if isinstance(value, dict) and set(value) - {"__line__"} == {"by", "on"} and value["by"]:
        return f"{value['by']} {_day(value['on'], 'reviewed: on')}"
    if value != "unreviewed":
        raise ContentError("reviewed: 应为 unreviewed，或 {by: 姓名, on: 日期}")
    return "unreviewed"


def _one_of(value: Any, allowed: tuple[str, ...], field: str) -> str:
    if not isinstance(value, str) or value not in allowed:
        raise ContentError(f"{field}: “{value}” 不在 {'、'.join(a for a in allowed if a)} 之中")
    return value


def _ident(value: Any, field: str = "id") -> str:
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise ContentError(f"{field}: “{value}” 只能用小写字母、数字和连字符")
    return value


def _day(value: Any, field: str) -> date:
    if type(value) is not date:
        raise ContentError(f"{field}: 应为日期，如 2026-11-20")
    return value


def _sums(value: Any) -> tuple[str, ...]:
    sums = _texts(value, "worked")
    for equation in sums:
        try:
            worked(equation)
        except ValueError as error:
            raise ContentError(f"worked: {error}") from error
    return sums


def _asked(questions: tuple[str, ...], least: int) -> None:
    if len(questions) < least:
        raise ContentError(f"questions: 至少 {least} 种问法，现在 {len(questions)} 种")


def _short(**texts: tuple[str, int]) -> None:
    for field, (text, most) in texts.items():
        if len(text) > most:
            raise ContentError(f"{field}: 最多 {most} 字，现在 {len(text)} 字")


def _card(raw: Entry, place: Place) -> Card:
    disposition = _one_of(raw.get("disposition", "answer"), DISPOSITIONS, "disposition")
    values = _take(
        raw,
        Card,
        id=_ident(raw.get("id")),
        audience=tuple(
            _one_of(a, AUDIENCES, "audience") for a in _texts(raw.get("audience"), "audience")
        ),
        questions=_texts(raw.get("questions"), "questions"),
        cite=_cites(raw.get("cite")),
        contract=_one_of(raw.get("contract", "任何"), CONTRACTS, "contract"),
        disposition=disposition,
        worked=_sums(raw.get("worked")),
        reviewed=_reviewed(raw.get("reviewed")),
        drafted=_day(raw.get("drafted"), "drafted"),
    )
    card = Card(**values, place=place)
    _asked(card.questions, 6)
    _short(title=(card.title, 30), answer=(card.answer, 300), next=(card.next, 60))
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
        _one_of(raw.get("unit", ""), UNITS, "figures: unit"),
        _one_of(raw.get("compare", ""), COMPARISONS, "figures: compare"),
        str(raw.get("from", "")),
        str(raw.get("to", "")),
        str(raw.get("of", "")),
    )


def _rule(raw: Entry, point: str, place: Place) -> Rule:
    return Rule(
        **_take(
            raw,
            Rule,
            id=_ident(raw.get("id")),
            point=point,
            contract=_one_of(raw.get("contract", ""), CONTRACTS, "contract"),
            cite=_cites(raw.get("cite")),
            figures=tuple(_span(s) for s in _entries(raw.get("figures"), "figures")),
            worked=_sums(raw.get("worked")),
        ),
        place=place,
    )


def _rules(raw: Entry, point: str, file: str) -> tuple[Rule, ...]:
    rules: list[Rule] = []
    faults: list[tuple[int, str, str]] = []
    for entry in _entries(raw.get("rules"), "rules"):
        line = entry.pop("__line__", 1)
        try:
            rules.append(_rule(entry, point, Place(file, line)))
        except KnowledgeError as error:
            faults.append((line, str(entry.get("id") or point), str(error)))
    if faults:
        raise _Several(faults)
    return tuple(rules)


def _point(raw: Entry, place: Place) -> Point:
    name = _ident(raw.get("point"), "point")
    values = _take(
        raw,
        Point,
        questions=_texts(raw.get("questions"), "questions"),
        rules=_rules(raw, name, place.file),
        reviewed=_reviewed(raw.get("reviewed")),
        drafted=_day(raw.get("drafted"), "drafted"),
    )
    point = Point(**values, place=place)
    _asked(point.questions, 6)
    _short(title=(point.title, 30), next=(point.next, 60))
    return point


def _case(raw: Entry, place: Place, body: str) -> Case:
    before, *parts = re.split(r"^##\s*(.+?)\s*$", body, flags=re.M)
    wanted = ("发生了什么", "为什么成", "可以照做")
    texts = [part.strip() for part in parts[1::2]]
    if before.strip() or tuple(parts[::2]) != wanted or not all(texts):
        raise ContentError(f"正文应是三个标题各带一段：{'、'.join(wanted)}")
    case = Case(
        **_take(
            raw,
            Case,
            id=_ident(raw.get("id")),
            questions=_texts(raw.get("questions"), "questions"),
            cite=_cites(raw.get("cite")),
            reviewed=_reviewed(raw.get("reviewed")),
            drafted=_day(raw.get("drafted"), "drafted"),
            happened=texts[0],
            worked_because=texts[1],
            copy=texts[2],
        ),
        place=place,
    )
    _asked(case.questions, 3)
    return case


def _digests(raw: Entry, place: Place) -> list[Digest]:
    unknown = set(raw) - {"law", "reviewed", "drafted", "articles", "__line__"}
    if unknown:
        raise ContentError(f"不认识的字段：{'、'.join(sorted(unknown))}")
    reviewed, drafted = _reviewed(raw.get("reviewed")), _day(raw.get("drafted"), "drafted")
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
        found.append(
            Digest(Citation(law_name(law), number), says.strip(), reviewed, drafted, place)
        )
    return found


def _topic(raw: Entry, place: Place) -> Topic:
    words, cite = _texts(raw.get("words"), "words"), _cites(raw.get("cite"))
    return Topic(**_take(raw, Topic, id=_ident(raw.get("id")), words=words, cite=cite), place=place)


def _synonym(raw: Entry, place: Place) -> Synonym:
    return Synonym(**_take(raw, Synonym, lay=_texts(raw.get("lay"), "lay")), place=place)


def _region(raw: Entry, place: Place) -> Region:
    return Region(**_take(raw, Region, also=_texts(raw.get("also"), "also")), place=place)


def _guard(raw: Entry, place: Place) -> Guard:
    listed = raw.get("all") or []
    if not isinstance(listed, list):
        raise ContentError("all: 应为列表的列表")
    groups = tuple(_texts(group, "all") for group in listed)
    guard = Guard(
        **_take(
            raw,
            Guard,
            id=_ident(raw.get("id")),
            any=_texts(raw.get("any"), "any"),
            all=groups,
            unless=_texts(raw.get("unless"), "unless"),
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
            _day(value, key)
    _one_of(raw.get("status"), ("in_force", "superseded", "repealed", "unverified"), "status")
    for key in ("version", "checked"):  # 2026-11-20, with or without quotes
        given[key] = str(raw.get(key) or "")
    if given["version"] and not re.fullmatch(r"\d{4}-\d\d-\d\d", given["version"]):
        raise ContentError(f"version: “{given['version']}” 应为文件名里的日期，如 2004-09-25")
    if isinstance(raw.get("law"), str):
        given["law"] = law_name(raw["law"])
    return Override(**_take(raw, Override, **given), place=place)


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
    cards = {c.id for c in content.cards}
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
