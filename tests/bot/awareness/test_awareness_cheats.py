"""Copied sheets: units are found, honest ones left alone, persons never named."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from bot.awareness.cheats import Reliability, Sheet, unreliable_units
from bot.awareness.honest import Honest, fit
from bot.awareness.inputs import AwarenessError

ITEMS = 12
KEYS = ["A"] * ITEMS
CHEATS = ("厂3", "厂17", "厂40")


def campaign(seed, units=51, copied=0.25, cheats=CHEATS, misled=0.3, forms=1, size=(12, 81)):
    """Rasch people of different units, sitting in groups at the same time; some units were taught
    one thing wrongly; in the cheating ones a part copies one sheet, sometimes with a slip."""
    rng = np.random.default_rng([seed, 20261120])
    difficulty = rng.normal(-1.3, 0.9, ITEMS * forms)
    tempting = rng.dirichlet([1.2] * 3, ITEMS * forms)
    found = {}
    for unit in range(units):
        people = int(rng.integers(*size))
        level = rng.normal(0.3, 0.7)
        hard, lure = difficulty.copy(), tempting.copy()
        if rng.random() < misled:
            item = rng.integers(len(hard))
            hard[item] += 2
            lure[item] = (0.9, 0.05, 0.05)
        when = rng.integers(0, max(1, people // 10), people) * 3000.0 + rng.uniform(0, 400, people)
        sheets = []
        for person in range(people):
            ability = level + rng.normal()
            row = [""] * len(hard)
            for item in range(ITEMS):
                at = item * forms + int(rng.integers(forms))
                knows = rng.random() < 1 / (1 + np.exp(hard[at] - ability))
                row[at] = "A" if knows else "BCD"[rng.choice(3, p=lure[at])]
            sheets.append(Sheet(tuple(row), float(when[person])))
        if f"厂{unit}" in cheats:
            source = next(s for s in sheets if sum(c not in ("A", "") for c in s.chosen) >= 2)
            for person in range(max(5, int(copied * people))):
                row = list(source.chosen)
                if rng.random() < 0.2:
                    given = [i for i, c in enumerate(row) if c]
                    row[rng.choice(given)] = "ABCD"[rng.integers(4)]
                sheets[person] = Sheet(tuple(row), source.when + float(rng.uniform(0, 200)))
        found[f"厂{unit}"] = sheets
    return found, ["A"] * (ITEMS * forms)


def flags(seeds, **how):
    honest, cheating = [], []
    for seed in seeds:
        for one in unreliable_units(*campaign(seed, **how)):
            cheats = how.get("cheats", CHEATS)
            (cheating if one.unit in cheats else honest).append(one.unreliable)
    return honest, cheating


def test_of_honest_units_one_of_a_hundred_is_flagged_at_most_and_copying_is_found():
    honest, cheating = flags(range(6), units=31, cheats=CHEATS[:2])
    assert len(honest) == 6 * 29 and np.mean(honest) <= 0.01
    assert len(cheating) == 6 * 2 and np.mean(cheating) >= 0.9


@pytest.mark.slow
@pytest.mark.parametrize("how", [{}, {"misled": 0.0}, {"forms": 3}, {"copied": 1.0}])
def test_the_same_over_many_campaigns(how):
    honest, cheating = flags(range(100, 120), **how)
    assert np.mean(honest) <= 0.01
    assert np.mean(cheating) >= 0.9


@pytest.mark.slow
def test_what_every_unit_was_taught_wrongly_is_hardly_ever_taken_for_copying():
    honest, _ = flags(range(100, 120), misled=1.0)
    assert np.mean(honest) <= 0.015


def test_a_unit_of_all_right_sheets_is_never_suspicious():
    sheets = [Sheet(("A",) * ITEMS, 60.0)] * 40
    others = campaign(1, units=5, cheats=())[0]
    found = unreliable_units({"好厂": sheets, **others}, KEYS)[0]
    assert (found.unit, found.alike, found.unreliable) == ("好厂", 0, False)


def test_the_same_wrong_answers_hours_apart_are_not_copying_at_one_time():
    units, keys = campaign(2, units=20, cheats=CHEATS[:2])
    apart = [Sheet(s.chosen, 9000.0 * i) for i, s in enumerate(units["厂3"])]
    found = {r.unit: r for r in unreliable_units({**units, "厂3": apart}, keys)}
    assert not found["厂3"].unreliable and found["厂17"].unreliable


def test_where_times_are_not_kept_the_sheets_alone_decide():
    units, keys = campaign(3, units=18, size=(12, 41), cheats=CHEATS[:2])
    timeless = {u: [Sheet(s.chosen) for s in sheets] for u, sheets in units.items()}
    found = {r.unit for r in unreliable_units(timeless, keys) if r.unreliable}
    assert set(CHEATS[:2]) <= found


def test_nothing_is_said_of_fewer_than_ten():
    sheets = [Sheet(("B", "C", *"A" * 10), 0.0)] * 9
    assert not unreliable_units({"小厂": sheets}, KEYS)[0].unreliable


def test_what_comes_out_names_units_and_numbers_only():
    assert [f.name for f in dataclasses.fields(Reliability)] == [
        "unit",
        "people",
        "alike",
        "expected",
        "p_value",
        "unreliable",
    ]


def test_the_same_input_gives_the_same_result():
    units, keys = campaign(4, units=8)
    assert unreliable_units(units, keys) == unreliable_units(units, keys)


def test_empty_units_and_no_units_are_nothing():
    assert unreliable_units({}, KEYS) == []
    assert not unreliable_units({"空厂": []}, KEYS)[0].unreliable


def test_a_sheet_of_another_length_is_refused_with_its_unit():
    with pytest.raises(AwarenessError, match=r"甲厂.*第 1 份"):
        unreliable_units({"甲厂": [Sheet(("A",))]}, KEYS)


def test_drawn_sheets_keep_every_score_and_follow_the_difficulty():
    """Two items right of three, odds 4 : 1 : 1 — the ways weigh 4, 4 and 1."""
    answers = np.array([[0, 0, 1]])
    key, wrong = np.zeros(3, dtype=int), np.array([[0.0, 1.0]] * 3)
    drawn = Honest(answers, key, np.array([4.0, 1.0, 1.0]), wrong).draw(
        20_000, np.random.default_rng(1)
    )
    right = drawn[:, 0] == 0
    assert (right.sum(axis=1) == 2).all()
    assert right.mean(axis=0) == pytest.approx([8 / 9, 5 / 9, 5 / 9], abs=0.01)


def test_the_fitted_difficulty_is_the_planted_one():
    rng = np.random.default_rng(5)
    planted = np.linspace(-2, 1.5, ITEMS)
    ability = rng.normal(0.5, 1.5, 6000)
    right = rng.random((6000, ITEMS)) < 1 / (1 + np.exp(planted - ability[:, None]))
    odds = fit(right, np.ones_like(right))
    assert -np.log(odds) == pytest.approx(planted - planted.mean(), abs=0.12)
