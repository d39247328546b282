"""Importers: one module per form in which law text reaches people, one splitter for all.

`find` lists the files of folders, `read` turns one into a ParsedText.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from knowledge.importers import header, markdown, text
from knowledge.importers.draft import Draft
from knowledge.importers.faults import ImportFault
from knowledge.importers.splitter import WARNINGS, split
from knowledge.importers.status import StatusRow, StatusTable, match, squeeze, status_table
from knowledge.records import Level, ParsedText, Warning_

__all__ = ["SUFFIXES", "WARNINGS", "ImportFault", "StatusRow", "StatusTable", "find", "match",
           "read", "status_table"]  # fmt: skip

SUFFIXES = (".md", ".docx", ".html", ".htm", ".pdf", ".txt")
LARGEST = 40_000_000
_NOT_LAWS = ("readme.md", "traps.md")


def find(paths: Iterable[Path]) -> list[Path]:
    """The law files among files and below folders, sorted, each once.

    Hidden files, Word's lock files, README.md, TRAPS.md and *-sources.md are left out; a file
    named directly is taken even when its form is unknown, so that `read` can say so.
    """
    found: set[Path] = set()
    for path in paths:
        if path.is_dir():
            found.update(p for p in path.rglob("*") if _is_law(p, path) and p.is_file())
        else:
            found.add(path)
    return sorted(found)


def _is_law(path: Path, below: Path) -> bool:
    name = path.name.lower()
    hidden = any(part.startswith((".", "~$")) for part in path.relative_to(below).parts)
    notes = name in _NOT_LAWS or name.endswith("-sources.md")
    return path.suffix.lower() in SUFFIXES and not hidden and not notes


def read(path: Path, status: StatusTable | None = None) -> ParsedText:
    """One law text from one file. Raises ImportFault, whose message says what to do.

    `status` is the table of `status_table`; without it the nearest status.csv in or above the
    file's folder is used.
    """
    data = _bytes(path)
    draft = _draft(data, path)
    if not draft.title and not draft.body:
        raise ImportFault(path, "文件里没有文字，请核对内容后重新导入")
    row = match(status_table(path) if status is None else status, path)
    whole = "案例" in path.parts[-4:-1] or bool(row and row.level == Level.CASE)
    open_start = bool(draft.part) or "修正案" in draft.title
    body = _without_title(draft.body, draft.title)
    units, warnings = split(body, whole=whole, open_start=open_start)
    facts = header.facts(draft, units, path, row)
    return ParsedText(
        source=str(path),
        title=facts.title,
        name=facts.name,
        articles=units,
        part=facts.part,
        header=draft.header,
        promulgated=facts.promulgated,
        amended=facts.amended,
        effective=facts.effective,
        version=facts.version,
        level=facts.level,
        region=facts.region,
        repeals=facts.repeals,
        expired=facts.expired,
        sha256=hashlib.sha256(data).hexdigest(),
        warnings=_once((*draft.warnings, *warnings, *facts.warnings)),
    )


def _bytes(path: Path) -> bytes:
    try:
        if path.stat().st_size > LARGEST:
            raise ImportFault(path, f"超过 {LARGEST // 1_000_000} MB，请拆分或只保留法规正文")
        data = path.read_bytes()
    except OSError as error:
        raise ImportFault(path, f"读不到文件（{error.strerror}），请检查路径和权限") from error
    if not data.strip():
        raise ImportFault(path, "是空文件，请重新取得后导入")
    return data


def _draft(data: bytes, path: Path) -> Draft:
    """By form. The readers with heavy libraries are loaded only when such a file comes."""
    suffix = path.suffix.lower()
    if suffix == ".md":
        return markdown.read(text.decode(data, path))
    if suffix == ".txt":
        return text.read(text.decode(data, path))
    if suffix == ".docx":
        from knowledge.importers import docx

        return docx.read(data, path)
    if suffix in (".html", ".htm"):
        from knowledge.importers import html

        return html.read(data, path)
    if suffix == ".pdf":
        from knowledge.importers import pdf

        return pdf.read(data, path)
    advice = "旧版 Word，请另存为 .docx" if suffix in (".doc", ".wps") else "不认识这种文件"
    raise ImportFault(path, f"{advice}；能读的有 {' '.join(SUFFIXES)}")


def _without_title(body: tuple[str, ...], title: str) -> tuple[str, ...]:
    """The body without the title that some files print once more above the first article."""
    wanted = squeeze(title)
    for n in range(1, min(4, len(body))):
        if wanted and squeeze("".join(body[:n])) == wanted:
            return body[n:]
    return body


def _once(warnings: Iterable[Warning_]) -> tuple[Warning_, ...]:
    return tuple(dict.fromkeys(warnings))
