"""The exam in a browser without scripts: every step a form, nothing in addresses, no cookie."""

import re
from html import unescape
from types import SimpleNamespace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from exam_items import DAY, Room, bank
from starlette.testclient import TestClient

from bot.channels.drawpage import HERE as STATIC
from bot.exam import words
from bot.exam.certificate import Status, find, sign_status
from bot.exam.checkpage import certificate_routes
from bot.exam.issuing import due, issue
from bot.exam.keys import Key, key_id, write_keys
from bot.exam.opening import exam_site, papers
from bot.exam.pages import exam_routes, make_exam_app
from bot.exam.paper import token_in
from bot.exam.rules import ExamError

PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


class Browser:
    """One phone: fills and sends the forms of the page it is on."""

    def __init__(self, app):
        self.client = TestClient(app, headers={"sec-fetch-site": "same-origin"})
        self.get("/exam")

    def get(self, path):
        self.answer = self.client.get(path)
        self.page = unescape(self.answer.text)
        return self

    def send(self, path="/exam", **fields):
        hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', self.page))
        self.answer = self.client.post(path, data=hidden | fields)
        self.page = unescape(self.answer.text)
        return self

    def options(self):
        found = re.findall(r'name="chosen" value="(\d+)"[^>]*><span>([^<]*)<', self.page)
        return {text: value for value, text in found}

    def pick(self, kind="对"):
        picked = [v for text, v in self.options().items() if text.startswith(kind)]
        return picked if 'type="checkbox"' in self.page else picked[:1]


@pytest.fixture
def room(tmp_path):
    return Room(tmp_path)


@pytest.fixture
def app(room, tmp_path):
    keys, status = tmp_path / "keys.json", tmp_path / "status.txt"
    public = PRIVATE.public_key().public_bytes_raw()
    write_keys(keys, [Key(key_id(public), public, DAY)])
    others = certificate_routes(keys, status, STATIC, lambda: DAY)
    routes = exam_routes(room.exam, papers("https://xst.example"))
    return make_exam_app([*routes, *others], STATIC)


@pytest.fixture
def phone(app, room):
    """Somebody at the page, and inside."""
    browser = Browser(app)
    number = room.numbers[0]
    return browser.send(act="enter", number=number, secret=room.secrets[number])


def test_the_first_page_says_that_no_certificate_is_required_and_who_sees_what(app):
    page = Browser(app).page
    assert words.NOT_REQUIRED in page and "虚构区总工会" in page and "3 年后由组织者删除" in page
    assert "<script" not in page and 'name="viewport"' in page


def test_an_exam_from_beginning_to_end(phone, room):
    assert "张三，您好" in phone.page and "开始考试" in phone.page
    phone.send(act="begin")
    for number in range(1, 61):
        assert f"第 {number} 题，共 60 题" in phone.page
        phone.send(act="answer", chosen=phone.pick("对" if number <= 50 else "错"))
    assert "都答完了" in phone.page
    phone.send(act="hand_in")
    assert "<b>50</b> / 60 道" in phone.page and words.PASSED in phone.page
    assert "集体协商、集体合同是什么" in phone.page and words.CERTIFICATE_LATER in phone.page
    assert not phone.client.cookies


def test_a_token_is_never_in_an_address_and_pages_are_not_kept(phone):
    phone.send(act="begin")
    token = re.search(r'name="token" value="([^"]+)"', phone.page)[1]
    assert token not in str(phone.answer.url)
    assert phone.answer.headers["cache-control"] == "no-store"
    assert not re.search(r'(href|action)="[^"]*' + re.escape(token), phone.page)


def test_the_key_of_an_item_is_nowhere_in_the_page(phone, room):
    phone.send(act="begin")
    q = room.exam.question(room.numbers[0])
    inputs = re.findall(r"<input[^>]*name=\"chosen\"[^>]*>", phone.page)
    assert len(inputs) == len(q.options)
    bare = {re.sub(r'value="\d+"', "", i) for i in inputs}
    assert len(bare) == 1  # nothing but the value tells options apart


def test_a_sitting_goes_on_in_another_place_and_the_first_is_out(app, phone, room):
    phone.send(act="begin").send(act="answer", chosen=phone.pick())
    number = room.numbers[0]
    other = Browser(app).send(act="enter", number=number, secret=room.secrets[number])
    assert "第 2 题，共 60 题" in other.page
    phone.send(act="answer", chosen=phone.pick())
    assert words.AGAIN in phone.page
    other.send(act="answer", chosen=other.pick())
    assert "第 3 题，共 60 题" in other.page


def test_going_back_changing_and_handing_in_early(phone, room):
    phone.send(act="begin")
    phone.send(act="answer", chosen=phone.pick("错"))
    phone.send(act="review")
    assert "还有 59 题没答" in phone.page
    place = re.search(r'name="go" value="(\d+)" class="done"', phone.page)[1]
    phone.send(go=place)
    assert "第 1 题" in phone.page and phone.page.count(" checked") >= 1
    phone.send(act="answer", chosen=phone.pick("对"))
    assert "第 2 题" in phone.page
    phone.send(act="review").send(act="sure")
    assert "确定交卷吗" in phone.page
    phone.send(act="hand_in")
    assert "<b>1</b> / 60 道" in phone.page and words.FAILED in phone.page
    assert "2026-11-28 起可以再考" in phone.page and "开始考试" not in phone.page


def test_too_fast_an_answer_is_sent_back_with_what_was_picked(room, app):
    object.__setattr__(room.rules, "least_seconds", 5)
    number = room.numbers[0]
    phone = Browser(app).send(act="enter", number=number, secret=room.secrets[number])
    phone.send(act="begin")
    stem = re.search(r"领域\d+难度\d知识点\d", phone.page)[0]
    picked = phone.pick()
    phone.send(act="answer", chosen=picked)
    assert "秒后再交" in phone.page and stem in phone.page
    checked = re.findall(r'name="chosen" value="(\d+)" checked', phone.page)
    assert sorted(checked) == sorted(picked)
    room.library.now += 5
    phone.send(act="answer", chosen=picked)
    assert "第 2 题" in phone.page


def test_nothing_picked_is_said_and_nothing_is_kept(phone, room):
    phone.send(act="begin").send(act="answer")
    assert words.NOTHING_CHOSEN in phone.page and "已答 0 题" in phone.page


def test_a_wrong_secret_and_a_made_up_number_get_the_same_words(app, room):
    browser = Browser(app)
    number = room.numbers[0]
    wrong = browser.send(act="enter", number=number, secret="AAAA-BBBB-CCCC").page
    made_up = Browser(app).send(act="enter", number="2026123456", secret="x").page
    assert words.BAD_ENTRY in wrong and words.BAD_ENTRY in made_up
    assert wrong.replace(number, "") == made_up.replace("2026123456", "")


def test_what_other_sites_send_and_nonsense_is_refused(app):
    client = TestClient(app, raise_server_exceptions=False)
    cross = client.post("/exam", data={"act": "enter"}, headers={"sec-fetch-site": "cross-site"})
    assert cross.status_code == 400
    assert (
        client.post("/exam", content="{}", headers={"content-type": "application/json"}).status_code
        == 400
    )
    assert client.post("/exam", data={"secret": "x" * 70_000}).status_code == 413
    many = "&".join(f"a{n}=1" for n in range(100))
    form = {"content-type": "application/x-www-form-urlencoded"}
    assert client.post("/exam", content=many, headers=form).status_code == 400
    for fields in (
        {"act": "answer", "token": "x", "place": "９", "chosen": "-1"},
        {"act": "<b>"},
    ):
        page = client.post("/exam", data=fields)
        assert page.status_code == 200 and words.AGAIN in page.text


def test_a_name_is_shown_as_written_not_run(tmp_path):
    room = Room(tmp_path, names=("<script>alert(1)</script>",))
    app = make_exam_app(exam_routes(room.exam, papers("")), STATIC)
    [number] = room.numbers
    browser = Browser(app)
    browser.send(act="enter", number=number, secret=room.secrets[number])
    assert "<script>" not in browser.answer.text and "&lt;script&gt;" in browser.answer.text


def test_a_bank_that_cannot_fill_a_form_is_said_on_the_page(tmp_path):
    room = Room(tmp_path, items=[])
    app = make_exam_app(exam_routes(room.exam, papers("")), STATIC)
    number = room.numbers[0]
    phone = Browser(app).send(act="enter", number=number, secret=room.secrets[number])
    phone.send(act="begin")
    assert "请告诉组织者" in phone.page and phone.answer.status_code == 200


# The certificate


@pytest.fixture
def holder(phone, room):
    number = room.numbers[0]
    room.sit(number)
    [(person, sitting)] = due(room.exam.store)
    return issue(room.exam.store, person, sitting, "虚构区总工会", PRIVATE, DAY)


def test_who_passed_fetches_the_certificate_and_nobody_else(app, phone, room, holder):
    phone.send(act="paper")
    assert phone.answer.headers["content-type"] == "application/pdf"
    assert token_in(phone.answer.content) == holder.text
    number = room.numbers[1]
    other = Browser(app).send(act="enter", number=number, secret=room.secrets[number])
    other.send(act="paper")
    assert words.CERTIFICATE_LATER in other.page


def test_the_server_verifies_where_the_browser_cannot(app, holder, tmp_path):
    browser = Browser(app).get("/certificate/")
    assert words.NOT_REQUIRED in browser.page and "XSTS1" not in browser.page
    said = browser.send(
        "/certificate/", text=f"https://xst.example/certificate/#{holder.text}"
    ).page
    assert words.GOOD in said and "<dd>张三</dd>" in said and words.NO_STATUS in said
    listed = sign_status(Status("", DAY, DAY, {holder.serial: str(DAY)}), PRIVATE)
    (tmp_path / "status.txt").write_text(listed, encoding="utf-8")
    said = browser.send("/certificate/", text=holder.text).page
    assert words.REVOKED.format(day=DAY) in said and words.GOOD not in said
    forged = holder.text[:-9] + ("A" if holder.text[-9] != "A" else "B") + holder.text[-8:]
    said = browser.send("/certificate/", text=forged).page
    assert words.BAD_SIGNATURE in said and "张三" not in said.partition("<form")[0]
    said = browser.send("/certificate/", text="</textarea><script>").answer.text
    assert "没有证书的签名数据" in said and "<script>" not in said


def test_keys_and_status_can_be_fetched_and_carried(app, tmp_path, holder):
    client = TestClient(app)
    assert '"keys"' in client.get("/certificate/keys.json").text
    assert client.get("/certificate/status.txt").status_code == 404
    listed = sign_status(Status("", DAY, DAY), PRIVATE)
    (tmp_path / "status.txt").write_text(listed, encoding="utf-8")
    assert client.get("/certificate/status.txt").text == listed
    page = client.get("/certificate/").text
    assert listed in page and find(page) == ""
    for name in ("certificate.js", "exam.css", "chat.css", "icon.svg"):
        assert client.get(f"/certificate/{name}").status_code == 200
    assert client.get("/certificate", follow_redirects=False).headers["location"] == "/certificate/"


def test_an_installation_that_holds_no_exams_has_no_pages_for_them(tmp_path):
    library = SimpleNamespace(items=bank, article=lambda citation: None)
    assert exam_site(tmp_path, lambda: library, STATIC) == []
    assert not (tmp_path / "exam.db").exists()
    (tmp_path / "exam.toml").write_text("", encoding="utf-8")
    routes = exam_site(tmp_path, lambda: library, STATIC, operator="虚构区总工会")
    page = Browser(make_exam_app(routes, STATIC)).page
    assert "虚构区总工会" in page
    (tmp_path / "exam.toml").write_text("minutes = 1", encoding="utf-8")
    with pytest.raises(ExamError, match="minutes"):
        exam_site(tmp_path, lambda: library, STATIC)
