import gzip
import json
from math import log, log2

import pytest

from index.evaluate import bench, measure, ndcg, read_bench, recall, reciprocal_rank
from index.peer import Peer
from index.retriever import Passage, RetrieverError

RANKED = ["x", "a", "y", "b"]


def test_recall_is_the_share_found():
    assert recall(RANKED, {"a", "b"}, 2) == 0.5
    assert recall(RANKED, {"a", "b"}, 4) == 1.0
    assert recall(RANKED, {"a", "b", "c", "d"}, 10) == 0.5


def test_reciprocal_rank_is_that_of_the_first():
    assert reciprocal_rank(RANKED, {"b", "a"}) == 1 / 2
    assert reciprocal_rank(RANKED, {"b"}, 3) == 0.0
    assert reciprocal_rank(RANKED, {"none"}) == 0.0


def test_ndcg_by_hand():
    """Relevant at ranks 2 and 4; best would be 1 and 2."""
    expected = (1 / log2(3) + 1 / log2(5)) / (1 / log2(2) + 1 / log2(3))
    assert ndcg(RANKED, {"a", "b"}) == pytest.approx(expected)
    assert ndcg(["a"], {"a", "b", "c"}, 1) == 1.0
    assert ndcg(RANKED, {"none"}) == 0.0


def test_a_mean_counts_queries_that_found_nothing():
    figures = measure({"q1": ["a"]}, {"q1": ["a"], "q2": ["b"]})
    assert figures == {
        **{f"recall@{k}": 0.5 for k in (5, 10, 20, 50, 100)},
        "mrr@10": 0.5,
        "ndcg@10": 0.5,
    }


ARTICLES = {
    "L1": ("劳动法", "第一条", "用人单位应当按月支付报酬"),
    "L2": ("劳动法", "第二条", "劳动者享有休息的权利"),
    "L3": ("海商法", "第一条", "船舶应当登记"),
}
QUERIES = {
    "1": "报酬支付",
    "2": "老板拖着不给钱",
    "3": "老板不给钱怎么办",
    "4": "船舶登记",
    # What they mean only their answers tell.
    "5": "龙门阵摆起了嘛",
    "6": "龙门阵摆起来要得不",
}


@pytest.fixture
def folder(tmp_path):
    lines = [
        json.dumps({"_id": id, "law": law, "art_zh": zh, "chapter": "", "text": text})
        for id, (law, zh, text) in ARTICLES.items()
    ]
    (tmp_path / "corpus.jsonl.gz").write_bytes(gzip.compress("\n".join(lines).encode()))
    (tmp_path / "queries.jsonl").write_text(
        "\n".join(json.dumps({"_id": id, "text": text}) for id, text in QUERIES.items()),
        encoding="utf-8",
    )
    head = "query-id\tcorpus-id\tscore\n"
    (tmp_path / "qrels.train.tsv").write_text(head + "2\tL1\t1\n4\tL3\t1\n4\tL1\t0\n")
    (tmp_path / "qrels.dev.tsv").write_text(head + "1\tL1\t1\n3\tL1\t1\n")
    (tmp_path / "qrels.lone.tsv").write_text(head + "2\tL1\t1\n")
    return tmp_path


def test_the_benchmark_reports_every_figure_and_a_peer(folder):
    figures = bench(folder, "dev")
    names = {f"recall@{k}" for k in (5, 10, 20, 50, 100)} | {"mrr@10", "ndcg@10"}
    assert names | {"queries", "qps", "p99_ms", "build_s", "learn_s", "memory_mb", "peer"} == set(
        figures
    )
    assert names <= set(figures["peer"])
    assert (figures["queries"], figures["recall@5"], figures["mrr@10"]) == (2, 1.0, 1.0)
    assert figures["peer"]["recall@5"] == 0.5, "it knows words only"
    json.dumps(figures)


def test_a_trained_question_leads_a_like_one_to_its_article(folder):
    figures = bench(folder, "dev", train="train")
    assert (figures["recall@5"], figures["mrr@10"]) == (1.0, 1.0)


def test_content_leads_there_too(folder):
    ids = read_bench(folder).ids
    ours = Passage("card:1", "question", "老板不给钱", ref=ids["劳动法", "第一条"])
    assert bench(folder, "dev", content=[ours])["recall@5"] == 1.0


MEASURES = {f"recall@{k}" for k in (5, 10, 20, 50, 100)} | {"mrr@10", "ndcg@10"}


@pytest.fixture
def well(folder):
    """How well a split is answered, without how fast; a split is {question: article}."""

    def asked(split, train=None, **how):
        for name, answers in (("one", split), ("other", train or {})):
            lines = [f"{question}\t{article}\t1\n" for question, article in answers.items()]
            (folder / f"qrels.{name}.tsv").write_text("head\n" + "".join(lines))
        learnt = None if train is None else "one" if train == split else "other"
        found = bench(folder, "one", learnt, **how)
        assert found["queries"] == len(split)
        return {name: found[name] for name in MEASURES}

    return asked


def test_a_question_is_never_in_memory_while_it_is_asked(well):
    """In three articles all are neighbours: its answer may be found, but it must not lead there."""
    untaught = well({"5": "L2"})
    assert untaught["mrr@10"] < 1
    assert well({"5": "L2"}, {"6": "L2"})["mrr@10"] == 1, "a like one does lead there"
    assert well({"5": "L2"}, {"5": "L2"}) == untaught
    assert well({"5": "L2"}, {"5": "L2", "4": "L3"}) == well({"5": "L2"}, {"4": "L3"})


def test_a_split_that_is_learnt_from_is_asked_in_folds(well):
    """By question the like one teaches; by law neither knows the other, both being of one law."""
    both = {"5": "L2", "6": "L2"}
    untaught = well(both)
    assert untaught["mrr@10"] < 1
    assert well(both, both, folds="question")["mrr@10"] == 1
    assert well(both, both, folds="law") == untaught


def test_by_domain_only_labour_law_is_asked_and_the_rest_learnt(folder):
    head = "query-id\tcorpus-id\tscore\n"
    (folder / "qrels.all.tsv").write_text(head + "1\tL1\t1\n4\tL3\t1\n")
    figures = bench(folder, "all", "all", folds="domain")
    assert (figures["queries"], figures["learnt"]["questions"]) == (1, 1)


def test_folds_of_an_unknown_kind_are_refused(folder):
    with pytest.raises(RetrieverError, match="question、law"):
        bench(folder, "lone", "lone", folds="week")


def test_the_benchmark_runs_with_an_encoder(folder, tiny_model):
    figures = bench(folder, "dev", train="train", encoder=tiny_model)
    assert figures["recall@5"] == 1.0


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(RetrieverError, match=r"corpus\.jsonl\.gz"):
        bench(tmp_path, "dev")


def test_the_peer_scores_by_hand():
    """报酬 stands in one of three texts; the common 用人单位 counts against its text."""
    peer = Peer(["用人单位报酬", "用人单位", "用人单位船舶"])
    idf = log(2.5 / 1.5)
    gain = 2.3 / (1 + 1.3 * (0.25 + 0.75 * 2 / (5 / 3)))
    assert peer._gains[0, peer._number["报酬"]] == pytest.approx(idf * gain)
    assert peer.search("报酬", 5) == [0]
    assert peer.search("用人单位", 5) == [0, 2, 1]


def test_the_peer_drops_stop_words():
    """的 stands in every text and in the query, and counts for nothing."""
    peer = Peer(["报酬的支付", "船舶的登记"])
    assert "的" not in peer._number
    assert peer.search("的", 5) == []
