"""A small static encoder for wordings: the mean of learnt vectors of a text's features.

It brings together words that people use for one thing (拖薪, 不发钱, 欠工资), which counting
words cannot. The vectors ship with the project (`index/model/wordings.npz`, made by
`xst learn wordings` with torch); using them takes numpy alone.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from index.retriever import RetrieverError

Floats = npt.NDArray[np.float32]

SHIPPED = Path(__file__).parent / "model" / "wordings.npz"


class Meaning:
    """Vectors by feature; a text is the unit mean of its features, zero if none is known."""

    def __init__(self, names: Sequence[str], vectors: npt.NDArray[np.float16]) -> None:
        self._row = {name: i for i, name in enumerate(names)}
        self._vectors = vectors

    @property
    def dimension(self) -> int:
        return int(self._vectors.shape[1])

    def encode(self, features: Iterable[str]) -> Floats:
        """A vector of length 1 (or 0), float32."""
        rows = [self._row[f] for f in features if f in self._row]
        if not rows:
            return np.zeros(self.dimension, dtype=np.float32)
        return unit(self._vectors[rows].astype(np.float32).sum(axis=0))

    def save(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        names = np.frombuffer(json.dumps(list(self._row), ensure_ascii=False).encode(), np.uint8)
        np.savez_compressed(path, names=names, vectors=self._vectors)


def open_meaning(path: Path = SHIPPED) -> Meaning:
    """Read what `save` wrote. Raises RetrieverError when it is missing or damaged."""
    try:
        with np.load(path) as arrays:
            names = json.loads(arrays["names"].tobytes())
            return Meaning(names, arrays["vectors"])
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise RetrieverError(
            f"{path}：问法模型读不出；请重新安装，或运行 xst learn wordings"
        ) from error


def unit(vector: npt.NDArray[np.floating]) -> Floats:
    """The vector at length 1; zero stays zero."""
    length = float(np.linalg.norm(vector))
    return (vector / length if length else vector).astype(np.float32)


def centre(wordings: Sequence[Floats], text: Floats, share: float = 0.7) -> Floats:
    """An entry's vector: the mean of its wordings, with `share` of its own words."""
    mean = unit(np.mean(wordings, axis=0)) if len(wordings) else np.zeros_like(text)
    return unit(mean + share * text)
