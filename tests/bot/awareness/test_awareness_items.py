"""Item figures and areas: what misleads is found, and nothing leads to a person."""

from __future__ import annotations

import numpy as np
import pytest

from bot.awareness import areas, items
from bot.awareness.inputs import AwarenessError
from bot.awareness.items import Used


def answers(people=300, count=10, broken=True, seed=7):
    """Rasch people; the last item asks for luck instead of knowledge where `broken`."""
    rng = np.random.default_rng(seed)
    ability = rng.normal(0, 1, people)
    difficulty = np.linspace(-1.5, 1.0, count)
    right = rng.random((people, count)) < 1 / (1 + np.exp(difficulty - ability[:, None]))
    if broken:
        right[:, -1] = rng.random(people) < 1 / (1 + np.exp(0.5 * ability))
    wrong = rng.choice(list("BCD"), (people, count))
    return [list(row) for row in np.where(right, "A", wrong)]


FORM = [Used(f"i{n}", "ABCD", "A") for n in range(10)]


def test_an_item_that_the_knowing_get_wrong_is_withdrawn_and_no_other():
    figures = items.item_figures(answers(), FORM)
    assert figures[-1].item_rest < 0
    assert [f.id for f in figures if f.withdraw] == ["i9"]


def test_figures_are_those_of_plain_sums():
    rows = answers()
    figure = items.item_figures(rows, FORM)[3]
    right = np.array([[a == "A" for a in row] for row in rows], dtype=float)
    rest = np.delete(right, 3, axis=1).sum(axis=1)
    assert figure.facility == pytest.approx(right[:, 3].mean())
    assert figure.item_rest == pytest.approx(np.corrcoef(right[:, 3], rest)[0, 1])


def test_kuder_richardson_on_a_worked_case():
    """Four people, three items: scores 3, 2, 1, 0, variance 1.25, Σpq = .1875 + .25 + .1875."""
    right = np.array([[1, 1, 1], [1, 1, 0], [1, 0, 0], [0, 0, 0]], dtype=float)
    assert items.kr20(right) == pytest.approx(1.5 * (1 - 0.625 / 1.25))
    assert items.kr20(np.ones((5, 4))) is None


def test_ten_items_are_fit_for_a_group_and_not_for_a_certificate():
    form = items.form_figures(answers(broken=False), FORM)
    assert 0.3 < form.kr20 < 0.7 and form.items_for_80 > 15
    assert items.spearman_brown(10, 0.4215) == 55
    assert items.spearman_brown(10, 0.8) == 10
    assert form.chance == pytest.approx(0.25)


def test_too_hard_too_easy_and_unused_options_are_flagged():
    rows = [["A", "B", "A"]] * 29 + [["A", "A", "B"]] * 3
    found = items.item_figures(rows, [Used("easy", "ABCD", "A"), Used("hard", "ABCD", "A"),
                                      Used("fine", "AB", "A")])  # fmt: skip
    assert items.TOO_EASY in found[0].flags and found[0].unused == ("B", "C", "D")
    assert items.TOO_HARD in found[1].flags and found[1].unused == ("C", "D")
    assert found[2].unused == () and items.IDLE not in found[2].flags


def test_before_thirty_answers_nothing_is_said():
    found = items.item_figures([["B"] * 10] * 29, FORM)
    assert all((f.facility, f.item_rest, f.flags) == (None, None, ()) for f in found)
    assert items.form_figures([["B"] * 10] * 29, FORM).kr20 is None


def test_items_somebody_was_not_given_count_nowhere():
    rows = answers()
    for at, row in enumerate(rows):
        row[at % 10] = ""
    figures = items.item_figures(rows, FORM)
    assert all(f.answers == 270 for f in figures)
    assert figures[-1].withdraw and items.form_figures(rows, FORM).people == 0


def test_several_right_options_count_together_and_dont_know_counts_as_wrong():
    rows = [["CB"], ["BC"], ["B"], ["?"], ["BCD"]] * 8
    figure = items.item_figures(rows, [Used("m", "ABCD", "BC")])[0]
    assert figure.facility == pytest.approx(0.4)
    assert figure.chance == pytest.approx(1 / 15)
    assert figure.unused == ("A",)


def test_nobody_differs_so_no_correlation_is_made_up():
    assert items.item_figures([["A"] * 10] * 40, FORM)[0].item_rest is None


def test_a_row_of_another_length_is_refused_by_its_number():
    with pytest.raises(AwarenessError, match="第 2 行"):
        items.item_figures([["A"] * 10, ["A"] * 9], FORM)


# Areas


def tally(answered, wrong=None):
    return areas.Tally(answered, answered // 3 if wrong is None else wrong)


def test_under_ten_answers_are_hidden_and_so_is_what_subtraction_would_find():
    table = {
        "甲": {"覆盖谁": tally(40), "怎么发起": tally(40)},
        "乙": {"覆盖谁": tally(6), "怎么发起": tally(12)},
        "丙": {"覆盖谁": tally(15), "怎么发起": tally(15)},
        "丁": {"覆盖谁": tally(30), "怎么发起": tally(30)},
    }
    hidden = areas.hidden_cells(table)
    assert {("乙", "覆盖谁"), ("丙", "覆盖谁")} <= hidden
    for area in ("覆盖谁", "怎么发起"):
        inside = [u for u in table if (u, area) in hidden]
        assert not inside or len(inside) >= 2
        assert not inside or sum(table[u][area].answered for u in inside) >= 10
    for unit in table:
        assert len([a for a in table[unit] if (unit, a) in hidden]) != 1
    shown = areas.shares_wrong(table)
    assert shown["乙"]["覆盖谁"] == areas.Cell(None, None, areas.HIDDEN)
    assert shown["甲"]["覆盖谁"].share_wrong == 0.33  # 13 of 40


def test_several_small_units_may_cover_each_other():
    table = {u: {"覆盖谁": tally(n)} for u, n in (("甲", 6), ("乙", 7), ("丙", 50))}
    assert areas.hidden_cells(table) == {("甲", "覆盖谁"), ("乙", "覆盖谁")}


def test_units_too_small_together_take_a_third_with_them():
    table = {u: {"覆盖谁": tally(n)} for u, n in (("甲", 2), ("乙", 3), ("丙", 50), ("丁", 90))}
    assert ("丙", "覆盖谁") in areas.hidden_cells(table)


def test_nothing_is_hidden_where_all_are_large():
    assert not areas.hidden_cells({"甲": {"x": tally(10)}, "乙": {"x": tally(300)}})


def test_the_total_of_few_is_hidden_too():
    assert areas.total({"甲": tally(4), "乙": tally(5)}).shown == areas.HIDDEN
    assert areas.total({"甲": tally(4), "乙": tally(16, 10)}).answered == 20


def test_all_wrong_and_none_wrong_are_blurred():
    shown = areas.shares_wrong({"甲": {"a": tally(12, 12), "b": tally(12, 0), "c": tally(12, 6)}})
    assert [c.shown for c in shown["甲"].values()] == ["高于90%", "低于10%", "50%"]
    assert [c.share_wrong for c in shown["甲"].values()] == [None, None, 0.5]
