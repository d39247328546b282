"""`xst awareness`: what a measurement proves, on one day, every day, and against the last one.

Without a subcommand it judges one measurement. Planning and drawing have files of their
own; a further command is added with `awareness.command("name")(function)`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.awareness.inputs import AwarenessError
from bot.cli.awareness_draw import draw_roster
from bot.cli.awareness_plan import plan
from bot.cli.common import fail, out

awareness = typer.Typer(
    help="知晓率、基本了解率：能不能说“已达到90%”，要抽多少人，抽谁，逐日怎么看，前后怎么比。",
    no_args_is_help=True,
)

AsJson = Annotated[bool, typer.Option("--json", help="写成一个 JSON 对象")]


@awareness.callback(invoke_without_command=True)
def judge_measurement(
    context: typer.Context,
    population: Annotated[int | None, typer.Option(help="职工总数（名册人数）")] = None,
    asked: Annotated[int | None, typer.Option(help="从名册随机抽到、请来答题的人数")] = None,
    answered: Annotated[int | None, typer.Option(help="其中答了题的人数")] = None,
    correct: Annotated[int | None, typer.Option(help="其中答对（合格）的人数")] = None,
    volunteers: Annotated[
        bool, typer.Option("--volunteers", help="自愿参加或有奖答题，不是从名册随机抽的")
    ] = False,
    metric: Annotated[str, typer.Option(help="知晓率、基本了解率 或 宣传覆盖")] = "",
    deff: Annotated[float, typer.Option(help="按整组抽人时的设计效应")] = 1.0,
    alpha: Annotated[float, typer.Option(help="单侧错报的风险；多个单位列名单时要更小")] = 0.05,
    as_json: AsJson = False,
) -> None:
    """判断一次测评：下限不低于90%、从名册随机抽、答题率不低于70%，才说“已达到90%”。

    一次测评只判断一次；边答边看请用 watch。
    """
    if context.invoked_subcommand is not None:
        return
    from bot.awareness.claim import judge
    from bot.awareness.measured import Measured

    if volunteers and asked is None:
        asked = population  # everybody could have come
    given = {"population": population, "asked": asked, "answered": answered, "correct": correct}
    missing = [f"--{name}" for name, value in given.items() if value is None]
    if missing:
        fail(
            f"还缺 {'、'.join(missing)}；例如 xst awareness "
            "--population 500 --asked 200 --answered 188 --correct 180"
        )
    with refusing():
        measured = Measured(
            population or 0, asked or 0, answered or 0, correct or 0, not volunteers, metric, deff
        )
        judged = judge(measured, alpha)
    if as_json:
        _print_json(
            _first(asdict(judged), "lower", "wilson", "response_rate", "lower_worst", "claim")
        )
        return
    out.print(f"结论：{judged.claim}", markup=False)
    who = f"{answered}人自愿参加" if volunteers else f"抽到{asked}人，答了{answered}人"
    out.print(f"{metric or '这一指标'}：全体{population}人，{who}，答对{correct}人。", markup=False)
    if judged.method == "census":
        out.print(f"全体都答了，正好是{judged.lower:.1%}。", markup=False)
    elif judged.share is not None:
        low, high = judged.wilson
        out.print(
            f"答对的占答题的{judged.share:.1%}；95%区间 {low:.1%} 到 {high:.1%}（Wilson，只供看）。",
            markup=False,
        )
    out.print(judged.reason, markup=False, soft_wrap=True)
    for note in judged.notes:
        out.print(f"注意：{note}", markup=False, soft_wrap=True)


@awareness.command("watch")
def watch_campaign(
    answered: Annotated[int, typer.Option(help="到现在答了题的人数")],
    correct: Annotated[int, typer.Option(help="其中答对（合格）的人数")],
    population: Annotated[
        int | None, typer.Option(help="职工总数；不给则按人数很多算，界限略宽")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """逐日界限：每天看、随时停都有效（请人的先后须是随机的）。"""
    from bot.awareness.monitoring import watch
    from bot.awareness.words import percent

    with refusing():
        seen = watch(correct, answered, population)
    if as_json:
        _print_json({**asdict(seen), "e": seen.e if seen.log_e < 700 else None})
        return
    out.print(
        f"到现在{answered}人答题，{correct}人答对。逐日界限 {percent(seen.low)} 到 {seen.high:.1%}"
        "（天天看也有95%把握）。",
        markup=False,
    )
    if seen.declared:
        out.print("证据已够：可以停下来，说答题者中已达到90%（答题率不低于70%时）。", markup=False)
    else:
        need = (
            f"这么多人答题，要{seen.needed}人答对才够"
            if seen.needed is not None
            else "人还太少，全对也不够"
        )
        out.print(f"证据还不够，尚不能证明达到90%：{need}。接着请人，不要换人。", markup=False)
    out.print("只有请人的先后是随机的（如 draw-roster 的顺序）、答不答与懂不懂无关，才作数。")


@awareness.command("compare")
def compare_waves(
    before: Annotated[str, typer.Option(help="前一次：抽到/答题/答对，如 200/180/120")],
    after: Annotated[str, typer.Option(help="后一次：抽到/答题/答对，如 200/188/170")],
    items_before: Annotated[Path | None, typer.Option(help="前一次的题号文件，一行一个")] = None,
    items_after: Annotated[Path | None, typer.Option(help="后一次的题号文件，一行一个")] = None,
    volunteers: Annotated[
        bool, typer.Option("--volunteers", help="有一次不是从名册随机抽的")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """前后比较：两次各自随机抽样、平行题卷，差多少，是不是真的差。"""
    from bot.awareness.change import compare

    with refusing():
        changed = compare(
            _wave("--before", before, not volunteers),
            _wave("--after", after, not volunteers),
            _items(items_before),
            _items(items_after),
        )
    if as_json:
        _print_json(asdict(changed))
        return
    out.print(f"结论：{changed.verdict}")
    if changed.difference is not None:
        out.print(
            f"后一次减前一次：{changed.difference * 100:+.1f} 个百分点，"
            f"95%区间 {changed.low * 100:+.1f} 到 {changed.high * 100:+.1f}（Newcombe）。",
            markup=False,
        )
    for reason in changed.reasons:
        out.print(f"注意：{reason}", markup=False, soft_wrap=True)
    if changed.fresh is None:
        out.print("没有给题号，无法核对后一次是否至少三成是新题。")


awareness.command("plan")(plan)
awareness.command("draw-roster")(draw_roster)


@contextmanager
def refusing() -> Iterator[None]:
    """Turn figures that can not be into one clear line and exit status 1."""
    try:
        yield
    except AwarenessError as error:
        fail(str(error))


def _wave(option: str, text: str, random: bool) -> Any:
    from bot.awareness.measured import Measured

    parts = text.replace("，", "/").replace(",", "/").split("/")
    if len(parts) != 3 or not all(p.strip().isdecimal() for p in parts):
        fail(f"{option}: “{text}” 应写作 抽到/答题/答对，如 200/188/170")
    asked, answered, correct = (int(p) for p in parts)
    try:
        return Measured(max(asked, 1), asked, answered, correct, random)
    except AwarenessError as error:
        fail(f"{option}: {error}")


def _items(path: Path | None) -> frozenset[str]:
    if path is None:
        return frozenset()
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        fail(f"{path}: 读不到（{error}），应为 UTF-8 文本，一行一个题号")
    return frozenset(line.strip() for line in lines if line.strip())


def _first(values: dict[str, Any], *names: str) -> dict[str, Any]:
    """The same with the promised keys in front."""
    return {name: values[name] for name in names} | values


def _print_json(values: dict[str, Any]) -> None:
    """One line of strict JSON: what is infinite has no number there."""
    finite = {
        k: None if isinstance(v, float) and abs(v) == float("inf") else v for k, v in values.items()
    }
    print(json.dumps(finite, ensure_ascii=False, allow_nan=False))
