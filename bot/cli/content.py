"""Commands about what the project wrote: coverage, signatures, the matrix, dated amounts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from bot.cli.common import fail, out, read_day
from bot.settings import read_settings

content = typer.Typer(help="自带内容。", no_args_is_help=True)
rules = typer.Typer(help="程序规则。", no_args_is_help=True)
figures = typer.Typer(help="随年份变的数额（最低工资等）。", no_args_is_help=True)


@content.command("coverage")
def content_coverage() -> None:
    """话题 × 对象、话题 × 地区的条目数，标出空缺。"""
    from bot.coverage import topics, topics_by_region
    from knowledge.authored import read_content

    found = read_content()
    rows = topics(found)
    table = Table(title="内容覆盖")
    table.add_column("话题", no_wrap=True)
    for column in rows[0][1]:
        table.add_column(column, justify="right")
    for name, counts in rows:
        table.add_row(name, *(str(n) if n else "·" for n in counts.values()))
    out.print(table)
    regions, by_region = topics_by_region(found)
    table = Table(title="地方条目：话题 × 地区")
    for column in ("话题", *regions):
        table.add_column(column, justify="left" if column == "话题" else "right", overflow="fold")
    for name, counts in by_region:
        table.add_row(name, *(str(counts.get(r, "·")) for r in regions))
    out.print(table)
    holes = [name for name, counts in rows if not any(counts.values())]
    out.print(f"没有卡片也没有要点的话题：{'、'.join(holes) or '无'}")


@content.command("sign")
def content_sign(
    names: Annotated[
        list[str],
        typer.Argument(help="卡片、要点、案例的 id，条文如 《劳动法》第三条，或 演练：场景 id"),
    ],
    by: Annotated[str, typer.Option(help="审定人姓名")],
    office: Annotated[str, typer.Option(help="审定人的单位和职务")],
    on: Annotated[str, typer.Option(help="审定日期，默认今天")] = "",
) -> None:
    """由真实的专业人员审定条目：记下姓名、单位职务、日期和当时的文字；文字一改，签署自动失效。"""
    from knowledge.authored import read_content
    from knowledge.signing import sign

    settings = read_settings()
    new = sign(settings.signatures, read_content(), names, by, office, read_day(on))
    out.print(f"{settings.signatures}：记下 {len(new)} 条签署。运行 xst build 后生效。")


@content.command("signatures")
def content_signatures() -> None:
    """列出签署；条目改动过、签署已失效的也列出来。"""
    from knowledge.authored import read_content
    from knowledge.signing import read_signatures, signed

    settings = read_settings()
    kept = read_signatures(settings.signatures)
    _, stale = signed(read_content(), kept)
    for one in kept:
        state = "失效（条目已改动或已删除）" if one in stale else "有效"
        out.print(f"{state} {one.entry} {one.shown}", markup=False)
    out.print(f"有效 {len(kept) - len(stale)} 条，失效 {len(stale)} 条。")


@rules.command("matrix")
def rules_matrix(
    step: Annotated[str, typer.Option(help="只看一个环节，如 应约")] = "",
    region: Annotated[list[str] | None, typer.Option(help="只看这些地区，可写多次")] = None,
    contract: Annotated[str, typer.Option(help="只看这类合同：综合、工资、女职工、安全")] = "",
) -> None:
    """程序要点 × 地区的数字，空格表示库里没有当地规定。"""
    from knowledge.authored import read_content
    from knowledge.matrix import STEPS, figures_of, matrix, regions_of

    points = read_content().points
    regions = regions_of(points)
    chosen = [r for r in regions if not region or r in region]
    if not chosen:
        fail(f"--region: 没有这些地区的规则，有的是 {'、'.join(regions)}")
    if step and step not in STEPS:
        fail(f"--step: 没有这个环节，有的是 {'、'.join(STEPS)}")
    table = Table(title="程序规则", show_lines=False)
    for column in ("环节", "要点", *chosen):
        table.add_column(column, overflow="fold")
    for row in matrix(points, chosen, contract, step):
        cells = (
            "、".join(dict.fromkeys(figures_of(r) or "有" for r in rules)) for rules in row.cells
        )
        table.add_row(row.step, row.title, *cells)
    out.print(table)


@figures.command("template")
def figures_template(path: Annotated[Path, typer.Argument(help="要写的 .xlsx 文件")]) -> None:
    """写一张空表：种类、地区、档次、年度、数值、单位、日期、来源。"""
    from knowledge.amounts import write_template

    if path.suffix.lower() != ".xlsx":
        fail(f"{path}: 文件名应以 .xlsx 结尾")
    if path.exists():
        fail(f"{path}: 已经有这个文件，不覆盖")
    write_template(path)
    out.print(f"{path}：空表已写好，填完后 xst figures import {path}", markup=False)


@figures.command("import")
def figures_import(path: Annotated[Path, typer.Argument(help="填好的 .xlsx 文件")]) -> None:
    """导入随年份变的数额；有一行不对就全不导入，逐行列出。"""
    from knowledge.amounts import keep, read_sheet
    from knowledge.authored import read_content
    from knowledge.regions import Regions

    found = read_sheet(path, Regions(read_content(faults=[]).regions))
    total = keep(read_settings().amounts, found)
    out.print(f"导入 {len(found)} 个数额，现有 {total} 个；正在运行的服务一秒内生效。")


@figures.command("list")
def figures_list() -> None:
    """列出导入的数额；已经过时的标出来。"""
    from knowledge.amounts import open_amounts

    table = Table(title="随年份变的数额")
    for column in ("种类", "地区", "档次", "年度", "数额", "施行", "来源", "公布", "现在能用"):
        table.add_column(column, overflow="fold")
    today = read_day("")
    for a in sorted(
        open_amounts(read_settings().amounts), key=lambda a: (a.kind, a.region, -a.year)
    ):
        table.add_row(
            a.kind, a.region, a.grade, str(a.year), a.shown, str(a.since or ""), a.source,
            str(a.published), "是" if a.current(today) else "过时",
        )  # fmt: skip
    out.print(table)


@content.command("reading")
def content_reading() -> None:
    """答案好不好读：平均句长、最长句、常用字（GB 2312 一级）以外的字占多少。"""
    from knowledge.authored import read_content
    from knowledge.reading import reading

    found = read_content()
    table = Table(title="阅读难度")
    for column in ("内容", "条", "句", "平均句长", "最长句", "常用字以外"):
        table.add_column(column, justify="left" if column == "内容" else "right")
    kinds = {
        "卡片答案": [c.answer for c in found.cards],
        "程序规则": [r.says for r in found.rules],
        "词汇": [t.says for t in found.terms],
        "案例": [c.happened + c.worked_because + c.copy for c in found.cases],
        "要点": [d.says for d in found.digests],
    }
    for name, texts in kinds.items():
        r = reading(texts)
        table.add_row(
            name, str(len(texts)), str(r.sentences), f"{r.length:.1f} 字", f"{r.longest} 字",
            f"{r.rare:.2%}",
        )  # fmt: skip
    out.print(table)
    hardest = sorted(found.cards, key=lambda c: -reading([c.answer]).length)[:5]
    said = "、".join(f"{c.id}（{reading([c.answer]).length:.0f} 字一句）" for c in hardest)
    out.print(f"句子最长的卡片：{said}", soft_wrap=True)
