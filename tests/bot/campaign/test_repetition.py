"""What somebody got wrong comes again when FSRS says so, to the day."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

from fsrs import Card, Rating, Scheduler
from hypothesis import given
from hypothesis import strategies as st

from bot.campaign.repetition import MOST, Memory, read, write

DAY = date(2026, 12, 1)


def intervals(memory: Memory, answers: str, day: date = DAY) -> list[int]:
    """Days until the point is due again, after each answer given on its day (+ right, - wrong)."""
    found = []
    for sign in answers:
        memory = memory.after("p", sign == "+", day)
        found.append((memory.points["p"].due - day).days)
        day = memory.points["p"].due
    return found


def test_the_package_gives_the_intervals_that_are_measured():
    """quiz.md: Good five times gives 10 min, 2 d, 11 d, 46 d, 163 d without fuzz."""
    scheduler, now = Scheduler(enable_fuzzing=False), datetime(2026, 12, 1, 12, tzinfo=UTC)
    card, found = Card(card_id=1, due=now), []
    for _ in range(5):
        card, _ = scheduler.review_card(card, Rating.Good, now)
        found.append(card.due - now)
        now = card.due
    days = [timedelta(days=n) for n in (2, 11, 46, 163)]
    assert found == [timedelta(minutes=10), *days]


def test_days_follow_the_package_and_begin_with_a_mistake():
    """The first two come on the same day: one minute, ten minutes."""
    scheduler, now = Scheduler(enable_fuzzing=False), datetime(2026, 12, 1, 12, tzinfo=UTC)
    card, expected = Card(card_id=1, due=now), []
    for rating in (Rating.Again, *[Rating.Good] * 6):
        card, _ = scheduler.review_card(card, rating, now)
        expected.append((card.due.date() - now.date()).days)
        now = now if expected[-1] == 0 else card.due
    assert intervals(Memory(), "-++++++") == expected
    assert expected[:3] == [0, 0, 1] and expected == sorted(expected)


def test_a_point_that_was_never_wrong_is_not_remembered():
    memory = Memory()
    assert memory.after("p", True, DAY) is memory
    assert memory.after("p", False, DAY).due(DAY) == ("p",)


def test_what_waits_longest_is_due_first_and_what_is_learnt_waits():
    memory = Memory().after("late", False, DAY + timedelta(days=3))
    memory = memory.after("early", False, DAY)
    for _ in range(2):
        memory = memory.after("early", True, DAY)
    assert memory.due(DAY) == ()
    assert memory.due(DAY + timedelta(days=3)) == ("early", "late")


def test_a_mistake_after_weeks_brings_it_back_at_once():
    assert intervals(Memory(), "-++++-+")[-2] == 0


def test_no_more_points_are_remembered_than_the_bound_and_the_surest_goes_first():
    memory = Memory().after("sure", False, DAY)
    for _ in range(4):
        memory = memory.after("sure", True, max(DAY, memory.points["sure"].due))
    for n in range(MOST):
        memory = memory.after(f"p{n}", False, DAY)
    assert len(memory.points) == MOST and "sure" not in memory.points
    assert len(write(memory)) < 50 * MOST


def test_what_is_written_is_read_and_holds_no_hour():
    memory = Memory().after("a-1", False, DAY).after("b", False, DAY).after("b", True, DAY)
    assert read(write(memory)) == memory
    assert all(isinstance(n, int) for row in json.loads(write(memory)).values() for n in row[4:])
    assert ":" not in write(memory).replace('":', "")


@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans(), st.integers(-400, 40_000))))
def test_any_answers_on_any_days_are_scheduled(answers):
    """Also when the clock is set back, or a stored memory comes from another year."""
    memory = Memory()
    for point, right, days in answers:
        memory = memory.after(point, right, DAY + timedelta(days=days))
        assert read(write(memory)) == memory
        assert all(s.due >= s.last for s in memory.points.values())


@given(st.one_of(st.text(), st.from_regex(r'\{"p":\[[0-9,.-]{0,30}\]\}')))
def test_whatever_is_stored_is_read_or_begins_anew(text):
    memory = read(text)
    for point in memory.points:
        memory.after(point, False, DAY)
