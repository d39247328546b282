"""Taking part in a campaign: once for a code, answer by answer, and nothing that tells who."""

from __future__ import annotations

import dataclasses
from dataclasses import replace
from datetime import date

import pytest
from bank import bank
from sqlalchemy import inspect, text

from bot.campaign import asking, codes
from bot.campaign.plan import Campaign, Prizes, Recognition, Unit
from bot.draw.lots import entry_of
from bot.quizzing import Quizzing, unfinished
from bot.storage.campaigns import Campaigns
from bot.storage.store import StoreError

UNITS = (Unit("u1", "甲厂", 120, 3), Unit("u2", "乙厂", 30, 30))
CAMPAIGN = Campaign(
    "autumn", "秋季答题", "区总工会", "基本了解率", "名册随机", "答题码",
    date(2026, 12, 1), date(2026, 12, 20), UNITS, roster_seed="ab",
)  # fmt: skip
PUBLIC = replace(CAMPAIGN, id="open", sample="自愿", entrance="不用码", roster_seed="")


class Sources:
    """What a turn sees: the bank, on a day that can be changed."""

    def __init__(self) -> None:
        self.day, self.live, self.known = date(2026, 12, 5), bank(), {i.id: i for i in bank()}

    def items(self):
        return self.live

    def item(self, ident):
        return self.known.get(ident)


class Round:
    """One campaign, open, with its clock in hand."""

    def __init__(self, store, campaign: Campaign = CAMPAIGN) -> None:
        self.now, self.sources = 1_000_000.0, Sources()
        self.campaigns = Campaigns(store, lambda: self.now)
        self.quizzing = Quizzing(self.campaigns, lambda: self.sources, clock=lambda: self.now)
        self.id = campaign.id
        points = asking.points_of(campaign, bank()) if campaign.metric == "基本了解率" else ()
        self.campaigns.create(campaign, points)
        assert self.campaigns.set_status(campaign.id, "draft", "open")

    def codes(self, unit: str = "u1", count: int = 1) -> list[str]:
        return codes.make_codes(self.campaigns.get(self.id).key, self.id, unit, count)

    def through(self, page, right: int = 99):
        """Answer to the end, the first `right` questions rightly."""
        while page.shown:
            self.now += 10
            one = self.sources.known[page.shown.item]
            places = [page.shown.places.index(p) for p in one.key]
            if page.shown.number > right:
                places = [(places[0] + 1) % len(page.shown.places)]
            page = self.quizzing.answer(page.token, page.shown.number, places)
            assert not page.problem
        return page


@pytest.fixture
def held(live) -> Round:
    return Round(live)


def test_a_code_leads_through_twelve_questions_to_a_score_nobody_else_sees(held):
    page = held.quizzing.enter(code=held.codes()[0])
    assert (page.shown.number, page.shown.of) == (1, 12)
    held.now += 10
    wrong = held.quizzing.answer(page.token, 1, [])
    assert wrong.feedback.right is None and wrong.feedback.why and wrong.feedback.basis
    done = held.through(wrong)
    assert (done.ending.score, done.ending.of) == (11, 12)
    attempt = held.campaigns.attempts("autumn")[0]
    assert attempt.passed and len(attempt.answers) == 12 and attempt.unit == "u1"


def test_a_code_counts_once_and_goes_on_where_it_stopped(held):
    code = held.codes()[0]
    page = held.quizzing.enter(code=code)
    held.now += 10
    held.quizzing.answer(page.token, 1, [0])
    again = held.quizzing.enter(code=code.lower().replace("-", " "))
    assert (again.token, again.shown.number) == (page.token, 2)
    held.through(again)
    assert held.quizzing.page(page.token).ending, "a lost last page is shown again for a while"
    assert held.quizzing.enter(code=code).problem == "code-spent"
    assert len(held.campaigns.attempts("autumn")) == 1
    held.now += 3600
    assert held.campaigns.purge() == 1
    assert held.quizzing.page(page.token).problem == "gone"


def test_the_same_answer_sent_twice_has_one_effect_and_the_key_comes_after_it(held):
    page = held.quizzing.enter(code=held.codes()[0])
    assert page.feedback is None and "right" not in {f.name for f in dataclasses.fields(page.shown)}
    held.now += 10
    second = held.quizzing.answer(page.token, 1, [0])
    repeated = held.quizzing.answer(page.token, 1, [1])
    assert repeated.shown == second.shown
    kept = held.campaigns.sitting(page.token).sitting
    assert len(kept.answers) == 1 and kept.answers[0].chosen == (page.shown.places[0],)


def test_an_answer_before_the_question_can_have_been_read_is_not_taken(held):
    page = held.quizzing.enter(code=held.codes()[0])
    held.now += 1
    early = held.quizzing.answer(page.token, 1, [0])
    assert (early.problem, early.wait) == ("too-fast", 3) and early.shown.number == 1
    held.now += 2
    assert held.quizzing.answer(page.token, 1, [0]).shown.number == 2


def test_no_more_begin_in_a_unit_than_were_asked_there(held):
    made = held.codes(count=4)
    assert all(held.quizzing.enter(code=c).shown for c in made[:3])
    assert held.quizzing.enter(code=made[3]).problem == "code-full"
    assert held.quizzing.enter(code=made[0]).shown, "who had begun goes on"


def test_foreign_and_mistyped_codes_and_closed_days_are_told_apart(held):
    assert held.quizzing.enter(code="0000-0000-0000-0000").problem == "code-unknown"
    assert held.quizzing.enter(code="夜班").problem == "code-form"
    code = held.codes()[0]
    held.sources.day = date(2026, 12, 21)
    assert held.quizzing.enter(code=code).problem == "code-unknown"
    held.sources.day = date(2026, 12, 20)
    assert held.quizzing.enter(code=code).shown
    assert held.quizzing.enter(scene="q-autumn_u1").problem == "code-needed"
    assert held.quizzing.enter(scene="q-other_u1").problem == "closed"
    assert held.quizzing.answer("f" * 32, 1, [0]).problem == "gone"


def test_an_item_whose_law_changed_meanwhile_is_not_asked_and_old_answers_keep_their_version(held):
    page = held.quizzing.enter(code=held.codes()[0])
    held.now += 10
    first = page.shown.item
    held.quizzing.answer(page.token, 1, [0])
    sitting = held.campaigns.sitting(page.token).sitting
    gone = {first, sitting.items[1]}
    held.sources.live = [i for i in bank() if i.id not in gone]
    page = held.quizzing.page(page.token)
    assert page.shown.item not in gone and page.shown.of == 12
    held.through(page)
    answers = held.campaigns.attempts("autumn")[0].answers
    assert first in {a.item for a in answers}
    assert next(a.version for a in answers if a.item == first) == held.sources.known[first].version


def test_nothing_kept_joins_a_code_to_answers(held):
    code = held.codes()[0]
    page = held.through(held.quizzing.enter(code=code))
    mark = codes.spent("autumn", code)
    with held.campaigns.store.engine.connect() as connection:
        for table in inspect(connection).get_table_names():
            rows = connection.execute(text(f"SELECT * FROM {table}")).mappings().all()
            for row in rows:
                said = str(dict(row))
                assert code not in said and code.replace("-", "") not in said
                assert table == "spent" or mark not in said, f"{table} still holds the code"
    assert page.ending


def test_the_prize_draw_gets_an_entry_of_everybody_who_finished_whatever_they_answered(live):
    drawn = replace(CAMPAIGN, draw=Prizes(2, "雨伞", "drand 第1000轮"))
    held = Round(live, drawn)
    good, bad = held.codes(count=2)
    one = held.through(held.quizzing.enter(code=good))
    two = held.through(held.quizzing.enter(code=bad), right=0)
    assert not held.campaigns.attempts("autumn")[0].passed or one.ending.score == 12
    codes_shown = [one.ending.entry, two.ending.entry]
    assert sorted(entry_of(c) for c in codes_shown) == held.campaigns.entries("autumn")
    held.now += 60
    again = held.quizzing.page(one.token)
    assert again.ending.entry == one.ending.entry, "a lost page is shown again for some minutes"


def test_a_publicity_round_knows_a_chat_person_once_and_the_web_not_at_all(live):
    held = Round(live, replace(PUBLIC, draw=Prizes(1, "水杯", "drand")))
    scene = PUBLIC.scene("u2")
    page = held.through(held.quizzing.enter(scene=scene, person="p1"))
    assert page.ending.publicity and page.ending.entry
    assert held.quizzing.enter(scene=scene, person="p1").problem == "again"
    assert held.quizzing.enter(scene=scene, person="p2").shown
    web = held.through(held.quizzing.enter(scene=scene))
    assert not web.ending.entry, "who can come any number of times draws no lot"
    assert held.quizzing.enter(scene="q-open_u9").problem == "unit-unknown"


def test_whoever_came_while_there_was_nothing_to_ask_may_come_again(live):
    held = Round(live, PUBLIC)
    held.sources.live, bank_ = [], held.sources.live
    scene = PUBLIC.scene("u1")
    assert held.quizzing.enter(scene=scene, person="p1").problem == "empty"
    held.sources.live = bank_
    assert held.quizzing.enter(scene=scene, person="p1").shown


def test_a_publicity_round_stores_no_pseudonym_and_its_hashes_go_at_the_close(live):
    held = Round(live, PUBLIC)
    held.quizzing.enter(scene=PUBLIC.scene("u1"), person="p1")
    other = Quizzing(held.campaigns, lambda: held.sources, clock=lambda: held.now)
    assert other.enter(scene=PUBLIC.scene("u1"), person="p1").shown, "another key, another person"
    assert sorted(held.campaigns.generations("open").values()) == [1, 1]
    with live.engine.connect() as connection:
        assert "p1" not in str(connection.execute(text("SELECT * FROM partaken")).all())
    assert held.campaigns.close("open", lambda s: unfinished(PUBLIC, s), lambda a: {})
    assert held.campaigns.generations("open") == {}
    assert sorted(held.campaigns.get("open").generations.values()) == [1, 1]


def test_who_leaves_half_way_counts_as_not_knowing_the_rest(held):
    page = held.quizzing.enter(code=held.codes()[0])
    for _ in range(7):
        held.now += 10
        one = held.sources.known[page.shown.item]
        page = held.quizzing.answer(
            page.token, page.shown.number, [page.shown.places.index(one.key[0])]
        )
    assert held.campaigns.attempts("autumn") == []
    seen = []
    assert held.campaigns.close(
        "autumn", lambda s: unfinished(CAMPAIGN, s), lambda a: seen.extend(a) or {"u1": "x"}
    )
    attempt = held.campaigns.attempts("autumn")[0]
    assert not attempt.passed and len(attempt.answers) == 12 and len(seen) == 1
    assert attempt.slot is None and held.campaigns.get("autumn").unreliable == {"u1": "x"}
    assert held.quizzing.answer(page.token, 8, [0]).problem in ("gone", "closed")
    assert not held.campaigns.close("autumn", lambda s: unfinished(CAMPAIGN, s), lambda a: {})


def test_rules_do_not_change_under_those_who_answered(held):
    with pytest.raises(StoreError, match="开始后不能再改"):
        held.campaigns.replace(replace(CAMPAIGN, passing=7), ())
    with pytest.raises(StoreError, match="已经有了"):
        held.campaigns.create(CAMPAIGN, ())


def test_awareness_asks_the_recognition_question_alone(live):
    asked = Recognition("have", "本单位有集体合同吗？", ("有", "没有", "不清楚"), 1)
    aware = replace(CAMPAIGN, id="aware", metric="知晓率", recognise=(asked,))
    held = Round(live, aware)
    page = held.quizzing.enter(code=held.codes()[0])
    assert page.shown.of == 1 and page.shown.options == ("有", "没有", "不清楚")
    held.now += 10
    done = held.quizzing.answer(page.token, 1, [0])
    assert done.ending.score == 1 and held.campaigns.attempts("aware")[0].passed


def test_a_choice_that_is_not_there_and_two_where_one_is_asked_are_not_taken(held):
    page = held.quizzing.enter(code=held.codes()[0])
    held.now += 10
    assert held.quizzing.answer(page.token, 1, [7]).problem == "choice"
    assert held.quizzing.answer(page.token, 1, [0, 1]).problem == "one-only"
    assert held.campaigns.sitting(page.token).sitting.answers == ()
