"""A cross-encoder over the best hits of another engine: reads question and passage together.

Any cross-encoder of sentence-transformers, by path or hub name (`XST_RERANKER`). None ships: it
is for machines that have one, and costs what the model costs.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np

from index.retriever import Hit, Query, Retriever, RetrieverError
from index.rows import Floats

DEPTH = 30
"""Hits that are read again; the others keep their order behind them."""


class Judge(Protocol):
    """(question, passage) pairs -> how well each answers, higher is better, shape (n,)."""

    def __call__(self, pairs: Sequence[tuple[str, str]]) -> Floats: ...


def load_judge(name: str) -> Judge:
    """The cross-encoder in the folder `name`, or of that name on the hub.

    Raises RetrieverError when it is missing or gives more than one number for a pair.
    """
    try:
        from sentence_transformers import CrossEncoder

        model = CrossEncoder(name, device="cpu")
    except Exception as error:  # the hub client raises many kinds
        raise RetrieverError(
            f"找不到重排模型 {name}；请检查 XST_RERANKER，"
            "填写模型文件夹的路径，或在能联网的机器上先下载该模型"
        ) from error

    def judge(pairs: Sequence[tuple[str, str]]) -> Floats:
        found = np.asarray(model.predict(list(pairs), show_progress_bar=False), np.float32)
        if found.shape != (len(pairs),):
            raise RetrieverError(f"{name}：不是重排模型（每对文字应得一个分数）")
        return found

    judge([("工资", "工资")])  # a model of another kind is found out now, not with a question
    return judge


class Reranked:
    """`engine` with its best hits put in the order of `judge`.

    `said` gives a passage's words by id. Judged scores are moved above those of the hits behind
    them, so that scores fall throughout.
    """

    def __init__(
        self, engine: Retriever, judge: Judge, said: Callable[[str], str], depth: int = DEPTH
    ) -> None:
        self.engine, self.depth = engine, depth
        self._judge, self._said = judge, said

    def search(self, query: Query, k: int) -> list[Hit]:
        """The best `k` passages for `query`, best first."""
        if k <= 0:
            return []
        hits = self.engine.search(query, max(k, self.depth))
        first, rest = hits[: self.depth], hits[self.depth :]
        if not first:
            return []
        judged = self._judge([(query.text, self._said(hit.id)) for hit in first])
        floor = max(rest[0].score if rest else 0.0, 0.0)
        ordered = sorted(zip(judged.tolist(), first, strict=True), key=lambda p: (-p[0], p[1].id))
        # A logistic ends above 0 whatever the model's range; large ones may tie, in their order.
        moved = [
            Hit(hit.id, floor + 1 / (1 + math.exp(-max(score, -700))), hit.kind, hit.ref)
            for score, hit in ordered
        ]
        return (moved + rest)[:k]
