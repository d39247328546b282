"""Commands about what the project wrote: coverage, signatures, the matrix, dated amounts."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from bot.cli.common import fail, out, read_day
from bot.settings import read_settings

content = typer.Typer(help="自带内容。", no_args_is_help=True)
rules = typer.Typer(help="程序规则。", no_args_is_help=True)


@content.command("coverage")
def content_coverage() -> None:
    """话题 × 对象的卡片数，标出空缺。"""
    from bot.coverage import topics
    from knowledge.authored import read_content

    rows = topics(read_content())
    table = Table(title="内容覆盖")
    table.add_column("话题", no_wrap=True)
    for column in rows[0][1]:
        table.add_column(column, justify="right")
    for name, counts in rows:
        table.add_row(name, *(str(n) if n else "·" for n in counts.values()))
    out.print(table)
    holes = [name for name, counts in rows if not any(counts.values())]
    out.print(f"没有卡片也没有要点的话题：{'、'.join(holes) or '无'}")


@content.command("sign")
def content_sign(
    names: Annotated[
        list[str], typer.Argument(help="卡片、要点、案例的 id，或条文如 《劳动法》第三条")
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
) -> None:
    """程序要点 × 地区的数字，空格表示库里没有当地规定。"""
    from bot.coverage import matrix
    from knowledge.authored import read_content

    regions, rows = matrix(read_content())
    shown = [r for r in regions if not region or r in region]
    if not shown:
        fail(f"--region: 没有这些地区的规则，有的是 {'、'.join(regions)}")
    table = Table(title="程序规则", show_lines=False)
    for column in ("环节", "要点", *shown):
        table.add_column(column, overflow="fold")
    for at, title, cells in rows:
        if step in ("", at):
            table.add_row(at, title, *(cells.get(r, "") for r in shown))
    out.print(table)
