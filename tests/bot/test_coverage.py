"""Coverage, the matrix of rules, held-out wordings."""

from __future__ import annotations

import numpy as np
import pytest
from small import write_content

from bot.coverage import held_out, matrix, near, shown, topics
from index.meaning import Meaning
from index.questions import Entry
from knowledge.authored import read_content
from knowledge.pieces import Span


@pytest.fixture(scope="module")
def content(tmp_path_factory):
    return read_content(write_content(tmp_path_factory.mktemp("content")))


def test_topics_are_counted_by_audience(content):
    found = dict(topics(content))
    assert found["工资"]["卡片"] == 2 and found["工资"]["worker"] == 2
    assert found["集体协商"]["程序要点"] == 1


def test_the_matrix_shows_each_places_own_figure(content):
    regions, rows = matrix(content)
    assert set(regions) == {"国家", "河南"}
    step, _, cells = rows[0]
    assert (step, cells["国家"], cells["河南"]) == ("应约", "20日", "10工作日")


def test_a_share_keeps_its_comparison():
    assert shown(Span("2/3", "份额", "以上")) == "≥2/3"
    assert shown(Span("1/2", "份额", "过")) == ">1/2"


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
    report = held_out(entries, features, blank, folds=2)
    assert report["asked"] == 4
    assert report["first"] == 0.5, "甲乙… has only its near copy, which is held out with it"
