"""The simulated api.weixin.qq.com: tokens, ledger, kinds and limits, by wechatpy's own client."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from wechatpy import WeChatClient
from wechatpy.exceptions import WeChatClientException

from bot.sim.wechat import WeChatSim

NOBODY = "http://127.0.0.1:9/"
HTTP = httpx.Client(trust_env=False)


class Client(WeChatClient):
    """wechatpy's client; its token address is hard coded, so that is told anew."""

    def __init__(self, sim: WeChatSim, **more: Any) -> None:
        self.API_BASE_URL = f"{sim.url}/cgi-bin/"
        self.token_url = f"{sim.url}/cgi-bin/token"
        super().__init__(sim.account.app_id, sim.account.secret, **more)

    def fetch_access_token(self) -> Any:
        return self._fetch_access_token(
            url=self.token_url,
            params={
                "grant_type": "client_credential",
                "appid": self.appid,
                "secret": self.secret,
            },
        )


@pytest.fixture(scope="module")
def running() -> Iterator[WeChatSim]:
    with WeChatSim(NOBODY, deliveries=1, second=0.01) as sim:
        yield sim


@pytest.fixture
def sim(running: WeChatSim) -> WeChatSim:
    running.advance(3 * 24 * 3600)  # the quotas of the test before are over
    running.reset()
    running.kill_tokens()
    running.set(
        kind="service", whitelist=None, fail_next=0, broken_next=0, quota=None, msgmenu=False
    )
    return running


@pytest.fixture
def client(sim: WeChatSim) -> Client:
    return Client(sim)


def code(call: Any, *arguments: Any, **named: Any) -> int:
    """The errcode that wechatpy raises, 0 for none."""
    try:
        call(*arguments, **named)
    except WeChatClientException as error:
        return int(error.errcode)
    return 0


def stable(sim: WeChatSim, **changes: Any) -> dict[str, Any]:
    asked = {
        "grant_type": "client_credential",
        "appid": sim.account.app_id,
        "secret": sim.account.secret,
    }
    answer = HTTP.post(f"{sim.url}/cgi-bin/stable_token", json=asked | changes)
    return dict(answer.json())


def call(sim: WeChatSim, path: str, token: str, body: Any = None) -> int:
    url = f"{sim.url}/cgi-bin/{path}?access_token={token}"
    if body is None:
        return int(HTTP.get(url).json().get("errcode", 0))
    return int(HTTP.post(url, json=body).json()["errcode"])


def test_five_messages_are_allowed_for_48_hours_after_a_message(
    sim: WeChatSim, client: Client
) -> None:
    assert code(client.message.send_text, "o1", "您好") == 40003
    sim.text("o1", "在吗")
    assert [code(client.message.send_text, "o1", f"{n}") for n in range(6)] == [0] * 5 + [45047]
    sim.text("o1", "在吗")  # a new message opens a new window, it does not add up
    sim.text("o1", "在吗")
    assert [code(client.message.send_text, "o1", f"{n}") for n in range(6)] == [0] * 5 + [45047]
    sim.text("o1", "在吗")
    sim.advance(48 * 3600 - 5)
    assert code(client.message.send_text, "o1", "还在") == 0
    sim.advance(10)
    assert code(client.message.send_text, "o1", "晚了") == 45015
    assert [s.text for s in sim.screen("o1") if s.kind == "service-text"][-1] == "还在"


@pytest.mark.parametrize("act", ["follow", "scan", "click"])
def test_three_messages_are_allowed_for_a_minute_after_an_action(
    sim: WeChatSim, client: Client, act: str
) -> None:
    {
        "follow": sim.follow,
        "scan": lambda u: sim.scan(u, "x"),
        "click": lambda u: sim.click(u, "k"),
    }[act]("o1")
    assert [code(client.message.send_text, "o1", f"{n}") for n in range(4)] == [0] * 3 + [45047]
    sim.click("o1", "k")
    sim.advance(61)
    assert code(client.message.send_text, "o1", "晚了") == 45015


def test_nobody_who_left_is_written_to(sim: WeChatSim, client: Client) -> None:
    sim.text("o1", "在吗")
    sim.unfollow("o1")
    assert code(client.message.send_text, "o1", "别走") == 45015


def test_kinds_of_accounts_may_do_what_their_kind_may(sim: WeChatSim, client: Client) -> None:
    sim.text("o1", "在吗")
    menu = {"button": [{"name": "问", "type": "click", "key": "k"}]}
    for kind, expected in (
        ("unverified", [48001, 48001, 48001]),
        ("verified", [0, 0, 48001]),
        ("service", [0, 0, 0]),
    ):
        sim.set(kind=kind)
        assert [
            code(client.message.send_text, "o1", "好"),
            code(client.menu.create, menu),
            code(client.get, "template/get_all_private_template"),
        ] == expected
        assert code(client.get, "get_current_selfmenu_info") == 0


def test_messages_are_checked_like_there(sim: WeChatSim, client: Client) -> None:
    sim.text("o1", "在吗")
    assert code(client.message.send_text, "o1", "长" * 683) == 45002
    assert code(client.message.send_text, "o1", "") == 44004
    assert code(client.message.send_image, "o1", "no-such-media") == 40007
    assert code(client.post, "message/custom/send", data={"touser": "o1", "msgtype": "x"}) == 40008
    menu = {
        "touser": "o1",
        "msgtype": "msgmenu",
        "msgmenu": {"head_content": "？", "list": [{"id": "1", "content": "好"}]},
    }
    assert code(client.post, "message/custom/send", data=menu) == 40200
    sim.set(msgmenu=True)
    assert code(client.post, "message/custom/send", data=menu) == 0
    assert code(client.message.send_text, "o1", "长" * 682) == 0


def test_escaped_json_is_shown_as_it_stands(sim: WeChatSim) -> None:
    sim.text("o1", "在吗")
    token = stable(sim)["access_token"]
    message = {"touser": "o1", "msgtype": "text", "text": {"content": "您好\n"}}
    url = f"{sim.url}/cgi-bin/message/custom/send?access_token={token}"
    HTTP.post(url, content=json.dumps(message))
    assert sim.screen("o1")[-1].text == "\\u60a8\\u597d\n"
    assert sim.violations == {"no-answer": 1, "json-escaped": 1}
    HTTP.post(url, content=json.dumps(message, ensure_ascii=False).encode())
    assert sim.screen("o1")[-1].text == "您好\n"
    assert HTTP.post(url, content="{").json()["errcode"] == 47001


def test_typing_needs_somebody_who_was_just_there(sim: WeChatSim, client: Client) -> None:
    def typing(command: str = "Typing") -> int:
        body = {"touser": "o1", "command": command}
        return code(client.post, "message/custom/typing", data=body)

    sim.text("o1", "在吗")
    assert [typing(), typing(), typing("CancelTyping"), typing("Dance")] == [0, 45081, 0, 45072]
    sim.advance(31)
    assert typing() == 45080


def test_each_token_fetch_ends_the_one_before_after_five_minutes(sim: WeChatSim) -> None:
    first, second = Client(sim), Client(sim)
    old, new = first.access_token, second.access_token
    assert old != new
    assert call(sim, "getcallbackip", old) == 0
    sim.advance(301)
    assert call(sim, "getcallbackip", old) == 40001
    assert call(sim, "getcallbackip", new) == 0
    sim.advance(7200)
    assert call(sim, "getcallbackip", new) == 42001
    assert call(sim, "getcallbackip", "x") == 40014
    assert call(sim, "getcallbackip", "") == 41001


def test_a_2001st_token_of_the_day_is_refused(sim: WeChatSim) -> None:
    now = sim.wechat.clock.now()
    fetched = [sim.api.tokens.fetch(now + n)[0] for n in range(2001)]
    assert fetched == [0] * 2000 + [45009]
    assert sim.api.tokens.fetch(now + 24 * 3600 + 1)[0] == 0


def test_the_stable_token_stays_the_same_inside_its_life(sim: WeChatSim) -> None:
    first = stable(sim)
    assert stable(sim)["access_token"] == first["access_token"]
    Client(sim).access_token  # noqa: B018 - /token knows nothing of it
    sim.advance(310)
    assert call(sim, "getcallbackip", first["access_token"]) == 0
    sim.advance(7200 - 310 - 200)
    renewed = stable(sim)
    assert renewed["access_token"] != first["access_token"] and renewed["expires_in"] == 7200
    assert call(sim, "getcallbackip", first["access_token"]) == 0  # the overlap
    sim.advance(201)
    assert call(sim, "getcallbackip", first["access_token"]) == 42001


def test_a_forced_stable_token_ends_the_other_at_once_and_is_rationed(sim: WeChatSim) -> None:
    first = stable(sim)["access_token"]
    second = stable(sim, force_refresh=True)["access_token"]
    assert call(sim, "getcallbackip", first) == 40001
    assert stable(sim, force_refresh=True)["errcode"] == 45011
    for _ in range(19):
        sim.advance(31)
        stable(sim, force_refresh=True)
    sim.advance(31)
    assert stable(sim, force_refresh=True)["errcode"] == 45009
    assert call(sim, "getcallbackip", second) == 40001


def test_what_a_fetch_may_be_wrong_in(sim: WeChatSim) -> None:
    assert stable(sim, secret="x")["errcode"] == 40125
    assert stable(sim, secret="")["errcode"] == 41004
    assert stable(sim, appid="wx0")["errcode"] == 40013
    assert stable(sim, grant_type="x")["errcode"] == 40002
    sim.set(whitelist=["10.0.0.1"])
    refused = stable(sim)
    assert refused["errcode"] == 40164 and "127.0.0.1" in refused["errmsg"]
    assert code(lambda: Client(sim).access_token) == 40164
    sim.set(whitelist=["127.0.0.1"])
    assert "access_token" in stable(sim)
    url = f"{sim.url}/cgi-bin/stable_token"
    assert HTTP.get(url).json()["errcode"] == 43002


def test_calls_fail_when_told_to(sim: WeChatSim) -> None:
    token = stable(sim)["access_token"]
    sim.set(fail_next=1)
    assert [call(sim, "getcallbackip", token) for _ in range(2)] == [-1, 0]
    sim.set(broken_next=1)
    url = f"{sim.url}/cgi-bin/getcallbackip?access_token={token}"
    assert [HTTP.get(url).status_code for _ in range(2)] == [502, 200]
    sim.set(quota=1)
    assert [call(sim, "getcallbackip", token) for _ in range(2)] == [0, 45009]
    sim.set(quota=None)
    sim.kill_tokens()
    assert call(sim, "getcallbackip", token) == 40001


def entry(**changes: Any) -> dict[str, Any]:
    return {"name": "问", "type": "click", "key": "k"} | changes


MENUS: list[tuple[int, Any]] = [
    (0, [entry()]),
    (0, [entry(name="一二三四五"), entry(), {"name": "多", "sub_button": [entry()] * 5}]),
    (0, [entry(type="view", url="https://example.com/" + "x" * 1000)]),
    (0, [{"name": "多", "sub_button": [entry(name="二" * 20)]}]),
    (40016, []),
    (40016, [entry()] * 4),
    (40018, [entry(name="一二三四五六")]),
    (40018, [entry(name="")]),
    (40019, [entry(key="k" * 129)]),
    (40020, [entry(type="view", url="https://example.com/" + "x" * 1010)]),
    (40055, [entry(type="view", url="example.com")]),
    (40119, [entry(type="dance")]),
    (40023, [{"name": "多", "sub_button": [entry()] * 6}]),
    (40022, [{"name": "多", "sub_button": [{"name": "x", "sub_button": [entry()]}]}]),
    (40025, [{"name": "多", "sub_button": [entry(name="二" * 21)]}]),
    (40026, [{"name": "多", "sub_button": [entry(key="k" * 129)]}]),
    (40027, [{"name": "多", "sub_button": [entry(type="view", url="https://" + "x" * 1024)]}]),
]


@pytest.mark.parametrize(("expected", "buttons"), MENUS)
def test_a_menu_is_measured(sim: WeChatSim, client: Client, expected: int, buttons: Any) -> None:
    assert code(client.menu.create, {"button": buttons}) == expected
    assert (client.menu.get() is None) == bool(expected)  # wechatpy makes None of 46003


def test_a_menu_is_kept_shown_and_deleted(sim: WeChatSim, client: Client) -> None:
    client.menu.create({"button": [entry()]})
    assert client.menu.get()["menu"]["button"] == [entry()]
    assert client.menu.get_menu_info()["is_menu_open"] == 1
    client.menu.delete()
    assert call(sim, "menu/get", client.access_token) == 46003


def test_media_go_up_and_down(sim: WeChatSim, client: Client) -> None:
    done = client.media.upload("image", ("a.png", b"\x89PNG"))
    assert client.media.download(done["media_id"]).content == b"\x89PNG"
    assert code(client.media.upload, "song", ("a", b"x")) == 40004
    assert code(client.media.upload, "thumb", ("a", bytes(65 << 10))) == 40006
    sim.text("o1", "在吗")
    assert code(client.message.send_image, "o1", done["media_id"]) == 0


def test_a_notice_needs_one_acceptance_each(sim: WeChatSim, client: Client) -> None:
    notice = {"touser": "o1", "template_id": "t1", "data": {}}
    sim.subscribe("o1", {"t1": False})
    assert code(client.post, "message/subscribe/bizsend", data=notice) == 43101
    sim.subscribe("o1", {"t1": True})
    assert code(client.post, "message/subscribe/bizsend", data=notice) == 0
    assert code(client.post, "message/subscribe/bizsend", data=notice) == 43101


def test_a_dead_token_makes_wechatpy_fetch_one_and_go_on(sim: WeChatSim, client: Client) -> None:
    client.get("getcallbackip")
    sim.kill_tokens()
    assert code(client.get, "getcallbackip") == 0
    assert sim.counts["api token"] == 2
