from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from learnt import nearest, one_hot

from index import lexical
from index.corpus import build
from index.encoder import Static
from index.features import NAMES, Reader, _grouped
from index.lessons import learn
from index.retriever import Passage

WAGES, UNION, REST = "劳务报酬法", "职工组织条例", "休假办法"
PASSAGES = [
    Passage(
        "a1", "article", "报酬应当按月支付。不得克扣或者拖欠。", title=WAGES, chapter="第一章 报酬"
    ),
    Passage("a2", "article", "延长时间的，加倍支付报酬。", title=WAGES, chapter="第一章 报酬"),
    Passage(
        "a3",
        "article",
        "克扣报酬的，责令限期支付。逾期的，加付赔偿。",
        title=WAGES,
        chapter="第二章 责任",
    ),
    Passage("a4", "article", "本法自公布之日起施行。", title=WAGES, chapter="第三章 附则"),
    Passage("b1", "article", "职工可以依法组织起来。", title=UNION, chapter="第一章 总则"),
    Passage(
        "b2", "article", "代表由全体职工选举产生，任期三年。", title=UNION, chapter="第二章 代表"
    ),
    Passage(
        "b3",
        "article",
        "代表履行职责占用时间的，视为正常劳动。",
        title=UNION,
        chapter="第二章 代表",
    ),
    Passage("b4", "article", "", title=UNION, chapter="第三章 附则"),
    Passage("c1", "article", "连续工作一年以上的，享受年休假。", title=REST),
    Passage("c2", "article", "年休假一般不跨年度安排。", title=REST),
    Passage("c3", "article", "应休未休的，按日报酬加倍支付补偿。", title=REST),
]
ROW = {passage.id: row for row, passage in enumerate(PASSAGES)}
LINKS = [("a3", "a1"), ("c3", "a2")]
PAIRS = [
    ("老板压着工钱不给", [0, 2]),
    ("工钱多久给一次", [0]),
    ("加班钱怎么算", [1]),
    ("谁来选代表", [5]),
    ("代表开会扣工钱吗", [6]),
    ("年假没用完给钱吗", [10]),
    ("年假可否攒到以后", [9]),
    ("干满多久有年假", [8]),
]
QUESTIONS = [text for text, _ in PAIRS]


@pytest.fixture(scope="module")
def reader(tmp_path_factory):
    """A reader without lessons; `taught` gives it some."""
    encoder = one_hot([*QUESTIONS, *(t for p in PASSAGES for t in (p.text, p.title, p.chapter))])
    corpus = build(PASSAGES, tmp_path_factory.mktemp("corpus"), encoder, LINKS)
    words = lexical.build(PASSAGES, tmp_path_factory.mktemp("words"))
    by_vector = nearest(corpus.vectors)
    lessons = learn(corpus, encoder, [])
    return Reader(corpus, words, encoder.weights, by_vector, by_vector, lessons)


def taught(reader, pairs, ids=None):
    encoder = Static(reader.corpus.vocabulary, reader.plain)
    return replace(reader, lessons=learn(reader.corpus, encoder, pairs, ids))


@pytest.fixture(scope="module")
def full(reader):
    return taught(reader, PAIRS)


def column(table, name):
    values = table.values[:, NAMES.index(name)]
    return {PASSAGES[row].id: float(v) for row, v in zip(table.rows.tolist(), values, strict=True)}


def unlike(one, other):
    """The columns that differ, over the same candidates."""
    assert one.rows.tolist() == other.rows.tolist()
    same = np.isclose(one.values, other.values, atol=1e-5).all(axis=0)
    return {name for name, equal in zip(NAMES, same.tolist(), strict=True) if not equal}


# Shape


@pytest.mark.parametrize("text", QUESTIONS)
def test_every_name_has_a_column_of_finite_numbers(full, text):
    table = full.table(text)
    assert table.values.shape == (len(table.rows), len(NAMES))
    assert len(set(NAMES)) == len(NAMES)
    assert np.isfinite(table.values).all()
    assert table.values.dtype == np.float32


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    text=st.text(st.characters(exclude_categories=()))
    | st.text("报酬工钱代表年假 ，。\n", max_size=60),
    masked=st.none() | st.lists(st.booleans(), min_size=len(PASSAGES), max_size=len(PASSAGES)),
    without=st.none() | st.sets(st.integers(0, len(PAIRS) - 1)),
)
def test_no_question_breaks_a_table_and_rows_rise(full, text, masked, without):
    mask = None if masked is None else np.array(masked)
    forgotten = None if without is None else np.array(sorted(without), np.int32)
    table = full.table(text, mask, forgotten)
    assert np.isfinite(table.values).all()
    assert table.rows.tolist() == sorted(set(table.rows.tolist()))


@pytest.mark.parametrize("text", ["", "，。", "龘龘"])
def test_a_question_without_a_known_gram_has_no_candidates(full, text):
    table = full.table(text)
    assert table.rows.tolist() == [] and table.values.shape == (0, len(NAMES))


def test_without_lessons_memory_says_nothing(reader):
    table = reader.table("老板克扣报酬")
    for name in NAMES:
        if name.startswith(("memory", "often", "asked_")) and not name.endswith("_rank"):
            assert not any(column(table, name).values()), name


def test_a_table_is_the_same_each_time(full):
    one, other = full.table(QUESTIONS[0]), full.table(QUESTIONS[0])
    assert np.array_equal(one.values, other.values)


# Filters


def test_rows_outside_the_mask_are_no_candidates(full):
    mask = np.array([p.title == UNION for p in PASSAGES])
    for text in QUESTIONS:
        assert mask[full.table(text, mask).rows].all()
    nothing = np.zeros(len(PASSAGES), np.bool_)
    assert len(full.table(QUESTIONS[0], nothing).rows) == 0


def test_remembered_questions_lead_to_no_row_outside_the_mask(full):
    mask = np.ones(len(PASSAGES), np.bool_)
    mask[ROW["a1"]] = False
    assert ROW["a1"] in full.table(QUESTIONS[1]).rows
    assert ROW["a1"] not in full.table(QUESTIONS[1], mask).rows


# Words


def test_held_is_the_share_of_the_question_s_rarity_that_the_text_holds(full):
    """All grams of 年休假 stand in c1, none in b1; a head counts for itself."""
    held, head = (column(full.table("年休假"), name) for name in ("held", "head"))
    assert held["c1"] == pytest.approx(1.0, abs=1e-5)
    assert held.get("b1", 0.0) == 0.0 < held["c2"] and head["c1"] > 0
    assert column(full.table("劳务报酬法"), "head")["a4"] == pytest.approx(1, abs=1e-5)


def test_a_clause_that_says_all_counts_more_than_two_that_say_half(full):
    """a3: 克扣报酬的，责令限期支付。逾期的，加付赔偿。"""
    one, two = (column(full.table(t), "clause")["a3"] for t in ("克扣报酬支付", "克扣报酬赔偿"))
    held = [column(full.table(t), "held")["a3"] for t in ("克扣报酬支付", "克扣报酬赔偿")]
    assert one == pytest.approx(held[0], abs=1e-5)
    assert two < held[1]


def test_scores_of_the_engines_are_their_own(full, reader):
    table = full.table("代表选举")
    words, plain = column(table, "words"), column(table, "plain")
    scores = reader.lexical.scores("代表选举")
    vector = Static(reader.corpus.vocabulary, reader.plain)(["代表选举"])[0]
    for id in words:
        assert words[id] == pytest.approx(scores[ROW[id]], rel=1e-5)
        expected = float(np.asarray(reader.corpus.vectors[ROW[id]], np.float32) @ vector)
        assert plain[id] == pytest.approx(expected, abs=1e-4)
    assert max(column(table, "words_rank"), key=column(table, "words_rank").get) == "b2"
    assert column(table, "words_rank")["b2"] == pytest.approx(1 / 5)


# Structure


def test_what_is_linked_to_a_good_candidate_is_a_candidate_and_says_so(reader):
    """a2 is named by c3, of another law; nothing of the question stands in it."""
    table = reader.table("应休未休")
    assert ROW["a2"] in table.rows
    named, fused = column(table, "named"), column(table, "fused")
    assert named["a2"] == pytest.approx(fused["c3"])
    assert column(table, "links")["a2"] == pytest.approx(np.log(2))
    assert column(table, "links")["c1"] == 0


def test_before_and_after_are_the_neighbours_scores(full):
    table = full.table("代表选举")
    fused, before, after = (column(table, n) for n in ("fused", "before", "after"))
    assert before["b3"] == pytest.approx(fused["b2"]) and after["b2"] == pytest.approx(fused["b3"])


def test_the_best_of_a_law_and_of_a_chapter_are_all_their_rows(full):
    table = full.table("代表选举")
    law, fused = column(table, "law_best"), column(table, "fused")
    for id, best in law.items():
        same = [fused[other] for other in fused if other[0] == id[0]]
        assert best == pytest.approx(max(same))


def test_a_group_has_its_best_and_a_damped_sum():
    """3 + 0.6 × 2 + 0.36 × 1 in group 4, 5 alone in group 0."""
    keys, values = np.array([4, 0, 4, 4]), np.array([1.0, 5.0, 3.0, 2.0])
    best, damped = _grouped(keys, values, 6)
    assert best.tolist() == [5, 0, 0, 0, 3, 0]
    assert damped == pytest.approx([5, 0, 0, 0, 3 + 1.2 + 0.36, 0])


# Memory


def test_a_remembered_question_leads_to_what_answered_it(full):
    """工钱 stands in no article: only memory finds a1."""
    table = full.table("工钱多久给")
    memory = column(table, "memory")
    assert max(memory, key=memory.get) == "a1"
    assert memory["a1"] > 0.5 and column(table, "often_row")["a1"] == pytest.approx(np.log(3))
    assert column(table, "memory_chapter")["a2"] == pytest.approx(memory["a1"])
    assert column(table, "memory_law")["a3"] == pytest.approx(memory["a1"])
    assert column(table, "memory_named")["a3"] == pytest.approx(memory["a1"])
    assert column(table, "memory_beside")["a2"] == pytest.approx(memory["a1"])


def test_an_article_of_many_unlike_questions_is_not_remembered(reader):
    """Fifty questions about wages say nothing for their article where leave is asked about."""
    many = [(f"工钱{c}压{c}给老板", [ROW["a1"]]) for c in "办班表补不才产偿次攒" for _ in range(5)]
    table = taught(reader, many).table("年休假")
    assert column(table, "memory").get("a1", 0.0) == 0.0
    assert column(table, "memory_sum").get("a1", 0.0) == 0.0
    apt = column(table, "apt_row")
    assert apt.get("a1", -1.0) < 0 == apt["c1"]  # its questions speak against it


# Forgetting: what a question answered must not be seen in the table of that question, or the
# trees would learn to trust a memory that knew the answer.

RARITY = {name for name in NAMES if name.startswith("memory") and name != "memory_alike"}
COUNTED = {
    *RARITY,  # how rare a gram is in questions changes how like the others are
    *("apt_row", "apt_law", "apt_chapter"),  # as above: what is common among questions
    *("field", "field_rank"),  # the mean length of a question
    *("asked_as", "asked_as_best"),  # the table of translation is learnt from all questions
}


@pytest.mark.parametrize("i", range(len(PAIRS)))
def test_a_forgotten_question_is_as_one_never_asked(reader, full, i):
    """But for what is counted over all questions, see `COUNTED`."""
    never = taught(reader, PAIRS[:i] + PAIRS[i + 1 :])
    one, other = (t.table(QUESTIONS[i], None, w) for t, w in ((full, np.array([i])), (never, None)))
    assert unlike(one, other) <= COUNTED


@pytest.mark.parametrize("i", range(len(PAIRS)))
def test_no_column_tells_what_a_forgotten_question_answered(reader, i):
    """The same question led elsewhere gives the same table, but for the translation."""
    without = np.array([i])
    text, rows = PAIRS[i]
    elsewhere = [*PAIRS]
    elsewhere[i] = (text, [(row + 4) % len(PASSAGES) for row in rows])
    one, other = (taught(reader, p).table(text, None, without) for p in (PAIRS, elsewhere))
    assert unlike(one, other) <= {"asked_as", "asked_as_best"}


def test_forgetting_takes_the_memory_of_the_only_question_away(full):
    i = QUESTIONS.index("谁来选代表")
    known, forgotten = full.table(QUESTIONS[i]), full.table(QUESTIONS[i], None, np.array([i]))
    assert column(known, "memory")["b2"] == pytest.approx(1, abs=1e-3)
    assert column(forgotten, "memory").get("b2", 0) == 0
    assert column(forgotten, "often_row")["b2"] == column(forgotten, "middle")["b2"] == 0


def test_forgetting_nothing_changes_nothing(full):
    one, other = full.table(QUESTIONS[0]), full.table(QUESTIONS[0], None, np.zeros(0, np.int32))
    assert unlike(one, other) == set()


def test_another_question_is_forgotten_too(reader, full):
    """Evaluation may forget a question that is not the one asked (a paraphrase of it, say)."""
    i = QUESTIONS.index("谁来选代表")
    without = np.array([i])
    elsewhere = [*PAIRS]
    elsewhere[i] = (QUESTIONS[i], [ROW["a4"]])
    asked = "代表怎么产生"
    one, other = (taught(reader, p).table(asked, None, without) for p in (PAIRS, elsewhere))
    assert unlike(one, other) <= {"asked_as", "asked_as_best"}


def test_two_questions_of_one_article_are_forgotten_together(reader):
    without = np.array([0, 1])
    text = QUESTIONS[1]
    elsewhere = [(QUESTIONS[0], [ROW["b1"], ROW["c2"]]), (text, [ROW["b1"]]), *PAIRS[2:]]
    one, other = (taught(reader, p).table(text, None, without) for p in (PAIRS, elsewhere))
    assert unlike(one, other) <= {"asked_as", "asked_as_best"}
