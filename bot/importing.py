"""`xst import`: many files read in parallel, placed on the shelf in one transaction."""

from __future__ import annotations

import multiprocessing
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from knowledge.authored import read_overrides
from knowledge.importers import ImportFault, find, read
from knowledge.library import Counts, Shelf, text_key
from knowledge.pieces import Override
from knowledge.records import ParsedText

TWIN = "twin"
"""Warning: one version came in two files; the later in order of path was kept."""


@dataclass
class Imported:
    """What an import did. `faults` names each file that could not be read, and why."""

    files: int = 0
    counts: Counts = field(default_factory=Counts)
    warnings: Counter[str] = field(default_factory=Counter)
    faults: list[tuple[Path, str]] = field(default_factory=list)
    totals: tuple[int, int, int] = (0, 0, 0)


def import_paths(
    paths: Iterable[Path],
    shelf: Path,
    progress: Callable[[int, int], None] | None = None,
    overrides: Iterable[Override] | None = None,
) -> Imported:
    """Read every law file under `paths` onto `shelf`. A file that cannot be read is named and
    the rest goes on; any other exception leaves the shelf as it was. `overrides` are the reviewed
    corrections of validity, by default the project's own."""
    files = find(paths)
    done = Imported(files=len(files))
    with Shelf(shelf) as target:
        texts: dict[str, ParsedText] = {}
        for number, (path, text, fault) in enumerate(_read_all(files), 1):
            if text is None:
                done.faults.append((path, fault))
            else:
                # Undated texts of one name are different texts; the shelf tells them apart.
                key = text_key(text) if text.version else str(path)
                done.warnings[TWIN] += key in texts
                texts[key] = text
                done.warnings.update(w.kind for w in text.warnings)
            if progress:
                progress(number, len(files))
        for text in texts.values():
            target.add(text)
        target.settle(read_overrides() if overrides is None else overrides)
        done.counts, done.totals = target.counts, target.totals()
    return done


Read = tuple[Path, ParsedText | None, str]


def _read_all(files: list[Path]) -> Iterator[Read]:
    workers = min(os.cpu_count() or 1, 8)
    if len(files) < 40 or workers == 1:
        yield from map(_read_one, files)
        return
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        yield from pool.imap(_read_one, files, chunksize=16)


def _read_one(path: Path) -> Read:
    try:
        return path, read(path), ""
    except ImportFault as fault:
        return path, None, str(fault)
    except Exception as error:  # a file nobody foresaw must not stop the other three thousand
        return (
            path,
            None,
            f"{path}: 读取时出错（{type(error).__name__}: {error}），请把文件发给维护者",
        )
