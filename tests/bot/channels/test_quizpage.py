"""The quiz as web pages: a form and nothing else, no script, no cookie, no token where it stays."""

from __future__ import annotations

import html
import logging
import re
from dataclasses import replace

import pytest
from quizhome import CAMPAIGN, PUBLIC, build_home, items, open_round
from sqlalchemy import delete
from starlette.testclient import TestClient

from bot import texts
from bot.assistant import Assistant
from bot.campaign.codes import make_codes
from bot.campaign.plan import Prizes
from bot.channels.web import make_app
from bot.quizzing import unfinished
from bot.release import open_release
from bot.storage.store import open_store
from bot.storage.tables import METADATA

SAME = {"sec-fetch-site": "same-origin"}
KNOWN = {i.stem: i for i in items()}


class Phone:
    """Somebody with a phone: follows the forms that a page has."""

    def __init__(self, client, campaigns) -> None:
        self.client, self.campaigns = client, campaigns
        self.page, self.sent = None, {}

    def code(self, unit: str = "u1") -> str:
        return make_codes(self.campaigns.get("autumn").key, "autumn", unit, 1)[0]

    def get(self, path: str):
        self.page = self.client.get(path, headers=SAME)
        return self.text

    def post(self, data, **more):
        self.sent = data
        self.page = self.client.post("/quiz", data=data, headers=SAME, **more)
        return self.text

    def pick(self, *picks):
        return self.post(self.fields | {"pick": [str(p) for p in picks]})

    def again(self):
        return self.post(self.sent)

    @property
    def text(self) -> str:
        return html.unescape(re.sub(r"<[^>]+>", "", self.page.text))

    @property
    def fields(self) -> dict[str, str]:
        found = re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', self.page.text)
        return {k: html.unescape(v) for k, v in found}

    @property
    def number(self) -> int:
        return int(self.fields.get("number", 0))

    def right(self) -> list[int]:
        """Where the right options stand on this page."""
        legend = html.unescape(re.search(r"<legend>(.*?)</legend>", self.page.text, re.S)[1])
        item = next(i for s, i in KNOWN.items() if s in legend)
        shown = re.findall(r'name="pick" value="(\d+)"[^>]*><span>(.*?)</span>', self.page.text)
        rights = {item.options[p].text for p in item.key}
        return [int(v) for v, text in shown if text in rights]


@pytest.fixture(scope="module")
def parts(tmp_path_factory):
    home = tmp_path_factory.mktemp("quizpage")
    settings = build_home(home)
    store = open_store(f"sqlite:///{home / 'live.db'}")
    seen = open_release(settings).on(CAMPAIGN.opens.today())
    assistant = Assistant(lambda: seen, store)
    return make_app(assistant, lambda: seen, settings), store, assistant


@pytest.fixture
def phone(parts):
    app, store, assistant = parts
    with store.engine.begin() as connection:
        for table in METADATA.sorted_tables:
            connection.execute(delete(table))
    assistant.quizzing._seen.clear()
    return Phone(TestClient(app), open_round(store))


def test_a_code_leads_through_twelve_questions_to_the_score(phone):
    assert "区总工会" in phone.get("/quiz/q-autumn_u1") and "甲厂" in phone.text
    assert "没有人知道哪个码在谁手里" in phone.text
    phone.post({"code": phone.code()})
    for number in range(1, 13):
        assert phone.page.status_code == 200 and phone.number == number
        assert f"第 {number} 题，共 12 题" in phone.text
        phone.pick(*phone.right())
        assert texts.QUIZ_RIGHT in phone.text and "依据：" in phone.text
    assert "12 / 12" in phone.text.replace("\n", " ") and "12 题对了 12 题" in phone.text
    assert len(phone.campaigns.attempts("autumn")) == 1


def test_no_page_needs_a_script_sets_a_cookie_or_may_be_kept(phone):
    pages = []
    for path in ("/quiz", "/quiz/q-autumn_u1", "/quiz/q-no_u1"):
        phone.get(path)
        pages.append(phone.page)
    phone.post({"code": phone.code()})
    pages.append(phone.page)
    for page in pages:
        assert "<script" not in page.text and " on" not in re.sub(r">[^<]*<", "><", page.text)
        assert "set-cookie" not in page.headers and page.headers["cache-control"] == "no-store"
        assert "秋季<答题>" not in page.text


def test_a_token_and_a_code_stand_in_no_address_and_no_log(phone, caplog):
    code = phone.code()
    with caplog.at_level(logging.DEBUG):
        phone.post({"code": code})
        token = phone.fields["token"]
        phone.pick(0)
        assert str(phone.page.url).endswith("/quiz") and not phone.page.history
        for link in re.findall(r'(?:href|action|src)="([^"]*)"', phone.page.text):
            assert token not in link and code not in link
    said = " ".join(r.getMessage() for r in caplog.records)
    assert token not in said and code not in said


def test_the_key_is_not_on_a_page_before_the_answer(phone):
    """The page of a question and the same page for another key are the same."""
    phone.post({"code": phone.code()})
    options = re.search(r"<fieldset>(.*?)</fieldset>", phone.page.text, re.S)[1]
    shown = re.sub(r'value="\d+"|>[甲乙丙丁]<', "", options)
    rows = re.findall(r"<label.*?</label>", shown)
    assert len(rows) == 4 and len(set(rows)) == 1, "an option differs from the others"


def test_not_knowing_is_an_answer_and_picking_nothing_is_none(phone):
    phone.post({"code": phone.code()})
    assert texts.QUIZ_PROBLEMS["nothing-picked"] in phone.pick() and phone.number == 1
    assert "应选" in phone.pick("u") and phone.number == 2
    assert phone.pick("u", "0") and phone.number == 3, "不知道 with a pick is 不知道"


def test_of_several_all_right_ones_are_picked_together_and_of_one_not_two(phone):
    phone.post({"code": phone.code()})
    several = one = 0
    while phone.number:
        if 'type="checkbox"' in phone.page.text:
            assert texts.QUIZ_SEVERAL_HINT in phone.text
            several += 1
            assert texts.QUIZ_RIGHT in phone.pick(*phone.right())
        else:
            one += 1
            at = phone.number
            assert texts.QUIZ_PROBLEMS["one-only"] in phone.pick(0, 1) and phone.number == at
            assert phone.page.text.count("checked") == 2, "what was picked stays picked"
            phone.pick(*phone.right())
    assert (several, one) == (1, 11)


def test_an_answer_too_fast_is_not_taken_and_stays_picked(parts):
    app, store, assistant = parts
    with store.engine.begin() as connection:
        for table in METADATA.sorted_tables:
            connection.execute(delete(table))
    assistant.quizzing._seen.clear()
    phone = Phone(TestClient(app), open_round(store, replace(CAMPAIGN, seconds=60)))
    phone.post({"code": phone.code()})
    said = phone.pick(1)
    assert "请先看完题" in said and "秒" in said and phone.number == 1
    assert re.search(r'value="1" checked', phone.page.text)


def test_a_form_sent_twice_has_one_effect(phone):
    phone.post({"code": phone.code()})
    phone.pick(0)
    assert phone.again() and phone.number == 2
    assert phone.pick("u") and phone.again() and phone.number == 3
    for _ in range(10):
        phone.pick("u")
    ended = phone.text
    assert "答完了" in ended and phone.again().split("答完了")[1] == ended.split("答完了")[1]
    assert len(phone.campaigns.attempts("autumn")) == 1


def test_the_same_code_goes_on_where_it_stopped(phone):
    code = phone.code()
    phone.post({"code": code})
    phone.pick("u")
    phone.post({"code": f" {code.lower().replace('-', '')} "})
    assert phone.number == 2


@pytest.mark.parametrize(
    ("code", "problem", "status"),
    [("ABCD", "code-form", 200), ("0000-0000-0000-0000", "code-unknown", 404)],
)
def test_a_mistyped_code_is_told_and_stands_in_the_field_again(phone, code, problem, status):
    assert texts.QUIZ_PROBLEMS[problem] in phone.post({"code": code})
    assert phone.page.status_code == status and f'value="{code}"' in phone.page.text


def test_closed_and_unknown_doors_are_told_apart_from_open_ones(phone, parts):
    assert texts.QUIZ_PROBLEMS["unit-unknown"] in phone.get("/quiz/q-autumn_u9")
    for door in ("/quiz/q-other_u1", "/quiz/spring2026", "/quiz/%3Cb%3E"):
        assert texts.QUIZ_PROBLEMS["closed"] in phone.get(door)
        assert phone.page.status_code == 404 and "<b>" not in phone.page.text
    phone.post({"code": phone.code()})
    token = phone.fields
    phone.campaigns.close("autumn", lambda s: unfinished(CAMPAIGN, s), lambda a: {})
    parts[2].quizzing._seen.clear()
    assert texts.QUIZ_PROBLEMS["gone"] in phone.post(token | {"pick": "0"})
    assert phone.page.status_code == 404
    assert texts.QUIZ_PROBLEMS["closed"] in phone.get("/quiz/q-autumn_u1")


def test_visits_are_counted_by_unit_and_nothing_else_of_them(phone):
    phone.get("/quiz/q-autumn_u1")
    phone.get("/quiz/q-autumn_u2")
    phone.get("/quiz/q-autumn_u9")
    progress = phone.campaigns.progress("autumn")
    assert progress == {("u1", "opened"): 1, ("u2", "opened"): 1}


def test_what_no_form_of_ours_sends_is_refused(phone):
    client = phone.client
    assert client.post("/quiz", json={"code": "x"}).status_code == 400
    assert client.post("/quiz", data={"token": "t", "number": "x"}).status_code == 400
    assert client.post("/quiz", data={"token": "t", "number": "1", "pick": "-1"}).status_code == 400
    many = {f"f{n}": "x" for n in range(30)}
    assert client.post("/quiz", data=many).status_code == 400
    assert client.post("/quiz", data={"code": "x" * 70_000}).status_code == 413
    assert client.put("/quiz").status_code == 405
    assert client.post("/quiz", data={"x": "y"}).status_code == 200
    assert (
        client.post("/quiz", data={"token": "\0é\ud7ff", "number": "1", "pick": "0"}).status_code
        == 404
    )


def test_another_site_cannot_answer_for_somebody(phone):
    data = {"code": phone.code()}
    sent = phone.client.post(
        "/quiz", data=data, headers={"sec-fetch-site": "cross-site"}, follow_redirects=False
    )
    assert sent.status_code == 303 and sent.headers["location"] == "/quiz"
    assert phone.campaigns.progress("autumn") == {}


def test_a_round_without_codes_begins_with_a_button_and_draws_no_lots(phone, parts):
    open_round(parts[1], replace(PUBLIC, draw=Prizes(1, "伞", "drand")))
    said = phone.get("/quiz/q-open_u1")
    assert texts.QUIZ_NO_LOT in said and texts.QUIZ_PUBLICITY in said
    assert 'name="code"' not in phone.page.text and "答题码" not in said
    phone.post(phone.fields)
    for _ in range(12):
        phone.pick("u")
    assert "答完了" in phone.text and texts.QUIZ_ENTRY_TITLE not in phone.text
    assert texts.QUIZ_PUBLICITY in phone.text


def test_a_lot_is_shown_at_the_end_and_again_for_some_minutes(parts):
    app, store, assistant = parts
    with store.engine.begin() as connection:
        for table in METADATA.sorted_tables:
            connection.execute(delete(table))
    assistant.quizzing._seen.clear()
    campaigns = open_round(store, replace(CAMPAIGN, draw=Prizes(1, "伞", "drand")))
    phone = Phone(TestClient(app), campaigns)
    phone.post({"code": phone.code()})
    for _ in range(12):
        phone.pick("u")
    lot = re.search(r'class="code">([0-9A-Z-]{19})<', phone.page.text)[1]
    assert lot in phone.again(), "the last page got lost on its way"


def test_every_page_of_the_site_leads_to_the_quiz(phone):
    assert 'href="/quiz"' in phone.client.get("/").text
    phone.post({"code": phone.code()})
    assert 'class="chip"' not in phone.page.text, "nothing leads away by mistake"
