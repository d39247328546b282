"""PDF files with a text layer; lines broken by the page are joined to paragraphs."""

from __future__ import annotations

import io
import re
from collections import Counter
from pathlib import Path

import pypdf
from pypdf.errors import PyPdfError

from knowledge.importers.draft import Draft, clean_lines, draft, join_wrapped
from knowledge.importers.faults import ImportFault

_PAGE = re.compile(
    r"^[\-—–·\s]*(?:第\s*)?\d{1,4}\s*(?:页)?(?:\s*[/／,，]?\s*共?\s*\d{1,4}\s*页?)?[\-—–·\s]*$"
)
_BETWEEN = re.compile(
    r"(?<=[\u4e00-\u9fff，。；：、（）《》“”])[ ](?=[\u4e00-\u9fff，。；：、（）《》“”])"
)


def read(data: bytes, path: Path) -> Draft:
    """Paragraphs of the pages. Raises ImportFault when encrypted, broken or without text."""
    pages = [clean_lines(page) for page in _pages(data, path)]
    warnings = tuple(dict.fromkeys(w for _, found in pages for w in found))
    running = _running([lines for lines, _ in pages])
    lines = [
        line for page, _ in pages for line in page if not _PAGE.match(line) and line not in running
    ]
    if sum(len(line) for line in lines) < max(20, 10 * len(pages)):
        raise ImportFault(path, "没有文字层，像是扫描件；请先做文字识别（OCR），或换用 Word 版")
    return draft(join_wrapped([_unspace(line) for line in lines]), warnings=warnings)


def _pages(data: bytes, path: Path) -> list[str]:
    try:
        reader = pypdf.PdfReader(io.BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            raise ImportFault(path, "PDF 已加密，请去掉密码后再导入")
        return [page.extract_text() for page in reader.pages]
    except ImportFault:
        raise
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, OSError) as error:
        raise ImportFault(path, "PDF 打不开或已损坏，请重新下载，或换用 Word 版") from error
    except (ImportError, NotImplementedError) as error:
        raise ImportFault(path, "PDF 的加密方式不支持，请去掉密码后再导入") from error


def _running(pages: list[list[str]]) -> frozenset[str]:
    """Headers and footers: the first or last line that most pages share."""
    edges = Counter(line for page in pages for line in {*page[:1], *page[-1:]})
    return frozenset(line for line, times in edges.items() if times > max(2, len(pages) * 0.6))


def _unspace(line: str) -> str:
    """Blanks that a justified layout put between all characters are dropped."""
    return _BETWEEN.sub("", line) if line.count(" ") > len(line) * 0.3 else line
