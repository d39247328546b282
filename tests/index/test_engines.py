"""The contract: what every engine promises, with the passages and values that prove it."""

import os
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from index import dense, lexical, milvus, store
from index.fusion import Fused
from index.memory import Leading, Memory
from index.retriever import Passage, Query, RetrieverError

PASSAGES = [
    Passage("c1", "card", "集体合同"),
    Passage("a3", "article", "代表", title="工会", region="河南", start=date(2020, 1, 1)),
    Passage("a2", "article", "工资", end=date(2024, 1, 1)),
    Passage("a1", "article", "工资", weight=2.0),
    Passage("a5", "article", "假期", region="郑州", start=date(2020, 1, 1), end=date(2021, 1, 1)),
    Passage("a4", "article", "工资"),
    Passage("q1", "question", "休假", ref="a5"),
]

HERE = (
    "lexical",
    "dense",
    "dense hnsw",
    "dense ivf-sq8",
    "fused",
    "stored",
    "stored with vectors",
    "memory",
    "leading",
)
ON_MILVUS = ("milvus", "milvus characters")
ENGINES = (*HERE, *ON_MILVUS)


@pytest.fixture(scope="module")
def engines(tmp_path_factory, tiny_model):
    names = ("words", "vectors", "s1", "s2", *dense.KINDS)
    folders = {name: tmp_path_factory.mktemp("index") for name in names}
    words = lexical.build(PASSAGES, folders["words"])
    vectors = dense.build(PASSAGES, folders["vectors"], encoder=tiny_model)
    store.build(PASSAGES, folders["s1"])
    store.build(PASSAGES, folders["s2"], encoder=tiny_model)
    return {
        "lexical": words,
        "dense": vectors,
        **{
            f"dense {kind}": dense.build(PASSAGES, folders[kind], encoder=tiny_model, kind=kind)
            for kind in dense.KINDS
        },
        "fused": Fused([(words, 1.0), (vectors, 1.0)]),
        "stored": store.open_index(folders["s1"]),
        "stored with vectors": store.open_index(folders["s2"]),
        "memory": Memory(words),
        "leading": Leading(vectors, vectors.rows),
    }


@pytest.fixture(scope="module")
def on_milvus(tmp_path_factory, tiny_model):
    """Jieba's words with vectors, and our characters without; on Milvus Lite, or on the server
    that XST_MILVUS names."""
    pytest.importorskip("pymilvus")
    uri, token = os.environ.get("XST_MILVUS", ""), os.environ.get("XST_MILVUS_TOKEN", "")
    if not uri:
        pytest.importorskip("milvus_lite")
        uri = str(tmp_path_factory.mktemp("milvus") / "trial.db")
    both, words = "xst_contract_both", "xst_contract_words"
    return {
        "milvus": milvus.build(PASSAGES, uri, name=both, encoder=tiny_model, token=token),
        "milvus characters": milvus.build(PASSAGES, uri, name=words, words="grams", token=token),
    }


@pytest.fixture(params=ENGINES)
def engine(request):
    kept = "on_milvus" if request.param in ON_MILVUS else "engines"
    return request.getfixturevalue(kept)[request.param]


def ids(engine, text, k=10, **filters):
    return [hit.id for hit in engine.search(Query(text, **filters), k)]


def test_the_passage_that_says_it_is_found_with_its_kind_and_ref(engine):
    (hit,) = engine.search(Query("合同"), 10)
    assert (hit.id, hit.kind, hit.ref) == ("c1", "card", "c1")


def test_a_title_is_searched(engine):
    assert "a3" in ids(engine, "工会")


def test_equal_scores_come_by_id_and_weights_act(engine):
    """a1 to a4 say the same; a1 weighs double, so it leads, and the rest tie."""
    assert ids(engine, "资") == ["a1", "a2", "a4"]


def test_a_tie_at_the_end_goes_to_the_lower_id(engine):
    assert ids(engine, "资", k=2) == ["a1", "a2"]


@pytest.mark.parametrize(
    "engine",
    [name for name in ENGINES if name not in ("fused", "stored with vectors", "milvus")],
    indirect=True,
)
def test_a_weight_multiplies_the_score_where_scores_are_not_ranks(engine):
    first, second, third = engine.search(Query("资"), 10)
    assert first.score == pytest.approx(2 * second.score, rel=1e-5)
    assert second.score == third.score


def test_scores_fall_and_no_passage_comes_twice(engine):
    hits = engine.search(Query("工资会代表集体合同假休期"), 100)
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert len({hit.id for hit in hits}) == len(hits)
    assert {hit.id for hit in hits} >= {"a1", "a2", "a3", "a4", "a5", "c1"}


@pytest.mark.parametrize(("k", "found"), [(-1, 0), (0, 0), (1, 1), (2, 2), (3, 3), (50, 3)])
def test_at_most_k_are_found(engine, k, found):
    assert len(engine.search(Query("资"), k)) == found


@pytest.mark.parametrize("text", ["", " ", "\n\t", "，。？！", "\u200b", "…—", "＊", "\ud800"])
def test_a_blank_query_finds_nothing(engine, text):
    assert engine.search(Query(text), 10) == []


def test_what_stands_nowhere_finds_nothing(engine):
    assert engine.search(Query("龘"), 10) == []


def test_only_regions_asked_for_answer(engine):
    text = "工资会代表假期"
    assert set(ids(engine, text, regions=("国家",))) >= {"a1", "a2", "a4"}
    assert not {"a3", "a5"} & set(ids(engine, text, regions=("国家",)))
    assert ids(engine, text, regions=("河南",)) == ["a3"]
    assert {"a3", "a5"} <= set(ids(engine, text, regions=("国家", "河南", "郑州")))
    assert ids(engine, text, regions=()) == []
    assert ids(engine, text, regions=("火星",)) == []


def test_a_passage_holds_from_its_first_day_until_the_day_before_its_end(engine):
    assert ids(engine, "期", day=date(2019, 12, 31)) == []
    assert ids(engine, "期", day=date(2020, 1, 1)) == ["a5"]
    assert ids(engine, "期", day=date(2020, 12, 31)) == ["a5"]
    assert ids(engine, "期", day=date(2021, 1, 1)) == []
    assert ids(engine, "资", day=date(2023, 12, 31)) == ["a1", "a2", "a4"]
    assert ids(engine, "资", day=date(2024, 1, 1)) == ["a1", "a4"]


def test_only_kinds_asked_for_are_found(engine):
    text = "集体合同工资休"
    assert ids(engine, text, kinds=frozenset(["card"])) == ["c1"]
    assert set(ids(engine, text, kinds=frozenset(["article"]))) >= {"a1", "a2", "a4"}
    assert "c1" not in ids(engine, text, kinds=frozenset(["article"]))
    assert ids(engine, text, kinds=frozenset(["rule"])) == []


def test_a_question_says_what_it_leads_to(engine):
    (hit,) = engine.search(Query("休", kinds=frozenset(["question"])), 10)
    assert (hit.id, hit.kind, hit.ref) == ("q1", "question", "a5")


def test_full_width_and_zero_width_make_no_difference(engine):
    assert engine.search(Query("工\u200b资"), 10) == engine.search(Query("工资"), 10)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    text=st.text(st.characters(exclude_categories=())) | st.text("工资会代表集体合同假休期 ，Aa1"),
    k=st.integers(-1, 9),
)
def test_no_query_breaks_the_promise(engine, text, k):
    hits = engine.search(Query(text), k)
    assert hits == sorted(hits, key=lambda hit: (-hit.score, hit.id))
    assert len({hit.id for hit in hits}) == len(hits) <= max(k, 0)


def test_an_id_that_comes_twice_is_refused(tmp_path, tiny_model):
    twice = [Passage("a1", "article", "工资"), Passage("a1", "card", "代表")]
    with pytest.raises(RetrieverError, match="a1"):
        lexical.build(twice, tmp_path)
    with pytest.raises(RetrieverError, match="a1"):
        dense.build(twice, tmp_path, encoder=tiny_model)


@pytest.mark.parametrize("weight", [-1.0, float("nan"), float("inf")])
def test_a_weight_that_cannot_multiply_is_refused(tmp_path, weight):
    with pytest.raises(RetrieverError, match="a1"):
        lexical.build([Passage("a1", "article", "工资", weight=weight)], tmp_path)


@pytest.mark.parametrize("passages", [[], [Passage("a1", "article", "，。")]])
def test_nothing_indexed_is_nothing_found(tmp_path, tiny_model, passages):
    assert lexical.build(passages, tmp_path).search(Query("工资"), 5) == []
    assert dense.build(passages, tmp_path, encoder=tiny_model).search(Query("工资"), 5) == []
