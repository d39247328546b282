"""Recognising the heads of articles, headings and appendices, and which of them count."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from knowledge.numerals import article_label
from knowledge.structure import NUMERAL, number

_DASH = r"－—–―\-"
_ARTICLE = re.compile(
    rf"^第\s*([{NUMERAL}\d{_DASH}](?:[{NUMERAL}\d\s{_DASH}]{{0,10}}[{NUMERAL}\d{_DASH}])?)(\s*)条"
    r"(?:\s?之([一二三四五六七八九十]{1,3})(?![的规]))?(.*)$",
    re.S,
)
_CROSSREF = re.compile(
    rf"^\s*(?:的|之规定|规定|所[列称规述]|第[{NUMERAL}\d]+[款项条]|[、，,。；;）)》”]|和第|或者?第|及第|"
    r"至第|以及|与第|中的|各项|修改为|删去)"
)
HEADING_UNITS = ("编", "分编", "章", "节", "目")
_HEADING = re.compile(
    rf"^第\s*([{NUMERAL}\d]+)\s*(编|分编|章|节|目)(?![{NUMERAL}]*[条款项])(\s*)(.*)$"
)
_LEADER = re.compile(r"[\s.…·．•\-—_]*\(?\d{0,4}\)?\s*$")
_NOT_TITLE = re.compile(r"^(?:的|所[列称规述]|规定|第|[和至或]第|、|中[的规])")
_SENTENCE = re.compile(r"[。；：，]$")
_APPENDIX = re.compile(
    rf"^[（(]?(附\s*[录件表图]?)\s*([{NUMERAL}\d]{{0,3}})(?:\s*[）)])?\s*(?:$|[：:]\s*(.*)$|\s(.{{1,60}})$)",
    re.S,
)


@dataclass(frozen=True, slots=True)
class Head:
    """A possible article head: 第`value`条之`sub`, and the text after it."""

    value: int
    sub: int
    rest: str
    spaced: bool = False
    dashed: bool = False

    @property
    def name(self) -> str:
        return article_label(self.value, self.sub)

    @property
    def strong(self) -> bool:
        """A blank, or nothing, follows the head, as in a printed law."""
        return not self.rest or self.rest[0] == " "

    @property
    def crossref(self) -> bool:
        """The words after it read like a reference: 第九条的规定, 第二十条第二款."""
        return bool(_CROSSREF.match(self.rest))


@dataclass(frozen=True, slots=True)
class Verdict:
    """What `count` decided: accepted candidates, where a second text starts, what was odd."""

    accepted: tuple[int, ...]
    restart: int | None
    gaps: tuple[str, ...]
    repeats: tuple[str, ...]
    false: tuple[int, ...]


def article_head(line: str) -> Head | None:
    """The article head that opens a line, with blanks and dashes in it forgiven; None without."""
    if line[:1] != "第" or not (found := _ARTICLE.match(line)):
        return None
    digits, gap, sub, rest = found.groups()
    plain = re.sub(r"\s", "", digits)
    dashed = any(c in "－—–―-" for c in plain) and not any(
        c.isdigit() and c.isascii() for c in plain
    )
    if dashed:
        plain = re.sub(f"[{_DASH}]", "一", plain)
    value = number(plain)
    if not value or value > 1999:
        return None
    return Head(value, number(sub) or 0 if sub else 0, rest, bool(gap) or " " in digits, dashed)


def heading(line: str) -> tuple[str, str, str] | None:
    """(unit, number as printed, title) of 「第二章 集体协商」, `#` or not; None without one."""
    text = line.lstrip("# ") if line[:1] == "#" else line
    if text[:1] != "第" or len(text) > 90:
        return None
    found = _HEADING.match(text)
    if not found:
        return None
    value, unit, blank, title = found.groups()
    title = _LEADER.sub("", title) if title[-1:].isdigit() else title.rstrip(" .…·")
    if (not blank and _NOT_TITLE.match(title)) or _SENTENCE.search(title) or len(title) > 60:
        return None
    return unit, f"第{value}{unit}", tidy_title(title)


def tidy_title(title: str) -> str:
    """「总 则」「附　　则」「法 律 责 任」 as 总则, 附则, 法律责任; other blanks single."""
    title = re.sub(r"\s+", " ", title.strip())
    if re.fullmatch(r"\S(?: \S)+", title):
        return title.replace(" ", "")
    return title


def is_contents(line: str) -> bool:
    """The line 目录 or 目 次, however spaced."""
    return line.lstrip("# ").replace(" ", "") in ("目录", "目次")


def appendix_head(line: str) -> tuple[str, str] | None:
    """("附件1", rest of the line) where an appendix starts: 附录：, 附件一, 附：…; else None."""
    text = line.lstrip("# ") if line[:1] == "#" else line
    if text[:1] not in "附（(" or not (found := _APPENDIX.match(text)):
        return None
    kind, value, after, spaced = found.groups()
    kind = kind.replace(" ", "")
    if kind == "附" and (spaced or value):
        return None
    rest = (after or spaced or "").strip()
    if spaced and rest.endswith("。"):
        return None
    return kind + value, rest


def count(heads: Sequence[Head], quoted: Sequence[bool]) -> Verdict:
    """Decide by the numbering which candidates are heads; `quoted`: stands in open quotes.

    The next number in order is a head whatever follows it (「第九条 规定本省…」 can be one). A
    candidate out of order counts only when the numbering goes on from it: then the numbers
    between are missing at the source. 第一条 again starts a second text in the file.
    """
    accepted: list[int] = []
    gaps: list[str] = []
    repeats: list[str] = []
    false: list[int] = []
    value = sub = skipped = 0
    for i, head in enumerate(heads):
        later = _until_restart(heads, i + 1)
        following = next((h.value for h in later if not h.sub), None)
        weak = head.crossref or not head.strong
        ok = False
        if head.sub:
            ok = head.value == value and head.sub > sub
            if not ok and head.value == value + 1 and not weak:
                gaps.append(article_label(head.value))
                ok = True
        elif head.value == value + 1:
            ok = not (weak and _comes_again(later, head.value))
            if ok and not accepted and weak and head.crossref and not head.strong:
                ok = following == head.value + 1
        elif head.value > value + 1:
            comes = any(h.value == value + 1 and not h.sub and not h.crossref for h in later)
            near = head.value - value <= 4 if following is None else following <= head.value + 3
            near = near and (following is None or following > head.value)
            # What follows a quoted article in its order belongs to the same quotation.
            inside = quoted[i] or head.value == skipped + 1
            skipped = head.value if inside and accepted else 0
            ok = not head.crossref and not comes and not (inside and accepted)
            ok = ok and (near or (not accepted and head.strong))
            if ok:
                gaps.append(_span(value + 1, head.value - 1))
        elif not weak and not quoted[i]:
            if head.value == 1 and value >= 2 and following in (2, None):
                return Verdict(tuple(accepted), i, tuple(gaps), tuple(repeats), tuple(false))
            ok = head.value == value or following == value + 2
            if ok:
                repeats.append(head.name)
                accepted.append(i)
                if head.value != value:
                    value, sub = value + 1, 0
                continue
        if ok:
            accepted.append(i)
            value, sub = head.value, head.sub
        else:
            false.append(i)
    return Verdict(tuple(accepted), None, tuple(gaps), tuple(repeats), tuple(false))


def _until_restart(heads: Sequence[Head], start: int) -> Sequence[Head]:
    """The candidates from `start` that belong to the same numbering; at most the next 40."""
    for i in range(start, min(len(heads), start + 40)):
        if heads[i].value == 1 and not heads[i].sub:
            return heads[start:i]
    return heads[start : start + 40]


def _comes_again(later: Sequence[Head], value: int) -> bool:
    """The same number follows as a proper head before the next one does."""
    for head in later:
        if head.sub == 0 and head.value == value and head.strong and not head.crossref:
            return True
        if head.value == value + 1 and head.strong and not head.crossref:
            return False
    return False


def _span(first: int, last: int) -> str:
    name = article_label(first)
    return name if first == last else f"{name}至{article_label(last)}"
