"""The one error of the importers: a file that can not be read as a law text, and what to do."""

from __future__ import annotations

from pathlib import Path

from knowledge.records import KnowledgeError


class ImportFault(KnowledgeError):
    """A file is unusable as it is; the message (Chinese) says what its owner should do.

    Raised by `read` for an unknown form, an empty, huge, encrypted, scanned or broken file.
    The caller reports it and goes on with the next file.
    """

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}：{reason}")
        self.path = path
        self.reason = reason
