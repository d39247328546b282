"""Probabilities of a match: fitting, measuring, keeping."""

from __future__ import annotations

import json

import numpy as np
import pytest

from index import calibrate
from index.calibrate import FEATURES, HEADS, About, Calibration, Ratios
from index.retriever import Hit, RetrieverError

PLAIN = About(0.0, 0.0, False)


def drawn(n: int = 4000, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Rows whose truth is drawn with a known probability: 1 / (1 + e^-(2 top - 1))."""
    chance = np.random.default_rng(seed)
    rows = chance.normal(size=(n, len(FEATURES)))
    truth = chance.random(n) < 1 / (1 + np.exp(1 - 2 * rows[:, 0]))
    return rows, truth.astype(float)


def made() -> Calibration:
    rows, truth = drawn()
    model = calibrate.fit(rows, dict.fromkeys(HEADS, truth), np.ones(len(rows)))
    return Calibration(model, Ratios({"工资": 2.0, "离婚": -3.0}, {"工资": 1.0}))


def test_the_regression_finds_the_weights_that_the_truth_was_drawn_with():
    rows, truth = drawn(40_000)
    weights = calibrate.regress(rows, truth, np.ones(len(rows)), 1e-6)
    assert weights[0] == pytest.approx(2.0, abs=0.1)
    assert weights[-1] == pytest.approx(-1.0, abs=0.1)
    assert np.abs(weights[1:-1]).max() < 0.1


def test_fitting_twice_gives_the_same_numbers():
    assert made() == made()


def test_what_is_predicted_is_what_happens_and_the_reverse_is_noticed():
    rows, truth = drawn()
    fresh, then = drawn(seed=1)
    model = calibrate.fit(rows, {"right": truth}, np.ones(len(rows)))
    predicted = model.probabilities("right", fresh)
    assert calibrate.expected_error(predicted, then) < 0.03
    assert calibrate.expected_error(1 - predicted, then) > 0.3
    assert calibrate.brier(predicted, then) < calibrate.brier(np.full(len(then), 0.5), then)


def test_a_target_that_is_not_known_counts_for_nothing():
    rows, truth = drawn()
    half = truth.copy()
    half[::2] = np.nan
    ones = np.ones(len(rows))
    model = calibrate.fit(rows, {"right": half}, ones)
    kept = calibrate.fit(
        np.vstack([rows[1::2], rows[::2]]), {"right": np.r_[truth[1::2], half[::2]]}, ones
    )
    assert model.heads["right"] == pytest.approx(kept.heads["right"], abs=1e-6)


def test_each_group_is_predicted_by_the_others():
    """A group whose truth is the other way round is predicted wrongly: nothing has seen it."""
    rows, truth = drawn()
    groups = np.arange(len(rows)) % 4
    truth[groups == 0] = 1 - (rows[groups == 0, 0] > 0)
    crossed = calibrate.cross_validated(rows, truth, np.ones(len(rows)), groups)
    alone = groups == 0
    assert calibrate.brier(crossed[alone], truth[alone]) > 0.4
    assert not np.isnan(crossed).any()


def test_reliability_has_ten_bins_with_mean_and_share():
    bins = calibrate.reliability(np.array([0.05, 0.92, 0.98, 1.0]), np.array([0.0, 1.0, 0.0, 1.0]))
    assert [b.n for b in bins] == [1, 0, 0, 0, 0, 0, 0, 0, 0, 3]
    assert (bins[9].predicted, bins[9].right) == (pytest.approx(0.9667), pytest.approx(0.6667))


def test_weights_count_in_every_measure():
    predicted, right = np.array([0.95, 0.95]), np.array([1.0, 0.0])
    weights = np.array([3.0, 1.0])
    assert calibrate.reliability(predicted, right, weights)[9].right == 0.75
    assert calibrate.expected_error(predicted, right, weights) == pytest.approx(0.2)
    assert calibrate.brier(predicted, right, weights) == pytest.approx((3 * 0.0025 + 0.9025) / 4)


def test_a_pair_of_ours_is_for_us_and_one_of_the_others_against():
    found = calibrate.ratios(["工资没发", "工资条"], ["离婚", "离婚了怎么分"])
    assert found["工资"] > 0 > found["离婚"]
    assert found["工资"] == -found["离婚"]


def test_rare_pairs_and_quiet_ratios_are_left_out():
    ours, others = ["工资没发", "工资条", "今天"], ["离婚", "今天下雨"]
    found = calibrate.ratios(ours, others, least=2, quiet=0.5)
    assert "没发" not in found and "今天" not in found
    assert {"工资", "离婚", "下雨"} <= set(found)
    assert calibrate.ratios(["工资"], []) == {}


def test_pairs_cross_no_punctuation_and_no_letters():
    assert calibrate.pairs("工资a条，工资") == ["工资"]


def test_the_features_stand_in_their_order():
    ratios = Ratios({"工资": 2.0, "离婚": -3.0}, {"工资": 1.0})
    values = calibrate.features("工资离婚", [0.6, 0.4], About(0.1, 0.9, True), ratios)
    named = dict(zip(FEATURES, values, strict=True))
    assert named["margin"] == pytest.approx(0.2) and named["apart"] == calibrate.FAR
    assert named["field"] == 0.5 and named["short"] == 0.5 and named["abroad"] == 1.0
    assert named["new"] == pytest.approx(1 / 6), "资离 is the only pair that nobody uses"
    assert named["lay"] == pytest.approx(-1 / 6) and named["law"] == pytest.approx(1 / 6)
    assert named["foreign"] == -1.0


def test_the_first_of_another_topic_is_looked_for_behind_the_first():
    hits = [Hit("a", 0.9, "", "a"), Hit("b", 0.8, "", "b"), Hit("c", 0.3, "", "c")]
    topics = {"a": "wages", "b": "wages", "c": "leave"}
    assert calibrate.apart(hits, topics.__getitem__) == 0.3
    assert calibrate.apart(hits[:2], topics.__getitem__) == 0.0
    assert calibrate.apart([], topics.__getitem__) == 0.0


def test_a_place_with_a_law_of_its_own_is_known_but_not_who_comes_from_there():
    assert calibrate.abroad("日本加班费怎么算") and calibrate.abroad("香港最低工资")
    assert not calibrate.abroad("日本老板不给加班费")
    assert not calibrate.abroad("台湾公司在昆山的厂欠薪")
    assert not calibrate.abroad("越南来的工友没手续")
    assert not calibrate.abroad("公司派我去越南出差，加班费怎么算")


def test_the_very_words_of_an_entry_leave_no_doubt():
    judged = made().judge("离婚", [Hit("a", 1.0, "card", "a")], PLAIN)
    assert (judged.right, judged.ours, judged.said) == (1.0, 1.0, 1.0)


def test_without_a_hit_nothing_is_right():
    judged = made().judge("离婚", [], PLAIN)
    assert judged.right == 0.0 and 0.0 < judged.ours < 1.0
    assert set(judged.features) == set(FEATURES)


def test_what_is_saved_is_loaded(tmp_path):
    path = tmp_path / "calibration.json"
    saved = made()
    calibrate.save(saved, path, {"n": 3})
    opened = calibrate.open_calibration(path)
    assert opened.ratios == saved.ratios
    hits = [Hit("a", 0.5, "card", "a")]
    assert opened.judge("工资", hits, PLAIN).right == pytest.approx(
        saved.judge("工资", hits, PLAIN).right, abs=1e-4
    )


@pytest.mark.parametrize(
    "damage",
    [
        lambda held: held.pop("lay"),
        lambda held: held["heads"].pop("said"),
        lambda held: held["heads"]["right"].pop(),
        lambda held: held["means"].pop(),
        lambda held: held.update(features=["top"]),
        lambda held: held.update(lay=[]),
    ],
)
def test_a_damaged_file_is_named_with_what_to_do(tmp_path, damage):
    path = tmp_path / "calibration.json"
    calibrate.save(made(), path)
    held = json.loads(path.read_text(encoding="utf-8"))
    damage(held)
    path.write_text(json.dumps(held), encoding="utf-8")
    with pytest.raises(RetrieverError, match=r"calibration\.json.*xst learn calibration"):
        calibrate.open_calibration(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(RetrieverError, match="校准表"):
        calibrate.open_calibration(tmp_path / "none.json")


def test_the_one_that_ships_knows_work_from_weather():
    ours = calibrate.shipped().judge("老板拖欠工资怎么办", [Hit("a", 0.7, "card", "a")], PLAIN)
    other = calibrate.shipped().judge(
        "楼上漏水物业不管怎么起诉", [Hit("a", 0.2, "card", "a")], PLAIN
    )
    assert ours.ours > 0.9 and ours.right > 0.7
    assert other.ours < 0.2 and other.right < 0.1
