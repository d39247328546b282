"""The growth benchmark: what it invents, and that one run of it measures what it says."""

import json
from collections import Counter
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from bot.cli import growth as command
from index import growth
from index.growth import Result
from index.meaning import open_meaning
from index.retriever import Query, RetrieverError
from index.rows import Rows


@pytest.fixture(scope="module")
def source():
    return growth.read_source(None)


@pytest.fixture(scope="module")
def chunk(source):
    return growth.Statutes(source).chunk(0)


def test_a_chunk_is_the_same_whenever_it_is_made(source, chunk):
    again = growth.Statutes(source)
    again.chunk(1)
    assert again.chunk(0) == chunk


def test_no_article_comes_twice_and_ids_go_on(source, chunk):
    following = growth.Statutes(source).chunk(1)
    both = chunk + following
    assert len(chunk) == len(following) == growth.CHUNK
    assert [p.id for p in both] == [f"g{i:08}" for i in range(2 * growth.CHUNK)]
    assert len({(p.title, p.chapter, p.text) for p in both}) == len(both)


def test_statutes_have_articles_chapters_places_and_days(chunk):
    sizes = Counter(p.title for p in chunk)
    assert 8 <= np.median(list(sizes.values())) <= 300
    assert {p.chapter for p in chunk} >= {"第1章", "第2章"}
    assert len({p.region for p in chunk}) > 20
    for title in list(sizes)[:20]:
        assert len({(p.region, p.start, p.end, p.weight) for p in chunk if p.title == title}) == 1
    rows = Rows.of(chunk)
    for name, low, high in (("usual", 0.1, 0.6), ("narrow", 0.001, 0.1)):
        mask = rows.mask(Query("", **growth.FILTERS[name]))
        assert low < mask.mean() < high


def test_the_texts_speak_as_their_source_does(source, chunk):
    """Every pair of characters is one of the source's; the commonest are as common."""
    real = Counter()
    for texts in source.articles:
        for text in texts:
            real.update(a + b for a, b in pairwise(text))
    made = Counter()
    for passage in chunk[:3000]:
        text = passage.text.split(" ", 1)[1][:-1]
        made.update(a + b for a, b in pairwise(text))
    strange = {pair: n for pair, n in made.items() if pair not in real}
    assert sum(strange.values()) < 0.05 * made.total()  # where one article ends and one begins
    for pair, count in real.most_common(30):
        assert made[pair] / made.total() == pytest.approx(count / real.total(), rel=1.0)


def test_articles_of_one_statute_are_nearer_than_others(chunk):
    vectors = growth.Grams()([p.text for p in chunk[:2000]])
    titles = np.array([p.title for p in chunk[:2000]])
    same = titles[:, None] == titles[None, :]
    np.fill_diagonal(same, False)
    products = vectors @ vectors.T
    assert products[same].mean() > products[~same].mean() + 0.05


def test_grams_encode_as_the_model_that_ships():
    text = "集体协商代表怎么产生"
    grams = [*text, *(text[i : i + 2] for i in range(len(text) - 1))]
    (found,) = growth.Grams()([text])
    assert found == pytest.approx(open_meaning().encode(dict.fromkeys(grams)), abs=1e-5)
    assert not growth.Grams()(["", "\u9f98\u9f98"]).any()


def test_a_folder_without_laws_says_so(tmp_path):
    with pytest.raises(RetrieverError, match="没有法规原文"):
        growth.read_source(tmp_path)


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    return tmp_path_factory.mktemp("growth")


@pytest.mark.slow
def test_a_run_measures_each_engine_once(work, tmp_path):
    """Real processes on 1,500 articles; what is known is not run again."""
    engines = ["lexical", "dense flat", "dense hnsw", "dense ivf-sq8"]
    results = list(growth.run([1500], engines, work))
    assert [(r.engine, r.rows, r.source, r.note) for r in results] == [
        (engine, 1500, "digests", "") for engine in engines
    ]
    for result in results:
        assert 0 < result.p50_cpu_ms <= result.p99_cpu_ms
        assert result.disk_mb > 0
        assert result.resident_mb >= result.private_mb > 0
    assert [r.recall_10 for r in results] == pytest.approx([None, 1.0, 1.0, 1.0], abs=0.02)
    assert [r.usual_recall_10 for r in results[1:]] == pytest.approx([1.0] * 3, abs=0.02)
    assert list(growth.run([1500], engines, work, known=results)) == []
    file = tmp_path / "growth.json"
    command.save_results(results, file)
    assert command.read_results(file) == results


@pytest.mark.slow
def test_what_fails_is_said_and_is_run_again(work):
    """An engine that is not there, and a process that may not have the memory it needs."""
    (failed,) = growth.run([1500], ["dense annoy"], work)
    assert failed.p50_ms is None
    assert "build" in failed.note
    assert "annoy" in failed.note
    assert len(list(growth.run([1500], ["dense annoy"], work, known=[failed]))) == 1
    with pytest.raises(RetrieverError, match="prepare"):
        list(growth.run([1500], ["lexical"], work, memory_gb=0.01))


def test_the_table_says_what_was_not_measured():
    rows = [Result("lexical", 60_000, "laws", p50_ms=1.0), Result("dense flat", 60_000, "laws")]
    names, _, first, second = (
        [cell.strip() for cell in line.split("|")[1:-1]]
        for line in command.table(rows).splitlines()
    )
    flat, words = (dict(zip(names, cells, strict=True)) for cells in (first, second))
    assert (flat["引擎"], flat["R@10"], flat["p50 ms"]) == ("dense flat", "未测", "未测")
    assert (words["引擎"], words["R@10"], words["p50 ms"]) == ("lexical", "–", "1.0")


def test_the_chart_is_svg_with_a_line_for_each_engine():
    rows = [
        Result(engine, size, "laws", build_cpu_s=size / 1e4, p50_cpu_ms=size / 1e5, recall_10=0.9)
        for engine in ("lexical", "dense flat")
        for size in (60_000, 1_000_000)
    ]
    root = ElementTree.fromstring(command.chart(rows))
    name = "{http://www.w3.org/2000/svg}"
    lines = root.findall(f".//{name}polyline")
    assert len(lines) == 6  # two engines on the three panels that have figures
    words = [text.text for text in root.iter(f"{name}text")]
    assert {"6万", "100万", "lexical", "dense flat", "未测"} <= set(words)
    assert ElementTree.fromstring(command.chart([])) is not None


def test_a_file_of_something_else_is_refused(tmp_path: Path, capsys):
    file = tmp_path / "other.json"
    file.write_text(json.dumps([{"a": 1}]), encoding="utf-8")
    with pytest.raises(SystemExit):
        command.read_results(file)
    assert "other.json" in capsys.readouterr().err
