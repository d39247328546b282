"""The command `xst awareness`: the object scripts read, the lines a chairman reads, the draw."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from bot.awareness import sampling
from bot.cli.awareness import awareness

ONE = "--population 500 --asked 200 --answered 188 --correct 180"


def run(line, code=0):
    result = CliRunner().invoke(awareness, line.split() if isinstance(line, str) else line)
    assert result.exit_code == code, result.output
    return result


def as_json(line):
    return json.loads(run(f"{line} --json").stdout)


def test_the_object_has_the_promised_keys_first():
    found = as_json(ONE)
    assert list(found)[:5] == ["lower", "wilson", "response_rate", "lower_worst", "claim"]
    assert (found["lower"], found["response_rate"], found["lower_worst"]) == (0.932, 0.94, 0.868)
    assert found["claim"] == "答题者中已达到90%"
    assert [round(w, 4) for w in found["wilson"]] == [0.9183, 0.9783]


@pytest.mark.parametrize(
    ("line", "claim"),
    [
        ("--population 500 --asked 200 --answered 200 --correct 188", "已达到90%"),
        ("--population 60 --asked 60 --answered 60 --correct 54", "已达到90%"),
        ("--population 60 --asked 60 --answered 60 --correct 53", "尚不能证明"),
        ("--population 500 --asked 200 --answered 120 --correct 120", "尚不能证明"),
        ("--population 500 --asked 0 --answered 0 --correct 0", "尚不能证明"),
        (f"{ONE} --volunteers", "宣传数据，不作为达标依据"),
        ("--population 500 --answered 300 --correct 290 --volunteers", "宣传数据，不作为达标依据"),
        (f"{ONE} --metric 宣传覆盖", "宣传数据，不作为达标依据"),
    ],
)
def test_the_claim_is_one_of_the_fixed_words(line, claim):
    assert as_json(line)["claim"] == claim


def test_a_chairman_reads_plain_lines():
    said = run(ONE).stdout
    assert said.startswith("结论：答题者中已达到90%\n")
    for words in ("全体500人", "抽到200人", "下限93.2%", "86.8%", "答不答与懂不懂无关"):
        assert words in said


def test_what_is_missing_and_what_can_not_be_is_said_in_one_line():
    said = run("--population 500 --correct 3", 1).stderr
    said += run("--population 500 --asked 200 --answered 201 --correct 180", 1).stderr
    assert "--asked、--answered" in said
    assert "answered（答题的人数）" in said and "201" in said


def test_a_plan_says_whom_to_invite():
    found = as_json("plan --population 4995 --truth 0.95 --response 0.8")
    assert (found["answers"], found["correct"], found["invitations"]) == (177, 166, 222)
    said = run("plan --population 4995 --cluster-size 20 --icc 0.05").stdout
    assert "346" in said


def test_a_plan_for_many_units_reads_their_file(tmp_path):
    file = tmp_path / "单位.csv"
    file.write_bytes(
        "单位,人数,真实比例\r\n甲厂,120,\r\n乙厂,30,0.97\r\n丙厂,60,0.8\r\n".encode("gbk")
    )
    rows = json.loads(run(["plan", "--units", str(file), "--json"]).stdout)["units"]
    assert [(r["unit"], r.get("answers")) for r in rows] == [
        ("甲厂", 77),
        ("乙厂", 22),
        ("丙厂", None),
    ]
    assert "真实情况不到目标" in rows[2]["why"]
    strict = json.loads(run(["plan", "--units", str(file), "--list", "--json"]).stdout)
    assert strict["units"][0]["answers"] > 77 and strict["alpha"] == pytest.approx(0.05 / 3)
    assert "共请 99 人" in run(["plan", "--units", str(file)]).stdout.replace("\n", "")


def test_a_precision_is_planned_and_not_called_a_proof():
    assert as_json("plan --population 500 --margin 0.05")["answers"] == 109
    assert "不等于证明" in run("plan --population 500 --margin 0.05").stdout


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("名称,人数\n甲,3\n", "“单位”和“人数”"),
        ("单位,人数\n甲,三\n", "第 2 行"),
        ("单位,人数\n", "一个单位也没有"),
    ],
)
def test_a_units_file_that_can_not_be_read_is_named_with_its_line(tmp_path, text, says):
    file = tmp_path / "单位.csv"
    file.write_text(text, encoding="utf-8")
    said = run(["plan", "--units", str(file)], 1).stderr
    assert says in said and "单位.csv" in said


def roster(tmp_path, encoding="utf-8-sig"):
    file = tmp_path / "名册.csv"
    lines = [f"{i:03d},{'甲厂' if i <= 70 else '乙厂'}" for i in range(1, 101)]
    file.write_bytes("\r\n".join(["工号,单位", *lines, ""]).encode(encoding))
    return file, lines


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_the_draw_is_the_published_rule_and_keeps_nothing(tmp_path, encoding):
    file, lines = roster(tmp_path, encoding)
    seed = "9f" * 32
    drawn = run(["draw-roster", str(file), "--n", "10", "--seed", seed]).stdout.splitlines()
    assert drawn == ["工号,单位", *sampling.draw(lines, 10, bytes.fromhex(seed))]
    assert list(tmp_path.iterdir()) == [file]


def test_strata_get_their_share_or_the_same_number_each(tmp_path):
    file, _ = roster(tmp_path)
    line = ["draw-roster", str(file), "--n", "10", "--seed", "9f" * 32, "--by", "单位"]
    drawn = run(line).stdout.splitlines()[1:]
    assert sum(d.endswith("甲厂") for d in drawn) == 7 and len(drawn) == 10
    assert len(run([*line, "--each"]).stdout.splitlines()) == 21


def test_a_drawn_file_opens_in_a_spreadsheet(tmp_path):
    file, _ = roster(tmp_path)
    output = tmp_path / "抽中.csv"
    run(["draw-roster", str(file), "--n", "3", "--seed", "9f" * 32, "--out", str(output)])
    assert output.read_bytes().startswith(b"\xef\xbb\xbf")
    assert len(output.read_text(encoding="utf-8-sig").splitlines()) == 4


def test_the_draw_tells_the_fingerprint_and_warns_of_a_short_seed(tmp_path):
    file, lines = roster(tmp_path)
    said = run(["draw-roster", str(file), "--n", "3", "--seed", "2a"]).stderr
    assert sampling.fingerprint(lines) in said.replace("\n", "") and "不到32个字符" in said


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (["--n", "101", "--seed", "2a"], "只有 100 人"),
        (["--n", "3", "--seed", "xyz"], "seed"),
        (["--n", "3", "--seed", "2a", "--by", "班组"], "没有“班组”"),
        (["--n", "3", "--seed", "2a", "--each"], "--by"),
    ],
)
def test_a_draw_that_can_not_be_is_refused(tmp_path, more, says):
    file, _ = roster(tmp_path)
    assert says in run(["draw-roster", str(file), *more], 1).stderr


def test_a_watch_gives_the_band_that_may_be_looked_at_daily():
    found = as_json("watch --population 120 --answered 100 --correct 95")
    assert (round(found["low"], 3), round(found["high"], 3)) == (0.9, 0.958)
    assert "接着请人" in run("watch --answered 30 --correct 30").stdout
    assert as_json("watch --population 60 --answered 57 --correct 54")["e"] is None


def test_waves_are_compared(tmp_path):
    for name, ids in (("前", "abcdefghij"), ("后", "abcdefghXY")):
        (tmp_path / name).write_text("\n".join(ids), encoding="utf-8")
    line = ["compare", "--before", "200/180/120", "--after", "200/188/170"]
    assert run(line).stdout.startswith("结论：有提高")
    stale = ["--items-before", str(tmp_path / "前"), "--items-after", str(tmp_path / "后")]
    assert run([*line, *stale]).stdout.startswith("结论：不能比较")
    found = json.loads(run([*line, "--json"]).stdout)
    assert found["verdict"] == "有提高" and found["low"] > 0


def test_a_wave_in_another_form_is_refused():
    said = run("compare --before 200-180 --after 200/188/170", 1).stderr
    said += run("compare --before 200/210/120 --after 200/188/170", 1).stderr
    assert "抽到/答题/答对" in said and "--before: answered" in said
