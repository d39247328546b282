"""Quiz items that an operator takes out because answers showed that they mislead."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from knowledge.accepting import keep
from knowledge.bound import Standing, Withdrawn
from knowledge.lessons import Item
from knowledge.plain import to_plain
from knowledge.records import KnowledgeError

FILE = "quiz-misleading.json"
MISLEADS = "使用中发现误导"


@dataclass(frozen=True, slots=True)
class Misleading:
    """`by` a person took `item`, worded as `version`, out on the day `on`, and said `why`."""

    item: str
    version: str
    why: str
    by: str
    on: date


def read_misleading(path: Path) -> list[Misleading]:
    """What was taken out; nothing if there is no file. Raises KnowledgeError."""
    if not path.exists():
        return []
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        return [Misleading(**row | {"on": date.fromisoformat(row["on"])}) for row in rows]
    except (ValueError, TypeError, KeyError) as error:
        raise KnowledgeError(f"{path}: 读不出（{error}）；请移开它，再重新撤题") from error


def take_out(path: Path, item: Item, why: str, by: str, on: date) -> None:
    """Keep in `path` that an item misleads. Raises KnowledgeError without reason or name."""
    if not why.strip() or not by.strip():
        raise KnowledgeError("撤题要写明原因（--why）和姓名（--by）")
    others = [m for m in read_misleading(path) if m.item != item.id]
    _write(path, [*others, Misleading(item.id, item.version, why.strip(), by.strip(), on)])


def put_back(path: Path, ident: str) -> bool:
    """Undo it; says whether the item had been taken out."""
    kept = read_misleading(path)
    left = [m for m in kept if m.item != ident]
    if len(left) < len(kept):
        _write(path, left)
    return len(left) < len(kept)


def without(standing: Standing, found: Iterable[Misleading]) -> Standing:
    """The standing less what misleads; an item that was worded anew is asked again."""
    reasons = {(m.item, m.version): m.why for m in found}
    out = [s for s in standing.live if (s.item.id, s.item.version) in reasons]
    gone = (
        Withdrawn(s.item, f"{MISLEADS}：{reasons[s.item.id, s.item.version]}", s.item.cite[0])
        for s in out
    )
    live = tuple(s for s in standing.live if s not in out)
    return Standing(live, (*standing.withdrawn, *gone))


def _write(path: Path, found: Iterable[Misleading]) -> None:
    keep(path, [to_plain(m) for m in found])
