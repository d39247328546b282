"""Silence, uneven samples and guessing: worked figures, and intervals that cover."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bot.awareness.guessing import pass_chance, with_guessing, without_guessing
from bot.awareness.inputs import AwarenessError
from bot.awareness.response import FollowUp, double_sample, manski, silent_must_know, third_of
from bot.awareness.strata import Stratum, post_stratify

# Silence


def test_the_worked_case_of_silence_that_flatters():
    knows, if_know, if_not = 0.75, 0.6, 0.2
    answering = knows * if_know + (1 - knows) * if_not
    assert round(answering, 2) == 0.50
    assert round(knows * if_know / answering, 2) == 0.90
    low, high = manski(1000, 500, 450)
    assert low <= knows <= high


def test_manski_bounds_are_those_worked_out():
    assert manski(500, 300, 282) == (0.564, 0.964)


@pytest.mark.parametrize(("silent", "needed"), [(0.2, 0.74), (0.4, 0.84), (0.6, 0.873)])
def test_what_the_silent_must_know_is_as_worked_out(silent, needed):
    assert round(silent_must_know(1 - silent, 0.94), 3) == needed


def test_a_third_of_the_silent_is_rounded_up():
    assert [third_of(n) for n in (0, 1, 3, 12, 100)] == [0, 1, 1, 4, 34]


def test_following_up_takes_the_flattery_out():
    """300 of 400 answer, 282 right; of the 100 silent 34 are visited and 20 of them know."""
    found = double_sample(500, 400, 300, 282, FollowUp(34, 34, 20))
    assert found.estimate == pytest.approx((282 + 100 * 20 / 34) / 400)
    assert found.lower < found.estimate < 282 / 300


def test_whoever_stays_silent_when_visited_counts_as_not_knowing():
    heard = double_sample(500, 400, 300, 282, FollowUp(30, 30, 24))
    unheard = double_sample(500, 400, 300, 282, FollowUp(30, 24, 24))
    assert unheard == heard


def test_a_follow_up_where_all_answer_alike_is_not_certainty():
    found = double_sample(500, 200, 150, 150, FollowUp(17, 17, 17))
    assert found.estimate == 1 and found.lower_exact < 0.985


def test_everybody_heard_is_exact():
    found = double_sample(60, 60, 50, 48, FollowUp(10, 10, 6))
    assert (found.estimate, found.lower, found.se) == (0.9, 0.9, 0.0)
    assert double_sample(60, 60, 60, 54, FollowUp(0, 0, 0)).lower_exact == 0.9


@pytest.mark.parametrize(
    ("population", "asked", "silent", "loud_know", "silent_know"),
    [(500, 200, 150, 0.97, 0.75), (4995, 300, 2000, 0.95, 0.85), (500, 150, 125, 1.0, 0.6)],
)
def test_the_bound_after_a_follow_up_covers_the_truth(
    population, asked, silent, loud_know, silent_know
):
    rng = np.random.default_rng(20261120)
    loud = population - silent
    a, b = round(loud * loud_know), round(silent * silent_know)
    groups, truth = [a, loud - a, b, silent - b], (a + b) / population
    held = []
    for right, wrong, knows, not_ in rng.multivariate_hypergeometric(groups, asked, size=1000):
        chosen = third_of(int(knows + not_))
        visited = int(rng.hypergeometric(knows, not_, chosen))
        found = double_sample(
            population,
            asked,
            int(right + wrong),
            int(right),
            FollowUp(chosen, chosen, visited),
        )
        held.append(found.lower_exact <= truth)
    assert np.mean(held) >= 0.95


@pytest.mark.parametrize(
    ("again", "says"), [(FollowUp(0, 0, 0), "补访"), (FollowUp(101, 5, 5), "没答的 100 人")]
)
def test_a_follow_up_that_does_not_fit_is_refused(again, says):
    with pytest.raises(AwarenessError, match=says):
        double_sample(500, 400, 300, 282, again)


# Strata

WORKED = [
    Stratum("一线", 350, 60, 51),
    Stratum("派遣", 100, 20, 14),
    Stratum("科室", 50, 40, 40),
]


def test_the_weighted_estimate_is_the_one_worked_out():
    found = post_stratify(WORKED)
    assert (round(found.raw, 3), round(found.estimate, 3)) == (0.875, 0.835)
    assert round(found.se, 7) == 0.0350864
    assert round(found.effective, 3) == 111.916
    assert round(found.lower, 5) == 0.76952
    assert found.capped == ()


def test_the_bound_for_the_claim_is_below_the_one_for_display():
    found = post_stratify(WORKED)
    assert found.lower_exact < found.lower


def test_strata_without_a_wrong_answer_are_not_certain():
    found = post_stratify([Stratum("甲", 300, 30, 30), Stratum("乙", 200, 20, 20)])
    assert found.estimate == 1
    assert found.lower_exact == pytest.approx(0.05 ** (1 / (50 / 0.9)))


def test_a_census_of_all_strata_is_exact():
    found = post_stratify([Stratum("甲", 30, 30, 27), Stratum("乙", 20, 20, 18)])
    assert found.lower == found.lower_exact == found.estimate == pytest.approx(0.9)


def test_strata_under_five_answers_are_merged_with_the_next_smallest():
    found = post_stratify([*WORKED, Stratum("司机", 12, 3, 2), Stratum("保洁", 8, 0, 0)])
    assert [s.name for s in found.strata] == ["一线", "司机＋保洁＋派遣", "科室"] or [
        sorted(s.name.split("＋")) for s in found.strata
    ] == [["一线"], ["保洁", "司机", "派遣"], ["科室"]]
    assert sum(s.population for s in found.strata) == 520


def test_a_weight_over_three_is_cut_and_named():
    found = post_stratify([Stratum("外勤", 900, 10, 5), Stratum("科室", 100, 90, 90)])
    assert found.capped == ("外勤",)
    assert found.estimate > 0.55  # what the uncut weights would say


def test_the_weighted_bound_covers_the_truth():
    rng = np.random.default_rng(20261120)
    sizes, answered, know = (350, 100, 50), (60, 20, 40), (315, 88, 45)
    held = []
    for _ in range(6000):
        strata = [
            Stratum(str(i), size, n, int(rng.hypergeometric(k, size - k, n)))
            for i, (size, n, k) in enumerate(zip(sizes, answered, know, strict=True))
        ]
        held.append(post_stratify(strata).lower_exact <= sum(know) / 500)
    assert np.mean(held) >= 0.945  # an approximation: 0.9505 in the long run


def test_no_answer_in_any_stratum_is_refused():
    with pytest.raises(AwarenessError, match="没有人答题"):
        post_stratify([Stratum("甲", 30, 0, 0)])


def test_a_stratum_that_can_not_be_is_refused_by_its_name():
    with pytest.raises(AwarenessError, match=r"甲厂.*correct"):
        Stratum("甲厂", 30, 10, 11)


# Guessing


def test_guessing_is_corrected_as_worked_out():
    assert round(without_guessing(0.90), 7) == 0.8666667
    assert with_guessing(0.90) == pytest.approx(0.925)
    assert without_guessing(0.2) == 0
    assert without_guessing(with_guessing(0.37, 3), 3) == pytest.approx(0.37)


@pytest.mark.parametrize(
    ("needed", "items", "once", "best_of_three"),
    [
        (6, 10, 0.019728, 0.058023),
        (8, 10, 0.000416, 0.001247),
        (4, 5, 0.015625, 0.046146),
        (3, 5, 0.103516, 0.279510),
        (12, 20, 0.000935, 0.002804),
    ],
)
def test_what_a_pure_guesser_passes_is_as_worked_out(needed, items, once, best_of_three):
    assert round(pass_chance(needed, items), 6) == once
    assert round(pass_chance(needed, items, tries=3), 6) == best_of_three


@pytest.mark.parametrize(
    ("needed", "once", "best_of_three"), [(6, 0.6943, 0.9714), (8, 0.2110, 0.5088)]
)
def test_what_somebody_who_knows_half_passes_is_as_worked_out(needed, once, best_of_three):
    assert round(pass_chance(needed, 10, knows=0.5), 4) == once
    assert round(pass_chance(needed, 10, knows=0.5, tries=3), 4) == best_of_three


def test_shares_beyond_one_are_refused():
    with pytest.raises(AwarenessError, match="observed"):
        without_guessing(90)
    assert math.isclose(pass_chance(0, 10), 1.0)
