"""How the engines grow: invented statutes by the million, each engine measured in its own process.

Nothing invented is a law. The texts walk through real ones (`Source`), so that characters, pairs
and phrases are as frequent as in law text and each statute keeps to the words of one; what they
say means nothing. Their vectors are those of the small model that ships, of its characters and
pairs alone; the questions are wordings of the project's cards.
"""

from __future__ import annotations

import json
import math
import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from index import dense, lexical, milvus
from index.meaning import SHIPPED, open_meaning
from index.retriever import Hit, Passage, Query, Retriever, RetrieverError
from index.rows import Floats, Rows
from index.text import normalise

SIZES = (60_000, 300_000, 1_000_000, 5_000_000)
ENGINES = ("lexical", *(f"dense {kind}" for kind in dense.KINDS), "milvus lite")
CHUNK = 20_000
# Beyond this many rows the lexical engine is built in shards: its build holds every character of
# the corpus several times, 3.3 GB for 300,000 articles and more than 8 GB for a million.
SHARD = 500_000
ASKED, DEPTH = 300, 100

_SEED = 20261120
_MOST_CHARACTERS = 6_000_000
_LONGEST = 400
# Shares of characters after which a walk goes on elsewhere in its statute, and anywhere.
_TURNS, _LEAPS = 0.12, 0.015
_PROVINCES = [
    *("北京", "天津", "河北", "山西", "内蒙古", "辽宁", "吉林", "黑龙江", "上海", "江苏", "浙江"),
    *("安徽", "福建", "江西", "山东", "河南", "湖北", "湖南", "广东", "广西", "海南", "重庆"),
    *("四川", "贵州", "云南", "西藏", "陕西", "甘肃", "青海", "宁夏", "新疆"),
]
FILTERS: Mapping[str, Mapping[str, Any]] = {
    "": {},
    "usual": {"regions": ("国家", "河南"), "day": date(2026, 11, 20)},
    "narrow": {"regions": ("河南",)},
}

Longs = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Source:
    """Real texts to walk through: `articles[law]` are the texts of one law."""

    names: tuple[str, ...]
    articles: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Result:
    """One engine at one size, on one core; MB are 10^6 bytes; None was not measured.

    `_cpu_` is the processor's own time, what an idle core would take with the pages in memory;
    the other times are by the clock, other programs' turns included. `resident_mb` counts mapped
    pages that were touched, `private_mb` only what is the process's own. `usual` is a query for
    the nation and one province today, `narrow` one for the province alone.
    """

    engine: str
    rows: int
    source: str
    build_s: float | None = None
    build_cpu_s: float | None = None
    build_mb: float | None = None
    disk_mb: float | None = None
    open_s: float | None = None
    p50_ms: float | None = None
    p99_ms: float | None = None
    p50_cpu_ms: float | None = None
    p99_cpu_ms: float | None = None
    usual_p50_cpu_ms: float | None = None
    narrow_p50_cpu_ms: float | None = None
    resident_mb: float | None = None
    private_mb: float | None = None
    recall_10: float | None = None
    recall_100: float | None = None
    usual_recall_10: float | None = None
    narrow_recall_10: float | None = None
    note: str = ""


def read_source(laws: Path | None) -> Source:
    """Every law of the folder `laws` up to six million characters, else the project's digests.

    Raises RetrieverError when the folder holds no law text.
    """
    found: dict[str, list[str]] = {}
    if laws is None:
        from knowledge.authored import read_content

        for digest in read_content().digests:
            found.setdefault(digest.citation.law, []).append(digest.says)
    else:
        from knowledge.importers import ImportFault, find, read

        files = find([laws])
        np.random.default_rng(_SEED).shuffle(files)
        total = 0
        for file in files:
            try:
                text = read(file)
            except ImportFault:
                continue  # `xst import` names the files that cannot be read
            found.setdefault(text.name, []).extend(a.text for a in text.articles)
            total += sum(len(a.text) for a in text.articles)
            if total > _MOST_CHARACTERS:
                break
    kept = {name: tuple(t.replace("\n", "") for t in texts if t) for name, texts in found.items()}
    kept = {name: texts for name, texts in kept.items() if texts}
    if not kept:
        raise RetrieverError(f"{laws}：没有法规原文；请用 --laws 指定放法规的文件夹")
    return Source(tuple(kept), tuple(kept.values()))


class Statutes:
    """Statutes without end, chunk after chunk; chunk `n` is the same whenever it is asked for."""

    def __init__(self, source: Source) -> None:
        self._names = source.names
        self._sizes = np.array([len(texts) for texts in source.articles])
        self._first = np.cumsum(self._sizes) - self._sizes
        texts = [text for texts in source.articles for text in texts]
        points = np.frombuffer("\n".join((*texts, "")).encode("utf-32-le"), "<u4")
        lengths = np.array([len(text) for text in texts])
        self._lengths = np.clip(lengths, 20, _LONGEST)
        self._starts = np.cumsum(lengths + 1) - lengths - 1
        laws = np.repeat(np.arange(len(self._sizes)), self._sizes)
        law_at = np.repeat(laws, lengths + 1).astype(np.int64)
        alphabet, at = np.unique(points, return_inverse=True)
        pairs = at * len(alphabet) + np.roll(at, -1)
        self._points = points
        self._near = _alike(law_at * len(alphabet) ** 2 + pairs)
        self._far = _alike(pairs)

    def chunk(self, number: int) -> list[Passage]:
        """`CHUNK` articles, by id; a statute has the size of a real one and ends with a chunk."""
        rng = np.random.default_rng([_SEED, number])
        found: list[Passage] = []
        themes: list[int] = []
        places: list[int] = []
        statute = 0
        while len(found) < CHUNK:
            theme = int(rng.integers(len(self._names)))
            size = int(np.clip(self._sizes[rng.integers(len(self._sizes))], 8, 300))
            size = min(size, CHUNK - len(found))
            title = f"{self._names[theme]}（{number}之{statute}）"
            found += _statute(rng, title, number * CHUNK + len(found), size)
            themes += [theme] * size
            places += range(1, size + 1)
            statute += 1
        texts = self._walk(rng, np.array(themes))
        # Short walks may meet; the number keeps articles of one statute apart.
        return [
            _with_text(passage, f"第{place}条 {text}")
            for passage, place, text in zip(found, places, texts, strict=True)
        ]

    def _walk(self, rng: np.random.Generator, themes: Longs) -> list[str]:
        """A text for each theme: through the real ones, turning where two characters are alike."""
        model = self._first[themes] + rng.integers(0, self._sizes[themes])
        lengths = self._lengths[model]
        order = np.argsort(-lengths, kind="stable")
        at = self._starts[model][order] - 1
        out = np.zeros((len(themes), int(lengths.max())), np.uint32)
        for step in range(out.shape[1]):
            active = int(np.searchsorted(-lengths[order], -step, side="left"))
            at = (at[:active] + 1) % len(self._points)
            out[:active, step] = self._points[at]
            chance = rng.random(active)
            for alike, chosen in (
                (self._near, chance < _TURNS),
                (self._far, chance > 1 - _LEAPS),
            ):
                here = np.flatnonzero(chosen)
                at[here] = alike.pick(at[here], rng.random(len(here)))
        texts = [""] * len(themes)
        for row, place in enumerate(order.tolist()):
            line = out[row, : lengths[place]].astype("<u4").tobytes().decode("utf-32-le")
            texts[place] = line.replace("\n", "").rstrip("，、；：。") + "。"
        return texts


@dataclass(frozen=True, slots=True)
class _Alike:
    """For every place the places where the same stands: `order[low[i]:high[i]]`."""

    order: npt.NDArray[np.int32]
    low: npt.NDArray[np.int32]
    high: npt.NDArray[np.int32]

    def pick(self, at: Longs, chance: npt.NDArray[np.float64]) -> Longs:
        low, high = self.low[at], self.high[at]
        return self.order[low + (chance * (high - low)).astype(np.int32)].astype(np.int64)


def _alike(keys: Longs) -> _Alike:
    order = np.argsort(keys, kind="stable").astype(np.int32)
    ranked = keys[order]
    starts = np.flatnonzero(np.concatenate([[True], ranked[1:] != ranked[:-1]]))
    counts = np.diff(np.append(starts, len(keys)))
    low, high = np.empty(len(keys), np.int32), np.empty(len(keys), np.int32)
    low[order] = np.repeat(starts, counts)
    high[order] = np.repeat(starts + counts, counts)
    return _Alike(order, low, high)


def _statute(rng: np.random.Generator, title: str, first: int, size: int) -> Iterator[Passage]:
    region = "国家" if rng.random() < 0.3 else _PROVINCES[rng.integers(len(_PROVINCES))]
    start = date(int(rng.integers(1990, 2025)), int(rng.integers(1, 13)), 1)
    end = date(start.year + int(rng.integers(1, 20)), 1, 1) if rng.random() < 0.15 else None
    weight = 2.0 if rng.random() < 0.1 else 1.0
    for i in range(size):
        yield Passage(
            id=f"g{first + i:08}",
            kind="article",
            text="",
            title=title,
            chapter=f"第{i // 12 + 1}章",
            region=region,
            start=start,
            end=end,
            weight=weight,
        )


def _with_text(p: Passage, text: str) -> Passage:
    # Not `replace`: five million of them.
    return Passage(p.id, p.kind, text, "", p.title, p.chapter, p.region, p.start, p.end, p.weight)


class Grams:
    """An encoder from the model that ships (`index.meaning`): its characters and pairs alone.

    As `Meaning.encode`, the unit mean of the features known, each once; but for many texts at a
    time, and without words and sounds, which need dictionaries.
    """

    def __init__(self) -> None:
        names, vectors = _shipped()
        grams = [i for i, name in enumerate(names) if len(name) <= 2]
        codes = np.array([_code(*map(ord, f"\0{names[i]}"[-2:])) for i in grams], np.int64)
        order = np.argsort(codes)
        self._codes = codes[order]
        self._table = vectors[grams][order].astype(np.float32)

    @property
    def dim(self) -> int:
        return int(self._table.shape[1])

    def __call__(self, texts: list[str]) -> Floats:
        points = np.frombuffer("".join(f"{t}\n" for t in texts).encode("utf-32-le"), "<u4")
        points = points.astype(np.int64)
        ends = points == 10
        rows = np.cumsum(ends) - ends
        left = np.concatenate([[10], points[:-1]])
        codes = np.concatenate([points, _code(left, points)])
        at = np.minimum(np.searchsorted(self._codes, codes), len(self._codes) - 1)
        known = self._codes[at] == codes
        where = (np.concatenate([rows, rows])[known], at[known])
        counts = csr_matrix(
            (np.ones(len(where[0]), np.float32), where), shape=(len(texts), len(self._codes))
        )
        counts.data[:] = 1
        found = np.asarray(counts @ self._table, np.float32)
        lengths = np.linalg.norm(found, axis=1, keepdims=True)
        found /= np.where(lengths > 0, lengths, 1)
        return found


def _shipped() -> tuple[list[str], Any]:
    open_meaning()  # says what to do when it is missing
    with np.load(SHIPPED) as arrays:
        return json.loads(arrays["names"].tobytes()), arrays["vectors"]


def _code(left: Any, right: Any) -> Any:
    """One number for a pair of characters; a character alone stands after 0."""
    return left * 0x110000 + right


# What lies in the working folder


def prepare(work: Path, size: int, laws: Path | None, progress: Callable[[str], None]) -> None:
    """Write chunks, vectors and the nearest rows of every question for `size` articles.

    What lies in `work` already is not made again.
    """
    statutes: Statutes | None = None
    encode = Grams()
    work.mkdir(parents=True, exist_ok=True)
    for number in range(math.ceil(size / CHUNK)):
        if not (work / f"{number:05}.npz").exists():
            statutes = statutes or Statutes(read_source(laws))
            passages = statutes.chunk(number)
            np.save(work / f"{number:05}.npy", encode([dense.said(p) for p in passages]))
            draft = work / "draft.npz"
            np.savez(draft, passages=np.array(_packed(passages)))
            draft.replace(work / f"{number:05}.npz")
            progress(f"{size:,}：已造 {(number + 1) * CHUNK:,} 条")
    if not (work / "questions.npz").exists():
        asked = [text for text in _questions() if encode([text]).any()]
        np.savez(work / "draft.npz", texts=np.array(asked), vectors=encode(asked))
        (work / "draft.npz").replace(work / "questions.npz")
    truth = work / f"truth-{size}.npz"
    if not truth.exists():
        np.savez(work / "draft.npz", **_truth(work, size))
        (work / "draft.npz").replace(truth)


def _packed(passages: Iterable[Passage]) -> str:
    return json.dumps([[*asdict(p).values()] for p in passages], ensure_ascii=False, default=str)


def passages(work: Path, low: int, high: int, texts: bool = True) -> Iterator[Passage]:
    """The articles `low` to `high`, without their texts if so asked."""
    days: dict[str, date] = {}

    def day(text: str | None) -> date | None:
        return None if text is None else days.setdefault(text, date.fromisoformat(text))

    for number in range(low // CHUNK, math.ceil(high / CHUNK)):
        with np.load(work / f"{number:05}.npz") as arrays:
            listed = json.loads(str(arrays["passages"]))
        for place, row in enumerate(listed):
            if low <= number * CHUNK + place < high:
                id, kind, text, ref, title, chapter, region, start, end, weight = row
                yield Passage(
                    id=id,
                    kind=sys.intern(kind),
                    text=text if texts else "",
                    ref=ref,
                    title=sys.intern(title),
                    chapter=sys.intern(chapter),
                    region=sys.intern(region),
                    start=day(start),
                    end=day(end),
                    weight=weight,
                )


def vectors(work: Path, size: int) -> Iterator[Floats]:
    for number in range(math.ceil(size / CHUNK)):
        yield np.load(work / f"{number:05}.npy")[: size - number * CHUNK]


def _questions() -> list[str]:
    """Wordings of the project's cards, spread over all: what people ask."""
    from knowledge.authored import read_content

    wordings = [normalise(q) for card in read_content().cards for q in card.questions]
    return wordings[:: max(1, len(wordings) // ASKED)][:ASKED]


def _truth(work: Path, size: int) -> dict[str, Any]:
    """The `DEPTH` nearest rows of each question under each filter, scored one by one."""
    with np.load(work / "questions.npz") as arrays:
        asked = arrays["vectors"]
    rows = Rows.of(list(passages(work, 0, size, texts=False)))
    found: dict[str, Any] = {}
    for name, filters in FILTERS.items():
        mask = rows.mask(Query("", **filters))
        best = np.full((len(asked), DEPTH), -np.inf, np.float32)
        which = np.zeros((len(asked), DEPTH), np.int64)
        low = 0
        for block in vectors(work, size):
            scores = asked @ (block * rows.weights[low : low + len(block), None]).T
            if mask is not None:
                scores[:, ~mask[low : low + len(block)]] = -np.inf
            kept = min(DEPTH, len(block))
            top = np.argpartition(-scores, kept - 1, axis=1)[:, :kept]
            best = np.hstack([best, np.take_along_axis(scores, top, 1)])
            which = np.hstack([which, top + low])
            order = np.argsort(-best, axis=1, kind="stable")[:, :DEPTH]
            best = np.take_along_axis(best, order, 1)
            which = np.take_along_axis(which, order, 1)
            low += len(block)
        found[f"rows_{name}"] = which
    return found


# Measuring, each step in a process of its own


def run(
    sizes: Sequence[int],
    engines: Sequence[str],
    work: Path,
    *,
    laws: Path | None = None,
    known: Iterable[Result] = (),
    memory_gb: float = 8.0,
    progress: Callable[[str], None] = lambda _: None,
) -> Iterator[Result]:
    """Measure every engine at every size that is not in `known`, the small sizes first.

    A step that fails or outgrows `memory_gb` gives a result whose note says so; in `known`, it
    does not count as measured.
    """
    source = "laws" if laws else "digests"
    work = work / source
    seen = {(r.engine, r.rows, r.source) for r in known if r.p50_ms is not None}
    step = partial(_step, work=work, laws=laws, memory_gb=memory_gb)
    for size in sorted(sizes):
        for engine in engines:
            if (engine, size, source) in seen:
                continue
            progress(f"{size:,}：准备文本和向量")
            step("prepare", engine, size)
            progress(f"{size:,}：{engine}")
            folder = _folder(work, engine, size)
            shutil.rmtree(folder, ignore_errors=True)
            figures: dict[str, Any] = {}
            try:
                for low in range(0, size, SHARD) if engine == "lexical" else [0]:
                    one = step("build", engine, size, low)
                    for name in ("build_s", "build_cpu_s"):
                        figures[name] = round(figures.get(name, 0.0) + one[name], 1)
                    figures["build_mb"] = max(figures.get("build_mb", 0.0), one["build_mb"])
                disk = sum(f.stat().st_size for f in folder.rglob("*") if f.is_file())
                figures["disk_mb"] = round(disk / 1e6, 1)
                figures |= step("serve", engine, size)
                if engine == "lexical" and size > SHARD:
                    figures["note"] = f"{math.ceil(size / SHARD)} shards"
            except RetrieverError as error:
                figures["note"] = str(error)
            shutil.rmtree(folder, ignore_errors=True)
            yield Result(engine, size, source, **figures)


def _step(
    name: str,
    engine: str,
    size: int,
    low: int = 0,
    *,
    work: Path,
    laws: Path | None,
    memory_gb: float,
) -> dict[str, Any]:
    task = {"step": name, "engine": engine, "size": size, "low": low, "work": str(work)}
    task |= {"laws": str(laws) if laws else None, "memory_gb": memory_gb}
    command = [sys.executable, "-m", "index.growth", json.dumps(task)]
    place = str(Path(__file__).parent.parent)
    paths = os.pathsep.join(filter(None, (place, os.environ.get("PYTHONPATH"))))
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": paths}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode:
        said = done.stderr.strip().splitlines()
        raise RetrieverError(f"{name} 失败：{said[-1] if said else done.returncode}")
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


def _build(engine: str, size: int, low: int, work: Path) -> dict[str, Any]:
    folder = _folder(work, engine, size)
    folder.mkdir(parents=True, exist_ok=True)
    high = min(size, low + SHARD) if engine == "lexical" else size
    found = list(passages(work, low, high, texts=not engine.startswith("dense")))
    started, busy = time.perf_counter(), time.process_time()
    if engine == "lexical":
        shard = folder / f"{low:08}"
        shard.mkdir()
        lexical.build(found, shard)
    elif engine == "milvus lite":
        milvus.build(found, str(folder / "growth.db"), encoder=_known(work))
    else:
        kind = engine.removeprefix("dense ")
        blocks = vectors(work, size)
        dim = np.load(work / "00000.npy", mmap_mode="r").shape[1]
        dense.write(Rows.of(found), blocks, dim, folder, kind=kind)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    return {
        "build_s": round(time.perf_counter() - started, 1),
        "build_cpu_s": round(time.process_time() - busy, 1),
        "build_mb": round(peak, 1),
    }


def _serve(engine: str, size: int, work: Path) -> dict[str, Any]:
    with np.load(work / "questions.npz") as arrays:
        asked = [Query(str(text)) for text in arrays["texts"]]
    with np.load(work / f"truth-{size}.npz") as arrays:
        truth = {name: arrays[f"rows_{name}"] for name in FILTERS}
    started = time.perf_counter()
    served = _open(engine, _folder(work, engine, size), work)
    figures: dict[str, Any] = {"open_s": round(time.perf_counter() - started, 2)}
    for name, filters in FILTERS.items():
        for query in asked[:20]:  # pages come in, masks are made
            served.search(Query(query.text, **filters), DEPTH)
        times, busy, recalls = [], [], []
        for query, near in zip(asked, truth[name], strict=True):
            before = time.perf_counter(), time.process_time()
            hits = served.search(Query(query.text, **filters), DEPTH)
            times.append((time.perf_counter() - before[0]) * 1000)
            busy.append((time.process_time() - before[1]) * 1000)
            found = [int(hit.id[1:]) for hit in hits]
            recalls.append([len({*found[:k]} & {*near[:k].tolist()}) / k for k in (10, DEPTH)])
        if name:
            figures[f"{name}_p50_cpu_ms"] = round(float(np.median(busy)), 2)
        else:
            for spent, what in ((times, "ms"), (busy, "cpu_ms")):
                low, high = np.percentile(spent, [50, 99])
                figures |= {f"p50_{what}": round(low, 2), f"p99_{what}": round(high, 2)}
        if engine.startswith("dense"):
            at_10, at_100 = (round(float(r), 4) for r in np.mean(recalls, axis=0))
            figures |= (
                {f"{name}_recall_10": at_10} if name else {"recall_10": at_10, "recall_100": at_100}
            )
    return figures | _memory()


def _open(engine: str, folder: Path, work: Path) -> Retriever:
    if engine == "lexical":
        return _Shards([lexical.Lexical.open(shard) for shard in sorted(folder.iterdir())])
    if engine == "milvus lite":
        return milvus.open_milvus(str(folder / "growth.db"), encoder=_known(work))
    return dense.Dense(folder, _known(work))


class _Shards:
    """Lexical engines over parts of one corpus; each knows only its own part's frequencies."""

    def __init__(self, shards: Sequence[Retriever]) -> None:
        self._shards = shards

    def search(self, query: Query, k: int) -> list[Hit]:
        hits = [hit for shard in self._shards for hit in shard.search(query, k)]
        return sorted(hits, key=lambda hit: (-hit.score, hit.id))[:k]


def _known(work: Path) -> dense.Encoder:
    """The encoder of questions, whose vectors are known, and of what else comes by its chunk."""
    with np.load(work / "questions.npz") as arrays:
        known = dict(zip(map(str, arrays["texts"]), arrays["vectors"], strict=True))
    pending = vectors(work, sys.maxsize)
    block, at = np.empty((0, 0), np.float32), 0

    def encode(texts: list[str]) -> Floats:
        nonlocal block, at
        if all(text in known for text in texts):
            return np.array([known[text] for text in texts], np.float32)
        # A build encodes the articles in their order, once.
        parts: list[Floats] = []
        while (missing := len(texts) - sum(map(len, parts))) > 0:
            if at == len(block):
                block, at = next(pending), 0
            parts.append(block[at : at + missing])
            at += len(parts[-1])
        return np.concatenate(parts)

    return encode


def _memory() -> dict[str, float]:
    """Resident and private MB of this process; nothing where /proc is missing."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return {}
    kilobytes = {line.split(":")[0]: line.split()[1] for line in lines if line.endswith("kB")}
    return {
        "resident_mb": round(int(kilobytes["VmRSS"]) * 1024 / 1e6, 1),
        "private_mb": round(int(kilobytes["RssAnon"]) * 1024 / 1e6, 1),
    }


def _folder(work: Path, engine: str, size: int) -> Path:
    return work / f"{engine.replace(' ', '-')}-{size}"


def main(task: Mapping[str, Any]) -> dict[str, Any]:
    """One step in this process, for `run`."""
    limit = int(task["memory_gb"] * 1e9)
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))  # what is private; maps are free
    work, laws = Path(task["work"]), Path(task["laws"]) if task["laws"] else None
    if task["step"] == "prepare":
        prepare(work, task["size"], laws, lambda line: print(line, file=sys.stderr))  # noqa: T201
        return {}
    if task["step"] == "build":
        return _build(task["engine"], task["size"], task["low"], work)
    return _serve(task["engine"], task["size"], work)


if __name__ == "__main__":
    print(json.dumps(main(json.loads(sys.argv[1]))))  # noqa: T201
