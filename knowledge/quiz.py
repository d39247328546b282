"""Reading the question bank (`knowledge/content/quiz`) strictly into lessons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from knowledge.forms import (
    ContentError,
    Entry,
    Several,
    cites,
    day,
    entries,
    ident,
    one_of,
    reviewed,
    short,
    take,
    texts,
)
from knowledge.lessons import AREAS, ASKS, KINDS, MUSTS, Claim, Item, Lesson, Option
from knowledge.pieces import COMPARISONS, CONTRACTS, Place
from knowledge.records import KnowledgeError


def lesson(raw: Entry, place: Place) -> Lesson:
    """One entry of quiz/*.yaml. Raises ContentError or Several."""
    area, level = raw.get("area"), raw.get("level")
    if area not in AREAS:
        raise ContentError(f"area: “{area}” 应为 1 到 {len(AREAS)}")
    if level not in (1, 2, 3):
        raise ContentError(f"level: “{level}” 应为 1、2 或 3")
    shared = {
        "point": ident(raw.get("point"), "point"),
        "area": area,
        "level": level,
        "region": str(raw.get("region", "国家")),
        "contract": one_of(raw.get("contract", "任何"), CONTRACTS, "contract"),
        "reviewed": reviewed(raw.get("reviewed")),
        "drafted": day(raw.get("drafted"), "drafted"),
    }
    forms, faults = [], []
    for form in entries(raw.get("forms"), "forms"):
        line = form.get("__line__", place.line)
        try:
            forms.append(_item(form, shared, Place(place.file, line)))
        except KnowledgeError as error:
            faults.append((line, str(form.get("id") or shared["point"]), str(error)))
    if faults:
        raise Several(faults)
    made = Lesson(**take(raw, Lesson, **shared, forms=tuple(forms)), place=place)
    short(teaches=(made.teaches, 80))
    if len(forms) < 3:
        raise ContentError(f"forms: 每个知识点至少三道平行题，现在 {len(forms)} 道")
    return made


def _item(raw: Entry, shared: Mapping[str, Any], place: Place) -> Item:
    kind = one_of(raw.get("kind"), KINDS, "kind")
    options = _statement(raw) if kind == "判断" else _options(raw)
    values = take(
        {k: v for k, v in raw.items() if k not in ("claim", "answer")},
        Item,
        **shared,
        id=ident(raw.get("id")),
        kind=kind,
        options=options,
        cite=cites(raw.get("cite")),
        asks=one_of(raw.get("asks", "对的"), ASKS, "asks"),
    )
    item = Item(**values, place=place)
    short(stem=(item.stem, 90 if kind == "案例" else 60), why=(item.why, 120))
    for option in item.options:
        short(options=(option.text, 50))
    if not item.cite or not all(c.article for c in item.cite):
        raise ContentError("cite: 每道题要引用到条")
    if len({o.text for o in item.options}) < len(item.options):
        raise ContentError("options: 有两个选项一样")
    right = len(item.key)
    if kind in ("单选", "案例") and right != 1:
        raise ContentError(f"options: {kind}应有一个 right: true，现在 {right} 个")
    if kind == "多选" and not 2 <= right <= len(item.options):
        raise ContentError("options: 多选至少两个 right: true")
    return item


def _statement(raw: Entry) -> tuple[Option, ...]:
    if raw.get("options"):
        raise ContentError("options: 判断题不写选项，写 answer: 对 或 错，和 claim")
    answer = one_of(raw.get("answer"), ("对", "错"), "answer")
    said = claim(raw.get("claim"), "claim")
    return (Option("对", said, answer == "对"), Option("错", said, answer == "错"))


def _options(raw: Entry) -> tuple[Option, ...]:
    made = []
    for number, entry in enumerate(entries(raw.get("options"), "options"), 1):
        place = f"options 第 {number} 项"
        said = claim(entry.get("claim"), f"{place} claim")
        option = Option(**take(entry, Option, claim=said))
        if not option.right and not option.lure:
            raise ContentError(f"{place}: 错的选项要写 lure（为什么会有人选它）")
        made.append(option)
    if not 3 <= len(made) <= 5:
        raise ContentError(f"options: 应有 3 到 5 项，现在 {len(made)} 项")
    return tuple(made)


def claim(raw: Any, field: str) -> Claim:
    """A claim as written. Raises ContentError."""
    if not isinstance(raw, dict):
        raise ContentError(f"{field}: 应写明这句话怎样由条文证实或否定")
    raw = {k: v for k, v in raw.items() if k != "__line__"}
    unknown = set(raw) - {f.name for f in fields(Claim)}
    if unknown:
        raise ContentError(f"{field}: 不认识的字段 {'、'.join(sorted(unknown))}")
    says = raw.get("says") or {}
    if isinstance(says, list):
        says = {word: word for word in texts(says, f"{field} says")}
    if not isinstance(says, dict):
        raise ContentError(f"{field}: says 应为词的列表，或“选项的说法: 条文的说法”")
    made = Claim(
        near=texts(raw.get("near"), f"{field} near"),
        figure=str(raw.get("figure", "")),
        compare=one_of(raw.get("compare", ""), COMPARISONS, f"{field} compare"),
        who=str(raw.get("who", "")),
        must=one_of(raw.get("must", ""), ("", *MUSTS), f"{field} must"),
        says=tuple((str(k), str(v)) for k, v in says.items() if k != "__line__"),
        holds=str(raw.get("holds", "")),
    )
    if not (made.figure or made.who or made.must or made.says or made.holds):
        raise ContentError(f"{field}: 至少写 figure、who、must、says、holds 之一")
    return made
