"""Which items one candidate gets: drawn by blueprint from the live ones, in a seeded order."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from bot.exam.rules import LEAST, LEVELS, ExamError
from knowledge.lessons import AREAS, Item

Blueprint = Mapping[tuple[int, int], int]

PER_AREA = 5
SHARES = {1: 1, 2: 2, 3: 2}
"""Of five items of an area, how many of each level, where the bank has them."""


@dataclass(frozen=True, slots=True)
class Placed:
    """An item as one candidate meets it. `order` are its options as shown, by their place in the
    item; `key` the right ones, by the same."""

    item: str
    version: str
    area: int
    level: int
    order: tuple[int, ...]
    key: tuple[int, ...]


def usable(items: Sequence[Item], region: str) -> list[Item]:
    """Items that fit an exam for a region: the nation's and its own."""
    return [i for i in items if i.region in ("国家", region)]


def fitted(items: Sequence[Item]) -> dict[tuple[int, int], int]:
    """A blueprint that the items can fill: five points for each area where there are so many,
    levels as in SHARES; what one area lacks is made up by others. Raises ExamError under LEAST."""
    has = _points(items)
    found: dict[tuple[int, int], int] = {}
    for area in AREAS:
        found |= _levels(area, {lv: len(has.get((area, lv), ())) for lv in LEVELS})
    spare = [c for c in sorted(has) for _ in range(len(has[c]) - found.get(c, 0))]
    # The hard ones last: an exam made up of spare items should not grow harder by it.
    for cell in sorted(spare, key=lambda c: (abs(c[1] - 2), c)):
        if sum(found.values()) >= PER_AREA * len(AREAS):
            break
        found[cell] += 1
    if empty := [a for a in AREAS if not any(found[a, lv] for lv in LEVELS)]:
        shown = "、".join(f"{a}（{AREAS[a]}）" for a in empty)
        raise ExamError(f"题库里这些领域没有可考的题：{shown}")
    if (total := sum(found.values())) < LEAST:
        raise ExamError(f"题库里只凑得出 {total} 个不同知识点的题，考试至少要 {LEAST} 道")
    return found


def _levels(area: int, has: Mapping[int, int]) -> dict[tuple[int, int], int]:
    taken = {lv: min(SHARES[lv], has[lv]) for lv in LEVELS}
    for lv in (2, 3, 1):
        lacking = PER_AREA - sum(taken.values())
        taken[lv] += max(0, min(lacking, has[lv] - taken[lv]))
    return {(area, lv): n for lv, n in taken.items()}


def choose(
    items: Sequence[Item], blueprint: Blueprint, seed: bytes, seen: Collection[str] = ()
) -> list[Placed]:
    """A form: of each cell so many points, of each point one item, not one of those `seen` where
    another is left; items and options shuffled. The same seed and items give the same form.
    Raises ExamError naming the cell that the bank cannot fill."""
    has = _points(items)
    form: list[Placed] = []
    for cell, number in sorted(blueprint.items()):
        points = has.get(cell, {})
        if len(points) < number:
            area, level = cell
            raise ExamError(
                f"领域 {area} 难度 {level} 要 {number} 道，题库里现在只有 {len(points)} 个知识点；"
                "请改 exam.toml 的 [blueprint]，或等题库补齐"
            )
        order = sorted(points, key=lambda p: (not _fresh(points[p], seen), _rank(seed, p)))
        form += [_placed(_pick(points[p], seed, seen), seed) for p in order[:number]]
    return sorted(form, key=lambda p: _rank(seed, "place", p.item))


def another(
    items: Sequence[Item], place: Placed, used: Collection[str], seed: bytes
) -> Placed | None:
    """An item of the same area and level, of a point that the form does not have, in place of one
    that may no longer be asked; None where there is none. `used` are points."""
    points = _points(items).get((place.area, place.level), {})
    left = sorted((p for p in points if p not in used), key=lambda p: _rank(seed, p))
    return _placed(_pick(points[left[0]], seed, ()), seed) if left else None


def digest_of(form: Sequence[Placed]) -> str:
    """What a certificate holds of its items: a hash of their ids and versions."""
    said = json.dumps(sorted([p.item, p.version] for p in form), separators=(",", ":"))
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def _points(items: Sequence[Item]) -> dict[tuple[int, int], dict[str, list[Item]]]:
    found: dict[tuple[int, int], dict[str, list[Item]]] = {}
    for item in items:
        found.setdefault((item.area, item.level), {}).setdefault(item.point, []).append(item)
    return found


def _fresh(forms: Sequence[Item], seen: Collection[str]) -> bool:
    return any(i.id not in seen for i in forms)


def _pick(forms: Sequence[Item], seed: bytes, seen: Collection[str]) -> Item:
    return min(forms, key=lambda i: (i.id in seen, _rank(seed, i.id)))


def _placed(item: Item, seed: bytes) -> Placed:
    places = range(len(item.options))
    # 对 and 错 keep their order: shuffled they would only be misread.
    shuffled = sorted(places, key=lambda n: _rank(seed, item.id, str(n)))
    order = tuple(places) if item.kind == "判断" else tuple(shuffled)
    return Placed(item.id, item.version, item.area, item.level, order, item.key)


def _rank(seed: bytes, *parts: str) -> bytes:
    # Not `random`: its sequences may change between versions of Python.
    return hmac.digest(seed, "\x1f".join(parts).encode(), hashlib.sha256)
