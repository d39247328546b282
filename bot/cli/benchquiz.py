"""`xst bench quiz`: a crowd that answers a campaign's questions on this machine."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from bot.cli.common import err, fail, out
from bot.settings import read_settings


def bench_quiz(
    people: Annotated[int, typer.Option(min=1, help="多少人")] = 5000,
    minutes: Annotated[float, typer.Option(min=0.05, help="在几分钟之内")] = 10.0,
    kill: Annotated[int, typer.Option(min=0, help="其间杀掉服务几次（kill -9）再启动")] = 0,
    flat: Annotated[float, typer.Option(min=0, help="另测最快：几秒；0 不测")] = 10.0,
    database: Annotated[str, typer.Option(help="数据库的地址；不给则用临时文件夹里的 SQLite")] = "",
    seed: Annotated[int, typer.Option(help="人的快慢、杀的时刻")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="最后一行写出全部数字")] = False,
) -> None:
    """许多人同时答题：真的服务、真的网页、每人 12 题；看快慢，看杀掉以后少没少。

    每个回了的答案都要在答卷里，正好一次。没回的，人会把同一张表再交一遍。
    退出码：0 一个不少；1 少了、多了，或有人没答完。
    """
    from bot.campaign.plan import CampaignError
    from bot.sim.quizbench import Size, run_all, whole
    from bot.sim.stand import StandError

    settings = read_settings()
    size = Size(people, minutes, kill, flat, seed=seed, units=min(51, people))
    try:
        with tempfile.TemporaryDirectory(prefix="xst-bench-") as folder:
            report = run_all(settings.home, Path(folder), size, database, _tell)
    except (StandError, CampaignError) as error:
        fail(str(error))
    _show(report)
    if as_json:
        print(json.dumps(report, ensure_ascii=False))
    if not whole(report["kept"]):
        fail(f"答卷对不上：{report['kept']}")


def _tell(text: str) -> None:
    err.print(text, markup=False, soft_wrap=True)


def _show(report: dict[str, Any]) -> None:
    crowd, kept = report["crowd"], report["kept"]
    minutes = f"{report['minutes']:g} 分钟"
    table = Table(title=f"{report['people']:,} 人在 {minutes}里答题（{report['database']}）")
    for name in ("", "每秒答案*", "p50 毫秒", "p99 毫秒", "最慢", "处理器毫秒", "内存 MB"):
        table.add_column(name, justify="left" if not name else "right")
    memory = " → ".join(f"{m:,.0f}" for m in crowd["memory_mb"])
    table.add_row("人群", f"{crowd['busiest_s']:,}", *_cells(crowd), memory)
    for key, name in (("flat", "尽快答"), ("echo", "只回声")):
        if key in report:
            one = report[key]
            rate = f"{one['answers_s']:,.0f}"
            table.add_row(name, rate, *_cells(one), f"{one['memory_mb']:,.0f}")
    out.print(table)
    out.print("* 人群：最忙的10秒；另两样：32 个人不停地答。")
    if "ratio" in report:
        out.print(f"与回声之比 {report['ratio']}。")
    out.print(
        f"答案 {crowd['answers']:,} 个；答完 {kept['finished']:,} 人，答卷 {kept['attempts']:,} 份，"
        f"少 {kept['lost']}、多 {kept['extra']}，抽奖码 {kept['entries']:,} 个，错 {kept['entries_wrong']}。",
        soft_wrap=True,
    )
    if crowd["kills"]:
        out.print(
            f"杀掉服务 {crowd['kills']} 次：有 {crowd['again']:,} 个答案重交才回，最久 {crowd['again_worst_s']} 秒，"
            f"其中 {crowd['between']} 个是存了还没来得及回的。上面的快慢只算一次就回的。",
            soft_wrap=True,
        )
    out.print(
        f"机器：{report['machine']}。服务占一个核，人群在同一台机器上。",
        markup=False,
        soft_wrap=True,
    )


def _cells(one: dict[str, Any]) -> list[str]:
    return [f"{one[k]:,.0f}" for k in ("p50_ms", "p99_ms", "worst_ms")] + [f"{one['cpu_ms']:.2f}"]
