"""The common engines of the field and this one, measured alike: same machine, texts, questions.

Each runs in a process of its own, on one core, so that memory and time are its own; a peer whose
package is missing, or that fails, is named, and the others run.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from index.evaluate import read_bench
from index.peers import engines
from index.peers.engines import Ask, Open, Task
from index.retriever import RetrieverError

__all__ = ["PEERS", "Ask", "Open", "Peer", "Task", "chosen", "measure_peers"]


@dataclass(frozen=True, slots=True)
class Peer:
    """An engine to measure: its name, what it is, how to open it.

    `needs` are the modules it imports, `packages` what they come in (for the versions), `extra`
    the extra of this project that installs them.
    """

    name: str
    about: str
    open: Open
    needs: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    extra: str = "peers"

    @property
    def missing(self) -> list[str]:
        return [module for module in self.needs if find_spec(module) is None]


PEERS = (
    Peer("fts5-trigram", "SQLite FTS5，trigram 分词", engines.sqlite_trigram),
    Peer("fts5-jieba", "SQLite FTS5，jieba 预先分词", engines.sqlite_words),
    Peer(
        "langchain",
        "LangChain BM25Retriever（rank-bm25），jieba",
        engines.langchain,
        ("langchain_community", "rank_bm25"),
        ("langchain-community", "rank-bm25"),
    ),
    Peer("bm25s", "bm25s，jieba", engines.bm25s, ("bm25s",), ("bm25s",)),
    Peer("tantivy", "Tantivy，jieba", engines.tantivy, ("tantivy",), ("tantivy",)),
    Peer(
        "milvus",
        "Milvus Lite 混合检索：BM25（jieba）+ 随附的语义模型，RRF",
        engines.milvus_hybrid,
        ("pymilvus", "milvus_lite"),
        ("pymilvus", "milvus-lite"),
        extra="milvus",
    ),
    Peer("stard", "STARD 自带的 BM25，jieba，去停用词，只用条文", engines.stard),
    Peer("xst", "协商通，未训练", engines.untrained),
    Peer("xst-trained", "协商通，学过题", engines.trained),
)

# One thread each, whatever the library brings; and LangChain sends no question to its maker.
_ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "RAYON_NUM_THREADS": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "LANGSMITH_TRACING": "false",
    "LANGCHAIN_TRACING_V2": "false",
}


def chosen(names: str, peers: Sequence[Peer] = PEERS) -> list[Peer]:
    """The peers of a comma-separated list, in our order; all of them for an empty one.

    Raises RetrieverError, naming those there are, for a name that is none.
    """
    wanted = {name.strip() for name in names.split(",") if name.strip()}
    if unknown := wanted - {peer.name for peer in peers}:
        there = "、".join(peer.name for peer in peers)
        raise RetrieverError(f"没有对照 {'、'.join(sorted(unknown))}；有的是 {there}")
    return [peer for peer in peers if not wanted or peer.name in wanted]


def measure_peers(
    folder: Path,
    split: str,
    train: str,
    peers: Sequence[Peer] = PEERS,
    tell: Callable[[Peer, dict[str, Any]], None] = lambda peer, figures: None,
) -> dict[str, Any]:
    """Ask each peer the questions of `split` in `folder`; those that can, learn from `train`.

    A question of `split` is never learned from while it is asked. Per peer: the measures of
    `index.evaluate` with their 95 % intervals, queries per second and milliseconds (one at a
    time, after one to warm up), seconds to build, MB of memory (see `index.peers.run`); or, under
    `missing` or `failed`, why not. `tell` hears of each peer when it is done.
    Raises RetrieverError when the benchmark itself cannot be read.
    """
    data = read_bench(folder, *{split, train})
    report: dict[str, Any] = {
        "split": split,
        "train": train,
        "articles": len(data.articles),
        "questions": len(data.qrels[split]),
        "peers": [],
        "missing": [],
        "failed": [],
    }
    del data  # each process reads its own
    for peer in peers:
        found: dict[str, Any] = {"name": peer.name, "about": peer.about}
        if missing := peer.missing:
            found |= {"needs": missing, "extra": peer.extra}
            report["missing"].append(found)
        else:
            found |= {"versions": {name: _version(name) for name in peer.packages}}
            found |= _apart(peer, folder, split, train)
            report["failed" if "error" in found else "peers"].append(found)
        tell(peer, found)
    return report


def _apart(peer: Peer, folder: Path, split: str, train: str) -> dict[str, Any]:
    """The figures of `peer` from a process of its own, or its last words under `error`."""
    with tempfile.TemporaryDirectory() as temporary:
        inside, result = Path(temporary) / "peer", Path(temporary) / "figures.json"
        inside.mkdir()
        job = {
            "open": f"{peer.open.__module__}:{getattr(peer.open, '__qualname__', '')}",
            "needs": peer.needs,
            "bench": str(folder.resolve()),
            "split": split,
            "train": train,
            "folder": str(inside),
            "result": str(result),
        }
        done = subprocess.run(
            [sys.executable, "-m", "index.peers.run"],
            input=json.dumps(job),
            env=os.environ | _ENVIRONMENT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
        if done.returncode or not result.exists():
            lines = [line for line in done.stderr.splitlines() if line.strip()]
            return {"error": lines[-1] if lines else f"退出码 {done.returncode}"}
        figures: dict[str, Any] = json.loads(result.read_text(encoding="utf-8"))
        return figures


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
