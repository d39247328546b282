"""Plain text files in the encodings that are met: UTF-8, UTF-16, GB18030."""

from __future__ import annotations

import codecs
from pathlib import Path

from knowledge.importers.draft import Draft, clean, draft, join_wrapped
from knowledge.importers.faults import ImportFault

_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"),
         (codecs.BOM_UTF16_BE, "utf-16"))  # fmt: skip


def read(text: str) -> Draft:
    """Lines of a plain text; lines broken at a page's width are joined again."""
    text, warnings = clean(text)
    kept = [line for line in text.split("\n") if line.strip()]
    lines = [line.strip() for line in kept]
    return draft(join_wrapped(lines, [line[0] == " " for line in kept]), warnings=warnings)


def decode(data: bytes, path: Path) -> str:
    """The text of a file's bytes. Raises ImportFault when no known encoding fits."""
    encodings = [name for bom, name in _BOMS if data.startswith(bom)]
    if not encodings and b"\0" in data[:4000]:
        zeros = data[:4000:2].count(0), data[1:4000:2].count(0)
        encodings = ["utf-16-be" if zeros[0] > zeros[1] else "utf-16-le"]
    for encoding in encodings or ["utf-8", "gb18030"]:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if _readable(text):
            return text
    raise ImportFault(path, "文字编码无法识别，请用记事本另存为 UTF-8 编码后再导入")


def _readable(text: str) -> bool:
    """Mostly Chinese, Latin and ordinary punctuation: not bytes of some other kind of file."""
    sample = text[:5000]
    odd = sum(1 for c in sample if (c < " " and c not in "\t\r\n\f\v") or "\ue000" <= c <= "\uf8ff")
    return odd * 50 <= len(sample)
