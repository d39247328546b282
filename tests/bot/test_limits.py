"""Who writes too fast waits; who does not, never."""

from __future__ import annotations

from bot.limits import PEOPLE, Limits


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_then_one_every_few_seconds():
    clock = Clock()
    limits = Limits(burst=3, seconds=2, clock=clock)
    assert [limits.wait("a") for _ in range(3)] == [0, 0, 0]
    assert limits.wait("a") == 2
    assert limits.wait("b") == 0
    clock.now = 2
    assert limits.wait("a") == 0
    assert limits.wait("a") > 0


def test_all_together_have_a_limit_that_fills_again():
    clock = Clock()
    limits = Limits(rate=5, clock=clock)
    assert [limits.crowded() for _ in range(6)] == [False] * 5 + [True]
    clock.now = 1
    assert not limits.crowded()


def test_memory_stays_bounded():
    limits = Limits()
    for n in range(PEOPLE + 10):
        limits.wait(str(n))
    assert len(limits._keys) == PEOPLE
