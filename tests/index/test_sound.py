"""Sounds of characters and of typed pinyin."""

import pytest

from index.sound import sounds, spells


def test_characters_of_one_sound_sound_the_same():
    assert sounds("合桐") == sounds("合同") == [(["he", "tong"], False)]


def test_typed_pinyin_sounds_like_its_characters():
    assert sounds("qian xin") == [(["qian", "xin"], True)]
    assert sounds("hetong") == [(["he", "tong"], True)]


def test_a_run_ends_where_the_script_does():
    assert [s for s, _ in sounds("找laoban要")] == [["zhao"], ["lao", "ban"], ["yao"]]


@pytest.mark.parametrize("text", ["hr", "kpi", "ppt", "n1", "3", ""])
def test_what_spells_no_pinyin_has_no_sound(text):
    assert sounds(text) == []


def test_typed_syllables_are_counted():
    assert spells("qian xin sange yue le") == 6
    assert spells("please help me now") == 0
    assert spells("老板说 HR 不管") == 0
