"""How far a match can be trusted: the probability that its first entry answers the question, that
the question is of our field at all, and that it says anything.

A confidence of `index.questions` tells how like a question is to an entry. A message about a
traffic accident is like our card about accidents on the way to work; what tells them apart is
its other words. Three logistic regressions read a few figures of the match and of the wording,
among them naive Bayes ratios over pairs of characters: our wordings against messages about
other things, labour law against all other law. The numbers ship with the project
(`index/model/calibration.json`, made by `xst learn calibration`).
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from index.retriever import Hit, RetrieverError

Floats = npt.NDArray[np.float64]

SHIPPED = Path(__file__).parent / "model" / "calibration.json"

FEATURES = (
    "top",  # confidence of the first entry
    "margin",  # how far the second is behind it
    "apart",  # how far the first of another topic is behind it
    "field",  # share of words of our field
    "short",  # how far below ENOUGH its characters are
    "new",  # share of pairs of characters that neither we nor the others use
    "lay",  # naive Bayes: our wordings against messages about other things
    "law",  # naive Bayes: labour law against other law
    "foreign",  # the pairs that speak most against our field
    "abroad",  # whether a place under other law is asked about
)
BENDS = (
    ("top", "top"),
    ("margin", "margin"),
    ("lay", "lay"),
    ("lay", "top"),
    ("lay", "foreign"),
    ("short", "top"),
    ("foreign", "top"),
)
"""Products that go in beside the features: a straight line was too sure at both ends (expected
calibration error of the testing part 0.039 before they were added, 0.013 after)."""

HEADS = ("right", "ours", "said")

ENOUGH = 8
"""Characters from which a longer message is no more likely to say something."""

FAR = 0.35
"""Distance from which it does not matter how far the next entry is behind."""

STRANGEST = 3
"""Pairs of characters that `foreign` is the mean of."""

CALM = 3
"""Pairs of no weight that every message is taken to have, so that one pair decides nothing."""

_ABROAD = re.compile(
    "(?:香港|澳门|台湾|台灣|港澳台|日本|韩国|朝鲜|美国|加州|纽约|加拿大|墨西哥|巴西|阿根廷|智利|英国|法国|德国"
    "|意大利|西班牙|葡萄牙|荷兰|比利时|瑞士|瑞典|挪威|丹麦|芬兰|波兰|匈牙利|希腊|爱尔兰|奥地利|俄罗斯|乌克兰|欧盟|欧洲|新加坡"
    "|马来西亚|泰国|越南|老挝|缅甸|柬埔寨|菲律宾|印尼|印度尼西亚|印度|巴基斯坦|孟加拉|斯里兰卡|尼泊尔|蒙古国|哈萨克斯坦|土耳其"
    "|伊朗|伊拉克|以色列|沙特|阿联酋|迪拜|卡塔尔|埃及|南非|尼日利亚|肯尼亚|非洲|澳大利亚|澳洲|新西兰)"
    # Who comes from there, or owns the firm, works under our law.
    "(?!人|籍|来的|工人|工友|员工|媳妇|老板|公司|企业|独资|合资|客户|同事|总部|集团|商人|资|那家|的?(?:老板|公司|企业|客户|厂))"
)
_SENT = re.compile("派(?!遣)|出差|驻外|常驻|中资|国内的?(?:公司|单位|企业)")

EXACT = 0.999
"""A confidence that only the very words of an entry reach."""

STEP = 0.1
"""Ratios are kept in steps of this."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What is thought of a match: three probabilities, and the figures they come from."""

    right: float
    """That the first entry answers the question."""
    ours: float
    """That the question is about work, unions or bargaining on the mainland."""
    said: float
    """That the message says what it is about."""
    features: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class About:
    """What the wording and the hits alone do not tell."""

    apart: float
    """The confidence of the first hit of another topic than the first's; see `apart`."""
    field: float
    """Share of words of our field."""
    abroad: bool
    """See `abroad`."""


@dataclass(frozen=True, slots=True)
class Ratios:
    """Log ratios of pairs of characters, ours to the others'; see `ratios`."""

    lay: Mapping[str, float]
    law: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Model:
    """Weights by head, for standardised features, then BENDS, then the constant."""

    means: tuple[float, ...]
    spreads: tuple[float, ...]
    heads: Mapping[str, tuple[float, ...]]

    def probabilities(self, head: str, rows: Floats) -> Floats:
        """One for each row of features."""
        z = _bent((rows - np.array(self.means)) / np.array(self.spreads))
        weights = np.array(self.heads[head])
        found: Floats = _logistic(z @ weights[:-1] + weights[-1])
        return found


@dataclass(frozen=True, slots=True)
class Calibration:
    """A model with the ratios it reads."""

    model: Model
    ratios: Ratios

    def judge(self, text: str, hits: Sequence[Hit], about: About) -> Judged:
        """What to think of `hits` for `text`, which is without its places."""
        values = features(text, [h.score for h in hits], about, self.ratios)
        named = dict(zip(FEATURES, values, strict=True))
        if hits and hits[0].score >= EXACT:
            return Judged(1.0, 1.0, 1.0, named)
        row = np.array([values])
        right, ours, said = (float(self.model.probabilities(h, row)[0]) for h in HEADS)
        return Judged(right if hits else 0.0, ours, said, named)


def apart(hits: Sequence[Hit], topic: Callable[[str], str]) -> float:
    """The confidence of the first hit whose topic is another than the first hit's; 0 if none."""
    first = topic(hits[0].ref) if hits else ""
    return next((h.score for h in hits[1:] if topic(h.ref) != first), 0.0)


def abroad(text: str) -> bool:
    """Whether a place is named that has a labour law of its own; 「日本老板」 is none, nor is the
    place that someone is sent to."""
    return bool(_ABROAD.search(text)) and not _SENT.search(text)


def pairs(text: str) -> list[str]:
    """Pairs of neighbouring Chinese characters, each once, in order."""
    found = dict.fromkeys(
        run[i : i + 2] for run in re.findall(r"[\u4e00-\u9fff]+", text) for i in range(len(run) - 1)
    )
    return list(found)


def features(text: str, scores: Sequence[float], about: About, ratios: Ratios) -> tuple[float, ...]:
    """The figures of FEATURES; `scores` are the confidences of the hits, best first."""
    top, second = (*scores[:2], 0.0, 0.0)[:2]
    said = pairs(text)
    count = len(said) + CALM
    lay = sorted(ratios.lay.get(p, 0.0) for p in said)
    length = len(re.sub(r"[\W_]", "", text))
    return (
        top,
        min(FAR, top - second),
        min(FAR, top - about.apart),
        min(0.5, about.field),
        max(0.0, 1.0 - length / ENOUGH),
        sum(p not in ratios.lay for p in said) / count,
        sum(lay) / count,
        sum(ratios.law.get(p, 0.0) for p in said) / count,
        sum(v for v in lay[:STRANGEST] if v < 0) / STRANGEST,
        float(about.abroad),
    )


# Fitting


def ratios(
    ours: Iterable[str],
    others: Iterable[str],
    least: int = 1,
    unseen: float = 1.0,
    quiet: float = 0.0,
) -> dict[str, float]:
    """The log ratio of each pair's share of our texts to its share of the others', a pair
    counted once a text and taken to be in `unseen` texts more of the smaller side.

    Left out: pairs in fewer than `least` of our texts and none of the others', and ratios that
    are closer to 0 than `quiet`. Nothing to compare gives nothing.
    """
    left, right = Counter[str](), Counter[str]()
    sizes = [0, 0]
    for side, (counter, texts) in enumerate(((left, ours), (right, others))):
        for text in texts:
            counter.update(pairs(text))
            sizes[side] += 1
    if not all(sizes):
        return {}
    floor = unseen / min(sizes)
    found = {}
    for pair in sorted(left.keys() | right.keys()):
        if left[pair] < least and not right[pair]:
            continue
        value = np.log((left[pair] / sizes[0] + floor) / (right[pair] / sizes[1] + floor))
        if abs(value) >= quiet:
            found[pair] = round(round(float(value) / STEP) * STEP, 1)
    return found


def fit(rows: Floats, targets: Mapping[str, Floats], weights: Floats, l2: float = 1e-3) -> Model:
    """One logistic regression for each head by Newton's method; `l2` times the sum of weights
    is the strength of the ridge, which spares the constant. Rows of NaN target are left out."""
    means, spreads = rows.mean(axis=0), rows.std(axis=0)
    spreads = np.where(spreads > 0, spreads, 1.0)
    z = _bent((rows - means) / spreads)
    heads = {}
    for head, target in targets.items():
        used = ~np.isnan(target)
        heads[head] = tuple(map(float, regress(z[used], target[used], weights[used], l2)))
    return Model(tuple(map(float, means)), tuple(map(float, spreads)), heads)


def cross_validated(
    rows: Floats, target: Floats, weights: Floats, groups: npt.NDArray[np.int_]
) -> Floats:
    """For each row the prediction of a fit that has seen no row of its group."""
    found: Floats = np.full(len(rows), np.nan)
    for group in np.unique(groups):
        out = groups == group
        model = fit(rows[~out], {"right": target[~out]}, weights[~out])
        found[out] = model.probabilities("right", rows[out])
    return found


def regress(rows: Floats, target: Floats, weights: Floats, l2: float) -> Floats:
    """Weights of a logistic regression, the constant last."""
    x = np.column_stack((rows, np.ones(len(rows))))
    ridge = np.full(x.shape[1], l2 * weights.sum())
    ridge[-1] = 1e-9 * weights.sum()
    beta: Floats = np.zeros(x.shape[1])
    for _ in range(100):
        p = _logistic(x @ beta)
        gradient = x.T @ (weights * (p - target)) + ridge * beta
        curvature = (x * (weights * p * (1 - p))[:, None]).T @ x + np.diag(ridge)
        step = np.linalg.solve(curvature, gradient)
        # Far from the optimum a whole step overshoots.
        beta = beta - step * min(1.0, 5.0 / max(1e-12, float(np.abs(step).max())))
        if np.abs(step).max() < 1e-9:
            break
    return beta


def _bent(z: Floats) -> Floats:
    column = {name: i for i, name in enumerate(FEATURES)}
    products = [z[:, column[a]] * z[:, column[b]] for a, b in BENDS]
    return np.column_stack((z, *products))


def _logistic(x: Floats) -> Floats:
    out: Floats = 1.0 / (1.0 + np.exp(-np.clip(x, -30, 30)))
    return out


# Measuring


@dataclass(frozen=True, slots=True)
class Bin:
    """Predictions between `low` and `low` + 0.1: how many, their mean, the share that was right."""

    low: float
    n: int
    predicted: float
    right: float


def reliability(predicted: Floats, right: Floats, weights: Floats | None = None) -> list[Bin]:
    """Ten bins; an empty one has zeros. With `weights`, mean and share are weighted."""
    w = np.ones(len(predicted)) if weights is None else weights
    which = np.minimum(9, (predicted * 10).astype(int))
    found = []
    for k in range(10):
        here = (which == k) & (w > 0)
        n = int(here.sum())
        mean = float(np.average(predicted[here], weights=w[here])) if n else 0.0
        share = float(np.average(right[here], weights=w[here])) if n else 0.0
        found.append(Bin(k / 10, n, round(mean, 4), round(share, 4)))
    return found


def expected_error(predicted: Floats, right: Floats, weights: Floats | None = None) -> float:
    """Expected calibration error: the gap between mean and share of each bin, by its weight
    (Naeini et al. 2015)."""
    w = np.ones(len(predicted)) if weights is None else weights
    which = np.minimum(9, (predicted * 10).astype(int))
    gaps = (abs(float((w * (predicted - right))[which == k].sum())) for k in range(10))
    return sum(gaps) / float(w.sum()) if len(predicted) else 0.0


def brier(predicted: Floats, right: Floats, weights: Floats | None = None) -> float:
    """The mean squared distance of the prediction from what was (Brier 1950)."""
    return float(np.average((predicted - right) ** 2, weights=weights)) if len(predicted) else 0.0


# Keeping


def save(calibration: Calibration, path: Path, notes: Mapping[str, object] | None = None) -> None:
    """Write JSON: the model, and for each ratio the pairs that have it, one after the other."""
    model = calibration.model
    held = {
        "features": FEATURES,
        "notes": notes or {},
        "means": [round(v, 6) for v in model.means],
        "spreads": [round(v, 6) for v in model.spreads],
        "heads": {head: [round(v, 6) for v in values] for head, values in model.heads.items()},
        "lay": _by_ratio(calibration.ratios.lay),
        "law": _by_ratio(calibration.ratios.law),
    }
    path.write_text(json.dumps(held, ensure_ascii=False, indent=0) + "\n", encoding="utf-8")


def open_calibration(path: Path = SHIPPED) -> Calibration:
    """Read what `save` wrote. Raises RetrieverError when it is missing or damaged."""
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
        if tuple(held["features"]) != FEATURES:
            raise ValueError(f"features {held['features']}")
        heads = {head: tuple(map(float, held["heads"][head])) for head in HEADS}
        wide = {len(FEATURES) + len(BENDS) + 1} | {len(v) for v in heads.values()}
        if len(wide) > 1 or {len(held["means"]), len(held["spreads"])} != {len(FEATURES)}:
            raise ValueError("heads")
        model = Model(tuple(held["means"]), tuple(held["spreads"]), heads)
        return Calibration(model, Ratios(_by_pair(held["lay"]), _by_pair(held["law"])))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise RetrieverError(
            f"{path}：校准表读不出；请重新安装，或运行 xst learn calibration"
        ) from error


@cache
def shipped() -> Calibration:
    """The calibration that ships, read once."""
    return open_calibration()


def _by_ratio(table: Mapping[str, float]) -> dict[str, str]:
    found: dict[float, list[str]] = {}
    for pair, value in sorted(table.items()):
        found.setdefault(value, []).append(pair)
    return {f"{value:g}": "".join(found[value]) for value in sorted(found)}


def _by_pair(table: Mapping[str, str]) -> dict[str, float]:
    return {
        run[i : i + 2]: float(value) for value, run in table.items() for i in range(0, len(run), 2)
    }
