"""Greeting, help, forgetting, messages without words, and groups."""

from __future__ import annotations

import pytest

from bot import texts
from bot.message import Incoming
from bot.skills import respond, urgent
from bot.turn import Fetch, Forget, Hold, Session

SOMEWHERE = Session(region="河南", ref="card:x")


@pytest.fixture
def say(release):
    from small import TODAY

    sources = release.on(TODAY)
    return lambda incoming, session=SOMEWHERE: respond(incoming, session, sources)


def test_a_start_welcomes_and_keeps_the_region(say):
    turn = say(Incoming("", "start"))
    assert turn.replies[0].text == texts.WELCOME
    assert turn.session.region == "河南"
    assert turn.replies[0].choices


def test_who_has_no_region_yet_is_asked_for_it_but_not_in_a_group(say):
    assert texts.WHERE_FIRST in say(Incoming("", "start"), Session()).replies[0].text
    group = say(Incoming("", "start", private=False), Session())
    assert texts.WHERE_FIRST not in group.replies[0].text


def test_a_code_of_no_campaign_is_said_to_be_closed(say):
    assert say(Incoming("", "start:unit7")).replies[0].text.startswith(texts.SCENE_UNKNOWN)


@pytest.mark.parametrize("text", ["忘记我", "忘了我。", "删除我的记录", "/forget", "清空聊天记录"])
def test_forgetting_forgets(say, text):
    turn = say(Incoming(text))
    assert turn.effects == (Forget(),)
    assert turn.session == Session()
    assert turn.replies[0].text == texts.FORGOTTEN


@pytest.mark.parametrize("text", ["我忘了签合同怎么办", "公司删除我的考勤记录", "帮助工友讨薪找谁"])
def test_a_question_is_no_wish_to_be_forgotten(say, text):
    assert Forget() not in say(Incoming(text)).effects


@pytest.mark.parametrize("kind", ["voice", "image", "other"])
def test_what_cannot_be_read_gets_a_helpful_sentence(say, kind):
    turn = say(Incoming("", kind=kind))
    assert turn.replies[0].disposition == "clarify"
    assert "没有保存" in turn.replies[0].text
    assert turn.session.region == "河南"


def test_words_beside_a_picture_are_read(say):
    assert "图片" not in say(Incoming("收到要约几天答复", kind="image")).replies[0].text


def test_a_position_offers_its_region_and_takes_it_only_on_a_yes(say):
    turn = say(Incoming("", "near:山东"), Session())
    assert turn.session.region == ""
    assert turn.session.choices[0] == "region:山东"
    assert "没有保存" in turn.replies[0].text
    assert say(Incoming("1"), turn.session).session.region == "山东"


def test_what_is_not_open_yet_says_so(say):
    assert "看得见您是谁" in say(Incoming("", "open:demand")).replies[0].text


def test_quizzes_are_open_and_help_says_so(say):
    menu = say(Incoming("", "open:quiz"))
    assert menu.replies[0].text == texts.QUIZ_MENU
    assert menu.session.choices == ("practice", "daily", "quiz:code", "rehearse")
    assert "答题" in say(Incoming("", "help")).replies[0].text


def test_in_a_group_nothing_personal_is_asked_taken_or_shown(say):
    for text in ("找真人", "取件码 123456789012"):
        turn = say(Incoming(text, private=False))
        assert turn.replies[0].text == texts.IN_PRIVATE
        assert not turn.session.waits
        assert not [e for e in turn.effects if isinstance(e, Hold | Fetch)]
    turn = say(Incoming("天上有几颗星", private=False))
    assert "person" not in [c.payload for c in turn.replies[0].choices]
    assert "person" not in turn.session.choices


def test_the_same_asked_in_private_is_taken(say):
    assert say(Incoming("找真人")).session.waits == "question"


def test_what_cannot_wait_is_told_from_the_rest(release):
    from small import TODAY

    sources = release.on(TODAY)
    assert urgent(Incoming("忘记我"), sources)
    assert urgent(Incoming("", "forget"), sources)
    assert not urgent(Incoming("几天答复"), sources)
    assert not urgent(Incoming("", "ask:几天答复"), sources)
