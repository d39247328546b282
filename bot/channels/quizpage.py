"""The quiz as web pages: a phone first, no script, no cookie, nothing but a form.

The page carries a random token that names the sitting; a token never stands in an address, where
a browser's history or a proxy's log would keep it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl

from anyio import CapacityLimiter, Semaphore, to_thread
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from bot import texts
from bot.campaign.asking import Page
from bot.channels.said import body, from_elsewhere
from bot.quizzing import Quizzing
from knowledge.lessons import AREAS

AT_ONCE, WAITING = 16, 400
"""Answers worked on at one time, and people that may wait for one."""

Render = Callable[..., Response]
"""(template, status, **values) -> the page in the layout of all others."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What a form sent: the places picked, or 不知道."""

    token: str = ""
    number: int = 0
    picked: tuple[int, ...] = ()
    unsure: bool = False
    code: str = ""
    scene: str = ""


class QuizPages:
    """The pages of one installation's campaigns."""

    def __init__(self, quizzing: Quizzing, render: Render) -> None:
        self._quizzing, self._render = quizzing, render
        self._limit, self._places = CapacityLimiter(AT_ONCE), Semaphore(AT_ONCE)
        self._inside = 0

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/quiz", self.start, methods=["GET", "POST"]),
            Route("/quiz/{scene}", self.door, methods=["GET"]),
        ]

    async def start(self, request: Request) -> Response:
        """A place to type a code; what a form sends goes here, too."""
        if request.method != "POST":
            return self._render("quiz.html", 200, **_empty())
        if from_elsewhere(request):
            return RedirectResponse("/quiz", 303)
        if self._inside >= WAITING:
            raise HTTPException(503)
        sent = read(await body(request), request.headers.get("content-type", ""))
        self._inside += 1
        try:
            async with self._places:
                # Who gave up waiting has sent the form again: it is in line behind.
                if await request.is_disconnected():
                    return Response(status_code=503)
                page = await to_thread.run_sync(self._step, sent, limiter=self._limit)
        finally:
            self._inside -= 1
        return self._said(page, sent)

    async def door(self, request: Request) -> Response:
        """Where a poster's code leads: which campaign, whose unit, and what is kept."""
        scene = request.path_params["scene"]
        found = await to_thread.run_sync(self._quizzing.door, scene, limiter=self._limit)
        if found is None:
            return self._render("quiz.html", 404, **_empty(problem=texts.QUIZ_PROBLEMS["closed"]))
        held, unit = found
        if unit is None:
            says = texts.QUIZ_PROBLEMS["unit-unknown"]
            return self._render("quiz.html", 404, **_empty(problem=says))
        campaigns = self._quizzing.campaigns
        await to_thread.run_sync(campaigns.opened, held.campaign.id, unit.id, limiter=self._limit)
        values = _empty(campaign=held.campaign, unit=unit, scene=scene)
        return self._render("quiz.html", 200, **values)

    def _step(self, sent: Sent) -> Page:
        if sent.code.strip():
            return self._quizzing.enter(code=sent.code)
        if sent.token and sent.number:
            if not sent.picked and not sent.unsure:
                page = self._quizzing.page(sent.token)
                return page if page.problem else _nothing_picked(page)
            return self._quizzing.answer(sent.token, sent.number, sent.picked)
        if sent.token:
            return self._quizzing.page(sent.token)
        return self._quizzing.enter(scene=sent.scene) if sent.scene else Page(problem="code-form")

    def _said(self, page: Page, sent: Sent) -> Response:
        problem = texts.QUIZ_PROBLEMS.get(page.problem, "").format(wait=page.wait)
        if page.shown is None and page.ending is None:
            status = 404 if page.problem in ("closed", "code-unknown", "gone") else 200
            values = _empty(problem=problem, code=sent.code[:40])
            return self._render("quiz.html", status, **values)
        # What was picked for a question that is shown again stays picked.
        same = page.shown is not None and page.shown.number == sent.number
        picked = sent.picked if problem and same else ()
        values = {"page": page, "problem": problem, "picked": picked, "areas": AREAS}
        return self._render("sitting.html", 200, **values)


def read(body: bytes, content_type: str) -> Sent:
    """A form of ours. Raises HTTPException 400 for anything else."""
    if content_type.partition(";")[0].strip().lower() != "application/x-www-form-urlencoded":
        raise HTTPException(400)
    try:
        pairs = parse_qsl(body.decode("utf-8", "replace"), errors="replace", max_num_fields=20)
    except ValueError:
        raise HTTPException(400) from None
    first = dict(reversed(pairs))
    picks = [v for k, v in pairs if k == "pick"]
    number = first.get("number", "0")
    if not number.isdecimal() or any(not (p.isdecimal() or p == "u") for p in picks):
        raise HTTPException(400)
    return Sent(
        first.get("token", "")[:64],
        int(number[:4]),
        tuple(sorted({int(p[:4]) for p in picks if p != "u"})) if "u" not in picks else (),
        "u" in picks,
        first.get("code", "")[:80],
        first.get("scene", "")[:120],
    )


def _nothing_picked(page: Page) -> Page:
    return replace(page, problem="nothing-picked") if page.shown else page


def _empty(**values: object) -> dict[str, object]:
    usual = {"campaign": None, "unit": None, "scene": "", "problem": "", "code": ""}
    return usual | values
