"""One peer in a process of its own: reads a job from standard input, writes its figures to a file.

Started by `index.peers.measure_peers`; not meant to be called by hand.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import json
import math
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from index.evaluate import CUTS, Bench, measure, read_bench
from index.memory import QUESTION
from index.peers.engines import Ask, Open, Task
from index.retriever import Passage

RESAMPLES, SEED = 2000, 20261120


def intervals(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The bounds (2, m) of the 95 % interval of each mean of `values` (queries, m).

    Percentile bootstrap over queries (Efron 1979), 2,000 resamples, the same ones every time, so
    that peers that answered the same questions are resampled alike.
    """
    count = len(values)
    drawn = np.random.default_rng(SEED).multinomial(count, np.full(count, 1 / count), RESAMPLES)
    bounds: npt.NDArray[np.float64] = np.percentile(drawn @ values / count, (2.5, 97.5), axis=0)
    return bounds


def learned(data: Bench, train: str, split: str) -> dict[str, list[Passage]]:
    """The question passages of `train` by question, one per article.

    Where `split` is another split its questions are left out here; where it is the same one, each
    peer leaves out the one that is asked.
    """
    asked = set() if train == split else set(data.qrels[split])
    return {
        id: [Passage(f"q:{id}:{at}", QUESTION, data.questions[id], ref=at) for at in articles]
        for id, articles in data.qrels[train].items()
        if id not in asked
    }


def examine(
    ask: Ask, questions: Mapping[str, str], qrels: Mapping[str, list[str]]
) -> dict[str, Any]:
    """The measures, their intervals, and the times of asking one after another.

    `cpu_ms` is the mean of what all threads worked for a question: other work on the machine
    lengthens `p99_ms` and lowers `qps`, but not that.
    """
    first = next(iter(qrels))
    ask("", questions[first], max(CUTS))  # what loads at the first question is not measured
    found, times = [], []
    spent = 0.0
    for id, relevant in qrels.items():
        start, before = time.perf_counter(), time.process_time()
        ranked = ask(id, questions[id], max(CUTS))
        spent += time.process_time() - before
        times.append(time.perf_counter() - start)
        found.append(measure({id: ranked}, {id: relevant}))
    names = list(found[0])
    values = np.array([[one[name] for name in names] for one in found])
    low, high = intervals(values).round(4).tolist()
    times.sort()
    return {
        "queries": len(qrels),
        **dict(zip(names, values.mean(axis=0).round(4).tolist(), strict=True)),
        "intervals": {name: [low[i], high[i]] for i, name in enumerate(names)},
        "qps": round(len(times) / sum(times), 1),
        "p99_ms": round(1000 * times[math.ceil(0.99 * len(times)) - 1], 1),
        "cpu_ms": round(1000 * spent / len(times), 2),
    }


def main() -> None:
    """Build, open, ask, and write the figures.

    `build_s` and `build_cpu_s` leave out importing the peer's packages. `memory_mb` is what the
    process grew by from before these imports to after opening, freed memory given back;
    `memory_asked_mb` the same after the last question (files mapped are read by then).
    """
    job = json.load(sys.stdin)
    _on_one_core()
    data = read_bench(Path(job["bench"]), *{job["split"], job["train"]})
    known = learned(data, job["train"], job["split"])
    same = job["train"] == job["split"]
    task = Task(data.articles, known, Path(job["folder"]), data.ids, held_out=same)
    module, _, name = job["open"].partition(":")
    opening: Open = getattr(importlib.import_module(module), name)
    before = resident_mb()
    for package in job["needs"]:
        importlib.import_module(package)  # counts as memory and not as building
    start, worked = time.perf_counter(), time.process_time()
    ask = opening(task)
    figures: dict[str, Any] = {
        "build_s": round(time.perf_counter() - start, 1),
        "build_cpu_s": round(time.process_time() - worked, 1),
    }
    figures["memory_mb"] = round(resident_mb() - before, 1)
    figures |= examine(ask, data.questions, data.qrels[job["split"]])
    figures["memory_asked_mb"] = round(resident_mb() - before, 1)
    Path(job["result"]).write_text(json.dumps(figures), encoding="utf-8")
    # Some packages keep threads that hold up a normal exit.
    os._exit(0)


def resident_mb() -> float:
    """What this process holds in memory, after giving back what it can; 0 where none can say."""
    gc.collect()
    with contextlib.suppress(AttributeError, OSError, TypeError):  # another C library keeps it
        ctypes.CDLL(None).malloc_trim(0)
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def _on_one_core() -> None:
    """Threads that a library starts on its own do not make it faster than the others."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


if __name__ == "__main__":
    main()
