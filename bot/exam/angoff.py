"""The pass mark by Angoff's method: judges say how likely a just competent candidate is right.

Each judge gives each item the share of just competent candidates who would answer it; the mark of
a form is the mean over judges and items (Angoff 1971, Educational Measurement, 2nd ed., p. 515).
As every candidate has other items, each form has its own mark, of the same difficulty.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, sqrt
from pathlib import Path
from statistics import mean, stdev

from bot.exam.rules import ExamError

ENOUGH = 0.8
"""The share of a form that must have been judged."""

FEW = 5
"""Fewer judges than these are said to be few."""


@dataclass(frozen=True, slots=True)
class Ratings:
    """What judges said: item id -> one share from 0 to 1 per judge, in the order of `judges`."""

    judges: tuple[str, ...]
    shares: Mapping[str, tuple[float, ...]]


@dataclass(frozen=True, slots=True)
class Mark:
    """A form's pass mark as a share, and where it comes from, in words."""

    share: float
    source: str

    def needed(self, total: int) -> int:
        """Right answers that pass, of `total`."""
        return ceil(self.share * total - 1e-9)


def read_ratings(path: Path) -> Ratings:
    """A judges' file: CSV, first line 题号 and the judges, then an item and its shares (0.65 or
    65%). Raises ExamError naming file and line."""
    try:
        lines = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"))))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ExamError(f"{path}: 读不出来（{error}）；请存成 UTF-8 的 CSV") from error
    if not lines or len(lines[0]) < 3 or lines[0][0].strip() != "题号":
        raise ExamError(f"{path}: 第 1 行应是 题号,评委一,评委二,…（至少两位评委）")
    judges = tuple(j.strip() for j in lines[0][1:])
    found: dict[str, tuple[float, ...]] = {}
    for number, line in enumerate(lines[1:], 2):
        if not any(cell.strip() for cell in line):
            continue
        item, cells = line[0].strip(), line[1:]
        if not item or item in found:
            raise ExamError(f"{path}: 第 {number} 行的题号是空的，或前面已经有了")
        if len(cells) != len(judges):
            raise ExamError(f"{path}: 第 {number} 行应有 {len(judges)} 位评委的数")
        found[item] = tuple(_share(c, path, number) for c in cells)
    if not found:
        raise ExamError(f"{path}: 一道题也没有")
    return Ratings(judges, found)


def _share(cell: str, path: Path, number: int) -> float:
    text = cell.strip()
    try:
        value = float(text[:-1]) / 100 if text.endswith("%") else float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise ExamError(f"{path}: 第 {number} 行“{text}”应是 0 到 1 的数，或百分数，如 65%")
    return value


def mark(form: Sequence[str], ratings: Ratings | None, default: float) -> Mark:
    """The pass mark of a form of item ids. Where fewer than ENOUGH of them were judged, or there
    are no judges, `default`; its source says so."""
    if ratings is None:
        return Mark(default, f"没有评委定线，按默认 {default:.0%}")
    judged = [i for i in form if i in ratings.shares]
    if len(judged) < ENOUGH * len(form):
        said = f"评委只评过本卷 {len(judged)}/{len(form)} 题，不够定线，按默认 {default:.0%}"
        return Mark(default, said)
    each = [mean(ratings.shares[i][j] for i in judged) for j in range(len(ratings.judges))]
    error = stdev(each) / sqrt(len(each))
    few = "，评委偏少" if len(each) < FEW else ""
    said = (
        f"Angoff 法，{len(each)} 位评委评过本卷 {len(judged)}/{len(form)} 题，"
        f"标准误 {error:.3f}{few}"
    )
    return Mark(mean(each), said)
