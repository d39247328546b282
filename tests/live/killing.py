"""A service that is killed at random moments while people write to it.

KILLS sets how often, KILLS_SEED the moments.
"""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections import Counter

from live.kit import Installation, Process, Zygote, free_port
from live.people import Found, Message, Town, answers, look
from sqlalchemy import text

from bot.sim.botapi import BotApi
from bot.storage.mailbox import Mailbox

KILLS = int(os.environ.get("KILLS", "25"))
SEED = int(os.environ.get("KILLS_SEED", "0")) or random.randrange(10**6)


class Killed:
    """One service that is killed again and again, its people, and what came of it."""

    def __init__(self, installation: Installation, zygote: Zygote, telegram: BotApi) -> None:
        self._installation, self._zygote, self._telegram = installation, zygote, telegram
        self._port = free_port()
        self._mailbox: Mailbox = installation.mailbox()
        self._persons = installation.persons()
        self._stored: dict[str, str] = {}
        self.town = Town(installation.wechat, installation.telegram, lambda: self._port)
        self.cut: set[str] = set()
        self.between: set[str] = set()
        self.unsent = self.duplicates = self.perhaps_twice = 0
        self.heard: Counter[str] = Counter()
        self._cut: list[Message] = []

    async def run(self, kills: int) -> Found:
        rng = random.Random(SEED)
        started = time.monotonic()
        people = asyncio.create_task(self.town.live(24, 8, SEED))
        for _ in range(kills):
            service = await self._start()
            await asyncio.sleep(rng.uniform(0.02, 2.0))
            self._cut = list(self.town.under_way.values())
            await asyncio.to_thread(service.kill)
            await asyncio.to_thread(self._after_a_kill)
        service = await self._start()
        self.town.stopping = True
        try:
            await people
            await self._sent_out()
        finally:
            await asyncio.to_thread(service.kill)
        self.seconds = time.monotonic() - started
        self._count()
        return look(self._mailbox, self._persons, self.town.messages, self._stored)

    async def _start(self) -> Process:
        service = self._zygote.serve(self._installation, self._port)
        await asyncio.to_thread(service.wait_ready)
        return service

    def _after_a_kill(self) -> None:
        """See which messages were stored and not acknowledged, and let pass the minute for which
        whoever took a parcel may hold it."""
        stored = answers(self._mailbox, self._persons, self._cut)
        self._stored |= stored
        self.cut |= {m.key for m in self._cut}
        self.between |= set(stored)
        self._let_the_lease_end()

    def _let_the_lease_end(self) -> None:
        with self._mailbox.store.writing() as connection:
            connection.execute(text("UPDATE outbox SET leased = 1 WHERE leased > 0"))

    async def _sent_out(self) -> None:
        until = time.monotonic() + 120
        while self._mailbox.waiting() and time.monotonic() < until:
            await asyncio.sleep(0.2)

    def _count(self) -> None:
        self.unsent = self._mailbox.waiting()
        self.perhaps_twice = self._mailbox.counts().get("perhaps_twice", 0)
        per_chat: Counter[int] = Counter()
        for (chat, words), number in self._telegram.texts.items():
            per_chat[chat] += number
            self.heard[words] += number
        for chat, expected in self.town.chats.items():
            self.unsent += max(0, expected - per_chat[chat])
            self.duplicates += max(0, per_chat[chat] - expected)
        for query in self.town.queries:
            self.unsent += self._telegram.queries[query] == 0
            self.duplicates += max(0, self._telegram.queries[query] - 1)

    def told(self, found: Found) -> str:
        messages = self.town.messages
        sent = sum(self._telegram.calls.values())
        return (
            f"{KILLS} kills in {self.seconds:.0f} s; {len(messages)} messages, "
            f"{sum(m.answer is not None for m in messages)} acknowledged, "
            f"{sum(m.deliveries > 1 for m in messages)} redelivered, "
            f"{sum(m.answer is None for m in messages)} given up by WeChat after three; "
            f"{len(self.cut)} cut by a kill, of these {len(self.between)} stored but not yet acknowledged; "
            f"{sum(up for up, _ in found.votes.values())} thumbs, {len(found.queue)} queued; "
            f"{sent} calls to Telegram, {self.duplicates} of them a second time "
            f"(perhaps_twice {self.perhaps_twice})"
        )
