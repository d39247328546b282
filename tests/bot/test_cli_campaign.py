"""The commands of a campaign, as an organiser uses them from the file to the hand-over."""

from __future__ import annotations

import importlib
import json
import re
import stat
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from quizhome import build_home
from typer.testing import CliRunner

from bot.campaign import codes
from bot.draw.lots import entry_of
from bot.persons import round_key
from bot.quizzing import Quizzing
from bot.release import open_release
from bot.settings import read_settings
from bot.sim.wechat import WeChatSim
from bot.storage.campaigns import Campaigns
from bot.storage.store import open_store

# Not `from bot.cli import …`: the package has the groups of commands under these names.
commands = importlib.import_module("bot.cli.campaign")
draws = importlib.import_module("bot.cli.draw")
main = importlib.import_module("bot.cli")
shared = importlib.import_module("bot.cli.campaigning")

EXAMPLE = Path(__file__).parents[2] / "deploy" / "campaign.example.yaml"
DAY = date(2026, 12, 5)
PLAN = """
title = "有奖问答"
organiser = "某某区总工会"
opens = 2026-12-01T08:00:00
closes = 2026-12-20T18:00:00
claim = "到服务窗口凭码领取"
rules = "一人一次，公布后不改"
[[prizes]]
name = "一等奖"
number = 11
value = 300
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("campaign") / "home"
    build_home(folder)
    return folder


@pytest.fixture
def xst(home, tmp_path, monkeypatch):
    """`xst …` in a folder on a day; gives status and everything printed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XST_HOME", str(home))
    monkeypatch.setenv("XST_RUN", str(tmp_path / "run"))
    monkeypatch.setenv("XST_DATABASE", f"sqlite:///{tmp_path / 'live.db'}")
    monkeypatch.setenv("COLUMNS", "160")
    (home / "xst.toml").write_text('[server]\nurl = "https://xst.example.org"\n', encoding="utf-8")

    def run(*words, on=DAY, given=None):
        monkeypatch.setattr(shared, "today", lambda: on)
        done = CliRunner().invoke(main.app, list(words), input=given)
        if done.exception and not isinstance(done.exception, SystemExit):
            return 1, str(done.exception)
        return done.exit_code, " ".join(done.output.split())

    return run


@pytest.fixture
def file(tmp_path):
    """The example, changed, as a file."""

    def write(*changes: tuple[str, str]) -> str:
        text = EXAMPLE.read_text(encoding="utf-8")
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        (tmp_path / "c.yaml").write_text(text, encoding="utf-8")
        return "c.yaml"

    return write


class Desk:
    """People who answer, beside the commands."""

    def __init__(self, folder: Path) -> None:
        self.campaigns = Campaigns(open_store(f"sqlite:///{folder / 'live.db'}"))
        self.now = 1_000_000.0
        seen = open_release(read_settings()).on(DAY)
        self.known = {i.id: i for i in seen.items()}
        self.quizzing = Quizzing(self.campaigns, lambda: seen, clock=lambda: self.now)

    def answer(self, ident: str, unit: str, number: int, wrong: int = 0):
        key = self.campaigns.get(ident).key
        for code in codes.make_codes(key, ident, unit, number):
            page = self.quizzing.enter(code=code)
            while page.shown:
                self.now += 10
                one = self.known[page.shown.item]
                right = [page.shown.places.index(p) for p in one.key]
                said = [] if page.shown.number <= wrong else right
                page = self.quizzing.answer(page.token, page.shown.number, said)
            yield page


# Before


def test_the_example_becomes_a_draft_and_says_what_it_can_show(xst):
    status, said = xst("campaign", "create", str(EXAMPLE))
    assert status == 0, said
    assert "指标 基本了解率" in said and "要发答题码 200 个" in said and "合格" in said
    assert "4 怎么发起、对方多久回 henan-4 3 种问法 河南" in said
    assert "至少159人答" in said and "只按要点核对过" in said
    assert xst("campaign", "list")[1].startswith("qiu-2026 草稿 2026-12-01 至 2026-12-20")
    status, said = xst("campaign", "create", str(EXAMPLE))
    assert status == 1 and "已经有了" in said


def test_a_second_wave_names_the_first_and_a_file_with_a_fault_its_line(xst, file):
    later = file(("id: qiu-2026", "id: dong-2026"), ("  # before: xia-2026", "  before: qiu-2026"))
    assert "活动 qiu-2026 这里没有" in xst("campaign", "create", later)[1]
    assert xst("campaign", "create", str(EXAMPLE))[0] == 0
    assert xst("campaign", "create", later)[0] == 0
    status, said = xst("campaign", "create", file(("asked: 64", "asked: 6400")))
    assert status == 1 and re.match(r"c\.yaml:\d+: ", said)


def test_a_draft_is_replaced_and_an_open_campaign_is_not(xst, file):
    xst("campaign", "create", str(EXAMPLE))
    changed = file(("title: 集体协商知识答题", "title: 新的名字"))
    assert xst("campaign", "update", changed)[0] == 0
    assert "新的名字" in xst("campaign", "list")[1]
    xst("campaign", "codes", "qiu-2026", "--unit", "liren", "--out", "l.html")
    gone = file(("  - {id: liren, name: 丽人纺织有限公司, population: 320, asked: 64}\n", ""))
    assert "liren 的答题码已经发了" in xst("campaign", "update", gone)[1]
    assert xst("campaign", "open", "qiu-2026")[0] == 0
    assert "开始后不能再改" in xst("campaign", "update", str(EXAMPLE))[1]
    assert "不能再开始" in xst("campaign", "open", "qiu-2026")[1]


def test_a_campaign_does_not_open_after_its_end_and_an_unknown_one_is_named(xst):
    xst("campaign", "create", str(EXAMPLE))
    assert "已经过了" in xst("campaign", "open", "qiu-2026", on=date(2026, 12, 21))[1]
    assert "没有活动 other；现有：qiu-2026" in xst("campaign", "open", "other")[1]


# Codes and sheets


def test_codes_are_printed_once_for_who_was_drawn_and_kept_nowhere(xst, tmp_path):
    xst("campaign", "create", str(EXAMPLE))
    status, said = xst("campaign", "codes", "qiu-2026", "--unit", "hongda", "--out", "h.html")
    assert status == 0 and "36 个" in said
    page = (tmp_path / "h.html").read_text(encoding="utf-8")
    made = re.findall(r'class="code">([^<]+)<', page)
    assert len(set(made)) == 36 and made != sorted(made), "shuffled"
    assert stat.S_IMODE((tmp_path / "h.html").stat().st_mode) == 0o600
    kept = (tmp_path / "live.db").read_bytes() + b"".join(
        p.read_bytes() for p in tmp_path.glob("live.db-*")
    )
    assert not any(c.encode() in kept or c.replace("-", "").encode() in kept for c in made)
    held = Desk(tmp_path).campaigns.get("qiu-2026")
    assert {codes.unit_of(held.key, "qiu-2026", ["liren", "hongda"], c) for c in made} == {"hongda"}


def test_a_fifth_more_for_spoilt_slips_and_then_a_reason(xst, tmp_path):
    xst("campaign", "create", str(EXAMPLE))
    xst("campaign", "codes", "qiu-2026", "--unit", "hongda", "--out", "1.html")
    more = ("campaign", "codes", "qiu-2026", "--unit", "hongda", "--count")
    assert xst(*more, "8", "--out", "2.html")[0] == 0
    status, said = xst(*more, "1", "--out", "3.html")
    assert status == 1 and "占掉抽到的人的名额" in said and not (tmp_path / "3.html").exists()
    assert xst(*more, "1", "--spare", "--out", "3.html")[0] == 0
    assert "已经有这个文件" in xst(*more, "1", "--spare", "--out", "3.html")[1]
    assert Desk(tmp_path).campaigns.issued("qiu-2026") == {"hongda": 45}


def test_without_a_unit_every_unit_gets_its_own_file(xst, tmp_path):
    xst("campaign", "create", str(EXAMPLE))
    assert xst("campaign", "codes", "qiu-2026", "--out", "all")[0] == 0
    assert sorted(p.name for p in (tmp_path / "all").iterdir()) == [
        "qiu-2026_hongda.html", "qiu-2026_kuaidi.html", "qiu-2026_liren.html",
    ]  # fmt: skip
    assert "够了" in xst("campaign", "codes", "qiu-2026", "--out", "more")[1]
    assert (
        "没有单位 nobody"
        in xst("campaign", "codes", "qiu-2026", "--unit", "nobody", "--out", "x")[1]
    )


def test_posters_without_accounts_say_why_there_is_only_the_page(xst, tmp_path, home):
    xst("campaign", "create", str(EXAMPLE))
    status, said = xst("campaign", "sheet", "qiu-2026", "--unit", "liren", "--out", "s")
    assert status == 0 and "没有 [wechat]" in said
    names = {f"qiu-2026_liren.{kind}" for kind in ("html", "png", "svg")}
    assert {p.name for p in (tmp_path / "s").iterdir()} == names
    (home / "xst.toml").write_text("", encoding="utf-8")
    status, said = xst("campaign", "sheet", "qiu-2026", "--out", "s2")
    assert status == 1 and "[server] 写上 url" in said


@pytest.mark.parametrize(("kind", "made"), [("service", True), ("verified", False)])
def test_a_service_account_gets_codes_that_lead_into_its_chat(
    xst, tmp_path, home, monkeypatch, kind, made
):
    xst("campaign", "create", str(EXAMPLE))
    with WeChatSim("http://127.0.0.1:9/") as sim:
        sim.set(kind=kind)
        monkeypatch.setenv("XST_WECHAT_TOKEN", "t")
        monkeypatch.setenv("XST_WECHAT_AES_KEY", "a" * 43)
        monkeypatch.setenv("XST_WECHAT_SECRET", sim.account.secret)
        (home / "xst.toml").write_text(
            '[server]\nurl = "https://xst.example.org"\n[wechat]\n'
            f'account = "{sim.account.account}"\napp_id = "{sim.account.app_id}"\n'
            f'kind = "{kind}"\napi = "{sim.url}"\n',
            encoding="utf-8",
        )
        status, said = xst("campaign", "sheet", "qiu-2026", "--unit", "liren", "--out", "s")
    assert status == 0 and ("认证的服务号" in said) != made
    assert (tmp_path / "s" / "qiu-2026_liren-wechat.png").exists() == made
    page = (tmp_path / "s" / "qiu-2026_liren.html").read_text(encoding="utf-8")
    assert ("公众号" in page) == made


# While it runs


def test_progress_shows_units_and_bands_and_never_less_than_ten_people(xst, tmp_path):
    xst("campaign", "create", str(EXAMPLE))
    xst("campaign", "open", "qiu-2026")
    desk = Desk(tmp_path)
    list(desk.answer("qiu-2026", "liren", 9))
    said = xst("campaign", "show", "qiu-2026")[1]
    assert "不到10" in said and "满20人才显示" in said
    list(desk.answer("qiu-2026", "liren", 13))
    rows = json.loads(xst("campaign", "show", "qiu-2026", "--json")[1])["rows"]
    assert rows[0]["finished"] == 22 and rows[0]["answered"] == 12
    band = (rows[0]["low"], rows[0]["high"])
    list(desk.answer("qiu-2026", "liren", 1, wrong=12))
    again = json.loads(xst("campaign", "show", "qiu-2026", "--json")[1])["rows"]
    assert (again[0]["low"], again[0]["high"]) == band, "one person more must not show"
    assert again[0]["finished"] == 23


def test_a_round_without_codes_says_how_many_may_be_counted_twice(xst, file, tmp_path):
    open_ = file(
        ("sample: 名册随机 ", "sample: 自愿 "), ("entrance: 答题码 ", "entrance: 不用码 "),
        ("roster_seed: 0f3a9c4e5b6d7081", ""),
    )  # fmt: skip
    status, said = xst("campaign", "create", open_)
    assert status == 0 and "只作宣传数据" in said
    assert "不用答题码" in xst("campaign", "codes", "qiu-2026", "--out", "x")[1]
    xst("campaign", "open", "qiu-2026")
    campaigns = Desk(tmp_path).campaigns
    for generation, number in (("g1", 30), ("g2", 12)):
        for n in range(number):
            assert campaigns.partake("qiu-2026", generation, f"p{n}")
    said = xst("campaign", "show", "qiu-2026")[1]
    assert "聊天里参加 42 人次" in said and "换过 1 次" in said and "重复的最多 12 次" in said
    run = tmp_path / "run"
    round_key(run, "qiu-2026")
    assert xst("campaign", "close", "qiu-2026", "--yes", on=date(2026, 12, 21))[0] == 0
    assert not list(run.glob("round-*")), "the key of the round dies with it"
    assert "重复的最多 12 次" in xst("campaign", "show", "qiu-2026")[1]


# After


def test_a_measurement_ends_on_the_day_that_was_announced_and_not_when_it_looks_good(xst):
    xst("campaign", "create", str(EXAMPLE))
    xst("campaign", "open", "qiu-2026")
    status, said = xst("campaign", "close", "qiu-2026", "--yes")
    assert status == 1 and "2026-12-20" in said and "提前收" in said
    assert "进行中" in xst("campaign", "list")[1]


def test_closing_asks_first_and_then_nothing_can_be_answered_or_told_apart(xst, tmp_path):
    xst("campaign", "create", str(EXAMPLE))
    assert "是草稿" in xst("campaign", "close", "qiu-2026", "--yes")[1]
    xst("campaign", "open", "qiu-2026")
    desk = Desk(tmp_path)
    list(desk.answer("qiu-2026", "liren", 11))
    over = date(2026, 12, 21)
    assert xst("campaign", "close", "qiu-2026", given="n\n", on=over)[0] == 1
    status, said = xst("campaign", "close", "qiu-2026", given="y\n", on=over)
    assert status == 0, said
    assert "还没" not in said and "xst awareness report qiu-2026" in said
    attempts = desk.campaigns.attempts("qiu-2026")
    assert len(attempts) == 11 and all(a.slot is None for a in attempts)
    assert "没有写 draw" in xst("campaign", "entries", "qiu-2026", "--out", "x")[1]


def test_a_prize_is_announced_before_opening_and_its_list_comes_after_the_close(
    xst, file, tmp_path, monkeypatch
):
    text = re.sub(r"^# (?=draw:|  winners|  what|  beacon)", "", EXAMPLE.read_text(), flags=re.M)
    (tmp_path / "c.yaml").write_text(text, encoding="utf-8")
    (tmp_path / "plan.toml").write_text(PLAN, encoding="utf-8")
    assert "有奖" in xst("campaign", "create", "c.yaml")[1]
    status, said = xst("campaign", "open", "qiu-2026")
    assert status == 1 and "xst draw commit" in said
    before, ended = (datetime(2026, m, d, 10, 5, tzinfo=UTC) for m, d in ((11, 28), (12, 20)))

    def draw(at, *words):
        monkeypatch.setattr(draws, "_now", lambda: at)
        done = CliRunner().invoke(draws.draw, list(words))
        return done.exit_code, done.output

    assert draw(before, "commit", "plan.toml", "--out", "r.json")[0] == 0
    (tmp_path / "few.toml").write_text(PLAN.replace("11", "3"), encoding="utf-8")
    assert draw(before, "commit", "few.toml", "--out", "few.json")[0] == 0
    opens = ("campaign", "open", "qiu-2026", "--announcement")
    assert "winners 是 11" in xst(*opens, "few.json")[1]
    assert "读不出来" in xst(*opens, "no.json")[1]
    status, said = xst(*opens, "r.json")
    assert status == 0 and "公告摘要" in said
    pages = list(Desk(tmp_path).answer("qiu-2026", "liren", 12, wrong=6))
    assert "还没有结束" in xst("campaign", "entries", "qiu-2026", "--out", "list")[1]
    xst("campaign", "close", "qiu-2026", "--yes", on=date(2026, 12, 21))
    assert xst("campaign", "entries", "qiu-2026", "--out", "list")[0] == 0
    listed = (tmp_path / "list").read_text().split()
    assert listed == sorted(entry_of(p.ending.entry) for p in pages)
    status, said = draw(ended, "close", "r.json", "--entries", "list")
    assert status == 0 and "名单 12 个" in said
