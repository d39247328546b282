"""The table `status.csv` that may come with a folder of laws, and the row of each file in it."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

from knowledge.importers.faults import ImportFault

NAME = "status.csv"


@dataclass(frozen=True, slots=True)
class StatusRow:
    """What the source says of one file; `folder` is collection and folder in one path."""

    folder: str
    name: str
    subtitle: str
    level: str
    publish: date | None
    valid_from: date | None
    expired: bool | None


StatusTable = Mapping[str, Sequence[StatusRow]]


def status_table(folder: Path) -> dict[str, list[StatusRow]]:
    """Rows of the nearest status.csv in or above `folder`, by squeezed name and by subtitle.

    {} where there is none. Raises ImportFault when the table lacks its columns.
    """
    start = folder if folder.is_dir() else folder.parent
    for place in (start, *start.resolve().parents):
        path = place / NAME
        if path.is_file():
            return _load(path, path.stat().st_mtime_ns)
    return {}


@lru_cache(maxsize=8)
def _load(path: Path, _stamp: int) -> dict[str, list[StatusRow]]:
    table: dict[str, list[StatusRow]] = {}
    with path.open(encoding="utf-8-sig", newline="") as lines:
        reader = csv.DictReader(lines)
        missing = {"name", "expired"} - set(reader.fieldnames or ())
        if missing:
            raise ImportFault(
                path, f"状态表缺少列 {'、'.join(sorted(missing))}，请补上或移走此文件"
            )
        for raw in reader:
            row = StatusRow(
                "/".join(p for p in (raw.get("collection"), raw.get("folder")) if p and p != "."),
                raw["name"] or "",
                raw.get("subtitle") or "",
                raw.get("level") or "",
                _day(raw.get("publish")),
                _day(raw.get("valid_from")),
                {"0": False, "1": True}.get((raw["expired"] or "").strip()),
            )
            for key in {squeeze(row.name), squeeze(row.subtitle)} - {""}:
                table.setdefault(key, []).append(row)
    return table


def match(table: StatusTable, path: Path) -> StatusRow | None:
    """The row of a file: same name (or subtitle), its folder's tail, and its date.

    A file kept in another folder than the table says is known by name and date alone. A file
    without a date takes the row without one, or the only row; a dated file never takes a row
    of another day.
    """
    stem, label = split_date(path.stem)
    parent = "/".join(path.resolve().parent.parts)
    for key in (squeeze(stem), squeeze(path.parent.name + stem)):
        rows = [r for r in table.get(key, ()) if _under(parent, r.folder)]
        exact = [r for r in rows if r.publish == label]
        if exact:
            return exact[0]
        if rows and (label is None or all(r.publish is None for r in rows)):
            return rows[0] if len(rows) == 1 else None
        moved = [r for r in table.get(key, ()) if label is not None and r.publish == label]
        if not rows and len(moved) == 1:
            return moved[0]
    return None


def split_date(stem: str) -> tuple[str, date | None]:
    """A file name's name and date: 工会法(2021-12-24), 中华人民共和国劳动法_20181229."""
    found = re.match(
        r"^(.+?)\s*[（(\[_-]\s*(\d{4})[-.年]?(\d{2})[-.月]?(\d{2})日?\s*[）)\]]?$", stem
    )
    if found:
        try:
            return found[1], date(int(found[2]), int(found[3]), int(found[4]))
        except ValueError:
            pass
    return stem, None


def squeeze(name: str) -> str:
    """A name without blanks and with full-width brackets, for comparing."""
    return re.sub(r"\s+", "", name).replace("(", "（").replace(")", "）")


def _under(parent: str, folder: str) -> bool:
    return not folder or parent == folder or parent.endswith("/" + folder)


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text.strip()) if text else None
    except ValueError:
        return None
