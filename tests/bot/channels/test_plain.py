"""A reply as text of limited size: the answer whole, law text whole or not at all."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from bot import texts
from bot.channels.plain import clean, cut, fitted, utf8, utf16
from bot.message import Choice, Cited, Reply

ARTICLE = "收到要求之日起20日内以书面形式回应。" * 10
CITED = Cited(
    "集体合同规定",
    "第三十二条",
    "国家",
    "现行有效",
    "2004-05-01",
    quote=ARTICLE,
    official=True,
    id="v#a",
)
REPLY = Reply(
    "20日内书面答复。",
    "",
    "answer",
    (
        CITED,
        Cited(
            "工会法", "第二十一条", "国家", "现行有效", "", quote="短。", official=True, id="w#b"
        ),
    ),
    ("下一步：写要约书。",),
    (Choice("更多依据", "more"), Choice("河南", "region:河南")),
    ref="card:answer-days",
)


def test_what_fits_is_all_there_and_needs_no_link():
    text = fitted(REPLY, 10_000, utf8, "https://x.example")
    assert text.startswith("20日内书面答复。\n依据：\n1. 《集体合同规定》第三十二条")
    assert ARTICLE in text
    assert "https://" not in text
    assert text.endswith("回复数字选择：\n1 更多依据\n2 河南")


def test_law_text_is_left_out_whole_and_the_link_takes_its_place():
    text = fitted(REPLY, 700, utf8, "https://x.example/")
    assert utf8(text) <= 700
    assert "收到要求" not in text
    assert "《工会法》第二十一条" in text
    assert texts.WHOLE.format(link="https://x.example/card/answer-days") in text


def test_without_a_public_address_more_is_asked_for():
    assert texts.WHOLE_MORE in fitted(REPLY, 700, utf8)


def test_a_long_answer_is_cut_after_a_sentence():
    reply = Reply("第一句在这里。" * 100, "", "answer")
    text = fitted(reply, 2047, utf8)
    assert 2000 < utf8(text) <= 2047
    assert text.endswith("。……")


def test_each_place_and_each_other_thing_begins_a_line():
    said = "全国：20日内答复。河南（工资专项）：10个工作日。另外，开会：两次。您在哪个省市？"
    lines = fitted(Reply(said, "", "answer"), 2047, utf8).split("\n")
    assert [line[:3] for line in lines] == ["全国：", "河南（", "另外，", "您在哪"]


def test_choices_without_numbers_where_there_are_buttons():
    assert "回复数字" not in fitted(REPLY, 10_000, utf8, numbered=False)


def test_utf16_counts_what_telegram_counts():
    assert (utf16("字"), utf16("😀")) == (1, 2)


def test_characters_no_platform_takes_are_removed():
    assert clean("a\x00b\x0bc\ud800d\u202ee\r\nf") == "abcde\nf"


@settings(max_examples=200, deadline=None)
@given(
    answer=st.text(max_size=400),
    quotes=st.lists(st.text(min_size=1, max_size=300), max_size=4),
    labels=st.lists(st.text(max_size=30), max_size=8),
    most=st.integers(40, 900),
    measure=st.sampled_from([utf8, utf16]),
)
def test_it_always_fits_and_never_cuts_law_text(answer, quotes, labels, most, measure):
    cited = tuple(
        Cited("甲法", f"第{n}条", "国家", "现行有效", "", quote=q, official=True, id=f"v#{n}")
        for n, q in enumerate(quotes)
    )
    choices = tuple(Choice(label, "more") for label in labels)
    text = fitted(Reply(answer, "", "answer", cited, (), choices), most, measure, "https://x.cn")
    assert measure(text) <= most
    for line in text.split("\n"):
        if line.startswith("原文：「"):
            assert any(line in f"原文：「{q}」" for q in quotes)


@given(text=st.text(max_size=300), most=st.integers(0, 400))
def test_cutting_keeps_a_beginning(text, most):
    kept = cut(text, most, utf8)
    assert utf8(kept) <= most
    assert text.startswith(kept.removesuffix("……").rstrip("\n")) or kept == text
