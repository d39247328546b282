"""What tests of the learnt engine stand on: an encoder anybody can compute, exact neighbours."""

from __future__ import annotations

import numpy as np

from index.encoder import Static
from index.grams import Vocabulary


def one_hot(texts):
    """An axis for each character; a pair lies between its two."""
    singles = sorted({c for t in texts for c in t if c.isalnum()})
    doubles = sorted(
        {t[i : i + 2] for t in texts for i in range(len(t) - 1) if t[i : i + 2].isalnum()}
    )
    axes = {c: i for i, c in enumerate(singles)}
    weights = np.zeros((len(singles) + len(doubles), len(singles)), np.float32)
    for i, gram in enumerate([*singles, *doubles]):
        for c in gram:
            weights[i, axes[c]] += 1 / len(gram)
    return Static(Vocabulary([*singles, *doubles]), weights)


def nearest(vectors):
    """As the index of vectors does: the nearest that the mask allows, at an acute angle."""

    def found(vector, count, mask):
        scores = np.asarray(vectors, np.float32) @ vector
        scores = scores if mask is None else np.where(mask, scores, -1)
        rows = np.argsort(-scores, kind="stable")[:count]
        return rows[scores[rows] > 0].astype(np.int32)

    return found
