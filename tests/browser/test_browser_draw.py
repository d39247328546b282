"""The page that checks a draw, in a real Chromium: from a file and served, as Python says."""

import copy
import hashlib
import json
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware

from bot.channels.drawpage import HERE, draw_routes
from bot.channels.guard import Guard
from bot.draw.check import announce, verify
from bot.draw.lots import close, draw, entry_of
from bot.draw.record import (
    PUBLIC,
    Beacon,
    DrawError,
    Prize,
    Record,
    digest,
    moment,
    read_record,
    write_record,
)

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SHOTS = Path(__file__).parent.parent.parent / "artifacts" / "screenshots"
CODES = [f"TEST-{n:04}-AAAA-0000" for n in range(120)]
SEED, BEACON = bytes(range(32)), "5a" * 32
OPENS, CLOSES = datetime(2026, 12, 1, tzinfo=UTC), datetime(2026, 12, 20, 10, tzinfo=UTC)


def record(stage=3, beacon=None, said=BEACON, withheld=""):
    announced = announce(
        title="有奖问答<script>alert(1)</script>",
        organiser="虚构区总工会",
        prizes=[Prize("一等奖：电饭煲", 1, 60_000), Prize("二等奖：保温杯", 5, 60)],
        opens=OPENS,
        closes=CLOSES,
        claim="到服务窗口凭码领取",
        rules="一人一次，\n“公布”后不改\t\u2028",
        seed=SEED,
        now=OPENS - timedelta(days=3),
        reserves=3,
        beacon=beacon,
    )
    if stage == 1:
        return Record(announced)
    closed = close(announced, [entry_of(c) for c in CODES], CLOSES)
    if stage == 2:
        return closed
    when = moment(announced.reveal_by if withheld else announced.beacon.at) + timedelta(hours=1)
    return draw(closed, b"" if withheld else SEED, said, when, withheld)


@pytest.fixture(scope="module")
def served():
    app = Starlette(routes=draw_routes(), middleware=[Middleware(Guard, fault=None)])
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    for _ in range(200):
        if server.started:
            break
        time.sleep(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}/draw/"
    server.should_exit = True
    thread.join(5)


@pytest.fixture(params=["served", "file"])
def page(request, browser, served):
    """The page; whatever it asks for lies beside it, and nothing is said on the console."""
    address = served if request.param == "served" else (HERE / "draw.html").as_uri()
    near = address.rpartition("/")[0]
    context = browser.new_context(viewport={"width": 390, "height": 844}, locale="zh-CN")
    troubles = []
    context.on("request", lambda r: None if r.url.startswith(near) else troubles.append(r.url))
    context.on("console", lambda m: troubles.append(m.text))
    context.on("weberror", lambda e: troubles.append(str(e.error)))
    page = context.new_page()
    page.goto(address)
    yield page
    context.close()
    assert not troubles


def in_browser(page, text, pinned=(), beacon=""):
    """What the page's script finds: the findings, or its refusal."""
    return page.evaluate(
        """async ([text, pinned, beacon]) => {
            try { return await xstDraw.verify(xstDraw.read(text), pinned, beacon); }
            catch (e) { return e.message; }
        }""",
        [text, list(pinned), beacon],
    )


def in_python(text, pinned=(), beacon=""):
    try:
        return [[f.step, f.good, f.says] for f in verify(read_record(text), pinned, beacon)]
    except DrawError as error:
        return str(error)


def changed(change):
    raw = json.loads(write_record(record()))
    change(raw)
    return json.dumps(raw, ensure_ascii=False)


def tampered():
    """Every kind of record: whole, unfinished, altered in each field, and faulty in its form."""
    lottery = Beacon(PUBLIC, "2026-12-22T21:30:00+08:00", 0, "双色球开奖号码", "发行机构网站")
    yield from (write_record(record(stage)) for stage in (1, 2, 3))
    yield write_record(record(beacon=lottery, said="０１ 05 09 "))
    yield write_record(record(withheld="机器坏了"))
    whole = json.loads(write_record(record()))
    other = {str: "2026-12-21T00:00:00+08:00", int: 7, list: [], dict: {}}
    for step, fields in whole.items():
        for name, value in fields.items():
            for new in (other[type(value)], None, "", "ab" * 32, 1.5):
                raw = copy.deepcopy(whole)
                raw[step][name] = new
                yield json.dumps(raw, ensure_ascii=False)
            raw = copy.deepcopy(whole)
            del raw[step][name]
            yield json.dumps(raw)
    yield changed(lambda r: r["closed"]["entries"].pop(3))
    yield changed(lambda r: r["closed"]["entries"].append(r["closed"]["entries"][0]))
    yield changed(lambda r: r["drawn"]["winners"].reverse())
    yield changed(lambda r: r["announcement"].update(opens="2026-02-30T00:00:00Z"))
    yield changed(lambda r: r["announcement"].update(opens="2026-11-30T00:00:00+24:00"))
    yield write_record(record()).replace('"seed":', '"seed": "", "seed":')


def test_the_page_finds_what_python_finds(page):
    """Some 200 records: step, judgement and words are the same."""
    number = 0
    for text in tampered():
        number += 1
        python = in_python(text)
        script = in_browser(page, text)
        assert script == python, text[:300]
    assert number > 150


def test_the_page_ranks_as_python_ranks(page):
    drawn = record()
    order = page.evaluate(
        """([entries, seed, root, beacon]) => xstDraw.ranking(entries,
            Uint8Array.from(seed), root, Uint8Array.from(beacon))""",
        [list(drawn.closed.entries), list(SEED), drawn.closed.root, list(bytes.fromhex(BEACON))],
    )
    winners = [*drawn.drawn.winners, *drawn.drawn.reserves]
    assert order[: len(winners)] == winners
    code = "7k2m—9Ｏit 4hvn-8pwd"
    assert page.evaluate("code => xstDraw.entryOf(code)", code) == entry_of(code)


def test_a_participant_checks_with_a_phone(page, tmp_path):
    drawn = record()
    file = tmp_path / "有奖问答.json"
    file.write_text(write_record(drawn), encoding="utf-8")
    lucky = next(c for c in CODES if entry_of(c) == drawn.drawn.winners[0])
    page.set_input_files("#file", file)
    page.fill("#code", lucky.lower())
    page.fill("#pinned", digest(drawn.closed)[:20])
    page.fill("#beacon", BEACON)
    page.click("button[type=submit]")
    page.wait_for_selector("#found li")
    assert "没有不符的地方" in page.inner_text("#verdict")
    assert page.inner_text("#mine") == "中奖：第 1 位，一等奖：电饭煲"
    assert page.locator("#winners li").count() == 6
    assert page.inner_text("#winners .own") == drawn.drawn.winners[0]
    assert "二等奖：保温杯 5 份，每份 60 元" in page.inner_text("#promised")
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 390
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SHOTS / "390-draw-good.png", full_page=True)
    added = hashlib.sha256(b"added").hexdigest()
    bad = changed(lambda r: r["closed"].update(entries=sorted([*r["closed"]["entries"], added])))
    file.write_text(bad, encoding="utf-8")
    page.set_input_files("#file", file)
    page.fill("#code", "TEST-9999-AAAA-0000")
    page.click("button[type=submit]")
    page.wait_for_selector("#verdict.bad")
    assert "“封存”这一步：名单与封存值不符" in page.inner_text("#verdict")
    assert "不在名单里" in page.inner_text("#mine")
    page.screenshot(path=SHOTS / "390-draw-bad.png", full_page=True)


def test_nonsense_gets_one_clear_line(page):
    page.click("button[type=submit]")
    page.wait_for_selector("#verdict.bad")
    assert "请先选抽奖记录文件" in page.inner_text("#verdict")
    page.fill("#text", "{")
    page.click("button[type=submit]")
    page.wait_for_function("document.querySelector('#verdict').textContent.includes('JSON')")
