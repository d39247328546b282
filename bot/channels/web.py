"""The web page: a chat that works without scripts, the law texts, and what people should know.

Nothing about a conversation is stored: session and earlier exchanges travel with the page as
sealed hidden fields, and no cookie is set.
"""

from __future__ import annotations

import hashlib
import json
import logging
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Any

import anyio
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import (
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
)
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Lifespan

from bot import texts
from bot.assistant import Assistant
from bot.channels import lawpage
from bot.channels.guard import Guard
from bot.channels.quizpage import QuizPages
from bot.channels.said import Said, body, form, from_elsewhere, json_, kind_of, label, usable
from bot.channels.seal import Seal
from bot.channels.views import article_url, law_url, phones, view
from bot.faults import where
from bot.message import Choice, Incoming, Reply
from bot.metrics import Metrics
from bot.persons import read_key
from bot.release import Seen
from bot.settings import Settings
from bot.skills import ask
from bot.turn import Session
from knowledge.matrix import STEPS, Row, figures_of, matrix, regions_of
from knowledge.plain import from_plain, to_plain
from knowledge.regions import NATION

log = logging.getLogger("xst")

HERE = Path(__file__).parent
AT_ONCE, WAITING = 8, 64
"""Answers computed at one time, and people that may wait for one; more are asked to retry."""

PAST, PAST_BYTES = 6, 30_000
"""Earlier exchanges that a page without scripts carries, and how large they may be."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """A question and its replies, and the session after them."""

    asked: str
    replies: tuple[Reply, ...]
    session: Session
    sender: str
    status: int = 200


def make_app(
    assistant: Assistant,
    current: Callable[[], Seen],
    settings: Settings,
    others: Sequence[BaseRoute] = (),
    lifespan: Lifespan[Starlette] | None = None,
    metrics: Metrics | None = None,
) -> Starlette:
    """The web application, with the `others` routes of the service beside its pages. Raises
    ConfigError if XST_HOME/web.key is no key."""
    web = Web(assistant, current, settings, metrics)
    quiz = QuizPages(assistant.quizzing, web.page).routes() if assistant.quizzing else []
    routes = [
        *others,
        *quiz,
        Route("/", web.chat, methods=["GET", "POST"]),
        Route("/api/turn", web.api, methods=["POST"]),
        Route("/law/{version}", web.law),
        Route("/law/{version}/{part:path}", web.article),
        Route("/card/{ident}", web.card),
        Route("/rules", web.rules),
        Route("/privacy", web.privacy),
        Route("/about", web.about),
        Route("/healthz", web.health),
        Mount("/static", StaticFiles(directory=HERE / "static"), name="static"),
    ]
    return Starlette(
        routes=routes,
        middleware=[
            Middleware(Guard, fault=web.fault),
            Middleware(GZipMiddleware, minimum_size=1000),  # a code is 600 kB, phones pay for it
        ],
        exception_handlers={HTTPException: web.problem},
        lifespan=lifespan,
    )


class Web:
    """The pages. Holds the templates, the key and the places in the queue; no conversation."""

    def __init__(
        self,
        assistant: Assistant,
        current: Callable[[], Seen],
        settings: Settings,
        metrics: Metrics | None = None,
    ) -> None:
        self._assistant, self._current, self._settings = assistant, current, settings
        self._metrics = metrics or Metrics()
        self._seal = Seal(read_key(settings.home / "web.key"))
        self._limit = anyio.CapacityLimiter(AT_ONCE)
        self._inside = 0
        self._pages = Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=select_autoescape(default=True),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._pages.filters["phones"] = phones
        self._pages.filters["fragment"] = lawpage.fragment
        self._pages.filters["figures"] = figures_of
        self._pages.filters["groupby_step"] = _by_step
        self._pages.globals |= {"t": texts, "version": _static_version()}
        self._pages.globals["quiz"] = assistant.quizzing is not None

    # The chat

    async def chat(self, request: Request) -> Response:
        return await (self.turn if request.method == "POST" else self.home)(request)

    async def home(self, request: Request) -> Response:
        examples = (texts.EXAMPLE, *texts.MENU)
        return self._chat(Session(), _pseudonym(), [], (), examples=examples)

    async def turn(self, request: Request) -> Response:
        if from_elsewhere(request):
            return RedirectResponse("/", 303)
        said = form(await body(request), request.headers.get("content-type", ""))
        past = self._past(said.past)
        exchange = await self._answer(said)
        # A refused question goes back into the field, to be sent again.
        kept = said.text if exchange.status != 200 else ""
        return self._chat(exchange.session, exchange.sender, past, (exchange,), draft=kept)

    async def api(self, request: Request) -> Response:
        """The same turn for the page's own script: JSON in, JSON with two fragments out."""
        if from_elsewhere(request):
            raise HTTPException(400)
        exchange = await self._answer(json_(await body(request)))
        sources = self._current()
        answers = [view(r, sources.regions) for r in exchange.replies]
        html = self._pages.get_template("_answers.html").render(answers=answers, mine=False)
        return JSONResponse(
            {
                "token": self._token(exchange.session, exchange.sender),
                "html": html,
                "region": exchange.session.region,
                "disposition": exchange.replies[0].disposition,
            },
            exchange.status,
        )

    async def card(self, request: Request) -> Response:
        """A card's answer under an address that stays, for passing on."""
        ident = request.path_params["ident"]
        sources = self._current()
        kind = kind_of(ident, sources)
        if not kind:
            raise HTTPException(404)
        exchange = await self._answer(Said(choice=f"ref:{kind}:{ident}"))
        return self._chat(exchange.session, exchange.sender, [], (exchange,))

    async def _answer(self, said: Said) -> Exchange:
        """One turn, computed beside the event loop so that a slow one holds nobody up."""
        if self._inside >= WAITING:
            session, sender = self._session(said.token)
            self._metrics.busy("web")
            return Exchange(said.text, (_plain(texts.BUSY),), session, sender, 503)
        self._inside += 1
        start = time.perf_counter()
        try:
            exchange = await anyio.to_thread.run_sync(self._turn, said, limiter=self._limit)
        finally:
            self._inside -= 1
        disposition = exchange.replies[0].disposition
        self._metrics.answered("web", disposition, time.perf_counter() - start)
        return exchange

    def _turn(self, said: Said) -> Exchange:
        session, sender = self._session(said.token)
        try:
            return self._exchange(said, session, sender)
        except Exception as error:
            log.error("web: turn failed: %s", where(error))
            return Exchange(said.text, (_plain(texts.APOLOGY),), session, sender, 500)

    def _exchange(self, said: Said, session: Session, sender: str) -> Exchange:
        sources = self._current()
        choice = f"region:{said.region}" if said.choice == "place" else said.choice
        asked = label(choice, sources) if choice else said.text
        first: tuple[Reply, ...] = ()
        if choice == f"region:{NATION}":
            session = replace(session, region="")
            first = (_plain(texts.WEB_PLACE_CLEARED),)
            ident = session.ref.partition(":")[2]
            if not kind_of(ident, sources):
                return Exchange(asked, first, session, sender)
            choice = f"ref:{session.ref}"
        if choice and not usable(choice, session, sources):
            return Exchange(asked, (_plain(texts.WEB_STALE),), session, sender)
        incoming = Incoming(said.text, choice, sender, "web")
        turn = self._assistant.handle(incoming, session)
        replies = first + turn.replies
        return Exchange(asked, replies, turn.session, sender)

    def _chat(
        self,
        session: Session,
        sender: str,
        past: list[dict[str, Any]],
        exchanges: tuple[Exchange, ...],
        examples: tuple[str, ...] = (),
        draft: str = "",
    ) -> Response:
        sources = self._current()
        shown = [(e.asked, [view(r, sources.regions) for r in e.replies]) for e in exchanges]
        return self._page(
            "chat.html",
            exchanges[-1].status if exchanges else 200,
            past=past,
            exchanges=shown,
            examples=[Choice(e, f"ask:{e}") for e in examples],
            token=self._token(session, sender),
            carried=self._carried(past, exchanges),
            region=session.region,
            provinces=sources.regions.provinces,
            draft=draft,
        )

    # What the page carries

    def _token(self, session: Session, sender: str) -> str:
        return self._seal.seal("session", {"session": to_plain(session), "sender": sender})

    def _session(self, token: str) -> tuple[Session, str]:
        """The session of the page; a fresh one for a token that is not ours, or no longer."""
        opened = self._seal.open("session", token) or {}
        try:
            return from_plain(Session, opened["session"]), str(opened["sender"])
        except (TypeError, KeyError, AttributeError):
            return Session(), _pseudonym()

    def _past(self, field: str) -> list[dict[str, Any]]:
        opened = self._seal.open("past", field) if field else None
        return opened if isinstance(opened, list) else []

    def _carried(self, past: list[dict[str, Any]], exchanges: tuple[Exchange, ...]) -> str:
        """Earlier exchanges in short, sealed too: another site cannot put words in our mouth."""
        kept = list(past)
        for e in exchanges:
            said = "\n\n".join(r.answer for r in e.replies)[:3000]
            cited = [
                [f"《{c.law}》{c.article}", article_url(c.id) if c.id else ""]
                for r in e.replies
                for c in r.citations
            ]
            kept.append({"asked": e.asked[:600], "said": said, "cited": cited[:8]})
        kept = kept[-PAST:]
        while kept and len(json.dumps(kept, ensure_ascii=False).encode()) > PAST_BYTES:
            kept.pop(0)
        return self._seal.seal("past", kept) if kept else ""

    # Law texts

    async def law(self, request: Request) -> Response:
        sources = self._current()
        version = sources.version(name := request.path_params["version"])
        if version is None:
            current = sources.in_force(name)  # /law/劳动合同法 is whichever version holds today
            if current is None:
                raise HTTPException(404)
            return RedirectResponse(law_url(current.id), 302)
        found = await anyio.to_thread.run_sync(lawpage.law_page, version, sources)
        return await anyio.to_thread.run_sync(lambda: self._page("law.html", page=found))

    async def article(self, request: Request) -> Response:
        sources = self._current()
        version = sources.version(request.path_params["version"])
        part = request.path_params["part"]
        if version is None or not part:
            raise HTTPException(404)
        found = await anyio.to_thread.run_sync(lawpage.article_page, version, part, sources)
        if found is None:
            raise HTTPException(404)
        return self._page("article.html", page=found)

    # The table of procedure

    async def rules(self, request: Request) -> Response:
        """Steps by region and contract type, for negotiators; the nation stands first."""
        sources = self._current()
        points = sources.points
        regions = regions_of(points)
        asked = request.query_params.getlist("region") or ["河南", "山东"]
        chosen = [r for r in regions if r == NATION or r in asked]
        contract = request.query_params.get("contract", "")
        step = request.query_params.get("step", "")
        contract = contract if contract in texts.CONTRACT_NAMES else ""
        step = step if step in STEPS else ""
        gaps = (sources.gap(r, contract) for r in asked if r in sources.regions)
        return self._page(
            "rules.html",
            regions=regions,
            chosen=chosen,
            names={NATION: texts.WEB_PLACE_NONE},
            kinds=texts.CONTRACT_NAMES,
            contracts=list(texts.CONTRACT_NAMES.items()),
            contract=contract,
            steps=STEPS,
            step=step,
            count=sum(len(p.rules) for p in points),
            rows=matrix(points, chosen, contract, step),
            gaps=[g.says for g in gaps if g and g.contract in (contract, "任何")],
            conflicts=sources.conflicts,
        )

    # What people should know

    async def privacy(self, request: Request) -> Response:
        return self._page(
            "privacy.html",
            operator=self._settings.operator or texts.OPERATOR_NONE,
            contacts=self._settings.contacts,
        )

    async def about(self, request: Request) -> Response:
        return self._page("about.html", counts=ask.as_of(self._current()))

    async def health(self, request: Request) -> Response:
        sources = self._current()
        return JSONResponse({"status": "ok", "as_of": sources.as_of, "texts": sources.has_texts})

    # Faults

    async def problem(self, request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        headers = error.headers if isinstance(error, HTTPException) else None
        return self.fault(request.url.path, status, headers)

    def fault(self, path: str, status: int, headers: Mapping[str, str] | None = None) -> Response:
        """The page for a status that is not 200, in the layout of all others."""
        title, hint = _FAULTS.get(status, _FAULTS[400 if 400 <= status < 500 else 500])
        if path.startswith("/api/"):
            answer = _plain(hint)
            html = self._pages.get_template("_answers.html").render(
                answers=[view(answer, ())], mine=False
            )
            return JSONResponse({"html": html}, status, headers)
        try:
            response = self._page("fault.html", status, title=title, hint=hint)
        except Exception as error:  # the library itself may be what is broken
            log.error("web: fault page failed: %s", where(error))
            return PlainTextResponse(f"{title}。{hint}", status, headers)
        response.headers.update(headers or {})
        return response

    def page(self, name: str, status: int, /, **values: Any) -> Response:
        """A page of this site's own, in the layout of all others."""
        return self._page(name, status, **values)

    def _page(self, name: str, status: int = 200, /, **values: Any) -> Response:
        as_of = self._current().as_of
        html = self._pages.get_template(name).render(as_of=as_of, **values)
        return HTMLResponse(html, status)


_FAULTS = {
    400: (texts.WEB_BAD, texts.WEB_BAD_HINT),
    404: (texts.WEB_GONE, texts.WEB_GONE_HINT),
    405: (texts.WEB_METHOD, texts.WEB_METHOD_HINT),
    413: (texts.WEB_LARGE, texts.WEB_LARGE_HINT),
    500: (texts.WEB_FAULT, texts.APOLOGY),
    503: (texts.WEB_BUSY, texts.BUSY),
}


# Small things


def _pseudonym() -> str:
    return secrets.token_urlsafe(12)


def _plain(text: str) -> Reply:
    return Reply(text, text, "clarify")


def _by_step(rows: list[Row]) -> list[tuple[str, list[Row]]]:
    return [(step, list(group)) for step, group in groupby(rows, key=lambda r: r.step)]


def _static_version() -> str:
    digest = hashlib.sha256()
    for path in sorted((HERE / "static").iterdir()):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:10]
