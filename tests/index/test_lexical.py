from math import log, sqrt

import pytest

from index import lexical
from index.lexical import Lexical
from index.retriever import Passage, Query
from index.text import Tokens


def scores(engine, text):
    return {hit.id: hit.score for hit in engine.search(Query(text), 100)}


def test_a_score_is_bm25_by_hand(tmp_path):
    """Lengths 2 and 3, mean 2.5; 工 stands in both passages, 资 and 工资 in one of two."""
    engine = lexical.build(
        [Passage("a", "article", "工资"), Passage("b", "article", "工会法")], tmp_path
    )
    both, one = log(1 + 0.5 / 2.5), log(1 + 1.5 / 1.5)
    gain_a = 2.2 / (1 + 1.2 * (0.25 + 0.75 * 2 / 2.5))
    gain_b = 2.2 / (1 + 1.2 * (0.25 + 0.75 * 3 / 2.5))
    expected = {"a": (both + one + one) * gain_a, "b": both * gain_b}
    assert scores(engine, "工资") == pytest.approx(expected, rel=1e-4)


def test_a_term_said_four_times_counts_twice(tmp_path):
    engine = lexical.build([Passage("a", "article", "工")], tmp_path)
    once, four = scores(engine, "工")["a"], scores(engine, "工，工，工，工")["a"]
    assert four == pytest.approx(sqrt(4) * once, rel=1e-5)


def test_fields_add_up_by_their_weights(tmp_path):
    """tf 1 × 2 in the title + 1 in the text; one passage, so its length is the mean."""
    weights = {"title": 2.0, "chapter": 1.0, "text": 1.0}
    engine = lexical.build([Passage("a", "article", "工", title="工")], tmp_path, fields=weights)
    assert scores(engine, "工")["a"] == pytest.approx(log(1 + 0.5 / 1.5) * 3 * 2.2 / 4.2, rel=1e-4)


def test_a_word_of_the_field_counts_beside_its_characters(tmp_path):
    """Same characters and pairs, but only one passage has the word unbroken."""
    passages = [Passage("a", "article", "集体，体协商"), Passage("b", "article", "集体协商，体")]
    plain = scores(lexical.build(passages, tmp_path), "集体协商")
    tokens = Tokens(["集体协商"])
    with_word = scores(lexical.build(passages, tmp_path, tokens=tokens), "集体协商")
    assert plain["a"] == plain["b"] == with_word["a"]
    word = 0.5 * log(1 + 1.5 / 1.5) * 2.2 / 2.2
    assert with_word["b"] - with_word["a"] == pytest.approx(word, rel=1e-4)


def test_words_that_share_a_beginning_are_all_terms(tmp_path):
    tokens = Tokens(["集体合同", "集体合同草案", "集体协商", "没有出现"])
    engine = lexical.build(
        [Passage("a", "article", "集体合同草案"), Passage("b", "article", "集体合同")],
        tmp_path,
        tokens=tokens,
    )
    assert engine._posted.shape == engine._gains.shape
    base = (6 + 1) ** 2  # six different characters
    places = [tokens.terms.index(word) for word in ("集体合同", "集体合同草案")]
    assert [term - base for term in engine._terms if term >= base] == places


def test_a_lay_word_finds_the_legal_term_behind_the_legal_word_itself(tmp_path):
    passages = [Passage("a", "article", "解除劳动合同"), Passage("b", "article", "炒鱿鱼")]
    tokens = Tokens(synonyms={"炒鱿鱼": ["解除劳动合同"]})
    engine = lexical.build(passages, tmp_path, tokens=tokens)
    assert [hit.id for hit in engine.search(Query("被炒鱿鱼"), 5)] == ["b", "a"]
    direct = scores(engine, "解除劳动合同")["a"]
    assert scores(engine, "炒鱿鱼")["a"] == pytest.approx(0.4 * direct, rel=1e-5)


def test_what_is_opened_answers_as_what_was_built(tmp_path):
    built = lexical.build(
        [Passage(f"p{i}", "article", "工资" * i + "代表") for i in range(9)],
        tmp_path,
        tokens=Tokens(["代表大会"], {"钱": ["工资"]}),
    )
    for text in ("工资", "代表的钱", "x"):
        assert Lexical.open(tmp_path).search(Query(text), 5) == built.search(Query(text), 5)


def test_the_order_of_arrival_does_not_matter(tmp_path):
    passages = [Passage(f"p{i}", "article", "工资" * (i % 3)) for i in range(9)]
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    one = lexical.build(passages, tmp_path / "a")
    other = lexical.build(passages[::-1], tmp_path / "b")
    assert one.search(Query("工资"), 9) == other.search(Query("工资"), 9)


def test_a_long_query_keeps_its_rarest_terms(tmp_path):
    common = "".join(chr(0x4E00 + i) for i in range(400))
    passages = [Passage(f"p{i}", "article", common) for i in range(5)]
    engine = lexical.build([*passages, Passage("rare", "article", "罕" + common)], tmp_path)
    assert len(engine._chosen(common + "罕")) == lexical.MOST_TERMS
    assert engine.search(Query(common + "罕"), 1)[0].id == "rare"


def test_characters_beyond_the_basic_plane_are_characters(tmp_path):
    engine = lexical.build(
        [Passage("a", "article", "𠮷野家"), Passage("b", "article", "野家")], tmp_path
    )
    assert list(scores(engine, "𠮷")) == ["a"]
