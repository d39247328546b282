"""Parting questions into folds: by question, by law, and a whole domain apart."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from index.rows import Bools, Ints

FOLDS = 5


def by_question(count: int, folds: int = FOLDS, seed: int = 0) -> Ints:
    """The fold of each of `count` questions, all of nearly the same size."""
    return np.random.default_rng(seed).permutation(np.arange(count) % folds).astype(np.int32)


def by_law(laws: Sequence[Sequence[int]], folds: int = FOLDS, seed: int = 0) -> tuple[Ints, Ints]:
    """The fold of each law (-1 for one that no question needs) and of each question.

    `laws` are the numbers of the laws that answer each question. A question belongs to the fold
    of its first law; in that fold no question may lead to any law of it.
    """
    needed = sorted({law for some in laws for law in some})
    parts = np.random.default_rng(seed).permutation(np.arange(len(needed)) % folds)
    of_law = np.full(max(needed, default=-1) + 1, -1, np.int32)
    of_law[needed] = parts
    return of_law, np.array([of_law[some[0]] for some in laws], np.int32)


def by_domain(rows: Sequence[Sequence[int]], inside: Bools) -> Bools:
    """Which questions are answered by a row `inside` the domain."""
    return np.array([bool(inside[list(some)].any()) for some in rows], np.bool_)
