"""Finding the table of contents (目录), whose headings are none of the body's."""

from __future__ import annotations

from collections.abc import Sequence

from knowledge.importers.appendices import ENDS
from knowledge.importers.heads import article_head, heading, is_contents

_SEARCHED = 80


def drop_contents(lines: list[str]) -> tuple[list[str], int]:
    """The lines without the table of contents, and how many lines it had.

    It is the run of headings under the line 目录, up to where its first heading comes again.
    Without that label a run of three or more headings counts when the first comes again.
    """
    label = next((i for i, line in enumerate(lines[:_SEARCHED]) if is_contents(line)), None)
    start = label + 1 if label is not None else _first_heading(lines)
    if start is None or start >= len(lines):
        return (lines, 0) if label is None else (lines[:label], 0)
    end, keys = start, [_key(lines[start])]
    while end < len(lines) and _entry(lines[end]):
        end += 1
        if end < len(lines) and _key(lines[end]) in keys[:1]:
            break
        keys.append(_key(lines[end]) if end < len(lines) else ("", ""))
    if label is not None:
        return lines[:label] + lines[end:], end - start
    # Most texts have no contents: the whole of them is looked through only after a run.
    if end - start < 3 or not any(_key(line) == keys[0] for line in lines[end:]):
        return lines, 0
    return lines[:start] + lines[end:], end - start


def _first_heading(lines: Sequence[str]) -> int | None:
    for i, line in enumerate(lines[:_SEARCHED]):
        if article_head(line):
            return None
        if heading(line):
            return i
    return None


def _entry(line: str) -> bool:
    """A heading, or a short line without punctuation (序言, 附则, 附录)."""
    if heading(line):
        return True
    return len(line) <= 40 and not line.endswith(ENDS) and article_head(line) is None


def _key(line: str) -> tuple[str, str]:
    head = heading(line)
    return head[:2] if head else ("", line.lstrip("# ").replace(" ", "").rstrip("…．.·0123456789"))
