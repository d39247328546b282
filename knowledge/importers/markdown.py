"""Markdown law texts: `# title`, promulgation lines, `<!-- INFO END -->`, `## 章`, articles."""

from __future__ import annotations

import re

from knowledge.importers.draft import Draft, clean_lines, draft
from knowledge.records import Warning_

END = "<!-- INFO END -->"
_COMMENT = re.compile(r"<!--(.*?)-->", re.S)
_EMPHASIS = re.compile(r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1")
_ESCAPE = re.compile(r"\\([\\`*_{}\[\]()#+\-.!])")
_RULE = re.compile(r"^(?:[-*_]\s?){3,}$|^\|(?:\s*:?-+:?\s*\|)+$")
_FRONT = re.compile(r"\A---\n.*?\n---\n", re.S)


def read(text: str) -> Draft:
    """Lines of one Markdown text. Without the INFO END mark the header is found by its form."""
    text = _FRONT.sub("", text.replace("\r\n", "\n"), count=1)
    marks: list[Warning_] = []
    head, end, rest = text.partition(END)
    if not end:
        head, rest = "", text
    notes = "".join(_COMMENT.findall(rest))
    if "<!--" in rest:
        rest = _COMMENT.sub("", rest)
    if "**" in rest or "__" in rest:
        rest = _EMPHASIS.sub(r"\2", rest)
        marks.append(Warning_("markup", "**"))
    if "\\" in rest:
        rest = _ESCAPE.sub(r"\1", rest)
    body, odd = clean_lines(rest)
    top, odd_top = clean_lines(_COMMENT.sub("", head))
    body = [line for line in body if not _RULE.match(line)]
    warnings = (*marks, *dict.fromkeys((*odd_top, *odd)))
    if not end:
        title = body.pop(0)[2:].strip() if body and body[0].startswith("# ") else ""
        return draft(body, title, warnings)
    titles = [line[2:].strip() for line in top if line.startswith("# ")]
    header = tuple(line for line in top if not line.startswith("#"))
    part = titles[1] if len(titles) > 1 else ""
    return Draft(titles[0] if titles else "", header, tuple(body), part, notes, warnings)
