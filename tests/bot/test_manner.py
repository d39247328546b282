"""How a question is put."""

from datetime import date

import pytest

from bot import manner

TODAY = date(2026, 11, 20)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("要约多少天答复", ["要约多少天答复"]),
        ("要约多少天答复？代表要几个人？", ["要约多少天答复", "代表要几个人"]),
        (
            "我们厂没有工会，代表怎么选？另外公司不给账本怎么办",
            ["我们厂没有工会，代表怎么选", "公司不给账本怎么办"],
        ),
        ("加班没给钱，能要吗，要是辞职了还能要吗", ["加班没给钱，能要吗", "要是辞职了还能要吗"]),
        ("试用期被辞退了。没有合同。", ["试用期被辞退了。没有合同。"]),
        ("工资拖了还有加班费没给怎么办", ["工资拖了还有加班费没给怎么办"]),
    ],
)
def test_a_message_falls_into_its_questions(text, wanted):
    assert manner.parts(text) == wanted


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("法律不是规定每方10人吗", 10),
        ("听说试用期最长一年对吧", 1),
        ("劳动仲裁要在60天内申请吧", 60),
        ("我干了3年能拿多少", None),
        ("每方要10人吗", None),
    ],
)
def test_a_premise_holds_the_figures_taken_for_granted(text, number):
    assert {float(f[0]) for f in manner.premise(text)} == ({number} if number else set())


@pytest.mark.parametrize(
    "text", ["可以拒绝协商吗", "能不能请律师当代表", "老板这样行吗", "单休合法吗"]
)
def test_leave_is_asked(text):
    assert manner.asks_leave(text)


@pytest.mark.parametrize("text", ["可以拿多少补偿", "能休几天", "怎么才能要回来", "要约要答复吗"])
def test_a_figure_or_a_way_is_no_leave(text):
    assert not manner.asks_leave(text)


def test_leaving_undone_is_told_from_doing():
    assert manner.refuses("可以不交社保吗") and not manner.refuses("可以补交社保吗")


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("什么是首席代表？", "首席代表"),
        ("首席代表是什么意思", "首席代表"),
        ("请问啥叫一函两书", "一函两书"),
        ("N+1是什么", "N+1"),
        ("竞业限制怎么理解", "竞业限制"),
        ("什么情况可以解除合同，要赔吗", ""),
    ],
)
def test_a_definition_is_asked(text, term):
    assert manner.defined(text) == term


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2023年签的集体合同", date(2023, 12, 30)),
        ("2019年3月5日受的伤", date(2019, 3, 5)),
        ("去年放了几天假", date(2025, 12, 31)),
        ("二〇一二年规定的产假", date(2012, 12, 30)),
        ("2015年入职，现在被辞退", None),
        ("今年的标准", None),
        ("2026年签的", None),
    ],
)
def test_an_earlier_day_is_asked_about(text, day):
    assert manner.past_day(text, TODAY) == day
