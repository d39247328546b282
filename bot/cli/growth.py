"""`xst bench growth`: how time, memory, disk and recall grow with the number of articles."""

from __future__ import annotations

import json
import math
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli.common import err, fail, out

if TYPE_CHECKING:
    from index.growth import Result

_COLOURS = ("#1b6ca8", "#d1495b", "#2e933c", "#e08e0b", "#7a4fa3", "#5c5c5c")


def bench_growth(
    sizes: Annotated[str, typer.Option(help="条文数，用逗号隔开")] = "60000,300000,1000000,5000000",
    engine: Annotated[
        list[str] | None, typer.Option(help="只测这个引擎，可写多次，如 lexical、'dense hnsw'")
    ] = None,
    laws: Annotated[
        Path | None, typer.Option(envvar="XST_LAWS", help="法规原文；没有时用自带的要点造句")
    ] = None,
    work: Annotated[Path | None, typer.Option(help="放生成文本和向量的文件夹，可重复使用")] = None,
    json_: Annotated[
        Path | None, typer.Option("--json", help="结果文件；已有的结果不再重测")
    ] = None,
    plot: Annotated[Path | None, typer.Option(help="画图到这个 .svg 文件")] = None,
    memory: Annotated[float, typer.Option(help="每个进程最多占用的内存，GB")] = 8.0,
) -> None:
    """造出指定数量的仿真条文，逐个引擎测建库、查询、内存、磁盘和召回；五百万条约需几小时。"""
    from index.growth import ENGINES, run

    engines = engine or [*ENGINES]
    if unknown := [name for name in engines if name not in ENGINES]:
        fail(f"--engine: 没有 {'、'.join(unknown)}，可用的是 {'、'.join(ENGINES)}")
    if plot and plot.suffix.lower() != ".svg":
        fail(f"{plot}: 文件名应以 .svg 结尾")
    results = read_results(json_) if json_ else []
    counts = _sizes(sizes)
    measured = run(
        counts,
        engines,
        work or Path(tempfile.gettempdir()) / "xst-growth",
        laws=laws,
        known=results,
        memory_gb=memory,
        progress=lambda line: err.print(line, markup=False),
    )
    for result in measured:
        same = (result.engine, result.rows, result.source)
        results = [r for r in results if (r.engine, r.rows, r.source) != same] + [result]
        if json_:
            save_results(results, json_)
    out.print(table(results), markup=False, soft_wrap=True)
    if plot:
        plot.write_text(chart(results), encoding="utf-8")


def read_results(path: Path) -> list[Result]:
    """What `save_results` wrote; nothing where there is no file yet."""
    from index.growth import Result

    if not path.exists():
        return []
    try:
        return [Result(**row) for row in json.loads(path.read_text(encoding="utf-8"))]
    except (ValueError, TypeError):
        fail(f"{path}: 不是 xst bench growth 写的结果；请换一个文件名")


def save_results(results: Sequence[Result], path: Path) -> None:
    draft = path.with_name(f".{path.name}")
    rows = [asdict(result) for result in results]
    draft.write_text(json.dumps(rows, ensure_ascii=False, indent=1), encoding="utf-8")
    draft.replace(path)


def _sizes(text: str) -> list[int]:
    try:
        counts = [int(part.replace("_", "")) for part in text.split(",")]
    except ValueError:
        fail(f"--sizes: “{text}” 应写作 60000,300000")
    if min(counts) < 1000:
        fail("--sizes: 每个数都不能小于 1000")
    return counts


# Showing

_COLUMNS: tuple[tuple[str, Callable[[Result], Any]], ...] = (
    ("引擎", lambda r: r.engine),
    ("条文", lambda r: f"{r.rows:,}"),
    ("建库 CPU s", lambda r: r.build_cpu_s),
    ("建库峰值 MB", lambda r: r.build_mb),
    ("磁盘 MB", lambda r: r.disk_mb),
    ("p50 CPU ms", lambda r: r.p50_cpu_ms),
    ("p99 CPU ms", lambda r: r.p99_cpu_ms),
    ("p50 ms", lambda r: r.p50_ms),
    ("p99 ms", lambda r: r.p99_ms),
    ("常驻 MB", lambda r: r.resident_mb),
    ("私有 MB", lambda r: r.private_mb),
    ("R@10", lambda r: r.recall_10),
    ("R@100", lambda r: r.recall_100),
    ("备注", lambda r: r.note),
)


def table(results: Sequence[Result]) -> str:
    """Every result as a row of Markdown, too wide for a terminal's own tables.

    What was not measured is 未测, recall where it does not apply –.
    """
    names = [name for name, _ in _COLUMNS]
    lines = [names, ["---"] * len(names)]
    for result in sorted(results, key=lambda r: (r.rows, r.engine)):
        cells = []
        for name, value in _COLUMNS:
            found = value(result)
            missing = "–" if name.startswith("R@") and result.p50_ms is not None else "未测"
            cells.append(missing if found is None else str(found))
        lines.append(cells)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


@dataclass(frozen=True, slots=True)
class _Panel:
    title: str
    value: Callable[[Result], float | None]
    log: bool = True


_PANELS = (
    _Panel("查询 p50，CPU 毫秒", lambda r: r.p50_cpu_ms),
    _Panel("建库，CPU 秒", lambda r: r.build_cpu_s),
    _Panel("服务进程常驻内存，MB", lambda r: r.resident_mb),
    _Panel("recall@10（与精确检索相比）", lambda r: r.recall_10, log=False),
)
_WIDE, _HIGH, _LEFT, _TOP = 360, 240, 60, 34


def chart(results: Sequence[Result]) -> str:
    """Four panels over the number of articles as an SVG; the logarithmic ones have both axes so."""
    engines = sorted({r.engine for r in results})
    colours = {name: _COLOURS[i % len(_COLOURS)] for i, name in enumerate(engines)}
    width, height = 2 * (_WIDE + 30), 2 * (_HIGH + 20) + 30
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        'font-family="sans-serif" font-size="11">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
    ]
    for number, panel in enumerate(_PANELS):
        x, y = (number % 2) * (_WIDE + 20), (number // 2) * (_HIGH + 20)
        parts.append(f'<g transform="translate({x},{y})">')
        parts += _panel(panel, results, colours)
        parts.append("</g>")
    for number, name in enumerate(engines):
        left = 20 + number * (width - 40) / max(1, len(engines))
        parts.append(
            f'<rect x="{left:.0f}" y="{height - 20}" width="10" height="10" '
            f'fill="{colours[name]}"/><text x="{left + 14:.0f}" y="{height - 11}">{name}</text>'
        )
    return "\n".join([*parts, "</svg>"]) + "\n"


def _panel(panel: _Panel, results: Sequence[Result], colours: dict[str, str]) -> list[str]:
    found = [(r.engine, r.rows, v) for r in results if (v := panel.value(r)) is not None]
    parts = [f'<text x="{_LEFT}" y="20" font-weight="bold">{panel.title}</text>']
    if not found:
        return [*parts, f'<text x="{_LEFT}" y="{_HIGH // 2}">未测</text>']
    counts = sorted({rows for _, rows, _ in found})
    across = _scale(counts, _LEFT, _WIDE - 10, log=True)
    values = [value for *_, value in found]
    ends = [_power(min(values), math.floor), _power(max(values), math.ceil)]
    bounds: list[float] = ends if panel.log else [min(0.8, *values), 1.0]
    up = _scale(bounds, _HIGH - 24, _TOP, log=panel.log)
    for tick in _ticks(bounds, panel.log):
        parts.append(
            f'<line x1="{_LEFT}" x2="{_WIDE - 10}" y1="{up(tick):.1f}" y2="{up(tick):.1f}" '
            f'stroke="#ddd"/><text x="{_LEFT - 6}" y="{up(tick) + 4:.1f}" '
            f'text-anchor="end">{tick:g}</text>'
        )
    for count in counts:
        label = f"{count / 10_000:g}万"
        parts.append(
            f'<text x="{across(count):.1f}" y="{_HIGH - 8}" text-anchor="middle">{label}</text>'
        )
    for engine, colour in colours.items():
        line = sorted((rows, value) for name, rows, value in found if name == engine)
        points = [f"{across(rows):.1f},{up(value):.1f}" for rows, value in line]
        parts.append(
            f'<polyline points="{" ".join(points)}" fill="none" stroke="{colour}" '
            'stroke-width="2"/>'
        )
        parts += [
            f'<circle cx="{point.split(",")[0]}" cy="{point.split(",")[1]}" r="3" fill="{colour}"/>'
            for point in points
        ]
    return parts


def _scale(
    values: Sequence[float], start: float, end: float, *, log: bool
) -> Callable[[float], float]:
    """From a value to its place between `start` and `end`; one value alone stands half way."""

    def place(value: float) -> float:
        return math.log10(value) if log else value

    low, high = place(min(values)), place(max(values))
    if low == high:
        return lambda _: (start + end) / 2
    return lambda value: start + (place(value) - low) / (high - low) * (end - start)


def _power(value: float, rounded: Callable[[float], int]) -> float:
    """The power of ten at or beyond `value`; a time too short to see counts as a hundredth."""
    return float(10 ** rounded(math.log10(max(value, 0.01))))


def _ticks(bounds: Sequence[float], log: bool) -> list[float]:
    low, high = bounds
    if not log:
        return [low + (high - low) * i / 4 for i in range(5)]
    count = round(math.log10(high / low))
    return [low * 10**i for i in range(count + 1)]
