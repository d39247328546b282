"""Reading level."""

import pytest

from knowledge.reading import common, reading


def test_sentences_are_counted_without_marks():
    found = reading(["二十日内，书面答复。不能拒绝！", "可以。"])
    assert (found.sentences, found.longest) == (3, 8)
    assert found.length == pytest.approx((8 + 4 + 2) / 3)


def test_rare_characters_are_a_share_of_the_chinese_ones():
    assert common("工") and common("A") and not common("黼")
    assert reading(["黼工ABC"]).rare == 0.5


def test_nothing_to_read_is_no_error():
    assert reading(["", "……"]) == reading([])


def test_the_content_reads_easily(real):
    """One idea a sentence: what workers are told stays short."""
    found = reading(c.answer for c in real.cards)
    assert found.length < 30
    assert found.rare < 0.01
