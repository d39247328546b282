"""Proving the question bank from the command line: what its authors run while they write."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import tempfile
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path

from knowledge.authored import CONTENT, read_content, read_overrides
from knowledge.check import Proof, item_faults
from knowledge.derive import covered
from knowledge.importers import ImportFault, find, read
from knowledge.lessons import Item
from knowledge.library import Library, Shelf, publish


def main(arguments: Sequence[str] | None = None) -> int:
    """Print every fault of the bank's items, form faults of the files first; 1 if there is one."""
    asked = argparse.ArgumentParser(prog="python -m knowledge.derive")
    asked.add_argument("--laws", type=Path, help="法规原文的文件夹；只读题目引用的法规")
    asked.add_argument("--library", type=Path, help="资料库文件 library.db")
    asked.add_argument("--content", type=Path, default=CONTENT, help="内容文件夹")
    asked.add_argument("--only", default="", help="只看编号、知识点或文件名以此开头的题")
    asked.add_argument("--day", type=date.fromisoformat, default=date.today())
    given = asked.parse_args(arguments)
    form: list[str] = []
    content = read_content(given.content, form)
    items = [
        i
        for i in content.items
        if any(n.startswith(given.only) for n in (i.id, i.point, Path(i.place.file).name))
    ]
    with tempfile.TemporaryDirectory() as folder:
        library = _library(given.library, given.laws, items, Path(folder))
        if library is None or not library.has_texts:
            _say("没有法规原文：只核对了格式和文字。加 --laws 文件夹，或设 XST_HOME。")
        proof = Proof(content, library, given.day)
        faults = [str(f) for i in items for f in item_faults(proof, i)]
        bare = [
            i.id for i in items if library and library.has_texts and not covered(i, proof.official)
        ]
        if library:
            library.close()
    form = [f for f in form if "quiz" in f]
    _say(*form, *faults)
    if bare:
        _say(f"缺所引条文的原文、没有推答案的题：{'、'.join(bare)}")
    _say(f"题 {len(items)} 道，格式错误 {len(form)} 处，要改 {len(faults)} 处。")
    return 1 if form or faults else 0


def _say(*lines: str) -> None:
    sys.stdout.writelines(f"{line}\n" for line in lines)


def cited_library(laws: Path, items: Iterable[Item], path: Path) -> Library:
    """A library at `path` of the laws under `laws` that items cite, all their versions; much
    sooner read than everything. Raises LibraryError."""
    names = {c.law for i in items for c in i.cite}
    shelf = path.with_name("shelf.db")
    with Shelf(shelf) as target:
        for file in find([laws]):
            if any(name in file.as_posix() for name in names):
                with contextlib.suppress(ImportFault):
                    target.add(read(file))
        target.settle(read_overrides())
    publish(shelf, path, {}, {})
    return Library(path)


def _library(
    path: Path | None, laws: Path | None, items: Iterable[Item], folder: Path
) -> Library | None:
    if laws is not None:
        return cited_library(laws, items, folder / "library.db")
    if path is None:
        home = Path(os.environ.get("XST_HOME", "var"))
        current = home / "current"
        if not current.exists():
            return None
        path = home / "releases" / current.read_text(encoding="utf-8").strip() / "library.db"
    return Library(path)
