"""What updates of Telegram's say, and how replies are written for it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import texts
from bot.channels.plain import utf16
from bot.channels.telegram.buttons import DATA, keyboard, meant, remaining, written
from bot.channels.telegram.updates import Gone, Heard, Me, Unreadable, hear
from bot.channels.telegram.writing import MOST, bodies, entities
from bot.message import Choice, Cited, Incoming, Reply
from bot.turn import Session

ME = Me(777, "xst_bot")
PRIVATE = {"id": 5, "type": "private", "first_name": "工"}
GROUP = {"id": -100, "type": "supergroup", "title": "车间"}
WRITER = {"id": 5, "is_bot": False, "first_name": "工"}


def message(text=None, chat=PRIVATE, **more):
    said = {"message_id": 9, "date": 1, "chat": chat, "from": WRITER, **more}
    return said if text is None else {**said, "text": text}


def heard(kind="message", **content):
    return hear({"update_id": 1, kind: content or None}, ME)


def said(text=None, chat=PRIVATE, **more):
    return heard(**message(text, chat, **more))


def entity(kind, offset, length, **more):
    return {"type": kind, "offset": offset, "length": length, **more}


def command(text):
    return said(text, entities=[entity("bot_command", 0, len(text.split()[0]))])


# Private chats


def test_a_private_text_is_read_whole():
    assert said("加班费怎么算") == Heard("5", "5", Incoming("加班费怎么算", channel="telegram"), 9)


@pytest.mark.parametrize(
    ("text", "choice"),
    [
        ("/start", "start"),
        ("/start may_day", "start:may_day"),
        ("/help", "help"),
        ("/region", "near:"),
        ("/forget", "forget"),
        ("/Help@xst_bot", "help"),
    ],
)
def test_commands_are_choices(text, choice):
    assert command(text).incoming == Incoming("", choice, channel="telegram")


def test_an_unknown_command_is_a_question():
    assert command("/加班 费怎么算").incoming.choice == ""
    assert command("/pay overtime").incoming.text == "pay overtime"


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        ({"voice": {"file_id": "f", "file_unique_id": "u", "duration": 3}}, "voice"),
        ({"photo": [{"file_id": "f", "file_unique_id": "u", "width": 1, "height": 1}]}, "image"),
        ({"document": {"file_id": "f", "file_unique_id": "u"}}, "other"),
        ({"contact": {"phone_number": "1", "first_name": "工"}}, "other"),
    ],
)
def test_what_holds_no_words_is_told_by_its_kind(content, kind):
    assert said(**content).incoming.kind == kind


def test_a_caption_is_read():
    photo = [{"file_id": "f", "file_unique_id": "u", "width": 1, "height": 1}]
    incoming = said(photo=photo, caption="这合同合法吗").incoming
    assert (incoming.text, incoming.kind) == ("这合同合法吗", "image")


def test_a_position_offers_its_province_and_says_no_more():
    place = {"latitude": 34.75, "longitude": 113.66}
    assert said(location=place).incoming.choice == "near:河南"
    assert said(location={"latitude": 51.5, "longitude": 0.0}).incoming.choice == "near:"
    assert "34" not in repr(said(location=place))


def test_an_edited_message_is_asked_anew_in_private_only():
    assert heard("edited_message", **message("集体合同是什么")).incoming.text == "集体合同是什么"
    mention = {"entities": [entity("mention", 0, 8)]}
    assert heard("edited_message", **message("@xst_bot 问", GROUP, **mention)) is None


def test_a_live_location_that_moves_asks_nothing():
    place = {"latitude": 34.75, "longitude": 113.66, "live_period": 600}
    assert heard("edited_message", **message(location=place)) is None


# Groups


def test_a_group_message_to_others_is_not_read():
    assert said("大家好", GROUP) is None
    other = {"entities": [entity("mention", 0, 6)]}
    assert said("@other 你好", GROUP, **other) is None
    assert said("/help", GROUP, entities=[entity("bot_command", 0, 5)]) is None
    assert said("/help@other", GROUP, entities=[entity("bot_command", 0, 11)]) is None


def test_a_mention_in_a_group_is_read_without_the_name():
    text = "😀@XST_bot 加班费怎么算"
    found = said(text, GROUP, entities=[entity("mention", 2, 8)])
    assert found.incoming == Incoming("😀  加班费怎么算", channel="telegram", private=False)
    assert (found.user, found.target) == ("-100:5", "-100")


def test_a_mention_counts_only_when_telegram_marked_it():
    """The name inside an address or a word is no mention."""
    assert said("me@xst_bot.example", GROUP) is None


def test_a_reply_to_the_bot_and_a_command_with_its_name_are_read():
    answered = message("……", GROUP, **{"from": {"id": 777, "is_bot": True, "first_name": "b"}})
    assert said("那河南呢", GROUP, reply_to_message=answered).incoming.text == "那河南呢"
    other = message("……", GROUP)
    assert said("那河南呢", GROUP, reply_to_message=other) is None
    found = said("/help@xst_bot", GROUP, entities=[entity("bot_command", 0, 13)])
    assert found.incoming == Incoming("", "help", channel="telegram", private=False)


def test_a_topic_of_a_forum_is_answered_in_it():
    found = said(
        "@xst_bot 问",
        GROUP,
        entities=[entity("mention", 0, 8)],
        is_topic_message=True,
        message_thread_id=33,
    )
    assert found.target == "-100/33"


def test_in_a_group_nobodys_province_is_said():
    answered = message("……", GROUP, **{"from": {"id": 777, "is_bot": True, "first_name": "b"}})
    place = {"latitude": 34.75, "longitude": 113.66}
    found = said(chat=GROUP, location=place, reply_to_message=answered)
    assert found.incoming.choice == "near:"


def test_bots_channels_and_service_messages_are_not_answered():
    robot = {"from": {"id": 6, "is_bot": True, "first_name": "b"}}
    assert said("@xst_bot 问", GROUP, entities=[entity("mention", 0, 8)], **robot) is None
    assert heard("channel_post", **message("大家好", {"id": -1, "type": "channel"})) is None
    assert said(chat=GROUP, migrate_to_chat_id=-200) is None
    assert said(new_chat_title="新名", chat=PRIVATE) is None
    assert hear({"update_id": 1, "poll_answer": {"poll_id": "1", "option_ids": []}}, ME) is None


# Blocked


def member(status, chat=PRIVATE):
    who = {"user": {"id": 777, "is_bot": True, "first_name": "b"}}
    return {
        "chat": chat,
        "from": WRITER,
        "date": 1,
        "old_chat_member": {**who, "status": "member"},
        "new_chat_member": {**who, "status": status, "until_date": 0},
    }


def test_whoever_blocks_the_bot_is_gone():
    assert heard("my_chat_member", **member("kicked")) == Gone("5")
    assert heard("my_chat_member", **member("member")) is None
    assert heard("my_chat_member", **member("kicked", GROUP)) is None


# Bad updates


def test_an_update_of_another_form_is_unreadable_and_says_nothing_of_itself():
    with pytest.raises(Unreadable) as caught:
        heard(**{**message("秘密的话"), "chat": "秘密"})
    assert "秘密" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_half_a_character_is_replaced():
    """JSON may hold it; no database and no log line can."""
    assert said("工资\ud83d").incoming.text == "工资?"
    assert pressed("ask:\ud83d").read(Session()).choice == "ask:?"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
FIELDS = st.sampled_from(["chat", "from", "text", "entities", "location", "reply_to_message"])


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(["message", "callback_query", "my_chat_member"]), FIELDS, JSON)
def test_no_field_of_any_form_raises_anything_else(kind, field, value):
    try:
        found = hear({"update_id": 1, kind: {**message("问"), "id": "1", field: value}}, ME)
    except Unreadable:
        return
    assert found is None or isinstance(found, Heard)


# Buttons

LONG = "ask:" + "加班费" * 10


def pressed(data, chat=PRIVATE, markup=None):
    on = {**message("……", chat), "from": {"id": 777, "is_bot": True, "first_name": "b"}}
    if markup:
        on["reply_markup"] = markup
    return heard(
        "callback_query", id="q1", **{"from": WRITER}, chat_instance="c", data=data, message=on
    )


def test_every_payload_comes_back_from_64_bytes():
    for payload in ("region:内蒙古", "ref:card:" + "x" * 40, "ask:欠薪了怎么办", LONG, "person"):
        data = written(Choice("……", payload), "card:a")
        assert len(data.encode()) <= DATA
        session = Session(ref="card:a", choices=("other", payload))
        assert meant(data, session) == payload
        assert pressed(data).read(session).choice == payload


def test_a_long_payload_of_another_conversation_is_out_of_date():
    data = written(Choice("……", LONG), "")
    assert meant(data, Session(choices=("ask:别的",))) is None
    assert pressed(data).read(Session()) is None


@pytest.mark.parametrize("payload", ["more", "up", "down"])
def test_a_button_about_an_earlier_answer_does_not_touch_a_later_one(payload):
    """A thumb for an old answer must not count for the one given since."""
    data = written(Choice("有用", payload), "card:old")
    assert meant(data, Session(ref="card:old")) == payload
    assert meant(data, Session(ref="card:new")) is None
    assert meant(data, Session()) is None
    assert meant(payload, Session(ref="card:old")) is None


def test_consent_is_taken_only_where_it_was_asked():
    assert meant("agree", Session(waits="consent")) == "agree"
    assert meant("agree", Session()) is None
    assert meant("decline", Session(waits="question")) is None


def test_a_press_in_a_group_belongs_to_whoever_pressed():
    found = pressed("help", GROUP)
    assert (found.user, found.target, found.incoming.private) == ("-100:5", "-100", False)


def test_thumbs_and_consent_go_when_pressed_and_the_rest_stays():
    choices = (Choice("河南", "region:河南"), Choice("有用", "up"), Choice("没用", "down"))
    markup = keyboard(Reply("答", "答", "answer", choices=choices, ref="card:a"))
    data = written(choices[1], "card:a")
    left = pressed(data, markup=markup).keyboard
    assert left == {"inline_keyboard": [[{"text": "河南", "callback_data": "region:河南"}]]}
    assert pressed("region:河南", markup=markup).keyboard is None
    assert remaining([[("同意", "agree"), ("不转", "decline")]]) == {"inline_keyboard": []}


def test_short_choices_share_a_row_and_long_ones_have_their_own():
    provinces = tuple(Choice(p, f"region:{p}") for p in ("北京", "天津", "上海", "重庆", "内蒙古"))
    questions = (Choice("集体协商代表可以被随便解除劳动合同吗", "ref:card:x"),)
    rows = keyboard(Reply("答", "答", "answer", choices=provinces + questions))["inline_keyboard"]
    assert [len(row) for row in rows] == [4, 1, 1]
    assert keyboard(Reply("答", "答", "answer")) is None


# Writing


def reply(answer, **more):
    return Reply(answer, answer, "answer", **more)


def calls(found, replies, base=""):
    return [json.loads(b) for b in bodies(found, replies, base)]


@settings(max_examples=40, deadline=None)
@given(st.text(alphabet="答。😀a_*[`\n", max_size=200), st.integers(1, 60))
def test_4096_is_counted_in_utf16_units(part, times):
    """An emoji counts two; Telegram refuses 4,097, whatever len() says. Complaint 20."""
    (call,) = calls(said("问"), (reply("答" + part * times),))
    assert 0 < utf16(call["text"]) <= MOST
    for found in call.get("entities", ()):
        assert found["offset"] + found["length"] <= utf16(call["text"])


def test_2048_emoji_fit_and_2049_are_cut():
    (call,) = calls(said("问"), (reply("😀" * 2048),))
    assert call["text"] == "😀" * 2048
    (call,) = calls(said("问"), (reply("😀" * 2049),))
    assert utf16(call["text"]) <= MOST and call["text"].endswith("……")


def test_nothing_is_parsed_and_no_page_is_fetched():
    """Law text may hold any character; Markdown would refuse or hide it. Complaint 20."""
    (call,) = calls(said("问"), (reply("*第_一*条 [见](http://x) <b>"),))
    assert "parse_mode" not in call
    assert call["text"] == "*第_一*条 [见](http://x) <b>"
    assert call["link_preview_options"] == {"is_disabled": True}


def test_offsets_of_entities_are_utf16():
    quote = "用人单位应当按月支付工资。"
    cited = Cited("劳动法", "第五十条", "国家", "现行有效", "", quote=quote, official=True)
    one = reply("😀先看工资条。再去投诉。", citations=(cited,))
    (call,) = calls(said("问"), (one,))
    bold, quoted = call["entities"]
    units = call["text"].encode("utf-16-le")
    shown = [
        units[e["offset"] * 2 : (e["offset"] + e["length"]) * 2].decode("utf-16-le")
        for e in (bold, quoted)
    ]
    assert shown == ["😀先看工资条。", f"原文：「{quote}」"]
    assert (bold["type"], quoted["type"]) == ("bold", "expandable_blockquote")


def test_a_single_sentence_is_not_shouted():
    assert entities("好。", reply("好。")) == []


def test_a_body_names_no_chat_and_no_person():
    for chat in (PRIVATE, GROUP):
        found = pressed("help", chat)
        for body in bodies(found, (reply("好"),), ""):
            assert "chat_id" not in body and "-100" not in body


def test_a_group_is_answered_under_the_message():
    mention = {"entities": [entity("mention", 0, 8)]}
    (call,) = calls(said("@xst_bot 问", GROUP, **mention), (reply("答"),))
    assert call["reply_parameters"] == {"message_id": 9, "allow_sending_without_reply": True}
    assert "reply_parameters" not in calls(said("问"), (reply("答"),))[0]


def test_a_press_is_acknowledged_first_and_its_keyboard_changed_last():
    markup = keyboard(reply("答", choices=(Choice("有用", "up"),), ref="card:a"))
    found = pressed(written(Choice("有用", "up"), "card:a"), markup=markup)
    methods = [c["method"] for c in calls(found, (reply(texts.THANKS_UP),))]
    assert methods == ["answerCallbackQuery", "sendMessage", "editMessageReplyMarkup"]
