"""How the items of a campaign behaved, from the answers that are kept: items, never persons."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence

from bot.awareness.items import Used, form_figures, item_figures
from bot.campaign.asking import Answered
from bot.campaign.reported import Finished, ItemLine, Items
from knowledge.lessons import Item

UNSURE = "?"
"""不知道: a wrong answer that is no option."""

_Key = tuple[str, str]
"""Item and version."""


def items_of(attempts: Sequence[Finished], bank: Mapping[str, Item]) -> Items:
    """Figures of every item and version that was asked. What nobody came to was not asked."""
    asked: dict[_Key, list[Answered]] = {}
    for attempt in attempts:
        for one in attempt.answers:
            if one.version:
                asked.setdefault((one.item, one.version), []).append(one)
    keys = sorted(asked)
    column = {key: n for n, key in enumerate(keys)}
    rows = []
    for attempt in attempts:
        row = [""] * len(keys)
        for one in attempt.answers:
            if one.version:
                row[column[one.item, one.version]] = _letters(one.chosen) or UNSURE
        rows.append(row)
    used = [_used(key, asked[key], bank) for key in keys]
    lines = tuple(
        ItemLine(key[0], key[1], asked[key][0].area, figures)
        for key, figures in zip(keys, item_figures(rows, used), strict=True)
    )
    kr20, needed = _reliability(attempts, bank)
    return Items(lines, _digest(keys), kr20, needed)


def _used(key: _Key, answers: Sequence[Answered], bank: Mapping[str, Item]) -> Used:
    """The item as it was asked: from the bank if it still says the same, else from the answers."""
    item = bank.get(key[0])
    if item is not None and item.version == key[1]:
        return Used(key[0], _letters(range(len(item.options))), _letters(item.key))
    right = next((a.chosen for a in answers if a.right), None)
    # Nobody was right: a key that no answer has keeps all of them wrong.
    seen = {place for a in answers for place in a.chosen}
    return Used(key[0], _letters(range(max(seen, default=0) + 1)), _letters(right or ()) or "!")


def _reliability(
    attempts: Sequence[Finished], bank: Mapping[str, Item]
) -> tuple[float | None, int | None]:
    """KR-20 of the form, where parallel items of one point count as the same item."""
    rows: list[dict[str, str]] = []
    for attempt in attempts:
        said = {}
        for one in attempt.answers:
            if one.version:
                point = bank[one.item].point if one.item in bank else one.item
                said[point] = "R" if one.right else "W"
        rows.append(said)
    common = sorted({p for row in rows for p in row})
    common = [p for p in common if sum(p in row for row in rows) > len(rows) / 2]
    if len(common) < 2:
        return None, None
    made = form_figures(
        [[row.get(p, "") for p in common] for row in rows], [Used(p, "RW", "R") for p in common]
    )
    return made.kr20, made.items_for_80


def _letters(places: Iterable[int]) -> str:
    return "".join(chr(ord("A") + place) for place in places)


def _digest(keys: Iterable[_Key]) -> str:
    """Changes with every item, word or key: two reports of one digest asked the same."""
    text = "".join(f"{item} {version}\n" for item, version in sorted(keys))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
