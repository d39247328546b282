"""The simulated WeChat against right bots and planted wrong ones, each wrong in one thing."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from wechatpy import parse_message
from wechatpy.crypto import WeChatCrypto
from wechatpy.exceptions import InvalidSignatureException
from wechatpy.replies import TextReply
from wechatpy.utils import check_signature

from bot.sim.crypt import Crypt, signature
from bot.sim.server import Server
from bot.sim.wechat import WeChatSim
from bot.sim.wechat_platform import FAULT

QUICK = 0.04
"""A second of the simulator; five of them are 0.2 s."""


class Bot:
    """A bot on wechatpy, right in everything until a test plants a fault."""

    def __init__(self, sim: WeChatSim) -> None:
        account = sim.account
        self.account, self.seen = account, []
        self.queries: list[dict[str, str]] = []
        self.crypto = WeChatCrypto(account.token, account.aes_key, account.app_id)
        self.say: Callable[[object], str] = lambda message: f"收到 {message.type}"
        self.wait: Callable[[int], float] = lambda number: 0.0
        self.answer: Callable[[str], Response] | None = None
        self.check = True
        app = Starlette(
            routes=[
                Route("/wechat", self.get, methods=["GET"]),
                Route("/wechat", self.post, methods=["POST"]),
            ]
        )
        self.server = Server(app)

    async def get(self, request: Request) -> Response:
        q = request.query_params
        try:
            if self.check:
                check_signature(self.account.token, q["signature"], q["timestamp"], q["nonce"])
        except InvalidSignatureException:
            return Response("no", 403)
        return Response(q["echostr"])

    async def post(self, request: Request) -> Response:
        q, body = request.query_params, await request.body()
        self.queries.append(dict(q))
        sealed = q.get("encrypt_type") == "aes"
        if sealed:
            try:
                body = self.crypto.decrypt_message(
                    body.decode(), q["msg_signature"], q["timestamp"], q["nonce"]
                )
            except Exception:
                return Response("", 400)
        else:
            try:
                check_signature(
                    self.account.token, q.get("signature", ""), q["timestamp"], q["nonce"]
                )
            except InvalidSignatureException:
                return Response("", 403)
        message = parse_message(body)
        self.seen.append(message)
        await asyncio.sleep(self.wait(len(self.seen)))
        xml = TextReply(content=self.say(message), message=message).render()
        if self.answer is not None:
            return self.answer(xml)
        return Response(self.seal(xml) if sealed else xml)

    def seal(self, xml: str) -> str:
        return self.crypto.encrypt_message(xml, "nonce", str(int(time.time())))


@pytest.fixture(scope="module")
def pair() -> Iterator[tuple[WeChatSim, Bot]]:
    with WeChatSim(second=QUICK) as sim:
        bot = Bot(sim)
        bot.server.start()
        sim.hook = f"{bot.server.url}/wechat"
        yield sim, bot
        bot.server.stop()


@pytest.fixture
def sim(pair: tuple[WeChatSim, Bot]) -> WeChatSim:
    sim = pair[0]
    sim.reset()
    sim.set(mode="safe", old_key=False, twice=False, duplicates=0, retry_errors=True)
    return sim


@pytest.fixture
def bot(pair: tuple[WeChatSim, Bot]) -> Bot:
    bot = pair[1]
    bot.seen.clear()
    bot.queries.clear()
    bot.say, bot.wait, bot.answer = lambda m: f"收到 {m.type}", lambda n: 0.0, None
    bot.check = True
    return bot


@pytest.mark.parametrize("mode", ["plain", "compatible", "safe"])
def test_a_right_bot_is_heard_in_every_mode(sim: WeChatSim, bot: Bot, mode: str) -> None:
    sim.set(mode=mode)
    done = sim.text("o1", "收到要约几天答复 🙂 ]]>")
    assert (done.outcome, done.text, done.deliveries) == ("reply", "收到 text", 1)
    assert bot.seen[0].content == "收到要约几天答复 🙂 ]]>"
    assert bot.seen[0].id == done.msg_id
    assert sim.violations == {}
    assert [(s.by, s.kind) for s in sim.screen("o1")] == [("me", "text"), ("bot", "passive-text")]


def test_characters_that_no_xml_may_hold_do_not_reach_the_bot(sim: WeChatSim, bot: Bot) -> None:
    assert sim.text("o1", "在\x00吗\x1b").outcome == "reply"
    assert bot.seen[0].content == "在吗"


def test_safe_mode_shows_nothing_in_the_open(sim: WeChatSim, bot: Bot) -> None:
    request = sim.request("o1", sim.xml("o1", "秘密"))
    assert "秘密".encode() not in request.body and b"FromUserName" not in request.body
    sim.set(mode="compatible")
    request = sim.request("o1", sim.xml("o1", "秘密"))
    assert "秘密".encode() in request.body and b"<Encrypt>" in request.body


def test_compatible_mode_takes_a_plain_reply_and_safe_mode_does_not(
    sim: WeChatSim, bot: Bot
) -> None:
    bot.answer = Response
    sim.set(mode="compatible")
    assert sim.text("o1", "在吗").outcome == "reply"
    sim.set(mode="safe")
    done = sim.text("o1", "在吗")
    assert (done.outcome, done.reason) == ("fault", "reply-not-encrypted")
    assert sim.screen("o1")[-1].text == FAULT


def test_plain_mode_takes_no_encrypted_reply(sim: WeChatSim, bot: Bot) -> None:
    sim.set(mode="plain")
    bot.answer = lambda xml: Response(bot.seal(xml))
    assert sim.text("o1", "在吗").reason == "reply-encrypted-in-plain-mode"


@pytest.mark.parametrize("body", [b"success", b""])
def test_silence_is_valid_in_two_ways_only(sim: WeChatSim, bot: Bot, body: bytes) -> None:
    bot.answer = lambda xml: Response(body)
    assert sim.text("o1", "在吗").outcome == "silence"
    assert [s.by for s in sim.screen("o1")] == ["me"]


FAULTS = {
    "reply-not-xml": lambda xml: b'{"errcode": 0}',
    "reply-root": lambda xml: xml.replace("xml>", "html>").encode(),
    "reply-to-somebody-else": lambda xml: xml.replace("<![CDATA[o1]]>", "<![CDATA[o2]]>").encode(),
    "reply-from-somebody-else": lambda xml: xml.replace("gh_0123456789ab", "gh_other").encode(),
    "reply-without-MsgType": lambda xml: xml.replace("MsgType", "Type").encode(),
    "reply-element-twice": lambda xml: xml.replace(
        "收到 text", "a]]></Content><MsgType><![CDATA[news]]></MsgType><Content><![CDATA["
    ).encode(),
    "reply-kind": lambda xml: xml.replace("CDATA[text]", "CDATA[markdown]").encode(),
    "reply-empty": lambda xml: xml.replace("收到 text", "").encode(),
    "reply-too-long": lambda xml: xml.replace("收到 text", "长" * 683).encode(),
    "reply-create-time": lambda xml: xml.replace("<CreateTime>", "<CreateTime>x").encode(),
    "reply-unknown-element": lambda xml: xml.replace("</xml>", "<Menu>1</Menu></xml>").encode(),
    "reply-doctype": lambda xml: b"<!DOCTYPE xml>" + xml.encode(),
    "reply-stray-text": lambda xml: xml.replace("</xml>", "tail</xml>").encode(),
}


@pytest.mark.parametrize("reason", FAULTS)
def test_a_reply_that_breaks_a_rule_shows_the_fault(sim: WeChatSim, bot: Bot, reason: str) -> None:
    sim.set(mode="plain")
    bot.answer = lambda xml: Response(FAULTS[reason](xml))
    done = sim.text("o1", "在吗")
    assert (done.outcome, done.reason, done.deliveries) == ("fault", reason, 1)
    assert sim.violations == {reason: 1}
    assert sim.screen("o1")[-1].text == FAULT


def test_2047_bytes_pass_and_control_characters_and_a_split_cdata_do_not(
    sim: WeChatSim, bot: Bot
) -> None:
    sim.set(mode="plain")
    for content, outcome in (("长" * 682 + "a", "reply"), ("a\x01b", "fault"), ("a]]>b", "fault")):
        bot.answer = lambda xml, c=content: Response(xml.replace("收到 text", c).encode())
        assert sim.text("o1", "在吗").outcome == outcome
    assert sim.violations == {"reply-not-xml": 2}


def test_a_sealed_reply_needs_signature_and_appid(sim: WeChatSim, bot: Bot) -> None:
    other = Crypt(sim.account.aes_key, "wxother")
    stranger = Crypt(sim.account.old_aes_key, sim.account.app_id)

    def envelope(sealed: str, token: str) -> Response:
        signed = signature(token, "1", "n", sealed)
        return Response(
            f"<xml><Encrypt>{sealed}</Encrypt><MsgSignature>{signed}</MsgSignature>"
            "<TimeStamp>1</TimeStamp><Nonce>n</Nonce></xml>"
        )

    right = Crypt(sim.account.aes_key, sim.account.app_id)
    for crypt, token, reason in (
        (right, sim.account.token, ""),
        (right, "other", "reply-bad-signature"),
        (other, sim.account.token, "reply-wrong-appid"),
        (stranger, sim.account.token, "reply-bad-ciphertext"),
    ):
        bot.answer = lambda xml, c=crypt, t=token: envelope(c.encrypt(xml), t)
        assert sim.text("o1", "在吗").reason == reason


def test_a_slow_bot_gets_the_same_message_three_times_and_the_user_the_fault(
    sim: WeChatSim, bot: Bot
) -> None:
    bot.wait = lambda number: 0.5
    done = sim.text("o1", "在吗")
    assert (done.outcome, done.deliveries, done.reason) == ("fault", 3, "no-answer")
    assert 15 * QUICK - 0.05 <= done.seconds < 1.2
    assert len({m.id for m in bot.seen}) == 1 and len(bot.seen) == 3
    assert len({q["nonce"] for q in bot.queries}) == 3
    assert len({q["msg_signature"] for q in bot.queries}) == 3
    assert sim.screen("o1")[-1].text == FAULT and sim.counts["redeliveries"] == 2


def test_an_answer_to_the_second_delivery_is_shown_once(sim: WeChatSim, bot: Bot) -> None:
    bot.wait = lambda number: 0.5 if number == 1 else 0.0
    done = sim.text("o1", "在吗")
    assert (done.outcome, done.deliveries) == ("reply", 2)
    assert len([s for s in sim.screen("o1") if s.by == "bot"]) == 1


def test_http_errors_are_redelivered_or_by_rule_the_end(sim: WeChatSim, bot: Bot) -> None:
    bot.answer = lambda xml: Response("", 503)
    assert sim.text("o1", "在吗").deliveries == 3
    sim.set(retry_errors=False)
    assert (sim.text("o1", "在吗").deliveries, sim.violations["http-503"]) == (1, 1)
    bot.answer = lambda xml: Response("", 404)
    sim.set(retry_errors=True)
    assert sim.text("o1", "在吗").reason == "http-404"


def test_a_bot_that_is_away_is_asked_three_times(sim: WeChatSim, bot: Bot) -> None:
    hook, sim.hook = sim.hook, "http://127.0.0.1:9/"
    try:
        done = sim.text("o1", "在吗")
    finally:
        sim.hook = hook
    assert (done.outcome, done.deliveries, sim.counts["unreachable"]) == ("fault", 3, 3)


def test_a_bot_that_answers_a_duplicate_otherwise_is_found(sim: WeChatSim, bot: Bot) -> None:
    sim.set(duplicates=1)
    sim.text("o1", "在吗")
    assert sim.violations == {} and len(bot.seen) == 2
    bot.say = lambda message: f"第 {len(bot.seen)} 次"
    sim.text("o1", "在吗")
    assert sim.violations == {"answers-differ": 1}
    sim.set(duplicates=0, twice=True)
    sim.text("o1", "在吗")
    assert sim.violations == {"answers-differ": 2}


def test_the_last_delivery_can_be_brought_again_and_ids_can_collide(
    sim: WeChatSim, bot: Bot
) -> None:
    sim.voice("o1", "几天答复", msg_id=77)
    sim.redeliver()
    sim.voice("o2", msg_id=77)
    assert [m.id for m in bot.seen] == [77, 77, 77]
    assert [m.source for m in bot.seen] == ["o1", "o1", "o2"]
    assert bot.seen[0].recognition == "几天答复"


def test_a_former_key_is_used_by_rule_and_answered_with_the_same(sim: WeChatSim, bot: Bot) -> None:
    sim.set(old_key=True)
    assert sim.text("o1", "在吗").reason == "http-400"  # the bot knows only the new one
    kept, bot.crypto = (
        bot.crypto,
        WeChatCrypto(sim.account.token, sim.account.old_aes_key, sim.account.app_id),
    )
    try:
        assert sim.text("o1", "在吗").outcome == "reply"
        right = bot.seal
        bot.answer = lambda xml: Response(kept.encrypt_message(xml, "nonce", "1") if right else "")
        assert sim.text("o1", "在吗").reason == "reply-bad-ciphertext"
    finally:
        bot.crypto = kept


def test_every_message_and_event_parses_with_wechatpy(sim: WeChatSim, bot: Bot) -> None:
    for done in (
        sim.image("o1"),
        sim.voice("o1"),
        sim.video("o1"),
        sim.video("o1", short=True),
        sim.location("o1", 34.75, 113.62, "郑州"),
        sim.link("o1", "标题", "https://example.com/"),
        sim.file("o1"),
        sim.text("o1", "好", menu_id="101"),
        sim.follow("o1"),
        sim.follow("o2", scene="spring"),
        sim.scan("o2", "spring"),
        sim.click("o1", "ask"),
        sim.position("o1", 34.75, 113.62),
        sim.subscribe("o1", {"t1": True, "t2": False}),
        sim.event("o1", "TEMPLATESENDJOBFINISH", MsgID=1, Status="success"),
        sim.event("o1", "never_heard_of", EventKey="x"),
        sim.unfollow("o1"),
    ):
        assert done.outcome == "reply"
    kinds = [(m.type, getattr(m, "event", "")) for m in bot.seen]
    assert ("shortvideo", "") in kinds and ("event", "subscribe_scan") in kinds
    assert ("event", "scan") in kinds and ("event", "unsubscribe") in kinds
    assert bot.seen[0].image.startswith("http://")
    assert bot.seen[4].location == (34.75, 113.62) or bot.seen[4].label == "郑州"
    assert bot.seen[9].scene_id == "spring"
    assert sim.violations == {}
    assert sim.screen("o1")[-1].kind == "notice"  # what is said to someone who left is not seen


def test_a_menu_entry_is_pressed_by_its_name(sim: WeChatSim, bot: Bot) -> None:
    sim.wechat.menu = {
        "button": [
            {"name": "问政策", "sub_button": [{"name": "集体合同", "type": "click", "key": "k"}]},
            {"name": "网页", "type": "view", "url": "https://example.com/"},
        ]
    }
    sim.press("o1", "集体合同")
    sim.press("o1", "网页")
    assert [(m.event, m.key if m.event == "click" else m.url) for m in bot.seen] == [
        ("click", "k"),
        ("view", "https://example.com/"),
    ]
    with pytest.raises(Exception, match="no such entry"):
        sim.press("o1", "没有")


def test_verification_wants_the_echo_and_refuses_it_to_a_forger(sim: WeChatSim, bot: Bot) -> None:
    assert sim.verify() == ""
    bot.check = False
    assert sim.verify() == "verify-forged-echoed"
    hook, sim.hook = sim.hook, sim.hook + "/nowhere"
    assert sim.verify() == "verify-not-echoed"
    sim.hook = hook


@pytest.mark.parametrize("how", ["signature", "no-signature", "receiver", "ciphertext", "body"])
def test_forgeries_are_refused_by_a_bot_that_checks(sim: WeChatSim, bot: Bot, how: str) -> None:
    assert sim.forge("o1", "在吗", how) in (400, 403, 500)
    assert sim.violations == {}


def test_a_bot_that_answers_an_old_message_is_found(sim: WeChatSim, bot: Bot) -> None:
    assert sim.forge("o1", "在吗", "old") == 200  # wechatpy has no time window
    assert sim.violations == {"forgery-answered": 1}


def test_the_control_api_does_the_same_over_http(sim: WeChatSim, bot: Bot) -> None:
    import httpx

    def post(name: str, **arguments: object) -> httpx.Response:
        return httpx.post(f"{sim.url}/_sim/{name}", content=json.dumps(arguments), trust_env=False)

    assert post("text", user="o9", text="在吗").json()["result"]["text"] == "收到 text"
    shown = httpx.get(f"{sim.url}/_sim/screen?user=o9", trust_env=False).json()["result"]
    assert [s["by"] for s in shown] == ["me", "bot"]
    assert post("set", kind="nonsense").status_code == 400
    assert post("set", speed=1).status_code == 400
    assert post("text", usr="o9").status_code == 400
    assert post("nothing").status_code == 404
    assert post("state").json()["result"]["counts"]["messages"] == 1
