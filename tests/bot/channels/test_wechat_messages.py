"""Fields to messages and texts to XML: whatever stands in them."""

from __future__ import annotations

import xml.etree.ElementTree as trees

import pytest
import wechat_side as side
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channels.plain import clean
from bot.channels.wechat.envelope import Rejected, passive, read
from bot.channels.wechat.messages import read as heard
from bot.channels.wechat.render import MOST, render
from bot.message import Choice, Reply

_VALUE = st.recursive(
    st.text(max_size=12) | st.sampled_from(["1", "event", "text", "voice", "location", "subscribe", "NaN", "1e999"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)  # fmt: skip
_NAMES = (
    "MsgType", "MsgId", "Content", "Event", "EventKey", "Recognition", "Location_X", "Location_Y",
    "bizmsgmenuid", "CreateTime", "FromUserName",
)  # fmt: skip
_GOOD = {"ToUserName": side.ACCOUNT, "FromUserName": side.USER, "CreateTime": "1", "MsgId": "2", "MsgType": "text", "Content": "问"}  # fmt: skip


@given(st.dictionaries(st.sampled_from(_NAMES), _VALUE, max_size=6))
@settings(max_examples=300, deadline=None)
def test_any_fields_are_a_message_or_one_refusal(fields):
    try:
        found = heard({**_GOOD, **fields})
    except Rejected as error:
        assert error.reason == "fields"
    else:
        assert found.key.startswith(f"wechat:{side.ACCOUNT}:") and found.account == side.ACCOUNT


@pytest.mark.parametrize("name", list(_GOOD))
def test_a_message_without_one_of_its_fields_is_refused(name):
    heard(_GOOD)
    with pytest.raises(Rejected):
        heard({k: v for k, v in _GOOD.items() if k != name})


@given(st.text(max_size=60) | st.text("]>[<!&C\r\n\t字", max_size=12))
@settings(max_examples=300, deadline=None)
def test_any_text_comes_out_of_our_xml_as_it_went_in(said):
    """wechatpy lets `]]>` end the text, and what follows be a second MsgType."""
    root = trees.fromstring(passive("u", "a", said, 1))
    assert [child.tag for child in root] == ["ToUserName", "FromUserName", "CreateTime", "MsgType", "Content"]  # fmt: skip
    assert (root.findtext("Content") or "") == clean(said)
    assert read(passive("u", "a", said, 1))["Content"] == clean(said)


def test_repeated_elements_are_a_list():
    """subscribe_msg_popup_event has one List for every template."""
    found = read("<xml><P><List><T>1</T></List><List><T>2</T></List></P></xml>")
    assert found == {"P": {"List": [{"T": "1"}, {"T": "2"}]}}


@given(
    st.lists(st.text(max_size=1500), min_size=1, max_size=3),
    st.lists(st.text(min_size=1, max_size=200), max_size=9),
    st.sampled_from(["", "https://xst.example"]),
)
@settings(max_examples=100, deadline=None)
def test_no_turn_is_longer_than_one_message_may_be(said, labels, base):
    choices = tuple(Choice(label, "ref:card:x") for label in labels)
    replies = tuple(Reply(s, s, "answer", choices=choices, ref="card:y") for s in said)
    assert len(render(replies, base).encode()) <= MOST


def test_several_replies_are_said_in_one_message_with_the_last_ones_choices():
    first = Reply("一", "一", "answer", choices=(Choice("旧", "help"),))
    last = Reply("二", "二", "answer", choices=(Choice("新", "help"),))
    assert render((first, last)) == "一\n\n二\n回复数字选择：\n1 新"
    assert render(()) == ""
