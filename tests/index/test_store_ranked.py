import json

import numpy as np
import pytest

from index import store
from index.encoder import Static
from index.features import NAMES
from index.grams import Vocabulary
from index.ranked import FUSED, REMEMBERING
from index.retriever import Passage, Query, RetrieverError
from index.store import Taught

PASSAGES = [
    Passage("a1", "article", "报酬应当按月支付，不得克扣。", title="劳务法"),
    Passage("a2", "article", "延长时间的，加倍支付报酬。", title="劳务法"),
    Passage("b1", "article", "代表由全体选举产生。", title="组织条例"),
    Passage("b2", "article", "代表任期三年。", title="组织条例"),
    Passage("c1", "article", "船舶应当登记。", title="航运办法"),
]
SLANG = "老板压着工钱"
ASKED = [("q1", SLANG, ["a1"]), ("q2", "谁来挑人", ["b1", "gone"]), ("q3", "没了", ["gone"])]


def one_hot():
    """An axis for each character that law or questions use."""
    texts = [*(p.title + p.text for p in PASSAGES), *(text for _, text, _ in ASKED)]
    names = sorted({c for text in texts for c in text if c.isalnum()})
    return Static(Vocabulary(names), np.eye(len(names), dtype=np.float32))


@pytest.fixture
def built(tmp_path):
    """A folder with the learnt engine over PASSAGES."""

    def made(**parts):
        parts = {"asked": ASKED, "links": [("a2", "a1")], **parts}
        manifest = store.build(PASSAGES, tmp_path, taught=Taught(one_hot(), **parts))
        return tmp_path, tmp_path / manifest["build"]

    return made


def ids(folder, text, k=10):
    return [hit.id for hit in store.open_ranked(folder).search(Query(text), k)]


def test_an_index_built_without_has_no_learnt_engine(tmp_path):
    assert store.build(PASSAGES, tmp_path)["ranked"] is False
    assert store.open_ranked(tmp_path) is None


def test_an_index_of_before_the_learnt_engine_has_none(tmp_path):
    manifest = store.build(PASSAGES, tmp_path)
    del manifest["ranked"]
    (tmp_path / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    assert store.open_ranked(tmp_path) is None


def test_what_says_it_is_found_and_the_plain_engine_opens_too(built):
    folder, _ = built()
    assert ids(folder, "船舶登记")[0] == "c1"
    hits = store.open_index(folder).search(Query("船舶登记"), 1)
    assert [hit.id for hit in hits] == ["c1"]
    assert store.read_manifest(folder)["ranked"] is True


def test_an_asked_question_is_remembered_at_once(built):
    """It shares no character with its article."""
    assert not set(SLANG) & set(PASSAGES[0].text + PASSAGES[0].title)
    folder, _ = built()
    assert ids(folder, SLANG)[0] == "a1"
    assert ids(folder, "工钱压着不给")[0] == "a1"
    folder, _ = built(asked=())
    assert ids(folder, SLANG) == []


def test_an_answer_that_is_no_longer_in_the_library_is_dropped_alone(built):
    folder, _ = built()
    lessons = store.open_ranked(folder).reader.lessons
    assert lessons.ids == ("q1", "q2")
    assert lessons.links.tolist() == [[0, 0], [1, 2]]
    assert "b1" in ids(folder, "谁来挑人")


def test_what_a_remembered_question_leads_to_comes_before_what_stands_beside_it(built):
    """a2 stands before b1 and shares nothing with the question; a nought has no rank, or it would
    be first of all noughts in words and in meaning."""
    folder, _ = built()
    assert ids(folder, "谁来挑人")[0] == "b1"


def test_a_remembered_question_can_be_forgotten_by_its_id(built):
    folder, _ = built()
    engine = store.open_ranked(folder)
    assert [h.id for h in engine.recall(Query(SLANG), 1)] == ["a1"]
    assert engine.recall(Query(SLANG), 1, ["q1"]) == []


def test_memory_is_fused_only_where_there_is_some(built):
    where = store.open_ranked(built()[0])
    assert where._fused == [NAMES.index(n) for n in REMEMBERING]
    without = store.open_ranked(built(asked=())[0])
    assert without._fused == [NAMES.index(n) for n in FUSED]


def test_links_lead_both_ways(built):
    links = store.open_ranked(built()[0]).reader.corpus.links
    assert links.toarray()[:2, :2].tolist() == [[0, 1], [1, 0]]


def test_a_tuned_encoder_reads_questions_and_has_its_own_neighbours(built):
    """Tuned so that 压 lies where 船 does."""
    base = one_hot()
    weights = base.weights.copy()
    names = base.vocabulary.names
    weights[names.index("压")] = 3 * weights[names.index("船")]
    folder, inside = built(tuned=Static(base.vocabulary, weights), asked=[("q", "谁", ["b1"])])
    assert (inside / "tuned.faiss").is_file()
    reader = store.open_ranked(folder).reader
    assert reader.nearest is not reader.tuned_nearest
    assert 4 in reader.table("压").rows, "trees may weigh it"
    plain, inside = built(asked=[("q", "谁", ["b1"])])
    assert not (inside / "tuned.faiss").exists()
    assert 4 not in store.open_ranked(plain).reader.table("压").rows


def test_a_build_tells_how_far_it_is(tmp_path):
    steps = []
    taught = Taught(one_hot(), asked=ASKED)
    store.build(PASSAGES, tmp_path, taught=taught, progress=lambda *step: steps.append(step))
    assert [s for s in steps if s[0] == "learnt"] == [("learnt", n, 3) for n in range(4)]


def test_no_passages_are_no_fault(tmp_path):
    store.build([], tmp_path, taught=Taught(one_hot(), asked=ASKED))
    assert ids(tmp_path, SLANG) == []


# Damage

READ = [
    *("lessons.json", "lessons.links.npy", "lessons.counts.npy", "lessons.tuned.npy"),
    *("corpus.text.npy", "corpus.vectors.npy", "corpus.links.npy"),
    *("grams.json", "grams.npy", "plain.faiss", "lexical.json"),
]


def refused(folder):
    with pytest.raises(RetrieverError, match=r"xst (build|learn)") as error:
        store.open_ranked(folder)
    assert str(folder) in str(error.value)


@pytest.mark.parametrize("name", READ)
def test_a_file_that_is_missing_or_cut_is_refused(built, name):
    folder, inside = built()
    raw = (inside / name).read_bytes()
    (inside / name).write_bytes(raw[:-4])
    refused(folder)
    (inside / name).unlink()
    refused(folder)


@pytest.mark.parametrize("name", READ)
def test_a_file_of_the_right_size_and_other_content_is_refused(built, name):
    folder, inside = built()
    (inside / name).write_bytes(b"x" * (inside / name).stat().st_size)
    refused(folder)


def test_no_index_is_refused(tmp_path):
    refused(tmp_path / "none")
