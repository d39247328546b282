"""Each message has its effect once, on SQLite and on PostgreSQL."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from bot.storage.mailbox import (
    ANSWER_SECONDS,
    IDLE_SECONDS,
    KEPT_SECONDS,
    Grant,
    Mailbox,
    Parcel,
    Settled,
)
from bot.storage.store import open_store

ONE, TWO = "a" * 32, "b" * 32


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def mailbox(live, clock):
    return Mailbox(live, clock)


def counting(session: str) -> int:
    return int(session or 0) + 1


def keep(number: int, store) -> Settled:
    store.vote("card:x", True)
    return Settled(str(number), f"answer {number}", (Parcel("t:1", b"who", f"body {number}"),))


def test_a_message_has_its_effect_once(mailbox, live):
    first = mailbox.visit("m1", ONE, counting, keep)
    second = mailbox.visit("m1", ONE, counting, keep)
    assert (first.answer, first.again) == ("answer 1", False)
    assert (second.answer, second.again) == ("answer 1", True)
    assert live.votes() == {"card:x": (1, 0)}
    assert mailbox.waiting() == 1


def test_the_next_message_continues_the_conversation(mailbox):
    assert mailbox.visit("m1", ONE, counting, keep).answer == "answer 1"
    assert mailbox.visit("m2", ONE, counting, keep).answer == "answer 2"
    assert mailbox.visit("m3", TWO, counting, keep).answer == "answer 1"


def test_what_fails_leaves_nothing_behind(mailbox, live):
    def fails(number, store):
        keep(number, store)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        mailbox.visit("m1", ONE, counting, fails)
    assert live.votes() == {}
    assert mailbox.waiting() == 0
    assert mailbox.answered("m1") is None
    assert mailbox.visit("m1", ONE, counting, keep).answer == "answer 1"


def test_many_deliveries_at_once_have_one_effect(mailbox, live):
    """Whatever computes twice, as on SQLite two processes may, only one settles."""

    def slow(session):
        time.sleep(0.02)
        return counting(session)

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: mailbox.visit("m1", ONE, slow, keep).answer, range(8)))
    assert found == ["answer 1"] * 8
    assert live.votes() == {"card:x": (1, 0)}


def test_messages_of_one_person_at_once_do_not_overwrite_each_other(mailbox, live):
    def slow(session):
        time.sleep(0.01)
        return counting(session)

    with ThreadPoolExecutor(6) as pool:
        marks = [f"m{n}" for n in range(12)]
        found = list(pool.map(lambda m: mailbox.visit(m, ONE, slow, keep).answer, marks))
    assert sorted(found) == sorted(f"answer {n}" for n in range(1, 13))
    assert live.votes() == {"card:x": (12, 0)}


def test_another_connection_sees_the_lock_on_postgresql(live, clock):
    """A second replica waits for the first and computes from what it left."""
    if live.engine.dialect.name != "postgresql":
        pytest.skip("SQLite has one process, which keeps the order itself")
    one, two = Mailbox(live, clock), Mailbox(open_store(str(live.engine.url)), clock)
    inside, computed = threading.Event(), []

    def slow(session):
        computed.append(session)
        inside.set()
        time.sleep(0.15)
        return counting(session)

    first = threading.Thread(target=lambda: one.visit("m1", ONE, slow, keep))
    first.start()
    inside.wait()
    assert two.visit("m1", ONE, slow, keep).again
    assert computed == [""]
    first.join()
    two.store.engine.dispose()


def test_forgetting_waits_for_a_message_that_another_replica_works_on(live, clock):
    """Otherwise the message would be stored after everything was deleted."""
    if live.engine.dialect.name != "postgresql":
        pytest.skip("SQLite has one process, which keeps the order itself")
    one, two = Mailbox(live, clock), Mailbox(open_store(str(live.engine.url)), clock)
    inside = threading.Event()

    def slow(session):
        inside.set()
        time.sleep(0.15)
        return counting(session)

    first = threading.Thread(target=lambda: one.visit("m1", ONE, slow, keep))
    first.start()
    inside.wait()
    assert two.forget(ONE) == 3
    first.join()
    assert one.answered("m1") is None and one.waiting() == 0
    two.store.engine.dispose()


def test_a_parcel_is_taken_once_and_in_order_for_one_person(mailbox):
    mailbox.post(ONE, [Parcel("t:1", b"x", "first"), Parcel("t:1", b"x", "second")])
    mailbox.post(TWO, [Parcel("t:1", b"y", "other")])
    taken = mailbox.take(10)
    assert sorted(p.body for p in taken) == ["first", "other"]
    assert mailbox.take(10) == []
    mailbox.sent(next(p.id for p in taken if p.body == "first"))
    assert [p.body for p in mailbox.take(10)] == ["second"]


def test_two_takers_never_take_the_same_parcel(mailbox):
    mailbox.post(ONE, [Parcel("t:1", b"x", "a")])
    for n in range(20):
        mailbox.post(f"{n:032d}", [Parcel("t:1", b"x", str(n))])
    with ThreadPoolExecutor(4) as pool:
        lots = list(pool.map(lambda _: [p.id for p in mailbox.take(6)], range(8)))
    ids = [id for lot in lots for id in lot]
    assert len(ids) == len(set(ids)) == 21


def test_a_taker_that_vanished_is_replaced_and_counted(mailbox, clock):
    mailbox.post(ONE, [Parcel("t:1", b"x", "a")])
    assert mailbox.take(1)[0].tries == 1
    clock.now += 61
    assert mailbox.take(1)[0].tries == 2
    assert mailbox.counts() == {"perhaps_twice": 1}


def test_later_and_giving_up(mailbox, clock):
    mailbox.post(ONE, [Parcel("t:1", b"x", "a")])
    (taken,) = mailbox.take(1)
    mailbox.later(taken.id, 30, b"new")
    assert mailbox.take(1) == []
    clock.now += 31
    (again,) = mailbox.take(1)
    assert (again.target, again.tries) == (b"new", 2)
    mailbox.give_up(again.id, "blocked")
    assert mailbox.waiting() == 0
    assert mailbox.counts() == {"given_up:blocked": 1}


def test_an_allowance_is_spent_and_ends(mailbox, clock):
    grant = Grant("message", 2, 100)
    mailbox.visit("m1", ONE, counting, keep, grant)
    assert mailbox.allowed(ONE) == 2
    assert [mailbox.spend(ONE) for _ in range(3)] == [True, True, False]
    mailbox.visit("m2", ONE, counting, keep, grant)
    assert mailbox.allowed(ONE) == 2
    mailbox.visit("m2", ONE, counting, keep, grant)
    clock.now += 101
    assert not mailbox.spend(ONE)


def test_what_ends_first_is_spent_first(mailbox, clock):
    mailbox.visit("m1", ONE, counting, keep, Grant("message", 5, 1000))
    mailbox.visit("m2", ONE, counting, keep, Grant("act", 1, 60))
    assert mailbox.spend(ONE)
    clock.now += 61
    assert mailbox.allowed(ONE) == 5
    mailbox.used_up(ONE)
    assert not mailbox.spend(ONE)


def test_many_first_thumbs_at_once_are_all_counted(live):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: live.vote("card:new", True), range(24)))
    assert live.votes() == {"card:new": (24, 0)}


def test_what_was_not_sent_after_all_is_given_back(mailbox):
    mailbox.visit("m1", ONE, counting, keep, Grant("act", 1, 60))
    assert mailbox.spend(ONE)
    mailbox.unspend(ONE)
    assert mailbox.allowed(ONE) == 1
    mailbox.unspend(TWO)
    assert mailbox.allowed(TWO) == 0


def test_one_of_many_renews_a_token(mailbox, clock):
    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(lambda _: mailbox.may_renew("wechat:1", 10), range(6))) == 1
    mailbox.renewed("wechat:1", b"sealed", 7200)
    assert mailbox.token("wechat:1") == (b"sealed", clock.now + 7200)
    assert mailbox.may_renew("wechat:1", 10)
    clock.now += 11
    assert mailbox.may_renew("wechat:1", 10)  # whoever renewed before was killed


def test_forgetting_leaves_no_row_of_a_person(mailbox, live):
    mailbox.visit("m1", ONE, counting, keep, Grant("message", 2, 100))
    mailbox.visit("m2", TWO, counting, keep)
    assert mailbox.forget(ONE) == 4
    assert mailbox.visit("m2", TWO, counting, keep).again
    assert mailbox.answered("m1") is None
    assert mailbox.waiting() == 1


def test_on_sqlite_nothing_of_the_forgotten_stands_in_any_file(tmp_path):
    store = open_store(f"sqlite:///{tmp_path / 'live.db'}")
    mailbox = Mailbox(store)
    mailbox.visit("m1", ONE, counting, keep)
    held = [p for p in tmp_path.iterdir() if ONE.encode() in p.read_bytes()]
    assert held  # the control: it is found while it is there
    mailbox.forget(ONE)
    assert [p for p in tmp_path.iterdir() if ONE.encode() in p.read_bytes()] == []


def test_the_purge_keeps_what_may_still_be_asked_for(mailbox, clock):
    mailbox.visit("m1", ONE, counting, keep)
    assert sum(mailbox.purge().values()) == 0
    clock.now += ANSWER_SECONDS + 1
    assert mailbox.purge()["answers"] == 1
    assert mailbox.visit("m1", ONE, counting, keep).again  # known, though its words are gone
    clock.now += IDLE_SECONDS
    assert mailbox.purge()["conversations"] == 1
    clock.now += KEPT_SECONDS
    done = mailbox.purge()
    assert (done["deliveries"], done["parcels"]) == (1, 0)
    assert mailbox.counts() == {"given_up:expired": 1}
