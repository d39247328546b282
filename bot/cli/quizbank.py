"""Commands about the question bank: prove it, bind it to the articles, look at what changed."""

from __future__ import annotations

import difflib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from bot.cli.common import fail, out, read_day
from bot.settings import read_settings
from knowledge.accepting import FILE as ACCEPTED
from knowledge.accepting import accept, accepted, read_accepted
from knowledge.authored import CONTENT, read_content
from knowledge.bound import (
    CHANGED,
    FILE,
    UNBOUND,
    Accepted,
    Bound,
    LibraryTexts,
    Standing,
    Withdrawn,
    bind,
    bound_text,
    fingerprint,
    read_bound,
    sort_out,
)
from knowledge.check import Proof, item_faults
from knowledge.citation import read_citation
from knowledge.derive import covered, flaws
from knowledge.lessons import AREAS, Item
from knowledge.library import Library
from knowledge.misleading import FILE as MISLEADING
from knowledge.misleading import put_back, read_misleading, take_out, without
from knowledge.pieces import Content, Digest
from knowledge.plain import from_plain
from knowledge.proving import cited_library

quiz = typer.Typer(help="题库：核对、绑定条文、复核因条文变化而撤下的题。", no_args_is_help=True)

Laws = Annotated[Path | None, typer.Option(help="法规原文的文件夹；不给则用现在的资料库")]
Folder = Annotated[Path, typer.Option("--content", help="内容文件夹")]
Day = Annotated[str, typer.Option(help="按哪一天的效力，如 2026-11-20")]


@quiz.command("check")
def quiz_check(laws: Laws = None, content: Folder = CONTENT, day: Day = "") -> None:
    """核对格式；由所引条文重新推出每道题的答案；看有没有绑定。"""
    form: list[str] = []
    found = read_content(content, form)
    form = [f for f in form if f.startswith(("quiz/", FILE)) or FILE in f]
    with _proof(found, laws, read_day(day)) as proof:
        faults = [str(f) for i in found.items for f in item_faults(proof, i)]
        bare = sum(not covered(i, proof.official) for i in found.items)
        texts = LibraryTexts(proof.library, proof.day, proof.digests)
        standing = sort_out(found.items, texts, found.bound)
    for line in (*form, *faults):
        out.print(line, markup=False, soft_wrap=True)
    for gone in standing.withdrawn:
        out.print(_withdrawn(gone), markup=False, soft_wrap=True)
    items = len(list(found.items))
    out.print(
        f"知识点 {len(found.lessons)} 个、题 {items} 道：由条文推过答案的 {items - bare} 道，"
        f"可以出的 {len(standing.live)} 道，撤下的 {len(standing.withdrawn)} 道。",
        soft_wrap=True,
    )
    if bare:
        out.print(f"有 {bare} 道缺所引条文的原文，只核对了格式和文字；请加 --laws 文件夹。")
    if form or faults or standing.withdrawn:
        fail(f"要改 {len(form) + len(faults)} 处，撤下 {len(standing.withdrawn)} 道")
    out.print("没有发现错误。")


@quiz.command("bind")
def quiz_bind(
    laws: Annotated[Path, typer.Option(help="法规原文的文件夹")],
    content: Folder = CONTENT,
    day: Day = "",
) -> None:
    """维护者用：把核对无误的题绑定到条文原文（写 quiz-bound.yaml），并列出变了什么。

    推不出答案的题所引的条文不动：旧的绑定留着，题就仍是撤下的。
    """
    found = read_content(content)
    old = read_bound(content)
    with _proof(found, laws, read_day(day)) as proof:
        wrong = {
            i.id: i
            for i in found.items
            if not covered(i, proof.official) or any(item_faults(proof, i))
        }
        held = {c.whole for i in wrong.values() for c in i.cite}
        texts = LibraryTexts(proof.library, proof.day, proof.digests)
        sound = bind((i for i in found.items if i.id not in wrong), texts)
    cited = {c.whole for i in found.items for c in i.cite}
    new = {c: sha for c, sha in sound.items() if c not in held}
    new |= {c: sha for c, sha in old.items() if c in held}
    for citation in sorted({*old, *new}):
        if old.get(citation) != new.get(citation):
            how = "新绑定" if citation not in old else "改绑" if citation in new else "去掉"
            out.print(f"{how} {citation}", markup=False)
    draft = content / f".{FILE}"
    draft.write_text(bound_text(new), encoding="utf-8")
    draft.replace(content / FILE)
    out.print(f"{content / FILE}：绑定 {len(new)} 条，题目共引 {len(cited)} 条。", soft_wrap=True)
    if wrong:
        fail(f"有 {len(wrong)} 道题没有核对过去，请先运行 xst quiz check：{'、'.join(wrong)}")


@quiz.command("review")
def quiz_review(day: Day = "") -> None:
    """列出撤下的题：为什么，因哪一条，那一条变了什么。"""
    with _bank(read_day(day)) as bank:
        for gone in bank.standing.withdrawn:
            out.print(_withdrawn(gone), markup=False, soft_wrap=True)
            for line in _changes(bank, gone):
                out.print(f"    {line}", markup=False, soft_wrap=True)
        number = len(bank.standing.withdrawn)
        out.print(f"撤下 {number} 道，可以出的 {len(bank.standing.live)} 道。")
        if number:
            out.print("看过新条文、题仍然对的，用 xst quiz accept 题号 --by 姓名 恢复。")


@quiz.command("accept")
def quiz_accept(
    item: Annotated[str, typer.Argument(help="题号")],
    by: Annotated[str, typer.Option(help="看过新条文的人的姓名")],
    day: Day = "",
) -> None:
    """条文改了而题仍然对：由新条文推得出答案的，记下姓名和日期，题就恢复。"""
    settings = read_settings()
    with _bank(read_day(day)) as bank:
        wanted = next((i for i in bank.items if i.id == item), None)
        if wanted is None:
            fail(f"没有“{item}”这道题；xst quiz list 列出题号")
        gone = next((w for w in bank.standing.withdrawn if w.item.id == item), None)
        if gone is None:
            out.print(f"{item} 没有撤下，不用确认。")
            return
        if gone.reason not in (CHANGED, UNBOUND):
            fail(f"{item}：{gone.citation} {gone.reason}，这道题不能再用")
        if wrong := flaws(wanted, bank.texts.official):
            for flaw in wrong:
                out.print(flaw.message, markup=False, soft_wrap=True)
            fail(f"{item}：由新条文推不出原来的答案，不能恢复；请维护者改题")
        now = bind([wanted], bank.texts)
        kept = accept(settings.home / ACCEPTED, wanted, now, by, date.today())
        out.print(f"{item} 已恢复：{kept.by} {kept.on}，记在 {settings.home / ACCEPTED}")


@quiz.command("withdraw")
def quiz_withdraw(
    item: Annotated[str, typer.Argument(help="题号")],
    why: Annotated[str, typer.Option(help="为什么，如 题目统计里懂的人反而答错")],
    by: Annotated[str, typer.Option(help="谁决定的，姓名")],
) -> None:
    """用过才发现误导人的题：撤下，记下原因和姓名，马上不再出；改过字以后自动恢复。"""
    settings = read_settings()
    with _bank(date.today()) as bank:
        wanted = next((i for i in bank.items if i.id == item), None)
    if wanted is None:
        fail(f"没有“{item}”这道题；xst quiz list 列出题号")
    take_out(settings.home / MISLEADING, wanted, why, by, date.today())
    out.print(f"{item} 已撤下，记在 {settings.home / MISLEADING}；恢复用 xst quiz restore {item}。")


@quiz.command("restore")
def quiz_restore(item: Annotated[str, typer.Argument(help="题号")]) -> None:
    """把用 xst quiz withdraw 撤下的题放回去。"""
    if not put_back(read_settings().home / MISLEADING, item):
        fail(f"{item} 没有因误导撤下过；xst quiz review 列出撤下的题")
    out.print(f"{item} 已放回。")


@quiz.command("list")
def quiz_list(
    area: Annotated[int, typer.Option(help="领域 1–12")] = 0,
    level: Annotated[int, typer.Option(help="难度 1–3")] = 0,
    region: Annotated[str, typer.Option(help="地区，如 河南")] = "",
    day: Day = "",
) -> None:
    """列出题目和它们能不能出。"""
    with _bank(read_day(day)) as bank:
        live = {s.item.id: "按要点核对" if s.by_digest else "可以出" for s in bank.standing.live}
        gone = {w.item.id: f"撤下：{w.reason}" for w in bank.standing.withdrawn}
    if area and area not in AREAS:
        fail(f"--area: 应为 1 到 {len(AREAS)}")
    chosen = [
        i
        for i in bank.items
        if area in (0, i.area) and level in (0, i.level) and region in ("", i.region)
    ]
    table = Table(title=AREAS.get(area, "题库"))
    for name in ("题号", "领域", "难度", "地区", "题型", "题干", "状态"):
        table.add_column(name, overflow="fold")
    for i in chosen:
        state = (live | gone)[i.id]
        table.add_row(i.id, str(i.area), str(i.level), i.region, i.kind, i.stem, state)
    out.print(table)
    out.print(f"共 {len(chosen)} 道，可以出的 {sum(i.id in live for i in chosen)} 道。")


# What the commands look at


@dataclass(frozen=True)
class Bank:
    """The bank as the current release serves it on one day."""

    items: list[Item]
    library: Library
    texts: LibraryTexts
    bound: Bound
    accepted: Accepted
    standing: Standing


@contextmanager
def _bank(day: date) -> Iterator[Bank]:
    """Raises RetrieverError before the first build."""
    from bot.release import current_folder

    settings = read_settings()
    library = Library(current_folder(settings) / "library.db")
    try:
        items = [from_plain(Item, v) for v in library.content("item").values()]
        digests = [from_plain(Digest, v) for v in library.content("digest").values()]
        bound = {read_citation(k): v for k, v in library.content("bound").items()}
        texts = LibraryTexts(library, day, {d.citation: d for d in digests})
        known = accepted(read_accepted(settings.home / ACCEPTED), items)
        standing = sort_out(items, texts, bound, known)
        standing = without(standing, read_misleading(settings.home / MISLEADING))
        yield Bank(items, library, texts, bound, known, standing)
    finally:
        library.close()


@contextmanager
def _proof(content: Content, laws: Path | None, day: date) -> Iterator[Proof]:
    """What the items are held against: `laws`, else the current release, else nothing."""
    settings = read_settings()
    pointer = settings.home / "current"
    with tempfile.TemporaryDirectory() as folder:
        library = None
        if laws is not None:
            if not laws.exists():
                fail(f"{laws}: 没有这个文件夹")
            library = cited_library(laws, content.items, Path(folder) / "library.db")
        elif pointer.exists():
            name = pointer.read_text(encoding="utf-8").strip()
            library = Library(settings.home / "releases" / name / "library.db")
        try:
            yield Proof(content, library, day)
        finally:
            if library is not None:
                library.close()


def _withdrawn(gone: Withdrawn) -> str:
    return f"撤下 {gone.item.id}：{gone.citation} {gone.reason}"


def _changes(bank: Bank, gone: Withdrawn) -> Iterator[str]:
    """The lines of the article that were added and dropped since it was bound, if an imported
    version still has the old text; else the text in force."""
    whole = gone.citation.whole
    article = bank.texts.article(whole)
    if article is None:
        return
    wanted = bank.bound.get(whole)
    versions = bank.library.versions(whole.law)
    olds = (bank.library.article_of(v, whole.article) for v in versions)
    old = next((a for a in olds if a and fingerprint(a.text) == wanted), None)
    if old is None:
        yield f"现行：{article.text}"
        return
    for line in difflib.ndiff(old.text.splitlines(), article.text.splitlines()):
        if line.startswith(("+ ", "- ")):
            yield f"{'原' if line[0] == '-' else '现'}：{line[2:]}"
