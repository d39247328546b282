"""What is kept of practice: sealed, under a pseudonym, forgotten; on each kind of database."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from bank import item
from banked import Banked
from small import TODAY
from sqlalchemy import text

from bot.assistant import Assistant
from bot.campaign import practice, repetition
from bot.message import Incoming
from bot.persons import Persons
from bot.storage.mailbox import DAY, PRACTICE_SECONDS, Grant, Mailbox, Settled
from bot.storage.practice import Practices
from bot.turn import Session

ONE, TWO = "a" * 32, "b" * 32
FIRST = date(2026, 12, 1)


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def practices(live, clock):
    return Practices(live, clock)


def test_a_state_is_kept_put_again_and_forgotten(practices, live, clock):
    assert practices.get(ONE) == ""
    practices.put(ONE, "sealed")
    practices.put(ONE, "anew")
    assert (practices.get(ONE), practices.get(TWO)) == ("anew", "")
    practices.subscribe(ONE, "telegram:1", b"x", "河南")
    practices.subscribe(TWO, "telegram:1", b"y", "")
    assert Mailbox(live, clock).forget(ONE) == 2
    assert practices.get(ONE) == ""
    assert [s.person for s in practices.due(FIRST, ["telegram:1"])] == [TWO]


def test_forgetting_in_the_conversation_deletes_both_too(practices, live, clock):
    practices.put(ONE, "sealed")
    practices.subscribe(ONE, "telegram:1", b"x", "")
    mailbox = Mailbox(live, clock)
    mailbox.visit("m1", ONE, lambda s: s, lambda t, s: Settled("", "", forget=True))
    assert practices.get(ONE) == "" and practices.due(FIRST, ["telegram:1"]) == []


def test_after_ninety_days_untouched_both_are_gone(practices, live, clock):
    practices.put(ONE, "sealed")
    practices.subscribe(ONE, "telegram:1", b"x", "")
    mailbox = Mailbox(live, clock)
    clock.now += PRACTICE_SECONDS - DAY
    practices.put(TWO, "later")
    assert mailbox.purge()["practice"] == 0
    clock.now += 2 * DAY
    done = mailbox.purge()
    assert (done["practice"], done["subscriptions"]) == (1, 1)
    assert practices.get(TWO) == "later"


def test_answering_keeps_a_subscription_alive_and_moves_its_region(practices, live, clock):
    practices.subscribe(ONE, "telegram:1", b"x", "河南")
    clock.now += PRACTICE_SECONDS - DAY
    practices.answered(ONE, "山东")
    practices.answered(TWO)
    clock.now += 2 * DAY
    assert Mailbox(live, clock).purge()["subscriptions"] == 0
    (kept,) = practices.due(FIRST, ["telegram:1"])
    assert kept.region == "山东"


def test_no_hour_is_kept(practices, live, clock):
    clock.now = 20_000 * DAY + 54_321.0
    practices.put(ONE, "sealed")
    practices.subscribe(ONE, "t:1", b"x", "")
    with live.reading() as connection:
        for table in ("practice", "subscriptions"):
            found = connection.execute(text(f"SELECT touched FROM {table}")).scalar()
            assert found == 20_000 * DAY


def test_a_day_is_sent_once_and_only_to_who_still_wants_it(practices):
    practices.subscribe(ONE, "telegram:1", b"x", "")
    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(lambda _: practices.sent(ONE, FIRST), range(8))) == 1
    assert practices.due(FIRST, ["telegram:1"]) == []
    assert not practices.sent(ONE, FIRST - timedelta(days=1))
    assert practices.sent(ONE, FIRST + timedelta(days=1))
    assert practices.unsubscribe(ONE) and not practices.unsubscribe(ONE)
    assert not practices.sent(ONE, FIRST + timedelta(days=2))


def test_subscribing_again_sends_the_same_day_no_second_time(practices):
    practices.subscribe(ONE, "telegram:1", b"x", "")
    practices.sent(ONE, FIRST)
    practices.subscribe(ONE, "telegram:1", b"x", "河南")
    assert practices.due(FIRST, ["telegram:1"]) == []


def test_who_is_due_comes_in_batches_by_account_and_by_what_is_allowed(practices, live, clock):
    for n in range(7):
        practices.subscribe(f"{n:032d}", "telegram:1" if n % 2 else "wechat:1", b"x", "")
    first = practices.due(FIRST, ["telegram:1", "wechat:1"], most=4)
    rest = practices.due(FIRST, ["telegram:1", "wechat:1"], after=first[-1].person, most=4)
    assert [s.person for s in first + rest] == [f"{n:032d}" for n in range(7)]
    assert len(practices.due(FIRST, ["telegram:1"])) == 3 and practices.due(FIRST, []) == []
    both = {"accounts": ["telegram:1", "wechat:1"], "metered": ["wechat:1"]}
    assert len(practices.due(FIRST, **both)) == 3
    mailbox, done = Mailbox(live, clock), Settled("", "")
    mailbox.visit("m", f"{2:032d}", lambda s: s, lambda t, s: done, Grant("message", 5, 7200))
    mailbox.visit("n", f"{4:032d}", lambda s: s, lambda t, s: done, Grant("act", 3, 60))
    assert [s.person for s in practices.due(FIRST, **both) if s.account == "wechat:1"] == [
        f"{2:032d}"
    ]
    clock.now += 7200
    assert len(practices.due(FIRST, **both)) == 3


def test_use_is_counted_also_when_many_answer_at_once(practices):
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda n: practices.used("i-a", "v", (2, 0) if n % 2 else ()), range(12)))
    assert practices.use() == {("i-a", "v", "0,2"): 6, ("i-a", "v", ""): 6}


# The whole way: assistant, FSRS, sealing


class Talk:
    def __init__(self, release, live, persons, person=ONE):
        self.bank = Banked(release.on(TODAY), [item(f"p{n}", f) for n in range(8) for f in "ab"])
        self.sources, self.person = self.bank, person
        self.assistant = Assistant(lambda: self.sources, live, sealing=persons)
        self.session = Session()

    def say(self, words, choice=""):
        turn = self.assistant.handle(Incoming(words, choice, self.person, "telegram"), self.session)
        self.session = turn.session
        return turn.replies[0].text

    def asked(self, right):
        """Answer the open question; gives its point."""
        stage = practice.read(self.session.task)
        one = self.sources.known[stage.item]
        places = practice.shown(stage, one).places
        at = next(n for n, p in enumerate(places) if (p in one.key) == right)
        self.say("", f"{stage.key}:{at}")
        return one.point

    def on(self, days):
        self.sources = self.bank.on(TODAY + timedelta(days=days))
        self.session = Session()  # the conversation was forgotten meanwhile


def kept(live, persons, person=ONE):
    return repetition.read(persons.read(Practices(live).get(person)) or "")


def test_what_was_wrong_is_asked_again_on_its_day_in_another_conversation(release, live):
    persons = Persons(bytes(32))
    me = Talk(release, live, persons)
    me.say("练习")
    missed = me.asked(right=False)
    assert set(kept(live, persons).points) == {missed}
    for days in (1, 1, 3):
        me.on(days)
        me.say("练习")
        found = practice.read(me.session.task)
        assert (me.sources.known[found.item].point == missed) == bool(
            kept(live, persons).due(me.sources.day)
        )
        me.asked(right=True)
    assert kept(live, persons).points[missed].due > TODAY + timedelta(days=3)
    assert kept(live, persons).points.keys() == {missed}, "right at once is not remembered"


def test_a_wrong_point_comes_again_the_same_day_after_three_others(release, live):
    me = Talk(release, live, Persons(bytes(32)))
    me.say("练习")
    missed = me.asked(right=False)
    points = []
    for _ in range(4):
        me.say("下一题")
        points.append(me.asked(right=True))
    assert points.index(missed) == 3


def test_the_state_is_sealed_and_nothing_in_the_database_tells_the_point(release, live):
    me = Talk(release, live, Persons(bytes(32)))
    me.say("练习")
    missed = me.asked(right=False)
    with live.reading() as connection:
        rows = connection.execute(text("SELECT * FROM practice")).all()
    assert len(rows) == 1 and missed not in str(rows)


def test_after_the_key_is_gone_practice_begins_anew(release, live):
    me = Talk(release, live, Persons(bytes(32)))
    me.say("练习")
    me.asked(right=False)
    other = Persons(b"k" * 32)
    anew = Talk(release, live, other)
    assert anew.say("练习")
    anew.asked(right=False)
    assert len(kept(live, other).points) == 1


def test_without_a_key_and_on_the_web_nothing_of_a_person_is_kept(release, live):
    me = Talk(release, live, None)
    me.say("练习")
    me.asked(right=False)
    assert Practices(live).get(ONE) == "" and Practices(live).use()
