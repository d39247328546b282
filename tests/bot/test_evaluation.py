"""The scoring itself: one form for numbers, strict reading of the file."""

from __future__ import annotations

import pytest

from bot.evaluation import EvaluationError, one_form, read_asked


@pytest.mark.parametrize(
    ("left", "right"),
    [("三分之二", "2/3"), ("百分之二十", "20%"), ("二十日内", "20日内"), ("１０个工作日", "十个工作日"),
     ("两个月", "2个月"), ("300%", "百分之三百"), ("5天", "五日"), ("1至3年", "一至三年")],
)  # fmt: skip
def test_ways_to_write_one_figure_are_one(left, right):
    assert one_form(left) == one_form(right)


@pytest.mark.parametrize(
    ("left", "right"), [("十日", "十个工作日"), ("半数以上", "过半数"), ("2/3", "三分之一")]
)
def test_different_figures_stay_different(left, right):
    assert one_form(left) != one_form(right)


def test_a_bad_line_is_named(tmp_path):
    file = tmp_path / "q.jsonl"
    file.write_text('{"id": "1", "question": "x"}\n{"id": 2\n', encoding="utf-8")
    with pytest.raises(EvaluationError, match=r"q.jsonl:2"):
        read_asked(file)
