"""Numbers of articles move; what a text meant is found by dates and by words, or not at all."""

from types import SimpleNamespace

from knowledge.renumbering import Proof, Today, counterpart, follows, likeness, says, today

TEXTS = {
    "第一条": "茶叶应当放在干燥的竹筒里保存，不得与香料混放。",
    "第二条": "煮茶的人应当先把双手洗净擦干，再取茶叶。",
    "第三条": "开水应当在三分钟之内倒入茶壶，水温不低于八十度。",
    "第四条": "饮茶结束后，茶壶由值日的人洗净，倒扣晾干。",
}
# What a shared word weighs grows with the number of articles that do not have it.
TEXTS |= {
    f"第{n}条": f"第{m}间茶室摆放方桌。" for n, m in zip("五六七八九", "甲乙丙丁戊", strict=True)
}


def wording(numbers, start="2015-01-01", first=False, law="茶法"):
    return SimpleNamespace(law=law, start=start, first=first, numbers=numbers)


def test_a_law_that_never_changed_keeps_its_numbers():
    found = today("第二条", [wording(TEXTS, first=True)], "1990-01-01", True, "")
    assert found == Today("第二条", Proof.DATES)


def test_an_unknown_number_stands_nowhere():
    for first in (True, False):
        assert today("第二十条", [wording(TEXTS, first=first)], "2020-01-01", False, "") is None
    assert today("第一条", [], "2020-01-01", False, "") is None


def test_a_steady_law_needs_no_proof_from_the_day_on_which_it_became_so():
    law = [wording(TEXTS, start="2023-12-29", law="刑法")]
    assert today("第一条", law, "2005-01-01", False, "") == Today("第一条", Proof.DATES)
    assert today("第一条", law, "1990-01-01", False, "") is None


def test_an_amended_text_may_carry_numbers_from_before():
    found = today("第三条", [wording(TEXTS)], "2020-01-01", True, "依照的规定处罚")
    assert found == Today("第三条", Proof.OPEN)
    said = "开水没有在三分钟之内倒入茶壶的"
    assert today("第三条", [wording(TEXTS)], "2020-01-01", True, said) == Today(
        "第三条", Proof.WORDS
    )


def test_what_is_open_holds_where_the_words_prove_enough_of_the_rest():
    assert follows([Proof.WORDS] * 2 + [Proof.OPEN] * 8)
    assert not follows([Proof.WORDS] * 2 + [Proof.OPEN] * 9)
    assert not follows([Proof.WORDS, Proof.OPEN])


def test_words_prove_the_article_that_has_them_and_no_other():
    said = "值日的人没有把茶壶倒扣晾干的，由组长提醒"
    assert [n for n in TEXTS if says(said, n, TEXTS)] == ["第四条"]
    assert not any(says("违反规定的，由组长提醒", n, TEXTS) for n in TEXTS)


def test_a_counterpart_has_its_own_number_or_the_likest_wording():
    later = {
        "第一条": TEXTS["第一条"] + "竹筒应当加盖。",
        "第二条": "茶点自备。",
        "第三条": TEXTS["第二条"],
    }
    assert counterpart("第一条", TEXTS["第一条"], later) == "第一条"
    assert counterpart("第二条", TEXTS["第二条"], later) == "第三条"
    assert counterpart("第四条", TEXTS["第四条"], later) == ""
    assert counterpart("第四条", TEXTS["第四条"], {}) == ""


def test_likeness_is_one_for_the_same_words_and_none_without_any():
    assert likeness("水要开，水要热。", "水要开；水要热") == 1.0
    assert likeness("水要开", "饼干好吃") == 0.0
    assert likeness("", "") == 0.0
