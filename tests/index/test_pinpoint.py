"""The part of an article that answers: where parts stand, which one wins, what a citation gives."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.meaning import Meaning
from index.pinpoint import Pinpoint, open_pinpoint, parts
from index.retriever import RetrieverError
from index.text import Tokens
from knowledge.citation import law_name, read_citation
from knowledge.structure import items, paragraphs

QUESTIONS = Path(__file__).parents[1] / "questions" / "pinpoint.jsonl"
DEVELOPMENT = 213

# Written for these tests; no law says this.
LETTERS = """灯塔看守应当每日擦拭灯罩，并记入值班簿。
看守请假的，应当提前十五日提出，由塔长批准。
未经批准离开灯塔的，处五十元以上二百元以下罚款。"""
LISTED = """有下列情形之一的，看守可以熄灯：
（一）燃油耗尽的；
（二）塔身漏水的；
（三）有船只停靠过夜的。
熄灯以后应当告知港务站。"""

TOKENS = Tokens(synonyms={"挨宰": ["罚款"]})


def pinpoint() -> Pinpoint:
    """With vectors that mean nothing: words, letters and cues must do."""
    blank = Meaning(["灯"], np.zeros((1, 8), np.float16))
    return Pinpoint(TOKENS, lambda text: [(g, 1.0) for g in TOKENS.grams(text)], blank)


def place(question: str, text: str, named=()) -> tuple[int, int]:
    spot = pinpoint().find(question, text, named)
    assert spot is not None
    return spot.part.paragraph, spot.part.item


# Where the parts stand


def test_every_part_is_cut_out_of_the_very_text():
    found = {(p.paragraph, p.item): LISTED[p.start : p.end] for p in parts(LISTED)}
    assert list(found) == [(1, 0), (1, 1), (1, 2), (1, 3), (2, 0)]
    assert found[(1, 2)] == "（二）塔身漏水的；"
    assert found[(1, 0)].endswith("过夜的。") and found[(2, 0)] == "熄灯以后应当告知港务站。"


def test_a_paragraph_with_items_knows_where_its_lead_ends():
    whole = next(p for p in parts(LISTED) if (p.paragraph, p.item) == (1, 0))
    assert LISTED[whole.start : whole.head] == "有下列情形之一的，看守可以熄灯："
    assert parts(LETTERS)[0].head == 0


def test_items_run_together_in_one_line_are_found_there():
    text = "看守不得：（一）饮酒；（二）睡觉。\n违者调离。"
    assert [text[p.start : p.end] for p in parts(text) if p.item] == [
        "（一）饮酒；",
        "（二）睡觉。",
    ]


def test_one_item_is_no_choice():
    assert [(p.paragraph, p.item) for p in parts("看守不得：\n（一）饮酒。")] == [(1, 0)]


LINES = st.lists(
    st.sampled_from(
        [
            "灯塔。",
            "下列：",
            "（一）油；",
            "（二）水；",
            "1.甲",
            "①乙",
            " 　灯 ",
            "",
            "|a|b|",
            "塔，",
        ]
    ),
    max_size=9,
)


@given(LINES)
def test_parts_agree_with_the_structure_of_any_text(lines):
    text = "\n".join(lines)
    tops = [p for p in parts(text) if not p.item]
    bare = [text[p.start : p.end].split() for p in tops]
    assert bare == [p.split() for p in paragraphs(text)]
    for top, paragraph in zip(tops, paragraphs(text), strict=True):
        below = [p for p in parts(text) if p.item and p.paragraph == top.paragraph]
        listed = items(paragraph)
        assert len(below) == (len(listed) if len(listed) > 1 else 0)
        assert all(top.start <= p.start < p.end <= top.end for p in below)


# Which one wins


@pytest.mark.parametrize(
    ("question", "paragraph"),
    [
        ("灯罩多久擦拭一次，要记值班簿吗", 1),
        ("想请假，最晚提前几天提", 2),
        ("没批准就离开了会罚多少", 3),
        ("跑去玩会不会挨宰", 3),  # by the legal term that a lay word stands for
    ],
)
def test_the_paragraph_that_answers_wins(question, paragraph):
    assert place(question, LETTERS) == (paragraph, 0)


def test_an_item_is_named_where_one_stands_out():
    assert place("塔身漏水了，看守能不能熄灯", LISTED) == (1, 2)
    assert place("有船只停靠过夜，灯可以熄吗", LISTED) == (1, 3)


def test_who_asks_for_the_whole_list_gets_no_single_item():
    assert place("哪些情形看守可以熄灯", LISTED) == (1, 0)


def test_what_a_citation_names_wins_over_any_words():
    question = "没批准就离开了会罚多少"
    assert place(question, LETTERS, {(1, 0)}) == (1, 0)
    assert place(question, LETTERS, {(1, 0), (3, 0)}) == (3, 0)
    assert place("塔身漏水了能熄灯吗", LISTED, {(1, 3)}) == (1, 3)
    assert place("塔身漏水了能熄灯吗", LISTED, {(1, 0)}) == (1, 2)
    assert place("塔身漏水了能熄灯吗", LISTED, {(2, 0)}) == (2, 0)


def test_a_paragraph_that_the_text_does_not_have_names_nothing():
    assert place("没批准就离开了会罚多少", LETTERS, {(9, 0)}) == (3, 0)


def test_there_is_nothing_to_find_in_one_paragraph():
    assert pinpoint().find("擦拭", "灯塔看守应当每日擦拭灯罩。") is None
    assert pinpoint().find("擦拭", "") is None


@given(st.text(max_size=60))
def test_any_question_finds_a_part_with_a_share_between_0_and_1(question):
    spot = FINDER.find(question, LETTERS)
    assert spot is not None and 0 < spot.share <= 1


FINDER = pinpoint()


def test_a_question_is_made_ready_once_for_many_articles():
    finder = pinpoint()
    asked = finder.asked("想请假，最晚提前几天提")
    assert finder.find(asked, LETTERS) == finder.find("想请假，最晚提前几天提", LETTERS)


def test_the_shares_of_all_paragraphs_sum_to_one():
    finder = pinpoint()
    question = "想请假，最晚提前几天提"
    shares = [finder.find(question, LETTERS, {(n, 0)}) for n in (1, 2, 3)]
    assert [s.share for s in shares if s] == [1.0, 1.0, 1.0]
    best = finder.find(question, LETTERS)
    assert best is not None and best.share < 1


# The model that ships


def test_the_shipped_vectors_bring_lay_words_to_the_paragraph():
    finder = open_pinpoint(TOKENS, lambda text: [(g, 1.0) for g in TOKENS.grams(text)])
    text = """单位应当按月发放工资。
职工怀孕的，不得安排上夜班。
职工辞职的，应当提前通知单位。"""
    spot = finder.find("怀上娃了还要值大夜，能拒绝吗", text)
    assert spot is not None and spot.part.paragraph == 2


def test_a_damaged_model_says_what_to_do(tmp_path):
    (tmp_path / "x.npz").write_bytes(b"no zip")
    with pytest.raises(RetrieverError, match=r"x\.npz.*xst learn wordings"):
        open_pinpoint(TOKENS, lambda text: [], tmp_path / "x.npz")


# The annotations


def test_the_annotations_are_in_form_and_the_held_out_part_has_articles_of_its_own():
    rows = [json.loads(line) for line in QUESTIONS.read_text(encoding="utf-8").splitlines()]
    assert len(rows) - DEVELOPMENT >= 120 and DEVELOPMENT >= 120
    assert len({r["question"] for r in rows}) == len(rows)
    for row in rows:
        assert list(row) == ["question", "law", "article", "paragraph", "item"]
        assert row["paragraph"] >= 1 and (row["item"] is None or row["item"] >= 1)
        assert law_name(row["law"]) == row["law"]
        assert read_citation(f"《{row['law']}》{row['article']}").article == row["article"]
    places = [(r["law"], r["article"]) for r in rows]
    assert not set(places[:DEVELOPMENT]) & set(places[DEVELOPMENT:])
