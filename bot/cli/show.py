"""`xst show`: one article with what is around it, for the terminal and for scripts."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli.common import fail, out, read_day
from bot.settings import read_settings
from knowledge.citation import law_name
from knowledge.numerals import exact, normal_article
from knowledge.regions import NATION

if TYPE_CHECKING:  # an index is slow to import, and other commands need none
    from bot.around import Around, Entry
    from bot.release import Seen
    from knowledge.library import Article, Version

BEGINS = 60
"""Characters of another article that are printed."""


def show(
    law: Annotated[str, typer.Argument(help="法规名称，简称全称都行，如 劳动合同法")],
    article: Annotated[str, typer.Argument(help="条号，如 第三十八条 或 38")],
    on: Annotated[str, typer.Option(help="看哪一天有效的文本，如 2010-05-01")] = "",
    region: Annotated[str, typer.Option(help="相近的条文找哪里的，如 河南；默认同这部法规")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="写成一个 JSON 对象")] = False,
) -> None:
    """看一条法规：原文、效力、它引用的、引用它的、其他版本、相近的条文、相关案例和解答。"""
    from bot.around import around
    from bot.release import open_release

    seen = open_release(read_settings()).on(read_day(on))
    if not seen.has_texts:
        fail("还没有导入法规原文；请运行 xst import 文件夹，再 xst build")
    place = seen.regions.named(region) if region else ""
    if region and not place:
        fail(f"--region: 没认出“{region}”，请写省或市的名字，如 河南、杭州")
    version = _version(law, seen)
    found = _article(article, version, seen)
    near = around(found, seen, seen.regions.chain(place or version.region))
    if as_json:
        print(json.dumps(_record(found, near, seen), ensure_ascii=False))
        return
    for line in _lines(found, near, seen):
        out.print(line, markup=False, soft_wrap=True)


# Finding it


def _version(law: str, seen: Seen) -> Version:
    """The version that holds on the day. Ends the command with the close names, or with the days
    that there are, if there is none."""
    name = law_name(law)
    version = seen.in_force(name)
    if version is not None:
        return version
    if versions := seen.versions(name):
        known = "；".join(f"{v.label or '未注明日期'} 版{_when(v)}" for v in versions)
        fail(f"《{name}》在 {seen.day} 没有有效的文本。库里有：{known}。换一天用 --on")
    close = _close(name, seen.laws)
    fail(f"没有《{name}》。" + (f"名称相近的有：{'、'.join(close)}" if close else "请检查名称"))


def _close(name: str, laws: Sequence[str]) -> list[str]:
    holding = sorted((n for n in laws if name in n), key=lambda n: (len(n), n))[:5]
    alike = difflib.get_close_matches(name, laws, n=5, cutoff=0.5)
    return [f"《{n}》" for n in dict.fromkeys([*alike, *holding])][:6]


def _article(text: str, version: Version, seen: Seen) -> Article:
    """The article that `text` names. Ends the command with the numbers that there are if none."""
    units = seen.articles_of(version.id)
    label = _label(text)
    for unit in units:
        if label in (unit.number, unit.id[len(version.id) + 1 :]):
            return unit
    numbered = [u.number for u in units if u.kind == "article"]
    others = [u.number for u in units if u.kind != "article"]
    has = f"{numbered[0]}到{numbered[-1]}" if numbered else "、".join(others[:12])
    fail(f"《{version.law}》没有{label}。这一版有：{has}")


def _label(text: str) -> str:
    """第三十八条 for 38, 38条, 三十八, 第38条; other labels (附件一, 序言) as they are."""
    text = re.sub(r"\s+", "", text)
    m = re.fullmatch(r"第?([^第条之-]+)条?(?:[之-]([^第条之-]+))?", text)
    if m and exact(m[1]) and (m[2] is None or exact(m[2])):
        return normal_article(f"第{m[1]}条" + (f"之{m[2]}" if m[2] else ""))
    return text


# Telling


def _when(version: Version) -> str:
    start, end = version.validity.start, version.validity.end
    if not start and not end:
        return "（施行日期未载）"
    return f"（{start or '?'} 起{f'，到 {end} 为止' if end else ''}）"


def _lines(article: Article, near: Around, seen: Seen) -> Iterable[str]:
    version = article.version
    yield f"《{version.title or version.law}》{article.number}"
    facts = [version.status(seen.day).value, version.region, version.level]
    yield "　".join([*facts, f"{version.label or '未注明日期'} 版{_when(version)}"])
    if article.chapter:
        yield article.chapter.replace(" / ", "　")
    yield ""
    yield article.text
    for title, rows in (
        ("它引用的", [_line(r.version, r.article, r.printed) for r in near.cites]),
        ("引用它的", [_line(r.version, r.article, r.printed) for r in near.cited_by]),
        ("其他版本", [_edition(e.version, e.article, seen) for e in near.editions]),
        ("相近的条文", [_line(a.version, a) for a in near.similar]),
        ("相关案例和解答", [*map(_entry, near.entries), *(f"判例《{a.version.law}》" for a in near.cases)]),
    ):  # fmt: skip
        if rows:
            yield f"\n{title}（{len(rows)}）"
            yield from (f"  {row}" for row in rows)


def _line(version: Version, article: Article | None, printed: str = "") -> str:
    name = f"《{version.law}》"
    if version.region != NATION:
        name = f"[{version.region}] {name}"
    if article is None:
        return name
    note = f"（文中写作{printed}）" if printed else ""
    return f"{name}{article.number}{note}　{_begins(article.text)}"


def _begins(text: str) -> str:
    plain = re.sub(r"\s+", "", text)
    return plain if len(plain) <= BEGINS else plain[:BEGINS] + "…"


def _edition(version: Version, article: Article | None, seen: Seen) -> str:
    there = article.number if article else "（没有对应的条文）"
    state = version.status(seen.day).value
    return f"{version.label or '未注明日期'} 版 {there}　{state}{_when(version)}"


_NOUNS = {"card": "解答", "point": "程序要点", "case": "案例"}


def _entry(entry: Entry) -> str:
    place = f"（{entry.region}）" if entry.region != NATION else ""
    return f"{_NOUNS[entry.kind]}：{entry.title}{place}　{entry.id}"


def _record(article: Article, near: Around, seen: Seen) -> dict[str, Any]:
    version = article.version

    def dates(v: Version) -> dict[str, str]:
        start, end = v.validity.start, v.validity.end
        return {
            "version": v.label,
            "status": v.status(seen.day).value,
            "start": start.isoformat() if start else "",
            "end": end.isoformat() if end else "",
        }

    def place(v: Version, a: Article | None, printed: str = "") -> dict[str, Any]:
        number = a.number if a else ""
        found = {"law": v.law, "article": number, "region": v.region}
        return found | dates(v) | {"printed": printed or number}

    return {
        "law": version.law,
        "article": article.number,
        "title": version.title or version.law,
        "region": version.region,
        "level": version.level,
        **dates(version),
        "chapter": article.chapter,
        "text": article.text,
        "day": seen.day.isoformat(),
        "cites": [place(r.version, r.article, r.printed) for r in near.cites],
        "cited_by": [place(r.version, r.article, r.printed) for r in near.cited_by],
        "versions": [
            {"article": e.article.number if e.article else ""} | dates(e.version)
            for e in near.editions
        ],
        "similar": [place(a.version, a) for a in near.similar],
        "cases": [a.version.law for a in near.cases],
        "entries": [
            {"kind": e.kind, "id": e.id, "title": e.title, "region": e.region} for e in near.entries
        ],
    }
