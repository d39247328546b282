"""A person at the page: real Chromium, a real `xst serve`, at a desk and on a phone.

`CHROMIUM` names the browser (else /usr/bin/chromium), `BROWSER_HOME` a built XST_HOME
(else a small one is built). Screenshots go to artifacts/screenshots/.
"""

import importlib.util
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]

HERE = Path(__file__).parent
SHOTS = HERE.parent.parent / "artifacts" / "screenshots"
GIVEN = os.environ.get("BROWSER_HOME", "")
DESK, PHONE, NARROW = (1280, 900), (390, 844), (320, 568)

_SPEC = importlib.util.spec_from_file_location("small_home", HERE / "small_home.py")
small = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(small)
QUESTION = "公司收到工资协商要约，多少天内要答复？" if GIVEN else small.QUESTION
SECOND = "老板拖欠工资三个月" if GIVEN else "对方不答复怎么办"


@pytest.fixture(scope="session")
def served(tmp_path_factory):
    """The address of a running server."""
    home = Path(GIVEN) if GIVEN else tmp_path_factory.mktemp("browser") / "home"
    if not GIVEN:
        small.build_home(home)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    known = {k: v for k, v in os.environ.items() if not k.startswith("XST_")}
    command = [sys.executable, "-c", "from bot.cli import main; main()"]
    log = (home.parent / f"serve-{port}.log").open("wb") if not GIVEN else subprocess.DEVNULL
    server = subprocess.Popen(
        [*command, "serve", "--port", str(port), "--no-sample"],
        env=known | {"XST_HOME": str(home)},
        stdout=log,
        stderr=subprocess.STDOUT,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            assert server.poll() is None, "xst serve ended"
            try:
                urllib.request.urlopen(f"{address}/healthz", timeout=1).close()
                break
            except OSError:
                time.sleep(0.1)
        else:
            pytest.fail("xst serve did not start within 30 s")
        yield address
    finally:
        server.terminate()
        server.wait(10)


@pytest.fixture
def visit(browser, served):
    """Open the chat; at the end, no error was on the console and no other host was asked."""
    contexts, troubles = [], []

    def open_page(size=DESK, scripts=True, dark=False, expected="nothing"):
        phone = size[0] < 600
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            device_scale_factor=2 if phone else 1,
            is_mobile=phone,
            has_touch=phone,
            java_script_enabled=scripts,
            color_scheme="dark" if dark else "light",
            locale="zh-CN",
        )
        contexts.append(context)
        context.on(
            "request",
            lambda r: None if r.url.startswith(served) else troubles.append(f"asked {r.url}"),
        )
        context.on(
            "console",
            lambda m: (
                troubles.append(m.text)
                if m.type in ("error", "warning") and expected not in m.text
                else None
            ),
        )
        context.on("weberror", lambda e: troubles.append(str(e.error)))
        page = context.new_page()
        page.goto(served)
        return page

    yield open_page
    cookies = [c for context in contexts for c in context.cookies()]
    for context in contexts:
        context.close()
    assert not troubles
    assert not cookies


def shoot(page, name, whole=False):
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SHOTS / f"{name}.png", full_page=whole)


def fits(page):
    """Nothing sticks out sideways."""
    wide, view = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert wide <= view, f"{wide} px wide in a window of {view}"
    out = page.evaluate(
        """[...document.querySelectorAll('main *, .dock *, .foot *, .top *')].filter(e => {
            const r = e.getBoundingClientRect();
            return r.width > 1 && r.right > innerWidth + 1 && !e.closest('.unseen, .skip');
        }).map(e => e.className || e.tagName)"""
    )
    assert not out


def ask(page, text):
    before = page.locator(".exchange").count()
    page.fill("#text", text)
    page.click(".send")
    return before


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", [DESK, PHONE, NARROW], ids=["desk", "phone", "narrow"])
def test_a_question_a_province_and_an_article(visit, size, dark):
    page = visit(size, dark=dark)
    name = f"{size[0]}-{'dark' if dark else 'light'}"
    fits(page)
    shoot(page, f"{name}-1-welcome")
    ask(page, QUESTION)
    page.wait_for_selector(".exchange .basis")
    assert "20日内" in page.locator(".said").last.inner_text()
    assert page.locator(".asked").last.is_visible()
    assert page.locator(".asked").last.bounding_box()["y"] >= 0
    fits(page)
    page.wait_for_timeout(300)
    shoot(page, f"{name}-2-answer")
    page.locator(".places button", has_text="河南").click()
    page.locator(".exchange .basis").nth(1).wait_for()
    assert "10个工作日" in page.locator(".said").last.inner_text()
    assert page.locator("#region").inner_text() == "河南"
    fits(page)
    page.wait_for_timeout(300)
    shoot(page, f"{name}-3-province")
    page.locator(".exchange").last.locator(".cite a").first.click()
    page.wait_for_selector("dialog[open] .words")
    assert re.search("第.+条", page.locator("dialog h1").inner_text())
    fits(page)
    shoot(page, f"{name}-4-article")
    page.locator("dialog .crumbs a").click()
    page.wait_for_selector("dialog .whole-text")
    page.go_back()
    page.wait_for_selector("dialog .turn")
    page.go_back()
    page.wait_for_selector("dialog", state="hidden")
    # The conversation is still there: reading a law costs nobody what was said.
    assert page.locator(".exchange").count() == 2
    ask(page, "不想活了")
    page.wait_for_selector(".escalate")
    assert page.locator('.escalate a[href="tel:120"]').first.is_visible()
    fits(page)
    page.wait_for_timeout(300)
    shoot(page, f"{name}-5-danger")


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_the_same_without_scripts(visit, size):
    page = visit(size, scripts=False)
    name = f"{size[0]}-noscript"
    ask(page, QUESTION)
    page.wait_for_selector("#now .basis")
    page.locator(".places button", has_text="河南").click()
    page.wait_for_selector(".past")
    assert "10个工作日" in page.locator("#now .said").inner_text()
    assert QUESTION in page.locator(".past").inner_text()
    assert page.locator("#now").bounding_box()["y"] < size[1] / 2
    shoot(page, f"{name}-answer")
    with page.context.expect_page() as opened:
        page.locator("#now .cite a").first.click()
    article = opened.value
    article.wait_for_selector(".words")
    shoot(article, f"{name}-article", whole=True)
    ask(page, SECOND)
    page.wait_for_load_state()
    assert page.locator("#region").inner_text() == "河南"
    page.locator(".place summary").click()
    page.select_option("#pick", "山东")
    page.locator(".sheet .strong").click()
    page.wait_for_load_state()
    assert page.locator("#region").inner_text() == "山东"


def test_the_keyboard_is_enough(visit):
    page = visit(DESK)
    page.focus("#text")
    page.keyboard.type(QUESTION)
    page.keyboard.press("Enter")
    page.wait_for_selector(".exchange .basis")
    page.wait_for_selector("#text:focus")
    page.focus(".exchange .cite a")
    page.keyboard.press("Enter")
    page.wait_for_selector("dialog[open] .words")
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog", state="hidden")


def test_a_double_press_asks_once(visit):
    page = visit(DESK)
    page.fill("#text", QUESTION)
    page.evaluate("() => { const b = document.querySelector('.send'); b.click(); b.click(); }")
    page.wait_for_selector(".exchange .basis")
    assert page.locator(".exchange").count() == 1


def test_a_lost_connection_keeps_what_was_typed(visit):
    page = visit(PHONE, expected="502")
    page.route(
        "**/api/turn", lambda route: route.fulfill(status=502, body="<html>bad gateway</html>")
    )
    ask(page, QUESTION)
    page.wait_for_selector(".trouble")
    assert page.input_value("#text") == QUESTION
    page.unroute("**/api/turn")
    page.click(".send")
    page.wait_for_selector(".exchange .basis")


def test_pages_fit_a_narrow_phone(visit, served):
    page = visit(NARROW)
    for path in ("/about", "/privacy"):
        page.goto(served + path)
        fits(page)
        shoot(page, f"320{path.replace('/', '-')}", whole=True)
