"""Reading a message before any search."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.scrub import left, looks_like_demand, scrub
from bot.understand import (
    LONGEST,
    best_sentence,
    clean,
    contract_type,
    has_content,
    picked,
    receipt_code,
    sentences,
)


@pytest.mark.parametrize(
    ("text", "number"),
    [("1", 1), ("１。", 1), ("①", 1), ("第一个", 1), ("选2", 2), ("回复 3", 3), ("三", 3), ("二吧", 2),
     ("9", 0), ("0", 0), ("1天", 0), ("第一条怎么说", 0), ("", 0)],
)  # fmt: skip
def test_numbers_pick_a_choice(text, number):
    assert picked(clean(text), 4) == number


@pytest.mark.parametrize(
    ("text", "kind"),
    [("工资专项集体合同报送", "工资"), ("工资协商要约", "工资"), ("综合集体合同到期", "综合"), ("女职工专项合同", "女职工"),
     ("劳动安全卫生专项", "安全"), ("集体合同签几年", ""), ("工资专项和综合集体合同不一致", "")],
)  # fmt: skip
def test_the_contract_type_is_read_only_where_one_is_named(text, kind):
    assert contract_type(text) == kind


@pytest.mark.parametrize(
    "text", ["你好", "在吗", "嗯嗯", "？", "那个就是", "hello", "呃 我想问一下"]
)
def test_greetings_are_no_content(text):
    assert not has_content(text)


@given(st.text(max_size=5000))
def test_cleaning_bounds_any_text_and_is_stable(text):
    once = clean(text)
    assert len(once) <= LONGEST
    assert not any(ord(c) < 32 for c in once)
    assert clean(once) == once


def test_a_receipt_code_is_read_with_or_without_words():
    assert receipt_code("1234 5678 9012") == ("123456789012", False)
    assert receipt_code("取件码：123456789012") == ("123456789012", False)
    assert receipt_code("删除 1234-5678-9012") == ("123456789012", True)
    assert receipt_code("电话13812345678") is None


@pytest.mark.parametrize(
    ("text", "kind", "gone"),
    [
        ("我叫李建国，欠薪", "姓名", "李建国"),
        ("打我电话 138-1234-5678", "电话", "1234"),
        ("幺三八一二三四五六七八", "电话", "幺三八"),
        ("身份证 110101199003077758", "身份证号", "110101199003077758"),
        ("卡号6222 0212 3456 7890 123", "银行卡号", "6222"),
        ("车牌豫A12345", "车牌", "A12345"),
        ("我邮箱 a.b@c.com", "邮箱", "a.b@c.com"),
        ("微信号: wxid_8899", "微信号", "wxid_8899"),
        ("工号A0231", "工号", "A0231"),
        ("王班长让我加班", "某人", "王班长"),
        ("在郑州宏达机械有限公司上班", "单位", "宏达"),
    ],
)
def test_what_could_tell_who_is_taken_out(text, kind, gone):
    scrubbed, kinds = scrub(text)
    assert gone not in scrubbed
    assert kind in kinds


@pytest.mark.parametrize(
    "text",
    [
        "加班费按300%算吗",
        "工资4000元扣了1500元",
        "劳动合同法第四十七条",
        "2026年放假13天",
        "打12333有用吗",
        "派遣工能入会吗",
    ],
)
def test_amounts_articles_and_hotlines_stay(text):
    assert scrub(text) == (text, [])


def test_only_marks_leave_nothing():
    assert left(scrub("13812345678")[0]) == ""


@pytest.mark.parametrize(
    "text",
    ["希望给我们涨点夜班补贴", "能不能给车间装个空调", "建议食堂改善一下", "要求公司把单价涨上去"],
)
def test_wishes_look_like_demands(text):
    assert looks_like_demand(text)


@pytest.mark.parametrize(
    "text", ["夜班补贴有没有规定", "加班费怎么算", "要求涨工资合法吗", "被辞退赔多少"]
)
def test_questions_do_not(text):
    assert not looks_like_demand(text)


def test_the_sentence_that_answers_is_found_and_never_cut():
    law = "每方代表至少3人。\n下列情形可以中止：\n（一）意见不一；\n（二）出现意外。"
    assert best_sentence("代表最少几人", law) == "每方代表至少3人。"
    assert all(s in law for s in sentences(law))
