"""Nearest passages by meaning: a sentence-transformers model and FAISS, imported here only."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
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


def build(
    passages: Iterable[Passage],
    folder: Path,
    *,
    encoder: str,
    progress: Progress | None = None,
) -> Dense:
    """Write the vectors of `passages` (title, chapter, text) into `folder` and open them.

    Raises RetrieverError for a repeated id, an impossible weight or a missing model.
    """
    import faiss

    found = ordered(passages)
    encode = load_encoder(encoder)
    probe = encode(_PROBES)
    flat = faiss.IndexFlatIP(probe.shape[1])
    weights = np.array([passage.weight for passage in found], np.float32)
    for low in range(0, len(found), 16 * BATCH):
        part = found[low : low + 16 * BATCH]
        vectors = encode([_said(passage) for passage in part])
        # A weighted vector has a weighted product: the prior costs nothing at search.
        flat.add(vectors * weights[low : low + len(part), None])
        if progress:
            progress(low + len(part), len(found))
    Rows.of(found).save(folder)
    faiss.write_index(flat, str(folder / "dense.faiss"))
    np.save(folder / "dense.probe.npy", probe)
    about = {"encoder": encoder, "dim": int(probe.shape[1])}
    (folder / "dense.json").write_text(json.dumps(about, ensure_ascii=False), encoding="utf-8")
    return Dense(folder, encode)


class Dense:
    """The engine over what `build` wrote. A score is weight × cosine; only those above 0 count.

    Flat, because it is exact and so ties and filters are too: 150,000 rows of 256 numbers take
    some 30 ms on two busy cores. Far beyond that an approximate index may be worth its errors.
    """

    def __init__(self, folder: Path, encode: Encoder) -> None:
        import faiss

        self._faiss: Any = faiss  # its stubs know neither `sel` nor arrays
        self._encode = encode
        self.rows = Rows.open(folder)
        self._flat: Any = faiss.read_index(str(folder / "dense.faiss"))

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
        total = len(self.rows)
        wanted = min(k + _SPARE, total)
        while True:
            scores, rows = self._nearest(vector, mask, wanted)
            # Ties may go on beyond what was fetched; FAISS does not order them by row.
            if wanted == total or len(rows) < wanted or scores[-1] < scores[k - 1]:
                break
            wanted = min(2 * wanted, total)
        order = np.lexsort((rows, -scores))[:k]
        return [
            self.rows.hit(int(rows[i]), float(scores[i])) for i in order.tolist() if scores[i] > 0
        ]

    def _nearest(self, vector: Floats, mask: Bools | None, count: int) -> tuple[Floats, Any]:
        params = None
        if mask is not None:
            bits = np.packbits(mask, bitorder="little")
            params = self._faiss.SearchParameters(sel=self._faiss.IDSelectorBitmap(bits))
        scores, rows = self._flat.search(vector, count, params=params)
        # FAISS pads a short result with row -1. Rounded, because equal vectors may differ in the
        # last bit by their place in a block.
        kept = rows[0] >= 0
        return np.round(scores[0][kept], 6), rows[0][kept]


def encoder_of(folder: Path) -> str:
    """The model that the vectors in `folder` were made with."""
    about: dict[str, str] = json.loads((folder / "dense.json").read_text(encoding="utf-8"))
    return about["encoder"]


def _said(passage: Passage) -> str:
    parts = (passage.title, passage.chapter, passage.text)
    return normalise("\n".join(part for part in parts if part))
