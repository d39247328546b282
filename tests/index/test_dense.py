from math import sqrt

import pytest

from index import dense
from index.dense import Dense
from index.retriever import Passage, Query, RetrieverError

PASSAGES = [
    Passage("a", "article", "工资"),
    Passage("b", "article", "工会代表"),
    Passage("c", "article", "假"),
]


def test_a_score_is_the_cosine_by_hand(tmp_path, tiny_model):
    """工资 against 工会代表: one character in common, lengths root 2 and root 4."""
    engine = dense.build(PASSAGES, tmp_path, encoder=tiny_model)
    found = {hit.id: hit.score for hit in engine.search(Query("工资"), 5)}
    assert found == pytest.approx({"a": 1.0, "b": 1 / sqrt(8)}, abs=1e-5)


def test_what_is_opened_answers_as_what_was_built(tmp_path, tiny_model):
    built = dense.build(PASSAGES, tmp_path, encoder=tiny_model)
    opened = Dense.open(tmp_path)
    for text in ("工资", "工会", "假期"):
        assert opened.search(Query(text), 5) == built.search(Query(text), 5) != []


def test_many_ties_come_by_id_even_beyond_what_is_fetched_first(tmp_path, tiny_model):
    passages = [Passage(f"p{i:03}", "article", "工资") for i in range(300)]
    engine = dense.build(passages[::-1], tmp_path, encoder=tiny_model)
    assert [hit.id for hit in engine.search(Query("工"), 3)] == ["p000", "p001", "p002"]


def test_a_filter_that_leaves_few_finds_them_all(tmp_path, tiny_model):
    """FAISS pads what is missing with row -1; none of that comes out."""
    near = [Passage(f"p{i:03}", "article", "工资") for i in range(200)]
    far = Passage("z", "card", "工会代表集体合同")
    engine = dense.build([*near, far], tmp_path, encoder=tiny_model)
    hits = engine.search(Query("工资", kinds=frozenset(["card"])), 50)
    assert [hit.id for hit in hits] == ["z"]


def test_a_missing_model_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(RetrieverError, match="XST_ENCODER"):
        dense.build(PASSAGES, tmp_path, encoder=str(tmp_path / "nowhere"))


def test_another_model_is_refused(tmp_path, tiny_model, other_model):
    dense.build(PASSAGES, tmp_path, encoder=tiny_model)
    with pytest.raises(RetrieverError, match="xst build"):
        Dense.open(tmp_path, other_model)


def test_progress_ends_at_the_total(tmp_path, tiny_model):
    seen = []
    dense.build(PASSAGES, tmp_path, encoder=tiny_model, progress=lambda *step: seen.append(step))
    assert seen == [(3, 3)]
