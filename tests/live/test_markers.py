"""No secret, no platform id and no word of anybody's is in a log, a file or the database."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import quote

import pytest
from live.kit import Installation, Zygote, cold, free_port, fresh_database, get
from live.nasty import Nasty
from sqlalchemy import select

from bot.sim.callbacks import WeComSide
from bot.sim.server import Server
from bot.sim.wire import Callback, Wire
from bot.storage.store import Store
from bot.storage.tables import METADATA

pytestmark = pytest.mark.live

OPENID, OTHER_OPENID = "oMARKxq7vZk3JwTn5RfYb8LdPc2g", "oGONExw2mVb9KrHs4DjQt6NyZf1u"
MEMBER, CHAT, NAME = "mark.member-xq7vzk", 7305518264, "MarkNamexq7vzk"
WORDS = "夜班补助厂长赖账鹦鹉螺"
ACCESS = "ACCESSxq7vZk3JwTn5RfYb8LdPc2gHm"


def test_no_secret_id_or_word_is_written_anywhere(kind: str, release: Path, tmp_path: Path) -> None:
    """Complaint 25."""
    nasty = Nasty(ACCESS)
    api = Server(nasty.app)
    api.start()
    try:
        with fresh_database(kind) as database:
            one = Installation(tmp_path / "one", release, database, api.url, "", WeComSide())
            port = free_port()
            with cold(one, port):
                asyncio.run(everything(one, port))
            assert nasty.calls > 8, "the APIs were not asked: nothing is proved"
            found = scan(markers(one), everywhere(one))
    finally:
        api.stop()
    assert found == []


@pytest.fixture(params=["sqlite", "postgresql"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_words_are_gone_also_when_the_service_was_killed(
    kind: str, release: Path, zygote: Zygote, tmp_path: Path
) -> None:
    with fresh_database(kind) as database:
        one = Installation(
            tmp_path / "one", release, database, "http://127.0.0.1:9", "", WeComSide()
        )
        port = free_port()
        service = zygote.serve(one, port)
        service.wait_ready()
        asyncio.run(everything(one, port, soon=True))
        service.kill()
        assert scan(markers(one), everywhere(one)) == []


def test_the_scan_finds_a_marker_in_every_form(tmp_path: Path) -> None:
    for number, shape in enumerate(shapes(WORDS)):
        (tmp_path / f"{number}").write_bytes(b"before " + shape + b" after")
    found = scan({"words": WORDS}, files(tmp_path))
    assert len(found) == len(shapes(WORDS)) >= 9
    assert scan({"words": "谁也没说过的话"}, files(tmp_path)) == []


# What is done


async def everything(one: Installation, port: int, soon: bool = False) -> None:
    """Say and do everything on every channel, rightly and wrongly."""
    wire = Wire(port)

    async def post(callback: Callback, expected: tuple[int, ...] = (200,)) -> None:
        status, _ = await wire.post(callback, 10.0)
        assert status in expected, (callback.path.partition("?")[0], status)

    wechat, telegram, wecom = one.wechat, one.telegram, one.wecom
    assert wecom
    for said in (
        wechat.event(OPENID, "subscribe", f"qrscene_{NAME}"),
        wechat.said(OPENID, WORDS),
        wechat.said(OPENID, "真人", "person"),
        wechat.said(OPENID, f"{WORDS}怎么办"),
        wechat.event(OPENID, "CLICK", f"ask:{WORDS}"),
        wechat.event(OPENID, "VIEW", f"https://example.org/{NAME}"),
        wechat.event(OPENID, "SCAN", NAME),
        wechat.event(OPENID, "CLICK", f"region:{WORDS}"),
        wechat.event(OPENID, "CLICK", NAME),
        wechat.said(OTHER_OPENID, WORDS),
        wechat.event(OTHER_OPENID, "unsubscribe"),
    ):
        await post(wechat.delivery(said), (200, 503))
    for update in (
        telegram.said(CHAT, f"/start {NAME}"),
        telegram.said(CHAT, WORDS),
        telegram.pressed(CHAT, "person"),
        telegram.said(CHAT, f"{WORDS}怎么办"),
        telegram.pressed(CHAT, f"ask:{WORDS}"),
        telegram.pressed(CHAT, f"region:{WORDS}"),
        telegram.pressed(CHAT, "decline"),
        grouped(telegram.said(CHAT, f"@xst_bot {WORDS}")),
        {**telegram.said(CHAT, WORDS), "message": {"text": WORDS, "from": NAME}},
    ):
        await post(telegram.delivery(update))
    for text in (WORDS, f"{WORDS}怎么办", "转人工", WORDS):
        await post(wecom.delivery(wecom.xml(MEMBER, text)))
    said = json.dumps({"text": WORDS, "choice": "", "token": NAME}).encode()
    await post(Callback("/api/turn", said, "Content-Type: application/json\r\n"))
    # What is refused quotes the same.
    for path in ("/wechat", "/telegram", "/wecom", "/api/turn", "/law", f"/law/{NAME}/{OPENID}"):
        body = f"<xml><a>{WORDS}{OPENID}{one.telegram.token}".encode()
        await post(Callback(f"{path}?signature={NAME}&msg_signature=1", body), (400, 403, 404, 405))
    inner = f"<xml><FromUserName>{OPENID}</FromUserName><Content>{WORDS}</xml>"
    await post(wechat.sealed(inner, OPENID), (400,))
    await post(wecom.delivery(inner), (400,))
    wire.close()
    if not soon:
        await asyncio.sleep(8)  # calls fail, are tried again, and fail
    assert get(port, "/healthz")[0] == 200


def grouped(update: dict) -> dict:
    """The same said in a group, by somebody with a name."""
    message = update["message"]
    group = {"id": -CHAT, "type": "supergroup", "title": WORDS}
    who = {**message["from"], "username": NAME, "last_name": WORDS}
    mention = [{"type": "mention", "offset": 0, "length": 8}]
    return {**update, "message": {**message, "chat": group, "from": who, "entities": mention}}


# What is looked for, and where


def markers(one: Installation) -> dict[str, str]:
    account, wecom = one.wechat.account, one.wecom
    assert wecom
    return {
        "openid": OPENID,
        "openid of who left": OTHER_OPENID,
        "member": MEMBER,
        "chat": str(CHAT),
        "name": NAME,
        "words": WORDS,
        "access token": ACCESS,
        "WeChat's token": account.token,
        "WeChat's key": account.aes_key,
        "WeChat's secret": account.secret,
        "Telegram's token": one.telegram.token,
        "Telegram's token without number": one.telegram.token.partition(":")[2],
        "Telegram's secret": one.telegram.secret,
        "WeCom's token": wecom.token,
        "WeCom's key": wecom.aes_key,
        "WeCom's secret": wecom.secret,
    }


def shapes(text: str) -> list[bytes]:
    """How a text might stand in a file: plain, in other encodings, hexadecimal, Base64 (at each
    of three places in a group of three bytes), as in an address or in JSON."""
    raw = text.encode()
    found = [raw, text.encode("utf-16-le"), text.encode("utf-16-be"), text.encode("gb18030")]
    found += [raw.hex().encode(), raw.hex().upper().encode()]
    found += [quote(text).encode(), json.dumps(text)[1:-1].encode()]
    for shift in range(3):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            sealed = encode(b"\0" * shift + raw)
            found.append(sealed[4 if shift else 0 : len(sealed) // 4 * 4 - 4])
    return list(dict.fromkeys(found))


def everywhere(one: Installation) -> Iterator[tuple[str, bytes]]:
    """Every file of the installation, its log among them, and every row of the database."""
    yield from files(one.folder)
    yield from rows(one.store())


def files(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path.name, path.read_bytes()


def rows(store: Store) -> Iterator[tuple[str, bytes]]:
    with store.reading() as connection:
        for table in METADATA.sorted_tables:
            for row in connection.execute(select(table)):
                for name, value in row._mapping.items():
                    raw = value if isinstance(value, bytes) else str(value).encode()
                    yield f"{table.name}.{name}", raw
    store.engine.dispose()


def scan(looked_for: Mapping[str, str], places: Iterator[tuple[str, bytes]]) -> list[str]:
    """「marker in place」 for every find; never the marker itself."""
    wanted = {name: shapes(text) for name, text in looked_for.items()}
    return sorted(
        {
            f"{name} in {place}"
            for place, raw in places
            for name, forms in wanted.items()
            if any(form in raw for form in forms)
        }
    )
