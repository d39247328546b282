"""People who write while the service is killed, and what must be true of them afterwards."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from bot import texts
from bot.channels.telegram.buttons import mark as about
from bot.persons import Persons
from bot.sim.callbacks import Said, TelegramSide, WeChatSide
from bot.sim.wire import Callback, Wire
from bot.storage.mailbox import Mailbox
from bot.storage.tables import DELIVERIES

CARD, OTHER = "card:wage-arrears", "card:heat-money"
"""What people on WeChat, and on Telegram, vote for."""

DELIVERY = 1.5
"""Seconds that the WeChat played here waits for an answer; the real one waits five."""

SIGNS = "天地日月山水风云花鸟鱼虫草木石土"
DONE = texts.QUEUE_DONE.partition("。")[0]
"""How the answer to a consent begins, however a channel lays it out."""


@dataclass(slots=True)
class Message:
    """One message and what the platform knows of it. `answer` is None until it is acknowledged."""

    kind: str
    key: str
    words: str = ""
    answer: str | None = None
    deliveries: int = 0


@dataclass(slots=True)
class Town:
    """Everybody's messages. `ports` are where the platforms deliver to; `odd` what no service
    may answer."""

    wechat: WeChatSide
    telegram: TelegramSide
    port: Callable[[], int]
    messages: list[Message] = field(default_factory=list)
    under_way: dict[str, Message] = field(default_factory=dict)
    chats: Counter[int] = field(default_factory=Counter)
    queries: set[str] = field(default_factory=set)
    odd: list[str] = field(default_factory=list)
    stopping: bool = False
    _wires: dict[int, Wire] = field(default_factory=dict)
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    async def live(self, on_wechat: int, on_telegram: int, seed: int) -> None:
        """So many people at a time, one after another, until `stopping`."""
        rng = random.Random(seed)
        await asyncio.gather(
            *(self._many(self._on_wechat, random.Random(rng.random())) for _ in range(on_wechat)),
            *(
                self._many(self._on_telegram, random.Random(rng.random()))
                for _ in range(on_telegram)
            ),
        )

    async def _many(self, one: Callable[[random.Random], Any], rng: random.Random) -> None:
        await asyncio.sleep(rng.random())
        while not self.stopping:
            await one(rng)

    # WeChat: three deliveries, then the message is lost to everybody

    async def _on_wechat(self, rng: random.Random) -> None:
        number = next(self._numbers)
        user, words = f"o{number:027d}", question(number)
        if await self._told(rng, "card", user, "看", f"ref:{CARD}") is None:
            return
        # The second question is asked while the first is worked on.
        await asyncio.gather(*(self._told(rng, "up", user, "有用", "up") for _ in range(2)))
        await self._told(rng, "question", user, "老板不发工资怎么办")
        for kind, said, choice in (("person", "真人", "person"), ("words", words, "")):
            if await self._told(rng, kind, user, said, choice) is None:
                return
        await self._told(rng, "agree", user, "同意", "agree", words)

    async def _told(
        self, rng: random.Random, kind: str, user: str, said: str, choice: str = "", words: str = ""
    ) -> str | None:
        await asyncio.sleep(rng.random() / 5)
        if self.stopping:
            return None
        sent = self.wechat.said(user, said, choice)
        message = self._new(Message(kind, self.wechat.key(sent), words))
        for _ in range(3):
            slot = asyncio.get_running_loop().time() + DELIVERY
            answer = await self._delivered(sent, message)
            if answer is not None:
                message.answer = answer
                return answer
            await asyncio.sleep(max(0.0, slot - asyncio.get_running_loop().time()))
        return None

    async def _delivered(self, sent: Said, message: Message) -> str | None:
        status, body = await self._posted(message, self.wechat.delivery(sent), DELIVERY)
        if not status:
            return None
        if status >= 500:
            return None
        if status != 200:
            self.odd.append(f"WeChat's message was answered {status}")
            return ""
        return self.wechat.shown(body)

    # Telegram: again until it is acknowledged

    async def _on_telegram(self, rng: random.Random) -> None:
        number = next(self._numbers)
        user, words = 10**8 + number, question(number)
        up = f"up|{about(OTHER)}"
        for kind, update in (
            ("card", self.telegram.pressed(user, f"ref:{OTHER}")),
            ("t-up", self.telegram.pressed(user, up)),
            ("t-up", self.telegram.pressed(user, up)),
            ("person", self.telegram.pressed(user, "person")),
            ("words", self.telegram.said(user, words)),
            ("t-agree", self.telegram.pressed(user, "agree")),
        ):
            await asyncio.sleep(rng.random() / 2)
            message = self._new(Message(kind, self.telegram.key(update), words))
            while message.answer is None:
                status, _ = await self._posted(message, self.telegram.delivery(update), 5.0)
                if status == 200:
                    message.answer = ""
                    self.chats[user] += 1
                    if query := update.get("callback_query"):
                        self.queries.add(query["id"])
                elif status and status < 500:
                    self.odd.append(f"Telegram's update was answered {status}")
                    message.answer = ""
                else:
                    await asyncio.sleep(0.2)
            if self.stopping:
                return

    def _new(self, message: Message) -> Message:
        self.messages.append(message)
        return message

    async def _posted(
        self, message: Message, callback: Callback, timeout: float
    ) -> tuple[int, bytes]:
        """One delivery: status and body, (0, b"") for none."""
        message.deliveries += 1
        self.under_way[message.key] = message
        port = self.port()
        try:
            wire = self._wires.setdefault(port, Wire(port))
            return await wire.post(callback, timeout)
        except (OSError, TimeoutError):
            return 0, b""
        finally:
            del self.under_way[message.key]


def question(number: int) -> str:
    """A question that no two people ask, of nothing that is taken out of it."""
    sign = "".join(SIGNS[number >> shift & 15] for shift in (12, 8, 4, 0))
    return f"拖欠工资怎么办，暗号是{sign}"


@dataclass(frozen=True, slots=True)
class Found:
    """What stands in live state afterwards: stored answers by message key, thumbs by answer, the
    queued questions."""

    stored: dict[str, str]
    votes: dict[str, tuple[int, int]]
    queue: list[str]


def answers(mailbox: Mailbox, persons: Persons, messages: Iterable[Message]) -> dict[str, str]:
    """What is stored as the answer, by message key, of those that left a mark."""
    marks = {persons.mark(m.key): m.key for m in messages}
    with mailbox.store.reading() as connection:
        rows = connection.execute(select(DELIVERIES.c.mark, DELIVERIES.c.answer)).all()
    return {marks[r.mark]: persons.read(r.answer) or "" for r in rows if r.mark in marks}


def look(
    mailbox: Mailbox, persons: Persons, messages: Iterable[Message], before: dict[str, str]
) -> Found:
    """`before`: answers stored earlier, which may be emptied now."""
    stored = answers(mailbox, persons, messages)
    stored |= {k: before[k] for k in stored if before.get(k)}
    votes = {ref: (up, down) for ref, (up, down) in mailbox.store.votes().items()}
    return Found(stored, votes, [q.question for q in mailbox.store.queue()])


def faults(messages: list[Message], found: Found, told: Counter[str] | None = None) -> list[str]:
    """What is wrong: an acknowledged message without its effect, an effect without its message
    or twice. [] where every message had its effect once.

    `told` counts the texts that Telegram's people got.
    """
    wrong = []
    for m in messages:
        if (
            m.answer is not None
            and m.key not in found.stored
            and m.answer not in (texts.SLOW, texts.SLOW_FOLLOWS)
        ):
            wrong.append(f"lost: {m.kind} was acknowledged and left no mark")
        said = found.stored.get(m.key)
        if m.answer and said and m.answer not in (said, texts.SLOW):
            wrong.append(f"two answers: {m.kind}")

    def answer(m: Message) -> str:
        return found.stored.get(m.key) or (m.answer if m.key in found.stored else "") or ""

    for ref, expected in (
        (CARD, sum(m.kind == "up" and answer(m) == texts.THANKS_UP for m in messages)),
        (OTHER, sum(m.kind == "t-up" and m.key in found.stored for m in messages)),
    ):
        if (thumbs := found.votes.get(ref, (0, 0))[0]) != expected:
            wrong.append(f"{ref}: {thumbs} thumbs for {expected} messages")
    queued = Counter(found.queue)
    for m in messages:
        if m.kind == "agree":
            if queued[m.words] != (expected := answer(m).startswith(DONE)):
                wrong.append(f"queue: {queued[m.words]} entries for {int(expected)} consent")
        elif m.kind == "t-agree" and queued[m.words] > 1:
            wrong.append(f"queue: {queued[m.words]} entries for one consent")
    if told is not None:
        receipts = sum(n > 0 and words.startswith(DONE) for words, n in told.items())
        entries = sum(queued[m.words] for m in messages if m.kind == "t-agree")
        if receipts != entries:
            wrong.append(f"queue: {entries} entries from Telegram, {receipts} receipts sent")
    return wrong
