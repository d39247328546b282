"""Commands for a campaign: open it, look at its progress, close it, hand over to the draw."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from bot.campaign import asking
from bot.campaign.plan import Campaign
from bot.cli import campaigning
from bot.cli.campaigndraft import create, update
from bot.cli.campaigning import STATUS, found, kept, say, sources_of, write_new
from bot.cli.campaignsheets import codes, sheet
from bot.cli.common import fail, out
from bot.draw.check import verify
from bot.draw.record import DrawError, digest, load_record, moment
from bot.persons import forget_round, memory_folder
from bot.quizzing import unfinished
from bot.storage.campaigns import SLOT, Attempt, Held

if TYPE_CHECKING:
    from bot.campaign.progress import Row

campaign = typer.Typer(
    help="答题活动：建、发码、开始、看进度、结束。做法见 deploy/README.md“办一次答题活动”。",
    no_args_is_help=True,
)
for command in (create, update, codes, sheet):
    campaign.command(command.__name__)(command)

Ident = Annotated[str, typer.Argument(help="活动编号", metavar="ID")]


@campaign.command("open")
def open_(
    ident: Ident,
    announcement: Annotated[
        Path | None, typer.Option(help="有奖的活动：xst draw commit 写出、已经公布的公告")
    ] = None,
) -> None:
    """开始。此后规则不能改。有奖的要先公告（给出公告文件）。"""
    with kept() as (settings, campaigns):
        held = found(campaigns, ident)
        plan = held.campaign
        if held.status != "draft":
            fail(f"活动 {ident} {STATUS[held.status]}，不能再开始")
        if plan.closes < campaigning.today():
            fail(f"closes: {plan.closes} 已经过了；请改日期，再 xst campaign update")
        if plan.draw:
            _announced(plan, announcement)
        elif announcement:
            fail("这个活动没有写 draw（抽奖），不用公告")
        sources = sources_of(settings, plan)
        left = {i.point for i in asking.fitting(plan, sources.items())}
        if gone := [p for p in held.points if p not in left]:
            fail(f"{'、'.join(gone)} 的题撤下了（条文变了）；请 xst campaign update 重新抽题")
        if not campaigns.set_status(ident, "draft", "open"):
            fail(f"活动 {ident} 刚才被改过，请再看一遍")
        issued = campaigns.issued(ident)
    when = "现在就能答" if plan.opens <= campaigning.today() else f"{plan.opens} 起能答"
    say(f"已开始，{when}，到 {plan.closes} 当天为止。结束请运行 xst campaign close {ident}。")
    if plan.entrance == "答题码" and not all(issued.get(u.id) for u in plan.units if u.asked):
        say("提示：还有单位没有发答题码（xst campaign show 看得到）。")


def _announced(plan: Campaign, path: Path | None) -> None:
    """Refuse an announcement that is not there, does not hold, or promises something else."""
    assert plan.draw
    if path is None:
        fail(
            "这个活动有奖：先 xst draw commit 计划.toml --out 公告.json，原样公布公告，"
            f"再 xst campaign open {plan.id} --announcement 公告.json"
        )
    try:
        record = load_record(path)
    except DrawError as error:
        fail(str(error))
    said = record.announcement
    bad = [f.says for f in verify(record) if f.good is False]
    if record.closed is not None:
        bad.append("名单已经封存过了，要用新的公告")
    if said.winners != plan.draw.winners:
        bad.append(
            f"公告的奖品有 {said.winners} 份，活动文件 draw 的 winners 是 {plan.draw.winners}"
        )
    if moment(said.closes).date() < plan.closes:
        bad.append(f"公告的截止 {said.closes} 早于活动的截止日 {plan.closes}")
    if bad:
        fail(f"{path}: {'；'.join(bad)}")
    say(f"公告摘要 {digest(said)}，请确认和海报上印的一样。")


# While it runs


@campaign.command("list")
def list_() -> None:
    """列出所有活动。"""
    with kept() as (_, campaigns):
        for held in campaigns.all():
            plan = held.campaign
            say(
                f"{plan.id}　{STATUS[held.status]}　{plan.opens} 至 {plan.closes}　"
                f"{plan.metric}　{plan.title}"
            )


@campaign.command()
def show(
    ident: Ident,
    as_json: Annotated[bool, typer.Option("--json", help="写成 JSON")] = False,
) -> None:
    """看进度：各单位发了多少码、多少人开始、多少人答完。没有人名，不到十人的不显示。"""
    from bot.campaign import progress

    with kept() as (_, campaigns):
        held = found(campaigns, ident)
        plan, running = held.campaign, held.status != "closed"
        figures = campaigns.figures(ident, progress.groups(plan)) if running else {}
        came = progress.Came(campaigns.issued(ident), campaigns.progress(ident), figures)
        generations = campaigns.generations(ident) if running else held.generations
    # After the close only the report speaks: beside its hidden units these counts would be the
    # other side of a subtraction.
    shown = progress.rows(plan, came) if running else []
    if as_json:
        said = {"id": plan.id, "status": held.status, "metric": plan.metric}
        rows = [asdict(r) for r in shown]
        print(json.dumps(said | {"rows": rows, "unreliable": held.unreliable}, ensure_ascii=False))
        return
    if running:
        _table(held, shown)
    if running and plan.measures:
        say(
            "区间是逐日界限：哪天看都作数，每多十个人才变一次。它要求请人的先后是随机的、答不答与懂不懂无关；"
            "不是结论，结论看结束后的 xst awareness report。"
        )
    if not running:
        say(f"已结束，结果看 xst awareness report {ident}。")
    for unit, why in held.unreliable.items():
        of = plan.unit(unit)
        say(f"不可靠：{of.name if of else unit}，{why}。")
    if plan.entrance == "不用码":
        say(_twice(generations))


def _table(held: Held, shown: list[Row]) -> None:
    from bot.campaign.progress import FEW

    plan = held.campaign
    table = Table(title=f"{plan.title}（{plan.id}，{STATUS[held.status]}，{plan.metric}）")
    coded = plan.entrance == "答题码"
    table.add_column("单位")
    names = ("请的人", "发码") if coded else ("打开",)
    for name in (*names, "开始", "答完"):
        table.add_column(name, justify="right")
    table.add_column("合格的区间" if plan.metric == "基本了解率" else "知晓的区间")
    for row in shown:
        first = (row.asked, row.issued) if coded else (row.opened,)
        counts = (*first, row.begun, row.finished)
        cells = [FEW if n is None else f"{n:,}" for n in counts]
        table.add_row(row.name, *cells, row.band)
    out.print(table)
    if any(row.finished is None or row.begun is None for row in shown):
        out.print("不到10人的不显示，也不算进合计。")


def _twice(generations: Mapping[str, int]) -> str:
    """How often one person may have been counted in a round without codes."""
    counts = list(generations.values())
    if not counts:
        return "没有人从聊天里参加。网页参加不认人，次数不限：这些数只能说有多少人次。"
    total, most = sum(counts), max(counts)
    return (
        f"聊天里参加 {total} 人次，内存里的密钥换过 {len(counts) - 1} 次（程序或机器重启），"
        f"其中同一个人重复的最多 {total - most} 次。网页参加不认人，次数不限：这些数只能说有多少人次。"
    )


# After


@campaign.command()
def close(ident: Ident, yes: Annotated[bool, typer.Option("--yes", help="不再问")] = False) -> None:
    """结束：没答完的算不知道；查雷同；删掉时间、会话和内存里的密钥。不能再开。"""
    from bot.campaign.copied import unreliable

    with kept() as (settings, campaigns):
        held = found(campaigns, ident)
        plan = held.campaign
        if held.status == "closed" and (left := memory_folder(settings.home)):
            forget_round(left, ident)  # killed right after an earlier close
        if held.status not in ("open", "closing"):
            fail(f"活动 {ident} 是{STATUS[held.status]}，不能结束")
        if campaigning.today() <= plan.closes:
            if plan.measures:
                # Who may stop when it looks good proves nothing by a bound for a fixed number.
                fail(
                    f"测评要等公布的截止日（{plan.closes}）过了才能结束：看着好就提前收，数就不作数了"
                )
            if not yes:
                say(f"活动到 {plan.closes} 当天才截止，没答完的人会算作不知道。")
        if not yes and not typer.confirm("结束以后不能再开。结束吗？"):
            raise typer.Exit(1)
        sources = sources_of(settings, plan)

        def point_of(ident: str) -> str:
            item = sources.item(ident)
            return item.point if item else ident

        def find(attempts: Sequence[Attempt]) -> dict[str, str]:
            return unreliable(attempts, SLOT, point_of)

        if not campaigns.close(ident, partial(unfinished, plan), find):
            fail(f"活动 {ident} 刚才已经结束")
        folder = memory_folder(settings.home)
        if folder is not None:
            forget_round(folder, ident)
        after = found(campaigns, ident)
    say("已结束：答卷的时间、没答完的会话、内存里的密钥都删了。")
    for unit, why in after.unreliable.items():
        of = plan.unit(unit)
        say(f"不可靠：{of.name if of else unit}，{why}。报告里会标出，不算进合计的结论。")
    if plan.entrance == "不用码":
        say(_twice(after.generations))
    if plan.draw:
        say(f"抽奖名单：xst campaign entries {ident} --out 名单.txt，再 xst draw close。")
    say(f"报告：xst awareness report {ident}")


@campaign.command()
def entries(
    ident: Ident,
    target: Annotated[Path, typer.Option("--out", help="名单写到哪个文件（还不存在的）")],
) -> None:
    """结束以后，写出抽奖名单：参与码的摘要，一行一个。和答案没有任何联系。"""
    with kept() as (_, campaigns):
        held = found(campaigns, ident)
        if held.campaign.draw is None:
            fail("这个活动没有写 draw（抽奖）")
        if held.status != "closed":
            # Looked at while people answer, the list would tell who has just finished.
            fail(f"活动 {ident} 还没有结束，名单要等结束（xst campaign close）才有")
        listed = campaigns.entries(ident)
    write_new(target, "".join(f"{e}\n" for e in listed).encode())
    say(f"名单 {len(listed)} 个，写在 {target}。接着：xst draw close 公告.json --entries {target}")
