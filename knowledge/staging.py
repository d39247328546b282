"""Reading the mock negotiation (`knowledge/content/scenes`) strictly into scenes."""

from __future__ import annotations

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
    sums,
    take,
    texts,
)
from knowledge.pieces import CONTRACTS, Place
from knowledge.records import KnowledgeError
from knowledge.scenes import ENDINGS, TOP, End, Move, Scene, Step, faults


def scene(raw: Entry, place: Place) -> Scene:
    """One file of scenes/*.yaml. Raises ContentError or Several."""
    name = ident(raw.get("id"))
    wrong: list[tuple[int, str, str]] = []
    steps = tuple(_step(e, wrong) for e in entries(raw.get("steps"), "steps"))
    ends = tuple(_end(e, wrong) for e in entries(raw.get("ends"), "ends"))
    if wrong:
        raise Several(wrong)
    made = Scene(
        **take(
            raw,
            Scene,
            id=name,
            goals=texts(raw.get("goals"), "goals"),
            steps=tuple(s for s in steps if s),
            ends=tuple(e for e in ends if e),
            cite=_cite(raw),
            procedure=_points(raw.get("procedure"), "procedure", 99),
            reasons=_points(raw.get("reasons"), "reasons", 99),
            contract=one_of(raw.get("contract", "任何"), CONTRACTS, "contract"),
            reviewed=reviewed(raw.get("reviewed")),
            drafted=day(raw.get("drafted"), "drafted"),
        ),
        place=place,
    )
    short(title=(made.title, 16), setting=(made.setting, 200))
    for goal in made.goals:
        short(goals=(goal, 30))
    if found := faults(made):
        raise Several([(place.line, made.id, fault) for fault in found])
    return made


def _step(raw: Entry, wrong: list[tuple[int, str, str]]) -> Step | None:
    """One step; what is wrong with it and its moves is put into `wrong`."""
    line, name = int(raw.get("__line__", 1)), str(raw.get("id"))
    try:
        moves = entries(raw.get("moves"), "moves")
        if not 3 <= len(moves) <= 4:
            raise ContentError(f"moves: 应有 3 到 4 个选项，现在 {len(moves)} 个")
        made: list[Move] = []
        for number, entry in enumerate(moves, 1):
            try:
                made.append(_move(entry))
            except KnowledgeError as error:
                at = int(entry.get("__line__", line))
                wrong.append((at, f"{name} 第 {number} 项", str(error)))
        if not made:
            return None
        step = Step(**take(raw, Step, id=ident(raw.get("id")), moves=tuple(made)))
        short(says=(step.says, 160))
        if len({m.text for m in made}) < len(made):
            raise ContentError("moves: 有两个选项一样")
        return step
    except KnowledgeError as error:
        wrong.append((line, name, str(error)))
    return None


def _move(raw: Entry) -> Move:
    values = take(
        raw,
        Move,
        cite=_cite(raw),
        procedure=_points(raw.get("procedure", 0), "procedure", TOP),
        reasons=_points(raw.get("reasons", 0), "reasons", TOP),
        worked=sums(raw.get("worked")),
        next=ident(raw.get("next"), "next"),
    )
    move = Move(**values)
    short(text=(move.text, 36), firm=(move.firm, 80), why=(move.why, 120), shows=(move.shows, 20))
    return move


def _end(raw: Entry, wrong: list[tuple[int, str, str]]) -> End | None:
    try:
        values = take(
            raw,
            End,
            id=ident(raw.get("id")),
            kind=one_of(raw.get("kind"), ENDINGS, "kind"),
            cite=_cite(raw),
        )
        end = End(**values)
        short(says=(end.says, 120), next=(end.next, 60))
        return end
    except KnowledgeError as error:
        wrong.append((raw.get("__line__", 1), str(raw.get("id")), str(error)))
    return None


def _cite(raw: Entry) -> Any:
    found = cites(raw.get("cite"))
    if not found or not all(c.article for c in found):
        raise ContentError("cite: 要引用到条")
    if len(found) > 3:
        raise ContentError(f"cite: 最多 3 条，现在 {len(found)} 条")
    return found


def _points(value: Any, field: str, most: int) -> int:
    if type(value) is not int or not 0 <= value <= most:
        raise ContentError(f"{field}: 应为 0 到 {most} 的整数")
    return value
