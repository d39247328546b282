"""The planner: the worked table, what it promises, and what it refuses."""

from __future__ import annotations

import pytest
from scipy.stats import hypergeom

from bot.awareness.bounds import roster_min_correct
from bot.awareness.inputs import AwarenessError, needed_of
from bot.awareness.planning import STEADY, clustered, design_effect, plan, precision

TABLE = {
    30: {0.93: (27, 25), 0.95: (27, 25), 0.97: (22, 21)},
    60: {0.93: (52, 48), 0.95: (46, 43), 0.97: (39, 37)},
    120: {0.93: (92, 85), 0.95: (77, 72), 0.97: (58, 55)},
    300: {0.93: (200, 184), 0.95: (113, 106), 0.97: (68, 65)},
    500: {0.93: (266, 245), 0.95: (142, 133), 0.97: (71, 68)},
    1000: {0.93: (367, 338), 0.95: (159, 149), 0.97: (86, 82)},
    4995: {0.93: (520, 479), 0.95: (177, 166), 0.97: (89, 85)},
}
PRECISION = {60: (53, 43), 120: (92, 65), 500: (218, 109), 4995: (357, 135)}


@pytest.mark.parametrize("population", TABLE)
def test_the_plan_is_the_one_worked_out(population):
    for truth, wanted in TABLE[population].items():
        found = plan(population, truth)
        assert (found.answers, found.correct) == wanted
        assert found.wrong_allowed == wanted[0] - wanted[1]


def power(population, truth_people, answered):
    needed = roster_min_correct(population, answered)
    if needed is None:
        return 0.0
    return float(hypergeom.sf(needed - 1, population, truth_people, answered))


def test_the_plan_holds_for_a_few_answers_more_and_is_the_first_that_does():
    """Power goes up and down with n: 68 of 120 have it, 70 have not, 77 keep it."""
    found = plan(120, 0.95)
    assert power(120, 114, 68) >= 0.8 > power(120, 114, 70)
    assert all(power(120, 114, found.answers + i) >= 0.8 for i in range(STEADY))
    for n in range(1, found.answers):
        assert min(power(120, 114, n + i) for i in range(STEADY)) < 0.8


def test_the_power_told_is_the_exact_one():
    found = plan(500, 0.95)
    assert found.power == pytest.approx(power(500, 475, 142))
    assert found.power >= 0.8


def test_at_a_truth_just_below_the_target_the_plan_claims_in_one_of_twenty_at_most():
    for population in (30, 120, 500, 4995):
        found = plan(population, 0.95)
        below = needed_of(population) - 1
        assert power(population, below, found.answers) <= 0.05


def test_expected_silence_inflates_the_invitations_not_the_answers():
    found = plan(4995, 0.95, response=0.8)
    assert (found.answers, found.invitations) == (177, 222)


def test_more_invitations_than_people_are_refused_with_a_way_out():
    with pytest.raises(AwarenessError, match="提高答题率"):
        plan(60, 0.95, response=0.7)


@pytest.mark.parametrize("truth", [0.85, 0.89])
def test_nobody_can_plan_to_prove_what_is_not_so(truth):
    with pytest.raises(AwarenessError, match="真实情况不到目标"):
        plan(500, truth)


def test_at_exactly_the_target_only_everybody_will_do():
    assert plan(500, 0.9).answers == 500


def test_a_single_person_can_be_planned_for():
    assert (plan(1, 1.0).answers, plan(1, 1.0).correct) == (1, 1)


@pytest.mark.parametrize(
    "more", [{"power": 1.0}, {"alpha": 0}, {"response": 0}, {"truth": 1.2}, {"population": 0}]
)
def test_settings_that_can_not_be_are_refused_by_name(more):
    with pytest.raises(AwarenessError, match=next(iter(more))):
        plan(**({"population": 500, "truth": 0.95} | more))


@pytest.mark.parametrize("population", PRECISION)
def test_the_sample_for_a_precision_is_the_one_worked_out(population):
    assert (precision(population, 0.03), precision(population, 0.05)) == PRECISION[population]


def test_groups_drawn_whole_need_twice_the_answers():
    deff = design_effect(20, 0.05)
    found = clustered(plan(4995, 0.95), deff, response=0.8)
    assert deff == pytest.approx(1.95)
    assert (found.answers, found.invitations) == (346, 433)


def test_a_small_roster_drawn_in_groups_is_refused():
    with pytest.raises(AwarenessError, match="逐人随机抽"):
        clustered(plan(60, 0.95), 1.95)
