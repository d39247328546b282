import json
from math import sqrt

import numpy as np
import pytest

from index import dense
from index.dense import Dense
from index.retriever import Passage, Query, RetrieverError
from index.rows import Rows

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


# Kinds beside the exact one


def many(count, seed=0):
    """Random unit vectors around a hundred centres, with the table that belongs to them."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(100, 32))
    vectors = centres[rng.integers(100, size=count)] + 0.7 * rng.normal(size=(count, 32))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    passages = [
        Passage(
            f"p{i:06}",
            "card" if i % 3 else "article",
            "",
            region="河南" if i % 200 == 0 else "国家",
            weight=2.0 if i % 10 == 0 else 1.0,
        )
        for i in range(count)
    ]
    return Rows.of(passages), vectors.astype(np.float32)


@pytest.fixture(scope="module")
def corpus():
    return many(40_000)


@pytest.fixture(scope="module")
def folders(corpus, tmp_path_factory):
    rows, vectors = corpus
    made = {kind: tmp_path_factory.mktemp("kind") for kind in dense.KINDS}
    for kind, folder in made.items():
        blocks = (vectors[low : low + 7_000] for low in range(0, len(vectors), 7_000))
        dense.write(rows, blocks, vectors.shape[1], folder, kind=kind)
    return made


def exact(corpus, vector, k, **filters):
    rows, vectors = corpus
    scores = (vectors @ vector) * rows.weights
    mask = rows.mask(Query("", **filters))
    if mask is not None:
        scores[~mask] = -1
    return [f"p{i:06}" for i in np.argsort(-scores, kind="stable")[:k].tolist()]


FILTERS = [{}, {"kinds": frozenset(["card"])}, {"regions": ("河南",)}]


@pytest.mark.parametrize("filters", FILTERS)
@pytest.mark.parametrize(("kind", "least"), [("flat", 1.0), ("hnsw", 0.97), ("ivf-sq8", 0.97)])
def test_every_kind_finds_the_nearest_under_every_filter(corpus, folders, kind, least, filters):
    """200 of 40,000 rows are of the narrow region; the prior is in the vectors."""
    _, asked = many(40, seed=1)
    current = []
    engine = dense.Dense(folders[kind], lambda _: np.array(current))
    found = []
    for vector in asked:
        current[:] = [vector]
        hits = engine.search(Query("工", **filters), 20)
        wanted = exact(corpus, vector, 20, **filters)
        found.append(len({hit.id for hit in hits} & {*wanted}) / 20)
        rows, vectors = corpus
        for hit in hits[:3]:  # scores are exact, whatever the kind; in half precision for IVF
            row = int(hit.id[1:])
            by_hand = float(vectors[row] @ vector) * float(rows.weights[row])
            assert hit.score == pytest.approx(by_hand, abs=2e-3)
    assert np.mean(found) >= least
    if "regions" in filters:
        assert np.mean(found) == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize("kind", dense.KINDS)
def test_a_search_through_the_index_and_row_by_row_agree(folders, monkeypatch, kind):
    """The same hits in the same order, when few rows are allowed and when they count as many."""
    _, asked = many(5, seed=2)
    current = []
    engine = dense.Dense(folders[kind], lambda _: np.array(current))
    query = Query("工", kinds=frozenset(["article"]))
    for vector in asked:
        current[:] = [vector]
        monkeypatch.setattr(dense, "EXACT_ROWS", 10)
        searched = engine.search(query, 5)
        monkeypatch.setattr(dense, "EXACT_ROWS", 100_000)
        assert [hit.id for hit in engine.search(query, 5)] == [hit.id for hit in searched]


@pytest.mark.parametrize("kind", dense.KINDS)
def test_many_ties_come_by_id_in_every_kind(tmp_path, tiny_model, kind):
    passages = [Passage(f"p{i:03}", "article", "工资") for i in range(300)]
    engine = dense.build(passages[::-1], tmp_path, encoder=tiny_model, kind=kind)
    assert [hit.id for hit in engine.search(Query("工"), 3)] == ["p000", "p001", "p002"]


def test_the_kind_follows_the_size():
    assert [dense.kind_for(n) for n in (0, 300_000, 300_001, 1_000_000, 1_000_001)] == [
        "flat",
        "flat",
        "hnsw",
        "hnsw",
        "ivf-sq8",
    ]


def test_an_unknown_kind_is_refused(tmp_path, tiny_model):
    with pytest.raises(RetrieverError, match="flat、hnsw、ivf-sq8"):
        dense.build(PASSAGES, tmp_path, encoder=tiny_model, kind="annoy")


def test_an_index_from_before_there_were_kinds_is_flat(tmp_path, tiny_model):
    built = dense.build(PASSAGES, tmp_path, encoder=tiny_model)
    about = json.loads((tmp_path / "dense.json").read_text(encoding="utf-8"))
    del about["kind"]
    (tmp_path / "dense.json").write_text(json.dumps(about), encoding="utf-8")
    opened = Dense.open(tmp_path)
    assert opened.search(Query("工资"), 5) == built.search(Query("工资"), 5) != []
