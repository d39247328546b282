"""The bounds: every worked figure to its printed digits, and their promise, counted exactly."""

from __future__ import annotations

from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.awareness import bounds
from bot.awareness.inputs import AwarenessError, needed_of

WILSON = {
    (90, 100): (0.8256, 0.9448),
    (95, 100): (0.8882, 0.9785),
    (96, 100): (0.9016, 0.9843),
    (270, 300): (0.8608, 0.9291),
    (280, 300): (0.8993, 0.9564),
}
JEFFREYS = {
    (90, 100): (0.8299, 0.9474),
    (95, 100): (0.8939, 0.9807),
    (280, 300): (0.9009, 0.9575),
}
CLOPPER_PEARSON = {
    (90, 100): (0.8238, 0.9510),
    (95, 100): (0.8872, 0.9836),
    (280, 300): (0.8989, 0.9588),
}
ONE_SIDED = {
    (95, 100): (0.9008, 0.9042, 0.8977),
    (279, 300): (0.9017, 0.9027, 0.9008),
    (450, 480): (0.9168, 0.9174, 0.9162),
}
NEEDED = {
    30: (30, 30),
    50: (49, 49),
    100: (95, 96),
    200: (187, 188),
    300: (279, 279),
    500: (462, 462),
    1000: (916, 916),
}
ROSTER = [
    (40, 30, 29, 37, 0.9250),
    (120, 80, 76, 110, 0.9167),
    (120, 80, 75, 108, 0.9000),
    (500, 200, 188, 457, 0.9140),
    (4995, 300, 279, 4504, 0.9017),
    (60, 60, 54, 54, 0.9000),
    (60, 60, 53, 53, 0.8833),
]
METHODS = ("wilson", "jeffreys", "clopper-pearson")


@pytest.mark.parametrize(
    ("method", "table"),
    list(zip(METHODS, (WILSON, JEFFREYS, CLOPPER_PEARSON), strict=True)),
)
def test_two_sided_intervals_are_those_worked_out(method, table):
    for (correct, answered), wanted in table.items():
        low, high = bounds.interval(correct, answered, method)
        assert (round(low, 4), round(high, 4)) == wanted


@pytest.mark.parametrize("method", METHODS)
def test_one_sided_lower_bounds_are_those_worked_out(method):
    for (correct, answered), wanted in ONE_SIDED.items():
        bound = bounds.lower_bound(correct, answered, method)
        assert round(bound, 4) == wanted[METHODS.index(method)]


def test_the_number_of_right_answers_needed_is_the_one_worked_out():
    for answered, wanted in NEEDED.items():
        found = [bounds.min_correct(answered, method=m) for m in ("wilson", "clopper-pearson")]
        assert tuple(found) == wanted
    assert bounds.min_correct(29) == 29
    assert bounds.min_correct(28) is None


@pytest.mark.parametrize(("population", "answered", "correct", "people", "share"), ROSTER)
def test_the_bound_for_a_roster_is_the_one_worked_out(population, answered, correct, people, share):
    assert bounds.roster_lower(population, answered, correct) == people
    assert round(people / population, 4) == share


def test_the_binomial_bound_would_be_lower_than_that_for_a_roster():
    assert round(bounds.lower_bound(76, 80), 3) == 0.889
    assert round(bounds.lower_bound(75, 80), 3) == 0.873


def test_the_bound_is_the_inversion_by_exact_integers():
    """The library's tail sums against whole numbers, where rounding could tip a claim."""
    population, answered, alpha = 120, 80, (1, 20)
    for correct in (70, 74, 75, 76, 80):
        ways = comb(population, answered)
        for people in range(correct, population - answered + correct + 1):
            above = sum(
                comb(people, x) * comb(population - people, answered - x)
                for x in range(correct, min(people, answered) + 1)
            )
            if above * alpha[1] > ways * alpha[0]:
                break
        assert bounds.roster_lower(population, answered, correct) == people


@pytest.mark.parametrize(("population", "answered"), [(30, 27), (40, 30), (120, 80), (500, 142)])
def test_the_bound_covers_the_truth_in_19_of_20_samples_whatever_the_truth(population, answered):
    """Counted, not simulated: for every possible truth the samples whose bound lies above it."""
    lowers = np.array([bounds.roster_lower(population, answered, x) for x in range(answered + 1)])
    for people in range(population + 1):
        chances = np.array(
            [
                comb(people, x) * comb(population - people, answered - x)
                / comb(population, answered)
                if answered - x <= population - people
                else 0.0
                for x in range(answered + 1)
            ]
        )  # fmt: skip
        assert chances[lowers > people].sum() <= 0.05 + 1e-9


def test_the_bound_covers_the_truth_in_drawn_samples():
    rng = np.random.default_rng(20261120)
    seen = rng.hypergeometric(4495, 500, 300, size=4000)
    lowers = {x: bounds.roster_lower(4995, 300, int(x)) for x in set(seen)}
    covered = np.mean([lowers[x] <= 4495 for x in seen])
    assert 0.95 <= covered <= 0.97


def test_two_sided_for_a_roster_is_both_one_sided_at_half_the_risk():
    low, high = bounds.roster_interval(500, 200, 188)
    assert low == bounds.roster_lower(500, 200, 188, 0.025)
    assert 500 - high == bounds.roster_lower(500, 200, 12, 0.025)
    assert low < 470 < high
    assert bounds.roster_upper(60, 60, 54) == bounds.roster_lower(60, 60, 54) == 54


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_bound_p_value_and_number_needed_say_the_same(data):
    population = data.draw(st.integers(1, 400))
    answered = data.draw(st.integers(0, population))
    correct = data.draw(st.integers(0, answered))
    reached = bounds.roster_lower(population, answered, correct) >= needed_of(population)
    needed = bounds.roster_min_correct(population, answered)
    assert reached == (bounds.roster_p_value(population, answered, correct) <= 0.05)
    assert reached == (needed is not None and correct >= needed)


@given(st.integers(0, 300), st.integers(0, 300))
@settings(max_examples=100, deadline=None)
def test_bounds_stay_between_zero_and_one_and_around_the_share(a, b):
    correct, answered = min(a, b), max(a, b)
    for method in METHODS:
        low, high = bounds.interval(correct, answered, method)
        assert 0 <= low <= high <= 1
        # Jeffreys' equal tails leave the share out where all or none are right.
        if answered and method != "jeffreys":
            assert low - 1e-9 <= correct / answered <= high + 1e-9


def test_all_right_never_proves_certainty_short_of_everybody():
    assert bounds.lower_bound(100, 100) < 1
    assert bounds.roster_lower(200, 100, 100) < 200
    assert bounds.roster_lower(200, 200, 200) == 200


def test_nobody_answered_proves_nothing():
    assert bounds.interval(0, 0) == (0.0, 1.0)
    assert bounds.roster_lower(500, 0, 0) == 0
    assert bounds.roster_min_correct(500, 0) is None


def test_a_large_roster_comes_to_the_endless_population():
    assert bounds.roster_lower(2_000_000, 300, 279) / 2e6 == pytest.approx(
        bounds.lower_bound(279, 300), abs=2e-5
    )


def test_the_normal_interval_is_refused():
    with pytest.raises(AwarenessError, match="wilson"):
        bounds.interval(95, 100, "normal")


@pytest.mark.parametrize(
    ("call", "field"),
    [
        (lambda: bounds.interval(5, 4), "correct"),
        (lambda: bounds.interval(-1, 4), "correct"),
        (lambda: bounds.roster_lower(10, 11, 5), "answered"),
        (lambda: bounds.roster_lower(0, 0, 0), "population"),
        (lambda: bounds.interval(1.5, 4), "correct"),
    ],
)
def test_an_impossible_figure_is_refused_by_its_name(call, field):
    with pytest.raises(AwarenessError, match=field):
        call()


def test_nine_tenths_of_thirty_are_27_people():
    """0.9 · 30 is a little more than 27 in binary; a unit must not lose by that."""
    assert [needed_of(n) for n in (10, 30, 60, 70, 120, 4995)] == [9, 27, 54, 63, 108, 4496]
