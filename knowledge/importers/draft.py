"""What every form reader gives to the splitter: clean lines, parted into title, header, body."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from knowledge.importers.heads import article_head, heading, is_contents
from knowledge.records import Warning_
from knowledge.structure import marker


@dataclass(frozen=True, slots=True)
class Draft:
    """A text before it is split. Lines are clean and not blank; headings may open with `#`."""

    title: str
    header: tuple[str, ...]
    body: tuple[str, ...]
    part: str = ""
    note: str = ""
    warnings: tuple[Warning_, ...] = ()


_FOLD = str.maketrans(
    {chr(c): chr(c - 0xFEE0) for a, b in (("０", "９"), ("Ａ", "Ｚ"), ("ａ", "ｚ"))
     for c in range(ord(a), ord(b) + 1)}
)  # fmt: skip
_ODD = re.compile(r"[^\n\x21-\x7e\u4e00-\u9fff，。、；：（）《》“”〈〉？！—…·〔〕【】％×○〇|]")
_HIDDEN = re.compile("[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\ufffe]")
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f]")
_BLANKS = re.compile("[^\\S\n]+")
_PRIVATE = re.compile("[\ue000-\uf8ff\U000f0000-\U0010fffd]")
# U+E010 is the decimal point in texts once typeset with Founder fonts: 2.5 m must not become 25 m.
_POINT = re.compile(r"(?<=\d)[\ue010．](?=\d)")
_LOST_TAIL = re.compile("[\ue000-\uf8ff]+(?=[ \t]*(?:\n|$))", re.M)
_LOST_HEAD = re.compile("^[ \t]*[\ue000-\uf8ff]+", re.M)

_EVENT = re.compile(r"通过|公布|发布|颁布|批准|修正|修订|施行|实施|印发|令第|公告")
_YEAR = re.compile(r"[12]\d{3}\s*年|[一二][〇○零一二三四五六七八九]{3}年")
_NUMBER = re.compile(
    r"^.{0,40}(?:令|公告|法释|发)?\s*[（(]?第?[〔\[（(]?\d{0,4}[〕\]）)]?.{0,9}号[）)]?$"
)
_SENTENCE_END = ("。", "；", "：", "！", "？", ";", ":", "”", "）", ")", "|")


def clean(text: str) -> tuple[str, tuple[Warning_, ...]]:
    """NFC text with plain digits and blanks, without invisible characters; keeps line ends.

    Punctuation stays as printed. Private-use characters, which no other font can show, become
    〓 within a line; between digits one is the decimal point of an old typesetting font.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n").replace("\v", "\n")
    text = text.replace("\u2028", "\n").replace("\u2029", "\n").replace("\x85", "\n")
    if not _ODD.search(text):
        return text, ()
    if not unicodedata.is_normalized("NFC", text):
        text = unicodedata.normalize("NFC", text)
    warnings: tuple[Warning_, ...] = ()
    text = _HIDDEN.sub("", text.translate(_FOLD))
    text = _POINT.sub(".", _CONTROL.sub("", text))
    if private := sorted(set(_PRIVATE.findall(text))):
        warnings = (Warning_("private-use", " ".join(f"U+{ord(c):04X}" for c in private)),)
        text = _PRIVATE.sub("〓", _LOST_HEAD.sub("", _LOST_TAIL.sub("", text)))
    return _BLANKS.sub(" ", text), warnings


def clean_lines(text: str) -> tuple[list[str], tuple[Warning_, ...]]:
    """`clean`, cut into stripped lines without the blank ones."""
    text, warnings = clean(text)
    return [line for raw in text.split("\n") if (line := raw.strip())], warnings


def join_wrapped(lines: Sequence[str], indented: Sequence[bool] | None = None) -> list[str]:
    """Paragraphs from lines broken at a page's width; the text unchanged when it is not wrapped.

    With `indented` (one flag a line, some true) a paragraph starts where a line is indented;
    else a line goes on when it is nearly as long as the longest and ends no sentence. Heads,
    headings and list markers always start a paragraph.
    """
    lengths = sorted(len(line) for line in lines)
    if len(lines) < 3:
        return list(lines)
    width = lengths[int(len(lengths) * 0.9)]
    flags = indented if indented is not None and sum(indented) > 1 else None
    full = [line for line in lines if len(line) >= width * 0.75]
    broken = [line for line in full if not line.endswith(_SENTENCE_END)]
    if width > 80 or len(broken) < max(1, len(full) * 0.15):
        return list(lines)
    joined = [lines[0]]
    last = lines[0]
    for i, line in enumerate(lines[1:], 1):
        ended = last.endswith(_SENTENCE_END)
        long = len(last) >= width * 0.75
        goes_on = long and not (flags[i] if flags else ended)
        head = article_head(line)
        fresh = (
            (head is not None and not (head.crossref and goes_on and not ended))
            or heading(line) is not None
            or heading(joined[-1]) is not None
            or is_contents(line)
            or (marker(line) is not None and (ended or not goes_on))
        )
        if goes_on and not fresh:
            gap = " " if last[-1].isascii() and line[0].isascii() and line[0].isalpha() else ""
            joined[-1] += gap + line
        else:
            joined.append(line)
        last = line
    return joined


def draft(lines: Iterable[str], title: str = "", warnings: tuple[Warning_, ...] = ()) -> Draft:
    """Part the lines of a text that has no marks of its own: title, promulgation, the rest.

    The title is the short lines above the first promulgation bracket （…通过…）, else the first
    lines. An order (主席令) printed above the title is kept in the header.
    """
    rest = list(lines)
    header: list[str] = []
    if not title:
        start = next((i for i, line in enumerate(rest[:60]) if _opens_bracket(line)), None)
        first = start if start is not None else _title_end(rest)
        top = first
        while top > 0 and first - top < 5 and _title_like(rest[top - 1]):
            top -= 1
        if top == first:
            top = max(0, first - 1)
        title = "".join(rest[top:first]).lstrip("# ")
        header, rest = rest[:top], rest[first:]
    depth = 0
    while rest:
        line = rest[0]
        if depth <= 0 and not (_opens_bracket(line) or _promulgation(line)):
            break
        depth += sum(line.count(c) for c in "（(") - sum(line.count(c) for c in "）)")
        header.append(rest.pop(0))
        if len(header) > 40:
            break
    return Draft(title, tuple(header), tuple(rest), warnings=warnings)


def _opens_bracket(line: str) -> bool:
    return line[:1] in "（(" and bool(_YEAR.search(line[:14])) and bool(_EVENT.search(line))


def _promulgation(line: str) -> bool:
    if line.startswith("#") or article_head(line) or line.endswith("：") or len(line) > 160:
        return False
    dated = bool(re.match(r"^(?:根据|自|于)?\s*(?:[12]\d{3}\s*年|[12]\d{3}-\d)", line))
    return (dated and bool(_EVENT.search(line))) or (len(line) < 45 and bool(_NUMBER.match(line)))


def _title_like(line: str) -> bool:
    return (
        len(line) <= 50
        and not line.endswith(("。", "；", "，", "：", "日"))
        and not _NUMBER.match(line)
        and not (_YEAR.match(line) and _EVENT.search(line))
        and heading(line) is None
        and article_head(line) is None
    )


def _title_end(lines: Sequence[str]) -> int:
    """Number of leading lines that make the title where no bracket follows it."""
    if len(lines) > 1 and lines[0].startswith("# "):
        return 1
    complete = re.compile(
        r"(?:法|条例|规定|办法|细则|规则|决定|解释|通知|意见|批复|决议)(?:（.{1,9}）)?$"
    )
    for i, line in enumerate(lines[:4]):
        if complete.search(line) and _title_like(line):
            return i + 1
        if not _title_like(line) or marker(line):
            break
    return 1 if lines else 0
