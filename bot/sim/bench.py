"""`xst bench callbacks`: the assistant and a bare echo on the same stack, one after the other."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from bot import texts
from bot.sim import stand
from bot.sim.botapi import BotApi
from bot.sim.callbacks import TelegramSide, WeChatSide
from bot.sim.load import Judge, Step, climb, offer
from bot.sim.server import Server
from bot.sim.stand import Service, StandError
from bot.sim.wire import Callback
from bot.storage.store import Store, connect, open_store
from bot.storage.tables import METADATA

LIMIT_MS = 1000.0
TALK = 4
"""Messages of one person in a step."""

AWAY = tuple(t.partition("{")[0] for t in (texts.BUSY, texts.SLOWER, texts.SLOW, texts.APOLOGY))
"""How answers begin that are none."""

Make = Callable[[str, int], Callback]
"""Question and number of the person -> a callback."""

Progress = Callable[[str, Step | None], None]


@dataclass(slots=True)
class Bench:
    """One run: what is asked, how long a rate is held, and whose progress is told to whom."""

    questions: Sequence[str]
    seconds: float = 5.0
    telling: Progress = lambda *_: None
    start: float = 20.0
    wechat: WeChatSide = field(default_factory=WeChatSide)
    telegram: TelegramSide = field(default_factory=TelegramSide)
    _people: itertools.count[int] = field(default_factory=lambda: itertools.count(10**8, 10**5))
    _asked: Iterator[str] = field(default_factory=lambda: iter(()))

    def __post_init__(self) -> None:
        shuffled = list(self.questions)
        random.Random(0).shuffle(shuffled)
        self._asked = itertools.cycle(shuffled)

    # The two platforms

    def by_wechat(self, text: str, person: int) -> Callback:
        return self.wechat.delivery(self.wechat.said(f"o{person:027d}", text))

    def by_telegram(self, text: str, person: int) -> Callback:
        return self.telegram.delivery(self.telegram.said(person, text))

    def answered(self, status: int, body: bytes) -> bool:
        """Whether WeChat would show an answer, and it is one."""
        try:
            shown = self.wechat.shown(body) if status == 200 else ""
        except ValueError:
            return False
        return bool(shown) and not shown.startswith(AWAY)

    @staticmethod
    def taken(status: int, _: bytes) -> bool:
        return status == 200

    # Measuring

    async def step(
        self, service: Service, make: Make, good: Judge, rate: float, seconds: float
    ) -> Step:
        number = max(20, int(rate * seconds))
        first, people = next(self._people), max(1, number // TALK)
        callbacks = [make(next(self._asked), first + n % people) for n in range(number)]
        return await offer(service.port, callbacks, rate, good)

    async def measure(self, name: str, service: Service, make: Make, good: Judge) -> dict[str, Any]:
        """The highest rate that holds, then what 80 % of it is like."""
        await self.step(service, make, lambda *_: True, 10.0, 3.0)  # what loads on first use
        before = service.memory_mb

        async def at(rate: float) -> Step:
            step = await self.step(service, make, good, rate, self.seconds)
            self.telling(name, step)
            await asyncio.sleep(0.5)
            return step

        most, steps = await climb(at, self.start)
        found: dict[str, Any] = {"most": round(most, 1), "steps": [s.plain() for s in steps]}
        if most:
            before_s = service.cpu_s
            eased = await self.step(service, make, good, 0.8 * most, 2 * self.seconds)
            self.telling(name, eased)
            cpu_ms = (service.cpu_s - before_s) / max(1, eased.sent) * 1000
            found |= {"at_80": eased.plain(), "cpu_ms": round(cpu_ms, 2)}
        return found | {"memory_mb": [before, service.memory_mb]}

    async def soak(
        self, service: Service, make: Make, good: Judge, rate: float, minutes: float
    ) -> dict[str, Any]:
        """Memory every ten seconds while `rate` goes on."""
        memory, worst, failed, sent = [service.memory_mb], 0.0, 0, 0
        until = time.monotonic() + minutes * 60
        while time.monotonic() < until:
            step = await self.step(service, make, good, rate, 10.0)
            self.telling("soak", step)
            memory.append(service.memory_mb)
            worst, failed, sent = max(worst, step.p99_ms), failed + step.failed, sent + step.sent
        third = max(1, len(memory) // 3)
        middle, end = memory[third : 2 * third] or memory, memory[-third:]
        return {
            "minutes": minutes,
            "rate": round(rate, 1),
            "sent": sent,
            "failed": failed,
            "worst_p99_ms": round(worst, 1),
            "memory_mb": memory,
            "growth_mb": round(sum(end) / len(end) - sum(middle) / len(middle), 1),
        }


def run_all(
    home: Path, folder: Path, bench: Bench, database: str = "", minutes: float = 0.0
) -> dict[str, Any]:
    """Everything, with child processes whose files go to `folder`. Raises StandError."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, stand.cores()[1])
    report: dict[str, Any] = {
        "machine": stand.machine(),
        "database": "postgresql" if database.startswith("postgresql") else "sqlite",
        "questions": len(set(bench.questions)),
        "seconds": bench.seconds,
    }
    with stand.echo(stand.free_port(), bench.wechat, folder) as service:
        said = asyncio.run(bench.measure("echo wechat", service, bench.by_wechat, bench.answered))
        report["echo_wechat"] = said
        said = asyncio.run(bench.measure("echo telegram", service, bench.by_telegram, bench.taken))
        report["echo_telegram"] = said
    with _assistant(home, folder, bench, database) as (service, api):
        ours = asyncio.run(bench.measure("wechat", service, bench.by_wechat, bench.answered))
        report["wechat"] = ours
        if minutes and ours["most"]:
            rate = 0.8 * float(ours["most"])
            soaked = bench.soak(service, bench.by_wechat, bench.answered, rate, minutes)
            report["soak"] = asyncio.run(soaked)
        ours = asyncio.run(bench.measure("telegram", service, bench.by_telegram, bench.taken))
        report["telegram"] = ours | {"sent_meanwhile": api.calls["sendMessage"]}
    for channel in ("wechat", "telegram"):
        echo, most = float(report[f"echo_{channel}"]["most"]), float(report[channel]["most"])
        report[f"{channel}_ratio"] = round(most / echo, 3) if echo else 0.0
    return report


@contextmanager
def _assistant(
    home: Path, folder: Path, bench: Bench, database: str
) -> Iterator[tuple[Service, BotApi]]:
    api = BotApi(keep=False)
    server = Server(api.app)
    server.start()
    try:
        if database:
            _must_be_empty(database)
        port = stand.free_port()
        with stand.assistant(
            port, home, database, bench.wechat, bench.telegram, server.url, folder
        ) as service:
            yield service, api
    finally:
        server.stop()
        if database:
            _empty(database)


def _must_be_empty(url: str) -> None:
    store = open_store(url)
    with store.reading() as connection:
        for table in METADATA.sorted_tables:
            if connection.execute(select(func.count()).select_from(table)).scalar_one():
                raise StandError("the database is in use; give an empty one to measure with")
    store.engine.dispose()


def _empty(url: str) -> None:
    store = Store(connect(url))
    with store.writing() as connection:
        for table in METADATA.sorted_tables:
            connection.execute(table.delete())
    store.engine.dispose()


def read_questions(files: Sequence[Path]) -> list[str]:
    """The field `question` of every line, each once. Raises StandError."""
    found: dict[str, None] = {}
    for path in files:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            try:
                found[str(json.loads(line)["question"])] = None
            except (ValueError, KeyError, TypeError) as error:
                raise StandError(f"{path}:{number}: no question") from error
    if not found:
        raise StandError("no questions to ask")
    return list(found)
