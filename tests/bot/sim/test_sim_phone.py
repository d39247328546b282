"""The phone page: nothing from elsewhere, and a person can do with it what people do."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.sim import phone
from bot.sim.server import Clock, Server
from bot.sim.wechat import make_app
from bot.sim.wechat_api import Api
from bot.sim.wechat_platform import WeChat
from bot.sim.wechat_rules import Account, Rules

MENU = {
    "button": [
        {"name": "问政策", "sub_button": [{"name": "加班费", "type": "click", "key": "k"}]},
        {"name": "帮助", "type": "click", "key": "help"},
    ]
}
LONG = "依据：\n" * 60 + "完整：http://127.0.0.1:1/card/x。请看"


async def bot(request: Request) -> Response:
    """Says what it heard; a plain bot without checks is enough here."""
    body = (await request.body()).decode()
    found = dict(re.findall(r"<(\w+)><!\[CDATA\[(.*?)\]\]>", body, re.S))
    heard = found.get("Content") or f"{found.get('Event')} {found.get('EventKey')}"
    said = LONG if heard == "长" else f"<b>听到</b> {heard}"
    return Response(
        f"<xml><ToUserName><![CDATA[{found['FromUserName']}]]></ToUserName>"
        f"<FromUserName><![CDATA[{found['ToUserName']}]]></FromUserName>"
        "<CreateTime>1</CreateTime><MsgType><![CDATA[text]]></MsgType>"
        f"<Content><![CDATA[{said}]]></Content></xml>"
    )


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    hooked = Server(Starlette(routes=[Route("/", bot, methods=["POST"])]))
    hooked.start()
    wechat = WeChat(hooked.url, Account(), Rules(mode="plain"), Clock())
    wechat.menu = MENU
    server = Server(make_app(wechat, Api(wechat), phone.routes()))
    server.start()
    yield server.url
    server.stop()
    hooked.stop()


def test_the_page_takes_nothing_from_elsewhere(url: str) -> None:
    answer = httpx.get(url, trust_env=False)
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    for name in ("", "phone/phone.css", "phone/phone.js"):
        text = httpx.get(f"{url}/{name}", trust_env=False).text
        assert not re.findall(r"""(?:src|href|url|import)\s*[=(]\s*["']?(?:https?:)?//""", text)


@pytest.mark.browser
def test_a_person_follows_presses_types_and_leaves(url: str) -> None:
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox"]
        )
        page = chromium.new_page(viewport={"width": 390, "height": 844})
        problems: list[str] = []
        page.on("console", lambda m: problems.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda e: problems.append(str(e)))
        page.goto(f"{url}/?user=oBrowser")
        page.click("#follow")
        page.wait_for_selector("li.bot >> text=subscribe")
        assert page.locator("li.bot b").count() == 0  # a bot's text is text
        page.click("#menu >> text=问政策")
        page.click("#popup >> text=加班费")
        page.wait_for_selector("li.bot >> text=CLICK k")
        page.click("#swap")
        page.fill("#text", "长")
        page.press("#text", "Enter")
        page.wait_for_selector("li.bot a")
        assert page.locator("li.bot a").get_attribute("href") == "http://127.0.0.1:1/card/x"
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        page.click("#more")
        page.click("#sheet >> text=取消关注")
        page.wait_for_selector("#profile:visible")
        assert problems == []
        chromium.close()
