"""`xst eval pinpoint`: how often the paragraph or item that answers is the one that is marked."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from bot.cli.common import fail, out
from bot.evaluation import EvaluationError
from bot.message import Incoming, Reply
from bot.settings import read_settings
from bot.sources import Sources
from bot.turn import Session
from index.pinpoint import parts
from knowledge.citation import Citation, law_name, read_citation
from knowledge.numerals import normal_article
from knowledge.regions import NATION

QUESTIONS = Path("tests/questions/pinpoint.jsonl")

DEVELOPMENT = 213
"""Lines of that file that the weights were fitted on; the rest, about other articles, is held
out."""

MEASURES = {
    "paragraph": "款全对（多款的条）",
    "item": "项全对（标了项的）",
    "named": "指到项的，指对了",
    "needless": "不该指到项而指了",
    "shown_paragraph": "回答里标出的款全对",
    "shown_item": "回答里标出的项全对",
}


@dataclass(frozen=True, slots=True)
class Marked:
    """One annotated question: the place in the law that answers it; item 0 for the paragraph."""

    line: int
    question: str
    citation: Citation


def read_marked(path: Path) -> list[Marked]:
    """Read the annotations. Raises EvaluationError at the first line that is not in form."""
    found = []
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise EvaluationError(f"{path}: 读不到（{error}）") from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            raw: dict[str, Any] = json.loads(line)
            place = (int(raw["paragraph"]), int(raw["item"] or 0))
            if place[0] < 1 or place[1] < 0:
                raise ValueError("paragraph、item 从 1 数起")
            citation = Citation(law_name(raw["law"]), normal_article(raw["article"]), *place)
            found.append(Marked(number, str(raw["question"]), citation))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise EvaluationError(
                f"{path}:{number}: 不是一行合格的标注（{error!r}）；"
                "应有 question、law、article、paragraph、item"
            ) from error
    return found


def score(
    marked: Sequence[Marked],
    sources: Sources,
    ask: Callable[[str, str], Reply],
    development: int = DEVELOPMENT,
) -> dict[str, Any]:
    """The report: by part (`development`, `held_out`), [right, all] for each measure.

    `paragraph` and `item` are found from the question alone, `shown_…` are what the answer marks
    where it cites the article, so with what cards, rules and their citations add. `missing` are
    lines whose place the library lacks; they count nowhere.
    """
    tallies: dict[str, dict[str, list[bool]]] = {
        part: {m: [] for m in MEASURES} for part in ("development", "held_out")
    }
    missing: list[int] = []
    times: list[float] = []
    misses: list[dict[str, Any]] = []
    for at, one in enumerate(marked):
        part = "development" if at < development else "held_out"
        found, seconds = _one(one, sources, ask)
        if found is None:
            missing.append(one.line)
            continue
        times.append(seconds * 1000)
        for measure, good in found.items():
            tallies[part][measure].append(good)
        missed = [m for m in found if found[m] == (m == "needless")]
        if missed and part == "development":  # who sees held-out misses would tune to them
            misses.append({"line": one.line, "missed": missed, "gold": str(one.citation)})
    times.sort()
    return {
        "questions": len(marked) - len(missing),
        "missing": missing,
        **{p: {m: [sum(v), len(v)] for m, v in t.items()} for p, t in tallies.items()},
        "shares": {
            p: {m: round(sum(v) / len(v), 4) if v else None for m, v in t.items()}
            for p, t in tallies.items()
        },
        "p50_ms": round(times[len(times) // 2], 2) if times else 0.0,
        "p99_ms": round(times[int(len(times) * 0.99)], 2) if times else 0.0,
        "misses": misses,
    }


def _one(
    one: Marked, sources: Sources, ask: Callable[[str, str], Reply]
) -> tuple[dict[str, bool] | None, float]:
    """Which measures count for a question, and whether it meets them; seconds for its article."""
    gold = (one.citation.paragraph, one.citation.item)
    article = sources.article(one.citation)
    every = parts(article.text) if article else []
    if article is None or gold not in ((p.paragraph, p.item) for p in every):
        return None, 0.0
    asked = sources.asked(one.question)
    started = time.perf_counter()
    spot = sources.pinpoint(asked, article.text)
    seconds = time.perf_counter() - started
    region = article.version.region
    reply = ask(one.question, "" if region == NATION else region)
    places = [(spot.part.paragraph, spot.part.item)] if spot else [(1, 0)]
    cited = (c for c in reply.citations if c.id == article.id and c.official)
    places += [_place(c.place) for c in list(cited)[:1]]
    several = sum(not p.item for p in every) > 1
    items = any(p.item and p.paragraph == gold[0] for p in every)
    found = {}
    for prefix, place in zip(("", "shown_"), places, strict=False):
        if several:
            found[f"{prefix}paragraph"] = place[0] == gold[0]
        if gold[1]:
            found[f"{prefix}item"] = place == gold
    if places[0][1]:
        found["named"] = places[0] == gold
    if items and not gold[1]:
        found["needless"] = places[0][0] == gold[0] and places[0][1] > 0
    return found, seconds


def _place(said: str) -> tuple[int, int]:
    """(2, 3) for 第二款第三项; what names no paragraph is in the first, being the only one."""
    citation = read_citation(f"《某》第一条{said}")
    return citation.paragraph or 1, citation.item


def eval_pinpoint(
    file: Annotated[Path, typer.Argument(help="标注文件（JSON 行）")] = QUESTIONS,
    as_json: Annotated[bool, typer.Option("--json", help="最后一行写出全部数字")] = False,
    development: Annotated[
        int, typer.Option(help="前多少行是调参用的，其余是留出的")
    ] = DEVELOPMENT,
    misses: Annotated[bool, typer.Option(help="列出调参部分没标对的")] = False,
) -> None:
    """评测“答案在哪一款、哪一项”：只凭问题标出的，和回答里实际标出的。"""
    from bot.assistant import Assistant
    from bot.release import open_release

    sources = open_release(read_settings()).on(date.today())
    if not sources.has_texts:
        fail("库里没有法规原文；请先运行 xst import 路径，再运行 xst build")
    assistant = Assistant(lambda: sources)

    def ask(question: str, region: str) -> Reply:
        session = Session(region=sources.regions.named(region))
        return assistant.handle(Incoming(question), session).replies[0]

    try:
        report = score(read_marked(file), sources, ask, development)
    except EvaluationError as error:
        fail(str(error))
    table = Table(title=f"{file.name}：{report['questions']} 问")
    table.add_column("项目")
    for name in ("调参部分", "留出部分"):
        table.add_column(name, justify="right")
    for line in _lines(report):
        table.add_row(*line)
    out.print(table)
    out.print(f"每条 {report['p50_ms']} 毫秒（p50），{report['p99_ms']} 毫秒（p99）")
    if report["missing"]:
        lines = "、".join(map(str, report["missing"]))
        out.print(f"库里没有所标位置、没有计入的行：{lines}", soft_wrap=True)
    if misses:
        for miss in report["misses"]:
            names = "、".join(MEASURES[m] for m in miss["missed"])
            out.print(f"第 {miss['line']} 行，应为 {miss['gold']}：{names}", soft_wrap=True)
    if as_json:
        print(json.dumps(report, ensure_ascii=False))


def _lines(report: Mapping[str, Any]) -> Iterable[tuple[str, ...]]:
    for measure, name in MEASURES.items():
        cells = []
        for part in ("development", "held_out"):
            good, total = report[part][measure]
            cells.append(f"{good} / {total} = {good / total:.1%}" if total else "无")
        yield name, *cells
