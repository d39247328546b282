"""The load generator says what a service can do, and the echo beside it is a right one."""

from __future__ import annotations

import asyncio

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.sim.callbacks import TelegramSide, WeChatSide
from bot.sim.echo import make_app
from bot.sim.load import Step, climb, offer
from bot.sim.server import Server
from bot.sim.wire import Callback, Wire


def port_of(server: Server) -> int:
    return int(server.url.rpartition(":")[2])


def test_the_highest_rate_that_holds_is_found() -> None:
    async def measure(rate: float) -> Step:
        return Step(rate, 1.0, 10, 0, 5.0, 100.0 if rate <= 130 else 1500.0, 2000.0)

    most, steps = asyncio.run(climb(measure, 20.0))
    assert 120 < most <= 130
    assert steps[0].rate == 20 and not steps[5].holds()


def test_a_step_with_one_failure_does_not_hold() -> None:
    assert not Step(10.0, 1.0, 100, 1, 1.0, 1.0, 1.0).holds()
    assert not Step(10.0, 1.0, 0, 0, 0.0, 0.0, 0.0).holds()


def test_waiting_counts_from_when_a_request_was_due() -> None:
    """A service that answers one after another is behind at once, and latency says so."""
    lock = asyncio.Lock()

    async def slow(_: Request) -> Response:
        async with lock:
            await asyncio.sleep(0.02)
        return Response("ok")

    server = Server(Starlette(routes=[Route("/", slow, methods=["POST"])]))
    server.start()
    try:
        asked = [Callback("/", b"")] * 60
        step = asyncio.run(offer(port_of(server), asked, 200.0, lambda s, _: s == 200))
    finally:
        server.stop()
    assert step.failed == 0 and step.sent == 60
    assert step.p99_ms > 500, "60 answers of 20 ms, asked for within 0.3 s"


def test_an_answer_that_is_none_is_a_failure() -> None:
    server = Server(Starlette(routes=[Route("/", lambda _: Response("no", 503), methods=["POST"])]))
    server.start()
    try:
        asked = [Callback("/", b"")] * 20
        step = asyncio.run(offer(port_of(server), asked, 200.0, lambda s, _: s == 200))
    finally:
        server.stop()
    assert step.failed == 20


def test_the_echo_says_what_was_said() -> None:
    wechat, telegram = WeChatSide(), TelegramSide()
    account = wechat.account
    server = Server(make_app(account.token, account.aes_key, account.app_id))
    server.start()

    async def say() -> tuple[str, bytes]:
        wire = Wire(port_of(server))
        status, body = await wire.post(wechat.delivery(wechat.said("o1", "欠薪怎么办")))
        assert status == 200
        told = await wire.post(telegram.delivery(telegram.said(5, "欠薪怎么办")))
        wire.close()
        return wechat.shown(body), told[1]

    try:
        shown, told = asyncio.run(say())
    finally:
        server.stop()
    assert shown == "欠薪怎么办"
    assert '"text":"欠薪怎么办"'.encode() in told
