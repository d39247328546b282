"""Which quiz items an operator found right with articles that changed: kept beside the content."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from knowledge.bound import Bound
from knowledge.citation import Citation, CitationError, read_citation, write_citation
from knowledge.lessons import Item
from knowledge.plain import to_plain
from knowledge.records import KnowledgeError

FILE = "quiz-accepted.json"


@dataclass(frozen=True, slots=True)
class Acceptance:
    """`by` a person found `item`, worded as `version`, right with these texts on the day `on`."""

    item: str
    version: str
    by: str
    on: date
    articles: Mapping[str, str]

    @property
    def bound(self) -> Bound:
        return {read_citation(name): sha for name, sha in self.articles.items()}


def read_accepted(path: Path) -> list[Acceptance]:
    """The acceptances kept in `path`; none if there is no file. Raises KnowledgeError."""
    if not path.exists():
        return []
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        found = [Acceptance(**row | {"on": date.fromisoformat(row["on"])}) for row in rows]
        for one in found:
            _ = one.bound
    except (ValueError, TypeError, KeyError, AttributeError, CitationError) as error:
        problem = f"{path}: 读不出（{error}）；请移开它，再用 xst quiz accept 重新确认"
        raise KnowledgeError(problem) from error
    return found


def accepted(found: Iterable[Acceptance], items: Iterable[Item]) -> dict[str, dict[Citation, str]]:
    """Item id -> texts it was accepted with; an item that was worded anew needs a new look."""
    versions = {i.id: i.version for i in items}
    return {a.item: dict(a.bound) for a in found if versions.get(a.item) == a.version}


def accept(path: Path, item: Item, bound: Bound, by: str, on: date) -> Acceptance:
    """Keep an acceptance in `path`, swapped in one step. Raises KnowledgeError without a name."""
    if not by.strip():
        raise KnowledgeError("确认要写明姓名（--by）")
    articles = {write_citation(c): sha for c, sha in sorted(bound.items())}
    new = Acceptance(item.id, item.version, by.strip(), on, articles)
    kept = [a for a in read_accepted(path) if a.item != item.id]
    rows = [to_plain(asdict(a)) | {"on": a.on.isoformat()} for a in (*kept, new)]
    keep(path, rows)
    return new


def keep(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write what an operator decided, swapped in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_text(json.dumps(rows, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    draft.replace(path)
