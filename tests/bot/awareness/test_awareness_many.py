"""Many units at once, a district as a whole, before and after."""

from __future__ import annotations

import numpy as np
import pytest

from bot.awareness import change, many
from bot.awareness.bounds import roster_p_value
from bot.awareness.district import judge_district
from bot.awareness.inputs import AwarenessError
from bot.awareness.measured import PUBLICITY, REACHED, REACHED_AMONG, UNPROVEN, Measured
from bot.awareness.strata import Stratum

# Many units


def test_what_chance_does_with_51_enterprises_is_as_worked_out():
    found = many.by_chance(51)
    assert round(found.any_false, 4) == 0.9269
    assert found.expected_false == pytest.approx(2.55)
    assert round(found.bonferroni, 5) == 0.00098


def test_holm_and_benjamini_hochberg_on_a_worked_case():
    """Holm by hand: .001·5, .008·4, .039·3 …; BH: i/5·.05 = .01 .02 .03 .04 .05."""
    p = [0.039, 0.001, 0.041, 0.008, 0.6]
    assert many.holm(p) == [False, True, False, True, False]
    assert many.benjamini_hochberg(p) == [False, True, False, True, False]
    assert many.benjamini_hochberg([0.001, 0.008, 0.029, 0.038, 0.6]) == [True] * 4 + [False]
    assert many.holm_adjusted(p) == pytest.approx([0.117, 0.005, 0.117, 0.032, 0.6])


def test_no_units_is_an_empty_list():
    assert many.holm([]) == many.benjamini_hochberg([]) == many.holm_adjusted([]) == []


def test_a_p_value_that_is_none_is_refused_by_its_number():
    with pytest.raises(AwarenessError, match="第 2 个单位"):
        many.holm([0.5, float("nan")])


def test_with_holm_a_list_of_51_units_just_short_has_a_false_name_in_one_of_twenty_at_most():
    rng = np.random.default_rng(20261120)
    p_of = {x: roster_p_value(100, 60, x) for x in range(49, 61)}
    lists = [[p_of[x] for x in row] for row in rng.hypergeometric(89, 11, 60, size=(1500, 51))]
    assert np.mean([min(p) <= 0.05 for p in lists]) > 0.5
    # Holm's list is empty unless the smallest p is at most alpha/51. The library collects garbage
    # at each call, so only the nearest lists are asked for.
    close = sorted(lists, key=min)[:4]
    first = [min(p) <= 0.05 / 51 for p in close]
    assert [any(many.holm(p)) for p in close] == first
    assert np.mean([min(p) <= 0.05 / 51 for p in lists]) <= 0.05


# A district


def units(count=20, answered=30, correct=29, asked=30, population=60):
    return [Stratum(f"厂{i}", population, answered, correct, asked) for i in range(count)]


def test_a_district_of_random_samples_can_be_proved():
    found = judge_district(units())
    assert found.claim == REACHED
    assert found.estimate == pytest.approx(29 / 30)
    assert found.lower_worst == found.lower > 0.9


def test_silence_in_a_district_is_said_and_bounded():
    found = judge_district(units(asked=34))
    assert found.claim == REACHED_AMONG
    assert found.response_rate == pytest.approx(30 / 34)
    assert found.lower_worst < 0.9 < found.lower and "全算不懂" in found.reason


def test_a_unit_nobody_was_drawn_from_forbids_the_claim():
    found = judge_district([*units(), Stratum("漏厂", 500, 0, 0)])
    assert (found.claim, found.silent_units) == (UNPROVEN, ("漏厂",))


def test_low_response_low_bound_and_volunteers_in_a_district():
    assert judge_district(units(asked=44)).claim == UNPROVEN
    assert "不到70%" in judge_district(units(asked=44)).reason
    assert judge_district(units(correct=27)).claim == UNPROVEN
    assert judge_district(units(), random=False).claim == PUBLICITY


def test_units_weigh_by_their_size():
    big, small = Stratum("大厂", 900, 30, 24), Stratum("小厂", 100, 30, 30)
    assert judge_district([big, small]).estimate == pytest.approx(0.82)


def test_a_large_unit_of_which_few_were_asked_does_not_lean_on_a_small_one_asked_whole():
    found = judge_district([Stratum("大厂", 10000, 20, 20), Stratum("小厂", 100, 100, 100)])
    assert found.claim == UNPROVEN and "补抽" in found.reason
    assert found.lower < 0.9, "twenty of ten thousand prove nothing"
    found = judge_district([Stratum("大厂", 1000, 20, 20), Stratum("小厂", 100, 30, 30)])
    assert not found.weighted.capped and found.lower < 0.9


def test_a_district_short_of_the_target_is_claimed_in_one_of_twenty_at_most():
    rng = np.random.default_rng(20261120)
    sizes = rng.integers(40, 200, 20)
    know = np.floor(sizes * 0.9 - 1e-9).astype(int) - (np.arange(20) % 2)
    false = []
    for _ in range(600):
        drawn = [
            Stratum(str(i), int(s), 20, int(rng.hypergeometric(k, s - k, 20)))
            for i, (s, k) in enumerate(zip(sizes, know, strict=True))
        ]
        false.append(judge_district(drawn).claim != UNPROVEN)
    assert np.mean(false) <= 0.05


def test_a_district_without_units_is_refused():
    with pytest.raises(AwarenessError, match="单位"):
        judge_district([])


# Before and after


def wave(correct, answered=200, asked=200, **more):
    return Measured(2000, asked, answered, correct, **more)


def test_the_interval_is_newcombes_published_example():
    """56/70 − 48/80: Newcombe (1998), Table II, case (a), method 10."""
    low, high = change.newcombe(56, 70, 48, 80)
    assert (round(low, 4), round(high, 4)) == (0.0524, 0.3339)


def test_a_rise_a_fall_and_neither_are_told_apart():
    assert change.compare(wave(120), wave(170)).verdict == change.BETTER
    assert change.compare(wave(170), wave(120)).verdict == change.WORSE
    assert change.compare(wave(160), wave(166)).verdict == change.UNCLEAR
    assert change.compare(wave(120), wave(170)).difference == pytest.approx(0.25)


def test_less_than_three_fresh_items_of_ten_forbids_the_comparison():
    old = frozenset("abcdefghij")
    stale, fresh = frozenset("abcdefghXY"), frozenset("abcdefgXYZ")
    assert change.compare(wave(120), wave(170), old, stale).verdict == change.INCOMPARABLE
    found = change.compare(wave(120), wave(170), old, fresh)
    assert (found.verdict, found.fresh) == (change.BETTER, pytest.approx(0.3))


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        (wave(120, metric="知晓率"), wave(170, metric="基本了解率"), "不是同一个指标"),
        (wave(120), wave(170, random=False), "自愿"),
        (wave(100, answered=130), wave(170), "不到70%"),
        (wave(0, answered=0, asked=0), wave(170), "没有人答题"),
    ],
)
def test_what_can_not_be_compared_is_not(before, after, says):
    found = change.compare(before, after)
    assert found.verdict == change.INCOMPARABLE and says in "".join(found.reasons)


def test_no_change_is_called_one_in_one_of_twenty_at_most():
    rng = np.random.default_rng(20261120)
    seen = rng.binomial(200, 0.85, size=(800, 2))
    verdicts = [change.compare(wave(int(a)), wave(int(b))).verdict for a, b in seen]
    assert np.mean([v != change.UNCLEAR for v in verdicts]) <= 0.055
