"""The WeCom channel against a small API in memory: encrypted callbacks in, messages out."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import logging
import os
import struct
from urllib.parse import parse_qsl

import httpx
import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small import TODAY
from sqlalchemy.exc import OperationalError
from starlette.applications import Starlette
from starlette.testclient import TestClient

from bot import texts
from bot.assistant import Assistant
from bot.channels.wechat.menu import Entry, MenuError, opened, read_menu
from bot.channels.wechat.tokens import Alone, Shared
from bot.channels.wecom.app import MOST, WeComApp
from bot.channels.wecom.check import diagnose
from bot.channels.wecom.client import Api
from bot.channels.wecom.menu import apply, current, payload
from bot.desk import Busy, Desk
from bot.limits import Limits
from bot.persons import Persons
from bot.post import Later, Post, Refused, Sent
from bot.settings import ConfigError, WeCom
from bot.storage.mailbox import Mailbox

CORP, AGENT, TOKEN = "wwcorp", 1000002, "cbToken"
AES_KEY = base64.b64encode(bytes(range(32))).decode().rstrip("=")
SETTINGS = WeCom(CORP, AGENT, TOKEN, AES_KEY, "app-secret", api="https://wecom.invalid")
ACCOUNT = f"wecom:{CORP}:{AGENT}"
NOW = 1_800_000_000
QUESTION = "公司收到工资协商要约，多少天内要答复？"


# WeCom's side, written from its page on encryption and from nothing of ours


def encrypted(text, key=AES_KEY, corp=CORP):
    raw = base64.b64decode(key + "=")
    said = text.encode()
    plain = os.urandom(16) + struct.pack(">I", len(said)) + said + corp.encode()
    pad = 32 - len(plain) % 32
    engine = Cipher(algorithms.AES(raw), modes.CBC(raw[:16])).encryptor()
    return base64.b64encode(engine.update(plain + bytes([pad]) * pad) + engine.finalize()).decode()


def signed(cipher, token=TOKEN, at=NOW):
    parts = sorted([token, str(at), "n1", cipher])
    signature = hashlib.sha1("".join(parts).encode()).hexdigest()
    return {"msg_signature": signature, "timestamp": str(at), "nonce": "n1"}


def outer(cipher):
    return f"<xml><ToUserName><![CDATA[{CORP}]]></ToUserName><Encrypt><![CDATA[{cipher}]]></Encrypt></xml>"


def xml(user="ZhangSan", kind="text", agent=AGENT, **fields):
    fields = {"ToUserName": CORP, "FromUserName": user, "CreateTime": NOW, "MsgType": kind} | fields
    fields["AgentID"] = agent
    inside = "".join(f"<{k}><![CDATA[{v}]]></{k}>" for k, v in fields.items())
    return f"<xml>{inside}</xml>"


class QyApi(httpx.BaseTransport):
    """Tokens, messages and menus; refuses what it is told to."""

    def __init__(self):
        self.calls, self.faults, self.tokens, self.menu = [], {}, 0, None

    def handle_request(self, request):
        path = request.url.path.removeprefix("/cgi-bin/")
        params = dict(parse_qsl(request.url.query.decode()))
        body = request.read()
        self.calls.append((path, params, body))
        if waiting := self.faults.get(path):
            return httpx.Response(200, json={"errcode": waiting.pop(0), "errmsg": "secret words"})
        return httpx.Response(200, json={"errcode": 0, "errmsg": "ok"} | self._result(path, params))

    def _result(self, path, params):
        match path:
            case "gettoken":
                assert params == {"corpid": CORP, "corpsecret": "app-secret"}
                self.tokens += 1
                return {"access_token": f"token{self.tokens}", "expires_in": 7200}
            case "agent/get":
                return {"name": "协商通", "close": 0}
            case "menu/get":
                return self.menu or {"errcode": 46003}
        return {}

    def sent(self):
        return [json.loads(body) for path, _, body in self.calls if path == "message/send"]

    def fail(self, path, *codes):
        self.faults.setdefault(path, []).extend(codes)


class Place:
    def __init__(self, release, store):
        sources = release.on(TODAY)
        self.qy = QyApi()
        self.mailbox, self.persons = Mailbox(store), Persons(bytes(32))
        assistant = Assistant(lambda: sources, store)
        self.desk = Desk(assistant, self.mailbox, self.persons, Limits(burst=1000))
        tokens = Shared(self.mailbox, self.persons, ACCOUNT)
        self.app = WeComApp(
            SETTINGS,
            self.desk,
            "https://x.invalid",
            api=Api(SETTINGS, tokens, self.qy),
            clock=lambda: NOW,
        )
        self.client = TestClient(Starlette(routes=self.app.routes()))
        self.post = Post(self.mailbox, self.persons, {ACCOUNT: self.app})

    def deliver(self, plain, **changed):
        cipher = encrypted(plain)
        query = signed(cipher) | changed
        return self.client.post("/wecom", params=query, content=outer(cipher))

    def said(self):
        async def run():
            while await self.post.once():
                pass

        asyncio.run(run())
        return [call["text"]["content"] for call in self.qy.sent()]

    def person(self, user="ZhangSan"):
        return self.persons.person(ACCOUNT, user)


@pytest.fixture
def place(release, store):
    return Place(release, store)


# The address


def test_the_address_is_proven_by_decrypting(place):
    echo = encrypted("1234567890")
    answer = place.client.get("/wecom", params=signed(echo) | {"echostr": echo})
    assert (answer.status_code, answer.text) == (200, "1234567890")


@pytest.mark.parametrize("what", ["msg_signature", "timestamp", "nonce", "echostr"])
def test_an_address_is_not_proven_to_anybody_else(place, what):
    echo = encrypted("1234567890")
    query = signed(echo) | {"echostr": echo}
    answer = place.client.get("/wecom", params=query | {what: "1"})
    assert answer.status_code == 403 and "1234567890" not in answer.text
    assert place.client.get("/wecom", params={k: v for k, v in query.items() if k != what}).is_error


# Callbacks


def test_a_text_is_answered_by_a_message_of_the_application(place):
    answer = place.deliver(xml(Content=QUESTION, MsgId=1))
    assert (answer.status_code, answer.content) == (200, b"")
    assert "20日" in place.said()[0]
    assert place.qy.sent()[0] | {"text": 0} == {
        "touser": "ZhangSan",
        "msgtype": "text",
        "agentid": AGENT,
        "text": 0,
    }


def test_a_message_is_answered_once_however_often_it_comes(place):
    for _ in range(3):
        assert place.deliver(xml(Content=QUESTION, MsgId=1)).status_code == 200
    assert len(place.said()) == 1


def test_a_redelivery_with_the_same_signature_is_no_forgery(place):
    cipher = encrypted(xml(Content=QUESTION, MsgId=1))
    one = {"params": signed(cipher), "content": outer(cipher)}
    assert [place.client.post("/wecom", **one).status_code for _ in range(2)] == [200, 200]
    assert place.mailbox.waiting() == 1


def test_the_same_number_from_another_member_is_another_message(place):
    place.deliver(xml("LiSi", Content=QUESTION, MsgId=1))
    place.deliver(xml("ZhangSan", Content=QUESTION, MsgId=1))
    assert len(place.said()) == 2


def test_a_menu_item_does_what_its_key_says(place):
    place.deliver(xml(kind="event", Event="click", EventKey="ask:" + QUESTION))
    place.deliver(xml(kind="event", Event="click", EventKey="help"))
    first, second = place.said()
    assert "20日" in first
    assert second.startswith(texts.HELP.format(example=texts.EXAMPLE)[:20])


def test_a_new_member_is_welcomed_and_one_who_left_forgotten(place):
    place.deliver(xml(kind="event", Event="subscribe"))
    assert place.said()[0].startswith(texts.WELCOME[:20])
    place.deliver(xml(Content="河南", MsgId=1))
    assert place.mailbox.waiting() == 1
    place.deliver(xml(kind="event", Event="unsubscribe"))
    assert place.mailbox.waiting() == 0
    assert place.mailbox.forget(place.person()) == 0


@pytest.mark.parametrize("event", ["enter_agent", "LOCATION", "view", "batch_job_result", "new"])
def test_events_that_ask_nothing_leave_nothing(place, event):
    answer = place.deliver(xml(kind="event", Event=event, EventKey="x", Latitude="34.7"))
    assert (answer.status_code, answer.content) == (200, b"")
    assert place.mailbox.forget(place.person()) == 0


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"kind": "voice", "MediaId": "m", "MsgId": 1}, texts.VOICE_UNREAD),
        ({"kind": "image", "PicUrl": "u", "MsgId": 1}, texts.IMAGE_UNREAD),
        (
            {"kind": "location", "Location_X": "34.75", "Location_Y": "113.66", "MsgId": 1},
            texts.PLACE_OFFERED.format(region="河南"),
        ),
        ({"kind": "location", "Location_X": "x", "Location_Y": "", "MsgId": 1}, texts.PLACE_ASKED),
    ],
)
def test_what_holds_no_words_gets_a_sentence_that_helps(place, fields, said):
    place.deliver(xml(**fields))
    assert place.said()[0].startswith(said)


def test_a_choice_is_picked_by_its_number(place):
    place.deliver(xml(kind="location", Location_X="34.75", Location_Y="113.66", MsgId=1))
    place.deliver(xml(Content="①", MsgId=2))
    assert "河南" in place.said()[1] and "1 " in place.said()[0]


def test_forget_says_so_and_leaves_only_the_mark(place):
    place.deliver(xml(Content="河南", MsgId=1))
    place.deliver(xml(Content="忘记我", MsgId=2))
    assert place.said() == [texts.FORGOTTEN]
    assert place.mailbox.forget(place.person()) == 1


def test_no_text_is_longer_than_wecom_takes(place):
    for n, text in enumerate(("/region", "拖欠工资怎么办", QUESTION, "忘记我"), 1):
        place.deliver(xml(Content=text, MsgId=n))
    place.deliver(xml(kind="event", Event="click", EventKey="near:"))
    said = place.said()
    assert said and all(len(text.encode()) <= MOST for text in said)


# What is refused


def test_a_forged_signature_is_refused(place):
    assert place.deliver(xml(Content=QUESTION, MsgId=1), msg_signature="0" * 40).status_code == 403
    cipher = encrypted(xml(Content=QUESTION, MsgId=1))
    for query in (signed(cipher, token="other"), signed(cipher, at=NOW - 301), {}):
        answer = place.client.post("/wecom", params=query, content=outer(cipher))
        assert answer.status_code == 403
    assert place.mailbox.waiting() == 0
    assert b'channel="wecom",reason="signature"} 3.0' in place.desk.metrics.page()


def test_another_companys_message_is_refused(place):
    cipher = encrypted(xml(Content=QUESTION, MsgId=1), corp="wwother")
    answer = place.client.post("/wecom", params=signed(cipher), content=outer(cipher))
    assert answer.status_code == 403
    assert b'reason="appid"} 1.0' in place.desk.metrics.page()
    assert place.deliver(xml(Content=QUESTION, MsgId=1, agent=1000009)).status_code == 403
    assert b'reason="account"} 1.0' in place.desk.metrics.page()
    assert place.mailbox.waiting() == 0


def test_a_message_in_plain_text_is_refused(place):
    plain = xml(Content=QUESTION, MsgId=1)
    answer = place.client.post("/wecom", params=signed(""), content=plain)
    assert answer.status_code == 400 and place.mailbox.waiting() == 0


@pytest.mark.parametrize(
    "plain",
    [
        "",
        "no xml",
        "<xml></xml>",
        "<xml><FromUserName>a</FromUserName></xml>",
        xml(Content=QUESTION),  # no MsgId
        xml(MsgId=1),  # no Content
        xml(user="../etc", Content="a", MsgId=1),
        xml(kind="event"),
        '<!DOCTYPE x [<!ENTITY a "b">]><xml><FromUserName>&a;</FromUserName></xml>',
    ],
)
def test_a_malformed_message_is_refused_and_counted(place, plain):
    answer = place.deliver(plain)
    assert answer.status_code in (400, 403) and answer.content == b""
    assert b'xst_rejected_total{channel="wecom"' in place.desk.metrics.page()


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.binary(max_size=300))
def test_no_bytes_make_it_fail(place, data):
    cipher = base64.b64encode(data).decode()
    for query, content in ((signed(cipher), outer(cipher)), ({}, data), (signed(""), data)):
        assert place.client.post("/wecom", params=query, content=content).status_code in (400, 403)


@pytest.mark.parametrize("error", [Busy(), OperationalError("insert", {}, Exception("x"))])
def test_what_was_not_stored_is_not_acknowledged(place, error):
    async def fails(arrived, write):
        raise error

    place.desk.answer = fails
    assert place.deliver(xml(Content=QUESTION, MsgId=1)).status_code == 503


def test_secrets_that_are_none_start_nothing(place):
    for settings_ in (
        WeCom(CORP, AGENT, "", AES_KEY, "s"),
        WeCom(CORP, AGENT, TOKEN, "short", "s"),
    ):
        with pytest.raises(ConfigError):
            WeComApp(settings_, place.desk)
    assert "app-secret" not in repr(SETTINGS) and AES_KEY not in repr(SETTINGS)


# Sending


def sends(place, text="答"):
    return asyncio.run(place.app.send("ZhangSan", text, place.person()))


def test_one_token_serves_all_messages_and_all_replicas(place):
    sends(place)
    other = Api(SETTINGS, Shared(place.mailbox, place.persons, ACCOUNT), place.qy)
    other.send_text("LiSi", "答")
    assert place.qy.tokens == 1
    assert [p["access_token"] for path, p, _ in place.qy.calls if path == "message/send"] == [
        "token1",
        "token1",
    ]


@pytest.mark.parametrize("code", [40014, 42001])
def test_a_token_that_ended_is_renewed_once(place, code):
    place.qy.fail("message/send", code)
    assert sends(place) == Sent()
    assert place.qy.tokens == 2
    place.qy.fail("message/send", code, code)
    assert sends(place) == Later()
    assert len(place.qy.sent()) == 4


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        (-1, Later()),
        (45009, Later(60.0)),
        (81013, Refused("gone")),
        (60111, Refused("gone")),
        (45002, Refused("too_long")),
        (12345, Refused("code_12345")),
        (301002, Later(300.0)),
    ],
)
def test_each_refusal_of_wecoms_has_its_outcome(place, code, outcome, caplog):
    place.qy.fail("message/send", code)
    assert sends(place) == outcome
    assert len(place.qy.sent()) == 1
    assert "secret words" not in caplog.text and "ZhangSan" not in caplog.text


def test_a_strange_address_is_explained_once_and_not_retried(place, caplog):
    """60020: the server's address is not in the application's list (complaint 18 for WeCom)."""
    caplog.set_level(logging.WARNING, "xst")
    place.qy.fail("message/send", 60020, 60020)
    assert [sends(place), sends(place)] == [Later(300.0), Later(300.0)]
    assert len(place.qy.sent()) == 2
    assert caplog.text.count("可信IP") == 1


def test_a_silent_network_is_tried_later(place, caplog):
    def away(request):
        raise httpx.ConnectTimeout(f"slow {request.url}")

    place.qy.handle_request = away
    assert sends(place) == Later()
    assert "app-secret" not in caplog.text


def test_a_message_that_may_have_arrived_is_counted_when_it_is_sent_again(place):
    known = place.qy.handle_request

    def silent(request):
        if request.url.path.endswith("message/send"):
            raise httpx.ReadTimeout("slow")
        return known(request)

    place.qy.handle_request = silent
    assert sends(place) == Later(perhaps=True)


def test_chinese_goes_out_as_it_is(place):
    sends(place, "依据：《劳动法》")
    body = next(body for path, _, body in place.qy.calls if path == "message/send")
    assert "依据：《劳动法》".encode() in body


# The operator's part


def alone(place):
    return Api(SETTINGS, Alone(), place.qy)


def test_the_default_menu_fits_and_is_put_into_the_application(place):
    made = payload(opened(read_menu())[0], "https://x.invalid")
    assert current(alone(place), AGENT) is None
    apply(alone(place), AGENT, made)
    path, params, body = place.qy.calls[-1]
    assert (path, params["agentid"]) == ("menu/create", str(AGENT))
    assert json.loads(body) == made


def test_a_name_that_wechat_takes_and_wecom_does_not_is_refused():
    long = Entry("问", entries=(Entry("十四个汉字的名字太长了呀哟", "help"),) * 1)
    payload((long,))
    long = Entry("问", entries=(Entry("十四个汉字的名字太长了呀哟啊", "help"),))
    with pytest.raises(MenuError, match="42 字节"):
        payload((long,))


def test_the_doctor_explains_what_is_wrong(place):
    def told(url="https://x.invalid"):
        return diagnose(SETTINGS, url, alone(place))

    assert [s for s, _ in told()] == ["提示", "提示", "好"]
    assert "管理员看得见" in told()[0][1]
    assert told("http://x")[1][0] == "缺"
    for path, code, advice in (
        ("agent/get", 60020, "可信IP"),
        ("gettoken", 40001, "XST_WECOM_SECRET"),
        ("gettoken", 40013, "corp_id"),
    ):
        place.qy.fail(path, code)
        state, sentence = told()[-1]
        assert state == "缺" and advice in sentence and str(code) in sentence
