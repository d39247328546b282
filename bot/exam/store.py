"""The exam's own database: who sits, what was asked and answered, and which certificates there are.

A file of its own (`exam.db`), because it knows people by name; only the owner of the file can
read it. Every method is one transaction, and is on the disk when it returns.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from bot.exam.form import Placed
from bot.exam.records import (
    Candidate,
    Issued,
    Place,
    Sitting,
    candidate_of,
    columns,
    issued_of,
    place_of,
    sitting_of,
)
from bot.exam.rules import ExamError

FORM = 1
"""Version of the tables."""

PRAGMAS = ("synchronous=FULL", "secure_delete=ON", "foreign_keys=ON")

_TABLES = """
CREATE TABLE candidates (
  number TEXT PRIMARY KEY, name TEXT NOT NULL, unit TEXT NOT NULL, note TEXT NOT NULL,
  secret TEXT NOT NULL, enrolled TEXT NOT NULL,
  token TEXT NOT NULL DEFAULT '', token_until REAL NOT NULL DEFAULT 0,
  UNIQUE (name, unit, note)
) STRICT;
CREATE TABLE sittings (
  id INTEGER PRIMARY KEY, number TEXT NOT NULL REFERENCES candidates ON DELETE CASCADE,
  day TEXT NOT NULL, seed TEXT NOT NULL, deadline REAL NOT NULL,
  share REAL NOT NULL, source TEXT NOT NULL,
  ended TEXT, total INTEGER, correct INTEGER, needed INTEGER
) STRICT;
CREATE UNIQUE INDEX one_open ON sittings (number) WHERE ended IS NULL;
CREATE TABLE places (
  sitting INTEGER NOT NULL REFERENCES sittings ON DELETE CASCADE, place INTEGER NOT NULL,
  item TEXT NOT NULL, version TEXT NOT NULL, area INTEGER NOT NULL, level INTEGER NOT NULL,
  shown_as TEXT NOT NULL, answer TEXT NOT NULL, bound TEXT NOT NULL,
  since REAL, chosen TEXT, void INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (sitting, place)
) STRICT;
CREATE TABLE certificates (
  serial TEXT PRIMARY KEY, number TEXT REFERENCES candidates ON DELETE SET NULL,
  sitting INTEGER REFERENCES sittings ON DELETE SET NULL,
  issued TEXT NOT NULL, expires TEXT NOT NULL, text TEXT NOT NULL, bound TEXT NOT NULL,
  revoked TEXT NOT NULL DEFAULT '', reason TEXT NOT NULL DEFAULT ''
) STRICT;
"""


class ExamStore:
    """The exam's database. Opens the file for each transaction, so that any thread may use it.

    Raises ExamError if the file is of a newer program or no database.
    """

    def __init__(self, path: Path, pragmas: Sequence[str] = ()) -> None:
        self.path, self._pragmas = path, pragmas or PRAGMAS
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
            with self._begin() as db:
                form = db.execute("PRAGMA user_version").fetchone()[0]
                if form == 0:
                    for statement in _TABLES.split(";\n"):
                        db.execute(statement)
                    db.execute(f"PRAGMA user_version = {FORM}")
        except (OSError, sqlite3.DatabaseError) as error:
            raise ExamError(f"{path}: 打不开（{error}）") from error
        if form > FORM:
            raise ExamError(f"{path}: 是更新的版本写的，请装回新版本")

    @contextmanager
    def _begin(self, reading: bool = False) -> Iterator[sqlite3.Connection]:
        db = sqlite3.connect(self.path, isolation_level=None, timeout=10)
        db.row_factory = sqlite3.Row
        try:
            for pragma in self._pragmas:
                db.execute(f"PRAGMA {pragma}")
            # One that writes takes its turn at once: having read first, it could only fail.
            db.execute("BEGIN" if reading else "BEGIN IMMEDIATE")
            try:
                yield db
            except BaseException:
                db.execute("ROLLBACK")
                raise
            db.execute("COMMIT")
        finally:
            db.close()

    # Candidates

    def enrol(self, people: Sequence[Candidate]) -> list[Candidate]:
        """Add people; gives those who are there already by name, unit and note, and then adds
        nobody."""
        with self._begin() as db:
            said = "SELECT * FROM candidates WHERE name = ? AND unit = ? AND note = ?"
            there = [p for p in people if db.execute(said, (p.name, p.unit, p.note)).fetchone()]
            if there:
                return there
            db.executemany(
                "INSERT INTO candidates (number, name, unit, note, secret, enrolled)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                [(p.number, p.name, p.unit, p.note, p.secret, str(p.enrolled)) for p in people],
            )
        return []

    def candidate(self, number: str) -> Candidate | None:
        with self._begin(reading=True) as db:
            row = db.execute("SELECT * FROM candidates WHERE number = ?", (number,)).fetchone()
        return candidate_of(row) if row else None

    def candidates(self) -> list[Candidate]:
        with self._begin(reading=True) as db:
            rows = db.execute("SELECT * FROM candidates ORDER BY number").fetchall()
        return [candidate_of(r) for r in rows]

    def set_secret(self, number: str, secret: str) -> bool:
        """A new secret in place of a lost one; who was inside is outside."""
        with self._begin() as db:
            said = "UPDATE candidates SET secret = ?, token = '', token_until = 0 WHERE number = ?"
            return bool(db.execute(said, (secret, number)).rowcount)

    def let_in(self, number: str, token: str, until: float) -> None:
        """Keep the hash of a token; the one before no longer opens anything."""
        with self._begin() as db:
            said = "UPDATE candidates SET token = ?, token_until = ? WHERE number = ?"
            db.execute(said, (token, until, number))

    def inside(self, token: str, now: float) -> Candidate | None:
        """Whose token this hash is."""
        with self._begin(reading=True) as db:
            said = "SELECT * FROM candidates WHERE token = ? AND token_until > ?"
            row = db.execute(said, (token, now)).fetchone() if token else None
        return candidate_of(row) if row else None

    def delete(self, number: str) -> bool:
        """Forget a person: candidate, sittings and answers. A certificate stays as a serial number
        with its dates and articles, without its text, so that a copy can still be judged."""
        with self._begin() as db:
            db.execute("UPDATE certificates SET text = '' WHERE number = ?", (number,))
            return bool(db.execute("DELETE FROM candidates WHERE number = ?", (number,)).rowcount)

    # Sittings

    def begin(self, sitting: Sitting, places: Sequence[Place]) -> bool:
        """Open a sitting with its form; False where one is open already. `sitting.id` is not
        looked at."""
        with self._begin() as db:
            try:
                ident = db.execute(
                    "INSERT INTO sittings (number, day, seed, deadline, share, source)"
                    " VALUES (?, ?, ?, ?, ?, ?)",
                    (sitting.number, str(sitting.day), sitting.seed.hex(), sitting.deadline,
                     sitting.share, sitting.source),
                ).lastrowid  # fmt: skip
            except sqlite3.IntegrityError:
                return False
            for p in places:
                db.execute(
                    "INSERT INTO places (sitting, place, item, version, area, level, shown_as,"
                    " answer, bound) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    (ident, p.number, *columns(p.placed, p.bound)),
                )
        return True

    def sittings(self, number: str = "") -> list[Sitting]:
        """A person's, or all, the oldest first."""
        with self._begin(reading=True) as db:
            said = "SELECT * FROM sittings WHERE number = ? OR ? = '' ORDER BY id"
            return [sitting_of(r) for r in db.execute(said, (number, number))]

    def places(self, sitting: int) -> list[Place]:
        with self._begin(reading=True) as db:
            said = "SELECT * FROM places WHERE sitting = ? ORDER BY place"
            return [place_of(r) for r in db.execute(said, (sitting,))]

    def show(self, sitting: int, place: int, now: float) -> None:
        """Note when an item was first shown; a later look does not move it."""
        with self._begin() as db:
            said = "UPDATE places SET since = ? WHERE sitting = ? AND place = ? AND since IS NULL"
            db.execute(said, (now, sitting, place))

    def answer(self, sitting: int, place: int, chosen: Sequence[int]) -> bool:
        """Keep an answer; False where the sitting has ended."""
        with self._begin() as db:
            said = (
                "UPDATE places SET chosen = ? WHERE sitting = ? AND place = ? AND void = 0 AND"
                " EXISTS (SELECT 1 FROM sittings WHERE id = sitting AND ended IS NULL)"
            )
            return bool(db.execute(said, (json.dumps(list(chosen)), sitting, place)).rowcount)

    def swap(
        self, sitting: int, place: int, placed: Placed | None, bound: Mapping[str, str]
    ) -> None:
        """Another item in an unanswered place; None: the place does not count."""
        with self._begin() as db:
            where = "WHERE sitting = ? AND place = ? AND chosen IS NULL"
            if placed is None:
                db.execute(f"UPDATE places SET void = 1 {where}", (sitting, place))
            else:
                db.execute(
                    "UPDATE places SET item = ?, version = ?, area = ?, level = ?, shown_as = ?,"
                    f" answer = ?, bound = ?, since = NULL {where}",
                    (*columns(placed, bound), sitting, place),
                )

    def end(self, sitting: int, on: date, total: int, correct: int, needed: int) -> bool:
        """Close a sitting with its result; False where it was closed before."""
        with self._begin() as db:
            said = (
                "UPDATE sittings SET ended = ?, total = ?, correct = ?, needed = ?"
                " WHERE id = ? AND ended IS NULL"
            )
            return bool(db.execute(said, (str(on), total, correct, needed, sitting)).rowcount)

    # Certificates

    def issue(self, issued: Issued) -> None:
        with self._begin() as db:
            db.execute(
                "INSERT INTO certificates (serial, number, sitting, issued, expires, text, bound)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (issued.serial, issued.number, issued.sitting, str(issued.issued),
                 str(issued.expires), issued.text, json.dumps(issued.bound, ensure_ascii=False)),
            )  # fmt: skip

    def certificates(self) -> list[Issued]:
        with self._begin(reading=True) as db:
            rows = db.execute("SELECT * FROM certificates ORDER BY issued, serial").fetchall()
        return [issued_of(r) for r in rows]

    def revoke(self, serial: str, on: date, reason: str) -> bool:
        """False for a serial that is not known or was revoked before."""
        with self._begin() as db:
            said = (
                "UPDATE certificates SET revoked = ?, reason = ? WHERE serial = ? AND revoked = ''"
            )
            return bool(db.execute(said, (str(on), reason, serial)).rowcount)

    def drop_expired(self, before: date) -> int:
        with self._begin() as db:
            said = "DELETE FROM certificates WHERE expires < ?"
            return db.execute(said, (str(before),)).rowcount
