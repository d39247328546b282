"""The commands of a prize draw, as an organiser and a participant use them."""

import importlib
import json
import stat
from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner

from bot.draw.lots import entry_of, new_entry
from bot.draw.record import digest, load_record, moment

# Not `from bot.cli import draw`: the package has the group of commands under that name.
commands = importlib.import_module("bot.cli.draw")

PLAN = """
title = "有奖问答"
organiser = "虚构区总工会"
opens = 2026-12-01T08:00:00
closes = 2026-12-20T18:00:00
claim = "到服务窗口凭码领取"
rules = "一人一次，公布后不改"
reserves = 1
[[prizes]]
name = "一等奖"
number = 1
value = 300
[[prizes]]
name = "二等奖"
number = 2
value = 60
"""
BEFORE = datetime(2026, 11, 28, tzinfo=UTC)
ENDED = datetime(2026, 12, 20, 10, 5, tzinfo=UTC)


@pytest.fixture
def xst(tmp_path, monkeypatch):
    """`xst draw …` in a folder and at a time; gives status and everything printed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XST_HOME", str(tmp_path / "home"))
    (tmp_path / "plan.toml").write_text(PLAN, encoding="utf-8")

    def run(*words, at=BEFORE):
        monkeypatch.setattr(commands, "_now", lambda: at)
        done = CliRunner().invoke(commands.draw, list(words))
        return done.exit_code, " ".join(done.output.split())

    return run


@pytest.fixture
def drawn(xst, tmp_path):
    """A draw carried through; the codes of its participants."""
    codes = [new_entry()[0] for _ in range(20)]
    assert xst("commit", "plan.toml", "--out", "r.json")[0] == 0
    (tmp_path / "list").write_text("\n".join(map(entry_of, codes)), encoding="utf-8")
    status, said = xst("close", "r.json", "--entries", "list", at=ENDED)
    assert status == 0 and "名单 20 个" in said
    at = moment(load_record(tmp_path / "r.json").announcement.beacon.at)
    assert xst("run", "r.json", "--beacon", "5a" * 32, at=at)[0] == 0
    return codes


def test_an_example_plan_is_a_plan(xst, tmp_path):
    status, _ = xst("example")
    assert status == 0
    example = CliRunner().invoke(commands.draw, ["example"]).output
    (tmp_path / "example.toml").write_text(example, encoding="utf-8")
    assert xst("commit", "example.toml", "--out", "e.json")[0] == 0
    said = load_record(tmp_path / "e.json").announcement
    assert said.winners == 11 and said.opens.endswith("+08:00")


def test_the_seed_is_kept_for_its_owner_and_is_not_in_the_record(xst, tmp_path):
    status, said = xst("commit", "plan.toml", "--out", "r.json")
    record = load_record(tmp_path / "r.json")
    [seed] = (tmp_path / "home" / "draws").glob("*.seed")
    assert status == 0 and digest(record.announcement) in said
    assert stat.S_IMODE(seed.stat().st_mode) == 0o600
    text = seed.read_text(encoding="utf-8").strip()
    assert text not in (tmp_path / "r.json").read_text(encoding="utf-8") and text not in said
    status, said = xst("commit", "plan.toml", "--out", "r.json")
    assert status == 1 and "从不覆盖" in said


def test_a_finished_draw_verifies_for_everybody(xst, drawn, tmp_path):
    status, said = xst("verify", "r.json")
    assert status == 0 and "开奖结果可信" in said and "二等奖 2 份" in said
    record = load_record(tmp_path / "r.json")
    lucky = next(c for c in drawn if entry_of(c) == record.drawn.winners[0])
    status, said = xst(
        *("verify", "r.json", "--code", lucky, "--announced", digest(record.closed)[:16]),
        *("--beacon", "5A" * 32),
    )
    assert status == 0 and "中奖：第 1 位，一等奖" in said
    assert "信标与您查到的相同" in said


def test_a_tampered_record_names_its_step_and_gives_status_1(xst, drawn, tmp_path):
    raw = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))
    raw["closed"]["entries"].pop()
    (tmp_path / "bad.json").write_text(json.dumps(raw), encoding="utf-8")
    status, said = xst("verify", "bad.json")
    assert status == 1 and "先是“封存”这一步：名单与封存值不符" in said
    status, said = xst("verify", "r.json", "--announced", "bad.json")
    assert status == 1 and "公布之后被改过" in said
    status, said = xst("verify", "r.json", "--code", new_entry()[0])
    assert status == 1 and "不在名单里" in said


def test_steps_come_in_order_and_once(xst, drawn, tmp_path):
    assert "不能再改" in xst("close", "r.json", "--entries", "list", at=ENDED)[1]
    assert "不能再开" in xst("run", "r.json", "--beacon", "00" * 32, at=ENDED)[1]
    xst("commit", "plan.toml", "--out", "two.json")
    early = xst("close", "two.json", "--entries", "list", at=BEFORE)
    late = xst("close", "two.json", "--entries", "list", at=ENDED + timedelta(days=2))
    assert early[0] == late[0] == 1
    assert "才截止" in early[1] and "作废" in late[1]
    assert "还没有封存" in xst("run", "two.json", "--beacon", "00" * 32, at=ENDED)[1]
    assert load_record(tmp_path / "two.json").closed is None


def test_a_prize_is_claimed_with_the_code_alone_and_once(xst, drawn, tmp_path):
    record = load_record(tmp_path / "r.json")
    by = {entry_of(c): c for c in drawn}
    lucky = by[record.drawn.winners[2]]
    assert "第 3 位，二等奖" in xst("claim", "r.json", lucky)[1]
    assert "已记下" in xst("claim", "r.json", lucky.lower(), "--give")[1]
    status, said = xst("claim", "r.json", lucky, "--give")
    assert status == 1 and "已经领走" in said
    [kept] = (tmp_path / "home" / "draws").glob("*.given")
    assert kept.read_text(encoding="utf-8") == record.drawn.winners[2] + "\n"
    assert "候补第 1 位" in xst("claim", "r.json", by[record.drawn.reserves[0]])[1]
    assert xst("claim", "r.json", new_entry()[0])[0] == 3
    assert xst("claim", "r.json", "abc")[0] == 1


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('title = "有奖问答"', "", "title: 缺少"),
        ("closes = 2026-12-20T18:00:00", 'closes = "十二月"', "closes: 应是时间"),
        ("closes = 2026-12-20", "closes = 2026-11-30", "时间先后不对"),
        ("number = 2", "number = 0", "第 2 个 [[prizes]] number: 应是不小于 1"),
        ("reserves = 1", "reserved = 1", "不认识的项 reserved"),
        ("[[prizes]]", "[[prizes", "读不出来"),
    ],
)
def test_a_faulty_plan_is_refused_with_its_field(xst, tmp_path, old, new, says):
    (tmp_path / "bad.toml").write_text(PLAN.replace(old, new), encoding="utf-8")
    status, said = xst("commit", "bad.toml", "--out", "x.json")
    assert status == 1 and "bad.toml" in said and says in said
    assert not (tmp_path / "x.json").exists()


def test_participants_codes_are_not_taken_for_entries(xst, tmp_path):
    xst("commit", "plan.toml", "--out", "r.json")
    (tmp_path / "list").write_text(new_entry()[0], encoding="utf-8")
    status, said = xst("close", "r.json", "--entries", "list", at=ENDED)
    assert status == 1 and "不是参与码本身" in said


def test_a_lost_seed_falls_back_to_the_beacon_after_its_day(xst, tmp_path):
    xst("commit", "plan.toml", "--out", "r.json")
    (tmp_path / "list").write_text("\n".join(new_entry()[1] for _ in range(9)), encoding="utf-8")
    xst("close", "r.json", "--entries", "list", at=ENDED)
    for seed in (tmp_path / "home" / "draws").iterdir():
        seed.unlink()
    said = load_record(tmp_path / "r.json").announcement
    soon, late = moment(said.beacon.at), moment(said.reveal_by) + timedelta(minutes=1)
    assert "找不到这次抽奖的种子" in xst("run", "r.json", "--beacon", "5a" * 32, at=soon)[1]
    words = ("run", "r.json", "--beacon", "5a" * 32, "--withheld", "硬盘坏了")
    assert "才能不用种子" in xst(*words, at=soon)[1]
    assert xst(*words, at=late)[0] == 0
    status, told = xst("verify", "r.json")
    assert status == 0 and "硬盘坏了" in told
