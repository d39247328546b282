"""Word files: the download form of the national law database, and plain documents."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import docx
from docx.document import Document
from docx.opc.exceptions import PackageNotFoundError
from docx.table import Table
from docx.text.paragraph import Paragraph

from knowledge.importers.draft import Draft, clean_lines, draft
from knowledge.importers.faults import ImportFault

_OLD_WORD = b"\xd0\xcf\x11\xe0"
_LARGEST = 200_000_000


def read(data: bytes, path: Path) -> Draft:
    """Paragraphs and table rows of a .docx, in the order of the document."""
    lines, warnings = clean_lines("\n".join(_lines(_open(data, path))))
    return draft(lines, warnings=warnings)


def _open(data: bytes, path: Path) -> Document:
    if data.startswith(_OLD_WORD):
        raise ImportFault(path, "是加密或旧版 Word 文件，请在 Word 中去掉密码并另存为 .docx")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > _LARGEST:
                raise ImportFault(path, "解压后过大，请拆分或只保留法规正文")
        return docx.Document(io.BytesIO(data))
    except (zipfile.BadZipFile, PackageNotFoundError, KeyError, ValueError, OSError) as error:
        raise ImportFault(path, "Word 文件已损坏，请重新下载，或用 Word 打开后另存一份") from error


def _lines(document: Document) -> list[str]:
    lines = []
    for block in document.iter_inner_content():
        if isinstance(block, Paragraph):
            # Manual line breaks part paragraphs in the national database's files.
            lines.append(block.text)
        elif isinstance(block, Table):
            lines += _rows(block)
    return lines


def _rows(table: Table) -> list[str]:
    """One line a row; a merged cell, which Word repeats, stands once."""
    lines = []
    for row in table.rows:
        cells: list[str] = []
        seen = None
        for cell in row.cells:
            if cell._tc is not seen:
                cells.append(" ".join(cell.text.split()))
            seen = cell._tc
        if any(cells):
            lines.append("| " + " | ".join(cells) + " |")
    return lines
