"""Measuring: speed of answers, and the project's own wordings on a retrieval benchmark."""

from __future__ import annotations

import gzip
import json
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from bot.assistant import Assistant
from bot.message import Incoming
from bot.release import open_release
from bot.settings import Settings
from bot.teaching import cited_wordings
from bot.turn import Session
from index.retriever import Passage
from knowledge.authored import read_content
from knowledge.citation import Citation, law_name
from knowledge.numerals import normal_article


def bench_answers(settings: Settings, seconds: float) -> dict[str, Any]:
    """Answer the project's own wordings, shuffled, in one process for `seconds`.

    Milliseconds per answer (p50, p99), answers per second, resident memory in MB at the end, and
    seconds from starting the command `xst ask` to its answer.
    """
    first = _first_answer()
    release = open_release(settings)
    sources = release.on(date.today())
    assistant = Assistant(lambda: sources)
    wordings = [q for c in release.cards.values() for q in c.questions]
    wordings += [q for p in release.points.values() for q in p.questions]
    random.Random(0).shuffle(wordings)
    assistant.handle(Incoming(wordings[0]), Session())  # loads jieba's dictionary
    times: list[float] = []
    started = time.perf_counter()
    number = 0
    while time.perf_counter() - started < seconds:
        before = time.perf_counter()
        assistant.handle(Incoming(wordings[number % len(wordings)]), Session())
        times.append((time.perf_counter() - before) * 1000)
        number += 1
    passed = time.perf_counter() - started
    times.sort()
    return {
        "articles": release.manifest["counts"]["articles"],
        "questions": len(wordings),
        "answers": number,
        "p50_ms": round(times[len(times) // 2], 2),
        "p99_ms": round(times[int(len(times) * 0.99)], 2),
        "answers_per_s": round(number / passed, 1),
        "memory_mb": resident_mb(),
        "first_answer_s": first,
    }


def resident_mb() -> float:
    """Resident memory of this process now, in MB; the peak where /proc is missing."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
        kilobytes = next(line.split()[1] for line in lines if line.startswith("VmRSS"))
        return round(int(kilobytes) / 1024, 1)
    except (OSError, StopIteration):
        import resource

        return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)


def _first_answer() -> float:
    """Median of three runs of `xst ask`, in seconds."""
    command = [sys.executable, "-m", "bot", "ask", "加班费怎么算"]
    times = []
    for _ in range(3):
        started = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        times.append(time.perf_counter() - started)
    return round(sorted(times)[1], 2)


def content_questions(folder: Path) -> list[Passage]:
    """The project's wordings as question passages that lead to the benchmark's articles, by law
    and article; those of articles that the benchmark lacks are left out."""
    ids: dict[Citation, str] = {}
    with gzip.open(folder / "corpus.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            ids[Citation(law_name(row["law"]), normal_article(row["art_zh"]))] = row["_id"]
    return list(_leading(ids))


def _leading(ids: dict[Citation, str]) -> Iterator[Passage]:
    for id, question, citation in cited_wordings(read_content()):
        if (target := ids.get(citation)) is not None:
            yield Passage(f"q:{id}:{target}", "question", question, target)
