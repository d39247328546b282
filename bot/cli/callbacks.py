"""`xst bench callbacks`: how many platform callbacks a second this machine answers."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from bot.cli.common import err, fail, out
from bot.settings import read_settings

if TYPE_CHECKING:
    from bot.sim.load import Step

QUESTIONS = Path(__file__).resolve().parent.parent.parent / "tests" / "questions"

NAMES = {
    "echo_wechat": "只回声（wechatpy）",
    "wechat": "协商通，微信",
    "echo_telegram": "只回声（python-telegram-bot）",
    "telegram": "协商通，Telegram",
}


def bench_callbacks(
    files: Annotated[
        list[Path] | None, typer.Argument(help="问题（JSON 行）；不给则用 tests/questions")
    ] = None,
    database: Annotated[
        str, typer.Option(help="一个空数据库的地址；不给则用临时文件夹里的 SQLite")
    ] = "",
    seconds: Annotated[float, typer.Option(min=1, help="每个速率测多少秒")] = 5.0,
    soak: Annotated[float, typer.Option(min=0, help="再以最高的 80% 连续跑多少分钟，看内存")] = 0.0,
    start: Annotated[float, typer.Option(min=1, help="从每秒多少条开始")] = 20.0,
    as_json: Annotated[bool, typer.Option("--json", help="最后一行写出全部数字")] = False,
) -> None:
    """加密的微信回调和 Telegram 更新，逐步加快，看每秒最多答多少；同一次运行里和只回声的程序比。

    最高速率：每条都答了，99% 在 1 秒以内。请求按时发出，不等前面的答完；用时从该发出的那一刻算起。
    """
    from bot.sim.bench import Bench, read_questions, run_all
    from bot.sim.stand import StandError

    settings = read_settings()
    try:
        asked = read_questions(files or sorted(QUESTIONS.glob("*.jsonl")))
        with tempfile.TemporaryDirectory(prefix="xst-bench-") as folder:
            bench = Bench(asked, seconds, _tell, start)
            report = run_all(settings.home, Path(folder), bench, database, soak)
    except StandError as error:
        fail(str(error))
    _show(report)
    if as_json:
        print(json.dumps(report, ensure_ascii=False))


def _tell(name: str, step: Step | None) -> None:
    if step:
        err.print(
            f"{name}: {step.rate:,.0f}/s, p50 {step.p50_ms:,.0f} ms, p99 {step.p99_ms:,.0f} ms,"
            f" {step.failed} of {step.sent} failed",
            markup=False,
            soft_wrap=True,
        )


def _show(report: dict[str, Any]) -> None:
    table = Table(title=f"每秒回调数（{report['database']}）")
    for name in ("", "最高/秒", "80% 时 p50", "p99 毫秒", "最慢", "处理器 毫秒/条", "内存 MB"):
        table.add_column(name, justify="left" if not name else "right")
    for key, name in NAMES.items():
        one = report[key]
        eased = one.get("at_80", {})
        before, after = one["memory_mb"]
        table.add_row(
            name,
            f"{one['most']:,.0f}",
            *(f"{eased.get(k, 0):,.0f}" for k in ("p50_ms", "p99_ms", "worst_ms")),
            f"{one.get('cpu_ms', 0):.2f}",
            f"{before:,.0f} → {after:,.0f}",
        )
    out.print(table)
    out.print(f"与回声之比：微信 {report['wechat_ratio']}，Telegram {report['telegram_ratio']}。")
    if soak := report.get("soak"):
        out.print(
            f"{soak['minutes']:g} 分钟，每秒 {soak['rate']:,.0f} 条，共 {soak['sent']:,} 条，"
            f"没答上 {soak['failed']}；内存 {soak['memory_mb'][0]:,.0f} → "
            f"{soak['memory_mb'][-1]:,.0f} MB（后三分之一比中间三分之一多 {soak['growth_mb']} MB）。"
        )
    out.print(
        f"机器：{report['machine']}。服务占一个核，发请求的和它同在这台机器上；"
        f"问的是 {report['questions']:,} 个不同的问题，循环着问。",
        markup=False,
        soft_wrap=True,
    )
