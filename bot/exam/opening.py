"""Putting an exam together from a folder and a library that changes while it runs."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from bot.exam.angoff import Ratings, read_ratings
from bot.exam.records import Issued
from bot.exam.rules import Rules, read_rules
from bot.exam.sitting import Exam
from bot.exam.store import ExamStore
from knowledge.citation import Citation
from knowledge.lessons import Item

if TYPE_CHECKING:
    from starlette.routing import Route

    from knowledge.library import Article

KEYS, STATUS, DATABASE, RULES = (
    "certificate-keys.json",
    "certificate-status.txt",
    "exam.db",
    "exam.toml",
)


class Live(Protocol):
    """What the exam asks of a library on a day."""

    def items(self) -> Sequence[Item]: ...
    def article(self, citation: Citation) -> Article | None: ...


def open_exam(home: Path, live: Callable[[], Live], operator: str = "") -> Exam:
    """The exam of an installation. Raises ExamError naming file and field."""
    rules = rules_of(home, operator)
    ratings: Ratings | None = None
    if rules.judges:
        ratings = read_ratings(home / rules.judges)
    return Exam(ExamStore(home / DATABASE), lambda: live().items(), digest_by(live), rules, ratings)


def rules_of(home: Path, operator: str = "") -> Rules:
    rules = read_rules(home / RULES)
    return rules if rules.organiser else replace(rules, organiser=operator)


def digest_by(live: Callable[[], Live]) -> Callable[[Citation], str]:
    """Hashes of the words that articles have now; "" for one that is not there."""

    def digest(citation: Citation) -> str:
        found = live().article(citation.whole)
        return hashlib.sha256(found.text.encode()).hexdigest()[:16] if found else ""

    return digest


def papers(url: str) -> Callable[[Issued], bytes]:
    """Makes certificates' PDFs, whose codes open the page that verifies them at `url` ("": the
    signed text alone)."""

    def made(issued: Issued) -> bytes:
        from bot.exam.paper import find_font, paper  # a font's tools, which few need

        return paper(issued.text, f"{url}/certificate/" if url else "", find_font())

    return made


def exam_site(
    home: Path, live: Callable[[], Live], static: Path, url: str = "", operator: str = ""
) -> list[Route]:
    """`/exam` and `/certificate/` of an installation that holds exams, that is, has an exam.toml;
    none where it does not. `static` holds chat.css and icon.svg. Raises ExamError."""
    if not (home / RULES).exists():
        return []
    from bot.exam.checkpage import certificate_routes
    from bot.exam.pages import exam_routes

    exam = open_exam(home, live, operator)

    def today() -> date:
        return exam.today

    checking = certificate_routes(home / KEYS, home / STATUS, static, today)
    return [*exam_routes(exam, papers(url)), *checking]
