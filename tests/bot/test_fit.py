"""The first words of an answer meet the question, and never turn it round."""

import pytest

from bot.answer import Draft
from bot.fit import fit
from knowledge.pieces import Leave

MAY = Leave("单位可以不交社保吗", "不可以")


def opening(claim, question, may=None):
    return fit(Draft("card:x", (claim,)), may, question).claims[0]


@pytest.mark.parametrize(
    ("claim", "opened"),
    [
        ("不能。要付加班费。", "不可以。要付加班费。"),
        ("能，提前三十日。", "可以。提前三十日。"),
        ("可以。写好委托书。", "可以。写好委托书。"),
        ("要看情况：合同怎么写。", "要看情况：合同怎么写。"),
        ("不能拦您。提前三十日通知就能走。", "不能拦您。提前三十日通知就能走。"),
        ("违法。侮辱人的，公安机关可以处罚。", "违法。侮辱人的，公安机关可以处罚。"),
        ("能走，提前三十日。", "能走，提前三十日。"),
    ],
)
def test_a_verdict_word_is_brought_to_one_form_and_a_sentence_left_alone(claim, opened):
    assert opening(claim, "可以这样吗") == opened


def test_a_question_for_no_leave_is_left_alone():
    assert opening("不能。要付。", "加班费怎么算") == "不能。要付。"


def test_the_entrys_verdict_is_said_for_what_it_is_about_only():
    assert opening("必须交。", "公司可以不给员工交社保吗", MAY) == "不可以。必须交。"
    assert opening("必须交。", "可以要求公司补交社保吗", MAY) == "必须交。"
    assert opening("必须交。", "可以不加班吗", MAY) == "必须交。"


def test_a_premise_is_wrong_only_against_a_figure_of_its_kind():
    assert opening("20日内答复。", "不是规定30日内答复吗").startswith("不是30日。")
    assert opening("20日内答复。", "不是规定每方10人吗") == "20日内答复。"
    assert opening("20日内答复。", "不是规定20日内答复吗") == "20日内答复。"
