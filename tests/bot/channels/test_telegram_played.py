"""The Telegram channel played through against the simulated Bot API, over real connections."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
import time

import pytest
from small import TODAY
from typer.testing import CliRunner

from bot import texts
from bot.assistant import Assistant
from bot.channels.telegram import TelegramBot
from bot.cli.telegram import telegram
from bot.desk import Desk
from bot.limits import Limits
from bot.persons import Persons
from bot.post import Post
from bot.settings import Telegram
from bot.sim.telegram import TelegramSim
from bot.storage.mailbox import Mailbox
from bot.storage.store import open_store

# The library warns of what we mean to do; in a service these filters are set by the channel.
pytestmark = [
    pytest.mark.live,
    pytest.mark.filterwarnings("ignore::telegram.warnings.PTBUserWarning"),
]

QUESTION = "公司收到工资协商要约，多少天内要答复？"


class Running:
    """A polling bot with its outbox, in a thread of its own."""

    def __init__(self, sim, assistant, store):
        self.sim, self.mailbox = sim, Mailbox(store)
        self._assistant = assistant
        self._started = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()))

    async def _run(self):
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        persons = Persons(bytes(32))
        desk = Desk(self._assistant, self.mailbox, persons, Limits(burst=1000))
        bot = TelegramBot(Telegram(self.sim.token, mode="polling", api=self.sim.url), desk)
        post = Post(self.mailbox, persons, {bot.account: bot})
        desk.posted = post.nudge
        sending = asyncio.create_task(post.run())
        self._started.set()
        await bot.poll(self._stop)
        sending.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await sending
        await bot.close()

    def __enter__(self):
        self._thread.start()
        self._started.wait()
        return self

    def __exit__(self, *_):
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)


@pytest.fixture(scope="module")
def sim():
    with TelegramSim() as sim:
        yield sim


@pytest.fixture(scope="module")
def bot(sim, release, tmp_path_factory):
    """One bot for all tests; each has people and groups of its own."""
    store = open_store(f"sqlite:///{tmp_path_factory.mktemp('played') / 'live.db'}")
    sources = release.on(TODAY)
    with Running(sim, Assistant(lambda: sources, store), store) as running:
        yield running


def said(sim, *chats):
    return [s for chat in chats if chat for s in sim.screen(chat) if s.by == "bot"]


def seen(sim, chat, count, seconds=8.0):
    """What the bot said in a chat, when it is so much."""
    until = time.monotonic() + seconds
    while True:
        shown = said(sim, chat)
        if len(shown) >= count or time.monotonic() > until:
            assert len(shown) == count
            return shown
        time.sleep(0.02)


WORKER = 41


def test_a_worker_talks_asks_presses_and_blocks(sim, bot):
    sim.start(WORKER, "may_day")
    welcome = seen(sim, WORKER, 1)[0]
    assert welcome.text.startswith(texts.SCENE_UNKNOWN)
    sim.text(WORKER, QUESTION)
    answer = seen(sim, WORKER, 2)[1]
    assert "20日" in answer.text
    sim.press(WORKER, answer.id, "河南")
    assert "10个工作日" in seen(sim, WORKER, 3)[2].text
    sim.press(WORKER, answer.id, texts.BUTTON_MORE)  # of the answer before: its entry is the same
    assert seen(sim, WORKER, 4)[3].text != texts.WEB_STALE
    sim.block(WORKER)
    assert sim.settle()
    with bot.mailbox.store.reading() as connection:
        kept = connection.exec_driver_sql("SELECT count(*) FROM conversations").scalar()
    assert (kept, bot.mailbox.waiting()) == (0, 0)
    assert sim.violations == {}


def test_a_group_is_answered_when_it_asks_and_after_it_moved(sim, bot):
    chat = sim.group()
    sim.text(50, "今天几点开会", chat)
    sim.text(51, f"@{sim.telegram.me['username']} {QUESTION}", chat)
    answer = seen(sim, chat, 1)[0]
    assert "20日" in answer.text
    assert texts.BUTTON_PERSON not in json.dumps(answer.extra, ensure_ascii=False)
    sim.text(50, "拖欠工资怎么办", chat, reply_to=answer.id)
    sim.migrate(chat)
    moved = sim.telegram.chats[chat].moved
    until = time.monotonic() + 5
    while time.monotonic() < until and not said(sim, chat, moved):
        time.sleep(0.02)
    assert "工资" in said(sim, chat, moved)[-1].text
    assert sim.violations == {}


def test_every_update_twice_and_a_broken_network_make_one_answer_each(sim, bot):
    """Complaint 2."""
    sim.set(twice=True, fail_next=1)
    sim.text(60, QUESTION)
    sim.text(61, QUESTION)
    assert len(seen(sim, 60, 1)) == len(seen(sim, 61, 1)) == 1
    assert sim.settle()
    sim.set(twice=False)
    assert sim.violations == {}


def test_a_flooded_chat_waits_alone(sim, bot):
    """Complaint 21."""
    sim.text(70, "你好")
    seen(sim, 70, 1)
    sim.flood(70, 2)
    sim.text(70, QUESTION)
    sim.text(71, QUESTION)
    started = time.monotonic()
    seen(sim, 71, 1)
    assert time.monotonic() - started < 1.5
    assert len(said(sim, 70)) == 1
    seen(sim, 70, 2)
    assert sim.counts["refused 429"] <= 2


# The commands


def test_the_operators_commands_set_show_and_delete_the_webhook(tmp_path, monkeypatch):
    with TelegramSim() as other:
        (tmp_path / "xst.toml").write_text(
            f'[server]\nurl = "https://x.invalid"\n[telegram]\napi = "{other.url}"\n', "utf-8"
        )
        monkeypatch.setenv("XST_HOME", str(tmp_path))
        monkeypatch.setenv("XST_TELEGRAM_TOKEN", other.token)
        monkeypatch.setenv("XST_TELEGRAM_SECRET", "s3cret_Token")

        def run(*words):
            return CliRunner().invoke(telegram, ["webhook", *words])

        assert (run("show").exit_code, run("set").exit_code) == (1, 0)
        assert other.telegram.updates.hook.url == "https://x.invalid/telegram"
        shown = run("show")
        assert shown.exit_code == 0, shown.output
        assert run("delete").exit_code == 0
        assert other.telegram.updates.hook.url == ""
        monkeypatch.setenv("XST_TELEGRAM_TOKEN", "7:wrong")
        refused = run("set")
        assert refused.exit_code == 1 and other.token not in refused.output
