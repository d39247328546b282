"""A worker at the quiz on a small phone, in a real Chromium: without scripts, by thumb and by keys.

Screenshots go to artifacts/screenshots/.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from quizhome import CAMPAIGN, PUBLIC, build_home, open_round

from bot.assistant import Assistant
from bot.campaign.codes import make_codes
from bot.campaign.plan import Prizes
from bot.campaign.sheets import WECHAT, Way, poster, slips
from bot.channels.web import make_app
from bot.release import open_release
from bot.sim.server import Server
from bot.storage.store import open_store

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SHOTS = Path(__file__).parent.parent.parent / "artifacts" / "screenshots"
SMALL = {"width": 360, "height": 640}


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """Address and campaigns of a running site."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    home = tmp_path_factory.mktemp("quiz")
    settings = build_home(home)
    store = open_store(f"sqlite:///{home / 'live.db'}")
    campaigns = open_round(store, replace(CAMPAIGN, draw=Prizes(1, "伞", "drand")))
    open_round(store, PUBLIC)
    seen = open_release(settings).on(CAMPAIGN.opens.today())
    server = Server(make_app(Assistant(lambda: seen, store), lambda: seen, settings))
    server.start()
    yield server.url, campaigns
    server.stop()


@pytest.fixture(params=["light", "dark"])
def phone(browser, request):
    context = browser.new_context(
        viewport=SMALL, is_mobile=True, has_touch=True, java_script_enabled=False,
        color_scheme=request.param, device_scale_factor=2,
    )  # fmt: skip
    page = context.new_page()
    page.scheme = request.param
    yield page
    assert context.cookies() == []
    context.close()


def fits(page) -> None:
    """Nothing to scroll sideways for, and every target is large enough for a thumb."""
    assert page.locator("html").bounding_box()["width"] <= SMALL["width"]
    targets = page.locator(".quiz-option, .quiz-go, .quiz-unsure").all()
    for target in targets:
        box = target.bounding_box()
        assert box["height"] >= 44 and box["x"] >= 0
        assert box["x"] + box["width"] <= SMALL["width"]


def shot(page, name: str) -> None:
    page.screenshot(path=SHOTS / f"quiz-{name}-{page.scheme}.png", full_page=True)


def test_a_whole_quiz_by_thumb_without_scripts(phone, served):
    url, campaigns = served
    code = make_codes(campaigns.get("autumn").key, "autumn", "u1", 1)[0]
    before = len(campaigns.attempts("autumn"))
    phone.goto(f"{url}/quiz/q-autumn_u1")
    fits(phone)
    shot(phone, "door")
    phone.fill("#code", code.lower())
    phone.get_by_role("button", name="开始答题").tap()
    phone.wait_for_url(f"{url}/quiz")
    for number in range(1, 13):
        phone.get_by_text(f"第 {number} 题，共 12 题").wait_for()
        fits(phone)
        if number == 1:
            phone.get_by_role("button", name="交这一题").tap()
            phone.get_by_role("alert").wait_for()
        if number == 3:
            phone.get_by_role("button", name="不知道").tap()
            continue
        if number == 4:
            shot(phone, "told")
        phone.locator(".quiz-option").first.tap()
        if phone.get_by_text("可以选几个").count():
            phone.locator(".quiz-option").nth(2).tap()
            assert phone.locator("input:checked").count() == 2
            shot(phone, "several")
        phone.get_by_role("button", name="交这一题").tap()
    phone.get_by_text("答完了").wait_for()
    lot = phone.locator(".quiz-entry .code")
    assert lot.bounding_box()["height"] < 45, "a code on one line"
    shot(phone, "end")
    assert len(campaigns.attempts("autumn")) == before + 1


def test_by_keys_alone(phone, served):
    url, _ = served
    phone.goto(f"{url}/quiz/q-open_u2")
    phone.get_by_role("button", name="开始答题").focus()
    phone.keyboard.press("Enter")
    phone.locator("input[name=pick]").first.focus()
    phone.keyboard.press("Space")
    assert phone.locator("input:checked").count() == 1
    phone.keyboard.press("Enter")
    phone.get_by_text("第 2 题，共 12 题").wait_for()


def test_printed_pages_break_where_they_should(browser, tmp_path):
    """Ten slips on a page, none cut in two; a poster is one page."""
    pypdf = pytest.importorskip("pypdf", reason="pip install pypdf")
    made = make_codes(b"k" * 32, "autumn", "u1", 23)
    unit = replace(CAMPAIGN.units[0], name="名字很长很长很长很长的某某纺织有限责任公司第三分厂")
    page = browser.new_page()
    (tmp_path / "slips.html").write_text(
        slips(CAMPAIGN, unit, made, "https://xst.example.org"), encoding="utf-8"
    )
    others = [Way(WECHAT, "http://weixin.qq.com/q/02abc"), Way("Telegram", "https://t.me/b")]
    long = replace(
        CAMPAIGN, title="一个长到不能再长的活动名字一个长到不能再长的活动名字一个长到不能再长"
    )
    (tmp_path / "poster.html").write_text(
        poster(long, unit, "https://xst.example.org", others), encoding="utf-8"
    )
    pages = {}
    for name in ("slips", "poster"):
        page.goto(f"file://{tmp_path}/{name}.html")
        page.pdf(path=tmp_path / f"{name}.pdf", prefer_css_page_size=True)
        page.screenshot(path=SHOTS / f"{name}.png", full_page=True)
        pages[name] = [p.extract_text() for p in pypdf.PdfReader(tmp_path / f"{name}.pdf").pages]
    assert len(pages["poster"]) == 1
    counts = [sum(c in text for c in made) for text in pages["slips"]]
    assert counts == [10, 10, 3]
    assert "只在屏幕上显示" not in "".join(pages["slips"])
