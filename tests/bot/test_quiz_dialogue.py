"""A campaign in a chat: by a scanned code or a one-time code, answer by answer, as people type."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from bank import bank, item
from banked import Banked
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small import TODAY

from bot import texts
from bot.assistant import Assistant
from bot.campaign import asking, codes
from bot.campaign.plan import Campaign, Unit
from bot.message import Incoming
from bot.quizzing import Quizzing
from bot.storage.campaigns import Campaigns
from bot.turn import Session

UNITS = (Unit("u1", "甲厂", 120, 50), Unit("u2", "乙厂", 30, 30))
CODED = Campaign(
    "autumn", "秋季答题", "区总工会", "基本了解率", "名册随机", "答题码",
    date(2026, 11, 1), date(2026, 12, 20), UNITS, roster_seed="ab",
)  # fmt: skip
PUBLIC = replace(CODED, id="open", sample="自愿", entrance="不用码", roster_seed="")


class Chat:
    """Somebody in a chat with one campaign open, and its clock in hand."""

    def __init__(self, release, store, campaign=CODED, items=None, person="a" * 32) -> None:
        self.now = 1_000_000.0
        self.sources = Banked(release.on(TODAY), items)
        self.campaigns = Campaigns(store, lambda: self.now)
        self.assistant = Assistant(lambda: self.sources, store)
        self.assistant.quizzing = Quizzing(
            self.campaigns, lambda: self.sources, clock=lambda: self.now
        )
        if self.campaigns.get(campaign.id) is None:
            self.campaigns.create(campaign, asking.points_of(campaign, self.sources.live))
            self.campaigns.set_status(campaign.id, "draft", "open")
        self.campaign, self.person, self.session = campaign, person, Session()

    def say(self, text="", choice="", private=True, wait=10.0):
        self.now += wait
        incoming = Incoming(text, choice, self.person, "wechat", private)
        turn = self.assistant.handle(incoming, self.session)
        self.session = turn.session
        return turn.replies[0]

    def code(self, unit="u1"):
        key = self.campaigns.get(self.campaign.id).key
        return codes.make_codes(key, self.campaign.id, unit, 1)[0]

    @property
    def sitting(self):
        return self.campaigns.sitting(self.session.task.split(":")[1]).sitting

    @property
    def asked(self):
        return self.sources.known[self.sitting.open]

    def numbers(self):
        """The numbers of the right options of the open question."""
        places = asking.show(self.sitting, self.asked).places
        return [n for n, p in enumerate(places, 1) if p in self.asked.key]


@pytest.fixture
def chat(release, store):
    return lambda campaign=CODED, items=None, **more: Chat(release, store, campaign, items, **more)


def test_a_scanned_code_of_a_publicity_round_leads_through_to_the_end(chat):
    me = chat(PUBLIC)
    first = me.say(choice=f"start:{PUBLIC.scene('u1')}")
    assert first.text.startswith("秋季答题\n第 1 题，共 12 题\n【单选】")
    assert [c.label for c in first.choices][-1] == texts.QUIZ_BUTTON_UNSURE
    for number in range(1, 12):
        said = me.say(str(me.numbers()[0]))
        assert said.text.startswith(texts.QUIZ_RIGHT) and f"第 {number + 1} 题" in said.text
        assert "依据：《集体合同规定》" in said.text
    last = me.say("不知道")
    assert texts.QUIZ_END.format(of=12, score=11) in last.text
    assert texts.QUIZ_PUBLICITY in last.text and me.session.task == ""
    assert len(me.campaigns.attempts("open")) == 1
    again = me.say(choice=f"start:{PUBLIC.scene('u1')}")
    assert again.text == texts.QUIZ_PROBLEMS["again"]
    assert [c.payload for c in again.choices] == ["practice"]
    assert "【" in me.say("1").text, "practice is free"


def test_a_typed_code_begins_and_goes_on_where_it_stopped(chat):
    me = chat()
    code = me.code()
    assert me.say(choice=f"start:{CODED.scene('u1')}").text == texts.QUIZ_PROBLEMS["code-needed"]
    assert "第 1 题" in me.say(code.lower()).text
    me.say(str(me.numbers()[0]))
    assert me.say("不答了").text == texts.QUIZ_LEFT
    later = chat(person="b" * 32)
    assert "第 2 题" in later.say(f" {code.replace('-', ' ')} ").text


def test_codes_that_are_none_are_told_what_is_wrong(chat):
    me = chat()
    assert me.say("答题").text == texts.QUIZ_MENU
    assert me.say("3").text == texts.QUIZ_ASK_CODE_BARE
    assert me.say("0000-0000-0000-0000").text == texts.QUIZ_PROBLEMS["code-unknown"]


MANY = [
    item(f"s{area}-{n}", form, area, kind="多选", right=(0, 2))
    for area in range(1, 13)
    for n in (1, 2)
    for form in "abc"
]


def test_several_are_typed_together_or_ticked_and_a_single_number_is_no_final_answer(chat):
    me = chat(PUBLIC, MANY)
    me.say(choice=f"start:{PUBLIC.scene('u1')}")
    one, two = me.numbers()
    assert me.say(f"{one} {two}").text.startswith(texts.QUIZ_RIGHT)
    one, two = me.numbers()
    ticked = me.say(str(one))
    assert "第 2 题" in ticked.text and ticked.choices[one - 1].label.startswith("☑")
    me.say(str(two))
    said = me.say("5")  # 选好了
    assert said.text.startswith(texts.QUIZ_RIGHT) and "第 3 题" in said.text
    assert me.say("6").text.startswith("应选："), "不知道 by its number"
    assert "第 4 题" in me.say("5").text, "nothing ticked: shown again"


def test_an_answer_before_the_question_can_have_been_read_is_not_taken(chat):
    me = chat(PUBLIC)
    me.say(choice=f"start:{PUBLIC.scene('u1')}")
    early = me.say("1", wait=1.0)
    assert texts.QUIZ_PROBLEMS["too-fast"].format(wait=3) in early.text and "第 1 题" in early.text
    assert "第 2 题" in me.say("1").text


def test_a_question_in_between_is_answered_and_the_sitting_waits(chat):
    me = chat(PUBLIC)
    me.say(choice=f"start:{PUBLIC.scene('u1')}")
    assert "20日" in me.say("收到要约多少天要答复").text
    me.say("1")
    assert len(me.sitting.answers) == 0, "the number picked from the answer said last"
    assert "第 1 题" in me.say("继续").text
    assert me.say("我不想活了").disposition == "escalate"
    assert "第 1 题" in me.say("继续").text


def test_a_button_of_an_earlier_question_changes_nothing(chat):
    me = chat(PUBLIC)
    old = me.say(choice=f"start:{PUBLIC.scene('u1')}")
    me.say("1")
    for choice in old.choices:
        assert "第 2 题" in me.say(choice=choice.payload).text
    assert len(me.sitting.answers) == 1


def test_in_a_group_nobody_takes_part(chat):
    me = chat(PUBLIC)
    for words, choice in (("", f"start:{PUBLIC.scene('u1')}"), (me.code(), "")):
        reply = me.say(words, choice, private=False)
        assert reply.text == texts.IN_PRIVATE and not reply.choices
    assert me.campaigns.progress("open") == {} and me.session.task == ""


def test_a_scene_of_no_campaign_says_so(chat):
    assert chat().say(choice="start:q-other_u1").text == texts.QUIZ_PROBLEMS["closed"]


def test_every_payload_fits_into_a_telegram_button(chat):
    me = chat(PUBLIC, MANY)
    reply = me.say(choice=f"start:{PUBLIC.scene('u1')}")
    assert all(len(c.payload.encode()) <= 64 for c in reply.choices)


WORDS = st.one_of(
    st.sampled_from(
        ["1", "2", "5", "6", "9", "1 3", "13", "不知道", "不答了", "继续", "答题", "练习", "选好了",
         "收到要约多少天要答复", "忘记我", "0000-0000-0000-0000", "每日一题", "更多", "START"]
    ),
    st.text(max_size=20),
)  # fmt: skip
CHOICES = st.sampled_from(
    ["", "", "", f"start:{PUBLIC.scene('u1')}", "start:q-open_u9", "sit:x:1:0", "sit:", "sit:a:b:c:d",
     "quiz:code", "quiz:stop", "open:quiz", f"sit:{'f' * 32}:1:0", "sit:::"]
)  # fmt: skip


@settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.tuples(WORDS, CHOICES, st.sampled_from([0.5, 10.0])), max_size=12))
def test_any_sequence_of_messages_is_answered(release, store, said):
    me = Chat(release, store, PUBLIC, [*MANY, *bank()])
    for text, choice, wait in said:
        assert me.say(text, choice, wait=wait).text.strip()
