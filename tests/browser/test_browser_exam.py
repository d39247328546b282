"""The exam on a phone without scripts, and the page that verifies certificates, in Chromium."""

import threading
import time
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
import uvicorn
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from exam_items import DAY, Room
from starlette.middleware import Middleware

from bot.channels.drawpage import HERE as STATIC
from bot.channels.guard import Guard
from bot.exam.certificate import (
    Certificate,
    Status,
    find,
    read_status,
    sign,
    sign_status,
    verify,
)
from bot.exam.checkpage import HERE, certificate_routes
from bot.exam.issuing import due, issue
from bot.exam.keys import Key, key_id, keys_in, retire, write_keys
from bot.exam.opening import papers
from bot.exam.pages import exam_routes, make_exam_app
from bot.exam.paper import find_font, paper
from bot.exam.rules import ExamError

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SHOTS = Path(__file__).parent.parent.parent / "artifacts" / "screenshots"
PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = PRIVATE.public_key().public_bytes_raw()
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(32))
KEYS = [Key(key_id(PUBLIC), PUBLIC, date(2026, 1, 1))]
PASSED = Certificate(
    "XST-2026-7F3K-9QMA", "虚构市虚构区总工会", "欧阳娜娜", "虚构市第二纺织机械有限公司",
    DAY, date(2029, 11, 20), DAY, 49, 60, 42, "0123456789abcdef", "",
)  # fmt: skip
TOKEN = sign(PASSED, PRIVATE)


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    return Room(tmp_path_factory.mktemp("exam"), names=("欧阳娜娜", "李四"))


@pytest.fixture(scope="module")
def served(room):
    folder = room.folder
    write_keys(folder / "keys.json", KEYS)
    listed = sign_status(Status("", DAY, DAY + timedelta(days=31)), PRIVATE)
    (folder / "status.txt").write_text(listed, encoding="utf-8")
    checking = certificate_routes(folder / "keys.json", folder / "status.txt", STATIC, lambda: DAY)
    app = make_exam_app([*exam_routes(room.exam, papers("")), *checking], STATIC)
    app.user_middleware.append(Middleware(Guard, fault=None))
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(5)


@pytest.fixture
def visit(browser):
    """A phone's page; nothing is said on the console, no other host is asked, no cookie is set."""
    contexts, troubles = [], []

    def open_page(address, scripts=True, size=(390, 844), dark=False):
        near = address.partition("//")[2].partition("/")[0]
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]}, device_scale_factor=2,
            is_mobile=True, has_touch=True, java_script_enabled=scripts, locale="zh-CN",
            color_scheme="dark" if dark else "light", accept_downloads=True,
        )  # fmt: skip
        contexts.append(context)
        context.on("request", lambda r: None if near in r.url else troubles.append(r.url))
        context.on("console", lambda m: troubles.append(m.text))
        context.on("weberror", lambda e: troubles.append(str(e.error)))
        page = context.new_page()
        page.goto(address)
        return page

    yield open_page
    cookies = [c for context in contexts for c in context.cookies()]
    for context in contexts:
        context.close()
    assert not troubles and not cookies


def shoot(page, name):
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SHOTS / f"{name}.png", full_page=True)


def fits(page):
    wide = page.locator("html").bounding_box()["width"]
    for e in page.locator("main *").all():
        box = e.bounding_box()
        assert box is None or box["x"] + box["width"] <= wide + 1, e.evaluate("e => e.outerHTML")


def test_a_candidate_sits_the_exam_on_a_phone_without_scripts(visit, served, room):
    number = room.numbers[0]
    page = visit(f"{served}/exam", scripts=False)
    shoot(page, "390-exam-enter")
    page.fill("#number", number)
    page.fill("#secret", room.secrets[number].lower())
    page.click("text=进入")
    page.wait_for_selector("text=开始考试")
    shoot(page, "390-exam-ready")
    page.click("text=开始考试")
    for place in range(1, 61):
        page.wait_for_selector(f"text=第 {place} 题，共 60 题")
        several = page.locator("input[type=checkbox]").count() > 0
        right = page.locator(".option", has_text="对" if place <= 50 else "错")
        for n in range(right.count() if several else 1):
            right.nth(n).click()
        if place in (1, 2) or (several and place < 10):
            shoot(page, f"390-exam-question{'-several' if several else ''}")
        page.click("text=交这一题")
        if place == 30:
            page.wait_for_selector("text=第 31 题")
            page.click("text=看看答了哪些")
            page.wait_for_selector(".places")
            shoot(page, "390-exam-review")
            page.click("text=接着答")
    page.wait_for_selector("h1:has-text('都答完了')")
    page.click("button:has-text('交卷')")
    page.wait_for_selector(".score")
    assert "50 / 60" in page.inner_text(".score").replace("\n", " ")
    assert "通过" in page.inner_text(".score")
    shoot(page, "390-exam-passed")
    [(person, sitting)] = due(room.exam.store)
    issue(room.exam.store, person, sitting, "虚构区总工会", PRIVATE, DAY)
    again = visit(f"{served}/exam", scripts=False, size=(320, 568), dark=True)
    again.fill("#number", number)
    again.fill("#secret", room.secrets[number])
    again.click("text=进入")
    with again.expect_download() as download:
        again.click("text=下载证书")
    assert download.value.suggested_filename.startswith("XST-2026-")
    shoot(again, "320-exam-passed-dark")


def test_everything_fits_a_narrow_phone(visit, served, room):
    number = room.numbers[1]
    page = visit(f"{served}/exam", size=(320, 568))
    fits(page)
    page.fill("#number", number)
    page.fill("#secret", room.secrets[number])
    page.click("text=进入")
    page.wait_for_selector("text=开始考试")
    fits(page)
    page.click("text=开始考试")
    page.wait_for_selector(".option")
    fits(page)
    assert page.evaluate("getComputedStyle(document.documentElement).fontSize") == "19px"
    small = page.evaluate(
        "[...document.querySelectorAll('.option, button')].filter(e => e.offsetHeight < 44).length"
    )
    assert small == 0
    page.click("text=看看答了哪些")
    page.wait_for_selector(".places")
    fits(page)
    page.goto(f"{served}/certificate/")
    fits(page)


# The certificate's page


def in_browser(page, token, keys, day, listed=""):
    return page.evaluate(
        """async ([token, keys, day, listed]) => {
            try {
                const list = await xstCertificate.keysIn(keys);
                const status = listed ? await xstCertificate.readStatus(listed, list) : null;
                return (await xstCertificate.verify(token, list, day, status)).slice(0, 2);
            } catch (e) { return e.message; }
        }""",
        [token, keys, str(day), listed],
    )


def in_python(token, keys, day, listed=""):
    try:
        found = keys_in(keys)
        status = read_status(listed, found) if listed else None
        verdict = verify(token, found, day, status)
        return [verdict.good, list(verdict.says)]
    except ExamError as error:
        return str(error)


def cases(tmp_path):
    """Certificates good and bad, keys right and wrong, days before and after, lists new and old."""

    def written(keys):
        write_keys(tmp_path / "k.json", keys)
        return (tmp_path / "k.json").read_text(encoding="utf-8")

    keys = written(KEYS)
    head, body, signature = TOKEN.split(".")
    until = DAY + timedelta(days=31)
    yield TOKEN, keys, DAY
    for bad in (
        TOKEN[:-9] + ("A" if TOKEN[-9] != "A" else "B") + TOKEN[-8:],
        f"{head}.{body[:40]}x{body[41:]}.{signature}",
        f"{head}.{body}.{signature[:-1]}",
        sign(replace(PASSED, name="李四"), OTHER),
        sign_status(Status("", DAY, DAY), PRIVATE),
        "XSTC1.e30." + signature,
        "XSTC1.W10." + signature,
        "",
    ):
        yield bad, keys, DAY
    for day in (DAY - timedelta(days=1), date(2029, 11, 20), date(2029, 11, 21)):
        yield TOKEN, keys, day
    yield TOKEN, written(retire(KEYS, KEYS[0].id, DAY)), DAY
    yield TOKEN, written(retire(KEYS, KEYS[0].id, DAY - timedelta(days=1))), DAY
    yield TOKEN, written(retire(KEYS, KEYS[0].id, date.min)), DAY
    yield TOKEN, keys.replace(KEYS[0].id, "00000000"), DAY
    yield TOKEN, "{}", DAY
    yield TOKEN, "abc", DAY
    for made, day in (
        (Status("", DAY, until), DAY),
        (Status("", DAY, until), until + timedelta(days=1)),
        (Status("", DAY, until, {PASSED.serial: "2026-12-01"}), DAY),
        (Status("", DAY, until, {"other": "2026-12-01"}, ("more",)), DAY),
        (Status("", DAY, until, {}, (PASSED.serial,)), DAY),
        (Status("", DAY, until, {PASSED.serial: "2026-12-01"}, (PASSED.serial,)), date(2030, 1, 1)),
    ):
        yield TOKEN, keys, day, sign_status(made, PRIVATE)
    yield TOKEN, keys, DAY, sign_status(Status("", DAY, until), OTHER)
    yield TOKEN, keys, DAY, TOKEN


@pytest.mark.parametrize("saved", [False, True], ids=["served", "file"])
def test_the_page_says_what_python_says(visit, served, tmp_path, saved):
    address = f"{served}/certificate/"
    if saved:
        folder = tmp_path / "saved"
        folder.mkdir()
        for file in (*HERE.iterdir(), STATIC / "chat.css", STATIC / "icon.svg"):
            (folder / file.name).write_bytes(file.read_bytes())
        address = (folder / "certificate.html").as_uri()
    page = visit(address)
    assert page.evaluate("xstCertificate.able()"), "this Chromium has no Ed25519"
    number = 0
    for case in cases(tmp_path):
        number += 1
        assert in_browser(page, *case) == in_python(*case), case
    assert number > 20


def test_a_scanned_code_opens_its_verdict(visit, served):
    page = visit(f"{served}/certificate/#{TOKEN}")
    page.wait_for_selector("#result:not([hidden])")
    assert "签名有效" in page.inner_text("#verdict")
    assert "欧阳娜娜" in page.inner_text("#paper")
    shoot(page, "390-certificate-good")
    page.goto("about:blank")
    page.goto(f"{served}/certificate/#{TOKEN[:-9]}AAAA{TOKEN[-5:]}")
    page.wait_for_selector("#verdict.bad")
    assert "签名不对" in page.inner_text("#verdict") and not page.inner_text("#paper")
    shoot(page, "390-certificate-bad")


def test_a_pdf_is_read_in_the_browser_alone(visit, served, tmp_path):
    page = visit(f"{served}/certificate/")
    for number, font in enumerate((None, find_font())):
        path = tmp_path / f"{number}.pdf"
        path.write_bytes(paper(TOKEN, "https://xst.example/certificate/", font))
        page.set_input_files("#file", path)
        page.click("button[type=submit]")
        page.wait_for_selector("#result:not([hidden])")
        assert "欧阳娜娜" in page.inner_text("#paper")


def test_without_scripts_or_ed25519_the_server_verifies(visit, served, browser):
    page = visit(f"{served}/certificate/", scripts=False)
    page.fill("#text", TOKEN)
    page.click("button[type=submit]")
    page.wait_for_selector("#served")
    assert "签名有效" in page.inner_text("#served") and "欧阳娜娜" in page.inner_text("#served")
    old = visit(f"{served}/certificate/")
    old.context.add_init_script(
        "if (self.SubtleCrypto) SubtleCrypto.prototype.importKey = () => Promise.reject('old')"
    )
    old.goto("about:blank")
    old.goto(f"{served}/certificate/#{TOKEN}")
    old.wait_for_selector("#cannot:not([hidden])")
    assert "由这个网站来算" in old.inner_text("#cannot")
    old.click("button[type=submit]")
    old.wait_for_selector("#served")
    assert "签名有效" in old.inner_text("#served")


def test_the_certificate_as_people_see_it(chromium, tmp_path):
    """The PDF as Chromium renders it; its code is read from that picture."""
    zxingcpp = pytest.importorskip("zxingcpp")
    image = pytest.importorskip("PIL.Image")
    opened = chromium.launch(more=["--headless=new"], headless=False)
    page = opened.new_page(viewport={"width": 1000, "height": 1400})
    SHOTS.mkdir(parents=True, exist_ok=True)
    for name, font in (("embedded", find_font()), ("reader", None)):
        if name == "embedded" and font is None:
            continue
        path = tmp_path / f"{name}.pdf"
        path.write_bytes(paper(TOKEN, "https://xst.example.gov.cn/certificate/", font))
        page.goto(f"{path.as_uri()}#toolbar=0&navpanes=0&view=Fit")
        shot = SHOTS / f"certificate-{name}.png"
        for _ in range(40):
            time.sleep(0.25)
            page.screenshot(path=shot)
            with image.open(shot) as picture:
                codes = zxingcpp.read_barcodes(picture)
            if codes:
                break
        assert codes and find(codes[0].text) == TOKEN
        assert verify(find(codes[0].text), KEYS, DAY).good
    opened.close()
