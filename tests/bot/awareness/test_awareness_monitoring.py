"""Looking every day: the worked figures, and how often a look says 「达到」 where it is not so."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import hypergeom

from bot.awareness import monitoring
from bot.awareness.bounds import min_correct
from bot.awareness.inputs import AwarenessError, needed_of

THRESHOLDS = {43: 43, 50: 50, 100: 98, 150: 145, 200: 191, 300: 284, 400: 377, 500: 469}
LOOKS = range(30, 501, 10)
SEED, REPS = 20261120, 4000


def test_the_e_values_are_those_worked_out():
    assert round(math.exp(monitoring.log_e_value(290, 300)), 3) == 4420.738
    assert round(math.exp(monitoring.log_e_value(285, 300)), 3) == 47.423


def test_the_numbers_of_right_answers_needed_are_those_worked_out():
    assert {n: monitoring.e_needed(n) for n in THRESHOLDS} == THRESHOLDS
    assert monitoring.e_needed(42) is None


@pytest.mark.parametrize(
    ("population", "answered", "correct", "low", "high"),
    [(120, 100, 95, 108, 115), (500, 300, 285, 456, 485), (4995, 300, 285, 4463, 4905)],
)
def test_the_band_of_a_roster_is_the_one_worked_out(population, answered, correct, low, high):
    assert monitoring.roster_band(population, answered, correct) == (low, high)


@pytest.mark.parametrize(("correct", "answered"), [(0, 0), (9, 10), (30, 60), (200, 300)])
def test_the_e_value_is_the_integral_it_says(correct, answered):
    wrong = answered - correct
    area = quad(lambda p: p**correct * (1 - p) ** wrong, 0.9, 1, epsabs=0, epsrel=1e-10)[0]
    direct = area / 0.1 / (0.9**correct * 0.1**wrong)
    assert monitoring.log_e_value(correct, answered) == pytest.approx(math.log(direct), abs=1e-6)


def test_the_e_value_is_finite_and_smooth_for_a_hundred_thousand_answers():
    n = 100_000
    values = [monitoring.log_e_value(x, n) for x in range(0, n + 1, 500)]
    assert all(math.isfinite(v) for v in values)
    assert all(a < b for a, b in pairwise(values))
    assert monitoring.e_needed(n) == pytest.approx(90_400, abs=150)


def test_both_ways_to_the_integral_meet():
    """Below 1e-290 the tail of the beta function is replaced by quadrature: no step between."""
    n = 4000
    slopes = [
        monitoring.log_e_value(x + 1, n) - monitoring.log_e_value(x, n) for x in range(2300, 2700)
    ]
    steps = np.diff(slopes)
    assert np.abs(steps).max() < 1e-4


# Peeking


def streams(count):
    """Independent campaigns at exactly 0.90, one block of `REPS` for each method, as in the
    worked figures."""
    rng = np.random.default_rng(SEED)
    looks = np.array(LOOKS) - 1
    for _ in range(count):
        yield np.cumsum(rng.random((REPS, 500)) < 0.9, axis=1)[:, looks]


def test_wilson_looked_at_every_ten_answers_lies_in_22_percent_and_the_e_process_in_2():
    naive, exact, process = streams(3)
    needed = [
        np.array([math.inf if (x := f(n)) is None else x for n in LOOKS])
        for f in (
            lambda n: min_correct(n, method="wilson"),
            min_correct,
            monitoring.e_needed,
        )
    ]
    assert (naive >= needed[0]).any(axis=1).mean() == 0.22
    assert round((naive >= needed[0])[:, -1].mean(), 3) == 0.041
    assert round((exact >= needed[1]).any(axis=1).mean(), 3) == 0.189
    assert (process >= needed[2]).any(axis=1).mean() == 0.02025


def drawn_without_replacement(population, knowing, reps, most):
    rng = np.random.default_rng(SEED)
    people = np.arange(population) < knowing
    return np.array([np.cumsum(rng.permutation(people)[:most]) for _ in range(reps)])


@pytest.mark.parametrize(("population", "most"), [(120, 110), (500, 400)])
def test_on_a_roster_one_person_short_looking_after_every_answer_stays_under_5_percent(
    population, most
):
    below = needed_of(population) - 1
    seen = drawn_without_replacement(population, below, 1500, most)
    declared = np.zeros(len(seen), dtype=bool)
    for n in range(1, most + 1):
        for x in set(seen[~declared, n - 1]):
            if x > 0.9 * n and monitoring.log_e_roster(population, n, int(x)) >= math.log(20):
                declared |= seen[:, n - 1] == x
    assert 0 < declared.mean() <= 0.05


@pytest.mark.parametrize("knowing", [420, 455])
def test_the_band_holds_at_all_looks_together(knowing):
    seen = drawn_without_replacement(500, knowing, 1000, 300)
    held = np.ones(len(seen), dtype=bool)
    for n in range(10, 301, 10):
        for x in set(seen[:, n - 1]):
            low, high = monitoring.roster_band(500, n, int(x))
            if not low <= knowing <= high:
                held &= seen[:, n - 1] != x
    assert held.mean() >= 0.95


def test_the_endless_band_holds_at_all_looks_together():
    seen = next(streams(1))[:250]
    held = np.ones(len(seen), dtype=bool)
    for at, n in list(enumerate(LOOKS))[::3]:
        for x in set(seen[:, at]):
            low, high = monitoring.band(int(x), n)
            if not low <= 0.9 <= high:
                held &= seen[:, at] != x
    assert held.mean() >= 0.95


def test_the_e_value_of_a_roster_has_mean_at_most_one_where_the_target_is_missed():
    """The promise itself, counted over all samples."""
    for people in (80, 100, 107):
        mean = sum(
            hypergeom.pmf(x, 120, people, 40) * math.exp(monitoring.log_e_roster(120, 40, x))
            for x in range(41)
            if hypergeom.pmf(x, 120, people, 40) > 0
        )
        assert mean <= 1 + 1e-9


def test_the_roster_e_value_comes_to_the_endless_one():
    assert monitoring.log_e_roster(200_000, 300, 285) == pytest.approx(
        monitoring.log_e_value(285, 300), abs=0.02
    )


def test_certainty_on_a_roster_needs_no_statistics():
    assert monitoring.log_e_roster(60, 57, 54) == math.inf
    assert monitoring.log_e_roster(60, 20, 13) == -math.inf
    assert monitoring.roster_band(60, 60, 54) == (54, 54)


# What the dashboard shows


def test_a_watch_shows_band_evidence_and_what_is_missing():
    one = monitoring.watch(95, 100, 120)
    assert (round(one.low, 3), round(one.high, 3)) == (0.9, 0.958)
    assert one.declared == (one.log_e >= math.log(20)) == (one.needed <= 95)
    assert not monitoring.watch(one.needed - 1, 100, 120).declared
    assert monitoring.watch(98, 100).declared and not monitoring.watch(97, 100).declared


def test_a_watch_before_the_first_answer_knows_nothing():
    for population in (None, 500):
        one = monitoring.watch(0, 0, population)
        assert (one.low, one.high, one.declared, one.needed) == (0, 1, False, None)
        assert one.e == pytest.approx(1)


def test_days_together_are_the_part_in_common():
    assert monitoring.running([(0.8, 0.97), (0.85, 0.99), (0.84, 0.98)]) == (0.85, 0.97)
    with pytest.raises(AwarenessError, match="先后不是随机"):
        monitoring.running([(0.9, 0.97), (0.5, 0.8)])


def test_more_right_than_answers_are_refused():
    with pytest.raises(AwarenessError, match="correct"):
        monitoring.watch(11, 10)
