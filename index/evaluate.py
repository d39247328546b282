"""How well an engine finds: the measures, and the benchmark that `xst bench retrieval` runs."""

from __future__ import annotations

import ctypes
import gc
import gzip
import json
import math
import re
import tempfile
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from index import dense, lexical, nearest, splits
from index.corpus import build as build_corpus
from index.corpus import open_corpus
from index.encoder import unpack
from index.fusion import Fused
from index.learn import Ground, final_lessons, reader, study
from index.lessons import Lessons
from index.lexical import Lexical
from index.memory import QUESTION, Leading, Memory
from index.pairs import Question, few_of_each, sift
from index.peer import Peer
from index.ranked import FUSED, REMEMBERING, Ranked
from index.retriever import Passage, Query, RetrieverError
from index.rows import ordered
from knowledge.citation import law_name
from knowledge.graph import Unit, arrows, make_version
from knowledge.numerals import normal_article
from knowledge.records import Level

CUTS = (5, 10, 20, 50, 100)
FOLD_SEED = 2026
"""Of the folds that are asked; learning parts what is left with seeds of its own."""

DOMAIN = re.compile(
    "劳动|工会|工资|职工|集体合同|工伤|社会保险|就业|职业病|安全生产|农民工|劳务派遣|失业保险|"
    "养老保险|女职工|用工|薪"
)
"""Titles of the laws that are one domain: labour, unions, social insurance."""

Progress = Callable[[str, int, int], None]


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
    folds: str = "question",
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Index the corpus in `folder`, ask the questions of `split`, and say how well and how fast.

    `train` names a split to learn from (`index.learn`); a question of `split` is never used before
    it is asked. Where both are the same split it is asked in five folds, each by what was learnt
    from the others: by `question`, by `law` (no question about a fold's laws is learnt), or by
    `domain` (labour law apart, the other questions learnt). `content` are passages of kind
    question whose `ref` is a corpus id (see `read_bench`); they are remembered. `encoder` names a
    sentence-transformers model in place of the one that ships; then nothing is learnt but memory.
    `peer` holds the figures of `index.peer` in the same run. `memory_mb` is what the process holds
    more than before the index was opened, after the last query.
    """
    data = read_bench(folder, *{split, train or split})
    if encoder:
        return _with_encoder(data, split, train, content, encoder)
    with tempfile.TemporaryDirectory() as temporary:
        inside = Path(temporary)
        start = time.perf_counter()
        passages = ordered(data.articles)
        shelf = Shelf(data, passages, inside, content or ())
        build_s = time.perf_counter() - start
        start = time.perf_counter()
        wanted = data.qrels[split]
        if train == split:
            engines = list(shelf.folded(wanted, folds, progress))
        else:
            known = {} if train is None else data.qrels[train]
            engines = [shelf.learnt(known, set(wanted), progress)]
            engines[0] = (engines[0][0], set(wanted), engines[0][2])
        learn_s = time.perf_counter() - start
        engine_of = {id: engine for engine, ids, _ in engines for id in ids}
        asked = {id: articles for id, articles in wanted.items() if id in engine_of}

        def ask(id: str) -> list[str]:
            query = Query(data.questions[id])
            return [hit.id for hit in engine_of[id].search(query, max(CUTS))]

        _give_back()  # what training held is not what serving holds
        for id in list(asked)[:3]:
            ask(id)  # pages in what is mapped
        figures, qps, p99 = _timed(ask, asked)
        grown = _resident_mb() - shelf.before
    reports = [report for _, _, report in engines if report]
    return {
        **figures,
        "queries": len(asked),
        "qps": round(qps, 1),
        "p99_ms": round(p99, 1),
        "build_s": round(build_s, 1),
        "learn_s": round(learn_s, 1),
        "memory_mb": round(grown, 1),
        **({"learnt": reports[0] if len(reports) == 1 else reports} if reports else {}),
        "peer": _peer(data, split, asked),
    }


class Shelf:
    """A benchmark's corpus, indexed, and engines made over it."""

    def __init__(
        self, data: Bench, passages: list[Passage], folder: Path, content: Iterable[Passage]
    ) -> None:
        self.data, self.passages, self.folder = data, passages, folder
        shipped = unpack()
        self.row = {passage.id: i for i, passage in enumerate(passages)}
        lexical.build(passages, folder)
        corpus = build_corpus(passages, folder, shipped, links(passages, data.ids))
        nearest.build(corpus.vectors, folder / "plain.faiss")
        _give_back()
        self.before = _resident_mb()
        words = Lexical.open(folder)
        self.rows = words.rows
        self.made = 0
        self.ground = Ground(
            open_corpus(folder, words.rows, shipped.vocabulary),
            shipped,
            words,
            nearest.Neighbours(folder / "plain.faiss"),
            self._neighbours,
            np.array([bool(DOMAIN.search(p.title)) for p in passages], np.bool_),
            few_of_each((p.text, [self.row[p.ref]]) for p in _merged(content)),
        )

    def _neighbours(self, lessons: Lessons) -> nearest.Neighbours:
        self.made += 1
        path = self.folder / f"tuned{self.made}.faiss"
        nearest.build(lessons.tuned, path)
        return nearest.Neighbours(path)

    def learnt(
        self, known: Mapping[str, Sequence[str]], unseen: set[str], progress: Progress | None
    ) -> tuple[Ranked, set[str], dict[str, Any]]:
        """An engine that learnt from the questions `known` less those `unseen`."""
        questions = [
            Question(id, self.data.questions[id], tuple(articles))
            for id, articles in known.items()
            if id not in unseen
        ]
        sound, faults = sift(questions, self.row)
        pairs = [(q.text, [self.row[answer] for answer in q.answers]) for q in sound]
        ids = [q.id for q in sound]
        if pairs:
            found = study(self.ground, pairs, ids, progress)
            lessons, trees, report = found.lessons, found.trees, found.report
        else:
            lessons, trees, report = final_lessons(self.ground, [], []), None, {}
        if faults:
            report["left_out"] = [str(fault) for fault in faults]
        fused = FUSED if trees or not (pairs or self.ground.also) else REMEMBERING
        return Ranked(reader(self.ground, lessons), self.rows, trees, fused), set(), report

    def folded(
        self, wanted: Mapping[str, Sequence[str]], kind: str, progress: Progress | None
    ) -> Iterator[tuple[Ranked, set[str], dict[str, Any]]]:
        """For each fold an engine that did not learn it, and the questions to ask it."""
        ids = list(wanted)
        rows = [[self.row[a] for a in wanted[id]] for id in ids]
        laws = [[int(self.ground.corpus.laws[row]) for row in some] for some in rows]
        if kind == "law":
            of_law, folds = splits.by_law(laws, seed=FOLD_SEED)
        elif kind == "domain":
            folds = splits.by_domain(rows, self.ground.domain).astype(np.int32)
        elif kind == "question":
            folds = splits.by_question(len(ids), seed=FOLD_SEED)
        else:
            raise RetrieverError(f"--folds 只能是 question、law 或 domain，不是 {kind}")
        for fold in [1] if kind == "domain" else range(splits.FOLDS):
            known: dict[str, Sequence[str]] = {}
            for i, id in enumerate(ids):
                if folds[i] != fold:
                    kept = wanted[id]
                    if kind == "law":
                        kept = [
                            a for a, law in zip(kept, laws[i], strict=True) if of_law[law] != fold
                        ]
                    if kept:
                        known[id] = kept
            unseen = {id for i, id in enumerate(ids) if folds[i] == fold}
            engine, _, report = self.learnt(known, unseen, progress)
            yield engine, unseen, report


def _merged(content: Iterable[Passage]) -> list[Passage]:
    """One passage for each wording and article."""
    return list({(p.text, p.ref): p for p in content}.values())


def links(
    passages: Sequence[Passage], ids: Mapping[tuple[str, str], str]
) -> Iterator[tuple[str, str]]:
    """Which article names which, read from their texts; `ids` leads from (law, 第X条) to an id."""
    number = {id: name for (_, name), id in ids.items()}
    units: dict[str, list[Unit]] = {}
    for p in passages:
        article = normal_article(number.get(p.id, ""))
        units.setdefault(law_name(p.title), []).append(Unit(p.id, article, "article", p.text))
    at = {(law, unit.number): unit.id for law, some in units.items() for unit in some}
    known = {law: [make_version(law, _level(law), some, set(units))] for law, some in units.items()}
    for versions in known.values():
        for arrow in arrows(versions[0], known):
            target = at.get((arrow.citation.law, arrow.citation.article))
            if target is not None:
                yield arrow.article, target


def _level(law: str) -> str:
    return Level.INTERPRETATION if re.search("最高人民|解释", law) else ""


def _with_encoder(
    data: Bench,
    split: str,
    train: str | None,
    content: Iterable[Passage] | None,
    encoder: str,
) -> dict[str, Any]:
    """`bench` with another encoder: words and meaning fused, questions remembered."""
    wanted = data.qrels[split]
    learned = _learned(data, train, held_out=set() if train == split else set(wanted))
    memory = [*(content or ()), *(p for ps in learned.values() for p in ps)]
    with tempfile.TemporaryDirectory() as temporary:
        inside = Path(temporary)
        start = time.perf_counter()
        lexical.build([*data.articles, *memory], inside)
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
        "peer": _peer(data, split, wanted),
    }


class _Engine:
    """Words and another encoder, fused, with a way to leave single questions out."""

    def __init__(self, folder: Path, memory: bool, encoder: str) -> None:
        words = Lexical.open(folder)
        meanings = dense.Dense.open(folder, encoder)
        self._plain = Fused([(words, 1.0), (meanings, 1.0)])
        self._both = (Memory(words), Leading(meanings, words.rows)) if memory else None

    def ids(self, text: str, k: int, without: set[str]) -> list[str]:
        engine = self._plain
        if self._both:
            engine = Fused([(_Held(one, without), 1.0) for one in self._both])
        return [hit.id for hit in engine.search(Query(text), k)]


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


def _peer(data: Bench, split: str, asked: Mapping[str, list[str]]) -> dict[str, Any]:
    start = time.perf_counter()
    peer = Peer([article.text for article in data.articles])
    build_s = time.perf_counter() - start

    def ask(id: str) -> list[str]:
        return [data.articles[row].id for row in peer.search(data.questions[id], max(CUTS))]

    figures, qps, p99 = _timed(ask, asked)
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


def _give_back() -> None:
    """Return freed memory to the system, where the C library can."""
    gc.collect()
    try:
        ctypes.CDLL("libc.so.6").malloc_trim(0)
    except (OSError, AttributeError):
        return


def _resident_mb() -> float:
    """What this process holds in memory now; 0 where the system does not say."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return 0.0
    return pages * 4096 / 1e6
