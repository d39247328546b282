"""How an exam is held: `XST_HOME/exam.toml`, read strictly, with defaults for all of it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from knowledge.lessons import AREAS

LEAST = 55
"""Items of an exam: ten reach a reliability (KR-20) of about 0.42, and by Spearman–Brown it takes
55 for the 0.80 that a decision about one person wants."""

LEVELS = (1, 2, 3)


class ExamError(Exception):
    """An exam cannot be prepared, or a file of it read; the message says where and what to do."""


@dataclass(frozen=True, slots=True)
class Rules:
    """`minutes` for a sitting; `least_seconds` an item must be looked at before it is answered;
    `resit_days` after a failure; `kept_years` of a person's data after the last sitting;
    `pass_mark` the share of right answers where no judges' file is given; `blueprint` how many
    items of each area and level, empty for as even as the bank allows."""

    organiser: str = ""
    region: str = "国家"
    minutes: int = 120
    least_seconds: int = 5
    resit_days: int = 7
    kept_years: int = 3
    pass_mark: float = 0.7
    judges: str = ""
    blueprint: Mapping[tuple[int, int], int] = field(default_factory=dict)


_RANGES = {
    "minutes": (10, 600),
    "least_seconds": (0, 120),
    "resit_days": (0, 365),
    "kept_years": (1, 10),
}


def read_rules(path: Path) -> Rules:
    """The rules in a file; the defaults where there is none. Raises ExamError."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return Rules()
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ExamError(f"{path}: 读不出来（{error}）") from error
    try:
        return _rules(raw)
    except ExamError as error:
        raise ExamError(f"{path}: {error}") from error


def _rules(raw: dict[str, Any]) -> Rules:
    known = {f.name for f in fields(Rules)}
    if unknown := set(raw) - known:
        raise ExamError(
            f"不认识的项 {'、'.join(sorted(unknown))}；可用的有 {'、'.join(sorted(known))}"
        )
    said: dict[str, Any] = {}
    for name, value in raw.items():
        if name in _RANGES:
            low, high = _RANGES[name]
            if type(value) is not int or not low <= value <= high:
                raise ExamError(f"{name}: 应是 {low} 到 {high} 的整数")
        elif name == "pass_mark":
            if not isinstance(value, float) or not 0.5 <= value <= 0.95:
                raise ExamError("pass_mark: 应是 0.5 到 0.95 的小数，如 0.7")
        elif name == "blueprint":
            value = _blueprint(value)
        elif not isinstance(value, str):
            raise ExamError(f"{name}: 应是文字")
        said[name] = value
    return Rules(**said)


def _blueprint(raw: Any) -> dict[tuple[int, int], int]:
    if not isinstance(raw, dict) or set(raw) != {str(a) for a in AREAS}:
        raise ExamError(f"[blueprint] 应写 1 到 {len(AREAS)} 个领域，如 4 = [1, 2, 2]")
    found: dict[tuple[int, int], int] = {}
    for area, counts in raw.items():
        good = isinstance(counts, list) and len(counts) == len(LEVELS)
        if not good or any(type(c) is not int or c < 0 for c in counts) or not sum(counts):
            raise ExamError(f"[blueprint] {area}: 应是难度 1、2、3 各几道题，如 [1, 2, 2]")
        found |= {(int(area), level): n for level, n in zip(LEVELS, counts, strict=True)}
    if (total := sum(found.values())) < LEAST:
        raise ExamError(f"[blueprint] 共 {total} 道题，至少要 {LEAST} 道才量得准一个人")
    return found
