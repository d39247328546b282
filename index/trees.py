"""Weighing what speaks for a passage: LambdaMART by LightGBM, which is imported here only.

Burges 2010, "From RankNet to LambdaRank to LambdaMART"; Ke et al. 2017, "LightGBM".
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from index.features import NAMES, Table
from index.retriever import RetrieverError
from index.rows import Floats

ROUNDS, LEAVES, RATE = 200, 15, 0.05
_NAME = "trees.{}.{}.txt"
ABOUT = "trees.json"


class Trees:
    """Several boosters whose scores are added; safe to share between threads."""

    def __init__(self, boosters: Sequence[Any], columns: Sequence[str]) -> None:
        self._boosters = list(boosters)
        self.columns = list(columns)
        self._at = [NAMES.index(name) for name in columns]

    def scores(self, table: Table) -> Floats:
        """A score for each candidate; comparable inside one table only."""
        values = table.values[:, self._at]
        found = np.zeros(len(values), np.float32)
        for booster in self._boosters if len(values) else ():
            found += booster.predict(values, num_threads=1)
        return found

    def shares(self, table: Table) -> Floats:
        """What each column adds to each candidate's score (SHAP values, Lundberg, Lee 2017),
        shape (candidates, columns); the rest of a score is the same for all."""
        values = table.values[:, self._at]
        parts = [b.predict(values, pred_contrib=True, num_threads=1) for b in self._boosters]
        found: Floats = np.sum(parts, axis=0)[:, :-1].astype(np.float32)
        return found

    def save(self, folder: Path, name: str = "only") -> None:
        for old in folder.glob(_NAME.format(name, "*")):
            old.unlink()
        for number, booster in enumerate(self._boosters):
            (folder / _NAME.format(name, number)).write_text(booster.model_to_string(), "utf-8")


class Blend:
    """Trees for the familiar and trees for the unfamiliar, mixed: of the score `share` is by the
    first. With a share of 1 the second are not needed."""

    def __init__(self, known: Trees, unknown: Trees | None = None, share: float = 1.0) -> None:
        if unknown is None and share != 1:
            raise ValueError("a share without the other trees")
        self.known, self.unknown, self.share = known, unknown, share
        self.columns = known.columns

    def scores(self, table: Table) -> Floats:
        """A score for each candidate; comparable inside one table only."""
        return self._mixed(Trees.scores, table)

    def shares(self, table: Table) -> Floats:
        """What each column adds to the scores; shape (candidates, columns)."""
        return self._mixed(Trees.shares, table)

    def _mixed(self, said: Callable[[Trees, Table], Floats], table: Table) -> Floats:
        known = said(self.known, table)
        if self.unknown is None:
            return known
        mixed = self.share * known + (1 - self.share) * said(self.unknown, table)
        return mixed.astype(np.float32)

    def save(self, folder: Path) -> None:
        """Write the trees and `trees.json` into `folder`, which exists."""
        self.known.save(folder, "known")
        (self.unknown or Trees([], [])).save(folder, "unknown")
        about = {"columns": self.columns, "share": self.share}
        (folder / ABOUT).write_text(json.dumps(about), encoding="utf-8")


def open_blend(folder: Path) -> Blend | None:
    """What `Blend.save` wrote, or None where there is none.

    Raises RetrieverError when it is damaged or LightGBM cannot be used.
    """
    if not (folder / ABOUT).is_file():
        return None
    try:
        about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
        columns, share = about["columns"], float(about["share"])
        if not set(columns) <= set(NAMES) or not 0 <= share <= 1:
            raise ValueError("columns")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RetrieverError(f"{folder}：排序模型读不出；请运行 xst learn") from error
    unknown = open_trees(folder, columns, "unknown") if share < 1 else None
    return Blend(open_trees(folder, columns, "known"), unknown, share)


def grow(
    tables: Sequence[Table],
    answers: Sequence[Collection[int]],
    *,
    columns: Sequence[str] = NAMES,
    rounds: int = ROUNDS,
    seeds: Sequence[int] = (0,),
    weights: Sequence[float] | None = None,
) -> Trees:
    """Trees that put the rows in `answers[i]` first among the candidates of `tables[i]`.

    `weights` say how much each table counts, all alike when not given. Tables must be out of
    fold: made by lessons that had not seen their question. Raises RetrieverError when LightGBM
    cannot be used, or no table holds an answer.
    """
    lightgbm = _lightgbm()
    right = [np.isin(t.rows, list(a)) for t, a in zip(tables, answers, strict=True)]
    # A question none of whose candidates answers teaches nothing, nor does one without a wrong.
    kept = [i for i, found in enumerate(right) if found.any() and not found.all()]
    if not kept:
        raise RetrieverError("没有一道问题的候选条文中有正确的条文，无法训练排序")
    at = [NAMES.index(name) for name in columns]
    values = np.concatenate([tables[i].values[:, at] for i in kept])
    labels = np.concatenate([right[i] for i in kept]).astype(np.int8)
    sizes = [len(right[i]) for i in kept]
    each = None
    if weights is not None:
        each = np.repeat([weights[i] for i in kept], sizes)
    boosters = []
    for seed in seeds:
        data = lightgbm.Dataset(values, labels, group=sizes, weight=each, params={"max_bin": 63})
        boosters.append(lightgbm.train(_settings(seed), data, rounds))
    return Trees(boosters, columns)


def open_trees(folder: Path, columns: Sequence[str], name: str = "only") -> Trees:
    """What `save` wrote. Raises RetrieverError when it is damaged or LightGBM cannot be used."""
    lightgbm = _lightgbm()
    try:
        files = sorted(folder.glob(_NAME.format(name, "*")))
        texts = [file.read_text("utf-8") for file in files]
        # LightGBM ends the process over half a text, so its last line is looked for first.
        if not texts or any("end of parameters" not in text[-4000:] for text in texts):
            raise ValueError("incomplete")
        boosters = [lightgbm.Booster(model_str=text) for text in texts]
        if any(booster.num_feature() != len(columns) for booster in boosters):
            raise ValueError("columns")
        return Trees(boosters, columns)
    except (OSError, ValueError, lightgbm.basic.LightGBMError) as error:
        raise RetrieverError(f"{folder}：排序模型读不出；请运行 xst learn") from error


def usable() -> None:
    """Raises RetrieverError, with what to install, where LightGBM cannot be used."""
    _lightgbm()


def _settings(seed: int) -> dict[str, Any]:
    return {
        "objective": "lambdarank",
        "lambdarank_truncation_level": 30,
        "learning_rate": RATE,
        "num_leaves": LEAVES,
        "min_data_in_leaf": 30,
        "feature_fraction": 0.5,
        "bagging_fraction": 0.8,
        "bagging_freq": 1,
        "lambda_l2": 5.0,
        "max_bin": 63,
        "seed": seed,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": 1,
        "verbose": -1,
    }


def _lightgbm() -> Any:
    try:
        import lightgbm
    except ImportError as error:
        raise RetrieverError("学习排序需要 lightgbm；请运行 pip install lightgbm") from error
    except OSError as error:  # its library is there, the system's libgomp is not
        raise RetrieverError(
            "lightgbm 缺少系统库 libgomp；请运行 apt-get install libgomp1（或相应的安装命令）"
        ) from error
    return lightgbm
