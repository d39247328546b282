"""The official account and a WeChat that keeps its rules, over real connections: every case of the
protocol in three modes."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time

import pytest
from small import TODAY
from starlette.applications import Starlette

from bot import texts
from bot.assistant import Assistant
from bot.channels.wechat.account import WeChatAccount
from bot.channels.wechat.menu import payload, read_menu
from bot.desk import Desk
from bot.limits import Limits
from bot.persons import Persons
from bot.post import Post
from bot.settings import WeChat
from bot.sim.server import Server
from bot.sim.wechat import WeChatSim
from bot.storage.mailbox import Mailbox
from bot.storage.store import open_store

pytestmark = pytest.mark.live

SECOND = 0.06
"""Five of them are 0.3 s; the budget is three."""

MODES = ("plain", "compatible", "safe")


class Slowed(Assistant):
    """The real one, made to think for a while where a test asks for it."""

    thinks = 0.0

    def respond(self, incoming, session):
        turn = super().respond(incoming, session)
        time.sleep(self.thinks)
        return turn


class Place:
    """A simulated WeChat, and the account on a server of its own."""

    def __init__(self, sim, channel, assistant) -> None:
        self.sim, self.channel, self.assistant = sim, channel, assistant
        self.say = lambda text, user="u1", **more: sim.text(user, text, **more)


@contextlib.contextmanager
def placed(release, store, mode="safe", kind="verified", budget=3.0):
    sources = release.on(TODAY)
    assistant = Slowed(lambda: sources, store)
    with WeChatSim(mode=mode, kind=kind, second=SECOND if budget < 1 else 1.0) as sim:
        a = sim.account
        settings = WeChat(
            a.account, a.app_id, a.token, a.aes_key, a.old_aes_key, a.secret, mode, kind,
            api=sim.url, budget=budget,
        )  # fmt: skip
        desk = Desk(assistant, Mailbox(store), Persons(b"k" * 32), Limits(burst=1000))
        channel = WeChatAccount(settings, desk, "", hold=5.5 * (SECOND if budget < 1 else 1))
        post = Post(desk.mailbox, desk.persons, {channel.name: channel})

        @contextlib.asynccontextmanager
        async def lifespan(_):
            desk.posted = post.nudge
            sending = asyncio.create_task(post.run())
            yield
            sending.cancel()

        server = Server(Starlette(routes=channel.routes(), lifespan=lifespan))
        server.start()
        sim.hook = f"{server.url}/wechat"
        try:
            yield Place(sim, channel, assistant)
        finally:
            server.stop()


@pytest.fixture(scope="module", params=MODES)
def each(request, release, tmp_path_factory):
    """A place in each mode."""
    store = open_store(f"sqlite:///{tmp_path_factory.mktemp('each') / 'live.db'}")
    with placed(release, store, request.param) as place:
        yield place


@pytest.fixture(scope="module")
def quick(release, tmp_path_factory):
    """A place where seconds are short, and the account verified."""
    store = open_store(f"sqlite:///{tmp_path_factory.mktemp('quick') / 'live.db'}")
    with placed(release, store, budget=3 * SECOND) as place:
        place.say("你好")
        yield place


@pytest.fixture
def place(request):
    """The same, with a clean screen and no thinking."""
    place = request.getfixturevalue("quick")
    place.sim.reset()
    place.assistant.thinks = 0.0
    place.channel.service.kind = "verified"
    return place


def test_every_message_and_event_of_the_protocol(each):
    """Complaint 15."""
    place, sim = each, each.sim
    sim.reset()
    assert sim.verify() == ""
    assert sim.follow("u1").text.startswith(texts.WELCOME[:9])
    assert sim.scan("u1", "may2027").text.startswith(texts.SCENE_UNKNOWN)
    assert sim.follow("u2", "may2027").text.startswith(texts.SCENE_UNKNOWN)
    assert "20日内" in place.say("收到要约多少天要答复").text
    assert "工资每月" in sim.voice("u1", "老板不发工资怎么办").text
    assert sim.voice("u1").text.startswith(texts.VOICE_UNREAD[:8])
    assert sim.image("u1").text.startswith(texts.IMAGE_UNREAD[:6])
    other = texts.OTHER_UNREAD[:8]
    for said in (sim.video("u1"), sim.video("u1", True), sim.link("u1", "题", "http://x"), sim.file("u1")):  # fmt: skip
        assert said.text.startswith(other)
    assert "河南" in sim.location("u1", 34.75, 113.63, "某路").text
    assert "工资每月" in sim.click("u1", "ask:老板不发工资怎么办").text
    assert sim.click("u1", "open:quiz").text.startswith(texts.QUIZ_MENU)
    assert place.say("x", menu_id="help").text.startswith(texts.HELP[:8])
    for silent in (
        sim.position("u1", 34.75, 113.63),
        sim.subscribe("u1", {"t1": True, "t2": False}),
        sim.event("u1", "VIEW", EventKey="https://x"),
        sim.event("u1", "something_of_2030", A="b"),
        sim.unfollow("u1"),
    ):
        assert (silent.outcome, silent.deliveries) == ("silence", 1)
    assert sim.violations == {}


def test_forgeries_are_refused_in_every_mode(each):
    """Complaint 15."""
    place, mode = each, each.sim.rules.mode
    place.sim.reset()
    for how in ("signature", "no-signature", "old", "receiver", "ciphertext", "body"):
        if mode == "plain" and how in ("receiver", "ciphertext"):
            continue  # nothing is sealed in it
        assert 400 <= place.sim.forge("u1", "伪造", how) < 500, how
    assert place.sim.violations == {}


def test_deliveries_that_come_twice_and_again_say_the_same(each):
    place = each
    place.sim.reset()
    place.sim.follow("u1")  # who may have left in this very second
    place.sim.set(twice=True, duplicates=2)
    first = place.say("收到要约多少天要答复")
    again = place.sim.redeliver()
    assert first.text == again.text and first.outcome == again.outcome == "reply"
    place.sim.set(twice=False, duplicates=0)
    assert place.sim.violations == {}


def test_a_key_that_was_changed_is_still_taken(place):
    place.sim.set(old_key=True)
    assert place.say("收到要约多少天要答复").outcome == "reply"
    place.sim.set(old_key=False)
    assert place.sim.violations == {}


def test_a_slow_answer_is_there_at_the_second_delivery(place):
    place.say("你好")
    place.assistant.thinks = 0.4
    done = place.say("收到要约多少天要答复")
    assert "20日内" in done.text and done.deliveries == 2
    assert place.sim.violations == {}


def test_a_very_slow_answer_follows_as_a_customer_service_message(place):
    """Complaint 9."""
    place.say("你好")
    place.assistant.thinks = 1.2
    done = place.say("收到要约多少天要答复")
    assert done.text == texts.SLOW_FOLLOWS and done.deliveries == 3
    until = time.monotonic() + 5
    while time.monotonic() < until:
        shown = place.sim.screen("u1")[-1]
        if "20日内" in shown.text:
            break
        time.sleep(0.05)
    assert "20日内" in shown.text and place.sim.violations == {}


def test_an_unverified_account_says_only_that_it_was_slow(place):
    place.channel.service.kind = "unverified"
    place.say("你好")
    place.assistant.thinks = 1.2
    assert place.say("收到要约多少天要答复").text == texts.SLOW
    time.sleep(0.6)
    assert place.sim.screen("u1")[-1].text == texts.SLOW
    assert not any(name.startswith("api ") for name in place.sim.counts)


@pytest.mark.parametrize("kind", ["unverified", "verified", "service"])
def test_the_kind_is_asked_of_wechat(place, kind):
    place.sim.set(kind=kind)
    place.channel.service.kind = ""
    asyncio.run(place.channel.prepare())
    assert place.channel.service.kind == kind
    place.sim.set(kind="service")


def test_the_menu_that_ships_is_taken_and_every_entry_answers(place):
    menu = payload(read_menu())
    place.channel.service._api.post("menu/create", menu)
    for top in menu["button"]:
        for button in top.get("sub_button", [top]):
            assert place.sim.press("u1", button["name"]).outcome == "reply", button["name"]
    assert place.sim.violations == {}


def test_tokens_that_wechat_ended_cost_one_more_call(place):
    api = place.channel.service._api
    place.say("你好")
    api.send_text("u1", "一")
    place.sim.kill_tokens()
    api.send_text("u1", "二")
    assert [s.text for s in place.sim.screen("u1")[-2:]] == ["一", "二"]


def test_many_people_at_once_are_all_answered(place):
    found = []

    def one(n):
        found.append(place.say("收到要约多少天要答复", user=f"person{n}"))

    threads = [threading.Thread(target=one, args=(n,)) for n in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 24 and all("20日内" in f.text for f in found)
    assert place.sim.violations == {}
