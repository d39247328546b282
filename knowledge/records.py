"""The records of the library: laws, their versions, their articles, and the project's content."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum


class KnowledgeError(Exception):
    """Content or a law text is unusable; the message names file, entry and what to do."""


class Level(StrEnum):
    """Rank of a text, highest first (立法法 ch. 5)."""

    CONSTITUTION = "宪法"
    LAW = "法律"
    INTERPRETATION = "司法解释"
    REGULATION = "行政法规"
    LOCAL = "地方性法规"
    RULE = "部门规章"
    CASE = "案例"
    OTHER = "其他"


class Status(StrEnum):
    """What is known of a version's validity on a given day."""

    IN_FORCE = "现行有效"
    UNVERIFIED = "效力未核"
    NOT_YET = "尚未施行"
    SUPERSEDED = "已被修改"
    REPEALED = "已废止"


@dataclass(frozen=True, slots=True)
class ParsedArticle:
    """One addressable unit of a text as the importer cut it.

    `number` is 第X条 or 第X条之一 for articles, "一、" or "1." for numbered items of texts
    without articles, "附录…" for appendices, "全文" for a text kept whole. `text` holds the
    paragraphs (款) as lines, without the head; items (项) are lines that begin with （一） or
    1., and belong to the paragraph before them. `chapter` is "第二章 集体协商内容 / 第一节 …".
    """

    number: str
    text: str
    chapter: str = ""
    kind: str = "article"  # article | item | appendix | whole | preamble


@dataclass(frozen=True, slots=True)
class Warning_:
    """A named trap met in a text; `kind` is one of `importers.splitter.WARNINGS`."""

    kind: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ParsedText:
    """One law text as read from one file, before it is placed in the library.

    `title` as printed, `name` without 中华人民共和国 and date (民法典 for all its 编; the 编
    then stands in `part`). `header` are the lines of promulgation history.
    `repeals` are names of laws that this text ends, from its own 「…同时废止」.
    """

    source: str
    title: str
    name: str
    articles: tuple[ParsedArticle, ...]
    part: str = ""
    header: tuple[str, ...] = ()
    promulgated: date | None = None
    amended: date | None = None
    effective: date | None = None
    version: str = ""  # date label of the version, ISO, or "" when unknown
    level: Level = Level.OTHER
    region: str = "国家"
    repeals: tuple[str, ...] = ()
    expired: bool | None = None  # what the source's metadata says, if anything
    sha256: str = ""
    warnings: tuple[Warning_, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Place:
    """Where an entry stands, for messages: cards/wages.yaml:12."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


NOWHERE = Place("", 0)
