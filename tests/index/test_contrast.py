import numpy as np
import pytest

from index import lexical
from index.contrast import Contrast, clause_pair, pretrain, thinned, tune
from index.corpus import build
from index.encoder import Static
from index.grams import Vocabulary
from index.retriever import Passage

WAGES, UNION = "劳务报酬法", "职工组织条例"
PASSAGES = [
    Passage("a1", "article", "报酬应当按月支付。不得克扣或者拖欠。", title=WAGES),
    Passage("a2", "article", "延长时间的，加倍支付报酬；节日加三倍。", title=WAGES),
    Passage("a3", "article", "克扣报酬的，责令限期支付。逾期的加付赔偿。", title=WAGES),
    Passage("a4", "article", "", title=WAGES),
    Passage("b1", "article", "职工可以依法组织起来。任何人不得阻挠。", title=UNION),
    Passage("b2", "article", "代表由全体职工选举产生。任期三年。", title=UNION),
    Passage("b3", "article", "经费由单位拨付。账目公开。", title=UNION),
]
PAIRS = [("工钱多久给", [0]), ("压着工钱", [2]), ("谁来选头儿", [5]), ("钱谁出账", [6])]
TEXTS = [*(t for p in PASSAGES for t in (p.text, p.title)), *(text for text, _ in PAIRS)]


@pytest.fixture(scope="module")
def encoder():
    names = {c for t in TEXTS for c in t if c.isalnum()}
    names |= {t[i : i + 2] for t in TEXTS for i in range(len(t) - 1) if t[i : i + 2].isalnum()}
    weights = np.random.default_rng(0).normal(size=(len(names), 16)).astype(np.float32)
    return Static(Vocabulary(sorted(names)), weights)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory, encoder):
    return build(PASSAGES, tmp_path_factory.mktemp("corpus"), encoder, [("a3", "a1")])


@pytest.fixture(scope="module")
def words(tmp_path_factory):
    return lexical.build(PASSAGES, tmp_path_factory.mktemp("words"))


def bags(*lists):
    return [np.array(one, np.int32) for one in lists]


def cosine(weights, one, other):
    a, b = weights[one].sum(0), weights[other].sum(0)
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


# One step


def test_a_step_draws_what_belongs_together_and_parts_the_rest():
    start = np.random.default_rng(0).normal(size=(8, 4)).astype(np.float32)
    training = Contrast(start)
    left, right = bags([0, 1], [2]), bags([3], [4, 5])
    losses = [training.step(left, right, 0.05) for _ in range(40)]
    assert losses[-1] < losses[0] / 5
    after = training.weights.numpy()
    for one, (own, other) in ((left[0], right), (left[1], right[::-1])):
        assert cosine(after, one, own) > cosine(start, one, own)
        assert cosine(after, one, own) > cosine(after, one, other)


def test_the_loss_is_the_cross_entropy_of_the_cosines_by_hand():
    """Cosines 1 and 0, 0.6 and 0.8, times 20."""
    weights = np.array([[1, 0], [0.6, 0.8], [2, 0], [0, 3]], np.float32)
    loss = Contrast(weights).step(bags([0], [1]), bags([2], [3]), 0.1)
    first, second = np.log1p(np.exp(-20.0)), np.log1p(np.exp(12.0 - 16.0))
    assert loss == pytest.approx((first + second) / 2, rel=1e-4)


def test_both_ways_also_asks_each_answer_for_its_question():
    weights = np.array([[1, 0], [0.6, 0.8], [2, 0], [0, 3]], np.float32)
    both = Contrast(weights).step(bags([0], [1]), bags([2], [3]), 0.1, both_ways=True)
    there = (np.log1p(np.exp(-20.0)) + np.log1p(np.exp(-4.0))) / 2
    back = (np.log1p(np.exp(12.0 - 20.0)) + np.log1p(np.exp(0.0 - 16.0))) / 2
    assert both == pytest.approx((there + back) / 2, rel=1e-4)


def test_rows_that_no_bag_holds_do_not_move():
    start = np.random.default_rng(0).normal(size=(8, 4)).astype(np.float32)
    training = Contrast(start)
    training.step(bags([0, 1]), bags([3], [4]), 0.1)
    moved = np.abs(training.weights.numpy() - start).max(axis=1) > 0
    assert moved.tolist() == [True, True, False, True, True, False, False, False]


def test_the_weights_given_are_left_as_they_are():
    start = np.ones((3, 2), np.float32)
    start[1, 0] = 5
    kept = start.copy()
    Contrast(start).step(bags([0]), bags([1], [2]), 0.1)
    assert np.array_equal(start, kept)


def test_what_is_not_allowed_is_no_wrong_answer():
    """With its only rival left out, a question has nothing to lose."""
    start = np.array([[1, 0], [0.6, 0.8], [0.8, 0.6]], np.float32)
    left, right = bags([0]), bags([1], [2])
    assert Contrast(start).step(left, right, 0.1) == pytest.approx(np.log1p(np.exp(4)), rel=1e-4)
    training = Contrast(start)
    assert training.step(left, right, 0.1, np.array([[True, False]])) == pytest.approx(0, abs=1e-6)


def test_an_empty_bag_breaks_nothing():
    training = Contrast(np.ones((3, 2), np.float32))
    assert np.isfinite(training.step(bags([], [1]), bags([2], []), 0.1))
    assert np.isfinite(training.weights.numpy()).all()


# What is drawn together


def test_a_bag_is_thinned_but_never_emptied_and_never_too_long():
    chance = np.random.default_rng(0)
    bag = np.arange(400, dtype=np.int32)
    found = thinned(chance, bag, 0.5)
    assert len(found) == 150 and set(found.tolist()) <= set(bag.tolist())
    shares = [len(thinned(chance, bag[:100], 0.3)) / 100 for _ in range(200)]
    assert np.mean(shares) == pytest.approx(0.7, abs=0.02)
    assert all(len(thinned(chance, bag[:3], 0.99)) for _ in range(50))
    assert thinned(chance, bag[:20], 0).tolist() == bag[:20].tolist()
    assert len(thinned(chance, bag[:0], 0.5)) == 0


def test_a_clause_is_paired_with_its_own_article(corpus):
    """Whatever is asked and answered stands in the head or the text of the row."""
    chance = np.random.default_rng(0)
    documents = corpus.documents()
    for row in range(len(PASSAGES)):
        own = set(documents[row].tolist())
        for _ in range(30):
            asked, answer = clause_pair(chance, corpus, row)
            assert len(asked) and len(answer)
            assert {*asked.tolist(), *answer.tolist()} <= own


def test_an_article_without_text_is_paired_with_its_head(corpus):
    head = corpus.heads[corpus.head_of[3]].tolist()
    asked, answer = clause_pair(np.random.default_rng(0), corpus, 3)
    assert asked.tolist() == answer.tolist() == head


# Whole trainings, small


def own_first(encoder, corpus, questions):
    """In what share of `questions` the article is the nearest of all."""
    vectors = encoder.vectors(corpus.documents())
    nearest = (encoder([text for text, _ in questions]) @ vectors.T).argmax(axis=1)
    return np.mean(
        [row in rows for row, (_, rows) in zip(nearest.tolist(), questions, strict=True)]
    )


def pretrained(corpus, encoder, pairs=(), seed=0, **more):
    first = np.array([0, 1, 2, 4], np.int32)
    settings = {"dimension": 8, "steps": 25, "batch": 24, "seed": seed, **more}
    return pretrain(corpus, encoder.vocabulary, list(pairs), first, **settings)


def test_pretraining_brings_clauses_near_their_articles(corpus, encoder):
    clauses = [
        ("不得克扣拖欠", [0]),
        ("节日加三倍", [1]),
        ("加付赔偿", [2]),
        ("任期三年", [5]),
        ("账目公开", [6]),
    ]
    steps = []
    trained = pretrained(corpus, encoder, steps=60, progress=lambda *s: steps.append(s))
    assert trained.weights.shape == (len(encoder.vocabulary), 8)
    assert own_first(trained, corpus, clauses) == 1.0
    assert steps == [(i, 60) for i in range(1, 61)]


def test_pretraining_from_one_seed_is_one_encoder(corpus, encoder):
    one, again, other = (pretrained(corpus, encoder, seed=s, steps=5).weights for s in (1, 1, 2))
    assert np.array_equal(one, again) and not np.array_equal(one, other)


def test_pretraining_learns_the_pairs_it_is_given(corpus, encoder):
    """头儿 stands in no article; only the pair says that it goes with b2."""
    pair = (encoder.vocabulary.ids("头儿"), corpus.documents()[5])
    without, given = (pretrained(corpus, encoder, p, steps=60) for p in ([], [pair]))
    assert own_first(given, corpus, [("头儿", [5])]) == 1.0
    likeness = [float(e(["头儿"])[0] @ e.vectors(corpus.documents())[5]) for e in (without, given)]
    assert likeness[1] > likeness[0] + 0.2


def test_tuning_leads_questions_to_their_articles(corpus, encoder, words):
    before = encoder.weights.copy()
    tuned = tune(corpus, encoder, PAIRS, words, rounds=30, batch=2, rate=0.05)
    assert own_first(encoder, corpus, PAIRS) < 1
    assert own_first(tuned, corpus, PAIRS) == 1.0
    assert np.array_equal(encoder.weights, before)
    assert tuned.vocabulary is encoder.vocabulary


def test_tuning_from_one_seed_is_one_encoder(corpus, encoder, words):
    one, again, other = (
        tune(corpus, encoder, PAIRS, words, rounds=2, seed=s).weights for s in (1, 1, 2)
    )
    assert np.array_equal(one, again) and not np.array_equal(one, other)


def test_two_answers_of_one_question_are_not_parted(corpus, encoder, words):
    """In one batch each is the other's rival; both must end near the question."""
    tuned = tune(corpus, encoder, [("工钱", [0, 5])], words, rounds=60, batch=8, rate=0.05)
    likeness = tuned(["工钱"]) @ tuned.vectors(corpus.documents()).T
    assert set(np.argsort(-likeness[0])[:2].tolist()) == {0, 5}


def test_a_question_of_no_known_gram_and_one_that_no_article_is_like_break_nothing(
    corpus, encoder, words
):
    tuned = tune(corpus, encoder, [("龘", [0]), ("头儿", [5])], words, rounds=2)
    assert np.isfinite(tuned.weights).all()
