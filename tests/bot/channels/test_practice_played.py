"""Practice, the daily question and polls played through against the simulated platforms."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
import time
from datetime import datetime
from datetime import time as hour

import pytest
from banked import Banked
from small import TODAY
from starlette.applications import Starlette

from bot import texts
from bot.assistant import Assistant
from bot.campaign import practice
from bot.channels.telegram import TelegramBot
from bot.channels.wechat.account import WeChatAccount
from bot.channels.wecom import WeComApp
from bot.daily import QUIET, Daily
from bot.desk import Desk, read_session
from bot.limits import Limits
from bot.persons import Persons
from bot.post import Post
from bot.settings import Telegram, WeChat, WeCom
from bot.sim.server import Server
from bot.sim.telegram import TelegramSim
from bot.sim.wechat import WeChatSim
from bot.sim.wecom import WeComSim
from bot.storage.mailbox import Mailbox
from bot.storage.practice import Practices
from bot.storage.store import open_store
from bot.storage.tables import CONVERSATIONS

pytestmark = [
    pytest.mark.live,
    pytest.mark.filterwarnings("ignore::telegram.warnings.PTBUserWarning"),
]


class Shifted:
    """The clock, some seconds on where a test asks for it."""

    by = 0.0

    def __call__(self):
        return time.time() + self.by


class House:
    """What every channel shares: assistant, desk, outbox, and the daily question by hand."""

    def __init__(self, release, folder) -> None:
        self.store = open_store(f"sqlite:///{folder / 'live.db'}")
        self.sources, self.clock = Banked(release.on(TODAY)), Shifted()
        self.persons, self.mailbox = Persons(bytes(32)), Mailbox(self.store, self.clock)
        assistant = Assistant(lambda: self.sources, self.store, sealing=self.persons)
        self.desk = Desk(assistant, self.mailbox, self.persons, Limits(burst=1000))
        self.accounts = {}
        self.practices = Practices(self.store, self.clock)

    async def serve(self, name, account, stop):
        self.accounts[name] = account
        post = Post(self.mailbox, self.persons, self.accounts)
        self.desk.posted = post.nudge
        sending = asyncio.create_task(post.run())
        self.loop = asyncio.get_running_loop()
        await stop
        sending.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await sending

    def push(self):
        """The evening comes, everybody has been silent for a while; gives how many were posted."""
        until = time.monotonic() + 5
        while self.mailbox.waiting() and time.monotonic() < until:
            time.sleep(0.02)  # or its lease would end with the clock
        self.clock.by += QUIET + 1
        daily = Daily(
            self.desk, self.accounts, lambda: self.sources, hour(19),
            lambda: datetime.combine(TODAY, hour(19, 1)),
        )  # fmt: skip
        daily._practices = self.practices
        return asyncio.run_coroutine_threadsafe(daily.once(), self.loop).result(10)

    def stage(self, user):
        """Where somebody's practice stands."""
        (account,) = self.accounts
        with self.store.reading() as connection:
            where = CONVERSATIONS.c.person == self.persons.person(account, user)
            kept = connection.execute(CONVERSATIONS.select().where(where)).first()
        return practice.read(read_session(kept.session).task)

    def right(self, user):
        """The place of the right option of somebody's open question, from 0."""
        stage = self.stage(user)
        item = self.sources.known[stage.item]
        return practice.shown(stage, item).places.index(item.key[0])


def seen(sim, chat, count, seconds=8.0):
    """What the bot said in a chat, when it is so much."""
    until = time.monotonic() + seconds
    while True:
        shown = [s for s in sim.screen(chat) if s.by == "bot"]
        if len(shown) >= count or time.monotonic() > until:
            assert len(shown) == count, [s.text for s in shown]
            return shown
        time.sleep(0.02)


# Telegram


@pytest.fixture(scope="module")
def telegram(release, tmp_path_factory):
    house, ready = House(release, tmp_path_factory.mktemp("telegram")), threading.Event()
    with TelegramSim() as sim:
        house.sim = sim

        async def go():
            stop = house.stop = asyncio.Event()
            bot = TelegramBot(Telegram(sim.token, mode="polling", api=sim.url), house.desk)
            polling = asyncio.create_task(bot.poll(stop))
            ready.set()
            await house.serve(bot.account, bot, polling)
            await bot.close()

        thread = threading.Thread(target=lambda: asyncio.run(go()))
        thread.start()
        ready.wait()
        yield house
        house.loop.call_soon_threadsafe(house.stop.set)
        thread.join(10)


def test_telegram_buttons_answer_and_an_old_one_does_not(telegram):
    sim = telegram.sim
    sim.text(41, "/practice")
    asked = seen(sim, 41, 1)[0]
    buttons = asked.extra["buttons"]
    assert len(buttons) == 5
    sim.press(41, asked.extra["message_id"], buttons[telegram.right("41")])
    said = seen(sim, 41, 2)[1]
    assert said.text.startswith(texts.QUIZ_RIGHT)
    sim.press(41, asked.extra["message_id"], buttons[0])
    assert seen(sim, 41, 3)[2].text.startswith(texts.PRACTICE_STALE)
    sim.press(41, said.extra["message_id"], texts.QUIZ_BUTTON_NEXT)
    assert "【" in seen(sim, 41, 4)[3].text
    assert sum(telegram.practices.use().values()) == 1 and sim.violations == {}


def test_a_group_gets_a_native_quiz_poll_and_nothing_of_its_votes_is_kept(telegram):
    sim = telegram.sim
    chat = sim.group()
    name = sim.telegram.me["username"]
    sim.text(50, f"/quiz@{name}", chat)
    shown = seen(sim, chat, 1)[0]
    assert (shown.kind, shown.text[:5]) == ("poll", "每日一题（")
    poll = sim.telegram.polls[shown.extra["poll"]]
    assert poll["type"] == "quiz" and poll["is_anonymous"] and len(poll["options"]) == 4
    (right,) = poll["correct_option_ids"]
    item = next(i for i in telegram.sources.live if i.stem in poll["question"])
    assert poll["options"][right]["text"] == item.options[item.key[0]].text
    assert item.why in poll["explanation"] and poll["explanation"].count("\n") <= 2
    sim.vote(50, poll["id"], [0])
    sim.vote(51, poll["id"], [right])
    sim.text(51, f"@{name} 每日一题", chat)
    assert seen(sim, chat, 2)[1].kind == "poll"
    sim.text(51, f"/practice@{name}", chat)
    assert seen(sim, chat, 3)[2].text == texts.PRACTICE_IN_PRIVATE
    assert sim.settle() and sim.violations == {}
    with telegram.store.reading() as connection:
        said = str([connection.exec_driver_sql(f"SELECT * FROM {t}").all() for t in (
            "conversations", "deliveries", "practice", "item_use", "counts",
        )])  # fmt: skip
    assert poll["id"] not in said and str(chat) not in said


def test_an_answer_to_a_poll_that_comes_nevertheless_is_ignored(telegram):
    """Somebody set the webhook for all kinds of updates."""
    sim, used = telegram.sim, telegram.practices.use()
    person = sim.telegram.person(50)
    add = sim.telegram.updates.add
    answer = {"poll_id": "7", "user": person, "option_ids": [1], "option_persistent_ids": ["a"]}
    sim.telegram.updates.hook.kinds = []
    for kind, content in (("poll_answer", answer), ("poll", {"id": "7", "question": "?"})):
        sim._server.run(add(kind, content))
    assert sim.settle()
    assert telegram.practices.use() == used and not [s for s in sim.screen(50) if s.by == "bot"]


def test_telegram_is_sent_the_daily_question_and_a_press_answers_it(telegram):
    sim = telegram.sim
    sim.text(43, "/daily")
    asked = seen(sim, 43, 1)[0]
    sim.press(43, asked.extra["message_id"], texts.QUIZ_BUTTON_UNSURE)
    said = seen(sim, 43, 2)[1]
    sim.press(43, said.extra["message_id"], texts.PRACTICE_BUTTON_ON)
    assert seen(sim, 43, 3)[2].text == texts.PRACTICE_SUBSCRIBED
    sim.text(44, "订阅每日一题")
    assert seen(sim, 44, 1)[0].text == texts.PRACTICE_SUBSCRIBED
    assert telegram.push() == 1 and telegram.push() == 0, "43 had today's already"
    sent = seen(sim, 44, 2)[1]
    assert sent.text.startswith("每日一题（11月20日）")
    sim.press(44, sent.extra["message_id"], sent.extra["buttons"][telegram.right("44")])
    done = seen(sim, 44, 3)[2]
    assert done.text.startswith(texts.QUIZ_RIGHT)
    sim.press(44, done.extra["message_id"], texts.PRACTICE_BUTTON_OFF)
    assert seen(sim, 44, 4)[3].text == texts.PRACTICE_UNSUBSCRIBED
    sim.block(43)
    assert sim.settle()
    assert telegram.practices.due(TODAY.replace(year=2027), telegram.accounts) == []


# WeChat


@pytest.fixture(scope="module")
def wechat(release, tmp_path_factory):
    house = House(release, tmp_path_factory.mktemp("wechat"))
    with WeChatSim(mode="safe", kind="verified") as sim:
        a = sim.account
        settings = WeChat(
            a.account, a.app_id, a.token, a.aes_key, a.old_aes_key, a.secret, "safe", "verified",
            api=sim.url,
        )  # fmt: skip
        account = WeChatAccount(settings, house.desk, "")
        with serving(house, account.name, account) as url:
            sim.hook, house.sim = f"{url}/wechat", sim
            yield house


@contextlib.contextmanager
def serving(house, name, account):
    @contextlib.asynccontextmanager
    async def lifespan(_):
        stop = asyncio.Event()
        running = asyncio.create_task(house.serve(name, account, stop.wait()))
        yield
        stop.set()
        await running

    server = Server(Starlette(routes=account.routes(), lifespan=lifespan))
    server.start()
    try:
        yield server.url
    finally:
        server.stop()


def test_wechat_is_answered_by_numbers_and_a_redelivery_has_no_second_effect(wechat):
    sim = wechat.sim
    asked = sim.click("u1", "open:quiz").text
    assert "1 练习" in asked
    question = sim.text("u1", "1").text
    assert "【单选】" in question and "5 不知道" in question
    said = sim.text("u1", str(1 + wechat.right("u1"))).text
    assert said.startswith(texts.QUIZ_RIGHT) and "1 下一题" in said
    used = wechat.practices.use()
    again = sim.redeliver()
    assert again.text == said and wechat.practices.use() == used
    assert "【" in sim.text("u1", "1").text
    assert "20日" in sim.text("u1", "收到要约多少天要答复").text
    assert "【" in sim.text("u1", "继续").text
    assert sim.text("u1", "不答了").text.startswith(texts.PRACTICE_LEFT)
    assert sim.violations == {}


def test_wechat_is_sent_the_daily_question_while_it_may_be_and_not_later(wechat):
    sim = wechat.sim
    sim.text("u2", "每日一题")
    offered = sim.text("u2", "5").text
    assert "2 每天发给我" in offered
    assert sim.text("u2", "2").text.startswith(texts.PRACTICE_SUBSCRIBED_WECHAT[:20])
    assert sim.text("u3", "每天发给我").text.startswith(texts.PRACTICE_SUBSCRIBED_WECHAT[:20])
    assert wechat.push() == 1, "u2 had today's already"
    until = time.monotonic() + 5
    while time.monotonic() < until and not [s for s in sim.screen("u3") if "每日一题（" in s.text]:
        time.sleep(0.02)
    shown = [s.text for s in sim.screen("u3") if "每日一题（" in s.text]
    assert len(shown) == 1 and "5 不知道" in shown[0]
    assert sim.text("u3", str(1 + wechat.right("u3"))).text.startswith(texts.QUIZ_RIGHT)
    sim.text("u4", "每天发给我")
    wechat.clock.by += 49 * 3600
    assert wechat.push() == 0, "48 hours are over"
    assert sim.violations == {}


# WeCom


@pytest.fixture(scope="module")
def wecom(release, tmp_path_factory):
    house = House(release, tmp_path_factory.mktemp("wecom"))
    with WeComSim() as sim:
        mine = sim.app
        settings = WeCom(
            mine.corp_id, mine.agent_id, mine.token, mine.aes_key, mine.secret, sim.url
        )
        app = WeComApp(settings, house.desk)
        with serving(house, app.account, app) as url:
            sim.hook, house.sim = f"{url}/wecom", sim
            yield house


def test_wecom_practises_and_is_sent_the_daily_question(wecom):
    sim = wecom.sim
    sim.text("WangWu", "练习")
    assert "5 不知道" in seen(sim, "WangWu", 1)[0].text
    sim.text("WangWu", str(1 + wecom.right("WangWu")))
    assert seen(sim, "WangWu", 2)[1].text.startswith(texts.QUIZ_RIGHT)
    sim.redeliver()
    sim.text("WangWu", "每天发给我")
    assert seen(sim, "WangWu", 3)[2].text == texts.PRACTICE_SUBSCRIBED
    assert wecom.push() == 1
    assert seen(sim, "WangWu", 4)[3].text.startswith("每日一题（")
    sim.text("WangWu", "不知道")
    assert seen(sim, "WangWu", 5)[4].text.startswith("应选：")
    assert sum(wecom.practices.use().values()) == 2 and sim.violations == {}


# A simulator that keeps sendPoll's rules


POLL = {
    "question": "问", "options": [{"text": "甲"}, {"text": "乙"}], "type": "quiz",
    "correct_option_ids": [0], "explanation": "因为",
}  # fmt: skip


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"question": ""}, "question"),
        ({"question": "问" * 301}, "300"),
        ({"options": []}, "options"),
        ({"options": [{"text": str(n)} for n in range(13)]}, "12 options"),
        ({"options": [{"text": "甲"}, {"text": "乙" * 101}]}, "100"),
        ({"options": [{"text": "甲"}, {"text": ""}]}, "100"),
        ({"correct_option_ids": []}, "correct"),
        ({"correct_option_ids": [2]}, "correct"),
        ({"correct_option_ids": [-1]}, "correct"),
        ({"explanation": "因" * 201}, "too long"),
        ({"explanation": "一\n二\n三\n四"}, "too long"),
    ],
)
def test_a_wrong_poll_is_refused(wrong, words):
    from bot.sim.telegram_parts import poll_of
    from bot.sim.telegram_text import Refused

    poll_of(POLL)
    poll_of({**POLL, "explanation": "因" * 200, "question": "问" * 300})
    with pytest.raises(Refused, match=words):
        poll_of({**POLL, **wrong})
    assert json.dumps(POLL)
