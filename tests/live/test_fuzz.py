"""Whatever bytes arrive, the service answers with a status below 500, says nothing of them in its
log, and goes on for everybody else.

FUZZ_SECONDS sets how long (30 by default): FUZZ_SECONDS=600 pytest -m live tests/live/test_fuzz.py
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import random
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from live.kit import Installation, cold, free_port, get

from bot.sim.callbacks import WeComSide
from bot.sim.wire import Callback, Wire

pytestmark = pytest.mark.live

SECONDS = float(os.environ.get("FUZZ_SECONDS", "30"))
USER, CHAT, WORDS = "oFUZZxq7vZk3JwTn5RfYb8LdPc2g", 7305518264, "鹦鹉螺厂的夜班补助"
PATHS = ("/wechat", "/telegram", "/wecom", "/api/turn", "/", "/law/x", "/card/x", "/readyz")


@pytest.fixture(scope="module")
def one(
    release: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Installation, int]]:
    folder = tmp_path_factory.mktemp("fuzz") / "one"
    installation = Installation(folder, release, "", "http://127.0.0.1:9", wecom=WeComSide())
    port = free_port()
    with cold(installation, port):
        yield installation, port


# Strategies

NAMES = st.sampled_from(
    (
        *("ToUserName", "FromUserName", "CreateTime", "MsgType", "Content", "MsgId", "Event"),
        *("EventKey", "Encrypt", "Location_X", "Location_Y", "Recognition", "bizmsgmenuid"),
        *("AgentID", "xml"),
    )
)
TEXTS = st.one_of(
    st.text(max_size=60),
    st.sampled_from(["text", "event", "voice", "location", "subscribe", "CLICK", "", "0", "1e999"]),
    st.sampled_from(
        ["ref:card:wage-arrears", "up", "agree", "person", "more", "region:", "ask:", "2"]
    ),
    st.sampled_from(["nan", "-1", "9" * 30, "‮", "\u0000", "]]>", "<!DOCTYPE x>", WORDS, USER]),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)
EDITS = st.lists(
    st.tuples(st.integers(0, 10**6), st.integers(0, 255), st.integers(0, 2)), max_size=8
)


def edited(raw: bytes, edits: list[tuple[int, int, int]]) -> bytes:
    """Bytes changed, put in or taken out."""
    body = bytearray(raw)
    for at, value, how in edits:
        place = at % (len(body) + 1)
        body[place : place + (how != 1)] = b"" if how == 2 else bytes([value])
    return bytes(body)


def replaced(value: Any, at: int, other: Any) -> Any:
    """The same JSON with one of its parts, counted from the outside, replaced."""
    counter = itertools.count()

    def walk(part: Any) -> Any:
        if next(counter) == at:
            return other
        if isinstance(part, dict):
            return {k: walk(v) for k, v in part.items()}
        return [walk(v) for v in part] if isinstance(part, list) else part

    return walk(value)


def elements(parts: list[tuple[str, str]]) -> str:
    return "<xml>" + "".join(f"<{n}><![CDATA[{t}]]></{n}>" for n, t in parts) + "</xml>"


# Attacks: each sends one request


def anything(one: Installation, data: st.DataObject) -> bytes:
    """Bytes that are no HTTP."""
    return data.draw(st.binary(max_size=400)) + b"\r\n\r\n"


def any_request(one: Installation, data: st.DataObject) -> bytes:
    """HTTP with any path, query, header and body."""
    query = data.draw(st.dictionaries(st.sampled_from(QUERY), st.binary(max_size=30), max_size=6))
    tail = b"&".join(k.encode() + b"=" + v.hex().encode() for k, v in query.items())
    extra = data.draw(st.binary(max_size=60)).replace(b"\r", b"").replace(b"\n", b"")
    method = data.draw(st.sampled_from(["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "X"]))
    path = data.draw(st.sampled_from(PATHS)).encode()
    body = data.draw(st.binary(max_size=300))
    head = b"%s %s?%s HTTP/1.1\r\nHost: x\r\nX-A: %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n"
    return head % (method.encode(), path, tail, extra, len(body)) + body


QUERY = ["signature", "msg_signature", "timestamp", "nonce", "echostr", "encrypt_type", "openid"]


def spoilt_wechat(one: Installation, data: st.DataObject) -> bytes:
    """A real delivery, changed on its way."""
    callback = one.wechat.delivery(one.wechat.said(USER, WORDS))
    body = edited(callback.body, data.draw(EDITS))
    return closing(Callback(callback.path, body, callback.headers))


def wechat_saying(one: Installation, data: st.DataObject) -> bytes:
    """Rightly signed and sealed, with anything inside."""
    true = one.wechat.said(USER, WORDS).xml
    fields = st.lists(st.tuples(NAMES, TEXTS), max_size=8)
    head = [("ToUserName", one.wechat.account.account), ("FromUserName", USER)]
    inner = data.draw(
        st.one_of(
            TEXTS,
            fields.map(elements),
            fields.map(lambda f: elements([*head, ("CreateTime", "1"), ("MsgId", "7"), *f])),
            EDITS.map(lambda e: edited(true.encode(), e).decode("utf-8", "replace")),
        )
    )
    return closing(one.wechat.sealed(whole(inner), USER))


def wecom_saying(one: Installation, data: st.DataObject) -> bytes:
    assert one.wecom
    true = one.wecom.xml("member-1", WORDS)
    fields = st.lists(st.tuples(NAMES, TEXTS), max_size=8)
    inner = data.draw(
        st.one_of(
            TEXTS,
            fields.map(elements),
            EDITS.map(lambda e: edited(true.encode(), e).decode("utf-8", "replace")),
        )
    )
    return closing(one.wecom.delivery(whole(inner)))


def telegram_saying(one: Installation, data: st.DataObject) -> bytes:
    """With the secret, an update of which a part is something else."""
    said = one.telegram.said(CHAT, WORDS)
    pressed = one.telegram.pressed(CHAT, data.draw(TEXTS))
    true = data.draw(st.sampled_from([said, pressed]))
    update = replaced(true, data.draw(st.integers(0, 24)), data.draw(JSON))
    callback = one.telegram.delivery({})
    body = json.dumps(update).encode("utf-8", "replace")
    return closing(Callback(callback.path, edited(body, data.draw(EDITS)), callback.headers))


def page_saying(one: Installation, data: st.DataObject) -> bytes:
    """What no page of ours would send."""
    names = st.sampled_from(["text", "choice", "region", "token", "past", "x"])
    said = data.draw(st.one_of(JSON, st.dictionaries(names, st.one_of(TEXTS, JSON), max_size=5)))
    body = edited(json.dumps(said).encode(), data.draw(EDITS))
    return closing(Callback("/api/turn", body, "Content-Type: application/json\r\n"))


ATTACKS = (
    *(
        anything,
        any_request,
        spoilt_wechat,
        wechat_saying,
        wecom_saying,
        telegram_saying,
        page_saying,
    ),
)


CHECKS = settings(
    max_examples=40, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda a: a.__name__)
def test_no_bytes_bring_out_an_error(
    attack: Callable[[Installation, Any], bytes], one: tuple[Installation, int]
) -> None:
    installation, port = one
    until, sent = time.monotonic() + SECONDS / len(ATTACKS), itertools.count()

    for number in itertools.count(random.randrange(10**9)):
        if time.monotonic() > until:
            break

        @seed(number)
        @settings(CHECKS)
        @given(st.data())
        def send(data: st.DataObject) -> None:
            next(sent)
            status = spoken(port, attack(installation, data), 0.1 if attack is anything else 10.0)
            assert status is None or status < 500, status

        send()
    print(f"{attack.__name__}: {next(sent)} requests")
    assert get(port, "/healthz")[0] == 200


def test_the_log_of_all_this_holds_no_fault_and_nothing_that_was_sent(
    one: tuple[Installation, int],
) -> None:
    """Runs after the attacks above, on the same service."""
    log = one[0].log.read_text(encoding="utf-8")
    events = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    assert [e for e in events if e["level"] in ("error", "critical")] == []
    assert "Traceback" not in log
    assert not any(marker in log for marker in (USER, str(CHAT), WORDS, "member-1"))


# Attacks by name

BOMB = (
    "<!DOCTYPE x [<!ENTITY a 'lol'><!ENTITY b '"
    + "&a;" * 9
    + "'>]><xml><Content>&b;</Content></xml>"
)
FILE = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><xml><Content>&a;</Content></xml>'
DEEP = "<xml>" + "<a>" * 5000 + "</a>" * 5000 + "</xml>"


@pytest.mark.parametrize("inner", [BOMB, FILE, DEEP, "<xml><a></xml>", "", "{}"])
def test_xml_that_hides_something_is_refused(inner: str, one: tuple[Installation, int]) -> None:
    installation, port = one
    assert installation.wecom
    plain = Callback("/wechat?signature=1&timestamp=1&nonce=1", inner.encode())
    for callback in (
        plain,
        installation.wechat.sealed(inner, USER),
        installation.wecom.delivery(inner),
    ):
        started = time.monotonic()
        assert spoken(port, closing(callback)) in (400, 403)
        assert time.monotonic() - started < 1


def test_a_callback_is_taken_once(one: tuple[Installation, int]) -> None:
    installation, port = one
    delivery = closing(installation.wechat.delivery(installation.wechat.said(USER, WORDS)))
    assert spoken(port, delivery) == 200
    assert spoken(port, delivery) == 403, "the same bytes again are a replay"


def test_a_forged_secret_or_signature_is_refused(one: tuple[Installation, int]) -> None:
    installation, port = one
    good = installation.wechat.delivery(installation.wechat.said(USER, WORDS))
    assert spoken(port, closing(Callback(good.path.replace("nonce=", "nonce=0"), good.body))) == 403
    update = installation.telegram.delivery(installation.telegram.said(CHAT, WORDS))
    for secret in (
        "",
        "X-Telegram-Bot-Api-Secret-Token: \r\n",
        update.headers.lower()[:-4] + "\r\n",
    ):
        assert spoken(port, closing(Callback(update.path, update.body, secret))) == 403


def test_large_heads_and_bodies_are_refused(one: tuple[Installation, int]) -> None:
    installation, port = one
    huge = Callback("/wechat", b"", f"X-A: {'a' * 200_000}\r\n")
    assert spoken(port, closing(huge)) in (None, 400, 431)
    many = Callback("/wechat", b"", "".join(f"X-{n}: a\r\n" for n in range(20_000)))
    assert spoken(port, closing(many)) in (None, 400, 431)
    for path, headers in (
        ("/wechat", ""),
        ("/wecom", ""),
        ("/api/turn", "Content-Type: application/json\r\n"),
        ("/telegram", installation.telegram.delivery({}).headers),
    ):
        body = b"<" * (3 * 2**20)
        assert spoken(port, closing(Callback(path, body, headers))) in (413, None)
    deep = b'{"update_id":1,"message":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    callback = Callback("/telegram", deep, installation.telegram.delivery({}).headers)
    assert spoken(port, closing(callback)) in (200, 400)


def test_slow_clients_do_not_hold_up_others(one: tuple[Installation, int]) -> None:
    installation, port = one

    async def dribble(head: bytes) -> None:
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            for byte in itertools.chain(head, itertools.repeat(97)):
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(0.2)

    async def everybody() -> list[float]:
        body = b"POST /wechat?signature=1 HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n"
        slow = [asyncio.create_task(dribble(b"GET / HT")) for _ in range(100)]
        slow += [asyncio.create_task(dribble(body)) for _ in range(100)]
        await asyncio.sleep(1)
        wire, took = Wire(port), []
        for number in range(20):
            said = installation.wechat.said(f"{USER[:-2]}{number:02d}", "老板不发工资怎么办")
            started = time.monotonic()
            status, answer = await wire.post(installation.wechat.delivery(said))
            assert status == 200 and installation.wechat.shown(answer)
            took.append(time.monotonic() - started)
        for task in slow:
            task.cancel()
        await asyncio.gather(*slow, return_exceptions=True)
        return took

    assert sorted(asyncio.run(everybody()))[17] < 1


# Sending


def closing(callback: Callback) -> bytes:
    headers = callback.headers + "Connection: close\r\n"
    return Callback(callback.path, callback.body, headers).bytes()


def whole(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")


def spoken(port: int, request: bytes, patience: float = 10.0) -> int | None:
    """The status of the answer; None where the service hung up without one, or waits for more."""
    with socket.create_connection(("127.0.0.1", port), timeout=patience) as connection:
        head = b""
        with contextlib.suppress(ConnectionError):  # it may hang up before it has read all
            connection.sendall(request)
        with contextlib.suppress(ConnectionError, TimeoutError):
            while b"\r\n" not in head and (part := connection.recv(4096)):
                head += part
    return int(head.split()[1]) if head.startswith(b"HTTP/") else None
