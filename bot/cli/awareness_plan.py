"""`xst awareness plan`: how many people to invite, and how many must be right."""

from __future__ import annotations

import csv
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from bot.awareness.inputs import AwarenessError
from bot.cli.awareness_draw import read_lines
from bot.cli.common import fail, out

if TYPE_CHECKING:
    from bot.awareness.planning import Plan

SIZE = ("人数", "职工人数", "population")
NAME = ("单位", "unit")
SHARE = ("真实比例", "truth")


def plan(
    population: Annotated[int | None, typer.Option(help="职工总数")] = None,
    truth: Annotated[float, typer.Option(help="假定真实比例，如 0.95")] = 0.95,
    power: Annotated[float, typer.Option(help="真实如此时证明得了的把握")] = 0.8,
    response: Annotated[float, typer.Option(help="预计答题率；请的人数按它放大")] = 1.0,
    alpha: Annotated[float, typer.Option(help="单侧错报的风险")] = 0.05,
    units: Annotated[Path | None, typer.Option(help="各单位的 CSV：单位,人数[,真实比例]")] = None,
    listed: Annotated[
        bool, typer.Option("--list", help="各单位要列成一张达标名单：风险按单位数分摊")
    ] = False,
    cluster_size: Annotated[int | None, typer.Option(help="按整组抽人时每组人数")] = None,
    icc: Annotated[float, typer.Option(help="组内相似程度 0 到 1；不知道可用 0.05")] = 0.05,
    margin: Annotated[
        float | None, typer.Option(help="只求估得准：误差上下多少，如 0.05；不证明达标")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="写成一个 JSON 对象")] = False,
) -> None:
    """要请多少人、多少人答对才能证明达到90%。不答的人不能换人顶替。"""
    from bot.awareness.planning import clustered, design_effect, precision
    from bot.awareness.planning import plan as planned

    if (population is None) == (units is None):
        fail("请给出 --population（一个单位）或 --units（各单位的 CSV），二者选一")
    rows = [("", population or 0, truth)] if units is None else _read_units(units, truth)
    if listed:
        alpha /= max(1, len(rows))
    plans: list[tuple[str, Plan | None, str]] = []
    for name, size, assumed in rows:
        try:
            if margin is not None:
                wanted = precision(size, margin)
                _print_margin(name, size, wanted, margin, response, as_json)
                continue
            if cluster_size is None:
                found = planned(size, assumed, power, alpha, response)
            else:
                single = planned(size, assumed, power, alpha)
                found = clustered(single, design_effect(cluster_size, icc), response)
            plans.append((name, found, ""))
        except AwarenessError as error:
            if units is None:
                fail(str(error))
            plans.append((name, None, str(error)))
    if margin is not None:
        return
    if as_json:
        if units is None and plans[0][1] is not None:
            _print_json(asdict(plans[0][1]))
        else:
            _print_json({"units": [_row(*one) for one in plans], "alpha": alpha})
        return
    _print_plans(plans, response, units is not None, listed, cluster_size is not None)


def _read_units(path: Path, truth: float) -> list[tuple[str, int, float]]:
    lines = read_lines(path)
    rows = list(csv.reader(lines))
    head = [cell.strip() for cell in rows[0]] if rows else []

    def column(names: tuple[str, ...]) -> int:
        return next((head.index(name) for name in names if name in head), -1)

    name, size, share = column(NAME), column(SIZE), column(SHARE)
    if min(name, size) < 0:
        fail(f"{path}: 第 1 行应是栏名，要有“单位”和“人数”两栏，可再有“真实比例”")
    found = []
    for number, row in enumerate(rows[1:], 2):
        if not any(cell.strip() for cell in row):
            continue
        try:
            assumed = row[share].strip() if 0 <= share < len(row) else ""
            found.append((row[name].strip(), int(row[size]), float(assumed or truth)))
        except (ValueError, IndexError):
            fail(f"{path}: 第 {number} 行读不懂；人数应为整数，真实比例如 0.95")
    if not found:
        fail(f"{path}: 一个单位也没有")
    return found


def _print_plans(
    plans: list[tuple[str, Plan | None, str]],
    response: float,
    many: bool,
    listed: bool,
    groups: bool,
) -> None:
    table = Table()
    names = (["单位"] if many else []) + ["职工", "请", "要答", "要答对", "最多答错", "把握"]
    for name in names:
        table.add_column(name, justify="left" if name == "单位" else "right")
    for unit, one, _ in plans:
        if one is not None:
            figures = (one.population, one.invitations, one.answers, one.correct, one.wrong_allowed)
            cells = [*map(str, figures), f"{one.power:.0%}"]
            table.add_row(*([unit] if many else []), *cells)
    out.print(table)
    for unit, one, why in plans:
        if one is None:
            out.print(f"{unit}：{why}", markup=False, soft_wrap=True)
    good = [one for _, one, _ in plans if one is not None]
    if many:
        from bot.awareness.many import by_chance

        alpha = good[0].alpha if good else 0.05
        chance = by_chance(len(plans), alpha)
        out.print(
            f"共请 {sum(one.invitations for one in good)} 人。{len(plans)} 个单位逐个判断，"
            f"若都差一点不到90%，平均也会有 {chance.expected_false:.2f} 个误判为达到"
            f"（至少一个的可能 {chance.any_false:.0%}）"
            + ("。" if listed else "；要公布名单请加 --list。"),
            markup=False,
            soft_wrap=True,
        )
    out.print(
        ("整组随机抽，抽中的组全请" if groups else "从名册随机抽（xst awareness draw-roster）")
        + "，请到的人不答也不换人；"
        + (
            f"请的人数按答题率{response:.0%}放大。"
            if response < 1
            else "没有给预计答题率，按都来答算。"
        )
        + "实际答的人数与计划不同时，按实际人数另判。",
        soft_wrap=True,
    )


def _print_margin(
    name: str, size: int, wanted: int, margin: float, response: float, as_json: bool
) -> None:
    from bot.awareness.planning import invitations

    invited = min(size, invitations(wanted, response))
    if as_json:
        row = {"population": size, "margin": margin, "answers": wanted, "invitations": invited}
        _print_json({"unit": name, **row} if name else row)
        return
    out.print(
        f"{name + '：' if name else ''}{size}人，误差上下{margin * 100:.3g}个百分点：要{wanted}人答，"
        f"请{invited}人（按比例约90%算）。这只是为了估得准，不等于证明达到90%。",
        markup=False,
        soft_wrap=True,
    )


def _row(name: str, one: Plan | None, why: str) -> dict[str, Any]:
    return {"unit": name} | (asdict(one) if one is not None else {"why": why})


def _print_json(values: dict[str, Any]) -> None:
    print(json.dumps(values, ensure_ascii=False))
