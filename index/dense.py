"""Nearest passages by meaning: a sentence-transformers model and FAISS, imported here only."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from index.retriever import Hit, Passage, Query, RetrieverError
from index.rows import Bools, Floats, Rows, load, ordered
from index.text import normalise, runs

BATCH = 256
# What tells one model from another: the vectors it gives these.
_PROBES = ["集体协商的代表怎么产生", "用人单位应当支付加班工资。", "union 2024"]
_SPARE = 32

FLAT, HNSW, IVF = KINDS = ("flat", "hnsw", "ivf-sq8")
# Up to these many rows a kind is chosen by itself. Measured by `xst bench growth` on invented
# statutes with the 128 numbers of the shipped model, 299 questions, one core, 100 hits asked for:
# 300,000 rows  flat     5.4 ms, exact; built in 1 s
#               HNSW     1.9 ms, recall@10 0.992, @100 0.975; built in 76 s
#               IVF-SQ8  5.2 ms, 0.988, 0.981; built in 3 s
# 1,000,000     flat    16.0 ms, exact; built in 4 s, 578 MB
#               IVF-SQ8  7.6 ms, 0.968, 0.950; built in 13 s, 459 MB
# Flat as long as its time is small beside an answer's; then the graph, while its building takes
# minutes and its links fit in memory; then lists, of which only those probed come into memory.
# The graph beyond 300,000 rows and anything beyond a million were not measured.
FLAT_ROWS, HNSW_ROWS = 300_000, 1_000_000
# HNSW at 300,000 rows by effort 128, 256, 512, 1024: recall@10 0.927, 0.971, 0.992, 0.997 in 1.3,
# 1.4, 1.9, 2.9 ms. IVF at 1,000,000 by cells probed 64, 128, 256, 512 (of 2,048): 0.777, 0.863,
# 0.923, 0.968 in 2.8, 3.3, 4.9, 7.9 ms.
_LINKS, _EF_BUILD, _EF = 32, 120, 512
_CELL_POINTS, _PROBED = 48, 512
# As few rows as this are scored one by one rather than searched for: 23,000 of a million take
# 7.7 ms so, 16 ms by probing every cell.
EXACT_ROWS = 30_000
_BLOCK = 16_384

Progress = Callable[[int, int], None]


class Encoder(Protocol):
    """Texts -> float32 matrix (len(texts), dim), each row of length one or zero."""

    def __call__(self, texts: list[str]) -> Floats: ...


def load_encoder(name: str) -> Encoder:
    """The model in the folder `name`, or of that name on the hub.

    Raises RetrieverError when the packages or the model are missing.
    """
    try:
        from sentence_transformers import SentenceTransformer
    except ImportError as error:
        raise RetrieverError(
            "语义检索需要 sentence-transformers；请运行 pip install sentence-transformers"
        ) from error
    try:
        model = SentenceTransformer(name, device="cpu")
    except Exception as error:  # the hub client raises many kinds
        raise RetrieverError(
            f"找不到语义模型 {name}；请检查 XST_ENCODER，"
            "填写模型文件夹的路径，或在能联网的机器上先下载该模型"
        ) from error

    def encode(texts: list[str]) -> Floats:
        found = model.encode(
            texts,
            batch_size=BATCH,
            normalize_embeddings=True,
            convert_to_numpy=True,
            show_progress_bar=False,
        )
        return np.asarray(found, np.float32)

    return encode


def kind_for(rows: int) -> str:
    """The kind of FAISS index that serves so many rows best."""
    return FLAT if rows <= FLAT_ROWS else HNSW if rows <= HNSW_ROWS else IVF


def build(
    passages: Iterable[Passage],
    folder: Path,
    *,
    encoder: str,
    kind: str | None = None,
    progress: Progress | None = None,
) -> Dense:
    """Write the vectors of `passages` (title, chapter, text) into `folder` and open them.

    `kind` is one of `KINDS`, chosen by size when it is not given. Raises RetrieverError for a
    repeated id, an impossible weight, an unknown kind or a missing model.
    """
    found = ordered(passages)
    encode = load_encoder(encoder)
    probe = encode(_PROBES)

    def blocks() -> Iterator[Floats]:
        for low in range(0, len(found), 16 * BATCH):
            part = found[low : low + 16 * BATCH]
            yield encode([said(passage) for passage in part])
            if progress:
                progress(low + len(part), len(found))

    np.save(folder / "dense.probe.npy", probe)
    write(Rows.of(found), blocks(), int(probe.shape[1]), folder, encoder=encoder, kind=kind)
    return Dense(folder, encode)


def write(
    rows: Rows,
    blocks: Iterable[Floats],
    dim: int,
    folder: Path,
    *,
    encoder: str = "",
    kind: str | None = None,
) -> None:
    """Write `rows` and their vectors, which come in `blocks` of any length in the same order."""
    kind = kind or kind_for(len(rows))
    if kind not in KINDS:
        raise RetrieverError(f"没有这种向量索引：{kind}；可用的是 {'、'.join(KINDS)}")
    rows.save(folder)
    # A weighted vector has a weighted product: the prior costs nothing at search.
    weighted = _weighted(blocks, rows.weights)
    if kind == IVF:
        index = _ivf(_kept(weighted, len(rows), dim, folder), dim)
    else:
        index = _graph(dim) if kind == HNSW else _flat(dim)
        for block in weighted:
            index.add(block)
    _faiss().write_index(index, str(folder / "dense.faiss"))
    about = {"encoder": encoder, "dim": dim, "kind": kind}
    (folder / "dense.json").write_text(json.dumps(about, ensure_ascii=False), encoding="utf-8")


class Dense:
    """The engine over what `build` wrote. A score is weight × cosine; only those above 0 count.

    Flat is exact. HNSW and IVF find most of the nearest (figures above), but what they return is
    scored exactly, and a filter that leaves few rows is answered by scoring all of these.
    Files are mapped, not read: processes share the pages, and of an IVF index only the lists
    that are probed come into memory.
    """

    def __init__(self, folder: Path, encode: Encoder) -> None:
        self._faiss = _faiss()
        self._encode = encode
        self.rows = Rows.open(folder)
        self.kind = str(_about(folder).get("kind", FLAT))
        self._index: Any = _mapped(folder / "dense.faiss", self.kind)
        # What scores every row: the index itself, the vectors inside a graph, or those beside it.
        self._flat: Any = None if self.kind == IVF else self._index
        if self.kind == HNSW:
            self._flat = self._faiss.downcast_index(self._index.storage)
        self._vectors: Any = load(folder / "dense.vectors.npy") if self.kind == IVF else None

    @classmethod
    def open(cls, folder: Path, encoder: str | None = None) -> Dense:
        """Open with the model it was built with; `encoder` says where that lies now.

        Raises RetrieverError when the model is missing or is another one.
        """
        name = encoder or encoder_of(folder)
        encode = load_encoder(name)
        known, now = load(folder / "dense.probe.npy"), encode(_PROBES)
        # Not bit by bit: another machine rounds elsewhere.
        if known.shape != now.shape or not np.allclose(known, now, atol=2e-3):
            raise RetrieverError(
                f"{folder}：索引由模型 {encoder_of(folder)} 建成，与 {name} 不同；请运行 xst build"
            )
        return cls(folder, encode)

    def search(self, query: Query, k: int) -> list[Hit]:
        """The best `k` passages for `query`, best first."""
        text = normalise(query.text)
        if not runs(text) or not len(self.rows) or k <= 0:
            return []
        vector = self._encode([text])
        if not vector.any():
            return []
        mask = self.rows.mask(query)
        total = len(self.rows) if mask is None else int(np.count_nonzero(mask))
        if not total:
            return []
        wanted = min(k + _SPARE, total)
        while True:
            scores, rows = self._nearest(vector, mask, wanted, total)
            # Ties may go on beyond what was fetched; FAISS does not order them by row.
            if len(rows) < wanted or wanted == total or scores[-1] < scores[k - 1]:
                break
            wanted = min(2 * wanted, total)
        order = np.lexsort((rows, -scores))[:k]
        return [
            self.rows.hit(int(rows[i]), float(scores[i])) for i in order.tolist() if scores[i] > 0
        ]

    def _nearest(
        self, vector: Floats, mask: Bools | None, count: int, total: int
    ) -> tuple[Floats, Any]:
        """The nearest `count` of the `total` rows in `mask`, falling; exact scores."""
        if self.kind != FLAT and total > EXACT_ROWS and 4 * count < total:
            more = math.sqrt(len(self.rows) / total)
            scores, rows = self._approximate(vector, mask, count, more)
            if len(rows) >= count:
                return scores, rows
        return self._exact(vector, mask, count)

    def _approximate(
        self, vector: Floats, mask: Bools | None, count: int, more: float
    ) -> tuple[Floats, Any]:
        """`more` times the usual effort: under a filter part of what is visited does not count."""
        if self.kind == HNSW:
            effort = math.ceil(max(_EF, count) * more)
            params = self._faiss.SearchParametersHNSW(efSearch=effort, sel=self._only(mask))
            return _found(*self._index.search(vector, count, params=params))
        cells = min(self._index.nlist, math.ceil(_PROBED * more))
        params = self._faiss.SearchParametersIVF(nprobe=cells, sel=self._only(mask))
        # Coded scores are off by some 0.5 %: fetch more, score these by their vectors.
        _, rows = _found(*self._index.search(vector, 2 * count, params=params))
        return self._scored(vector, rows, count)

    def _exact(self, vector: Floats, mask: Bools | None, count: int) -> tuple[Floats, Any]:
        if self._flat is not None:
            params = self._faiss.SearchParameters(sel=self._only(mask))
            return _found(*self._flat.search(vector, count, params=params))
        rows = np.arange(len(self.rows)) if mask is None else np.flatnonzero(mask)
        # Block by block: half precision on disk, whole in memory.
        parts = [
            self._scored(vector, rows[low : low + _BLOCK], count)
            for low in range(0, len(rows), _BLOCK)
        ]
        scores, found = (np.concatenate(part) for part in zip(*parts, strict=True))
        order = np.argsort(-scores, kind="stable")[:count]
        return scores[order], found[order]

    def _only(self, mask: Bools | None) -> Any:
        if mask is None:
            return None
        return self._faiss.IDSelectorBitmap(np.packbits(mask, bitorder="little"))

    def _scored(self, vector: Floats, rows: Any, count: int) -> tuple[Floats, Any]:
        # Not `@`: a row's sum must not depend on how many rows stand beside it.
        found = np.einsum("ij,j->i", self._vectors[rows].astype(np.float32), vector[0])
        scores = np.round(found, 6)
        order = np.lexsort((rows, -scores))[:count]
        return scores[order], rows[order]


def _found(scores: Any, rows: Any) -> tuple[Floats, Any]:
    # FAISS pads a short result with row -1. Rounded, because equal vectors may differ in the
    # last bit by their place in a block.
    kept = rows[0] >= 0
    return np.round(scores[0][kept], 6), rows[0][kept]


def encoder_of(folder: Path) -> str:
    """The model that the vectors in `folder` were made with."""
    return str(_about(folder)["encoder"])


def said(passage: Passage) -> str:
    """What of `passage` is encoded."""
    parts = (passage.title, passage.chapter, passage.text)
    return normalise("\n".join(part for part in parts if part))


def _about(folder: Path) -> dict[str, Any]:
    about: dict[str, Any] = json.loads((folder / "dense.json").read_text(encoding="utf-8"))
    return about


def _faiss() -> Any:
    import faiss

    return faiss  # its stubs know neither `sel` nor arrays


def _weighted(blocks: Iterable[Floats], weights: Floats) -> Iterator[Floats]:
    low = 0
    for block in blocks:
        yield np.ascontiguousarray(block * weights[low : low + len(block), None], np.float32)
        low += len(block)


def _flat(dim: int) -> Any:
    return _faiss().IndexFlatIP(dim)


def _graph(dim: int) -> Any:
    faiss = _faiss()
    index = faiss.IndexHNSWFlat(dim, _LINKS, faiss.METRIC_INNER_PRODUCT)
    index.hnsw.efConstruction = _EF_BUILD
    return index


def _kept(blocks: Iterable[Floats], count: int, dim: int, folder: Path) -> Any:
    """The vectors on disk in half precision, mapped: what candidates are scored by."""
    path = folder / "dense.vectors.npy"
    if not count:  # an empty file cannot be mapped
        np.save(path, np.empty((0, dim), np.float16))
        return np.empty((0, dim), np.float16)
    kept = np.lib.format.open_memmap(path, "w+", np.float16, (count, dim))
    low = 0
    for block in blocks:
        kept[low : low + len(block)] = block
        low += len(block)
    kept.flush()
    return kept


def _ivf(vectors: Any, dim: int) -> Any:
    faiss = _faiss()
    count = len(vectors)
    cells = 2 ** max(0, round(math.log2(max(1.0, 2 * math.sqrt(count)))))
    cells = max(1, min(cells, count // _CELL_POINTS))
    index = faiss.IndexIVFScalarQuantizer(
        faiss.IndexFlatIP(dim),
        dim,
        cells,
        faiss.ScalarQuantizer.QT_8bit,
        faiss.METRIC_INNER_PRODUCT,
        False,  # the vectors and not their residues are coded: one code for equal vectors
    )
    index.cp.spherical = True  # cells are directions; a weight moves no vector to another
    index.cp.min_points_per_centroid = 1
    step = max(1, count // (cells * _CELL_POINTS))
    sample = np.asarray(vectors[::step], np.float32) if count else np.zeros((1, dim), np.float32)
    index.train(sample)
    for low in range(0, count, _BLOCK):
        index.add(np.asarray(vectors[low : low + _BLOCK], np.float32))
    return index


def _mapped(path: Path, kind: str) -> Any:
    faiss = _faiss()
    # MMAP maps the lists of an IVF index, MMAP_IFC the vectors and links of a flat one and of a
    # graph; a FAISS without it reads them into memory.
    flag = faiss.IO_FLAG_MMAP if kind == IVF else getattr(faiss, "IO_FLAG_MMAP_IFC", 0)
    return faiss.read_index(str(path), flag)
