"""Coverage, the matrix of rules, held-out wordings."""

from __future__ import annotations

import numpy as np
import pytest
from small import write_content

from bot.coverage import held_out, near, topics, topics_by_region
from index.meaning import Meaning
from index.questions import Entry
from knowledge.authored import read_content
from knowledge.pieces import Guard


@pytest.fixture(scope="module")
def content(tmp_path_factory):
    return read_content(write_content(tmp_path_factory.mktemp("content")))


def test_topics_are_counted_by_audience(content):
    found = dict(topics(content))
    assert found["工资"]["卡片"] == 3 and found["工资"]["worker"] == 3
    assert found["工资"]["地方卡片"] == 1 and found["集体协商"]["法域"] == 1
    assert found["集体协商"]["程序要点"] == 1


def test_near_copies_are_known():
    assert near("老板不发工资怎么办", "老板不发工资咋办") is False
    assert near("老板一直不发工资怎么办", "老板一直不发工资怎么办呢")


def test_a_wording_is_asked_without_itself_and_its_near_copies():
    def features(text: str):
        return [(text[i : i + 2], 1.0) for i in range(len(text) - 1)]

    entries = [
        Entry("a", "card", ("工资", "甲乙丙丁", "甲乙丙丁戊"), "工资"),
        Entry("b", "card", ("年假", "休假几天", "年假几天"), "年假"),
    ]
    blank = Meaning(["x"], np.zeros((1, 2), dtype=np.float16))
    seen = []

    def train(kept, _):
        seen.append({w for e in kept for w in e.wordings})
        return blank

    report = held_out(entries, features, train, folds=2)
    assert report["asked"] == report["card_asked"] == 4
    assert report["first"] == 0.5, "甲乙… has only its near copy, which is held out with it"
    assert not any({"甲乙丙丁", "甲乙丙丁戊"} & kept for kept in seen), "the encoder sees neither"


def test_an_entry_that_a_guard_speaks_for_is_found_by_its_guard():
    entries = [
        Entry("a", "card", ("甲", "子丑寅"), "甲"),
        Entry("b", "card", ("子丑", "子丑卯"), "子"),
    ]
    blank = Meaning(["x"], np.zeros((1, 2), dtype=np.float16))
    guard = Guard("g", "a", ("寅",))
    report = held_out(
        entries,
        lambda text: [(c, 1.0) for c in text],
        lambda *_: blank,
        [lambda text: guard if "寅" in text else None],
        folds=1,
    )
    assert report["first"] == 1.0


def test_local_entries_are_counted_by_region(content):
    regions, rows = topics_by_region(content)
    assert regions == ["河南"] and dict(rows) == {"工资": {"河南": 1}, "集体协商": {"河南": 2}}
