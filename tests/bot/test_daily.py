"""The daily question: to everybody who wants it, once, and never into the midst of something."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import time
from datetime import datetime, timedelta
from datetime import time as hour

import pytest
from bank import bank
from banked import Banked
from small import TODAY
from sqlalchemy import select

from bot import texts
from bot.assistant import Assistant
from bot.campaign import practice
from bot.daily import QUIET, WINDOW, Daily
from bot.desk import Arrived, Desk, Written, read_session, write_session
from bot.limits import Limits
from bot.message import Incoming
from bot.persons import Persons
from bot.post import Post, Sent
from bot.serving import make_service
from bot.settings import ConfigError, Telegram, read_settings
from bot.storage.mailbox import Grant, Mailbox
from bot.storage.practice import Practices
from bot.storage.tables import CONVERSATIONS, PRACTICE, SUBSCRIPTIONS
from bot.turn import Session

KEY, OTHER = bytes(range(32)), b"k" * 32
AT = hour(19)


class Clock:
    def __init__(self):
        self.now = time.time()

    def __call__(self):
        return self.now


class Account:
    """What an account offers: it keeps what it sends."""

    def __init__(self, metered=False, pushes=True):
        self.metered, self.pushes, self.sent = metered, pushes, []

    def pushed(self, replies):
        return tuple(r.text for r in replies)

    async def send(self, target, body, person):
        self.sent.append((target, body))
        return Sent()


class Place:
    """A process: desk, outbox and daily question over one database, on a day and hour of ours."""

    def __init__(self, release, live, clock, key=KEY, account="telegram:1", **kind):
        self.sources = Banked(release.on(TODAY))
        self.clock, self.account, self.kind = clock, account, Account(**kind)
        self.local = datetime.combine(TODAY, hour(19, 1))
        persons = Persons(key)
        self.mailbox = Mailbox(live, clock)
        assistant = Assistant(lambda: self.sources, live, sealing=persons)
        self.desk = Desk(assistant, self.mailbox, persons, Limits(burst=1000))
        self.pushers = {account: self.kind}
        self.desk.pushes = lambda a: self.pushers[a].pushes
        self.post = Post(self.mailbox, persons, self.pushers)
        self.daily = Daily(self.desk, self.pushers, lambda: self.sources, AT, lambda: self.local)
        self.practices = Practices(live, clock)
        self.daily._practices = self.practices
        self.keys = 0

    def say(self, text, user="41", choice="", grant=None, key=None):
        self.keys += 1
        channel = self.account.partition(":")[0]
        incoming = Incoming(text, choice, channel=channel)
        ident = f"{id(self)}:{key or self.keys}"
        arrived = Arrived(ident, self.account, user, incoming, grant)

        def write(replies):
            return Written("\n".join(r.text for r in replies))

        async def go():
            return await self.desk.answer(arrived, write)

        return asyncio.run(go())

    def push(self):
        """One look; gives how many were posted, and sends them."""

        async def go():
            posted = await self.daily.once()
            while await self.post.once():
                pass
            return posted

        return asyncio.run(go())

    def person(self, user="41"):
        return self.desk.person(self.account, user)

    def session(self, user="41"):
        with self.mailbox.store.reading() as connection:
            query = select(CONVERSATIONS.c.session)
            kept = connection.execute(query.where(CONVERSATIONS.c.person == self.person(user)))
            return read_session(kept.scalar() or "")

    def keep(self, session, user="41"):
        with self.mailbox.store.writing() as connection:
            where = CONVERSATIONS.c.person == self.person(user)
            connection.execute(
                CONVERSATIONS.update().where(where).values(session=write_session(session))
            )

    def tomorrow(self, days=1):
        self.local += timedelta(days=days)
        self.sources = self.sources.on(self.local.date())
        self.clock.now += days * 86400


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def place(release, live, clock):
    return lambda **more: Place(release, live, clock, **more)


def subscribed(place, user="41"):
    assert place.say("每天发给我", user) in (
        texts.PRACTICE_SUBSCRIBED,
        texts.PRACTICE_SUBSCRIBED_WECHAT,
    )
    place.clock.now += QUIET + 1
    return place


def test_a_subscriber_gets_the_days_question_and_answers_it_with_a_number(place):
    here = subscribed(place())
    assert here.push() == 1
    ((target, body),) = here.kind.sent
    assert target == "41" and body.startswith("每日一题（11月20日）")
    stage = practice.read(here.session().task)
    one = here.sources.known[stage.item]
    right = 1 + practice.shown(stage, one).places.index(one.key[0])
    assert here.say(str(right)).startswith(texts.QUIZ_RIGHT)
    assert "unsubscribe" in here.session().choices, "who was sent it may want it no more"


def test_it_comes_once_a_day_whatever_restarts_and_however_many_replicas(place):
    one = subscribed(place())
    two = place()
    posted = 0
    for process in (one, two, one):
        posted += process.push()
        one.clock.now += QUIET + 1  # nobody is spared for having talked just now
    assert posted == 1
    one.tomorrow(), two.tomorrow()
    two.sources = one.sources
    assert two.push() + one.push() == 1
    assert len(one.kind.sent) + len(two.kind.sent) == 2


def test_two_replicas_at_the_same_moment_post_it_once(place, live):
    one, two = subscribed(place()), place()
    for n in range(20):
        subscribed(one, f"5{n}")

    async def both():
        return await asyncio.gather(one.daily.once(), two.daily.once())

    assert sum(asyncio.run(both())) == 21 and one.mailbox.waiting() == 21


@pytest.mark.parametrize(
    ("local", "posted"),
    [(hour(18, 59), 0), (hour(19), 1), (hour(21, 59), 1), (hour(22, 1), 0), (hour(3), 0)],
)
def test_it_comes_after_its_hour_and_not_at_night(place, local, posted):
    here = subscribed(place())
    here.local = datetime.combine(TODAY, local)
    assert here.push() == posted
    assert timedelta(hours=3) == WINDOW


BUSY = {
    "talks just now": (Session(), 60.0),
    "asked for consent": (Session(waits="consent", choices=("agree", "decline")), 7200.0),
    "about to ask the instructor": (Session(waits="question"), 7200.0),
    "in a campaign": (Session(task=f"sit:{'f' * 32}:3:s"), 7200.0),
    "in an exercise": (Session(task="rehearse:offer:12"), 1800.0),
}


@pytest.mark.parametrize("why", BUSY)
def test_who_is_in_the_midst_of_something_is_left_in_peace_until_it_is_over(place, why):
    here = subscribed(place())
    here.say("你好")
    session, idle = BUSY[why]
    here.keep(session)
    here.clock.now += idle
    assert here.push() == 0 and here.session() == session
    here.keep(Session())
    here.clock.now += QUIET
    assert here.push() == 1, "later that evening"


def test_an_exercise_left_an_hour_ago_is_no_hindrance(place):
    here = subscribed(place())
    here.say("你好")
    here.keep(Session(task="rehearse:offer:12", region="河南"))
    here.clock.now += 3601
    assert here.push() == 1 and here.session().region == "河南"


def test_the_region_outlives_the_conversation(place):
    here = place()
    here.say("河南")
    subscribed(here)
    here.clock.now += 25 * 3600
    here.mailbox.purge()
    assert here.session() == Session()
    assert here.push() == 1 and here.session().region == "河南"


def test_who_asked_for_it_today_gets_it_no_second_time(place):
    here = subscribed(place())
    here.say("每日一题")
    here.say("1")
    here.clock.now += 3600
    assert here.push() == 0
    here.tomorrow()
    assert here.push() == 1


def test_who_subscribes_under_todays_question_gets_it_no_second_time(place):
    here = place()
    here.say("每日一题")
    here.say("不知道")
    subscribed(here)
    assert here.push() == 0
    here.tomorrow()
    assert here.push() == 1


def test_yesterdays_question_answered_after_midnight_does_not_cost_todays(place):
    here = subscribed(place())
    assert here.push() == 1
    here.tomorrow()
    here.say("1")
    here.clock.now += QUIET + 1
    assert here.push() == 1


def test_an_answer_delivered_twice_has_one_effect(place):
    here = subscribed(place())
    here.push()
    first, again = here.say("1", key="m7"), here.say("1", key="m7")
    assert first == again and sum(here.practices.use().values()) == 1


def test_who_wants_it_no_more_or_is_to_be_forgotten_gets_nothing(place, live):
    here = place()
    for user, words in (("41", "退订"), ("42", "忘记我")):
        subscribed(here, user)
        here.say("练习", user)
        here.say("不知道", user)
        here.say(words, user)
        here.clock.now += QUIET + 1
    assert here.push() == 0
    with live.reading() as connection:
        assert connection.execute(select(SUBSCRIPTIONS)).all() == []
        kept = [r.person for r in connection.execute(select(PRACTICE))]
    assert kept == [here.person("41")], "退订 ends the questions, 忘记我 everything"


def test_a_subscription_under_another_key_is_deleted_silently(place, live):
    """The machine was started anew: nobody could be reached by it any more."""
    subscribed(place())
    here = place(key=OTHER)
    assert here.push() == 0 and here.kind.sent == []
    with live.reading() as connection:
        assert connection.execute(select(SUBSCRIPTIONS)).all() == []


def test_where_a_platform_counts_messages_only_those_it_allows_get_one(place):
    here = place(account="wechat:gh_1", metered=True)
    subscribed(here)
    assert here.push() == 0
    here.say("你好", grant=Grant("message", 5, 48 * 3600.0))
    here.clock.now += QUIET + 1
    assert here.push() == 1


def test_an_account_that_may_not_write_first_takes_no_subscription(place):
    here = place(account="wechat:gh_1", pushes=False)
    assert here.say("每天发给我") == texts.PRACTICE_NO_PUSH
    assert here.practices.due(TODAY, ["wechat:gh_1"]) == []


def test_a_day_without_a_question_costs_nobody_theirs(place):
    here = subscribed(place())
    live, here.sources.live = here.sources.live, []
    assert here.push() == 0
    here.sources.live = live
    assert here.push() == 1


def test_many_subscribers_are_posted_in_batches(place):
    here = place()
    sealed = here.desk.persons.seal("x")
    for n in range(230):
        here.practices.subscribe(f"{n:032x}", here.account, sealed, "")
    assert asyncio.run(here.daily.once()) == 230


def test_nothing_in_the_database_tells_whom_it_goes_to(place, live):
    here = subscribed(place(), "4100000041")
    asyncio.run(here.daily.once())
    with live.reading() as connection:
        for table in ("subscriptions", "outbox", "conversations", "deliveries"):
            rows = connection.exec_driver_sql(f"SELECT * FROM {table}").all()
            assert "4100000041" not in str(rows)


# The setting


@pytest.mark.parametrize(("at", "pushes"), [(AT, True), (None, False)])
def test_the_service_sends_it_where_a_channel_may_write_first(
    full, tmp_path, monkeypatch, at, pushes
):
    monkeypatch.setenv("XST_RUN", str(tmp_path))
    database = f"sqlite:///{tmp_path / 'live.db'}"
    bot = Telegram("7:AAtoken", mode="polling", api="http://127.0.0.1:9")
    service = make_service(dataclasses.replace(full, telegram=bot, daily=at, database=database))
    assert list(service.pushers) == ["telegram:7"]
    assert service.desk.pushes("telegram:7") is pushes and not service.desk.pushes("wechat:gh_1")
    works = [getattr(w, "__self__", None) for w in service.work]
    assert any(isinstance(w, Daily) for w in works) is pushes
    asyncio.run(service.closing[0]())


def test_without_a_chat_platform_there_is_nothing_to_send(full, tmp_path):
    database = f"sqlite:///{tmp_path / 'live.db'}"
    assert make_service(dataclasses.replace(full, database=database)).work == []


def read(tmp_path, line):
    (tmp_path / "xst.toml").write_text(f"[quiz]\n{line}\n", encoding="utf-8")
    return read_settings({"XST_HOME": str(tmp_path)})


def test_the_hour_is_set_strictly(tmp_path):
    assert read_settings({"XST_HOME": str(tmp_path)}).daily == AT
    assert read(tmp_path, 'daily = "07:30"').daily == hour(7, 30)
    assert read(tmp_path, 'daily = ""').daily is None
    for wrong in (
        'daily = "25:00"',
        'daily = "7:30"',
        "daily = 19",
        "daily = 19:00:00",
        "daily = true",
    ):
        with pytest.raises(ConfigError, match=r"xst\.toml: \[quiz\] daily"):
            read(tmp_path, wrong)
    with pytest.raises(ConfigError, match="不认识的项 hour"):
        read(tmp_path, 'hour = "19:00"')


def test_the_bank_of_these_tests_has_a_question_for_every_day():
    assert practice.of_day(practice.fitting(bank(), ("国家",)), "国家", TODAY)
    assert json.loads(write_session(Session()))["task"] == ""
