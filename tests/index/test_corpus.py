import numpy as np
import pytest

from index.corpus import build, encoder_of, gather, open_corpus
from index.encoder import Static
from index.grams import Vocabulary
from index.retriever import Passage, RetrieverError
from index.rows import Rows

WAGES, UNION = "劳务报酬法", "职工组织条例"
PASSAGES = [
    Passage(
        "a1", "article", "报酬按月支付。不得拖欠；不得克扣。", title=WAGES, chapter="第一章 报酬"
    ),
    Passage(
        "a2",
        "article",
        "延长时间的，按第一条的标准加倍支付报酬。",
        title=WAGES,
        chapter="第一章 报酬",
    ),
    Passage("a3", "article", "", title=WAGES, chapter="第二章 附则"),
    Passage("b1", "article", "职工可以依法组织起来。", title=UNION, chapter="第一章 总则"),
    Passage("b2", "article", "龘", title=UNION, chapter="第一章 总则"),
    Passage("c1", "article", "关于报酬的批复。", title="某院关于报酬的解释"),
    Passage("d1", "article", "章程由职工通过。", title="组织章程"),
    Passage("e1", "card", "被拖欠报酬怎么办"),
]
LINKS = [("a2", "a1"), ("a1", "a2"), ("b1", "a1"), ("a1", "a1"), ("a1", "gone"), ("gone", "b1")]


def grams_of(passages):
    texts = [t for p in passages for t in (p.text, p.title, p.chapter)]
    names = {c for t in texts for c in t if c.isalnum()} - {"龘"}
    names |= {t[i : i + 2] for t in texts for i in range(len(t) - 1) if t[i : i + 2].isalnum()}
    return Vocabulary(sorted(names))


@pytest.fixture(scope="module")
def encoder():
    vocabulary = grams_of(PASSAGES)
    weights = np.random.default_rng(0).normal(size=(len(vocabulary), 16))
    return Static(vocabulary, weights.astype(np.float32))


@pytest.fixture
def corpus(tmp_path, encoder):
    return build(PASSAGES, tmp_path, encoder, LINKS)


def said(corpus, bag):
    return [corpus.vocabulary.names[i] for i in bag]


def test_texts_and_heads_are_the_grams_of_each(corpus):
    """In reading order: a sparse matrix over the same arrays must not sort or compact them."""
    vocabulary = corpus.vocabulary
    for row, passage in enumerate(PASSAGES):
        assert corpus.text[row].tolist() == vocabulary.ids(passage.text).tolist()
        head = corpus.heads[corpus.head_of[row]]
        assert head.tolist() == vocabulary.ids(f"{passage.title} {passage.chapter}").tolist()


def test_a_head_is_kept_once(corpus):
    assert len(corpus.heads) == len({(p.title, p.chapter) for p in PASSAGES}) == 6
    assert corpus.head_of[0] == corpus.head_of[1] != corpus.head_of[2]


def test_a_document_is_the_head_and_the_text_of_its_row(corpus):
    documents = corpus.documents()
    assert len(documents) == len(corpus) == len(PASSAGES)
    for row in range(len(corpus)):
        head = corpus.heads[corpus.head_of[row]].tolist()
        assert documents[row].tolist() == head + corpus.text[row].tolist()
    assert said(corpus, documents[2])[:3] == ["劳", "劳务", "务"]  # its text is empty
    assert not len(corpus.text[4]) and len(documents[4])


def test_vectors_are_the_encoder_s_of_the_documents(corpus, encoder):
    expected = encoder([f"{p.title} {p.chapter} {p.text}" for p in PASSAGES])
    # The pair of characters across head and text is in neither: a space stands between.
    assert np.asarray(corpus.vectors, np.float32) == pytest.approx(expected, abs=1e-3)
    assert corpus.vectors.dtype == np.float16


def test_links_lead_both_ways_once_and_never_to_oneself_or_outside(corpus):
    named = {i: sorted(corpus.links[i].indices.tolist()) for i in range(len(corpus))}
    row = {p.id: i for i, p in enumerate(PASSAGES)}
    expected = {row["a1"]: [row["a2"], row["b1"]], row["a2"]: [row["a1"]], row["b1"]: [row["a1"]]}
    assert {i: rows for i, rows in named.items() if rows} == expected


def test_laws_and_chapters_are_numbered_without_gaps(corpus):
    assert corpus.laws.tolist() == [0, 0, 0, 1, 1, 2, 3, 4]
    assert corpus.chapters.tolist() == [0, 0, 1, 2, 2, 3, 4, 5]


def test_chapters_of_one_name_in_two_laws_are_two(tmp_path, encoder):
    same = [
        Passage(f"x{i}", "article", "报酬", title=t, chapter="第一章 总则")
        for i, t in enumerate((WAGES, UNION))
    ]
    assert build(same, tmp_path, encoder).chapters.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("title", "kind"),
    [
        ("劳务报酬法", 2),
        ("某某法典", 2),
        ("职工组织条例", 3),
        ("报酬支付暂行规定", 4),
        ("某法实施细则", 4),
        ("最高人民法院关于适用某法的解释", 1),
        ("关于某条例的批复", 1),
        ("组织章程", 0),
        ("", 0),
    ],
)
def test_the_kind_of_a_law_is_read_from_its_title(tmp_path, encoder, title, kind):
    found = build([Passage("x", "article", "报酬", title=title)], tmp_path, encoder)
    assert found.kinds.tolist() == [kind]


def test_rarity_is_counted_in_texts_not_in_times(corpus):
    """不得 stands twice in one of eight texts, 报酬 in four (not in the head's four)."""
    number = {name: i for i, name in enumerate(corpus.vocabulary.names)}
    once, four = (np.log1p((8 - n + 0.5) / (n + 0.5)) for n in (1, 4))
    assert corpus.idf[number["不得"]] == pytest.approx(once, rel=1e-5)
    assert corpus.idf[number["报酬"]] == pytest.approx(four, rel=1e-5)
    assert (corpus.idf > 0).all()


def test_sizes_are_in_characters(corpus):
    assert corpus.sizes.tolist() == [len(p.text) for p in PASSAGES]


def test_gather_finds_the_grams_of_the_wanted_texts_and_whose_each_is(corpus):
    wanted = np.array([3, 2, 0, 3])
    at, owner = gather(corpus.text, wanted)
    for place, row in enumerate(wanted.tolist()):
        assert corpus.text.flat[at[owner == place]].tolist() == corpus.text[row].tolist()
    at, owner = gather(corpus.text, np.zeros(0, np.int32))
    assert len(at) == len(owner) == 0


def test_what_is_opened_is_what_was_built(tmp_path, corpus, encoder):
    opened = open_corpus(tmp_path, Rows.of(PASSAGES), encoder.vocabulary)
    for name in ("head_of", "idf", "vectors", "laws", "chapters", "kinds", "sizes"):
        assert np.array_equal(getattr(opened, name), getattr(corpus, name)), name
    for name in ("text", "heads"):
        ours, theirs = getattr(opened, name), getattr(corpus, name)
        assert np.array_equal(ours.flat, theirs.flat)
        assert np.array_equal(ours.offsets, theirs.offsets)
    assert np.array_equal(opened.text.clauses, corpus.text.clauses)
    assert (opened.links != corpus.links).nnz == 0
    assert encoder_of(tmp_path) == encoder.fingerprint()


@pytest.mark.parametrize("passages", [[], [Passage("x", "article", "")]])
def test_a_corpus_without_words_builds_and_opens(tmp_path, encoder, passages):
    build(passages, tmp_path, encoder)
    opened = open_corpus(tmp_path, Rows.of(passages), encoder.vocabulary)
    assert len(opened) == len(opened.documents()) == len(passages)


@pytest.mark.parametrize("kept", [None, pytest.param(0.0), 0.5, 0.97])
@pytest.mark.parametrize(
    "name", ["text", "text.clauses", "heads.offsets", "idf", "vectors", "links"]
)
def test_a_damaged_file_is_refused_with_what_to_do(tmp_path, corpus, encoder, name, kept):
    file = tmp_path / f"corpus.{name}.npy"
    whole = file.read_bytes()
    file.unlink()  # not written over: the corpus of the fixture maps it
    if kept is not None:
        file.write_bytes(whole[: int(kept * len(whole))])
    with pytest.raises(RetrieverError, match="xst build"):
        open_corpus(tmp_path, Rows.of(PASSAGES), encoder.vocabulary)
