"""The rule: what has to hold for 「已达到90%」, and what stands beside it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.awareness.bounds import roster_lower
from bot.awareness.claim import judge
from bot.awareness.inputs import AwarenessError, needed_of
from bot.awareness.measured import PUBLICITY, REACHED, REACHED_AMONG, UNPROVEN, Measured
from bot.awareness.words import percent


def judged(population, asked, answered, correct, **more):
    return judge(Measured(population, asked, answered, correct, **more))


def test_the_four_claims_are_the_words_that_scripts_compare_with():
    assert (REACHED, REACHED_AMONG, UNPROVEN, PUBLICITY) == (
        "已达到90%",
        "答题者中已达到90%",
        "尚不能证明",
        "宣传数据，不作为达标依据",
    )


def test_a_random_sample_that_all_answered_and_proves_it_reached():
    one = judged(500, 200, 200, 188)
    assert (one.claim, one.lower, one.lower_worst) == (REACHED, 0.914, 0.914)
    assert one.notes == ()


def test_one_right_answer_less_than_needed_is_unproven():
    needed = judged(500, 200, 200, 188).correct_needed
    assert judged(500, 200, 200, needed).claim == REACHED
    assert judged(500, 200, 200, needed - 1).claim == UNPROVEN


def test_exactly_ninety_percent_at_the_bound_is_reached():
    assert judged(120, 80, 80, 75).claim == REACHED
    assert judged(120, 80, 80, 74).claim == UNPROVEN


def test_where_some_are_silent_the_claim_is_about_those_who_answered():
    one = judged(500, 200, 188, 180)
    assert one.claim == REACHED_AMONG
    assert (one.lower, one.response_rate, one.lower_worst) == (0.932, 0.94, 0.868)
    assert one.lower_worst == roster_lower(500, 200, 180) / 500
    assert [round(w, 4) for w in one.wilson] == [0.9183, 0.9783]
    assert "答不答与懂不懂无关" in one.notes[0] and "86.8%" in one.notes[0]


def test_the_worst_case_can_settle_it_and_the_note_says_so():
    one = judged(4995, 300, 290, 285)
    assert one.claim == REACHED_AMONG and one.lower_worst > 0.9
    assert "改变不了结论" in one.notes[0]


def test_below_seventy_percent_response_nothing_is_claimed():
    one = judged(500, 200, 139, 139)
    assert (one.claim, one.more_for_response) == (UNPROVEN, 1)
    assert "不到70%" in one.reason and "还要1位" in one.reason
    assert judged(500, 200, 140, 140).claim == REACHED_AMONG


def test_volunteers_are_publicity_however_many():
    one = judged(500, 500, 500, 500, random=False)
    assert one.claim == PUBLICITY and not one.reached
    assert one.method == "clopper-pearson" and one.lower < 1
    assert judged(500, 500, 300, 290, random=False).lower_worst == 290 / 500


def test_reach_is_never_an_indicator():
    assert judged(500, 200, 200, 200, metric="宣传覆盖").claim == PUBLICITY
    assert judged(500, 200, 200, 200, metric="知晓率").claim == REACHED


def test_a_census_is_exact():
    assert judged(60, 60, 60, 54).claim == REACHED
    one = judged(60, 60, 60, 53)
    assert (one.claim, one.method, round(one.lower, 4)) == (UNPROVEN, "census", 0.8833)
    assert one.more_answers is None and "全体60人都答了" in one.reason


def test_how_many_more_is_the_smallest_number_that_would_do():
    one = judged(500, 200, 200, 184)
    assert one.claim == UNPROVEN
    more = one.more_answers
    assert judged(500, 200 + more, 200 + more, 184 + more).claim == REACHED
    assert judged(500, 199 + more, 199 + more, 183 + more).claim == UNPROVEN
    assert f"还要再有{more}人" in one.reason
    assert one.more_at_rate >= more and f"大约还要{one.more_at_rate}人" in one.reason


def test_topping_up_after_a_look_is_sent_to_the_band_that_allows_it():
    assert "xst awareness watch" in judged(500, 200, 200, 184).reason


def test_too_many_wrong_already_is_said_plainly():
    one = judged(500, 200, 200, 100)
    assert one.more_answers is None and "再加人也证明不了" in one.reason


@pytest.mark.parametrize("asked", [0, 200])
def test_without_answers_nothing_is_known(asked):
    one = judged(500, asked, 0, 0)
    assert (one.claim, one.lower, one.lower_worst, one.response_rate) == (UNPROVEN, 0, 0, 0)
    assert one.wilson == (0.0, 1.0) and one.share is None


def test_few_answers_all_right_prove_nothing_of_many():
    one = judged(500, 10, 10, 10)
    assert one.claim == UNPROVEN and one.correct_needed is None
    assert "只有10人作答" in "".join(one.notes)


def test_a_unit_of_one_person_can_be_counted():
    assert judged(1, 1, 1, 1).claim == REACHED
    assert judged(1, 1, 1, 0).claim == UNPROVEN


def test_groups_drawn_whole_prove_less():
    plain, grouped = judged(4995, 300, 300, 280), judged(4995, 300, 300, 280, deff=1.95)
    assert plain.claim == REACHED and grouped.claim == UNPROVEN
    assert grouped.lower < plain.lower and grouped.method == "korn-graubard"


def test_a_looser_standard_than_ninety_five_percent_is_refused():
    with pytest.raises(AwarenessError, match="alpha"):
        judge(Measured(500, 200, 188, 176), alpha=0.5)


def test_a_smaller_risk_asks_for_more():
    strict = judge(Measured(500, 200, 200, 187), alpha=0.05 / 51)
    assert judged(500, 200, 200, 187).claim == REACHED and strict.claim == UNPROVEN
    assert "99.9%" in strict.reason


@pytest.mark.parametrize(
    ("figures", "names"),
    [
        ((500, 200, 201, 180), ("answered", "201", "asked", "200")),
        ((500, 501, 200, 180), ("asked", "501", "population", "500")),
        ((500, 200, 180, 181), ("correct", "181", "answered", "180")),
        ((0, 0, 0, 0), ("population", "职工总数")),
        ((500, 200, -1, 0), ("answered", "-1")),
        ((500, 200, 188.0, 180), ("answered", "188.0")),
    ],
)
def test_what_can_not_be_is_refused_with_field_and_value(figures, names):
    with pytest.raises(AwarenessError) as refused:
        Measured(*figures)
    assert all(name in str(refused.value) for name in names)


def test_an_unknown_metric_is_refused():
    with pytest.raises(AwarenessError, match="知晓率"):
        Measured(500, 200, 188, 180, metric="满意率")


def test_a_share_below_the_target_never_reads_as_the_target():
    assert percent(0.89996) == "89.9%"
    assert percent(0.9) == "90.0%"
    assert percent(457 / 500) == "91.4%"


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_reached_means_bound_sample_and_response_together(data):
    population = data.draw(st.integers(1, 300))
    asked = data.draw(st.integers(0, population))
    answered = data.draw(st.integers(0, asked))
    correct = data.draw(st.integers(0, answered))
    random = data.draw(st.booleans())
    one = judge(Measured(population, asked, answered, correct, random))
    people = roster_lower(population, answered, correct)
    proved = people >= needed_of(population)
    assert one.reached == (random and proved and asked > 0 and 10 * answered >= 7 * asked)
    assert one.lower_worst <= one.lower + 1e-12
    assert (one.claim == REACHED) == (one.reached and answered == asked)
    assert one.reason
