"""The table of procedure."""

from datetime import date

from knowledge.matrix import STEPS, figures_of, matrix, regions_of, shown
from knowledge.pieces import Point, Rule, Span


def rule(region, contract="任何", *figures):
    return Rule(f"{region}.{contract}", "reply", region, contract, "说", (), figures)


DAYS = Span("20", "日", "以内")
POINTS = [
    Point("file", "报送", "报送", "t", (), "", (rule("国家"),), "unreviewed", date(2026, 1, 1)),
    Point(
        "reply",
        "答复",
        "应约",
        "t",
        (),
        "",
        (rule("河南", "工资", Span("10", "工作日", "以内")), rule("国家", "任何", DAYS)),
        "unreviewed",
        date(2026, 1, 1),
    ),
]


def test_rows_follow_the_order_of_a_bargaining_and_cells_that_of_the_regions():
    rows = matrix(POINTS, ["国家", "河南"])
    assert [r.step for r in rows] == ["应约", "报送"]
    assert [[r.region for r in cell] for cell in rows[0].cells] == [["国家"], ["河南"]]


def test_a_contract_type_keeps_its_own_rules_and_those_for_any():
    (row, _) = matrix(POINTS, ["国家", "河南"], "综合")
    assert [len(cell) for cell in row.cells] == [1, 0]


def test_a_step_can_be_picked_and_a_row_without_rules_is_left_out():
    assert [r.point for r in matrix(POINTS, ["国家", "河南"], step="应约")] == ["reply"]
    assert [r.point for r in matrix(POINTS, ["河南"])] == ["reply"]


def test_the_nation_stands_first():
    assert regions_of(POINTS) == ["国家", "河南"]


def test_a_share_keeps_its_comparison():
    assert shown(Span("2/3", "份额", "以上")) == "≥2/3"
    assert shown(Span("1/2", "份额", "过")) == ">1/2"
    assert figures_of(rule("国家", "任何", DAYS, DAYS)) == "20日"


def test_every_step_of_the_content_has_its_place(real):
    assert {p.step for p in real.points} <= set(STEPS)
