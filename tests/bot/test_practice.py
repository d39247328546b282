"""Practice and the daily question: dialogues in every channel, nothing scored, nobody disturbed."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from bank import bank, item
from banked import Banked
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small import TODAY
from starlette.testclient import TestClient

from bot import texts
from bot.assistant import Assistant
from bot.campaign import practice
from bot.campaign.practice import Stage
from bot.channels.plain import utf8
from bot.channels.said import usable
from bot.channels.web import make_app
from bot.channels.wechat.render import MOST, render
from bot.message import Incoming
from bot.persons import Persons
from bot.skills import respond
from bot.storage.practice import Practices
from bot.turn import Practised, Session, Subscribe

ME = "a" * 32


class Talk:
    """Someone in one channel: keeps the session, gives back the reply."""

    def __init__(self, release, store, channel="web", items=None) -> None:
        self.sources = Banked(release.on(TODAY), items)
        self.store, self.channel = store, channel
        self.assistant = Assistant(lambda: self.sources, store, sealing=Persons(bytes(32)))
        self.session, self.turn = Session(), None

    def say(self, text="", choice="", private=True):
        incoming = Incoming(text, choice, ME, self.channel, private)
        self.turn = self.assistant.handle(incoming, self.session)
        self.session = self.turn.session
        return self.turn.replies[0]

    @property
    def stage(self) -> Stage:
        return practice.read(self.session.task)

    @property
    def item(self):
        return self.sources.known[self.stage.item]

    def place(self, right=True) -> int:
        """The number of a right option of the open question, or of a wrong one, from 1."""
        shown = practice.shown(self.stage, self.item)
        return 1 + next(n for n, p in enumerate(shown.places) if (p in self.item.key) == right)

    def answer(self, right=True):
        return self.say(str(self.place(right)))


@pytest.fixture
def talk(release, store):
    return lambda channel="web", items=None: Talk(release, store, channel, items)


def labels(reply):
    return [c.label for c in reply.choices]


@pytest.mark.parametrize("word", ["练习", "练一练", "刷题", "/practice", "我想练习一下。"])
def test_a_word_begins_practice_and_a_number_answers_it(talk, word):
    me = talk()
    asked = me.say(word)
    assert texts.PRACTICE_HERE in asked.text and "【单选】" in asked.text
    assert len(asked.choices) == 5 and labels(asked)[-1] == texts.QUIZ_BUTTON_UNSURE
    why = me.item.why
    said = me.answer()
    assert said.text.split("\n") == [texts.QUIZ_RIGHT + why, "依据：《集体合同规定》第三十二条"]
    assert labels(said) == [texts.QUIZ_BUTTON_NEXT, texts.QUIZ_BUTTON_STOP]
    assert "【" in me.say("1").text, "the next one"


def test_a_wrong_answer_is_told_the_right_one_and_not_knowing_is_no_shame(talk):
    me = talk()
    me.say("练习")
    right = me.item.options[me.item.key[0]].text
    assert me.answer(right=False).text.startswith(texts.QUIZ_WRONG.format(key=right))
    me.say("下一题")
    right = me.item.options[me.item.key[0]].text
    assert me.say("不知道").text.startswith(texts.QUIZ_TOLD.format(key=right))


@pytest.mark.parametrize("said", ["number", "letter", "words", "sign"])
def test_an_answer_may_be_a_number_a_letter_or_the_options_words(talk, said):
    me = talk()
    me.say("练习")
    place = me.place()
    words = {
        "number": f"选第{place}个",
        "letter": "ABCD"[place - 1],
        "words": me.item.options[me.item.key[0]].text + "。",
        "sign": "①②③④"[place - 1],
    }
    assert me.say(words[said]).text.startswith(texts.QUIZ_RIGHT)


MANY = [item(f"m{n}", kind="多选", right=(0, 2)) for n in range(5)]


def test_several_are_ticked_one_by_one_or_typed_together(talk):
    me = talk(items=MANY)
    first = me.say("练习")
    assert "可以选几个" in first.text and labels(first)[4:] == ["选好了", "不知道"]
    shown = practice.shown(me.stage, me.item)
    places = sorted(n for n, p in enumerate(shown.places) if p in me.item.key)
    ticked = me.say(str(places[0] + 1))
    assert labels(ticked)[places[0]].startswith("☑")
    me.say(choice=first.choices[places[1]].payload)
    assert me.stage.ticks == tuple(places)
    assert me.say("选好了").text.startswith(texts.QUIZ_RIGHT)
    me.say("下一题")
    shown = practice.shown(me.stage, me.item)
    typed = " ".join(str(n + 1) for n, p in enumerate(shown.places) if p in me.item.key)
    assert me.say(typed).text.startswith(texts.QUIZ_RIGHT)


def test_a_tick_is_taken_back_and_nothing_ticked_is_no_answer(talk):
    me = talk(items=MANY)
    me.say("练习")
    me.say("2")
    assert me.stage.ticks == (1,)
    me.say("2")
    assert me.stage.ticks == ()
    assert me.say("5").text.startswith(texts.QUIZ_PROBLEMS["nothing-picked"])
    assert me.stage.item and me.say("6").text.startswith("应选：")


def test_a_question_in_between_is_answered_and_practice_goes_on(talk):
    me = talk()
    me.say("练习")
    asked = me.stage.item
    assert "20日" in me.say("收到要约多少天要答复").text
    assert me.stage.item == asked, "still open"
    picked = me.say("1")
    assert "对" not in picked.text[:3], "a number picks from the answer said last"
    assert "【" in me.say("继续").text and me.stage.item == asked
    assert me.answer().text.startswith(texts.QUIZ_RIGHT)


def test_danger_in_the_midst_of_practice_is_answered_first(talk):
    me = talk()
    me.say("练习")
    reply = me.say("我不想活了")
    assert reply.disposition == "escalate"
    assert "【" in me.say("继续").text


def test_harder_includes_the_third_level_and_easier_leaves_it_out(talk):
    hard = [i for i in bank() if i.level == 3]
    me = talk(items=hard)
    assert me.say("练习").text == texts.PRACTICE_NONE
    me = talk(items=[*hard, item("easy")])
    me.say("练习")
    assert me.item.level == 1
    me.say("难一点")
    seen = set()
    for _ in range(18):
        seen.add(me.item.level)
        me.answer()
        me.say("下一题")
    assert seen == {1, 3}
    me.say("简单点")
    assert me.item.level == 1


def test_only_what_is_of_the_region_is_asked_with_what_is_the_nations(talk):
    here = talk()
    here.session = Session(region="郑州")
    there = talk()
    points = {"here": set(), "there": set()}
    for name, me in (("here", here), ("there", there)):
        me.say("练习")
        for _ in range(45):
            points[name].add(me.item.region)
            me.answer()
            me.say("下一题")
    assert points == {"here": {"国家", "河南"}, "there": {"国家"}}


def test_no_point_comes_twice_before_all_were_asked(talk):
    me = talk()
    me.say("练习")
    seen = []
    for _ in range(36):
        seen.append(me.item.point)
        me.answer()
        me.say("下一题")
    assert len(set(seen)) == 36


def test_what_was_wrong_comes_again_after_three_others_in_this_conversation(talk):
    """On the web nothing is kept of a person: the page carries it."""
    me = talk("web")
    me.say("练习")
    missed = me.item.point
    me.answer(right=False)
    points, said = [], []
    for _ in range(4):
        said.append(me.say("下一题").text)
        points.append(me.item.point)
        me.answer()
    assert points.index(missed) == 3 and said[3].startswith(texts.PRACTICE_AGAIN)
    assert me.stage.missed == () and Practices(me.store).get(ME) == ""


def test_leaving_ends_it_and_a_lost_session_begins_anew(talk):
    me = talk()
    me.say("练习")
    assert me.say("不答了").text == texts.PRACTICE_LEFT and me.session.task == ""
    me.say("练习")
    me.session = Session()
    assert me.say(choice="try:5:1:0").text == texts.PRACTICE_STALE


def test_a_button_of_an_earlier_question_answers_nothing(talk):
    me = talk("telegram")
    old = me.say("练习")
    me.answer()
    me.say("下一题")
    asked, used = me.stage.item, Practices(me.store).use()
    for choice in old.choices:
        reply = me.say(choice=choice.payload)
        assert reply.text.startswith(texts.PRACTICE_STALE) and me.stage.item == asked
    assert Practices(me.store).use() == used and me.turn.effects == ()


def test_an_item_withdrawn_meanwhile_is_not_answered(talk):
    me = talk()
    me.say("练习")
    gone = me.stage.item
    me.sources.live = [i for i in me.sources.live if i.id != gone]
    assert me.say(choice=f"{me.stage.key}:0").text == texts.PRACTICE_GONE
    me.say("1")
    assert me.stage.item not in ("", gone)


def test_a_sitting_under_way_is_not_lost_to_practice(talk):
    me = talk()
    sitting = f"sit:{'f' * 32}:3:s"
    for words in ("练习", "每日一题"):
        me.session = Session(task=sitting)
        reply = me.say(words)
        assert reply.text == texts.PRACTICE_SITTING and me.session.task == sitting
        assert labels(reply) == [texts.PRACTICE_BUTTON_SITTING, texts.QUIZ_BUTTON_STOP]


def test_answers_are_counted_without_anybody(talk):
    me = talk("telegram")
    me.say("练习")
    one = me.item
    me.answer()
    other = talk("web")
    other.say("练习")
    other.session = replace(other.session, task=practice.write(replace(other.stage, item=one.id)))
    other.say("不知道")
    key = ",".join(map(str, one.key))
    use = Practices(me.store).use()
    assert use == {(one.id, one.version, key): 1, (one.id, one.version, ""): 1}


def test_nothing_of_a_question_waiting_for_consent_is_taken_as_an_answer(talk):
    me = talk()
    me.say("练习")
    me.session = replace(me.session, waits="question", choices=())
    assert me.say("练习").text != texts.PRACTICE_HERE
    assert not isinstance(me.turn.effects[:1], Practised)


# The question of the day


def test_the_daily_question_is_the_same_for_everybody_in_a_region(talk):
    one, two, elsewhere = talk("telegram"), talk("wechat"), talk()
    one.session, two.session = Session(region="河南"), Session(region="郑州")
    for me in (one, two, elsewhere):
        assert me.say("每日一题").text.startswith("每日一题（11月20日）")
    assert one.stage.item == two.stage.item


def test_days_in_a_row_repeat_no_point_and_then_other_words():
    items = practice.fitting(bank(), ("国家",))
    days = [TODAY + timedelta(days=n) for n in range(72)]
    asked = [practice.of_day(items, "国家", day) for day in days]
    assert len({i.point for i in asked[:36]}) == 36
    assert len({i.id for i in asked}) == 72
    assert practice.of_day(list(reversed(items)), "国家", days[3]) == asked[3]
    assert [i.id for i in asked] != [practice.of_day(items, "河南", d).id for d in days]


def test_the_daily_question_has_one_right_option():
    mixed = [*MANY, item("one")]
    days = [TODAY + timedelta(days=n) for n in range(9)]
    assert {practice.of_day(mixed, "国家", d).point for d in days} == {"one"}
    assert practice.of_day(MANY, "国家", TODAY) is None


OFFERED = {
    "telegram": texts.PRACTICE_SUBSCRIBED,
    "wecom": texts.PRACTICE_SUBSCRIBED,
    "wechat": texts.PRACTICE_SUBSCRIBED_WECHAT,
}


@pytest.mark.parametrize("channel", ["telegram", "wecom", "wechat", "web", "terminal"])
def test_a_subscription_is_offered_where_a_channel_may_write_first(talk, channel):
    me = talk(channel)
    me.say("/daily")
    offered = labels(me.answer())
    assert (texts.PRACTICE_BUTTON_ON in offered) == (channel in OFFERED)
    said = me.say("每天发给我").text
    assert said == OFFERED.get(channel, texts.PRACTICE_NO_PUSH)
    assert (Subscribe(True, TODAY) in me.turn.effects) == (channel in OFFERED)
    for words in ("退订", "取消订阅", "不用每天发"):
        assert me.say(words).text == texts.PRACTICE_UNSUBSCRIBED
    assert me.stage is not None, "practice goes on"


def test_asking_for_the_daily_question_twice_shows_the_same_one(talk):
    me = talk()
    me.say("每日一题")
    task = me.session.task
    me.say("每日一题")
    assert me.session.task == task


# Groups, limits, and whatever is typed


def test_a_group_gets_the_days_question_and_no_practice(talk):
    me = talk("telegram")
    for words in ("每日一题", "quiz", "答题"):
        reply = me.say(words, private=False)
        poll = reply.poll
        assert reply.text.endswith(texts.PRACTICE_GROUP) and not reply.choices
        assert len(poll.options) == 4 and poll.why.endswith("依据：《集体合同规定》第三十二条")
        assert me.session == Session() and me.turn.effects == ()
    alone = talk("telegram")
    alone.say("每日一题")
    today = alone.item
    assert today.stem in poll.question
    assert poll.options[poll.right] == today.options[today.key[0]].text
    for words in ("练习", "每天发给我"):
        assert me.say(words, private=False).text == texts.PRACTICE_IN_PRIVATE
    assert me.say(choice="try:1:1:0", private=False).text == texts.PRACTICE_IN_PRIVATE


def test_the_longest_question_fits_into_one_wechat_message(talk):
    long = item("long", kind="多选", right=(0, 1, 2, 3))
    options = tuple(replace(o, text="选" * 50) for o in long.options)
    long = replace(long, stem="问" * 90, why="因" * 120, options=options)
    me = talk("wechat", items=[long])
    for reply in (me.say("练习"), me.say("1"), me.say("1 2")):
        text = render((reply,))
        assert utf8(text) < MOST and "……" not in text


def test_the_page_without_scripts_asks_and_answers_and_carries_where_it_stands(full, release):
    sources = Banked(release.on(TODAY))
    page = TestClient(make_app(Assistant(lambda: sources), lambda: sources, full))
    token = ""

    def press(choice):
        nonlocal token
        html = page.post("/", data={"choice": choice, "token": token}).text
        token = re.search(r'name="token" value="([^"]*)"', html)[1]
        return html, re.findall(r'name="choice" value="((?:try|practice)[^"]*)"', html)

    html, offered = press("practice")
    assert "练习不计分" in html and len(offered) == 5
    assert "<p>【单选】" in html, "the question stands apart from what is said before it"
    html, after = press(offered[4])
    assert "<p>应选：" in html and "<p>依据：" in html and after == ["practice", "practice:stop"]
    assert texts.WEB_STALE in press(offered[0])[0], "answered already"
    assert "【单选】" in press("practice")[0]


def test_the_web_takes_an_answer_only_to_what_it_shows(release):
    sources, shown = release.on(TODAY), Session(choices=("try:1:1:0", "practice:stop"))
    assert usable("try:1:1:0", shown, sources) and usable("practice:stop", shown, sources)
    assert not usable("try:1:1:1", shown, sources)
    assert not usable("subscribe", Session(), sources)
    assert all(usable(c, Session(), sources) for c in ("open:quiz", "practice", "daily"))


WORDS = st.one_of(
    st.sampled_from([
        *("练习", "每日一题", "1", "2", "5", "6", "1 3", "13", "不知道", "选好了", "下一题", "继续"),
        *("难一点", "容易点", "不答了", "退订", "每天发给我", "答题", "B", "AC", "对", "错", "甲"),
        *("郑州", "收到要约多少天要答复", "忘记我", "找真人", "我不想活了", "更多", "模拟协商"),
    ]),
    st.text(max_size=12),
)  # fmt: skip
CHOICES = st.sampled_from(
    [
        *(
            "",
            "",
            "",
            "practice",
            "practice:hard",
            "practice:stop",
            "daily",
            "subscribe",
            "open:quiz",
        ),
        *(
            "unsubscribe",
            "try:1:1:0",
            "try:1:1:99",
            "try:",
            "try:x:y:z",
            "practice:",
            "try:1:1:0,1",
        ),
    ]
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    said=st.lists(st.tuples(WORDS, CHOICES), max_size=12),
    channel=st.sampled_from(["telegram", "web"]),
    private=st.booleans(),
)
def test_any_sequence_of_messages_is_answered(release, store, said, channel, private):
    mixed = [*MANY, *bank()[:9], item("tf", kind="判断")]
    me = Talk(release, store, channel, mixed)
    for text, choice in said:
        reply = me.say(text, choice, private)
        assert reply.text.strip()
        task = me.session.task
        assert not task.startswith("practice") or practice.write(me.stage) == task


@given(task=st.one_of(st.text(max_size=60), st.from_regex(r"practice(:[a-z0-9,-]{0,5}){9}")))
def test_a_task_of_any_form_is_read_or_left(task):
    stage = practice.read(task)
    assert stage is None or practice.read(practice.write(stage)) == stage


def test_skills_stay_pure(release):
    """The same message twice gives the same turn, and asks the world for nothing."""
    sources = Banked(release.on(TODAY))
    session = Session(task=practice.write(practice.opened(Stage(7), sources.live[0])))
    turns = [respond(Incoming("1", "try:7:1:0"), session, sources) for _ in range(2)]
    assert turns[0] == turns[1]


def test_privacy_is_said_whole_in_one_wechat_message(talk):
    """What is kept of practice and subscriptions must not be what is cut off."""
    said = "\n".join(f"{t}：{s.format(operator='某' * 35)}" for t, s in texts.PRIVACY)
    assert utf8(said) <= MOST and "退订" in said and "九十天" in said
