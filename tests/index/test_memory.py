import pytest

from index import dense, lexical
from index.memory import ARTICLE, CHAPTER, DAMPING, TITLE, Leading, Memory
from index.retriever import Passage, Query

LAW, CHAPTER_NAME = "劳动法", "工时"
ARTICLES = [
    Passage("a1", "article", "用人单位应当支付报酬", title=LAW, chapter=CHAPTER_NAME),
    Passage("a2", "article", "用人单位应当安排休息", title=LAW, chapter=CHAPTER_NAME),
    Passage("b1", "article", "用人单位应当参加保险", title="保险法", chapter="总则"),
]
QUESTIONS = [
    Passage("q1", "question", "老板欠薪怎么办", ref="a1"),
    Passage("q2", "question", "欠薪", ref="a1"),
    Passage("q3", "question", "欠薪找谁", ref="elsewhere"),
]


@pytest.fixture
def words(tmp_path):
    return lexical.build([*ARTICLES, *QUESTIONS], tmp_path)


def scores(hits):
    return {hit.id: hit.score for hit in hits}


def test_a_question_leads_to_its_article_with_values_by_hand(words):
    """No article says 欠薪: a1 gets the damped sum of its questions, a2 and b1 nothing."""
    raw = scores(words.search(Query("欠薪", kinds=frozenset(["question"])), 9))
    found = scores(Memory(words).search(Query("欠薪"), 9))
    best, second = sorted((raw["q1"], raw["q2"]), reverse=True)
    assert found["a1"] == pytest.approx(ARTICLE * (best + DAMPING * second), rel=1e-5)
    assert set(found) == {"a1", "q3"}


def test_its_law_and_chapter_gain_where_they_match_at_all(words):
    plain = scores(words.search(Query("单位欠薪", kinds=frozenset(["article"])), 9))
    raw = scores(words.search(Query("单位欠薪", kinds=frozenset(["question"])), 9))
    best, second = sorted((raw["q1"], raw["q2"]), reverse=True)
    found = scores(Memory(words).search(Query("单位欠薪"), 9))
    evidence = best + DAMPING * second
    assert found["a2"] - plain["a2"] == pytest.approx((TITLE + CHAPTER) * evidence, rel=1e-4)
    assert found["b1"] == pytest.approx(plain["b1"], rel=1e-6)
    assert found["a1"] > found["a2"] > found["b1"]


def test_one_wording_for_two_articles_of_a_law_is_one_question_for_the_law(tmp_path):
    """So the law gains as if it were asked once."""
    questions = [Passage(f"q{i}", "question", "欠薪", ref=f"a{i}") for i in (1, 2)]
    third = Passage("a3", "article", "单位", title=LAW)
    engine = lexical.build([*ARTICLES, third, *questions], tmp_path)
    plain = scores(engine.search(Query("单位欠薪"), 9))
    found = scores(Memory(engine).search(Query("单位欠薪"), 9))
    assert found["a3"] - plain["a3"] == pytest.approx(TITLE * plain["q1"], rel=1e-4)


def test_a_question_held_out_was_never_asked(words, tmp_path):
    (tmp_path / "less").mkdir()
    less = lexical.build([*ARTICLES, *QUESTIONS[1:]], tmp_path / "less")
    held = [hit.id for hit in Memory(words).recall(Query("老板"), 9, {"q1"})]
    assert held == [hit.id for hit in Memory(less).search(Query("老板"), 9)] == []
    assert "a1" in scores(Memory(words).search(Query("老板"), 9))


def test_filters_hold_for_what_a_question_leads_to(words):
    assert Memory(words).search(Query("欠薪", regions=("河南",)), 9) == []
    assert [
        hit.id for hit in Memory(words).search(Query("欠薪", kinds=frozenset(["article"])), 9)
    ] == ["a1"]


def test_an_engine_by_meaning_leads_there_too(tmp_path, tiny_model):
    passages = [
        Passage("a1", "article", "假"),
        Passage("a2", "article", "工会"),
        Passage("q1", "question", "工资", ref="a1"),
    ]
    engine = dense.build(passages, tmp_path, encoder=tiny_model)
    leading = Leading(engine, engine.rows)
    hits = leading.search(Query("工资"), 9)
    assert [(hit.id, hit.kind, hit.ref) for hit in hits] == [
        ("a1", "article", "a1"),
        ("a2", "article", "a2"),
    ]
    assert [hit.score for hit in hits] == pytest.approx([1.0, 0.5], abs=1e-5)
    assert [hit.id for hit in leading.recall(Query("工资"), 9, {"q1"})] == ["a2"]
