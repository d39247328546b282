"""The encoder that ships: a StaticEmbedding of sentence-transformers over characters and pairs.

A text is the mean of learnt vectors of its grams. The folder is an ordinary model of
sentence-transformers (its tokenizer reads grams set apart by spaces, see `spaced`); serving
maps the same weights without torch, so a query costs microseconds and no start-up. In the
package it lies as eight-bit numbers, and `install` makes the folder of it.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from index.grams import Bags, Vocabulary
from index.retriever import RetrieverError
from index.rows import Floats

SHIPPED = Path(__file__).parent / "model" / "articles.npz"
_GRAMS = "grams.json"
_AT_ONCE = 8192
_DAMAGE = (OSError, ValueError, EOFError)


class Static:
    """Grams and their vectors, shape (len(vocabulary), dimension)."""

    def __init__(self, vocabulary: Vocabulary, weights: Floats) -> None:
        self.vocabulary = vocabulary
        self.weights = weights

    @property
    def dimension(self) -> int:
        return int(self.weights.shape[1])

    def __call__(self, texts: list[str]) -> Floats:
        """Unit vectors, zero for a text without a known gram."""
        return self.vectors(self.vocabulary.bags(texts))

    def vectors(self, bags: Bags) -> Floats:
        """As calling it, of texts already read; shape (len(bags), dimension)."""
        from scipy.sparse import csr_matrix

        found = np.zeros((len(bags), self.dimension), np.float32)
        for low in range(0, len(bags), _AT_ONCE):
            high = min(len(bags), low + _AT_ONCE)
            ends = bags.offsets[low : high + 1]
            flat = bags.flat[ends[0] : ends[-1]]
            counts = csr_matrix(
                (np.ones(len(flat), np.float32), flat, ends - ends[0]),
                shape=(high - low, len(self.vocabulary)),
            )
            found[low:high] = counts @ self.weights
        lengths = np.linalg.norm(found, axis=1, keepdims=True)
        np.divide(found, lengths, out=found, where=lengths > 0)
        return found

    def vector(self, ids: npt.NDArray[np.integer]) -> Floats:
        """The unit vector of one text given as gram numbers."""
        if not len(ids):
            return np.zeros(self.dimension, np.float32)
        vector = self.weights[ids].sum(axis=0, dtype=np.float32)
        length = float(np.linalg.norm(vector))
        found: Floats = (vector / length if length else vector).astype(np.float32)
        return found

    def fingerprint(self) -> str:
        """Tells one encoder from another: a hash of the grams and of some weights."""
        digest = hashlib.sha256("\n".join(self.vocabulary.names).encode())
        digest.update(self.weights[:: max(1, len(self.weights) // 997)].tobytes())
        return digest.hexdigest()[:16]


def pack(encoder: Static, path: Path) -> None:
    """Write `encoder` with eight bits a number, a scale for each gram."""
    scale = np.abs(encoder.weights).max(axis=1, keepdims=True) / 127
    scale = np.where(scale > 0, scale, 1).astype(np.float32)
    small = np.rint(encoder.weights / scale).astype(np.int8)
    names = np.frombuffer("\n".join(encoder.vocabulary.names).encode(), np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}")
    with draft.open("wb") as out:
        np.savez_compressed(out, names=names, weights=small, scale=scale[:, 0])
    draft.replace(path)


def unpack(path: Path = SHIPPED) -> Static:
    """Read what `pack` wrote. Raises RetrieverError when it is missing or damaged."""
    try:
        with np.load(path) as arrays:
            names = arrays["names"].tobytes().decode().split("\n")
            weights = arrays["weights"].astype(np.float32) * arrays["scale"][:, None]
            if len(names) != len(weights):
                raise ValueError("names")
            return Static(Vocabulary(names), weights)
    except (*_DAMAGE, KeyError, NotImplementedError, zlib.error, zipfile.BadZipFile) as error:
        raise RetrieverError(f"{path}：语义模型读不出；请重新安装") from error


def spaced(names: Iterable[str]) -> str:
    """Grams as the model's own tokenizer reads them."""
    return " ".join(names)


def install(encoder: Static, folder: Path) -> None:
    """Write `encoder` as a sentence-transformers model; `folder` is replaced in one step."""
    import shutil

    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding
    from tokenizers import Tokenizer, models, pre_tokenizers

    # Greedy longest match without a mark for continued words: grams set apart come out as they
    # are, and plain text is at least cut into known pairs.
    grams = {name: i for i, name in enumerate(encoder.vocabulary.names)}
    unknown = len(grams)
    model = models.WordPiece(
        {**grams, "[UNK]": unknown}, unk_token="[UNK]", continuing_subword_prefix=""
    )
    tokenizer = Tokenizer(model)
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    weights = np.vstack([encoder.weights, np.zeros((1, encoder.dimension), np.float32)])
    draft = folder.with_name(f".{folder.name}")
    shutil.rmtree(draft, ignore_errors=True)
    static = StaticEmbedding(tokenizer, embedding_weights=weights)
    SentenceTransformer(modules=[static], device="cpu").save(str(draft))
    (draft / _GRAMS).write_text(
        json.dumps(encoder.vocabulary.names, ensure_ascii=False), encoding="utf-8"
    )
    np.save(draft / "grams.npy", encoder.weights)
    shutil.rmtree(folder, ignore_errors=True)
    draft.replace(folder)


def is_ours(folder: Path) -> bool:
    """Whether the model in `folder` reads grams, so that `open_static` can open it."""
    return (folder / _GRAMS).is_file()


def open_static(folder: Path) -> Static:
    """What `install` wrote, mapped and not read. Raises RetrieverError when it is damaged."""
    try:
        names = json.loads((folder / _GRAMS).read_text(encoding="utf-8"))
        weights = np.load(folder / "grams.npy", mmap_mode="r")
        if not isinstance(names, list) or len(names) != len(weights):
            raise ValueError("names")
        return Static(Vocabulary(names), weights)
    except (*_DAMAGE, TypeError) as error:
        raise RetrieverError(f"{folder}：语义模型读不出；请运行 xst build") from error
