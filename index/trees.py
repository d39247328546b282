"""Weighing what speaks for a passage: LambdaMART by LightGBM, which is imported here only.

Burges 2010, "From RankNet to LambdaRank to LambdaMART"; Ke et al. 2017, "LightGBM".
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

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


@dataclass(frozen=True, slots=True)
class Gate:
    """How familiar a question is, from 0 to 1: a logistic of `signs` with `weights`, the last of
    which stands alone."""

    weights: tuple[float, ...]

    def __call__(self, signs: npt.NDArray[np.floating]) -> float:
        return float(1 / (1 + np.exp(-(signs @ self.weights[:-1] + self.weights[-1]))))


def signs(table: Table, unknown: Floats) -> npt.NDArray[np.float64]:
    """What tells whether a question is of a kind that was learnt from: how often the laws and
    chapters of the likeliest candidates (by trees that never lean on that) were asked about, how
    close the nearest remembered question is, and the same squared."""
    values = table.values
    best = np.argsort(-unknown, kind="stable")[:10]
    trust = np.exp(unknown[best] - unknown[best[0]])
    trust /= trust.sum()
    plain = values[:, _PLAIN].sum(axis=1)
    found = np.array(
        [
            trust @ values[best, NAMES.index("often_law")],
            trust @ values[best, NAMES.index("often_chapter")],
            values[0, NAMES.index("memory_nearest")] * 10,
            values[np.argsort(-plain, kind="stable")[:10], NAMES.index("often_law")].mean(),
        ]
    )
    return np.concatenate([found, found**2 / 10])


_SIGNS = 4
_PLAIN = [NAMES.index("words_rank"), NAMES.index("plain_rank")]


class Blend:
    """Trees for the familiar and trees for the unfamiliar, mixed by how familiar a question is."""

    def __init__(self, known: Trees, unknown: Trees, gate: Gate) -> None:
        self.known, self.unknown, self.gate = known, unknown, gate
        self.columns = known.columns

    def scores(self, table: Table) -> Floats:
        """A score for each candidate; comparable inside one table only."""
        if not len(table.rows):
            return np.zeros(0, np.float32)
        unknown = self.unknown.scores(table)
        share = self.gate(signs(table, unknown))
        return (share * self.known.scores(table) + (1 - share) * unknown).astype(np.float32)

    def shares(self, table: Table, whole: Table) -> Floats:
        """What each column adds to the scores of `table`, some rows of `whole`; shape
        (candidates, columns)."""
        share = self.gate(signs(whole, self.unknown.scores(whole)))
        known, unknown = self.known.shares(table), self.unknown.shares(table)
        return (share * known + (1 - share) * unknown).astype(np.float32)

    def save(self, folder: Path) -> None:
        """Write the trees and `trees.json` into `folder`, which exists."""
        self.known.save(folder, "known")
        self.unknown.save(folder, "unknown")
        about = {"columns": self.columns, "gate": list(self.gate.weights)}
        (folder / ABOUT).write_text(json.dumps(about), encoding="utf-8")


def open_blend(folder: Path) -> Blend | None:
    """What `Blend.save` wrote, or None where there is none.

    Raises RetrieverError when it is damaged or LightGBM cannot be used.
    """
    if not (folder / ABOUT).is_file():
        return None
    try:
        about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
        columns, gate = about["columns"], Gate(tuple(about["gate"]))
        if not set(columns) <= set(NAMES) or len(gate.weights) != 2 * _SIGNS + 1:
            raise ValueError("columns")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RetrieverError(f"{folder}：排序模型读不出；请运行 xst learn") from error
    return Blend(open_trees(folder, columns, "known"), open_trees(folder, columns, "unknown"), gate)


def fit_gate(found: Sequence[tuple[npt.NDArray[np.float64], bool]]) -> Gate:
    """A gate from the signs of questions that were familiar or not, both kinds weighing alike.

    Logistic regression with a ridge of 1, by Newton's method.
    """
    x = np.array([[*one, 1.0] for one, _ in found])
    y = np.array([float(known) for _, known in found])
    each = np.where(y > 0, 1 / max(y.sum(), 1), 1 / max((1 - y).sum(), 1)) * len(y) / 2
    weights = np.zeros(x.shape[1])
    ridge = np.eye(len(weights))
    for _ in range(50):
        p = 1 / (1 + np.exp(-np.clip(x @ weights, -30, 30)))
        slope = x.T @ (each * (p - y)) + weights
        step = np.linalg.solve((x * (each * p * (1 - p))[:, None]).T @ x + ridge, slope)
        weights -= step
        if np.abs(step).max() < 1e-8:
            break
    return Gate(tuple(weights.tolist()))


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
