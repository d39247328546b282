"""The commands of the exam and its certificates, from a list of names to a verified paper."""

import csv
import importlib
import json
import stat
from datetime import date, timedelta
from types import SimpleNamespace

import pytest
import segno
from exam_items import Room, bank
from typer.testing import CliRunner

from bot.exam import words
from bot.exam.opening import KEYS, STATUS, open_exam
from bot.exam.paper import token_in
from bot.exam.store import ExamStore
from bot.settings import read_settings

exam = importlib.import_module("bot.cli.exam")
certificate = importlib.import_module("bot.cli.certificate")


class Released:
    """A library as a release shows it; its articles can change."""

    def __init__(self):
        self.bank, self.changed = bank(), set()

    def items(self):
        return self.bank

    def article(self, citation):
        return SimpleNamespace(text="新" if str(citation) in self.changed else str(citation))


@pytest.fixture
def released(monkeypatch):
    library = Released()
    monkeypatch.setattr(exam, "library_of", lambda settings: lambda: library)
    monkeypatch.setattr(certificate, "library_of", lambda settings: lambda: library)
    return library


@pytest.fixture
def xst(tmp_path, monkeypatch, released):
    """Run a command; gives status and everything printed."""
    home = tmp_path / "home"
    home.mkdir()
    (home / "exam.toml").write_text(
        'organiser = "虚构区总工会"\nleast_seconds = 0\n', encoding="utf-8"
    )
    monkeypatch.setattr("bot.exam.store.PRAGMAS", Room.pragmas)  # no waiting for the disk
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XST_HOME", str(home))
    monkeypatch.setenv("COLUMNS", "200")

    def run(group, *words_, typed=""):
        app = {"exam": exam.exam, "certificate": certificate.certificate}[group]
        done = CliRunner().invoke(app, [str(w) for w in words_], input=typed)
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.exit_code, done.output

    return run


@pytest.fixture
def slips(xst, tmp_path):
    (tmp_path / "名单.csv").write_text("姓名,单位\n张三,甲厂\n李四,乙厂\n", encoding="utf-8")
    status, said = xst("exam", "enroll", "名单.csv", "--out", "准考条.csv")
    assert status == 0 and words.NOT_REQUIRED in said
    with (tmp_path / "准考条.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def take(xst, slip, released, wrong=0):
    """A whole exam, the last `wrong` items answered wrongly; the last two in the terminal."""
    number = slip["准考证号"]
    sat = open_exam(read_settings().home, lambda: released)
    sat.begin(number)
    while (q := sat.question(number)).number <= 58:
        kind = "对" if q.number <= q.total - wrong else "错"
        picked = [n for n, text in q.options if text.startswith(kind)]
        sat.answer(number, q.place, picked if q.several else picked[:1])
    typed = [number, slip["密码"].lower(), "1", "1", "y"]
    return xst("exam", "take", typed="\n".join(typed) + "\n")


def test_slips_are_for_the_organisers_eyes_and_secrets_nowhere_else(xst, slips, tmp_path):
    assert stat.S_IMODE((tmp_path / "准考条.csv").stat().st_mode) == 0o600
    assert {s["姓名"] for s in slips} == {"张三", "李四"}
    stored = (tmp_path / "home" / "exam.db").read_bytes()
    assert all(s["密码"].encode() not in stored for s in slips)
    status, said = xst("exam", "enroll", "名单.csv", "--out", "再来.csv")
    assert (
        status == 1 and "已经登记过 张三（甲厂）" in said and not (tmp_path / "再来.csv").exists()
    )
    assert xst("exam", "enroll", "名单.csv", "--out", "准考条.csv")[0] == 1


def test_a_bank_is_checked_before_people_are_invited(xst, released):
    status, said = xst("exam", "check")
    assert status == 0 and "每份卷 60 道" in said and "1/3" in said and "默认 70%" in said
    released.bank = [i for i in released.bank if i.area != 5]
    status, said = xst("exam", "check")
    assert status == 1 and "5（代表怎么来、多少人）" in said


def test_an_exam_in_the_terminal_goes_on_where_it_stopped(xst, slips, released):
    status, said = take(xst, slips[0], released)
    assert status == 0 and "第 59 题，共 60 题" in said and "第 58 题" not in said
    assert "通过：" in said and "合格线 42" in said and "集体协商、集体合同是什么" in said
    status, said = xst("exam", "take", typed=f"{slips[1]['准考证号']}\nWRONG\n")
    assert status == 1 and words.BAD_ENTRY in said


def test_a_lost_secret_is_replaced_and_shown_once(xst, slips, released):
    status, said = xst("exam", "secret", slips[0]["准考证号"])
    assert status == 0 and slips[0]["密码"] not in said
    old = xst("exam", "take", typed=f"{slips[0]['准考证号']}\n{slips[0]['密码']}\n")
    assert old[0] == 1 and words.BAD_ENTRY in old[1]
    assert xst("exam", "secret", "123")[0] == 1


def test_results_name_people_and_are_only_the_organisers(xst, slips, released, tmp_path):
    take(xst, slips[0], released)
    take(xst, slips[1], released, wrong=40)
    status, said = xst("exam", "results")
    assert status == 0 and "张三" in said and "未通过" in said and "0 人还没有考" in said
    assert xst("exam", "results", "--csv", "成绩.csv")[0] == 0
    path = tmp_path / "成绩.csv"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(path.read_text(encoding="utf-8-sig").splitlines()) == 3


def test_a_person_may_have_a_copy_and_be_forgotten(xst, slips, released):
    take(xst, slips[0], released)
    number = slips[0]["准考证号"]
    status, said = xst("exam", "export", number)
    whole = json.loads(said)
    assert status == 0 and whole["姓名"] == "张三" and len(whole["考试"][0]["答题"]) == 60
    assert "密码" not in said and "secret" not in said
    assert xst("exam", "delete", number, typed="n\n")[0] == 0
    assert xst("exam", "export", number)[0] == 0
    assert xst("exam", "delete", number, "--yes")[0] == 0
    assert xst("exam", "export", number)[0] == 1
    assert xst("exam", "purge")[0] == 0


# Certificates


@pytest.fixture
def issued(xst, slips, released, tmp_path):
    """A key, an exam passed, and its certificate as a PDF; gives the path."""
    take(xst, slips[0], released)
    take(xst, slips[1], released, wrong=40)
    assert xst("certificate", "keygen", "--out", tmp_path / "usb" / "sign.key")[0] == 0
    status, said = xst("certificate", "issue", "--key", "usb/sign.key", "--out", "pdf")
    assert status == 0 and "签发 1 张" in said
    [path] = (tmp_path / "pdf").iterdir()
    return path


def test_a_certificate_is_verified_without_the_home_it_came_from(
    xst, issued, tmp_path, monkeypatch
):
    keys = tmp_path / "keys.json"
    keys.write_bytes((tmp_path / "home" / KEYS).read_bytes())
    monkeypatch.setenv("XST_HOME", str(tmp_path / "elsewhere"))
    status, said = xst("certificate", "verify", issued, "--key", keys)
    assert status == 0 and "姓名：张三" in said and words.GOOD in said and words.NO_STATUS in said
    assert words.NOT_REQUIRED in said
    token = token_in(issued.read_bytes())
    assert xst("certificate", "verify", token, "--key", keys)[0] == 0
    (tmp_path / "t.txt").write_text(f"见 {token}", encoding="utf-8")
    assert xst("certificate", "verify", "t.txt", "--key", keys)[0] == 0
    late = date.today() + timedelta(days=4 * 365)
    status, said = xst("certificate", "verify", token, "--key", keys, "--on", late)
    assert status == 1 and "已过有效期" in said
    status, said = xst("certificate", "verify", "nothing.pdf", "--key", keys)
    assert status == 1 and "没有证书的签名数据" in said
    status, said = xst("certificate", "verify", token, "--key", "abc")
    assert status == 1 and "44 个字符" in said


def test_a_photograph_of_the_code_is_read(xst, issued, tmp_path):
    pytest.importorskip("zxingcpp")
    segno.make(token_in(issued.read_bytes()), error="m").save(tmp_path / "code.png", scale=4)
    status, said = xst("certificate", "verify", "code.png")
    assert status == 0 and "姓名：张三" in said
    segno.make("https://example.org").save(tmp_path / "other.png", scale=4)
    status, said = xst("certificate", "verify", "other.png")
    assert status == 1 and "没有读到证书的二维码" in said


def test_revocation_and_changed_law_reach_whoever_has_the_list(xst, issued, released, tmp_path):
    serial = issued.stem
    assert xst("certificate", "status", "--key", "usb/sign.key")[0] == 0
    status, said = xst("certificate", "verify", issued)
    assert status == 0 and "没有吊销，也没有失效" in said
    released.changed = {f"《虚构规定》第{n}条" for n in "一二三"}
    status, said = xst("certificate", "status", "--key", "usb/sign.key")
    assert "因条文变动失效 1 张" in said
    status, said = xst("certificate", "verify", issued)
    assert status == 1 and words.STALE in said
    released.changed = set()
    assert xst("certificate", "revoke", serial, "--reason", "替考")[0] == 0
    xst("certificate", "status", "--key", "usb/sign.key")
    assert "替考" not in (tmp_path / "home" / STATUS).read_text(encoding="utf-8")
    status, said = xst("certificate", "verify", issued)
    assert status == 1 and "已于" in said and "吊销" in said
    assert xst("certificate", "revoke", serial, "--reason", "x")[0] == 1


def test_keys_rotate_retire_and_the_compromised_are_not_trusted(xst, issued, tmp_path):
    assert xst("certificate", "keygen", "--out", "usb/new.key")[0] == 0
    listed = xst("certificate", "keys")[1].splitlines()
    assert len(listed) == 2
    old = listed[0][:8]
    assert xst("certificate", "verify", issued)[0] == 0
    assert xst("certificate", "retire", old)[0] == 0
    assert xst("certificate", "verify", issued)[0] == 0  # issued before its last day
    status, said = xst("certificate", "issue", "--key", "usb/sign.key")
    assert status == 1 and "已停用" in said
    assert xst("certificate", "retire", old, "--compromised")[0] == 0
    status, said = xst("certificate", "verify", issued)
    assert status == 1 and "不可信" in said
    assert xst("certificate", "keygen", "--out", "home/in.key")[0] == 1


def test_a_paper_is_printed_again_but_not_of_the_forgotten(xst, issued, slips, tmp_path):
    serial = issued.stem
    assert xst("certificate", "paper", serial, "--out", "again.pdf")[0] == 0
    assert token_in((tmp_path / "again.pdf").read_bytes()) == token_in(issued.read_bytes())
    assert xst("certificate", "paper", serial, "--out", "again.pdf")[0] == 1
    xst("exam", "delete", slips[0]["准考证号"], "--yes")
    status, said = xst("certificate", "paper", serial, "--out", "third.pdf")
    assert status == 1 and "已经删除" in said
    assert len(ExamStore(tmp_path / "home" / "exam.db").certificates()) == 1


def test_no_certificate_without_an_issuers_name(xst, slips, released, tmp_path):
    take(xst, slips[0], released)
    xst("certificate", "keygen", "--out", "usb/sign.key")
    (tmp_path / "home" / "exam.toml").write_text("", encoding="utf-8")
    status, said = xst("certificate", "issue", "--key", "usb/sign.key")
    assert status == 1 and "organiser" in said
