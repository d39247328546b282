"""Scoring answers on a file of questions with gold articles, facts and dispositions."""

from __future__ import annotations

import json
import re
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.message import Reply
from knowledge.citation import law_name
from knowledge.numerals import NUMBER, narrow, normal_article, to_float

MEASURES = ("disposition", "citation", "hard_facts", "key_facts", "must_not", "in_force")
PLAIN, CITED = 600, 3
"""Only the plain answer's first 600 characters and the first three citations count."""


class EvaluationError(Exception):
    """The file of questions is not in its form; names file, line and field."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One question of the file; `region` only where the profile gives it."""

    id: str
    kind: str
    question: str
    region: str
    gold: tuple[tuple[str, str], ...]
    hard: tuple[str, ...]
    key: tuple[str, ...]
    must_not: tuple[str, ...]
    expect: str


def read_asked(path: Path) -> list[Asked]:
    """Read the questions. Raises EvaluationError at the first line that is not in form."""
    out = []
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise EvaluationError(f"{path}: 读不到（{error}）") from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            raw: dict[str, Any] = json.loads(line)
            out.append(
                Asked(
                    raw["id"],
                    raw.get("kind", ""),
                    raw["question"],
                    raw.get("region", "") if raw.get("region_given") == "profile" else "",
                    tuple(
                        (law_name(g["law"]), normal_article(g["article"]))
                        for g in raw.get("gold", [])
                    ),
                    tuple(raw.get("hard_facts", [])),
                    tuple(raw.get("key_facts", [])),
                    tuple(raw.get("must_not", [])),
                    raw.get("expect", "answer"),
                )
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise EvaluationError(f"{path}:{number}: 不是一行合格的 JSON（{error}）") from error
    return out


def one_form(text: str) -> str:
    """Numbers, shares and percentages in one form, blanks and widths gone, for comparison.

    >>> one_form("三分之二") == one_form("2/3"), one_form("百分之二十") == one_form("20%")
    (True, True)
    """
    text = narrow(text)
    text = re.sub(r"\s+", "", text)

    def share(m: re.Match[str]) -> str:
        low, high = _number(m[1]), _number(m[2])
        return f"{high}%" if low == "100" else f"{high}/{low}"

    text = text.replace("百分之", "100分之")
    text = re.sub(rf"({NUMBER})分之({NUMBER})", share, text)
    text = re.sub(rf"{NUMBER}(?![%/])", lambda m: _number(m[0]), text)
    text = re.sub(r"个(?=工作日|月|小时|星期)", "", text)
    return re.sub(r"(?<=\d)(天|日)", "日", text).replace("之内", "内")


def _number(text: str) -> str:
    try:
        return f"{to_float(text):g}"
    except ValueError:
        return text


def evaluate(asked: Sequence[Asked], ask: Callable[[str, str], Reply]) -> dict[str, Any]:
    """Ask every question, score every answer. Shares are None where nothing counts for them."""
    tallies: dict[str, list[bool]] = defaultdict(list)
    by_kind: dict[str, list[bool]] = defaultdict(list)
    recalls: dict[int, list[bool]] = {1: [], 3: [], 5: []}
    misses: list[dict[str, Any]] = []
    times: list[float] = []
    for question in asked:
        started = time.perf_counter()
        reply = ask(question.question, question.region)
        times.append((time.perf_counter() - started) * 1000)
        answer = one_form(reply.answer[:PLAIN])
        cited = [(law_name(c.law), _article_of(c.article)) for c in reply.citations]
        results: dict[str, bool] = {"disposition": reply.disposition == question.expect}
        by_kind[question.kind].append(results["disposition"])
        if question.gold and question.expect in ("answer", "clarify"):
            results["citation"] = bool(set(cited[:CITED]) & set(question.gold))
            for k in recalls:
                recalls[k].append(question.gold[0] in cited[:k])
        if question.hard:
            results["hard_facts"] = all(one_form(f) in answer for f in question.hard)
        if question.key:
            results["key_facts"] = all(one_form(f) in one_form(reply.text) for f in question.key)
        if question.must_not:
            results["must_not"] = not any(
                one_form(f) in one_form(reply.text) for f in question.must_not
            )
        results["in_force"] = not any(
            c.status in ("已废止", "已被修改", "尚未施行") for c in reply.citations
        )
        for name, good in results.items():
            tallies[name].append(good)
        failed = [n for n, good in results.items() if not good and n != "key_facts"]
        if failed:
            misses.append(
                {
                    "id": question.id,
                    "failed": failed,
                    "question": question.question,
                    "expect": question.expect,
                    "got": reply.disposition,
                    "ref": reply.ref,
                    "confidence": reply.confidence,
                    "gold": [f"《{law}》{article}" for law, article in question.gold],
                    "cited": [f"《{law}》{article}" for law, article in cited[:CITED]],
                }
            )
    times.sort()
    return {
        "questions": len(asked),
        **{name: _share(tallies[name]) for name in MEASURES},
        **{f"recall@{k}": _share(v) for k, v in recalls.items()},
        "counts": {name: [sum(v), len(v)] for name, v in tallies.items()},
        "disposition_by_kind": {k: _share(v) for k, v in by_kind.items()},
        "p50_ms": round(_percentile(times, 0.5), 1),
        "p99_ms": round(_percentile(times, 0.99), 1),
        "misses": misses,
    }  # fmt: skip


def _article_of(place: str) -> str:
    return normal_article(re.split(r"第[^条]*[款项]", place)[0])


def _share(values: Iterable[bool]) -> float | None:
    values = list(values)
    return round(sum(values) / len(values), 4) if values else None


def _percentile(sorted_values: Sequence[float], share: float) -> float:
    if not sorted_values:
        return 0.0
    return sorted_values[min(len(sorted_values) - 1, int(len(sorted_values) * share))]


def counts_line(report: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(name, "good of all = share") rows for a printed table."""
    return [
        (name, f"{good} / {total} = {good / total:.1%}")
        for name, (good, total) in report["counts"].items()
    ]
