"""The one splitter for every form: clean lines of a law -> articles, items, appendices."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import accumulate

from knowledge.importers.appendices import (
    ENDS,
    cut_tail,
    numbered_apart,
    part_appendices,
    second_text,
    unmarked,
)
from knowledge.importers.contents import drop_contents
from knowledge.importers.heads import (
    Head,
    Verdict,
    article_head,
    count,
    heading,
)
from knowledge.importers.numbered import split_items
from knowledge.importers.outline import outline
from knowledge.records import ParsedArticle, Warning_
from knowledge.structure import marker

WARNINGS: dict[str, str] = {
    "gap": "条号有缺：来源文件里缺少所列条文，查不到时请核对官方文本",
    "repeat": "条号重复：同一条号出现两次，可能是来源误排",
    "no-articles": "没有“第X条”：已按“一、”“1.”分段，或整篇保留",
    "empty": "正文为空：只有标题和题注，请重新取得全文",
    "appendix": "正文后有附录、附件或其他文字，已与最后一条分开",
    "table": "含表格：已按行保留，列的含义请核对原件",
    "false-head": "行首的“第X条”按上下文是引用，不作为条文开头",
    "spaced-head": "条号里夹有空格或后面缺空格，已按条文识别",
    "dash-head": "条号里的横线应为“一”，已改正",
    "inline-head": "一行里有多条，已按条号顺序分开",
    "toc-dropped": "目录不作为条文，已略去",
    "wrapped-heading": "标题被拆成两行，已接回",
    "bare-heading": "章名前缺“第X章”，已按位置认作标题，未并入上一条",
    "broken-line": "书名号跨行，已接回",
    "no-date": "文件名和题注都没有日期，无法判断版本先后",
    "date-differs": "题注记载的修改晚于文件名的日期，文件名可能未更新，请核对版本",
    "title-differs": "标题与文件名不一致",
    "stub": "条文已删去，只留条号",
    "markup": "含网页或排版标记，已去除",
    "private-use": "含只有特定字体才能显示的字，已用〓代替，请核对原件",
}

_STUB = re.compile(r"^[（(](?:已?删[去除]|废止|略)[）)]$")
_PREFACES = ("序言", "前言", "导言", "引言")
_INLINE = re.compile(r"(?<=[。；：）！])\s*(?=第[零〇○一二三四五六七八九十百千\d]{1,9}条 )")
_SENTENCE = re.compile(r"(?<=[。；：]) (?=\S)")


def split(
    lines: Sequence[str], *, whole: bool = False, open_start: bool = False
) -> tuple[tuple[ParsedArticle, ...], tuple[Warning_, ...]]:
    """Cut a body into its units, in order, and name every trap met on the way.

    `whole` keeps the text in one piece (cases). `open_start`: the numbering may begin anywhere
    (a 编 of a code in a file of its own, an amendment of the constitution).
    """
    warnings: list[Warning_] = []
    lines = _mend(lines, warnings)
    if not lines:
        return (), (Warning_("empty"),)
    if any(line.startswith("|") for line in lines):
        warnings.append(Warning_("table"))
    if whole:
        return (_whole(lines),), tuple(warnings)
    lines, dropped = drop_contents(lines)
    if dropped:
        warnings.append(Warning_("toc-dropped", str(dropped)))
    heads, end = _settle_heads(lines, warnings, open_start)
    if not heads:
        warnings.append(Warning_("no-articles"))
        body, extra = part_appendices(lines, _last_item(lines))
        units = split_items(body, warnings) or [_whole(body)]
        extra = cut_tail(units) + extra
    else:
        body, extra = part_appendices(lines[:end], heads[-1])
        extra += second_text(lines[end:])
        units = _articles(body, set(heads), warnings)
        extra = cut_tail(units) + extra
    if extra:
        warnings.append(Warning_("appendix", "、".join(unit.number for unit in extra)))
    return tuple(units + numbered_apart(extra)), tuple(warnings)


def _mend(lines: Sequence[str], warnings: list[Warning_]) -> list[str]:
    """Lines with broken 《…》 rejoined and run-together articles parted."""
    mended: list[str] = []
    broken = inline = 0
    for line in lines:
        last = mended[-1] if mended else ""
        if last and last.count("《") > last.count("》") and "》" in line[:60]:
            tail = last[last.rfind("《") :]
            if len(tail) < 60 and "。" not in tail:
                mended[-1] = last + line
                broken += 1
                continue
        if line.startswith("第") and len(line) > 40 and len(parts := _INLINE.split(line)) > 1:
            numbers = [head.value for part in parts if (head := article_head(part))]
            if numbers == list(range(numbers[0], numbers[0] + len(parts))):
                inline += len(parts) - 1
                for part in parts:
                    mended += _SENTENCE.split(part)
                continue
        mended.append(line)
    if broken:
        warnings.append(Warning_("broken-line", str(broken)))
    if inline:
        warnings.append(Warning_("inline-head", str(inline)))
    return mended


def _settle_heads(
    lines: list[str], warnings: list[Warning_], open_start: bool
) -> tuple[list[int], int]:
    """Index of every line that is an article's head, and where a second text begins."""
    found = [(i, head) for i, line in enumerate(lines) if (head := article_head(line))]
    if not found:
        return [], len(lines)
    opened = list(accumulate(line.count("“") - line.count("”") for line in lines))
    first = found[0][0]
    quoted = []
    for n, (i, _) in enumerate(found):
        since = found[n - 1][0] - 1 if n else first - 1
        before = opened[since] if since >= 0 else 0
        above = lines[i - 2] if i > 1 and heading(lines[i - 1]) else lines[i - 1] if i else ""
        announced = above.endswith(("：", ":"))
        quoted.append(announced or (i > 0 and opened[i - 1] - before > 0))
    verdict = count([head for _, head in found], quoted)
    if _items_lead(lines[:first]) and not _full_text(verdict, [head for _, head in found]):
        return [], len(lines)
    gaps = list(verdict.gaps)
    if open_start and gaps and verdict.accepted and found[verdict.accepted[0]][1].value > 1:
        del gaps[0]
    accepted = [found[n] for n in verdict.accepted]
    for kind, details in (
        ("gap", gaps),
        ("repeat", list(verdict.repeats)),
        ("false-head", [found[n][1].name for n in verdict.false]),
        ("spaced-head", [h.name for _, h in accepted if h.spaced or not h.strong]),
        ("dash-head", [h.name for _, h in accepted if h.dashed]),
    ):
        if details:
            warnings.append(Warning_(kind, "、".join(details)))
    end = len(lines)
    if verdict.restart is not None:
        end = found[verdict.restart][0]
        while end > accepted[-1][0] + 1 and not lines[end - 1].endswith(ENDS):
            end -= 1
    return [i for i, _ in accepted], end


def _items_lead(before: Sequence[str]) -> bool:
    """Numbered items 一、二、 stand before the first head: an amendment that quotes articles."""
    values = [m[1] for line in before if (m := marker(line)) and m[0] == "一、"]
    return len(values) >= 2 or (bool(values) and any("修改" in line for line in before))


def _full_text(verdict: Verdict, heads: Sequence[Head]) -> bool:
    """The numbering begins at 第一条 and goes on: a decision with the amended law behind it."""
    return len(verdict.accepted) >= 3 and heads[verdict.accepted[0]].value == 1


def _last_item(lines: Sequence[str]) -> int:
    return next((i for i, line in enumerate(lines) if marker(line.lstrip("# "))), 0)


def _articles(
    lines: Sequence[str], heads: set[int], warnings: list[Warning_]
) -> list[ParsedArticle]:
    """Articles under their headings; what stands before or between them is kind preamble."""
    titles = outline(lines, heads, warnings)
    units: list[ParsedArticle] = []
    path: dict[int, str] = {}
    number = ""
    text: list[str] = []
    stubs: list[str] = []

    def close() -> None:
        place = " / ".join(path[rank] for rank in sorted(path))
        if number:
            if not text or _STUB.match("".join(text)):
                stubs.append(number)
            units.append(ParsedArticle(number, "\n".join(text), place))
        elif text:
            name = path[max(path)].split(" ")[0] if path else "序言"
            name = name if name in _PREFACES else f"{name}导语"
            units.append(ParsedArticle(name, "\n".join(text), place, "preamble"))

    i = 0
    while i < len(lines):
        step = 1
        if i in heads and (head := article_head(lines[i])):
            close()
            number, text = head.name, [rest] if (rest := head.rest.strip()) else []
        elif title := titles.get(i):
            close()
            number, text, step = "", [], title.span
            path = {rank: name for rank, name in path.items() if rank < title.rank}
            path[title.rank] = title.name
        else:
            text.append(unmarked(lines[i]))
        i += step
    close()
    if stubs:
        warnings.append(Warning_("stub", "、".join(stubs)))
    return units


def _whole(lines: Sequence[str]) -> ParsedArticle:
    return ParsedArticle("全文", "\n".join(map(unmarked, lines)), kind="whole")
