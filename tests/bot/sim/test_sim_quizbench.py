"""People of the quiz bench read pages as a phone does, and what the service lost they miss."""

from __future__ import annotations

import asyncio
import gzip
import random
from dataclasses import replace

import pytest
from quizhome import CAMPAIGN, items, open_round
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.campaign.codes import make_codes
from bot.campaign.plan import Prizes
from bot.quizzing import Quizzing
from bot.sim.echo import question
from bot.sim.quizbench import kept, whole
from bot.sim.quizpeople import Crowd, Page, Person, Told
from bot.sim.server import Server
from bot.sim.wire import Wire
from bot.storage.store import open_store

PLAN = replace(CAMPAIGN, draw=Prizes(1, "伞", "drand"))


class Sources:
    day = CAMPAIGN.opens.today()

    def __init__(self) -> None:
        self.live = items()

    def items(self):
        return self.live

    def item(self, ident):
        return next((i for i in self.live if i.id == ident), None)


def test_a_page_is_read_as_a_phone_shows_it():
    body = (
        '<form><input value="t" name="token" type="hidden"><input type="hidden" name="number" '
        'value="3"><p class="quiz-problem">请再选</p><fieldset><legend><span>多选</span>谁&lt;签？'
        '</legend><label><input type="checkbox" name="pick" value="0"><span>甲</span></label>'
        '<label><input type="checkbox" name="pick" value="1"><span>乙&amp;丙</span></label>'
        "</fieldset></form>"
    )
    for sent in (body.encode(), gzip.compress(body.encode())):
        page = Page(sent)
        assert page.fields == {"token": "t", "number": "3"} and page.several
        assert page.picks == [("0", "甲"), ("1", "乙&丙")]
        assert page.question == "多选谁<签？" and page.problem == "请再选"


def test_the_echo_is_a_form_that_people_can_answer():
    page = Page(question(4).encode())
    assert page.fields["number"] == "4" and len(page.picks) == 4 and not page.several


def test_a_form_without_an_answer_is_sent_again_the_same():
    sent = []

    async def quiz(request: Request) -> Response:
        sent.append(await request.body())
        if len(sent) % 2:
            return Response("busy", 503)
        if len(sent) > 6:
            return Response('<p class="quiz-score">1</p><p class="code">AAAA</p>')
        return Response(question(len(sent) // 2))

    async def door(_: Request) -> Response:
        return Response("door")

    server = Server(
        Starlette(routes=[Route("/quiz", quiz, methods=["POST"]), Route("/door", door)])
    )
    server.start()
    person = Person("CODE", random.Random(5))

    async def go() -> None:
        wire = Wire(int(server.url.rpartition(":")[2]))
        await Crowd(lambda: wire, "/door").take_part(person)
        wire.close()

    try:
        asyncio.run(go())
    finally:
        server.stop()
    assert person.ended and person.entry == "AAAA" and not person.odd
    assert len(person.told) == 3 and person.repeats == 4
    assert all(sent[n] == sent[n + 1] for n in range(0, len(sent), 2))


# What was kept


@pytest.fixture
def done(tmp_path):
    """Three people who finished, and the campaign they answered."""
    store = open_store(f"sqlite:///{tmp_path / 'live.db'}")
    campaigns = open_round(store, PLAN)
    sources = Sources()
    quizzing = Quizzing(campaigns, lambda: sources)
    people = []
    for code in make_codes(campaigns.get("autumn").key, "autumn", "u1", 3):
        person = Person(code, random.Random(code))
        page = quizzing.enter(code=code)
        while page.shown:
            shown = page.shown
            place = person.rng.randrange(len(shown.options))
            picked = frozenset({shown.options[place]})
            options = frozenset(shown.options)
            person.told.append(Told(f"{shown.kind}{shown.stem}", options, picked))
            page = quizzing.answer(page.token, shown.number, [place])
        person.ended, person.entry = True, page.ending.entry
        people.append(person)
    yield campaigns, people
    store.engine.dispose()


def test_what_was_acknowledged_and_is_there_once_is_whole(done):
    campaigns, people = done
    found = kept(campaigns, PLAN, people, items())
    assert whole(found) and found["answers"] == 36 and found["attempts"] == 3


def test_a_lost_a_doubled_and_a_changed_answer_are_seen(done):
    campaigns, people = done
    for change in (
        "DELETE FROM attempts WHERE key = (SELECT min(key) FROM attempts)",
        "INSERT INTO attempts SELECT 'x' || key, campaign, unit, passed, answers, slot FROM attempts",
        "UPDATE attempts SET unit = 'u2'",
        "UPDATE attempts SET answers = replace(answers, '\"chosen\": [0]', '\"chosen\": [1]')",
        "DELETE FROM entries",
    ):
        with campaigns.store.engine.connect() as connection:
            connection.exec_driver_sql(change)
            inside = type(campaigns)(campaigns.store.within(connection))
            assert not whole(kept(inside, PLAN, people, items())), change
            connection.rollback()
    assert whole(kept(campaigns, PLAN, people, items()))


def test_somebody_who_did_not_finish_or_met_something_odd_is_told(done):
    campaigns, people = done
    people[0].ended = False
    assert not whole(kept(campaigns, PLAN, people, items()))
    people[0].ended, people[0].odd = True, "answered 404"
    assert not whole(kept(campaigns, PLAN, people, items()))
