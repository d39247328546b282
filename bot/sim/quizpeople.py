"""People who take part in a quiz over the web pages: read a page, think, send its form, and send it
again where no answer came. What was answered to them they remember."""

from __future__ import annotations

import asyncio
import gzip
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlencode

from bot.sim.wire import Callback, Wire

PATIENCE = 8.0
"""Seconds that a phone waits for an answer."""

AGAIN = (1.5, 6.0)
"""Seconds after which somebody presses again where no page came."""

_HEADERS = "Accept-Encoding: gzip\r\nSec-Fetch-Site: same-origin\r\n"
_FORM = _HEADERS + "Content-Type: application/x-www-form-urlencoded\r\n"


class Page(HTMLParser):
    """What a phone sees of a page: the fields of its form, the question, what can be picked."""

    def __init__(self, body: bytes) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self.picks: list[tuple[str, str]] = []
        self.question, self.entry, self.problem = "", "", ""
        self.several, self.ended, self.told = False, False, False
        self._into = ""
        self.feed((gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body).decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {k: v or "" for k, v in attrs}
        kind, name, of = said.get("type"), said.get("name", ""), said.get("class", "").split()
        if tag == "input" and kind == "hidden":
            self.fields[name] = said.get("value", "")
        elif tag == "input" and name == "pick":
            self.picks.append((said.get("value", ""), ""))
            self.several |= kind == "checkbox"
            self._into = "pick"
        elif tag == "legend":
            self._into = "question"
        elif tag == "section":
            self.told |= "quiz-told" in of
        elif tag == "p":
            self._into = {"code": "entry", "quiz-problem": "problem"}.get(of[0] if of else "", "")
            self.ended |= "quiz-score" in of

    def handle_endtag(self, tag: str) -> None:
        if tag in ("label", "legend", "p"):
            self._into = ""

    def handle_data(self, data: str) -> None:
        if self._into == "pick":
            value, text = self.picks[-1]
            self.picks[-1] = (value, text + data.strip())
        elif self._into:
            setattr(self, self._into, getattr(self, self._into) + data)


@dataclass(frozen=True, slots=True)
class Told:
    """One answer that was acknowledged: the question as it was read, what could be picked in any
    order, and what was."""

    question: str
    options: frozenset[str]
    picked: frozenset[str]


@dataclass(slots=True)
class Person:
    """Somebody with a code. `late` are seconds from pressing to the answer, `again` those of forms
    that had to be sent again; `between` counts answers that were stored already, then."""

    code: str
    rng: random.Random
    told: list[Told] = field(default_factory=list)
    late: list[float] = field(default_factory=list)
    again: list[float] = field(default_factory=list)
    entry: str = ""
    ended: bool = False
    repeats: int = 0
    between: int = 0
    odd: str = ""


@dataclass(slots=True)
class Crowd:
    """Everybody at one server. `stopping` ends them where they are."""

    wire: Callable[[], Wire]
    door: str
    stopping: bool = False
    answers: int = 0

    async def take_part(self, person: Person, comes: float = 0.0, thinks: float = 0.0) -> None:
        """From the poster to the last page: after `comes` seconds, `thinks` seconds a question on
        average."""
        await asyncio.sleep(comes)
        if await self._page(person, Callback(self.door, headers=_HEADERS, method="GET")) is None:
            return
        await asyncio.sleep(_time(person, thinks))
        page = await self._sent(person, {"code": person.code}, [])
        while page is not None and not page.ended:
            if not page.picks or "token" not in page.fields:
                person.odd = page.problem or "a page without a question"
                return
            await asyncio.sleep(_time(person, thinks))
            page = await self._answered(person, page)
        if page is not None:
            person.entry, person.ended = page.entry.strip(), True

    async def _answered(self, person: Person, page: Page) -> Page | None:
        picked = _picked(page, person.rng)
        before, repeats = asyncio.get_running_loop().time(), person.repeats
        after = await self._sent(person, page.fields, [value for value, _ in picked] or ["u"])
        if after is None:
            return None
        if not after.ended and after.fields.get("number") == page.fields["number"]:
            person.odd = after.problem or "the same question again"
            return None
        took = asyncio.get_running_loop().time() - before
        first = person.repeats == repeats
        (person.late if first else person.again).append(took)
        person.between += not first and not after.told
        options = frozenset(text for _, text in page.picks)
        person.told.append(Told(page.question, options, frozenset(text for _, text in picked)))
        self.answers += 1
        return after

    async def _sent(self, person: Person, fields: dict[str, str], picks: list[str]) -> Page | None:
        body = urlencode([*fields.items(), *(("pick", p) for p in picks)]).encode()
        return await self._page(person, Callback("/quiz", body, _FORM))

    async def _page(self, person: Person, asked: Callback) -> Page | None:
        """The answer, however often it has to be asked for; None once all are stopping, or for
        one that no form of ours should get."""
        while not self.stopping:
            try:
                status, body = await self.wire().post(asked, PATIENCE)
            except (OSError, TimeoutError):
                status, body = 0, b""
            if status == 200:
                return Page(body)
            if status and status < 500:
                person.odd = f"answered {status}"
                return None
            person.repeats += 1
            await asyncio.sleep(person.rng.uniform(*AGAIN))
        return None


def _picked(page: Page, rng: random.Random) -> list[tuple[str, str]]:
    """One, or of several some; one in twenty does not know."""
    if rng.random() < 0.05:
        return []
    return rng.sample(page.picks, rng.randint(1, len(page.picks)) if page.several else 1)


def _time(person: Person, average: float) -> float:
    """Seconds that somebody reads: rarely under a third, rarely over three times the average."""
    return average * min(4.0, person.rng.lognormvariate(-0.18, 0.6)) if average else 0.0
