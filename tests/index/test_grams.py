import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index import grams
from index.grams import Vocabulary
from index.text import Tokens

NAMES = ["工", "资", "工资", "发", "放", "发放", "放工", "a", "a1", "1", "𠮷", "工𠮷"]
WORDS = Vocabulary(NAMES)
TEXTS = st.text(st.characters(exclude_categories=())) | st.text(
    "工资发放aＡ1𠮷 ，。；\n\ud800", max_size=30
)


def names(text, vocabulary=WORDS):
    return [vocabulary.names[i] for i in vocabulary.ids(text)]


def test_characters_and_pairs_come_in_the_order_of_reading():
    """At one place the character comes before the pair that it opens."""
    assert names("工资发放") == ["工", "工资", "资", "发", "发放", "放"]


def test_grams_that_are_not_known_are_left_out():
    assert names("工人发工资") == ["工", "发", "工", "工资", "资"]
    assert names("龘") == []


def test_no_pair_goes_across_punctuation_or_a_space():
    assert "工资" not in names("工，资") + names("工 资") + names("工。资") + names("工\n资")


def test_full_width_capitals_and_zero_width_make_no_difference():
    assert names("Ａ１工\u200b资") == names("a1工资") == ["a", "a1", "1", *names("工资")]


def test_characters_beyond_the_basic_plane_are_grams_as_others():
    assert names("工𠮷") == ["工", "工𠮷", "𠮷"]


@settings(deadline=None)
@given(st.text("工资发放用人单位aB1９ ，。\n𠮷", max_size=40))
def test_ids_are_the_grams_of_the_lexical_engine(text):
    """Two ways of cutting that must agree: the candidates come from one, numbers from the other."""
    found = Tokens().grams(text)
    vocabulary = Vocabulary(sorted(set(found)))
    assert sorted(names(text, vocabulary)) == sorted(found)


@settings(deadline=None)
@given(st.lists(TEXTS, max_size=6))
def test_many_texts_read_together_are_as_each_read_alone(texts):
    bags = WORDS.bags(texts)
    assert len(bags) == len(texts)
    assert bags.offsets[0] == 0 and bags.offsets[-1] == len(bags.flat) == len(bags.clauses)
    for i, text in enumerate(texts):
        alone = WORDS.bags([text])
        assert bags[i].tolist() == alone.flat.tolist()
        part = bags.clauses[bags.offsets[i] : bags.offsets[i + 1]]
        assert part.tolist() == alone.clauses.tolist()


def test_reading_in_parts_gives_what_reading_at_once_gives(monkeypatch):
    texts = ["工资。发放", "", "工资；工资", "龘", "发放\n放工。工"] * 3
    whole = WORDS.bags(texts)
    monkeypatch.setattr(grams, "_AT_ONCE", 7)
    parts = WORDS.bags(iter(texts))
    assert parts.flat.tolist() == whole.flat.tolist()
    assert parts.offsets.tolist() == whole.offsets.tolist()
    assert parts.clauses.tolist() == whole.clauses.tolist()


def test_clauses_are_counted_from_zero_in_each_text():
    """Full stops, semicolons and line ends end a clause; commas do not."""
    bags = Vocabulary(["工"]).bags(["工，工。工；工;工\n工", "工"])
    assert bags.clauses.tolist() == [0, 0, 1, 2, 3, 4, 0]


def test_clauses_beyond_255_are_all_255():
    bags = Vocabulary(["工"]).bags(["工。" * 300 + "工", "工"])
    assert bags.clauses.tolist() == [min(i, 255) for i in range(301)] + [0]


@pytest.mark.parametrize(
    "text", ["", " ", "\n\n", "。；，", "\ud800", "\udfff\ud800", "\ue000", "\x00"]
)
def test_what_says_nothing_has_no_grams(text):
    assert names(text) == []
    assert WORDS.bags([text, "工", text]).offsets.tolist() == [0, 0, 1, 1]


def test_no_texts_are_no_bags():
    bags = WORDS.bags([])
    assert (len(bags), len(bags.flat)) == (0, 0)


def test_a_vocabulary_without_grams_knows_nothing():
    assert len(Vocabulary([])) == 0
    assert Vocabulary([]).ids("工资").tolist() == []


def test_pairs_are_told_from_characters():
    assert Vocabulary(["工", "工资", "𠮷"]).pairs.tolist() == [False, True, False]


@pytest.mark.parametrize("name", ["", "劳动法"])
def test_a_gram_of_another_length_is_refused(name):
    with pytest.raises(ValueError, match="one or two"):
        Vocabulary(["工", name])


def test_numbers_are_those_of_the_names_whatever_their_order():
    backwards = Vocabulary(NAMES[::-1])
    assert names("发放工资a1", backwards) == names("发放工资a1")
    assert np.array_equal(len(NAMES) - 1 - backwards.ids("发放"), WORDS.ids("发放"))
