import json
import signal
import subprocess
import sys

import pytest

from index import store
from index.retriever import Passage, Query, RetrieverError

OLD = [Passage("a1", "article", "工资"), Passage("a2", "article", "代表")]
NEW = [Passage("b1", "article", "工资"), Passage("q1", "question", "假期", ref="b1")]


def ids(folder, text="工资", **how):
    return [hit.id for hit in store.open_index(folder, **how).search(Query(text), 9)]


def test_the_manifest_says_what_is_inside(tmp_path):
    manifest = store.build(OLD, tmp_path, words=["集体协商"], meta={"laws": 3})
    assert manifest == json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))
    assert manifest == store.read_manifest(tmp_path)
    assert (manifest["format"], manifest["passages"], manifest["encoder"]) == (1, 2, None)
    assert manifest["meta"] == {"laws": 3}
    assert set(manifest["libraries"]) == {"numpy"}
    assert len(manifest["created"]) == 10
    assert manifest["hash"] == store.fingerprint(OLD)


def test_the_hash_knows_every_field_and_no_order(tmp_path):
    first = store.build(OLD, tmp_path / "a")["hash"]
    assert store.build(OLD[::-1], tmp_path / "b")["hash"] == first
    heavier = [OLD[0], Passage("a2", "article", "代表", weight=1.5)]
    assert store.build(heavier, tmp_path / "c")["hash"] != first


def test_a_new_build_takes_the_place_of_the_old(tmp_path):
    store.build(OLD, tmp_path)
    before = store.open_index(tmp_path)
    store.build(NEW, tmp_path)
    assert ids(tmp_path) == ["b1"]
    assert [hit.id for hit in before.search(Query("工资"), 9)] == ["a1"]


def test_only_the_last_two_builds_stay_and_nothing_else_is_touched(tmp_path):
    (tmp_path / "notes").mkdir()
    for _ in range(4):
        store.build(OLD, tmp_path)
    assert len([f for f in tmp_path.iterdir() if f.is_dir()]) == 3
    assert (tmp_path / "notes").is_dir()


def test_words_and_synonyms_are_in_the_index(tmp_path):
    store.build(OLD, tmp_path, synonyms={"钱": ["工资"]})
    assert ids(tmp_path, "钱") == ["a1"]


def test_an_index_with_vectors_opens_with_its_model(tmp_path, tiny_model):
    steps = []
    manifest = store.build(
        OLD, tmp_path, encoder=tiny_model, progress=lambda *step: steps.append(step)
    )
    assert set(manifest["libraries"]) == {"numpy", "faiss-cpu", "sentence-transformers"}
    assert steps == [("lexical", 0, 2), ("lexical", 2, 2), ("dense", 2, 2)]
    (hit,) = store.open_index(tmp_path).search(Query("工资"), 9)
    assert (hit.id, hit.score) == ("a1", pytest.approx(2 / 61))


def test_a_model_that_moved_is_found_where_it_is_said_to_be(tmp_path, tiny_model, other_model):
    store.build(OLD, tmp_path, encoder=tiny_model)
    assert ids(tmp_path, encoder=tiny_model) == ["a1"]
    with pytest.raises(RetrieverError, match="xst build"):
        store.open_index(tmp_path, other_model)


def test_an_encoder_without_vectors_is_said(tmp_path, tiny_model):
    store.build(OLD, tmp_path)
    with pytest.raises(RetrieverError, match="xst build"):
        store.open_index(tmp_path, tiny_model)


def test_with_memory_a_question_answers_with_its_article(tmp_path, tiny_model):
    store.build(NEW, tmp_path / "words")
    store.build(NEW, tmp_path / "vectors", encoder=tiny_model)
    assert ids(tmp_path / "words", "假期") == ["q1"]
    assert ids(tmp_path / "words", "假期", memory=True) == ["b1"]
    assert ids(tmp_path / "vectors", "假期", memory=True) == ["b1"]


KILLED = """
import os, signal, sys
from pathlib import Path
from index import store
from index.retriever import Passage
def die(stage, done, total):
    if done == total:
        os.kill(os.getpid(), signal.SIGKILL)
store.build([Passage("k", "article", "工资")], Path(sys.argv[1]), progress=die)
"""


def test_a_build_that_was_killed_is_never_seen_and_is_cleared_by_the_next(tmp_path):
    store.build(OLD, tmp_path)
    done = subprocess.run([sys.executable, "-c", KILLED, tmp_path], check=False)
    assert done.returncode == -signal.SIGKILL
    assert len(list(tmp_path.glob(".building-*"))) == 1
    assert ids(tmp_path) == ["a1"]

    store.build(NEW, tmp_path)
    assert ids(tmp_path) == ["b1"]
    assert not list(tmp_path.glob(".building-*"))


def test_a_first_build_that_was_killed_is_no_index(tmp_path):
    subprocess.run([sys.executable, "-c", KILLED, tmp_path], check=False)
    with pytest.raises(RetrieverError, match="xst build"):
        store.open_index(tmp_path)


def test_a_build_that_fails_leaves_the_old_index(tmp_path):
    store.build(OLD, tmp_path)
    with pytest.raises(RetrieverError):
        store.build([OLD[0], OLD[0]], tmp_path)
    assert ids(tmp_path) == ["a1"]


def refused(folder):
    with pytest.raises(RetrieverError) as error:
        store.open_index(folder)
    assert str(folder) in str(error.value)
    assert "xst build" in str(error.value)


def test_a_missing_folder_is_refused(tmp_path):
    refused(tmp_path / "none")


def test_an_empty_folder_is_refused(tmp_path):
    refused(tmp_path)


def test_a_missing_file_is_refused(tmp_path):
    name = store.build(OLD, tmp_path)["build"]
    (tmp_path / name / "lexical.rows.npy").unlink()
    refused(tmp_path)


def test_a_file_cut_short_is_refused(tmp_path):
    name = store.build(OLD, tmp_path)["build"]
    file = tmp_path / name / "lexical.rows.npy"
    file.write_bytes(file.read_bytes()[:-4])
    refused(tmp_path)


def test_a_file_of_other_content_is_refused(tmp_path):
    name = store.build(OLD, tmp_path)["build"]
    file = tmp_path / name / "lexical.json"
    file.write_bytes(b"x" * file.stat().st_size)
    refused(tmp_path)


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", "\x00", '{"format": 1}'])
def test_a_manifest_that_says_nothing_is_refused(tmp_path, text):
    (tmp_path / "manifest.json").write_text(text, encoding="utf-8")
    refused(tmp_path)


def test_another_format_is_refused(tmp_path):
    manifest = store.build(OLD, tmp_path)
    (tmp_path / "manifest.json").write_text(json.dumps({**manifest, "format": 99}))
    refused(tmp_path)
