"""The WeCom channel played through against the simulated WeCom, over real connections."""

from __future__ import annotations

import asyncio
import contextlib
import time

import pytest
from small import TODAY
from starlette.applications import Starlette
from typer.testing import CliRunner

from bot import texts
from bot.assistant import Assistant
from bot.channels.wecom import WeComApp
from bot.cli.wecom import wecom
from bot.desk import Desk
from bot.limits import Limits
from bot.persons import Persons
from bot.post import Post
from bot.settings import WeCom
from bot.sim.server import Server
from bot.sim.wecom import WeComSim
from bot.storage.mailbox import Mailbox
from bot.storage.store import open_store

pytestmark = pytest.mark.live

QUESTION = "公司收到工资协商要约，多少天内要答复？"


@pytest.fixture(scope="module")
def sim():
    with WeComSim() as sim:
        yield sim


@pytest.fixture(scope="module")
def mailbox(sim, release, tmp_path_factory):
    """A running application for all tests, and its live state; each test has its own members."""
    store = open_store(f"sqlite:///{tmp_path_factory.mktemp('played') / 'live.db'}")
    sources = release.on(TODAY)
    mailbox, persons = Mailbox(store), Persons(bytes(32))
    desk = Desk(Assistant(lambda: sources, store), mailbox, persons, Limits(burst=1000))
    mine = sim.app
    app = WeComApp(
        WeCom(mine.corp_id, mine.agent_id, mine.token, mine.aes_key, mine.secret, sim.url), desk
    )
    post = Post(mailbox, persons, {app.account: app})

    @contextlib.asynccontextmanager
    async def lifespan(_):
        desk.posted = post.nudge
        sending = asyncio.create_task(post.run())
        yield
        sending.cancel()
        await app.close()

    server = Server(Starlette(routes=app.routes(), lifespan=lifespan))
    server.start()
    sim.hook = f"{server.url}/wecom"
    yield mailbox
    server.stop()


def seen(sim, user, count, seconds=8.0):
    until = time.monotonic() + seconds
    while True:
        said = [s.text for s in sim.screen(user) if s.by == "bot"]
        if len(said) >= count or time.monotonic() > until:
            assert len(said) == count
            return said
        time.sleep(0.02)


def test_the_address_is_accepted_by_the_console(sim, mailbox):
    assert sim.verify() == ""


def test_a_member_is_answered_whatever_is_delivered_twice(sim, mailbox):
    """Complaint 2."""
    sim.text("WangWu", QUESTION)
    assert "20日" in seen(sim, "WangWu", 1)[0]
    sim.redeliver()
    sim.location("WangWu", 34.75, 113.66)
    sim.text("WangWu", "1")
    said = seen(sim, "WangWu", 3)
    assert said[1].startswith(texts.PLACE_OFFERED.format(region="河南"))
    assert "河南" in said[2]
    sim.enter("WangWu")
    sim.voice("WangWu")
    assert seen(sim, "WangWu", 4)[3].startswith(texts.VOICE_UNREAD)
    assert sim.violations == {}


def test_tokens_that_ended_and_a_busy_platform_cost_no_answer(sim, mailbox):
    sim.text("LiSi", "你好")
    seen(sim, "LiSi", 1)
    sim.kill_tokens()
    sim.text("LiSi", QUESTION)
    assert "20日" in seen(sim, "LiSi", 2)[1]
    sim.set(fail_next=1)
    sim.text("LiSi", "拖欠工资怎么办")
    assert "工资" in seen(sim, "LiSi", 3)[2]
    assert sim.violations == {}


@pytest.mark.parametrize("how", ["signature", "old", "receiver", "ciphertext"])
def test_forged_callbacks_are_refused(sim, mailbox, how):
    assert 400 <= sim.forge("ZhaoLiu", QUESTION, how) < 500
    assert not [s for s in sim.screen("ZhaoLiu") if s.by == "bot"]


def test_the_menu_is_put_into_the_application(sim, mailbox, tmp_path, monkeypatch):
    mine = sim.app
    (tmp_path / "xst.toml").write_text(
        f'[server]\nurl = "https://x.invalid"\n[wecom]\ncorp_id = "{mine.corp_id}"\n'
        f'agent_id = {mine.agent_id}\napi = "{sim.url}"\n',
        "utf-8",
    )
    monkeypatch.setenv("XST_HOME", str(tmp_path))
    for name, value in (("TOKEN", mine.token), ("AES_KEY", mine.aes_key), ("SECRET", mine.secret)):
        monkeypatch.setenv(f"XST_WECOM_{name}", value)

    def run(*words):
        return CliRunner().invoke(wecom, ["menu", *words])

    shown = run("show")
    assert shown.exit_code == 0, shown.output
    applied = run("apply", "default", "--yes")
    assert applied.exit_code == 0, applied.output
    assert sim.wecom.menu["button"]
    assert run("apply", "default").exit_code == 0  # nothing changes, nothing is asked
    sim.press("SunQi", "怎么用")
    assert seen(sim, "SunQi", 1)[0].startswith(texts.HELP[:10])
    sim.set(whitelist=["203.0.113.7"])
    refused = run("apply", "default", "--yes")
    sim.set(whitelist=None)
    assert refused.exit_code == 1
    assert mine.secret not in refused.output
