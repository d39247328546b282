"""An open-loop load: requests come when they come, whether or not the former were answered.

Latency counts from the moment a request was due, so that a service that falls behind cannot hide
it by slowing the generator down (coordinated omission).
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bot.sim.wire import Callback, Wire

GIVEN_UP = 8.0
"""Seconds after which a request counts as failed; WeChat itself hangs up after five."""

BEHIND = 3.0
"""A step ends early when so many seconds' worth of requests are unanswered."""

Judge = Callable[[int, bytes], bool]
"""Whether an answer (status, body) is one: no error, nobody turned away."""


@dataclass(frozen=True, slots=True)
class Step:
    """What came of one rate: requests due in a second, how many, which were not answered as they
    should, and milliseconds from being due to the answer."""

    rate: float
    seconds: float
    sent: int
    failed: int
    p50_ms: float
    p99_ms: float
    worst_ms: float

    def holds(self, limit_ms: float = 1000.0) -> bool:
        """Whether every request was answered and 99 of 100 within the limit."""
        return self.sent > 0 and not self.failed and self.p99_ms < limit_ms

    def plain(self) -> dict[str, Any]:
        return {k: round(v, 1) for k, v in asdict(self).items()}


async def offer(
    port: int, callbacks: Sequence[Callback], rate: float, good: Judge, seed: int = 0
) -> Step:
    """Send these at `rate` a second, with the irregular gaps of people who do not know of each
    other (Poisson), and wait for all answers. They are judged after the last one came."""
    wire, rng = Wire(port), random.Random(seed)
    times: list[float] = []
    answers: list[tuple[int, bytes]] = []
    loop = asyncio.get_running_loop()

    async def one(callback: Callback, due: float) -> None:
        try:
            answer = await wire.post(callback, GIVEN_UP)
        except (OSError, TimeoutError):
            answer = (0, b"")
        times.append(loop.time() - due)
        answers.append(answer)

    tasks: set[asyncio.Task[None]] = set()
    started = due = loop.time()
    sent = 0
    for callback in callbacks:
        due += rng.expovariate(rate)
        if (wait := due - loop.time()) > 0:
            await asyncio.sleep(wait)
        if len(tasks) > max(50.0, BEHIND * rate):
            break
        task = asyncio.create_task(one(callback, due))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        sent += 1
    if tasks:
        await asyncio.wait(tasks)
    wire.close()
    failed = sum(not good(*answer) for answer in answers) + len(callbacks) - sent
    times.sort()
    at = [times[min(len(times) - 1, int(len(times) * q))] * 1000 for q in (0.5, 0.99, 1.0)]
    return Step(rate, loop.time() - started, sent, failed, *at)


async def climb(
    measure: Callable[[float], Any],
    start: float = 20.0,
    factor: float = 1.5,
    most: float = 20_000.0,
    finer: int = 3,
) -> tuple[float, list[Step]]:
    """The highest rate that holds, by rising rates and then halving between the last that held
    and the first that did not; with every step on the way. 0 where not even `start` holds."""
    steps: list[Step] = []
    low, high = 0.0, 0.0
    rate = start
    while rate <= most and not high:
        step = await measure(rate)
        steps.append(step)
        if step.holds():
            low, rate = rate, rate * factor
        else:
            high = rate
    for _ in range(finer if low and high else 0):
        step = await measure((low + high) / 2)
        steps.append(step)
        if step.holds():
            low = step.rate
        else:
            high = step.rate
    return low, steps
