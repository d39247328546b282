"""What the project writes, piece by piece: cards, rules, cases, digests and their helpers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from knowledge.citation import Citation
from knowledge.lessons import Item, Lesson
from knowledge.numerals import narrow
from knowledge.records import NOWHERE
from knowledge.records import Place as Place
from knowledge.scenes import Scene

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
AMOUNTS = ("最低工资", "工资指导线", "社会平均工资", "居民消费价格指数", "高温津贴")
"""Amounts that change with the year; an operator imports them (`xst figures import`)."""

VERDICTS = ("可以", "不可以", "要看")

COMPARISONS = ("以内", "以上", "至少", "不超过", "过", "等于", "之前", "")


def bare(wording: str) -> str:
    """A wording without punctuation and particles, to tell whether two are the same."""
    return re.sub(r"[\W_]|[了的呢吗啊呀嘛吧]", "", narrow(wording)).lower()


@dataclass(frozen=True, slots=True)
class Leave:
    """The verdict, one of VERDICTS, on what `asked` asks leave for: 「单位可以不交社保吗」."""

    asked: str
    verdict: str


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
    of: str = ""
    """The national card whose question this one answers for its region."""
    amounts: tuple[str, ...] = ()
    """Which of AMOUNTS the answer needs."""
    may: Leave | None = None
    place: Place = NOWHERE


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
    place: Place = NOWHERE


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
    explain: str = ""
    """What the rules do not say: why, an exception, a common error."""
    explain_cite: tuple[Citation, ...] = ()
    may: Leave | None = None
    place: Place = NOWHERE


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
    when: str = ""
    """Year or month of the source, 2023 or 2023-05."""
    place: Place = NOWHERE


@dataclass(frozen=True, slots=True)
class Digest:
    """What one article says, in own words."""

    citation: Citation
    says: str
    reviewed: str
    drafted: date
    place: Place = NOWHERE


@dataclass(frozen=True, slots=True)
class Term:
    """A term of the field in one sentence; `source` where no article holds it, `see` the card or
    point that says more."""

    term: str
    says: str
    reviewed: str
    drafted: date
    also: tuple[str, ...] = ()
    cite: tuple[Citation, ...] = ()
    source: str = ""
    see: str = ""
    place: Place = NOWHERE


@dataclass(frozen=True, slots=True)
class Gap:
    """What the library lacks of a region's own rules on bargaining, for a contract type; `has`
    names the region's laws that it holds."""

    region: str
    says: str
    drafted: date
    contract: str = "任何"
    has: tuple[str, ...] = ()
    place: Place = NOWHERE


@dataclass(frozen=True, slots=True)
class Side:
    """What one side of a conflict says."""

    where: str
    says: str
    cite: tuple[Citation, ...]
    contract: str = "任何"


@dataclass(frozen=True, slots=True)
class Conflict:
    """Texts that say different things at a point, and how the assistant treats it; `note` is what
    it tells people."""

    id: str
    title: str
    sides: tuple[Side, ...]
    treat: str
    drafted: date
    points: tuple[str, ...] = ()
    note: str = ""
    place: Place = NOWHERE


@dataclass(frozen=True, slots=True)
class Replaced:
    """A text that people still ask for by name, and what took its place."""

    law: str
    by: tuple[str, ...]
    says: str
    cite: tuple[Citation, ...]
    drafted: date
    also: tuple[str, ...] = ()
    place: Place = NOWHERE


@dataclass(frozen=True, slots=True)
class Topic:
    id: str
    name: str
    parent: str = ""
    words: tuple[str, ...] = ()
    cite: tuple[Citation, ...] = ()
    place: Place = NOWHERE


@dataclass(frozen=True, slots=True)
class Synonym:
    """What the law calls `term`, people call `lay`."""

    term: str
    lay: tuple[str, ...]
    place: Place = NOWHERE


@dataclass(frozen=True, slots=True)
class Region:
    name: str
    full: str
    parent: str = ""
    also: tuple[str, ...] = ()
    place: Place = NOWHERE


@dataclass(frozen=True, slots=True)
class Guard:
    """A message that needs a fixed reaction; patterns are regular expressions."""

    id: str
    card: str
    any: tuple[str, ...] = ()
    all: tuple[tuple[str, ...], ...] = ()
    unless: tuple[str, ...] = ()
    place: Place = NOWHERE


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
    place: Place = NOWHERE


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
    terms: tuple[Term, ...] = ()
    gaps: tuple[Gap, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    replaced: tuple[Replaced, ...] = ()
    lessons: tuple[Lesson, ...] = ()
    scenes: tuple[Scene, ...] = ()
    bound: Mapping[Citation, str] = field(default_factory=dict)
    """What the quiz items' articles said when they were proved (`knowledge.bound`)."""

    @property
    def rules(self) -> Iterator[Rule]:
        return (rule for point in self.points for rule in point.rules)

    @property
    def items(self) -> Iterator[Item]:
        return (item for lesson in self.lessons for item in lesson.forms)
