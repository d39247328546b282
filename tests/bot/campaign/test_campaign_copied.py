"""Copied sheets make a unit unreliable; who says 不知道 or leaves half-way copies from nobody."""

from __future__ import annotations

import random
from dataclasses import dataclass

from bot.campaign.asking import Answered
from bot.campaign.copied import unreliable

SLOT = 600.0


@dataclass(frozen=True)
class Form:
    unit: str
    answers: tuple[Answered, ...]
    slot: int | None


def form(unit, rng, slot, wrong=None, knows=0.75):
    """Twelve items; `wrong` maps an item to the wrong place that is chosen."""
    answers = []
    for n in range(12):
        right = rng.random() < knows if wrong is None else n not in wrong
        chosen = 0 if right else (rng.randint(1, 3) if wrong is None else wrong[n])
        answers.append(Answered(f"i{n}", "v", n + 1, (chosen,), right))
    return Form(unit, tuple(answers), slot)


def honest(unit, rng, number=40):
    return [form(unit, rng, rng.randint(100, 140)) for _ in range(number)]


def test_a_unit_that_copied_is_named_and_the_honest_are_not():
    rng = random.Random(1)
    forms = [f for n in range(6) for f in honest(f"u{n}", rng)]
    forms += [form("bad", rng, 120, {2: 3, 5: 1, 9: 2}) for _ in range(15)] + honest("bad", rng, 15)
    found = unreliable(forms, SLOT)
    assert list(found) == ["bad"] and "对答卷" in found["bad"]


def test_a_list_of_answers_shows_through_parallel_forms():
    """Twelve of thirty answer from one list, every one another form of the points."""

    def person(unit, rng, slot, wrong=None):
        answers = []
        for n in range(12):
            right = rng.random() < 0.75 if wrong is None else n not in wrong
            item, place = f"p{n}-{rng.choice('abc')}", 0 if right else rng.randint(1, 3)
            answers.append(Answered(item, "v", n + 1, (place,), right))
        return Form(unit, tuple(answers), slot)

    rng = random.Random(5)
    forms = [person(f"u{n}", rng, rng.randint(110, 130)) for n in range(6) for _ in range(30)]
    forms += [person("bad", rng, 120, {1, 4, 8, 11}) for _ in range(12)]
    forms += [person("bad", rng, rng.randint(118, 122)) for _ in range(18)]
    assert list(unreliable(forms, SLOT, lambda item: item.partition("-")[0])) == ["bad"]
    assert unreliable(forms, SLOT) == {}, "by items it does not show"


def test_the_same_errors_on_other_days_are_not_copying():
    rng = random.Random(2)
    far = [form("u", rng, 100 + 50 * n, {2: 3, 5: 1, 9: 2}) for n in range(15)]
    assert unreliable(far + honest("v", rng), SLOT) == {}


def test_not_knowing_and_leaving_is_not_copying():
    rng = random.Random(3)
    unsure = tuple(Answered(f"i{n}", "v", n + 1, (), False) for n in range(12))
    left = tuple(Answered(f"i{n}", "", 0, (), False) for n in range(12))
    forms = honest("v", rng) + [Form("u", unsure, 120)] * 20 + [Form("u", left, 120)] * 20
    assert unreliable(forms, SLOT) == {}


def test_nothing_is_said_of_fewer_than_ten_or_of_nobody():
    rng = random.Random(4)
    few = [form("u", rng, 120, {2: 3, 5: 1, 9: 2}) for _ in range(9)]
    assert unreliable(few + honest("v", rng), SLOT) == {} == unreliable([], SLOT)
