"""Matching a question to wordings: confidence, filters, saving, the small encoder."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.meaning import Meaning, centre, open_meaning, unit
from index.questions import MEANING, Entry, build_questions, open_questions
from index.retriever import Query, RetrieverError

ENTRIES = [
    Entry("pay", "card", ("老板不发工资", "欠薪怎么办", "工资拖着不给"), "工资每月至少支付一次"),
    Entry("leave", "card", ("年假几天", "年休假怎么算"), "工作满一年享受年休假"),
    Entry("offer", "point", ("收到要约几天答复", "要约多久回复"), "收到要约后答复", "河南"),
]


def features(text: str):
    pairs = [text[i : i + 2] for i in range(len(text) - 1)]
    return [(p, 1.0) for p in dict.fromkeys(pairs) if p.strip()]


NAMES = ["不发", "欠薪", "拖着", "年假", "休假"]
VECTORS = np.array([[1, 0], [1, 0], [1, 0], [0, 1], [0, 1]], dtype=np.float16)


@pytest.fixture(scope="module")
def questions():
    return build_questions(ENTRIES, features, Meaning(NAMES, VECTORS))


def refs(questions, text, **more):
    return [h.ref for h in questions.search(Query(text, **more), 5)]


def test_the_closest_entry_comes_first_and_scores_fall(questions):
    hits = questions.search(Query("老板拖着工资不发怎么办"), 5)
    assert hits[0].ref == "pay" and hits[0].kind == "card"
    scores = [h.score for h in hits]
    assert scores == sorted(scores, reverse=True) and all(0 < s <= 1 for s in scores)


def test_likeness_of_meaning_finds_what_no_word_does():
    """欠薪 and 不发 share no character; the encoder put them in one place."""
    entry = [Entry("pay", "card", ("不发钱",)), Entry("leave", "card", ("年假几天",))]
    found = build_questions(entry, features, Meaning(NAMES, VECTORS))
    assert found.search(Query("欠薪"), 1)[0].ref == "pay"
    assert found.search(Query("欠薪"), 1)[0].score == pytest.approx(MEANING, abs=1e-3)


def test_filters_hold(questions):
    assert refs(questions, "收到要约几天答复", regions=("国家",)) != ["offer"]
    assert "offer" not in refs(questions, "收到要约几天答复", regions=("国家", "山东"))
    assert refs(questions, "收到要约几天答复", regions=("国家", "河南"))[0] == "offer"
    assert set(refs(questions, "工资年假要约", kinds=frozenset({"point"}))) <= {"offer"}


@pytest.mark.parametrize("text", ["", "  ", "。", "zzzz"])
def test_nothing_known_finds_nothing(questions, text):
    assert questions.search(Query(text), 5) == []


def test_at_most_k(questions):
    assert len(questions.search(Query("工资年假要约答复"), 1)) == 1
    assert questions.search(Query("工资"), 0) == []


def test_a_long_message_is_not_trusted_less_for_what_it_says_beside(questions):
    short = questions.search(Query("老板不发工资"), 1)[0].score
    long = questions.search(Query("唉" + "哎呀今儿个真是烦" * 4 + "老板不发工资"), 1)[0].score
    assert long > short / 4


def test_what_is_saved_is_found_alike(questions, tmp_path):
    questions.save(tmp_path)
    again = open_questions(tmp_path, features, Meaning(NAMES, VECTORS))
    for text in ("欠薪怎么办", "年假几天", "要约多久回复"):
        assert again.search(Query(text), 5) == questions.search(Query(text), 5)


def test_a_missing_or_damaged_file_says_what_to_do(tmp_path):
    with pytest.raises(RetrieverError, match="xst build"):
        open_questions(tmp_path, features, Meaning(NAMES, VECTORS))
    (tmp_path / "bad.npz").write_bytes(b"no")
    with pytest.raises(RetrieverError, match="xst learn wordings"):
        open_meaning(tmp_path / "bad.npz")


def test_the_encoder_is_saved_and_read_back(tmp_path):
    meaning = Meaning(NAMES, VECTORS)
    meaning.save(tmp_path / "m.npz")
    again = open_meaning(tmp_path / "m.npz")
    assert again.encode(["不发"]).tolist() == [1.0, 0.0]
    assert again.encode(["unknown"]).tolist() == [0.0, 0.0]
    assert np.linalg.norm(again.encode(["不发", "年假"])) == pytest.approx(1.0)


def test_an_entry_stands_between_its_wordings_and_its_own_words():
    a, b = np.array([1, 0], np.float32), np.array([0, 1], np.float32)
    assert centre([a, a], b, share=1.0) == pytest.approx(unit(np.array([1.0, 1.0])))


def test_the_shipped_encoder_opens_and_knows_the_field():
    meaning = open_meaning()
    assert meaning.dimension == 128
    assert np.linalg.norm(meaning.encode(["工资", "w:工资"])) == pytest.approx(1.0, abs=1e-3)


@given(st.text(max_size=80))
def test_any_text_is_matched_without_error(text):
    found = build_questions(ENTRIES, features, Meaning(NAMES, VECTORS))
    assert all(0 <= h.score <= 1 for h in found.search(Query(text), 3))


def test_training_brings_the_words_of_one_thing_together():
    """Sixty things, each said in two vocabularies: after training each finds its partner."""
    from index.train import train

    things = [
        (chr(0x4E00 + n) + chr(0x5E00 + n), chr(0x6E00 + n) + chr(0x7E00 + n)) for n in range(60)
    ]
    learnt = train([], things * 200, list, size=240, dimension=16, seed=1)
    left = np.array([learnt.encode(a) for a, _ in things])
    right = np.array([learnt.encode(b) for _, b in things])
    assert (np.argmax(left @ right.T, axis=1) == np.arange(60)).mean() > 0.9
    again = train([], things * 200, list, size=240, dimension=16, seed=1)
    assert np.allclose(left[0], again.encode(things[0][0]), atol=1e-3), (
        "the same seed, the same vectors"
    )
