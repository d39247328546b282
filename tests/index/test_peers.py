import gzip
import json
import sys
from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

from bot.cli import app
from index.evaluate import read_bench
from index.peers import PEERS, Peer, Task, chosen, engines, measure_peers
from index.peers.run import examine, intervals, learned
from index.retriever import RetrieverError

ARTICLES = {
    "L1": ("劳动法", "第五十条", "工资应当以货币形式按月支付给劳动者本人"),
    "L2": ("劳动法", "第三十八条", "用人单位应当保证劳动者每周至少休息一日"),
    "L3": ("工会法", "第十条", "企业职工有会员二十五人以上的应当建立基层工会委员会"),
    "L4": ("海商法", "第九条", "船舶所有权的取得转让和消灭应当向船舶登记机关登记"),
    "L5": ("森林法", "第三条", "造林绿化是公民应尽的义务"),
    "L6": ("专利法", "第二十二条", "授予专利权的发明应当具备新颖性创造性和实用性"),
}
QUESTIONS = {
    "1": "船舶所有权的转让要登记吗",
    "2": "职工建立基层工会委员会",
    "3": "专利权的新颖性",
    "4": "我家猫走丢了",
    "5": "我家猫走丢了找谁",
}
QRELS = {"1": "L4", "2": "L3", "3": "L6"}
MEASURES = {f"recall@{k}" for k in (5, 10, 20, 50, 100)} | {"mrr@10", "ndcg@10"}
NOWHERE = Peer("nowhere", "没有的", engines.stard, ("no_such_package_anywhere",))


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "bench"
    folder.mkdir()
    lines = [
        json.dumps({"_id": id, "law": law, "art_zh": zh, "chapter": "", "text": text})
        for id, (law, zh, text) in ARTICLES.items()
    ]
    (folder / "corpus.jsonl.gz").write_bytes(gzip.compress("\n".join(lines).encode()))
    texts = [json.dumps({"_id": id, "text": text}) for id, text in QUESTIONS.items()]
    (folder / "queries.jsonl").write_text("\n".join(texts), encoding="utf-8")
    splits = {
        "train": QRELS | {"4": "L5"},
        "lone": {"4": "L5"},
        "pair": {"4": "L5", "5": "L5"},
    }
    for split, qrels in splits.items():
        rows = [f"{id}\t{article}\t1" for id, article in qrels.items()]
        head = "query-id\tcorpus-id\tscore"
        (folder / f"qrels.{split}.tsv").write_text("\n".join([head, *rows]) + "\n")
    return folder


def opened(peer, folder, tmp_path, train="train", split="train"):
    for module in peer.needs:
        pytest.importorskip(module)
    data = read_bench(folder, *{train, split})
    inside = tmp_path / "peer"
    inside.mkdir()
    return peer.open(Task(data.articles, learned(data, train, split), inside))


@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.name)
def test_every_peer_finds_the_obvious_article_first(peer, folder, tmp_path):
    ask = opened(peer, folder, tmp_path)
    for id, article in QRELS.items():
        found = ask(id, QUESTIONS[id], 5)
        assert found[0] == article
        assert len(found) == len(set(found)) <= 5
        assert set(found) <= set(ARTICLES)


@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.name)
def test_every_peer_bears_any_text(peer, folder, tmp_path):
    """Quotes, operators and emptiness are what a query language trips over."""
    ask = opened(peer, folder, tmp_path)
    for text in ("", "？！", '"工资" AND (', "a:b* -c", "😀", "工资" * 300):
        assert set(ask("", text, 5)) <= set(ARTICLES)


@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.name)
def test_a_peer_opens_by_name_in_another_process(peer):
    assert getattr(sys.modules[peer.open.__module__], peer.open.__qualname__) is peer.open


def test_a_question_is_held_out_when_it_is_asked(folder, tmp_path):
    """Question 4 shares no word with its article: only what was learned leads there."""
    peer = next(peer for peer in PEERS if peer.open is engines.trained)
    data = read_bench(folder, "lone")
    known = learned(data, "lone", "lone")
    for name in ("all", "held", "plain"):
        (tmp_path / name).mkdir()
    knowing = peer.open(Task(data.articles, known, tmp_path / "all", held_out=False))
    assert knowing("elsewhere", QUESTIONS["4"], 5)[0] == "L5"
    held = peer.open(Task(data.articles, known, tmp_path / "held"))
    plain = engines.untrained(Task(data.articles, {}, tmp_path / "plain"))
    assert held("4", QUESTIONS["4"], 5) == plain("4", QUESTIONS["4"], 5)


def test_questions_of_another_split_that_are_asked_are_not_learned(folder):
    data = read_bench(folder, "pair", "lone")
    assert set(learned(data, "pair", "lone")) == {"5"}
    assert set(learned(data, "pair", "pair")) == {"4", "5"}


def test_figures_are_whole_and_each_interval_holds_its_mean(folder):
    """Really in processes of their own; one cannot be there and does not stop the others."""
    heard = []
    report = measure_peers(
        folder,
        "train",
        "train",
        [NOWHERE, *chosen("fts5-trigram,xst")],
        lambda peer, figures: heard.append(peer.name),
    )
    assert heard == ["nowhere", "fts5-trigram", "xst"]
    assert [one["name"] for one in report["missing"]] == ["nowhere"]
    assert report["missing"][0]["needs"] == ["no_such_package_anywhere"]
    assert report["failed"] == []
    assert (report["articles"], report["questions"]) == (6, 4)
    assert [one["name"] for one in report["peers"]] == ["fts5-trigram", "xst"]
    for one in report["peers"]:
        assert set(one) == MEASURES | {
            "name",
            "about",
            "versions",
            "queries",
            "intervals",
            "qps",
            "p99_ms",
            "cpu_ms",
            "build_s",
            "build_cpu_s",
            "memory_mb",
            "memory_asked_mb",
        }
        assert one["queries"] == 4
        assert one["recall@5"] == one["mrr@10"] == 0.75  # nobody finds the cat
        assert set(one["intervals"]) == MEASURES
        assert all(low < one[name] < high for name, (low, high) in one["intervals"].items())


def test_a_peer_that_fails_is_named_with_its_last_words(folder):
    broken = replace(NOWHERE, name="broken", needs=(), open=json.dumps)
    report = measure_peers(folder, "train", "train", [broken, *chosen("xst")])
    assert "TypeError" in report["failed"][0]["error"]
    assert [one["name"] for one in report["peers"]] == ["xst"]


def test_a_bench_that_cannot_be_read_is_an_error_at_once(tmp_path):
    with pytest.raises(RetrieverError, match=r"corpus\.jsonl\.gz"):
        measure_peers(tmp_path, "train", "train", [NOWHERE])


def test_an_unknown_peer_is_named_with_those_there_are():
    with pytest.raises(RetrieverError, match=r"lucene.*fts5-trigram.*xst-trained"):
        chosen("bm25s, lucene")
    assert [peer.name for peer in chosen("xst, stard")] == ["stard", "xst"]
    assert chosen("") == list(PEERS)


def test_an_interval_is_that_of_the_mean():
    """Of n ones and zeros at p the mean's deviation is sqrt(p (1-p) / n): 0.3 ± 1.96 × 0.0145."""
    values = np.array([[1.0, 1.0]] * 300 + [[0.0, 1.0]] * 700)
    (low, high), (same, as_well) = intervals(values).T
    assert (low, high) == pytest.approx((0.2716, 0.3284), abs=0.003)
    assert same == as_well == pytest.approx(1.0)
    assert (intervals(values) == intervals(values)).all()


def test_examining_counts_what_is_found_where():
    answers = {"a": ["L1"], "b": ["L9", "L2"], "c": []}
    figures = examine(
        lambda id, text, k: answers.get(id, []),
        dict.fromkeys(answers, "问"),
        {"a": ["L1"], "b": ["L2"], "c": ["L3", "L4"]},
    )
    assert figures["recall@5"] == pytest.approx(2 / 3, abs=1e-4)
    assert figures["mrr@10"] == 0.5
    assert figures["intervals"]["mrr@10"] == [0.0, 1.0]


def test_the_command_shows_the_table_and_ends_with_one_json_object(folder):
    done = CliRunner().invoke(
        app, ["bench", "peers", str(folder), "--only", "fts5-trigram,stard", "--json"]
    )
    assert done.exit_code == 0, done.output
    report = json.loads(done.stdout.splitlines()[-1])
    assert [one["name"] for one in report["peers"]] == ["fts5-trigram", "stard"]
    assert "fts5-trigram：造" in done.stderr
    assert "0.750" in done.stdout


def test_a_peer_leaves_nothing_beside_the_bench(folder):
    before = sorted(path.name for path in folder.iterdir())
    measure_peers(folder, "train", "train", chosen("fts5-jieba"))
    assert sorted(path.name for path in folder.iterdir()) == before
