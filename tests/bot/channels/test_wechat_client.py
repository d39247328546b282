"""WeChat's API: one token for all, one retry, and faults that say what to do."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
import wechat_side as side

from bot.channels.wechat.account import WeChatAccount
from bot.channels.wechat.client import Api, ApiError, ConfigurationFault, Unreachable
from bot.channels.wechat.condition import diagnose
from bot.channels.wechat.service import body_of, kind_of
from bot.channels.wechat.tokens import LEASE, Alone, Shared, Waited
from bot.desk import Desk
from bot.persons import Persons
from bot.post import Later, Post, Refused, Sent
from bot.settings import WeChat
from bot.storage.mailbox import Grant, Mailbox, Parcel, Settled

SECRET = "appsecret-4711"


class Platform:
    """The part of WeChat's API that is called here. `codes` are what the next calls answer."""

    def __init__(self) -> None:
        self.token, self.fetched, self.forced, self.calls, self.bodies = "T1", 0, 0, [], []
        self.codes, self.token_code, self.by_path, self.raw, self.delay = [], 0, {}, None, 0.0
        self.lock = threading.Lock()

    def answer(self, path: str, query: dict, body: bytes) -> bytes:
        time.sleep(self.delay)
        with self.lock:
            if self.raw is not None:
                return self.raw
            if path.endswith("stable_token"):
                self.fetched += 1
                asked = json.loads(body)
                assert asked["secret"] == SECRET and asked["appid"] == side.APP_ID
                if self.token_code:
                    return _error(self.token_code)
                if asked["force_refresh"]:
                    self.forced += 1
                    self.token += "x"
                return json.dumps({"access_token": self.token, "expires_in": 7200}).encode()
            self.calls.append(path)
            self.bodies.append(body)
            if query.get("access_token") != [self.token]:
                return _error(40001)
            code = self.codes.pop(0) if self.codes else self.by_path.get(path, 0)
            return _error(code)


def _error(code: int) -> bytes:
    return json.dumps({"errcode": code, "errmsg": f"words with {side.USER}"}).encode()


@contextmanager
def serving(platform: Platform):
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            said = platform.answer(parts.path, parse_qs(parts.query), body)
            self.send_response(200)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        do_POST = do_GET

        def log_message(self, *_) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def platform():
    return Platform()


@pytest.fixture
def settings(platform):
    with serving(platform) as address:
        yield WeChat(side.ACCOUNT, side.APP_ID, side.TOKEN, side.KEY, secret=SECRET, kind="verified", api=address)  # fmt: skip


@pytest.fixture
def persons():
    return Persons(b"k" * 32)


def shared(settings, store, persons, **more):
    return Api(settings, Shared(Mailbox(store), persons, "wechat:a", **more))


# The token


def test_four_cold_replicas_fetch_one_token(settings, platform, store, persons):
    """Complaints 16 and 17."""
    platform.delay = 0.05
    apis = [shared(settings, store, persons) for _ in range(4)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: apis[n % 4].send_text("u", "嗯"), range(8)))
    assert platform.fetched == 1 and len(platform.calls) == 8


def test_a_token_that_ended_is_renewed_once_by_whoever_notices_first(
    settings, platform, store, persons
):
    apis = [shared(settings, store, persons) for _ in range(4)]
    apis[0].send_text("u", "嗯")
    platform.token = "T2"  # ended from outside
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda api: api.send_text("u", "嗯"), apis))
    assert platform.fetched == 2 and platform.forced == 0


def test_a_token_is_fetched_again_shortly_before_its_end(settings, platform, store, persons):
    now = [time.time()]
    api = Api(settings, Shared(Mailbox(store, lambda: now[0]), persons, "wechat:a", lambda: now[0]))
    for wait, fetched in ((0, 1), (6900, 1), (150, 2)):
        now[0] += wait
        api.send_text("u", "嗯")
        assert platform.fetched == fetched


def test_a_replica_that_died_while_renewing_blocks_the_others_for_a_lease_only(
    settings, store, persons
):
    now = [1e9]

    def sleep(_):
        now[0] += 1

    mailbox = Mailbox(store, lambda: now[0])
    assert mailbox.may_renew("wechat:a", LEASE)
    Api(settings, Shared(mailbox, persons, "wechat:a", lambda: now[0], sleep)).send_text("u", "嗯")
    assert now[0] - 1e9 == LEASE


def test_waiting_for_another_replica_ends(settings, store, persons, monkeypatch):
    monkeypatch.setattr("bot.channels.wechat.tokens.PATIENCE", 0.2)
    mailbox = Mailbox(store)
    mailbox.may_renew("wechat:a", 100)
    with pytest.raises(Waited):
        Api(settings, Shared(mailbox, persons, "wechat:a")).send_text("u", "嗯")


def test_the_token_lies_sealed_in_the_database(settings, platform, store, persons, tmp_path):
    platform.token = "TOKEN-THAT-NOBODY-SHOULD-SEE"
    shared(settings, store, persons).send_text("u", "嗯")
    assert not any(platform.token.encode() in f.read_bytes() for f in tmp_path.glob("live.db*"))


def test_a_token_that_stays_refused_is_asked_for_by_force_once_and_not_without_end(
    settings, platform, store, persons
):
    """wechatpy asked 136 times, until the stack was full."""
    platform.codes = [40001, 40001, 40001, 40001]
    with pytest.raises(ApiError) as caught:
        shared(settings, store, persons).send_text("u", "嗯")
    assert caught.value.code == 40001 and not isinstance(caught.value, ConfigurationFault)
    assert len(platform.calls) == 2 and platform.forced == 1 and platform.fetched == 3


@pytest.mark.parametrize("code", [40001, 40014, 42001])
def test_a_refused_token_is_one_retry(settings, platform, code):
    platform.codes = [code]
    Api(settings, Alone()).send_text("u", "嗯")
    assert len(platform.calls) == 2


# Faults


@pytest.mark.parametrize("code", [40164, 40125, 40013])
def test_configuration_faults_of_the_token_are_not_retried(
    settings, platform, store, persons, code
):
    """Complaint 18: 40164 was retried until the stack overflowed."""
    platform.token_code = code
    api = shared(settings, store, persons)
    for _ in range(20):
        with pytest.raises(ConfigurationFault) as caught:
            api.send_text("u", "嗯")
    assert caught.value.code == code and len(caught.value.advice) > 8
    assert platform.fetched == 1 and not platform.calls


def test_a_mended_fault_is_noticed_after_a_minute(settings, platform):
    now, platform.token_code = [0.0], 40164
    api = Api(settings, Alone(), lambda: now[0])
    with pytest.raises(ConfigurationFault):
        api.ready()
    now[0], platform.token_code = 61.0, 0
    api.ready()


def test_no_permission_is_not_retried(settings, platform):
    platform.codes = [48001]
    with pytest.raises(ConfigurationFault):
        Api(settings, Alone()).send_text("u", "嗯")
    assert len(platform.calls) == 1


@pytest.mark.parametrize("raw", [b"", b"<html>502</html>", b"[]", b'{"errcode": "x"}', b"{}"])
def test_an_answer_that_is_none_is_unreachable(settings, platform, raw):
    platform.raw = raw
    with pytest.raises(Unreachable):
        Api(settings, Alone()).send_text("u", "嗯")


def test_errors_hold_no_token_secret_or_person(settings, platform, caplog):
    caplog.set_level(logging.DEBUG, "xst")
    api = Api(settings, Alone())
    platform.codes = [45015]
    with pytest.raises(ApiError) as caught:
        api.send_text(side.USER, "夜班")
    lost = Api(
        WeChat(side.ACCOUNT, side.APP_ID, "t", secret=SECRET, api="http://127.0.0.1:1"), Alone()
    )
    with pytest.raises(Unreachable) as unreachable:
        lost.send_text(side.USER, "夜班")
    for error in (caught.value, unreachable.value):
        assert error.__cause__ is None and error.__context__ is None
        for word in (SECRET, platform.token, side.USER, "夜班"):
            assert word not in repr(error) + str(error) + caplog.text
    assert SECRET not in repr(vars(api)) + repr(settings)


def test_text_is_sent_as_it_is(settings, platform):
    """Complaint 19: WeChat shows \\uXXXX as it stands."""
    Api(settings, Alone()).send_text("u", "协商😀")
    assert "协商😀".encode() in platform.bodies[0] and b"\\u" not in platform.bodies[0]


def test_a_slow_platform_is_given_up(settings, platform, monkeypatch):
    monkeypatch.setattr("bot.channels.wechat.client.TIMEOUT", (0.1, 0.1))
    platform.delay = 0.5
    started = time.perf_counter()
    with pytest.raises(Unreachable):
        Api(settings, Alone()).ready()
    assert time.perf_counter() - started < 0.4


# Which kind


@pytest.mark.parametrize(
    ("refused", "kind"),
    [
        ({"customservice/getkflist": 48001, "template/get_industry": 48001}, "unverified"),
        ({"template/get_industry": 48001}, "verified"),
        ({"customservice/getkflist": 65400}, "service"),
        ({}, "service"),
    ],
)
def test_the_kind_is_what_weChat_refuses(settings, platform, refused, kind):
    """Complaint 6: people waited for messages that an unverified account cannot send."""
    platform.by_path = {f"/cgi-bin/{path}": code for path, code in refused.items()}
    assert kind_of(Api(settings, Alone())) == kind


@pytest.mark.parametrize("code", [40164, 48001, 40125])
def test_doctor_explains_what_to_change(settings, platform, code):
    if code == 48001:
        platform.by_path = {"/cgi-bin/customservice/getkflist": code}
    else:
        platform.token_code = code
    state, said = diagnose(settings, "https://xst.example")[-1]
    words = {40164: "IP白名单", 48001: "未认证", 40125: "AppSecret"}
    assert state == "缺" and words[code] in said and SECRET not in said


def test_doctor_says_what_is_well(settings, platform):
    found = diagnose(settings, "https://xst.example")
    assert any("https://xst.example/wechat" in said for _, said in found)
    assert {state for state, _ in found} == {"好", "提示"}  # the address of the API is not WeChat's


# Customer service


@pytest.fixture
def channel(settings, store, persons):
    mailbox = Mailbox(store)
    desk = Desk(None, mailbox, persons)
    person = desk.person(f"wechat:{side.ACCOUNT}", side.USER)

    def grant(*grants):
        for n, one in enumerate(grants):
            mailbox.visit(
                f"{n:032}{time.time()}"[:32], person, str, lambda *_: Settled("{}", ""), one
            )

    channel = WeChatAccount(settings, desk, "")
    channel.grant, channel.person = grant, person
    return channel


def send(channel, text="好", times=1):
    async def run():
        return [await channel.send(side.USER, body_of(text), channel.person) for _ in range(times)]

    return asyncio.run(run())


@pytest.mark.parametrize("grant", [Grant("message", 5, 48 * 3600.0), Grant("act", 3, 60.0)])
def test_no_more_is_sent_than_the_ledger_allows(channel, platform, grant):
    channel.grant(grant)
    outcomes = send(channel, times=7)
    assert outcomes == [Sent()] * grant.count + [Refused("no_allowance")] * (7 - grant.count)
    assert len(platform.calls) == grant.count


@pytest.mark.parametrize("code", [45015, 45047])
def test_what_the_platform_says_is_used_up_is_not_tried_again(channel, platform, code):
    channel.grant(Grant("message", 5, 48 * 3600.0))
    platform.codes = [code]
    assert send(channel, times=3) == [Refused("no_allowance")] * 3
    assert len(platform.calls) == 1


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        (-1, Later()), (45009, Later(3600.0)), (40003, Refused("gone")), (43004, Refused("gone")),
        (48001, Refused("not_permitted")), (45002, Refused("code_45002")), (50002, Later(300.0)),
    ],
)  # fmt: skip
def test_each_refusal_has_its_outcome(channel, platform, code, outcome):
    channel.grant(Grant("message", 5, 48 * 3600.0))
    platform.codes = [code]
    assert send(channel) == [outcome]


def test_a_fault_of_configuration_spends_nothing(channel, platform):
    channel.grant(Grant("message", 5, 48 * 3600.0))
    platform.token_code = 40164
    assert send(channel, times=3) == [Later(300.0)] * 3
    assert channel._desk.mailbox.allowed(channel.person) == 5


def test_an_unverified_account_never_calls(settings, store, persons, platform):
    for known in ({"kind": "unverified"}, {"kind": "", "secret": ""}):
        desk = Desk(None, Mailbox(store), persons)
        channel = WeChatAccount(replace(settings, **known), desk, "")
        channel.person = "p" * 32
        assert send(channel) == [Refused("not_permitted")]
    assert not platform.calls and not platform.fetched


def test_what_waits_in_the_outbox_reaches_the_person(channel, platform):
    """Complaint 10: sending by oneself dropped every message, and nobody had tried it to the end."""
    channel.grant(Grant("message", 5, 48 * 3600.0))
    desk = channel._desk
    body = desk.persons.close(body_of("迟到的答案"))
    parcel = Parcel(channel.name, desk.persons.seal(side.USER), body)
    desk.mailbox.post(channel.person, [parcel])
    assert asyncio.run(Post(desk.mailbox, desk.persons, {channel.name: channel}).once()) == 1
    sent = {"touser": side.USER, "msgtype": "text", "text": {"content": "迟到的答案"}}
    assert json.loads(platform.bodies[0]) == sent and not desk.mailbox.waiting()


def test_an_account_that_loses_its_permission_stops_asking(channel, platform):
    channel.grant(Grant("message", 5, 48 * 3600.0))
    platform.codes = [48001]
    assert send(channel, times=3) == [Refused("not_permitted")] * 3
    assert len(platform.calls) == 1 and not channel.serves


def test_what_waits_over_a_restart_is_kept_until_the_kind_is_known(
    settings, store, persons, platform
):
    """The outbox is looked into before WeChat has said what the account may do."""
    desk = Desk(None, Mailbox(store), persons)
    channel = WeChatAccount(replace(settings, kind=""), desk, "")
    channel.person = "p" * 32
    assert send(channel) == [Later()]
    assert not platform.calls
    asyncio.run(channel.prepare())
    assert send(channel) == [Refused("no_allowance")]


def test_the_kind_is_found_beside_the_server(settings, store, persons, platform):
    channel = WeChatAccount(replace(settings, kind=""), Desk(None, Mailbox(store), persons), "")
    assert not channel.serves
    asyncio.run(channel.prepare())
    assert channel.serves


def test_a_long_text_is_cut_as_a_reply_is(channel, platform):
    channel.grant(Grant("message", 5, 48 * 3600.0))
    assert send(channel, "长" * 3000) == [Sent()]
    said = json.loads(platform.bodies[0])["text"]["content"]
    assert len(said.encode()) <= 2047 and said.endswith("……")


@pytest.mark.parametrize("body", ["", "{}", "[]", "null", '{"text": ""}'])
def test_a_body_that_is_none_is_refused(channel, platform, body):
    assert asyncio.run(channel.send(side.USER, body, channel.person)) == Refused("empty")
