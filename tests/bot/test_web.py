"""The web page: works without scripts, keeps nothing, trusts nothing that comes back."""

import html
import importlib.util
import json
import logging
import os
import re
import stat
from pathlib import Path
from urllib.parse import quote, unquote

import pytest
from starlette.testclient import TestClient

from bot import texts
from bot.channels import lawpage
from bot.channels import web as web_module
from bot.channels.lawpage import linked
from bot.channels.seal import Seal
from bot.channels.views import article_url, paragraphs, phones
from bot.channels.web import make_app
from bot.message import Cited, Reply
from bot.metrics import Metrics
from bot.persons import read_key
from bot.settings import ConfigError
from bot.turn import Session, Turn
from bot.wiring import make_assistant
from knowledge.plain import to_plain

_SPEC = importlib.util.spec_from_file_location(
    "small_home", Path(__file__).parent.parent / "browser" / "small_home.py"
)
small = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(small)

MARKER = "鹦鹉螺七号车间的暗号"
PAGES = (
    "/",
    "/rules",
    "/privacy",
    "/about",
    "/card/fable-no-reply",
    f"/law/{small.NEW}",
    "/no-such-page",
)


@pytest.fixture(scope="module")
def web_settings(tmp_path_factory):
    return small.build_home(tmp_path_factory.mktemp("web") / "home")


@pytest.fixture(scope="module")
def web_app(web_settings):
    assistant, current = make_assistant(web_settings)
    return make_app(assistant, current, web_settings)


@pytest.fixture
def web(web_app):
    return TestClient(web_app)


def field(page, name):
    found = re.search(rf'name="{name}" value="([^"]*)"', page.text)
    return html.unescape(found[1]) if found else ""


def post(web, page, text="", choice="", **more):
    """Send the page's own form, as a browser without scripts does."""
    data = {"token": field(page, "token"), "past": field(page, "past"), "region": "国家"}
    return web.post("/", data=data | {"text": text, "choice": choice} | more)


def visible(page):
    return re.sub(r"<[^>]+>", "", html.unescape(page.text))


class Odd:
    """An assistant that answers with one reply, or breaks."""

    quizzing = None

    def __init__(self, reply=None):
        self.reply = reply

    def handle(self, incoming, session):
        if self.reply is None:
            raise RuntimeError(f"broken by {incoming.text}")
        return Turn((self.reply,), session)


# Talking without scripts


def test_a_question_is_answered_by_a_plain_form_post(web):
    page = post(web, web.get("/"), small.QUESTION)
    assert page.status_code == 200
    assert "20日内书面答复" in page.text
    assert 'href="' + article_url(f"{small.NEW}#第三条") in page.text
    assert "<mark>一方提出协商要求的" in page.text
    assert small.QUESTION in page.text
    assert texts.UNREVIEWED in page.text


def test_the_plain_answer_comes_before_its_sources(web):
    page = post(web, web.get("/"), small.QUESTION).text
    assert page.index("20日内") < page.index("<h3>依据</h3>") < page.index("签收凭证")


def test_a_button_sets_the_region_and_the_last_question_is_answered_for_it(web):
    page = post(web, web.get("/"), small.QUESTION)
    assert 'value="region:河南"' in page.text
    page = post(web, page, choice="region:河南")
    assert "10个工作日内" in page.text
    assert '<span id="region">河南</span>' in page.text
    page = post(web, page, "对方不答复怎么办")
    assert '<span id="region">河南</span>' in page.text


def test_the_picker_sets_the_region_and_the_nation_clears_it(web):
    page = post(web, web.get("/"), small.QUESTION)
    page = post(web, page, choice="place", region="山东")
    assert '<span id="region">山东</span>' in page.text
    page = post(web, page, choice="place", region="国家")
    assert texts.WEB_PLACE_CLEARED in page.text
    assert f'<span id="region">{texts.WEB_PLACE_NONE}</span>' in page.text
    assert "20日内书面答复" in page.text


def test_a_page_without_scripts_shows_what_was_said_before(web):
    page = post(web, web.get("/"), small.QUESTION)
    page = post(web, page, "对方不答复怎么办")
    assert small.QUESTION in page.text
    assert "20日内书面答复" in page.text.partition('id="now"')[0]
    for _ in range(web_module.PAST + 2):
        page = post(web, page, "对方不答复怎么办")
    assert small.QUESTION not in page.text
    assert page.text.count('class="answer short"') == web_module.PAST


def test_the_page_carries_a_bounded_past(web):
    page = web.get("/")
    for number in range(9):
        page = post(web, page, f"{number}" + "要约答复期限" * 400)
        assert page.status_code == 200
    assert len(field(page, "past")) < web_module.PAST_BYTES * 1.4


def test_escalation_stands_apart_and_its_numbers_can_be_called(web):
    page = post(web, web.get("/"), "不想活了").text
    assert 'class="answer escalate"' in page
    assert 'href="tel:110"' in page and 'href="tel:120"' in page


def test_a_cards_address_shows_its_answer_and_goes_on_as_a_chat(web):
    page = web.get("/card/fable-no-reply")
    assert "先书面催告" in page.text
    page = post(web, page, choice="region:河南")
    assert '<span id="region">河南</span>' in page.text
    assert "先书面催告" in page.text
    assert web.get("/card/fable-reply").status_code == 200
    assert web.get("/card/no-such").status_code == 404


def test_an_empty_message_is_answered(web):
    assert texts.NO_CONTENT in post(web, web.get("/"), "   ").text


def test_a_digest_is_told_from_the_laws_own_words(web_settings):
    cited = Cited(
        "某法", "第一条", "国家", "2026-11-20核对有效", "", quote="大意如此", marked="大意"
    )
    reply = Reply("答案。", "答案。", "answer", (cited,))
    _, current = make_assistant(web_settings, keep=False)
    page = TestClient(make_app(Odd(reply), current, web_settings)).post("/", data={"text": "x"})
    quoted = page.text.partition('<blockquote class="digest">')[2].partition("</blockquote>")[0]
    assert "要点，非原文" in quoted and "大意如此" in quoted
    assert "<mark>" not in page.text and 'class="law"' not in page.text


# The script's door


def test_the_script_gets_the_same_answer_as_the_form(web):
    token = field(web.get("/"), "token")
    found = web.post("/api/turn", json={"text": small.QUESTION, "token": token}).json()
    assert "20日内书面答复" in found["html"]
    assert found["disposition"] == "answer"
    found = web.post("/api/turn", json={"choice": "region:河南", "token": found["token"]}).json()
    assert found["region"] == "河南"
    assert "10个工作日内" in found["html"]


@pytest.mark.parametrize("body", ["", "[]", "{", "[" * 60_000, '{"text": 5, "token": null}', '"x"'])
def test_bad_json_never_breaks_the_door(web, body):
    answer = web.post("/api/turn", content=body)
    assert answer.status_code in (200, 400)
    assert answer.json()["html"]


def test_half_a_surrogate_pair_is_survived(web):
    answer = web.post("/api/turn", content='{"text": "\\ud83d 要约 \\udc00"}')
    assert answer.status_code == 200


def test_another_site_cannot_talk_through_a_visitors_browser(web):
    cross = {"Sec-Fetch-Site": "cross-site"}
    assert (
        web.post("/", data={"text": "要约"}, headers=cross, follow_redirects=False).status_code
        == 303
    )
    assert web.post("/api/turn", json={"text": "要约"}, headers=cross).status_code == 400


# Tokens


def test_a_tampered_token_opens_a_fresh_session_and_no_error(web):
    page = post(web, post(web, web.get("/"), small.QUESTION), choice="region:河南")
    good = field(page, "token")
    for bad in (
        good[:-2] + ("AA" if good[-2:] != "AA" else "BB"),
        good.replace("1.", "2.", 1),
        "1.e30." + good.rpartition(".")[2],
        "",
        "x" * 50_000,
        "1.é.é",
        Seal(b"k" * 32).seal(
            "session", {"session": to_plain(Session(region="河南")), "sender": "x"}
        ),
    ):
        answer = web.post("/api/turn", json={"text": "对方不答复怎么办", "token": bad})
        assert answer.status_code == 200
        assert answer.json()["region"] == ""
        assert "先书面催告" in answer.json()["html"]


def test_one_sealed_field_does_not_pass_for_another():
    seal = Seal(b"k" * 32)
    token = seal.seal("past", ["x"])
    assert seal.open("past", token) == ["x"]
    assert seal.open("session", token) is None


def test_a_past_that_we_did_not_seal_is_not_shown(web):
    forged = Seal(b"k" * 32).seal(
        "past", [{"asked": "假的", "said": "请拨打骗子电话", "cited": []}]
    )
    page = post(web, web.get("/"), small.QUESTION, past=forged)
    assert page.status_code == 200
    assert "骗子" not in page.text


def test_a_token_holds_nothing_that_was_typed(web):
    found = web.post("/api/turn", json={"text": f"{small.QUESTION}{MARKER}"}).json()
    key = read_key(web_module_home(web))
    assert MARKER not in json.dumps(Seal(key).open("session", found["token"]), ensure_ascii=False)


def web_module_home(web):
    (route,) = [r for r in web.app.routes if getattr(r, "path", "") == "/healthz"]
    return route.endpoint.__self__._settings.home / "web.key"


def test_a_button_that_outlived_its_page_says_so(web):
    for choice in ("more", "up", "agree", "ref:card:没有", "ref:", "nonsense", "contract:??"):
        answer = web.post("/api/turn", json={"choice": choice, "token": "old"})
        assert answer.status_code == 200
        assert texts.WEB_STALE in answer.json()["html"], choice


def test_an_invented_id_never_reaches_the_votes(web, web_settings):
    token = web.post("/api/turn", json={"choice": f"ref:card:{MARKER}"}).json()["token"]
    web.post("/api/turn", json={"choice": "up", "token": token})
    assert not holding(web_settings.home, MARKER)


def test_the_key_is_made_once_and_private(tmp_path):
    key = read_key(tmp_path / "web.key")
    assert len(key) == 32
    assert read_key(tmp_path / "web.key") == key
    if os.name == "posix":
        assert stat.S_IMODE((tmp_path / "web.key").stat().st_mode) == 0o600
    assert [p.name for p in tmp_path.iterdir()] == ["web.key"]


def test_a_file_that_is_no_key_is_refused_by_name(tmp_path):
    (tmp_path / "web.key").write_bytes(b"short")
    with pytest.raises(ConfigError, match=r"web\.key"):
        read_key(tmp_path / "web.key")


# What no page may do


@pytest.mark.parametrize("path", [*PAGES, "/static/chat.css", "/static/none", "/healthz"])
def test_every_response_carries_the_policy_and_no_cookie(web, path):
    answer = web.get(path)
    assert answer.headers["content-security-policy"] == (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; connect-src 'self'"
    )
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "permissions-policy" in answer.headers
    assert "set-cookie" not in answer.headers
    if path != "/static/chat.css":
        assert answer.headers["cache-control"] == "no-store"


def test_posts_set_no_cookie_either(web):
    for answer in (post(web, web.get("/"), "要约"), web.post("/api/turn", json={"text": "要约"})):
        assert "set-cookie" not in answer.headers
        assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", PAGES)
def test_pages_ask_nobody_else_and_hold_no_inline_code(web, path):
    page = web.get(path).text
    assert not re.search(r'(?:src|action)="(?!/)', page)
    assert not re.search(r'href="(?!/|#|tel:)', page)
    assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", page)
    assert not re.search(r"<script(?! src=\"/static/chat\.js)", page)


@pytest.mark.parametrize("path", PAGES)
def test_privacy_and_the_day_are_one_tap_away(web, path):
    page = web.get(path).text
    foot = page.partition('<footer class="foot">')[2]
    assert 'href="/privacy"' in foot
    assert 'href="/about"' in foot
    assert re.search(r"资料截至 \d{4}-\d\d-\d\d", foot)
    assert '<html lang="zh-CN">' in page


XSS = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>{{7*7}}"


def test_what_is_typed_comes_back_as_text(web):
    page = post(web, web.get("/"), f"{XSS}要约多少天答复")
    page = post(web, page, "对方不答复怎么办")
    assert "<script>alert" not in page.text and "<img src=x" not in page.text
    assert "&lt;script&gt;alert(1)" in page.text
    assert "{{7*7}}" in page.text


def test_what_an_address_or_a_field_says_comes_back_as_text(web):
    for answer in (
        web.get(f"/law/{quote(XSS)}/{quote(XSS)}"),
        web.get(f"/card/{quote(XSS)}"),
        post(web, web.get("/"), choice=f"ask:{XSS}"),
        post(web, web.get("/"), choice=f"region:{XSS}"),
        post(web, web.get("/"), choice="place", region=XSS),
        post(web, web.get("/"), XSS, token=XSS, past=XSS),
        web.post("/api/turn", json={"choice": f"ask:{XSS}", "token": XSS, "region": XSS}),
    ):
        assert "<script>alert" not in answer.text and "<img src=x" not in answer.text


def test_a_law_text_cannot_run_code(web):
    page = web.get(article_url(f"{small.NEW}#第一条"))
    assert "&lt;script&gt;" in page.text
    assert "<script>" not in page.text


def test_a_hostile_reply_is_shown_as_text(web_settings):
    reply = Reply(XSS, XSS, "escalate", notes=(XSS,))
    _, current = make_assistant(web_settings, keep=False)
    page = TestClient(make_app(Odd(reply), current, web_settings)).post("/", data={"text": "x"})
    assert "<script>alert" not in page.text and "<img src=x" not in page.text


def holding(folder, words):
    """Files below `folder` that hold `words`, in any usual encoding, journals included."""
    forms = [words.encode(e) for e in ("utf-8", "utf-16-le", "gb18030")]
    forms += [quote(words).encode(), json.dumps(words).strip('"').encode()]
    return [
        path
        for path in folder.rglob("*")
        if path.is_file() and any(f in path.read_bytes() for f in forms)
    ]


def test_nothing_typed_is_on_disk_after_a_conversation(web, web_settings, caplog, capfd):
    (web_settings.home / "probe").write_text(MARKER, encoding="utf-8")
    assert holding(web_settings.home, MARKER)  # the search itself works
    (web_settings.home / "probe").unlink()
    page = post(web, web.get("/"), f"{small.QUESTION}，我在{MARKER}")
    page = post(web, page, choice="region:河南")
    page = post(web, page, choice="up")
    page = post(web, page, MARKER)
    page = post(web, page, choice="person")
    page = post(web, page, f"{MARKER}的要约多少天答复")
    page = post(web, page, choice="decline")
    web.post("/api/turn", json={"text": MARKER})
    assert not holding(web_settings.home, MARKER)
    assert MARKER not in caplog.text
    assert MARKER not in "".join(capfd.readouterr())


# Limits and faults


def test_a_body_over_64_kb_is_refused_in_chinese(web):
    answer = web.post("/", data={"text": "x" * 66_000})
    assert answer.status_code == 413
    assert texts.WEB_LARGE in answer.text

    def chunks():
        for _ in range(20):
            yield b"x" * 8_000

    kind = {"content-type": "application/x-www-form-urlencoded"}
    assert web.post("/", content=chunks(), headers=kind).status_code == 413
    assert web.post("/api/turn", content=b"x" * 70_000).status_code == 413
    # 64 kB of form are some 7000 Chinese characters: that much is taken, and its start is read
    assert web.post("/", data={"text": "要约答复" * 1500}).status_code == 200


def test_other_forms_of_body_are_refused(web):
    assert (
        web.post("/", content=b"text=x", headers={"content-type": "text/plain"}).status_code == 400
    )
    assert web.post("/", files={"text": b"x"}).status_code == 400


def test_unknown_addresses_and_methods_are_answered_in_chinese(web):
    for path in ("/nope", "/law/没有@/第一条", f"/law/{small.NEW}/第九十条", "/static/../web.py"):
        answer = web.get(path)
        assert answer.status_code == 404
        assert texts.WEB_GONE in answer.text
    for answer in (web.put("/"), web.get("/api/turn"), web.post("/privacy")):
        assert answer.status_code == 405
    assert texts.WEB_METHOD in web.delete("/").text


def test_a_broken_turn_apologises_and_logs_no_words(web_settings, caplog):
    _, current = make_assistant(web_settings, keep=False)
    web = TestClient(make_app(Odd(), current, web_settings))
    with caplog.at_level(logging.WARNING):
        page = web.post("/", data={"text": MARKER})
        answer = web.post("/api/turn", json={"text": MARKER})
    assert page.status_code == answer.status_code == 500
    assert texts.APOLOGY in page.text
    assert "RuntimeError" in caplog.text
    assert MARKER not in caplog.text
    assert MARKER in page.text  # still in the field, to be sent again


def test_a_broken_library_is_a_page_and_no_traceback(web_settings, caplog):
    assistant, current = make_assistant(web_settings, keep=False)
    broken = []

    def now():
        if broken:
            raise OSError(MARKER)
        return current()

    web = TestClient(make_app(assistant, now, web_settings))
    broken.append(True)
    answer = web.get("/about")
    assert answer.status_code == 500
    assert texts.WEB_FAULT in answer.text
    assert MARKER not in caplog.text + answer.text
    assert "content-security-policy" in answer.headers


def test_too_many_at_once_are_asked_to_wait(web_app, monkeypatch):
    monkeypatch.setattr(web_module, "WAITING", 0)
    web = TestClient(web_app)
    page = web.post("/", data={"text": small.QUESTION})
    assert page.status_code == 503
    assert texts.BUSY in page.text
    assert f">{small.QUESTION}</textarea>" in page.text


# Law texts


def test_an_article_page_shows_what_is_known_of_it(web):
    page = web.get(article_url(f"{small.NEW}#第三条"))
    seen = visible(page)
    for words in (
        "第三条",
        "第二章 程序",
        "二十日内书面答复",
        "现行有效",
        "2020-03-01起施行",
        "2020-01-10 版",
        "部门规章",
        "虚构部令第2号公布",
    ):
        assert words in seen, words
    assert f'rel="prev" href="{article_url(f"{small.NEW}#第二条")}"' in page.text
    assert f'rel="next" href="{article_url(f"{small.NEW}#第四条")}"' in page.text
    assert f'href="{article_url(f"{small.OLD}#第三条")}"' in page.text
    assert str(Path.cwd()) not in seen and "small" not in seen


def test_references_are_links(web):
    page = web.get(article_url(f"{small.NEW}#第四条")).text
    assert f'href="{article_url(f"{small.NEW}#第三条")}">第三条</a>' in page
    assert (
        f'href="{article_url("虚构处罚条例@2015-03-01#第一条")}">《虚构处罚条例》第一条</a>' in page
    )
    fifth = web.get(article_url(f"{small.NEW}#第五条")).text
    assert f'href="{article_url(f"{small.NEW}#第四条")}">前条</a>' in fifth


def beside(page, title):
    """The part of an article's page under a heading, "" if it has none."""
    found = re.search(rf'<section class="beside" aria-label="{title}">(.*?)</section>', page, re.S)
    return found[1] if found else ""


def test_an_article_page_shows_what_is_around_it(web):
    third = web.get(article_url(f"{small.NEW}#第三条")).text
    assert f'href="{article_url(f"{small.NEW}#第四条")}"' in beside(third, "引用它的")
    assert "多少日内答复" in beside(third, "相关案例和解答")
    assert 'href="/card/fable-reply" target="_blank"' in third
    other = beside(third, "其他版本")
    assert f'href="{article_url(f"{small.OLD}#第三条")}">2010-01-10 版　第三条</a>' in other
    assert "已被修改" in other
    fourth = web.get(article_url(f"{small.NEW}#第四条")).text
    cites = beside(fourth, "它引用的")
    assert ">第三条</a>" in cites and ">《虚构处罚条例》第一条</a>" in cites
    assert "拒不改正的，予以通报。" in cites


def test_an_empty_list_has_no_heading(web):
    page = web.get(article_url("虚构处罚条例@2015-03-01#第二条")).text
    assert 'class="beside"' not in page


def test_a_long_list_is_folded_and_opens_without_a_script():
    rows = [lawpage.Row(f"第{n}条", f"/law/a/{n}") for n in range(9)]
    folded = lawpage.cut("引用它的", rows)
    assert (len(folded.rows), len(folded.more)) == (lawpage.FIRST, 9 - lawpage.FIRST)
    assert not lawpage.cut("引用它的", rows[: lawpage.FIRST + 1]).more


def test_every_link_of_every_law_page_leads_somewhere(web):
    starts = [f"{small.NEW}#第三条", f"{small.NEW}#第四条", f"{small.OLD}#第四条"]
    for start in (f"/law/{small.NEW}", *map(article_url, starts)):
        for url in set(re.findall(r'href="(/(?:law|card)/[^"#]+)', web.get(start).text)):
            assert web.get(url).status_code == 200, unquote(url)


def test_a_superseded_version_says_so_and_leads_to_the_one_in_force(web):
    page = web.get(article_url(f"{small.OLD}#第三条"))
    assert "三十日内" in page.text
    assert "已被修改" in page.text
    notice = page.text.partition('class="notice over"')[2].partition("</p>")[0]
    assert article_url(f"{small.NEW}#第三条") in notice
    assert 'href="' + article_url(f"{small.OLD}#第三条") not in notice


def test_a_whole_text_has_contents_and_anchors(web):
    page = web.get(f"/law/{small.NEW}").text
    anchors = re.findall(r'href="#([^"]+)"', page.partition('class="contents"')[2])
    assert len(anchors) == 2
    for anchor in anchors:
        assert f'id="{anchor}"' in page
    assert 'id="第三条"' in page
    assert "第一章 总则" in page


def test_a_laws_bare_name_leads_to_the_version_in_force(web):
    answer = web.get(f"/law/{small.LAW}", follow_redirects=False)
    assert answer.status_code == 302
    assert unquote(answer.headers["location"]) == f"/law/{small.NEW}"


def test_linking_changes_no_word_of_the_law(web_settings):
    _, current = make_assistant(web_settings, keep=False)
    seen = current()
    for version in (small.NEW, small.OLD):
        for article in seen.articles_of(version):
            assert "".join(p.text for p in linked(article, seen)) == article.text


# Pages


def test_the_privacy_page_names_operator_and_contacts(web):
    page = visible(web.get("/privacy"))
    assert "一百八十天" in page and "删除" in page
    assert texts.OPERATOR_NONE in page


def test_the_about_page_says_as_of_when_and_how_much(web):
    page = visible(web.get("/about"))
    assert re.search(
        r"资料截至 \d{4}-\d\d-\d\d：3 部法规、\d+ 条条文，2 张问答卡、2 条程序规则", page
    )


def test_health_is_told(web):
    assert web.get("/healthz").json()["status"] == "ok"


# Small things


def test_paragraphs_lose_no_word():
    answer = "好，按河南来答。河南（工资专项）：10日。全国：20日；见「甲。乙」。各省市可能另有规定，没有说明地区的是全国规定。您在哪个省市？"
    found = paragraphs(answer, ("河南",))
    assert [p.where for p in found] == ["", "河南（工资专项）", "全国", ""]
    assert "".join(f"{p.where}{'：' if p.where else ''}{p.text}" for p in found) == answer


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("请打 110（报警）或120。", ["110", "120"]),
        ("拨打12351、12333转接", ["12351", "12333"]),
        ("工会：010-68591114，13800138000", ["01068591114", "13800138000"]),
        ("满120日、110元、12345元、第110条、2004-05-01、1.120、1200", []),
    ],
)
def test_only_telephone_numbers_become_links(text, numbers):
    assert re.findall(r'href="tel:(\d+)"', phones(text)) == numbers
    assert re.sub(r"<[^>]+>", "", phones(text)) == text


def test_the_table_of_rules_shows_each_places_own_figure(web):
    page = web.get("/rules", params={"region": "河南"})
    assert page.status_code == 200
    shown = visible(page)
    assert "20日" in shown and "10工作日" in shown
    assert shown.index("收到要求之日起20日") < shown.index("收到要求之日起10个工作日")
    assert "《河南省虚构协商条例》第一条" in shown
    assert "先问地区" in shown, "how a conflict is treated stands below the table"


def test_the_table_of_rules_keeps_contract_types_apart(web):
    shown = visible(web.get("/rules", params={"region": "河南", "contract": "综合"}))
    assert "10工作日" not in shown.partition("规定打架")[0] and "20日" in shown


def test_the_table_of_rules_says_what_the_library_lacks_of_a_place(web):
    assert "本库没有山东的协商条例" in visible(web.get("/rules", params={"region": "山东"}))


@pytest.mark.parametrize("query", ["region=火星", "contract=贿赂", "step=没有", "region=&step=<b>"])
def test_the_table_of_rules_takes_any_question(web, query):
    page = web.get(f"/rules?{query}")
    assert page.status_code == 200 and "<b></b>" not in page.text


def test_what_the_pages_answer_is_counted_without_words(web_settings):
    assistant, current = make_assistant(web_settings, keep=False)
    metrics = Metrics()
    web = TestClient(make_app(assistant, current, web_settings, metrics=metrics))
    web.post("/", data={"text": "收到要约几天答复"})
    web.post("/api/turn", json={"text": "工"})
    page = metrics.page().decode()
    assert 'xst_answers_total{channel="web",disposition="answer"} 1.0' in page
    assert 'xst_answers_total{channel="web",disposition="clarify"} 1.0' in page
    assert "要约" not in page
