"""Positions and the provinces they are offered as."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import yaml

from bot.channels.provinces import _TOWNS, nearest

PLACES = {
    "北京": (39.91, 116.40),
    "河北": (38.04, 114.51),
    "江苏": (31.38, 120.98),  # 昆山: closer to Shanghai's middle than to Nanjing
    "广东": (22.54, 114.12),  # 罗湖, beside Hong Kong
    "香港": (22.38, 114.19),
    "澳门": (22.13, 113.54),
    "台湾": (23.98, 121.60),
    "福建": (24.48, 118.09),
    "西藏": (29.65, 91.10),
    "新疆": (39.47, 75.99),
    "黑龙江": (52.97, 122.50),
    "内蒙古": (49.60, 117.40),
    "辽宁": (40.12, 124.38),
    "云南": (22.50, 103.96),
    "海南": (16.83, 112.33),
    "河南": (34.75, 113.66),
}


@pytest.mark.parametrize(("name", "place"), PLACES.items())
def test_a_town_lies_in_its_province(name, place):
    assert nearest(*place) == name


@pytest.mark.parametrize(
    "place",
    [
        *((21.03, 105.85), (37.55, 127.0), (35.7, 139.7), (28.6, 77.2), (13.75, 100.5)),
        *((43.1, 131.9), (47.9, 106.9), (51.5, 0.0), (-34.0, 116.0), (0.0, 0.0)),
        *((math.nan, 116.0), (39.9, math.inf)),
    ],
)
def test_outside_china_there_is_no_province(place):
    assert nearest(*place) == ""


def test_every_province_is_in_the_table_by_the_name_of_the_regions():
    content = Path(__file__).parents[3] / "knowledge" / "content" / "regions.yaml"
    regions = yaml.safe_load(content.read_text(encoding="utf-8"))
    provinces = {r["name"] for r in regions if r.get("parent") == "国家"}
    assert len(provinces) == 34
    assert {name for name, _, _ in _TOWNS} - {""} == provinces


def test_every_town_lies_near_another_of_its_province_or_far_from_all():
    """A swapped digit would put a town into the middle of another province."""
    alone = {"澳门"}  # it is one town
    for name, latitude, longitude in _TOWNS:
        around = sorted(
            (math.hypot(a - latitude, (b - longitude) * 0.82), other)
            for other, a, b in _TOWNS
            if (a, b) != (latitude, longitude)
        )[:8]
        assert (
            name in {"", *alone} or name in [other for _, other in around] or around[0][0] > 1.0
        ), (
            name,
            latitude,
            longitude,
        )
