"""The simulated WeCom against a right bot on wechatpy's own crypto and planted wrong ones."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from wechatpy.enterprise import parse_message
from wechatpy.enterprise.crypto import WeChatCrypto
from wechatpy.enterprise.replies import TextReply

from bot.sim.server import Server
from bot.sim.wecom import WeComSim

QUICK = 0.03
HTTP = httpx.Client(trust_env=False)


class Bot:
    """A bot on wechatpy, right in everything until a test plants a fault."""

    def __init__(self, sim: WeComSim) -> None:
        app = sim.app
        self.crypto = WeChatCrypto(app.token, app.aes_key, app.corp_id)
        self.seen: list[Any] = []
        self.wait: Callable[[int], float] = lambda number: 0.0
        self.answer: Callable[[str], Response] | None = None
        routes = [Route("/w", self.get), Route("/w", self.post, methods=["POST"])]
        self.server = Server(Starlette(routes=routes))

    async def get(self, request: Request) -> Response:
        q = request.query_params
        try:
            echo = self.crypto.check_signature(
                q["msg_signature"], q["timestamp"], q["nonce"], q["echostr"]
            )
        except Exception:
            return Response("", 403)
        return Response(echo)

    async def post(self, request: Request) -> Response:
        q, body = request.query_params, (await request.body()).decode()
        try:
            xml = self.crypto.decrypt_message(body, q["msg_signature"], q["timestamp"], q["nonce"])
        except Exception:
            return Response("", 403)
        message = parse_message(xml)
        self.seen.append(message)
        await asyncio.sleep(self.wait(len(self.seen)))
        reply = TextReply(content=f"收到 {message.type}", message=message).render()
        if self.answer is not None:
            return self.answer(reply)
        return Response(self.crypto.encrypt_message(reply, "n", str(int(time.time()))))


@pytest.fixture(scope="module")
def pair() -> Iterator[tuple[WeComSim, Bot]]:
    with WeComSim(second=QUICK) as sim:
        bot = Bot(sim)
        bot.server.start()
        sim.hook = f"{bot.server.url}/w"
        yield sim, bot
        bot.server.stop()


@pytest.fixture
def sim(pair: tuple[WeComSim, Bot]) -> WeComSim:
    sim, bot = pair
    sim.reset()
    sim.kill_tokens()
    sim.advance(100)
    sim.set(twice=False, whitelist=None, fail_next=0)
    bot.seen.clear()
    bot.wait, bot.answer = lambda number: 0.0, None
    return sim


@pytest.fixture
def bot(pair: tuple[WeComSim, Bot]) -> Bot:
    return pair[1]


def api(sim: WeComSim, path: str, body: Any = None, **params: Any) -> dict[str, Any]:
    url = f"{sim.url}/cgi-bin/{path}"
    if body is None:
        return dict(HTTP.get(url, params=params).json())
    return dict(HTTP.post(url, params=params, json=body).json())


def token(sim: WeComSim) -> str:
    fetched = api(sim, "gettoken", corpid=sim.app.corp_id, corpsecret=sim.app.secret)
    return str(fetched["access_token"])


def send(sim: WeComSim, text: str, user: str = "ann", **changes: Any) -> dict[str, Any]:
    message = {
        "touser": user,
        "msgtype": "text",
        "agentid": sim.app.agent_id,
        "text": {"content": text},
    }
    return api(sim, "message/send", message | changes, access_token=token(sim))


def test_members_are_heard_and_answered(sim: WeComSim, bot: Bot) -> None:
    assert sim.verify() == ""
    for done in (
        sim.text("ann", "几天答复 🙂"),
        sim.image("ann"),
        sim.voice("ann"),
        sim.location("ann", 34.75, 113.62, "郑州"),
        sim.enter("ann"),
        sim.click("ann", "k"),
        sim.event("ann", "never_heard_of"),
    ):
        assert done.outcome == "reply"
    assert bot.seen[0].content == "几天答复 🙂" and bot.seen[0].agent == sim.app.agent_id
    assert sim.violations == {}


@pytest.mark.parametrize("how", ["signature", "receiver", "ciphertext"])
def test_wecom_forgeries_are_refused_by_a_bot_that_checks(sim: WeComSim, how: str) -> None:
    assert sim.forge("ann", "在吗", how) == 403
    assert sim.violations == {}


def test_a_reply_in_the_open_is_no_reply(sim: WeComSim, bot: Bot) -> None:
    bot.answer = Response
    assert sim.text("ann", "在吗").reason == "reply-not-encrypted"
    assert [s.by for s in sim.screen("ann")] == ["me"]
    bot.answer = lambda xml: Response(b"")
    assert sim.text("ann", "在吗").outcome == "silence"


def test_a_slow_bot_is_asked_three_times(sim: WeComSim, bot: Bot) -> None:
    bot.wait = lambda number: 0.4
    done = sim.text("ann", "在吗")
    assert (done.outcome, done.deliveries) == ("fault", 3)
    assert len({m.id for m in bot.seen}) == 1
    bot.seen.clear()
    bot.wait = lambda number: 0.4 if number == 1 else 0.0
    assert sim.text("ann", "在吗").deliveries == 2


def test_messages_of_the_application(sim: WeComSim) -> None:
    assert send(sim, "您好")["errcode"] == 81013
    sim.text("ann", "在吗")
    assert send(sim, "您好")["errcode"] == 0
    assert send(sim, "您好", user="ann|ben")["invaliduser"] == "ben"
    assert send(sim, "")["errcode"] == 44004
    assert send(sim, "x", agentid=1)["errcode"] == 40056
    assert send(sim, "x", msgtype="dance")["errcode"] == 40008
    send(sim, "长" * 700)
    assert len(sim.screen("ann")[-1].text) == 682 and sim.violations == {"message-cut": 1}
    for _ in range(30):
        send(sim, "x")
    assert sim.violations["message-dropped"] > 0
    sim.remove("ann")
    assert send(sim, "您好")["errcode"] == 81013


def test_the_token_is_the_same_while_it_lives(sim: WeComSim) -> None:
    first = token(sim)
    assert token(sim) == first
    sim.advance(7201)
    assert api(sim, "agent/get", access_token=first, agentid=sim.app.agent_id)["errcode"] == 42001
    second = token(sim)
    assert second != first
    assert api(sim, "agent/get", access_token=first, agentid=sim.app.agent_id)["errcode"] == 40014
    assert api(sim, "agent/get", access_token=second, agentid=sim.app.agent_id)["errcode"] == 0
    assert api(sim, "gettoken", corpid="ww0", corpsecret="x")["errcode"] == 40013
    assert api(sim, "gettoken", corpid=sim.app.corp_id, corpsecret="x")["errcode"] == 40001
    sim.set(whitelist=["10.0.0.1"])
    refused = api(sim, "agent/get", access_token=second, agentid=sim.app.agent_id)
    assert refused["errcode"] == 60020


def test_a_wecom_menu_is_made_and_pressed(sim: WeComSim, bot: Bot) -> None:
    menu = {"button": [{"name": "问政策", "type": "click", "key": "k"}]}
    where = {"access_token": token(sim), "agentid": sim.app.agent_id}
    assert api(sim, "menu/create", menu, **where)["errcode"] == 0
    assert api(sim, "menu/get", **where)["button"][0]["key"] == "k"
    sim.press("ann", "问政策")
    assert bot.seen[-1].key == "k"
    too_many = {"button": menu["button"] * 4}
    assert api(sim, "menu/create", too_many, **where)["errcode"] == 40016
    assert api(sim, "menu/delete", **where)["errcode"] == 0
    assert api(sim, "menu/get", **where)["errcode"] == 46003
