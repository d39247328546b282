"""What the contract does not say of Milvus: building, going on after a kill, the prior."""

import os
import signal
import subprocess
import sys
import textwrap
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from index import milvus
from index.retriever import Passage, Query, RetrieverError

pytest.importorskip("pymilvus")
pytest.importorskip("milvus_lite")

CHARACTERS = "工资会代表集体合同假休期"
WAGES = [Passage(f"p{i:03}", "article", "工资") for i in range(60)]


def encode(texts):
    """One axis per character of `CHARACTERS`; texts of others are the zero vector."""
    found = np.array([[text.count(c) for c in CHARACTERS] for text in texts], np.float32)
    lengths = np.linalg.norm(found, axis=1, keepdims=True)
    return np.divide(found, lengths, out=found, where=lengths > 0)


def backwards(texts):
    return encode(texts)[:, ::-1]


class Counting:
    """An encoder that remembers what it was given."""

    def __init__(self):
        self.texts = []

    def __call__(self, texts):
        self.texts += texts
        return encode(texts)


@pytest.fixture
def uri(tmp_path):
    yield str(tmp_path / "trial.db")
    from milvus_lite.server_manager import server_manager_instance

    server_manager_instance.release_server(str(tmp_path / "trial.db"))


def ids(engine, text, k=10, **filters):
    return [hit.id for hit in engine.search(Query(text, **filters), k)]


@pytest.mark.parametrize("words", milvus.WORDS)
@pytest.mark.parametrize("encoder", [None, encode])
def test_what_is_opened_answers_as_what_was_built(uri, words, encoder):
    passages = [*WAGES, Passage("x", "card", "集体合同", title="代表", region="河南")]
    built = milvus.build(passages, uri, words=words, encoder=encoder)
    opened = milvus.open_milvus(uri, encoder=encoder)
    for text in ("工资", "集体合同", "代表"):
        assert opened.search(Query(text), 5) == built.search(Query(text), 5) != []


@pytest.mark.parametrize("encoder", [None, encode])
def test_a_heavy_passage_comes_first_from_beyond_what_is_fetched_first(uri, encoder):
    """Sixty passages match better, more than one fetch for k = 1 brings; its weight is 50."""
    heavy = Passage("z", "article", "工资会代表集体合同假休期" * 3, weight=50.0)
    engine = milvus.build([*WAGES, heavy], uri, words="grams", encoder=encoder)
    assert ids(engine, "工资", k=1) == ["z"]


@pytest.mark.parametrize("more", [[], [1.1, 1.2, 1.3, 1.4]])
def test_weights_act_one_by_one_and_where_they_are_many(uri, more):
    """Few weights are searched for each, many by fetching deeper: the same ranking."""
    light = [Passage(f"w{i}", "card", "工资", weight=w) for i, w in enumerate([0.0, 0.5, *more])]
    heavy = Passage("z", "article", "工资会代表集体合同假休期" * 3, weight=50.0)
    engine = milvus.build([*WAGES, *light, heavy], uri, words="grams")
    found = engine.search(Query("工资"), 100)
    first = ["z", *(f"w{i}" for i in range(len(more) + 1, 1, -1))]
    assert [hit.id for hit in found[: len(first)]] == first
    assert found[-1].id == "w1"  # half of what the sixty have; a weight of 0 is never found
    assert len(found) == 62 + len(more)


def test_many_ties_come_by_id(uri):
    engine = milvus.build(WAGES[::-1], uri)
    assert ids(engine, "工资", k=3) == ["p000", "p001", "p002"]


def test_jieba_finds_words_and_our_characters_find_parts_of_words(uri, tmp_path):
    passages = [Passage("a", "article", "工资"), Passage("b", "article", "假期")]
    assert ids(milvus.build(passages, uri, name="w"), "资") == []
    assert ids(milvus.build(passages, uri, name="g", words="grams"), "资") == ["a"]


def test_a_word_of_the_field_is_one_term_for_jieba(uri):
    passages = [Passage("a", "article", "欠薪保障金"), Passage("b", "article", "保障")]
    engine = milvus.build(passages, uri, terms=["欠薪保障金"])
    assert ids(engine, "欠薪保障金")[0] == "a"


def test_our_characters_score_as_bm25_by_hand(uri):
    """Two passages of two characters, one has 资: idf ln(1 + 1.5/1.5), gain 1 at mean length."""
    passages = [Passage("a", "article", "工资"), Passage("b", "article", "假期")]
    (hit,) = milvus.build(passages, uri, words="grams").search(Query("资"), 5)
    assert hit.score == pytest.approx(np.log(2), abs=1e-5)


def test_names_with_quotes_are_names_and_not_filters(uri):
    odd = 'x" or "1" == "1'
    passages = [Passage("a", "article", "工资"), Passage("b", "article", "工资", region=odd)]
    engine = milvus.build(passages, uri)
    assert ids(engine, "工资", regions=(odd,)) == ["b"]
    assert ids(engine, "工资", regions=("\\",)) == []


@pytest.mark.parametrize("fusion", ["rrf", "weighted"])
def test_milvus_own_rankers_fuse_filter_and_weigh(uri, fusion):
    passages = [
        Passage("a", "article", "工资", weight=2.0),
        Passage("b", "article", "工资", start=date(2020, 1, 1)),
        Passage("c", "card", "假期"),
    ]
    milvus.build(passages, uri, encoder=encode)
    engine = milvus.open_milvus(uri, encoder=encode, fusion=fusion)
    assert ids(engine, "工资")[:2] == ["a", "b"]
    assert "b" not in ids(engine, "工资", day=date(2019, 12, 31))
    assert ids(engine, "工资假期", kinds=frozenset(["card"])) == ["c"]
    assert ids(engine, "工资", k=1) == ["a"]
    assert ids(engine, "龘") == []


def test_a_text_longer_than_a_field_is_indexed_as_far_as_it_goes(uri):
    engine = milvus.build([Passage("a", "article", "工资" + "，会" * 40_000)], uri)
    assert ids(engine, "工资") == ["a"]


def test_the_same_passages_are_not_encoded_twice(uri):
    milvus.build(WAGES, uri, encoder=encode)
    counting = Counting()
    milvus.build(WAGES, uri, encoder=counting)
    assert [text for text in counting.texts if text in {"工资"}] == []


def test_the_build_before_stays_for_its_readers_and_older_ones_go(uri):
    first = milvus.build(WAGES[:3], uri)
    reader = milvus.open_milvus(uri)
    second = milvus.build(WAGES[:4], uri)
    assert ids(reader, "工资") == ["p000", "p001", "p002"]
    assert ids(milvus.open_milvus(uri), "工资") == ["p000", "p001", "p002", "p003"]
    third = milvus.build(WAGES[:5], uri)
    assert len({first.collection, second.collection, third.collection}) == 3
    with pytest.raises(RetrieverError, match="Milvus"):
        reader.search(Query("工资"), 5)


def test_a_fault_does_not_say_what_was_asked(uri):
    reader = milvus.build(WAGES[:3], uri)
    milvus.build(WAGES[:4], uri)
    milvus.build(WAGES[:5], uri)
    with pytest.raises(RetrieverError) as caught:
        reader.search(Query("夜班补贴三年没涨"), 5)
    assert "夜班" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_another_model_is_refused(uri):
    milvus.build(WAGES, uri, encoder=encode)
    with pytest.raises(RetrieverError, match="另一个语义模型"):
        milvus.open_milvus(uri, encoder=backwards)
    with pytest.raises(RetrieverError, match="XST_ENCODER"):
        milvus.open_milvus(uri)


def test_where_nothing_was_built_says_so(uri):
    with pytest.raises(RetrieverError, match="没有名为 xst 的索引"):
        milvus.open_milvus(uri)


def test_a_server_that_is_not_there_says_what_to_check(monkeypatch):
    with pytest.raises(RetrieverError, match="检查地址"):
        milvus.open_milvus("http://127.0.0.1:9")


def test_a_missing_package_says_what_to_install(uri, monkeypatch):
    monkeypatch.setitem(sys.modules, "pymilvus", None)
    with pytest.raises(RetrieverError, match=r"pip install 'xieshangtong\[milvus\]'"):
        milvus.open_milvus(uri)


def test_an_id_that_comes_twice_is_refused(uri):
    with pytest.raises(RetrieverError, match="p000"):
        milvus.build([WAGES[0], WAGES[0]], uri)


def test_nothing_indexed_is_nothing_found(uri):
    assert ids(milvus.build([], uri, encoder=encode), "工资") == []


CHILD = """
import sys, time
sys.path.insert(0, {here!r})
from test_milvus import WAGES, Counting
from index import milvus
from index.retriever import Query

step, uri = sys.argv[1:]
counting = Counting()
if step == "open":
    engine = milvus.open_milvus(uri, encoder=counting)
else:
    def progress(done, total):
        print("done", done, flush=True)
        time.sleep(0.2 if step == "slow" else 0)
    passages = WAGES[:5] if step == "old" else WAGES
    engine = milvus.build(passages, uri, encoder=counting, batch=10, progress=progress)
print("encoded", counting.texts.count("工资"), flush=True)
print("found", len(engine.search(Query("工资"), 100)), flush=True)
"""


def child(step, uri):
    code = textwrap.dedent(CHILD).format(here=str(Path(__file__).parent))
    root = str(Path(milvus.__file__).parent.parent)
    return subprocess.Popen(
        [sys.executable, "-c", code, step, uri],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": root},
    )


def told(process):
    """The last figure of each kind that `process` prints until it ends."""
    out, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    return {line.split()[0]: int(line.split()[1]) for line in out.splitlines()}


@pytest.mark.slow
def test_a_killed_build_is_not_seen_and_goes_on_where_it_was(tmp_path):
    """SIGKILL after three of six batches of ten: readers have the old five, then only what was
    missing is encoded (the query's own vector is one more)."""
    uri = str(tmp_path / "trial.db")
    assert told(child("old", uri)) == {"done": 5, "encoded": 6 - 1, "found": 5}
    building = child("slow", uri)
    for line in building.stdout:
        if line == "done 30\n":
            os.kill(building.pid, signal.SIGKILL)
            break
    assert building.wait() == -signal.SIGKILL
    assert told(child("open", uri)) == {"encoded": 0, "found": 5}
    assert told(child("new", uri)) == {"done": 60, "encoded": 30, "found": 60}
    assert told(child("open", uri)) == {"encoded": 0, "found": 60}
