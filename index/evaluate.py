"""How well an engine finds: the measures, and the benchmark that `xst bench retrieval` runs."""

from __future__ import annotations

import gzip
import json
import math
import tempfile
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from index import dense, lexical
from index.fusion import Fused
from index.lexical import Lexical
from index.memory import QUESTION, Leading, Memory
from index.peer import Peer
from index.retriever import Passage, Query, RetrieverError

CUTS = (5, 10, 20, 50, 100)


def recall(ranked: Sequence[str], relevant: Collection[str], k: int) -> float:
    """The share of `relevant` among the first `k` (Manning et al. 2008, equation 8.2, cut at k)."""
    return len(set(ranked[:k]) & set(relevant)) / len(relevant)


def reciprocal_rank(ranked: Sequence[str], relevant: Collection[str], k: int = 10) -> float:
    """1 / rank of the first relevant among the first `k`, else 0 (Voorhees 1999, TREC-8 QA)."""
    return next((1 / rank for rank, id in enumerate(ranked[:k], start=1) if id in relevant), 0.0)


def ndcg(ranked: Sequence[str], relevant: Collection[str], k: int = 10) -> float:
    """DCG / best DCG at `k`, gain 1, discount log2(rank + 1).

    Järvelin and Kekäläinen 2002, with the discount of Burges et al. 2005.
    """
    found = [id in relevant for id in ranked[:k]]
    best = [True] * min(k, len(relevant))
    return _dcg(found) / _dcg(best)


def measure(
    rankings: Mapping[str, Sequence[str]], qrels: Mapping[str, Collection[str]]
) -> dict[str, float]:
    """Each measure's mean over the queries of `qrels`; a query without a ranking found nothing."""
    pairs = [(rankings.get(query, ()), relevant) for query, relevant in qrels.items()]
    figures = {f"recall@{k}": _mean(recall(*pair, k) for pair in pairs) for k in CUTS}
    figures["mrr@10"] = _mean(reciprocal_rank(*pair) for pair in pairs)
    figures["ndcg@10"] = _mean(ndcg(*pair) for pair in pairs)
    return figures


@dataclass(frozen=True, slots=True)
class Bench:
    """A benchmark folder as read: articles, question texts by id, relevant articles by question."""

    articles: list[Passage]
    questions: dict[str, str]
    qrels: dict[str, dict[str, list[str]]]
    ids: dict[tuple[str, str], str]


def read_bench(folder: Path, *splits: str) -> Bench:
    """The corpus, the questions and the judgements of `splits` in `folder`.

    `ids` leads from (law, 第X条) to the article, for mapping one's own citations to it.
    Raises RetrieverError, naming the file, when one is missing or reads otherwise.
    """
    lines = _records(folder / "corpus.jsonl.gz")
    try:
        articles = [
            Passage(
                line["_id"], "article", line["text"], title=line["law"], chapter=line["chapter"]
            )
            for line in lines
        ]
        ids = {(line["law"], line["art_zh"]): line["_id"] for line in lines}
        questions = {line["_id"]: line["text"] for line in _records(folder / "queries.jsonl")}
    except KeyError as error:
        raise RetrieverError(f"{folder}：记录缺少 {error}") from error
    return Bench(articles, questions, {split: _qrels(folder, split) for split in splits}, ids)


def bench(
    folder: Path,
    split: str,
    train: str | None = None,
    content: Iterable[Passage] | None = None,
    encoder: str | None = None,
) -> dict[str, Any]:
    """Index the corpus in `folder`, ask the questions of `split`, and say how well and how fast.

    `train` names a split whose questions become question memory; a question of `split` is never
    in it while it is asked (where both are the same split, each is held out in turn). `content`
    are passages of kind question whose `ref` is a corpus id (see `read_bench`). `encoder` adds
    the dense engine. `peer` holds the figures of `index.peer` in the same run. `memory_mb` is
    what the process grew by from opening the index to the last query.
    """
    data = read_bench(folder, *{split, train or split})
    wanted = data.qrels[split]
    learned = _learned(data, train, held_out=set() if train == split else set(wanted))
    memory = [*(content or ()), *(p for ps in learned.values() for p in ps)]
    with tempfile.TemporaryDirectory() as temporary:
        inside = Path(temporary)
        start = time.perf_counter()
        lexical.build([*data.articles, *memory], inside)
        if encoder:
            dense.build([*data.articles, *memory], inside, encoder=encoder)
        build_s = time.perf_counter() - start
        before = _resident_mb()
        engine = _Engine(inside, bool(memory), encoder)

        def ask(id: str) -> list[str]:
            without = {p.id for p in learned.get(id, ())}
            return engine.ids(data.questions[id], max(CUTS), without)

        figures, qps, p99 = _timed(ask, wanted)
        grown = _resident_mb() - before
    return {
        **figures,
        "queries": len(wanted),
        "qps": round(qps, 1),
        "p99_ms": round(p99, 1),
        "build_s": round(build_s, 1),
        "memory_mb": round(grown, 1),
        "peer": _peer(data, split),
    }


class _Engine:
    """What the product would open, with a way to leave single questions out."""

    def __init__(self, folder: Path, memory: bool, encoder: str | None) -> None:
        self._words = Lexical.open(folder)
        self._memory = Memory(self._words) if memory else None
        self._meanings = dense.Dense.open(folder, encoder) if encoder else None
        self._leading = (
            Leading(self._meanings, self._words.rows) if self._meanings and memory else None
        )

    def ids(self, text: str, k: int, without: set[str]) -> list[str]:
        query = Query(text)
        first = _Held(self._memory, without) if self._memory else self._words
        if self._meanings is None:
            return [hit.id for hit in first.search(query, k)]
        second = _Held(self._leading, without) if self._leading else self._meanings
        return [hit.id for hit in Fused([(first, 1.0), (second, 1.0)]).search(query, k)]


@dataclass(frozen=True, slots=True)
class _Held:
    engine: Memory | Leading
    without: set[str]

    def search(self, query: Query, k: int) -> Any:
        return self.engine.recall(query, k, self.without)


def _learned(data: Bench, train: str | None, held_out: set[str]) -> dict[str, list[Passage]]:
    """The question passages of `train` by question, one per article."""
    if train is None:
        return {}
    return {
        id: [
            Passage(f"q:{id}:{article}", QUESTION, data.questions[id], ref=article)
            for article in articles
        ]
        for id, articles in data.qrels[train].items()
        if id not in held_out
    }


def _timed(
    ask: Callable[[str], list[str]], wanted: Mapping[str, list[str]]
) -> tuple[dict[str, float], float, float]:
    rankings: dict[str, list[str]] = {}
    times = []
    for id in wanted:
        start = time.perf_counter()
        rankings[id] = ask(id)
        times.append(time.perf_counter() - start)
    times.sort()
    figures = {name: round(value, 4) for name, value in measure(rankings, wanted).items()}
    last = times[min(len(times) - 1, math.ceil(0.99 * len(times)) - 1)]
    return figures, len(times) / max(sum(times), 1e-9), 1000 * last


def _peer(data: Bench, split: str) -> dict[str, Any]:
    start = time.perf_counter()
    peer = Peer([article.text for article in data.articles])
    build_s = time.perf_counter() - start

    def ask(id: str) -> list[str]:
        return [data.articles[row].id for row in peer.search(data.questions[id], max(CUTS))]

    figures, qps, p99 = _timed(ask, data.qrels[split])
    return {
        "name": "BM25, jieba words less stop words, k1=1.3 k2=1.5 b=0.75, text only",
        **figures,
        "qps": round(qps, 1),
        "p99_ms": round(p99, 1),
        "build_s": round(build_s, 1),
    }


def _records(path: Path) -> list[dict[str, Any]]:
    try:
        raw = path.read_bytes()
        text = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode("utf-8")
        return [json.loads(line) for line in text.split("\n") if line.strip()]
    except (OSError, EOFError, ValueError) as error:
        raise RetrieverError(f"{path}：读不出来：{error}") from error


def _qrels(folder: Path, split: str) -> dict[str, list[str]]:
    """Relevant articles by question; the first line is a head, a score of 0 is not relevant."""
    path = folder / f"qrels.{split}.tsv"
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise RetrieverError(f"{path}：读不出来：{error}") from error
    found: dict[str, list[str]] = {}
    for line in lines[1:]:
        query, article, score = line.split("\t")
        if float(score) > 0:
            found.setdefault(query, []).append(article)
    return found


def _dcg(found: Iterable[bool]) -> float:
    return sum(1 / math.log2(rank + 1) for rank, hit in enumerate(found, start=1) if hit)


def _mean(values: Iterable[float]) -> float:
    found = list(values)
    return sum(found) / len(found) if found else 0.0


def _resident_mb() -> float:
    """What this process holds in memory now; 0 where the system does not say."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return 0.0
    return pages * 4096 / 1e6
