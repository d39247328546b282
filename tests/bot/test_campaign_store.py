"""Campaigns in the database: figures that give nobody away, many at once, and the close."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from quizhome import CAMPAIGN, open_round
from sqlalchemy import text

from bot.campaign.asking import Answered, Sitting
from bot.quizzing import unfinished
from bot.storage.campaigns import Advanced, Attempt, Campaigns, Kept
from bot.storage.grouped import Grouped, _Work
from bot.storage.store import open_store

GROUPS = {"u1": "u1", "u2": "u2", "u3": "*"}
ANSWERS = (Answered("p", "v", 1, (0,), True),)


def finish(campaigns: Campaigns, unit: str, token: str, passed: bool = True) -> None:
    campaigns.begin(Sitting(token, "autumn", unit, 1, ("p",)), "")
    attempt = Attempt(unit, passed, ANSWERS)

    def step(kept: Kept) -> Advanced:
        return Advanced(replace(kept, ending={"done": True}), attempt)

    assert campaigns.advance(token, step)


def test_a_figure_appears_at_twenty_changes_by_ten_and_holds_the_last_ten_back(live):
    campaigns = open_round(live)
    for n in range(19):
        finish(campaigns, "u1", f"a{n}")
    assert campaigns.figures("autumn", GROUPS) == {}
    finish(campaigns, "u1", "a19")
    assert campaigns.figures("autumn", GROUPS) == {"u1": (10, 10)}
    for n in range(9):
        finish(campaigns, "u1", f"b{n}")
        assert campaigns.figures("autumn", GROUPS) == {"u1": (10, 10)}
    finish(campaigns, "u1", "b9")
    finish(campaigns, "u2", "c0")
    assert campaigns.figures("autumn", GROUPS) == {"u1": (20, 20)}
    assert campaigns.close("autumn", lambda s: unfinished(CAMPAIGN, s), lambda a: {"u2": "x"})
    assert campaigns.get("autumn").unreliable == {"u2": "x"}
    assert len([a for a in campaigns.attempts("autumn") if a.unit == "u1"]) - 20 >= 10


def test_after_the_close_no_file_holds_what_a_sitting_said(tmp_path):
    store = open_store(f"sqlite:///{tmp_path / 'live.db'}")
    campaigns = open_round(store)
    for n in range(12):
        finish(campaigns, "u1", f"sit-{n}-planted")
    held = b"".join(p.read_bytes() for p in tmp_path.iterdir())
    assert b"-planted" in held
    assert campaigns.close("autumn", lambda s: unfinished(CAMPAIGN, s), lambda a: {})
    held = b"".join(p.read_bytes() for p in tmp_path.iterdir())
    assert b"-planted" not in held
    store.engine.dispose()


def test_of_many_that_begin_at_once_no_more_do_than_were_asked(live):
    campaigns = open_round(live)

    def begin(n: int) -> str:
        kept = campaigns.begin(Sitting(f"t{n}", "autumn", "u3", 1, ("p",)), f"code{n}", 8)
        return kept if isinstance(kept, str) else "begun"

    with ThreadPoolExecutor(8) as pool:
        said = list(pool.map(begin, range(24)))
    assert said.count("begun") == 8 and said.count("full") == 16
    assert campaigns.progress("autumn") == {("u3", "begun"): 8}
    with live.engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM spent")).scalar() == 8


def test_an_answer_on_its_way_while_a_campaign_closes_counts_once_or_not_at_all(live):
    campaigns = open_round(live)
    for n in range(20):
        campaigns.begin(Sitting(f"t{n}", "autumn", "u1", 1, ("p",)), "")
    gate = threading.Barrier(5)
    attempt = Attempt("u1", True, ANSWERS)

    def finish_five(first: int) -> None:
        gate.wait()
        for n in range(first, first + 5):
            campaigns.advance(
                f"t{n}", lambda kept: Advanced(replace(kept, ending={"done": True}), attempt)
            )

    with ThreadPoolExecutor(4) as pool:
        done = [pool.submit(finish_five, n) for n in (0, 5, 10, 15)]
        gate.wait()
        assert campaigns.close("autumn", lambda s: unfinished(CAMPAIGN, s), lambda a: {})
        for one in done:
            one.result()
    attempts = campaigns.attempts("autumn")
    assert len(attempts) == 20 and all(a.slot is None for a in attempts)
    late = campaigns.begin(Sitting("late", "autumn", "u1", 1, ("p",)), "")
    assert late == "closed" and campaigns.sitting("late") is None


def test_a_close_that_was_cut_off_goes_on_and_answers_are_over_before_it(live):
    campaigns = open_round(live)
    finish(campaigns, "u1", "done")
    campaigns.begin(Sitting("half", "autumn", "u1", 1, ("p",)), "")

    def killed(attempts):
        late = campaigns.begin(Sitting("late", "autumn", "u1", 1, ("p",)), "")
        assert late == "closed" and len(attempts) == 2, "nobody is held up while it looks"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        campaigns.close("autumn", lambda s: unfinished(CAMPAIGN, s), killed)
    assert campaigns.get("autumn").status == "closing"
    assert campaigns.close("autumn", lambda s: unfinished(CAMPAIGN, s), lambda a: {"u1": "x"})
    held = campaigns.get("autumn")
    assert (held.status, held.unreliable) == ("closed", {"u1": "x"})
    assert [a.slot for a in campaigns.attempts("autumn")] == [None, None]
    assert not campaigns.close("autumn", lambda s: unfinished(CAMPAIGN, s), lambda a: {})


# Writes that go together


@pytest.fixture
def grouped(tmp_path):
    store = open_store(f"sqlite:///{tmp_path / 'live.db'}")
    with store.writing() as connection:
        connection.execute(text("CREATE TABLE said (word TEXT PRIMARY KEY)"))
    yield store, Grouped(store)
    store.engine.dispose()


def put(word: str):
    def do(connection):
        connection.execute(text("INSERT INTO said VALUES (:word)"), {"word": word})
        return word

    return do


def words(store) -> set[str]:
    with store.reading() as connection:
        return set(connection.execute(text("SELECT word FROM said")).scalars())


def test_writes_of_many_threads_are_all_stored_when_they_return(grouped):
    store, group = grouped

    def one(n: int) -> bool:
        return group.write(put(f"w{n}")) == f"w{n}" and f"w{n}" in words(store)

    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(one, range(200)))
    assert len(words(store)) == 200


def test_a_write_that_fails_fails_alone(grouped):
    """It goes together with others: they are done again without it."""
    store, group = grouped
    group.write(put("there"))
    gate = threading.Barrier(12)

    def one(n: int) -> str:
        gate.wait()
        try:
            return group.write(put("there" if n % 4 == 0 else f"w{n}"))
        except Exception as error:
            return type(error).__name__

    with ThreadPoolExecutor(12) as pool:
        said = list(pool.map(one, range(12)))
    assert said.count("IntegrityError") == 3
    assert words(store) == {"there", *(f"w{n}" for n in range(12) if n % 4)}


def test_writes_that_wait_share_a_transaction(grouped):
    _, group = grouped
    begun = []
    hold, held = threading.Event(), threading.Event()

    def slow(connection):
        held.set()
        hold.wait(5)

    def one(n: int):
        group.write(lambda connection: begun.append(id(connection)))

    with ThreadPoolExecutor(9) as pool:
        first = pool.submit(group.write, slow)
        held.wait(5)
        others = [pool.submit(one, n) for n in range(8)]
        while len(group._line) < 8:
            pass
        hold.set()
        for other in (first, *others):
            other.result()
    assert len(begun) == 8 and len(set(begun)) == 1


def test_a_write_behind_more_than_go_together_is_stored_when_it_returns(grouped, monkeypatch):
    """Who gets the turn out of its order writes the groups before its own, too."""
    store, group = grouped
    monkeypatch.setattr("bot.storage.grouped.MOST", 2)
    group._line += [_Work(put(f"w{n}")) for n in range(3)]
    assert group.write(put("mine")) == "mine"
    assert words(store) == {"w0", "w1", "w2", "mine"}
