from dataclasses import fields

import numpy as np
import pytest
from scipy.sparse import issparse

from index.corpus import build
from index.encoder import Static
from index.grams import Vocabulary
from index.lessons import LEAST_SHARE, learn, open_lessons, save, translate, without
from index.retriever import Passage, RetrieverError

LAW, OTHER = "劳务报酬法", "职工组织条例"
PASSAGES = [
    Passage("a1", "article", "报酬应当按月支付，不得克扣。", title=LAW, chapter="第一章 报酬"),
    Passage("a2", "article", "加倍支付报酬的情形由双方约定。", title=LAW, chapter="第一章 报酬"),
    Passage("a3", "article", "劳务关系解除后发给补偿。", title=LAW, chapter="第二章 解除"),
    Passage("b1", "article", "职工代表由全体职工选举产生。", title=OTHER, chapter="第一章 代表"),
    Passage("b2", "article", "代表任期三年，可以连任。", title=OTHER, chapter="第一章 代表"),
    Passage("b3", "article", "组织经费由单位拨付。", title=OTHER, chapter="第二章 经费"),
]
PAIRS = [
    ("老板不给钱怎么办", [0]),
    ("老板压着工钱", [0]),
    ("工钱多久给一次", [0, 1]),
    ("被开除了可有赔偿", [2]),
    ("开除我要赔偿吗", [2]),
    ("谁来选代表", [3]),
    ("代表能干几年", [4]),
    ("经费谁出", [5]),
]


def grams_of(texts):
    names = {c for t in texts for c in t if c.isalnum()}
    names |= {t[i : i + 2] for t in texts for i in range(len(t) - 1) if t[i : i + 2].isalnum()}
    return Vocabulary(sorted(names))


@pytest.fixture(scope="module")
def encoder():
    words = [t for p in PASSAGES for t in (p.text, p.title, p.chapter)]
    vocabulary = grams_of([*words, *(text for text, _ in PAIRS)])
    weights = np.random.default_rng(0).normal(size=(len(vocabulary), 16))
    return Static(vocabulary, weights.astype(np.float32))


@pytest.fixture(scope="module")
def corpus(tmp_path_factory, encoder):
    return build(PASSAGES, tmp_path_factory.mktemp("corpus"), encoder)


@pytest.fixture(scope="module")
def lessons(corpus, encoder):
    return learn(corpus, encoder, PAIRS)


def share(lessons, encoder, asked, held):
    number = {name: i for i, name in enumerate(encoder.vocabulary.names)}
    return float(lessons.table[number[asked], number[held]])


def test_what_goes_together_is_the_likelier_translation(lessons, encoder):
    """工钱 is asked twice where 报酬 stands, 开除 twice where 解除 does, never crosswise."""
    assert share(lessons, encoder, "工钱", "报酬") > 10 * share(lessons, encoder, "开除", "报酬")
    assert share(lessons, encoder, "开除", "解除") > 10 * share(lessons, encoder, "工钱", "解除")
    assert share(lessons, encoder, "赔偿", "补偿") > share(lessons, encoder, "代表", "补偿")


def test_expectation_tells_apart_what_counting_cannot(tmp_path):
    """甲乙 stands in both articles, 丙丁 in one; 天地 is asked of both, 玄黄 of the other one only.
    The first gram explains 天地, so 丙丁 is left to 玄黄."""
    texts = ["甲乙。丙丁", "甲乙"]
    vocabulary = grams_of([*texts, "天地", "玄黄"])
    encoder = Static(vocabulary, np.eye(len(vocabulary), dtype=np.float32))
    passages = [Passage(f"p{i}", "article", text) for i, text in enumerate(texts)]
    corpus = build(passages, tmp_path, encoder)
    pairs = [("天地。玄黄", [0])] * 10 + [("天地", [1])] * 10
    found = learn(corpus, encoder, pairs)
    assert share(found, encoder, "玄黄", "丙丁") > 2 * share(found, encoder, "天地", "丙丁")
    assert share(found, encoder, "天地", "甲乙") > 2 * share(found, encoder, "玄黄", "甲乙")


def test_shares_of_a_gram_are_no_more_than_one_and_none_is_tiny(lessons):
    table = lessons.table
    assert table.nnz and table.data.min() > LEAST_SHARE
    assert np.asarray(table.sum(axis=0)).max() <= 1 + 1e-5


def test_one_pair_promises_less_than_ten(corpus, encoder):
    once = learn(corpus, encoder, PAIRS[3:4])
    often = learn(corpus, encoder, PAIRS[3:4] * 10)
    assert 0 < share(once, encoder, "赔偿", "补偿") < share(often, encoder, "赔偿", "补偿")


def test_only_pairs_of_characters_are_translated(lessons, encoder):
    pairs = encoder.vocabulary.pairs
    rows, columns = lessons.table.nonzero()
    assert pairs[rows].all() and pairs[columns].all()


def test_without_pairs_nothing_is_translated(corpus, encoder):
    assert translate(corpus, []).nnz == 0
    one = encoder.vocabulary.ids("钱")
    assert translate(corpus, [(one, [0])]).nnz == 0  # no pair of characters
    assert translate(corpus, [(encoder.vocabulary.ids("工钱"), [])]).nnz == 0


def test_counts_say_how_often_rows_laws_and_chapters_answered(lessons):
    """A question with two articles of one law counts once for it, and once for each article."""
    assert lessons.by_row.tolist() == [3, 1, 2, 1, 1, 1]
    assert lessons.by_law.tolist() == [5, 3]
    assert lessons.by_chapter.tolist() == [3, 2, 2, 1]


def test_grams_are_counted_in_the_questions_that_each_row_law_and_chapter_answered(
    lessons, encoder
):
    number = {name: i for i, name in enumerate(encoder.vocabulary.names)}
    assert lessons.row_grams[:, [number["工钱"]]].toarray().ravel().tolist() == [2, 1, 0, 0, 0, 0]
    assert lessons.law_grams[:, [number["工钱"]]].toarray().ravel().tolist() == [2, 0]
    assert lessons.chapter_grams[:, [number["开除"]]].toarray().ravel().tolist() == [0, 2, 0, 0]


def test_a_gram_said_twice_in_a_question_is_one_question_that_says_it(corpus, encoder):
    found = learn(corpus, encoder, [("工钱，工钱，工钱", [0])])
    number = encoder.vocabulary.names.index("工钱")
    assert found.row_grams[0, number] == found.law_grams[0, number] == 1


def test_questions_have_length_one_in_counts_and_in_vectors(lessons, encoder):
    lengths = np.sqrt(np.asarray(lessons.counts.multiply(lessons.counts).sum(axis=1)).ravel())
    assert lengths == pytest.approx(np.ones(len(PAIRS)), abs=1e-5)
    assert lessons.vectors == pytest.approx(encoder([text for text, _ in PAIRS]), abs=1e-6)
    assert lessons.lengths.tolist() == [len(encoder.vocabulary.ids(text)) for text, _ in PAIRS]


def test_a_gram_said_twice_leaves_the_questions_after_it_as_they_are(corpus, encoder):
    """Adding up repeated grams in place once moved those of all later questions."""
    pairs = [("有没有有没有有没有钱", [0]), ("开除", [2]), ("代表", [3])]
    found = learn(corpus, encoder, pairs)
    assert found.vectors == pytest.approx(encoder([text for text, _ in pairs]), abs=1e-6)
    assert share(found, encoder, "代表", "选举") > 0
    assert share(found, encoder, "开除", "选举") == 0


def test_links_say_what_answers_what(lessons):
    expected = [(q, row) for q, (_, rows) in enumerate(PAIRS) for row in rows]
    assert [tuple(link) for link in lessons.links.tolist()] == expected


def test_a_question_without_a_known_gram_breaks_nothing(corpus, encoder):
    found = learn(corpus, encoder, [("龘", [0]), ("工钱", [0])])
    assert np.isfinite(found.counts.data).all() and np.isfinite(found.vectors).all()
    assert found.by_row.tolist() == [2, 0, 0, 0, 0, 0]
    assert not found.vectors[0].any()


def test_nothing_asked_is_nothing_learnt(corpus, encoder):
    found = learn(corpus, encoder, [])
    assert (len(found), found.table.nnz, found.links.shape) == (0, 0, (0, 2))
    assert found.by_row.tolist() == [0] * 6 and found.by_law.tolist() == [0, 0]


def test_a_tuner_changes_the_vectors_of_questions_and_of_the_corpus(corpus, encoder):
    def backwards(seen, before, pairs):
        assert (seen, before, pairs) == (corpus, encoder, PAIRS)
        return Static(encoder.vocabulary, -encoder.weights)

    found = learn(corpus, encoder, PAIRS, tune=backwards)
    assert np.asarray(found.tuned) == pytest.approx(-np.asarray(corpus.vectors), abs=1e-3)
    assert found.vectors == pytest.approx(-encoder([text for text, _ in PAIRS]), abs=1e-5)


def test_nothing_asked_tunes_nothing(corpus, encoder):
    def never(*_):
        raise AssertionError

    assert learn(corpus, encoder, [], tune=never).encoder is encoder


def test_questions_are_forgotten_by_their_ids(corpus, encoder):
    found = learn(corpus, encoder, PAIRS[:3], ids=["甲", "乙", "丙"])
    assert without(found, ["丙", "甲", "无"]).tolist() == [0, 2]
    assert without(found, []).tolist() == []
    assert without(learn(corpus, encoder, PAIRS[:3]), ["1"]).tolist() == [1]


def parts(lessons):
    for field in fields(lessons):
        value = getattr(lessons, field.name)
        if field.name == "encoder":
            yield field.name, np.asarray(value.weights, np.float32)
        elif field.name != "ids":
            yield field.name, value.toarray() if issparse(value) else np.asarray(value)


@pytest.mark.parametrize("pairs", [PAIRS, []])
def test_what_is_saved_is_what_opens(tmp_path, corpus, encoder, pairs):
    """Every part; the encoder's weights are kept in sixteen bits."""
    learnt = learn(corpus, encoder, pairs, ids=[f"问{i}" for i in range(len(pairs))])
    save(learnt, tmp_path)
    opened = open_lessons(tmp_path, corpus)
    assert opened.ids == learnt.ids
    for (name, ours), (_, theirs) in zip(parts(opened), parts(learnt), strict=True):
        assert ours.shape == theirs.shape, name
        assert ours == pytest.approx(theirs, abs=2e-3 if name == "encoder" else 0), name


def test_lessons_of_another_corpus_are_refused(tmp_path, corpus, encoder, lessons):
    save(lessons, tmp_path)
    (tmp_path / "smaller").mkdir()
    fewer = build(PASSAGES[:-1], tmp_path / "smaller", encoder)
    with pytest.raises(RetrieverError, match="另一个索引"):
        open_lessons(tmp_path, fewer)


def test_lessons_of_another_vocabulary_are_refused(tmp_path, corpus, encoder, lessons):
    save(lessons, tmp_path)
    (tmp_path / "other").mkdir()
    few = Static(Vocabulary(encoder.vocabulary.names[:40]), encoder.weights[:40])
    with pytest.raises(RetrieverError, match="xst learn"):
        open_lessons(tmp_path, build(PASSAGES, tmp_path / "other", few))


FILES = [
    "lessons.json",
    *(
        f"lessons.{name}.npy"
        for name in ("weights", "counts", "table.indices", "vectors", "by_law")
    ),
]


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        *((name, kept) for name in FILES for kept in (None, 0.5)),
        ("lessons.json", 0.0),
        *(pytest.param(name, 0.0) for name in FILES[1:]),
    ],
)
def test_a_damaged_file_is_refused_with_what_to_do(tmp_path, corpus, lessons, name, kept):
    save(lessons, tmp_path)
    file = tmp_path / name
    whole = file.read_bytes()
    file.unlink()
    if kept is not None:
        file.write_bytes(whole[: int(kept * len(whole))])
    with pytest.raises(RetrieverError, match="xst learn"):
        open_lessons(tmp_path, corpus)
