"""A small question bank for tests: invented items, some of every area and level."""

from __future__ import annotations

from datetime import date

from knowledge.citation import read_citation
from knowledge.lessons import Claim, Item, Option

DRAFTED = date(2026, 11, 21)


def item(
    point: str,
    form: str = "a",
    area: int = 1,
    level: int = 1,
    region: str = "国家",
    kind: str = "单选",
    right: tuple[int, ...] = (0,),
    cite: str = "《集体合同规定》第三十二条",
) -> Item:
    """An item whose options say 甲乙丙丁; those at `right` are."""
    names = ("对", "错") if kind == "判断" else ("甲", "乙", "丙", "丁")
    options = tuple(
        Option(f"{name}", Claim(says=((name, name),)), n in right, "" if n in right else "像")
        for n, name in enumerate(names)
    )
    return Item(
        f"{point}-{form}", point, area, level, region, "任何", kind, f"{point} 的第 {form} 种问法？",
        options, f"{point} 就是这样。", (read_citation(cite),), "unreviewed", DRAFTED,
    )  # fmt: skip


def bank() -> list[Item]:
    """Two points of level 1 and one of level 2 in every area, three forms each; 河南 in area 4."""
    items = []
    for area in range(1, 13):
        for number, level in ((1, 1), (2, 1), (3, 2)):
            point = f"p{area}-{number}"
            items += [item(point, form, area, level, right=(number,)) for form in "abc"]
        items += [item(f"p{area}-9", form, area, 3) for form in "abc"]
    items += [item("henan-4", form, 4, 1, "河南") for form in "abc"]
    return items
