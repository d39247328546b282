"""`xst bench quiz`: a campaign on a real service, a crowd of phones, kills, and what was kept."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from bot.campaign import asking, codes
from bot.campaign.plan import Campaign, Unit, read_campaign
from bot.draw.lots import entry_of
from bot.release import open_release
from bot.settings import Settings
from bot.sim import stand
from bot.sim.callbacks import WeChatSide
from bot.sim.quizpeople import Crowd, Person, Told
from bot.sim.stand import Service, StandError
from bot.sim.wire import Wire
from bot.storage.campaigns import Campaigns
from bot.storage.store import open_store
from bot.storage.tables import CAMPAIGNS
from knowledge.lessons import Item

COMING = 0.55
"""Share of the time over which people arrive; the rest is for the last of them to answer in."""

TIDYING = 120.0
"""Seconds after the time in which the last may finish."""

AT_ONCE = 32
"""People that answer without a pause when it is measured what most is possible."""

Telling = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Size:
    """How large: `people` within `minutes`, `kills` of the service, seconds `flat` out."""

    people: int = 5000
    minutes: float = 10.0
    kills: int = 0
    flat: float = 10.0
    units: int = 51
    seed: int = 0


class Stand:
    """A service over one database, with two campaigns open: one for the crowd, one flat out."""

    def __init__(self, home: Path, folder: Path, database: str, size: Size) -> None:
        self.folder, self.size, self.port = folder, size, stand.free_port()
        own = stand.own_home(home, folder)
        self.url = database or f"sqlite:///{own / 'live.db'}"
        self.more = {"XST_HOME": str(own), "XST_RUN": str(folder / "run")}
        self.more["XST_DATABASE"] = self.url
        self.bank = open_release(Settings(home=own)).on(date.today()).items()
        self.campaigns = Campaigns(open_store(self.url))
        self.plan = self._open("crowd", self.size.people)
        self.flat = self._open("flat", 100_000)

    def _open(self, ident: str, people: int) -> Campaign:
        """A campaign as an organiser writes it, open from yesterday, with a draw."""
        file = self.folder / f"{ident}.yaml"
        file.write_text(_yaml(ident, people, self.size.units), encoding="utf-8")
        plan = read_campaign(file)
        self.campaigns.create(plan, asking.points_of(plan, self.bank))
        self.campaigns.set_status(ident, "draft", "open")
        return plan

    def running(self) -> contextlib.AbstractContextManager[Service]:
        arguments = ["bot", "serve", "--no-sample", "--port", str(self.port)]
        return stand.running(arguments, self.port, self.more, self.folder / "serve.log")

    def people(self, plan: Campaign, number: int) -> list[Person]:
        """So many people with a code each, from all units."""
        held = self.campaigns.get(plan.id)
        assert held
        made: list[str] = []
        for unit in plan.units:
            made += codes.make_codes(held.key, plan.id, unit.id, unit.asked)[: number - len(made)]
        rng = random.Random(self.size.seed)
        rng.shuffle(made)
        return [Person(code, random.Random(rng.random())) for code in made]

    def close(self) -> None:
        """Leave a database that was given as empty of these campaigns as it was."""
        with self.campaigns.store.writing() as connection:
            for name in ("attempts", "entries", "progress", "spent", "sittings"):
                table = CAMPAIGNS.metadata.tables[name]
                connection.execute(table.delete().where(table.c.campaign.in_(("crowd", "flat"))))
            connection.execute(CAMPAIGNS.delete().where(CAMPAIGNS.c.id.in_(("crowd", "flat"))))
        self.campaigns.store.engine.dispose()


def run_all(
    home: Path, folder: Path, size: Size, database: str = "", telling: Telling = lambda _: None
) -> dict[str, Any]:
    """Everything, with child processes whose files go to `folder`. Raises StandError."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, stand.cores()[1])
    report: dict[str, Any] = {
        "machine": stand.machine(),
        "database": "postgresql" if database.startswith("postgresql") else "sqlite",
        "people": size.people,
        "minutes": size.minutes,
    }
    if size.flat:
        telling("echo")
        with stand.echo(stand.free_port(), WeChatSide(), folder) as service:
            report["echo"] = asyncio.run(_flat_out(service, [""] * AT_ONCE, size.flat))
    here = Stand(home, folder, database, size)
    try:
        if size.flat:
            telling("flat out")
            with here.running() as service:
                made = [p.code for p in here.people(here.flat, int(size.flat * 400) + AT_ONCE)]
                report["flat"] = asyncio.run(_flat_out(service, made, size.flat))
            most = report["echo"]["answers_s"]
            report["ratio"] = round(report["flat"]["answers_s"] / most, 3) if most else 0.0
        people = here.people(here.plan, size.people)
        report["crowd"] = asyncio.run(_crowd(here, people, telling))
        report["kept"] = kept(here.campaigns, here.plan, people, here.bank)
    finally:
        here.close()
    return report


async def _crowd(here: Stand, people: Sequence[Person], telling: Telling) -> dict[str, Any]:
    """Everybody within the minutes, and the kills among them."""
    size, wire = here.size, Wire(here.port)
    crowd = Crowd(lambda: wire, f"/quiz/{here.plan.scene(here.plan.units[0].id)}")
    rng, seconds = random.Random(size.seed), size.minutes * 60
    thinks = (1 - COMING) * seconds / 1.7 / (here.plan.form.items + 1)
    moments = sorted(rng.uniform(0.1, 0.9) * seconds for _ in range(size.kills))
    opened = contextlib.ExitStack()
    service = await asyncio.to_thread(opened.enter_context, here.running())
    before, cpu, busiest = service.memory_mb, -service.cpu_s, 0
    memory = [before]
    started = time.monotonic()
    tasks = [
        asyncio.create_task(crowd.take_part(p, rng.uniform(0, COMING * seconds), thinks))
        for p in people
    ]
    waiting: set[asyncio.Task[None]] = set(tasks)
    told, told_at = 0, started
    try:
        while waiting and time.monotonic() - started < seconds + TIDYING:
            _, waiting = await asyncio.wait(waiting, timeout=0.25)
            now = time.monotonic()
            if now - told_at >= 10:
                busiest = max(busiest, round((crowd.answers - told) / (now - told_at)))
                telling(f"{now - started:.0f} s, {crowd.answers:,} answers")
                told, told_at = crowd.answers, now
                memory.append(service.memory_mb)
            if moments and now - started >= moments[0]:
                moments.pop(0)
                memory.append(service.memory_mb)
                cpu += service.cpu_s
                os.kill(service.pid, signal.SIGKILL)
                await asyncio.to_thread(opened.close)
                service = await asyncio.to_thread(opened.enter_context, here.running())
                cpu -= service.cpu_s
                telling(f"{now - started:.0f} s, killed and started again")
        cpu += service.cpu_s
        memory.append(service.memory_mb)
        crowd.stopping = True
        if waiting:
            await asyncio.wait(waiting)
    finally:
        await asyncio.to_thread(opened.close)
        wire.close()
    for task in tasks:
        task.result()
    return {
        "answers": crowd.answers,
        "seconds": round(time.monotonic() - started, 1),
        "busiest_s": busiest,
        **_times([s for p in people for s in p.late]),
        "kills": size.kills - len(moments),
        "repeats": sum(p.repeats for p in people),
        "between": sum(p.between for p in people),
        "again": sum(len(p.again) for p in people),
        "again_worst_s": round(max((s for p in people for s in p.again), default=0.0), 1),
        "cpu_ms": round(cpu / max(1, crowd.answers) * 1000, 2),
        "memory_mb": [before, max(memory), memory[-1]],
    }


async def _flat_out(service: Service, made: Sequence[str], seconds: float) -> dict[str, Any]:
    """AT_ONCE people without a pause, one after the other with the codes; "" answers for ever."""
    wire = Wire(service.port)
    crowd = Crowd(lambda: wire, "/healthz")
    people = [Person(code, random.Random(n)) for n, code in enumerate(made)]
    left = iter(people)

    async def chair() -> None:
        for person in left:
            await crowd.take_part(person)
            if crowd.stopping:
                return

    chairs = [asyncio.create_task(chair()) for _ in range(AT_ONCE)]
    await asyncio.sleep(min(2.0, seconds / 4))  # what loads on first use
    answers, cpu, started = crowd.answers, service.cpu_s, time.monotonic()
    for person in people:
        person.late.clear()
    await asyncio.sleep(seconds)
    answers, cpu, took = crowd.answers - answers, service.cpu_s - cpu, time.monotonic() - started
    crowd.stopping = True
    await asyncio.gather(*chairs)
    wire.close()
    odd = Counter(p.odd for p in people if p.odd)
    if odd:
        raise StandError(f"a form was not answered as it should: {odd.most_common(3)}")
    return {
        "answers_s": round(answers / took, 1),
        **_times([s for p in people for s in p.late]),
        "cpu_ms": round(cpu / max(1, answers) * 1000, 2),
        "memory_mb": service.memory_mb,
    }


# What was kept


def kept(
    campaigns: Campaigns, plan: Campaign, people: Sequence[Person], bank: Sequence[Item]
) -> dict[str, Any]:
    """Every acknowledged answer against the attempts: each once, in its order, and no other."""
    held = campaigns.get(plan.id)
    assert held
    units = [u.id for u in plan.units]
    meant = _Meant(bank)
    expected: Counter[tuple[object, ...]] = Counter()
    for p in people:
        if p.ended:
            unit = codes.unit_of(held.key, plan.id, units, p.code)
            expected[(unit, *map(meant, p.told))] += 1
    stored: Counter[tuple[object, ...]] = Counter(
        (a.unit, *((one.item, one.chosen) for one in a.answers))
        for a in campaigns.attempts(plan.id)
    )
    lost, extra = expected - stored, stored - expected
    entries = Counter(campaigns.entries(plan.id))
    shown = Counter(entry_of(p.entry) for p in people if p.entry)
    progress = campaigns.progress(plan.id)
    return {
        "people": len(people),
        "finished": sum(p.ended for p in people),
        "answers": sum(len(p.told) for p in people),
        "attempts": stored.total(),
        "lost": lost.total(),
        "extra": extra.total(),
        "counted": sum(n for (_, what), n in progress.items() if what == "finished"),
        "entries": entries.total(),
        "entries_wrong": ((entries - shown) + (shown - entries)).total(),
        "odd": dict(Counter(p.odd for p in people if p.odd)),
    }


def whole(found: dict[str, Any]) -> bool:
    """Whether everybody finished, and everything is there once."""
    people = found["people"]
    same = all(found[n] == people for n in ("finished", "attempts", "counted", "entries"))
    return same and not (found["lost"] or found["extra"] or found["entries_wrong"] or found["odd"])


class _Meant:
    """What somebody read and picked, as item and places."""

    def __init__(self, bank: Sequence[Item]) -> None:
        self._bank, self._known = bank, dict[tuple[str, frozenset[str]], Item]()

    def __call__(self, told: Told) -> tuple[str, tuple[int, ...]]:
        read = (told.question, told.options)
        if read not in self._known:
            fits = [
                i
                for i in self._bank
                if i.stem in told.question and {o.text for o in i.options} == told.options
            ]
            self._known[read] = max(fits, key=lambda i: len(i.stem))
        item = self._known[read]
        return item.id, tuple(n for n, o in enumerate(item.options) if o.text in told.picked)


# Small things


def _times(late: list[float]) -> dict[str, float]:
    late = sorted(late) or [0.0]
    at = [late[min(len(late) - 1, int(len(late) * q))] * 1000 for q in (0.5, 0.99, 1.0)]
    return dict(zip(("p50_ms", "p99_ms", "worst_ms"), (round(a, 1) for a in at), strict=True))


def _yaml(ident: str, people: int, units: int) -> str:
    """An organiser's file: `people` over the units, and no least time, for what is measured is the
    service and not the people's patience."""
    today = date.today()
    each, more = divmod(people, units)
    of = [Unit(f"u{n}", f"单位{n}", 1, each + (n < more)) for n in range(units)]
    lines = [
        f"  - {{id: {u.id}, name: {u.name}, population: {max(1, u.asked)}, asked: {u.asked}}}"
        for u in of
    ]
    return "\n".join(
        (
            f"id: {ident}",
            "title: 压力测试",
            "organiser: 压力测试",
            "metric: 基本了解率",
            "sample: 名册随机",
            "entrance: 答题码",
            f"opens: {today - timedelta(days=1)}",
            f"closes: {today + timedelta(days=1)}",
            'roster_seed: "00"',
            "seconds: 0",
            "draw: {winners: 1, what: 无, beacon: 无}",
            "units:",
            *lines,
            "",
        )
    )
