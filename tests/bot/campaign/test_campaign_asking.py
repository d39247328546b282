"""Who is asked what: points the same for all, forms and option order another for everybody."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date

import pytest
from bank import bank, item

from bot.campaign import asking
from bot.campaign.plan import Blueprint, Campaign, CampaignError, Recognition, Unit

UNITS = (Unit("u1", "甲厂", 120, 80), Unit("u2", "乙厂", 30, 30, contract=False))
CAMPAIGN = Campaign(
    "autumn", "秋季答题", "区总工会", "基本了解率", "名册随机", "答题码",
    date(2026, 12, 1), date(2026, 12, 20), UNITS, roster_seed="ab",
)  # fmt: skip


def sitting(token: str = "00ff", campaign: Campaign = CAMPAIGN) -> asking.Sitting:
    items = asking.fitting(campaign, bank())
    return asking.begin(campaign, "u1", asking.points_of(campaign, items), items, token)


def test_every_area_is_asked_once_and_only_levels_that_all_should_know():
    known = {i.id: i for i in bank()}
    asked = [known[i] for i in sitting().items]
    assert sorted(i.area for i in asked) == list(range(1, 13))
    assert all(i.level in (1, 2) for i in asked)


def test_everybody_is_asked_the_same_points_in_forms_and_orders_of_their_own():
    known = {i.id: i for i in bank()}
    many = [sitting(f"{n:04x}").items for n in range(60)]
    assert len({tuple(sorted(known[i].point for i in items)) for items in many}) == 1
    assert len(set(many)) == 60
    forms = Counter(i[-1] for items in many for i in items)
    assert all(180 <= forms[f] <= 300 for f in "abc"), forms


def test_the_region_asks_its_own_point_where_it_has_one():
    local = replace(CAMPAIGN, region="河南")
    assert "henan-4" in asking.points_of(local, bank())
    without = replace(local, form=Blueprint(regional=False))
    assert "henan-4" not in asking.points_of(without, bank())
    assert "henan-4" not in asking.points_of(replace(local, region="山东"), bank())


def test_a_second_wave_asks_at_least_three_in_ten_points_anew():
    before = asking.points_of(CAMPAIGN, bank())
    again = asking.points_of(replace(CAMPAIGN, id="spring"), bank(), before)
    assert sum(p not in before for p in again) >= 4


def test_a_bank_with_too_little_left_names_the_area():
    left = [i for i in bank() if i.area != 7]
    with pytest.raises(CampaignError, match="第 7 领域"):
        asking.points_of(CAMPAIGN, left)


def test_options_stand_in_another_order_for_another_sitting_and_true_false_does_not():
    one = item("x", right=(1,))
    orders = {
        asking.show(replace(sitting(f"{n:02x}"), items=(one.id,)), one).places for n in range(40)
    }
    assert len(orders) > 10
    judged = item("y", kind="判断")
    assert asking.show(replace(sitting(), items=(judged.id,)), judged).options == ("对", "错")


def test_an_answer_counts_by_the_place_in_the_item_not_by_the_place_shown():
    one = item("x", right=(2,))
    at = replace(sitting(), items=(one.id,))
    shown = asking.show(at, one)
    place = shown.options.index("丙")
    assert asking.answer(at, one, [shown.places[place]]).score == 1
    wrong = (place + 1) % 4
    assert asking.answer(at, one, [shown.places[wrong]]).score == 0


def test_of_several_only_all_right_ones_count_and_not_knowing_never_does():
    one = item("x", kind="多选", right=(0, 2))
    at = replace(sitting(), items=(one.id,))
    assert asking.answer(at, one, [2, 0]).score == 1
    assert asking.answer(at, one, [0]).score == 0
    assert asking.answer(at, one, [0, 1, 2]).score == 0
    assert asking.answer(at, one, []).score == 0


def test_a_withdrawn_item_is_exchanged_for_another_form_of_its_point():
    at = sitting()
    known = {i.id: i for i in bank()}
    gone = known[at.open]
    left = [i for i in bank() if i.id != gone.id]
    put = asking.instead(gone, at, left)
    assert put and put.point == gone.point and put.id != gone.id
    assert asking.exchange(at, put).open == put.id
    none_of_point = [i for i in bank() if i.point != gone.point]
    other = asking.instead(gone, at, none_of_point)
    assert other and (other.area, other.level) == (gone.area, gone.level)
    assert asking.instead(gone, at, [i for i in bank() if i.area != gone.area]) is None
    assert len(asking.exchange(at, None).items) == 11


def test_the_pass_mark_is_eight_of_twelve_and_in_proportion_where_items_went():
    def with_score(right: int, of: int) -> asking.Sitting:
        made = tuple(asking.Answered(str(n), "v", 1, (0,), n < right) for n in range(of))
        return replace(sitting(), items=tuple(str(n) for n in range(of)), answers=made)

    assert asking.passed(CAMPAIGN, with_score(8, 12))
    assert not asking.passed(CAMPAIGN, with_score(7, 12))
    assert asking.passed(CAMPAIGN, with_score(8, 11))  # 7.33 of 11 are needed
    assert not asking.passed(CAMPAIGN, with_score(7, 11))
    assert not asking.passed(CAMPAIGN, with_score(0, 0)), "all withdrawn: nothing was shown"


def test_recognition_asks_of_the_own_enterprise_and_its_key_depends_on_it():
    asked = Recognition("have", "本单位有集体合同吗？", ("有", "没有"), 1, without=2)
    aware = replace(CAMPAIGN, metric="知晓率", recognise=(asked,))
    assert asking.recognition(asked, UNITS[0]).key == (0,)
    assert asking.recognition(asked, UNITS[1]).key == (1,)
    at = asking.begin(aware, "u2", (), [], "aa")
    assert at.items == ("have",)
    assert asking.passed(aware, asking.answer(at, asking.recognition(asked, UNITS[1]), [1]))
    assert not asking.passed(aware, asking.answer(at, asking.recognition(asked, UNITS[1]), [0]))
