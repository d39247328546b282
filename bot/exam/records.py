"""What the exam's store holds, as values: candidates, sittings, places in a form, certificates."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from bot.exam.form import Placed


@dataclass(frozen=True, slots=True)
class Candidate:
    """One person as enrolled. `secret` is a hash."""

    number: str
    name: str
    unit: str
    note: str
    secret: str
    enrolled: date


@dataclass(frozen=True, slots=True)
class Sitting:
    """One attempt. `deadline` in seconds since 1970; the last four are None while it is open."""

    id: int
    number: str
    day: date
    seed: bytes
    deadline: float
    share: float
    source: str
    ended: date | None = None
    total: int | None = None
    correct: int | None = None
    needed: int | None = None

    @property
    def passed(self) -> bool:
        return self.correct is not None and self.needed is not None and self.correct >= self.needed


@dataclass(frozen=True, slots=True)
class Place:
    """One item of a sitting. `since` when it was first shown; `chosen` by place in the item, None
    while unanswered; `bound` citation -> digest of the article's words; void ones do not count."""

    number: int
    placed: Placed
    bound: Mapping[str, str]
    since: float | None
    chosen: tuple[int, ...] | None
    void: bool

    @property
    def right(self) -> bool:
        return self.chosen == self.placed.key


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate as kept. `bound`: per item its citations and digests, nothing else of it.
    `number` is "" once the person's data was deleted."""

    serial: str
    number: str
    sitting: int
    issued: date
    expires: date
    text: str
    bound: tuple[Mapping[str, str], ...]
    revoked: date | None = None
    reason: str = ""


# Rows


def columns(p: Placed, bound: Mapping[str, str]) -> tuple[object, ...]:
    words = json.dumps(dict(bound), ensure_ascii=False)
    return (p.item, p.version, p.area, p.level, json.dumps(p.order), json.dumps(p.key), words)


def candidate_of(row: sqlite3.Row) -> Candidate:
    return Candidate(
        row["number"], row["name"], row["unit"], row["note"], row["secret"],
        date.fromisoformat(row["enrolled"]),
    )  # fmt: skip


def sitting_of(row: sqlite3.Row) -> Sitting:
    ended = date.fromisoformat(row["ended"]) if row["ended"] else None
    return Sitting(
        row["id"], row["number"], date.fromisoformat(row["day"]), bytes.fromhex(row["seed"]),
        row["deadline"], row["share"], row["source"], ended,
        row["total"], row["correct"], row["needed"],
    )  # fmt: skip


def place_of(row: sqlite3.Row) -> Place:
    order, key = (tuple(json.loads(row[c])) for c in ("shown_as", "answer"))
    placed = Placed(row["item"], row["version"], row["area"], row["level"], order, key)
    chosen = None if row["chosen"] is None else tuple(json.loads(row["chosen"]))
    return Place(
        row["place"], placed, json.loads(row["bound"]), row["since"], chosen, bool(row["void"])
    )


def issued_of(row: sqlite3.Row) -> Issued:
    return Issued(
        row["serial"], row["number"] or "", row["sitting"] or 0,
        date.fromisoformat(row["issued"]), date.fromisoformat(row["expires"]),
        row["text"], tuple(json.loads(row["bound"])),
        date.fromisoformat(row["revoked"]) if row["revoked"] else None, row["reason"],
    )  # fmt: skip
