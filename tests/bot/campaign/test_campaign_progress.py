"""What an organiser sees while people answer, and hears before: units, nothing under ten."""

from __future__ import annotations

from dataclasses import replace

from quizhome import CAMPAIGN, PUBLIC

from bot.awareness.monitoring import watch
from bot.campaign.outlook import outlook
from bot.campaign.plan import Prizes, Unit
from bot.campaign.progress import NO_FIGURE, NOT_YET, Came, groups, rows

MANY = replace(CAMPAIGN, units=tuple(Unit(f"u{n}", f"店{n}", 98, 4) for n in range(51)))


def came(progress=(), figures=()):
    return Came({}, dict(progress), dict(figures))


def test_numbers_from_one_to_nine_are_hidden_and_not_in_the_sum_either():
    progress = {("u1", "finished"): 12, ("u2", "finished"): 9, ("u3", "finished"): 3}
    first, second, third, whole = rows(CAMPAIGN, came(progress))
    assert (first.finished, second.finished, third.finished) == (12, None, None)
    assert whole.finished == 12 and first.begun == 0


def test_units_of_fewer_than_ten_stand_together_and_without_a_figure_of_their_own():
    *_, third, _ = found = rows(CAMPAIGN, came(figures={"u1": (20, 18)}))
    assert len(found) == 4 and "丙店" not in str(found)
    assert third.answered == 0 and "u3" not in groups(CAMPAIGN)
    assert set(groups(MANY).values()) == {"*"}
    assert len(rows(MANY, came())) == 2


def test_the_running_figure_is_the_always_valid_band_of_the_unit():
    first, second, _, _ = rows(CAMPAIGN, came(figures={"u1": (20, 17)}))
    valid = watch(17, 20, 120)
    assert (first.low, first.high, first.answered) == (valid.low, valid.high, 20)
    assert "（按20人）" in first.band and second.band == NOT_YET
    assert first.low < 0.9 < first.high, "twenty people prove nothing"


def test_a_sum_over_units_asked_in_other_shares_is_not_shown_unweighted():
    *_, whole = rows(CAMPAIGN, came(figures={"u1": (20, 18), "u2": (20, 20)}))
    assert whole.answered == 0 and "加权" in whole.band
    even = replace(CAMPAIGN, units=(Unit("u1", "甲", 100, 50), Unit("u2", "乙", 40, 20)))
    *_, whole = rows(even, came(figures={"u1": (20, 18), "u2": (10, 10)}))
    assert whole.answered == 30 and whole.low == watch(28, 30, 140).low


def test_that_all_or_none_of_a_unit_passed_is_not_told():
    told = {rows(CAMPAIGN, came(figures={"u1": (10, n)}))[0].band for n in (8, 9, 10)}
    assert len(told) == 1
    told = {rows(CAMPAIGN, came(figures={"u1": (10, n)}))[0].band for n in (0, 1, 2)}
    assert len(told) == 1


def test_publicity_shows_no_figure_whatever_is_counted():
    for plan in (PUBLIC, replace(CAMPAIGN, draw=Prizes(1, "伞", "drand"))):
        assert all(r.note == NO_FIGURE for r in rows(plan, came(figures={"u1": (20, 18)})))


def test_awareness_is_of_units_with_a_contract_only():
    units = (Unit("u1", "甲", 40, 40), Unit("u2", "乙", 40, 40, contract=False))
    aware = replace(CAMPAIGN, metric="知晓率", units=units)
    assert groups(aware) == {"u1": "u1"}
    *_, whole = rows(aware, came(figures={"u1": (30, 30)}))
    assert whole.low == watch(28, 30, 40).low
    assert "合计40人抽40人" in "".join(outlook(aware).says)


def test_the_outlook_says_whether_ninety_percent_can_be_shown_at_all():
    enough = outlook(replace(CAMPAIGN, units=(Unit("u1", "甲厂", 500, 200),)))
    assert enough.proves and "至少142人答（其中133人合格）" in enough.says[1]
    short = outlook(replace(CAMPAIGN, units=(Unit("u1", "甲厂", 500, 60),)))
    assert not short.proves and "不够" in short.says[1] and "142人" in short.says[1]
    district = "".join(outlook(MANY).says)
    assert "51个单位抽的不到10人" in district and "0个单位抽的人数够单独证明" in district


def test_the_outlook_of_publicity_says_that_it_proves_nothing():
    for plan in (
        PUBLIC,
        replace(CAMPAIGN, draw=Prizes(1, "伞", "drand")),
        replace(CAMPAIGN, metric="宣传覆盖"),
    ):
        found = outlook(plan)
        assert not found.proves and len(found.says) == 1
