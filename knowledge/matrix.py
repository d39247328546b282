"""The table of procedure: steps and points by region and contract type, with their figures.

Rows stand in the order in which a bargaining runs; a cell holds a region's rules, an empty one
means that the library has no rule of that place.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from knowledge.pieces import Point, Rule, Span

STEPS = (
    "要约", "应约", "拒绝协商责任", "代表", "代表保护", "准备", "协商", "职代会", "签字", "报送",
    "审查生效", "公布", "履行监督", "工会监督文书", "变更解除", "期限续签", "签订争议", "履行争议",
    "行业区域",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """One point: `cells` are the rules by region, in the order of the regions asked for."""

    step: str
    point: str
    title: str
    cells: tuple[tuple[Rule, ...], ...]


def regions_of(points: Iterable[Point]) -> list[str]:
    """Regions that have rules, the nation first, then by how much they say."""
    counts = Counter(r.region for p in points for r in p.rules)
    return sorted(counts, key=lambda r: (r != "国家", -counts[r], r))


def matrix(
    points: Iterable[Point], regions: Sequence[str], contract: str = "", step: str = ""
) -> list[Row]:
    """The rows for `regions`; with `contract`, only rules of that type and for any type. A row
    that says nothing in any of them is left out."""
    order = {name: n for n, name in enumerate(STEPS)}
    kinds = (contract, "任何") if contract else ()
    rows = []
    for point in sorted(points, key=lambda p: (order.get(p.step, len(order)), p.point)):
        if step not in ("", point.step):
            continue
        rules = [r for r in point.rules if not kinds or r.contract in kinds]
        cells = tuple(tuple(r for r in rules if r.region == region) for region in regions)
        if any(cells):
            rows.append(Row(point.step, point.point, point.title, cells))
    return rows


def shown(span: Span) -> str:
    """A figure as a cell of a table: 10工作日, ≥2/3, ≤30日."""
    sign = {"以上": "≥", "至少": "≥", "过": ">", "不超过": "≤"}.get(span.compare, "")
    return f"{sign}{span.number}{'' if span.unit == '份额' else span.unit}"


def figures_of(rule: Rule) -> str:
    """The first figures of a rule, "" if it has none."""
    return "、".join(dict.fromkeys(map(shown, rule.figures[:2])))
