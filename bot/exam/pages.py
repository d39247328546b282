"""The exam in a browser: forms alone, no script, no cookie; a phone and large type first.

Whoever came in carries a token in the form, never in an address. All of it is `/exam`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from anyio import CapacityLimiter, to_thread
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from bot.exam import words
from bot.exam.records import Candidate, Issued
from bot.exam.rules import ExamError
from bot.exam.sitting import Exam
from knowledge.lessons import AREAS

HERE = Path(__file__).parent
BODY = 64 * 1024
"""Bytes of a request that are read."""

AT_ONCE = 4
"""Requests worked on at one time: each letting in costs a slow hash of 16 MB."""


def exam_routes(exam: Exam, paper: Callable[[Issued], bytes]) -> list[Route]:
    """`/exam` and its style sheet. `paper` gives a certificate's PDF. The pages take
    /static/chat.css and /static/icon.svg from the application they are mounted in."""
    pages = Pages(exam, paper)
    return [
        Route("/exam", pages.exam, methods=["GET", "POST"]),
        Route("/exam/exam.css", pages.style),
    ]


def make_exam_app(routes: Sequence[BaseRoute], static: Path) -> Starlette:
    """The exam's pages alone, for a room with one machine; `static` holds chat.css and icon.svg."""
    shared = Mount("/static", StaticFiles(directory=static))
    return Starlette(routes=[*routes, shared])


def pages_of(folder: Path) -> Environment:
    """Templates that escape, and fail over a name they were not given."""
    return Environment(
        loader=FileSystemLoader(folder),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


async def read_form(request: Request) -> dict[str, list[str]]:
    """A form's fields. Raises HTTPException for one that another site sent, is too long, or is
    none."""
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise HTTPException(400)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY:
            raise HTTPException(413)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise HTTPException(400)
    try:
        return parse_qs(body.decode("utf-8", "replace"), max_num_fields=60)
    except ValueError:
        raise HTTPException(400) from None


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a form says."""

    act: str
    token: str
    number: str
    secret: str
    place: int
    chosen: tuple[int, ...]


class Pages:
    """Renders where a candidate stands. Holds templates and places in the queue."""

    def __init__(self, exam: Exam, paper: Callable[[Issued], bytes]) -> None:
        self._exam, self._paper = exam, paper
        self._limit = CapacityLimiter(AT_ONCE)
        self._templates = pages_of(HERE / "templates")
        style = (HERE / "static" / "exam.css").read_bytes()
        self._templates.globals |= {"w": words, "version": hashlib.sha256(style).hexdigest()[:10]}

    async def style(self, request: Request) -> Response:
        return FileResponse(HERE / "static" / "exam.css")

    async def exam(self, request: Request) -> Response:
        if request.method != "POST":
            return await to_thread.run_sync(lambda: self._enter("", ""), limiter=self._limit)
        asked = _asked(await read_form(request))
        return await to_thread.run_sync(self._work, asked, limiter=self._limit)

    def _work(self, asked: _Asked) -> Response:
        if asked.act == "enter":
            token = self._exam.enter(asked.number, asked.secret)
            if not token:
                return self._enter(words.BAD_ENTRY, asked.number)
        else:
            token = asked.token
        person = self._exam.inside(token)
        if person is None:
            return self._enter("" if asked.act == "leave" else words.AGAIN, "")
        match asked.act:
            case "leave":
                self._exam.store.let_in(person.number, "", 0)
                return self._enter("", "")
            case "begin":
                try:
                    self._exam.begin(person.number)
                except ExamError as error:
                    return self._ready(person, token, words.UNREADY.format(why=error))
            case "answer":
                said = self._exam.answer(person.number, asked.place, asked.chosen)
                if said and said != words.TIME_UP:
                    return self._question(person, token, asked.place, said, asked.chosen)
            case "go":
                return self._question(person, token, asked.place)
            case "review":
                return self._review(person, token)
            case "sure":
                return self._review(person, token, "sure.html")
            case "hand_in":
                self._exam.hand_in(person.number)
            case "paper":
                return self._certificate(person, token)
        return self._question(person, token, 0)

    # Pages

    def _enter(self, said: str, number: str) -> Response:
        return self._page("enter.html", said=said, number=number, seen_by=self._seen_by())

    def _ready(self, person: Candidate, token: str, said: str = "") -> Response:
        state, rules = self._exam.state(person.number), self._exam.rules
        last = state.last if state.last and state.last.ended else None
        areas = self._exam.by_area(last.id) if last else {}
        total = sum(rules.blueprint.values()) or 60
        lines = [
            line.format(
                total=total, minutes=rules.minutes, seconds=rules.least_seconds,
                days=rules.resit_days,
            )
            for line in words.RULES_LINES
        ]  # fmt: skip
        issued = self._issued(person)
        return self._page(
            "ready.html",
            person=person,
            token=token,
            said=said,
            last=last,
            areas=[(AREAS[a], right, n) for a, (right, n) in areas.items()],
            may=state.may,
            day=state.day,
            rules=lines,
            serial=issued.serial if issued else "",
            seen_by=self._seen_by(),
        )

    def _question(
        self,
        person: Candidate,
        token: str,
        place: int,
        said: str = "",
        picked: tuple[int, ...] | None = None,
    ) -> Response:
        found = self._exam.question(person.number, place)
        places = self._exam.places(person.number)
        if found is None:
            return self._review(person, token) if places else self._ready(person, token)
        done = sum(answered for _, answered in places)
        picked = found.chosen if picked is None else picked
        return self._page(
            "question.html", q=found, token=token, done=done, said=said, picked=picked
        )

    def _review(self, person: Candidate, token: str, name: str = "review.html") -> Response:
        places = self._exam.places(person.number)
        if not places:
            return self._ready(person, token)
        left = sum(not answered for _, answered in places)
        return self._page(name, token=token, places=places, left=left, said="")

    def _certificate(self, person: Candidate, token: str) -> Response:
        issued = self._issued(person)
        if issued is None:
            return self._ready(person, token, words.CERTIFICATE_LATER)
        named = {"Content-Disposition": f'attachment; filename="{issued.serial}.pdf"'}
        return Response(self._paper(issued), media_type="application/pdf", headers=named)

    def _issued(self, person: Candidate) -> Issued | None:
        own = [c for c in self._exam.store.certificates() if c.number == person.number]
        return next((c for c in reversed(own) if not c.revoked), None)

    def _seen_by(self) -> str:
        rules = self._exam.rules
        name = rules.organiser or words.ORGANISER_NONE
        return words.SEEN_BY.format(organiser=name, years=rules.kept_years)

    def _page(self, name: str, **values: Any) -> Response:
        html = self._templates.get_template(name).render(**values)
        # A shared phone must not show the last person's page again.
        return HTMLResponse(html, headers={"Cache-Control": "no-store"})


def _asked(fields: Mapping[str, list[str]]) -> _Asked:
    def one(name: str) -> str:
        return fields.get(name, [""])[0]

    go = one("go")
    act = "go" if go else one("act")
    place = _number(go or one("place"))
    chosen = tuple(n for c in fields.get("chosen", ())[:10] if (n := _number(c)) >= 0)
    return _Asked(act, one("token")[:100], one("number")[:40], one("secret")[:100], place, chosen)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else -1
