"""An organiser's file is read strictly, and a scene is the same through every channel."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from quizhome import CAMPAIGN, PUBLIC

from bot.campaign.plan import SCENE, CampaignError, Prizes, read_campaign, read_scene

EXAMPLE = Path(__file__).parents[3] / "deploy" / "campaign.example.yaml"


@pytest.fixture
def write(tmp_path):
    def write(old: str = "", new: str = "") -> Path:
        text = EXAMPLE.read_text(encoding="utf-8")
        assert old in text
        path = tmp_path / "活动.yaml"
        path.write_text(text.replace(old, new), encoding="utf-8")
        return path

    return write


def test_the_example_is_a_campaign_that_measures():
    plan = read_campaign(EXAMPLE)
    assert plan.measures and plan.region == "河南" and sum(u.asked for u in plan.units) == 200


def test_every_part_of_the_example_that_is_switched_off_is_right_too(tmp_path):
    text = EXAMPLE.read_text(encoding="utf-8")
    on = re.sub(r"^# (?=recognise:|draw:|  )", "", text, flags=re.M)
    on = on.replace("metric: 基本了解率 ", "metric: 知晓率 ").replace("  # before", "  before")
    path = tmp_path / "on.yaml"
    path.write_text(on, encoding="utf-8")
    plan = read_campaign(path)
    assert plan.recognise[0].without == 2 and plan.draw.winners == 11
    assert plan.form.before == "xia-2026"


def test_a_scene_is_what_wechat_and_telegram_carry_unchanged():
    scene = CAMPAIGN.scene("u1")
    assert read_scene(scene) == ("autumn", "u1")
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,64}", scene)
    assert read_scene("q-a-b_c-d-1") == ("a-b", "c-d-1")
    assert read_scene("q-autumn") == ("autumn", "")
    for other in ("spring2026", "q-_u1", "q-a_u\0", "q-a\ud800_u", "q-a_b_c", "q-A_u1"):
        assert read_scene(other) is None


def test_ids_that_would_not_fit_into_a_code_are_refused(write):
    long = "a" * 32
    path = write("id: liren", f"id: {'b' * 30}")
    path.write_text(path.read_text().replace("id: qiu-2026", f"id: {long}"), encoding="utf-8")
    with pytest.raises(CampaignError, match="编号合起来最多 61 个字符"):
        read_campaign(path)
    assert len(replace(CAMPAIGN, id=long).scene("b" * 29)) == SCENE


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("passing: 8 ", "passing: 6 ", "passing: 应多于一半"),
        ("passing: 8 ", "passing: 八 ", "passing: “八” 应为不小于 1 的整数"),
        ("seconds: 3 ", "seconds: -1 ", "seconds"),
        ("seconds: 3 ", "seconds: 600 ", "太长"),
        ("roster_seed: 0f3a9c4e5b6d7081", "", "roster_seed"),
        ("opens: 2026-12-01", "opens: 12月1日", "opens: 应为日期"),
        ("asked: 64", "asked: 640", "多于 population"),
        ("metric: 基本了解率", "metric: 满意率", "metric"),
        ("region: 河南", "farbe: 河南", "不认识的字段：farbe"),
        ("id: hongda", "id: liren", "编号重复"),
    ],
)
def test_a_fault_names_file_line_and_field(write, old, new, said):
    with pytest.raises(CampaignError, match=re.escape(said)) as error:
        read_campaign(write(old, new))
    assert re.match(r"活动\.yaml:\d+: ", str(error.value))


def test_prizes_volunteers_and_doors_without_codes_never_measure():
    assert CAMPAIGN.measures
    assert not replace(CAMPAIGN, draw=Prizes(1, "伞", "drand")).measures
    assert not replace(CAMPAIGN, sample="自愿").measures
    assert not replace(CAMPAIGN, metric="宣传覆盖").measures
    assert not PUBLIC.measures
