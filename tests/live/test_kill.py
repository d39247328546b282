"""Killed at random moments under load, the service loses nothing and does nothing twice.

KILLS sets how often (25 by default): KILLS=200 pytest -m live tests/live/test_kill.py -s
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from live.killing import KILLS, SEED, Killed
from live.kit import Installation, Zygote, cold, free_port, fresh_database
from live.people import CARD, DONE, OTHER, Found, Message, faults

from bot import texts
from bot.sim.botapi import BotApi
from bot.sim.server import Server

pytestmark = pytest.mark.live


@pytest.fixture
def api() -> Iterator[tuple[BotApi, str]]:
    telegram = BotApi(pace=0.02)
    server = Server(telegram.app)
    server.start()
    yield telegram, server.url
    server.stop()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_killed_at_any_moment_every_message_has_its_effect_once(
    kind: str, release: Path, zygote: Zygote, api: tuple[BotApi, str], tmp_path: Path
) -> None:
    """Complaint 2."""
    telegram, url = api
    with fresh_database(kind) as database:
        installation = Installation(tmp_path / "one", release, database, url)
        with cold(installation, free_port()):
            pass  # as an operator starts it; makes key and tables
        killed = Killed(installation, zygote, telegram)
        found = asyncio.run(killed.run(KILLS))
        print(f"\n{kind}, seed {SEED}: {killed.told(found)}")
        assert not killed.town.odd
        assert not faults(killed.town.messages, found, killed.heard)
        assert not killed.unsent, "an answer in the outbox was never sent"
        assert killed.between, "no kill fell between storing and acknowledging: nothing is proved"
        assert all(found.votes[ref][0] for ref in (CARD, OTHER)) and found.queue
        assert killed.duplicates <= killed.perhaps_twice
        log = installation.log.read_text(encoding="utf-8")
        assert "Traceback" not in log


# The check itself


def test_the_check_finds_what_was_lost_or_done_twice() -> None:
    up = Message("up", "k1", answer=texts.THANKS_UP)
    agree = Message("agree", "k2", "拖欠工资怎么办", DONE + "1")
    good = Found({"k1": texts.THANKS_UP, "k2": DONE + "1"}, {CARD: (1, 0)}, ["拖欠工资怎么办"])
    assert faults([up, agree], good) == []
    assert faults([up, agree], replace(good, votes={})), "a thumb was lost"
    assert faults([up, agree], replace(good, votes={CARD: (2, 0)})), "a thumb counted twice"
    assert faults([up, agree], replace(good, queue=[])), "a question was lost"
    assert faults([up, agree], replace(good, queue=good.queue * 2)), "a question stands twice"
    assert faults([up], replace(good, stored={}, votes={})), "acknowledged without a trace"
    other = replace(good, stored=good.stored | {"k1": texts.THANKS_DOWN}, votes={})
    assert faults([up], other), "two answers to one message"
    unacknowledged = Message("up", "k1")
    assert faults([unacknowledged], replace(good, votes={})), "stored, and its effect is not"
