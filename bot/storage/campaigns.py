"""Live state of campaigns: codes spent, sittings under way, answers kept apart from them.

An answer is acknowledged after the transaction that holds it. What is finished goes into
`attempts` under a random key; the sitting it came from loses its answers at once and is deleted
some minutes later, when nobody can have to see its last page again.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Connection, Table, delete, func, insert, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError

from bot.campaign.asking import Answered, Sitting
from bot.campaign.plan import Campaign
from bot.storage.grouped import Grouped
from bot.storage.store import Store, StoreError
from bot.storage.tables import (
    ATTEMPTS,
    CAMPAIGNS,
    ENTRIES,
    ISSUED,
    PARTAKEN,
    PROGRESS,
    SITTINGS,
    SPENT,
)
from knowledge.plain import from_plain, to_plain

T = TypeVar("T")

LAST_PAGE = 600.0
"""Seconds in which somebody may see the last page of a finished sitting again."""

SLOT = 600.0
"""Seconds that answers are counted as given together."""

CLOSING = 0x7873745F636C6F
"""The lock that answers share and a close takes alone."""

GROWN = 10
"""A figure that is shown while people answer stands for so many at least, and stays as it is until
so many more have come; the last so many are held back, for the report after the close counts them:
of two looks, the report being one, nobody can work out what one person answered."""


@dataclass(frozen=True, slots=True)
class Held:
    """A campaign as it is kept: `status` draft | open | closing | closed, the `points` it asks, the
    `key` of its codes. After the close: `unreliable` says by unit why its figure is, `generations`
    how many took part in a publicity round under each key."""

    campaign: Campaign
    status: str
    points: tuple[str, ...]
    key: bytes
    unreliable: Mapping[str, str]
    generations: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One finished form, of nobody in particular. `slot` is None after the close."""

    unit: str
    passed: bool
    answers: tuple[Answered, ...]
    slot: int | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """A sitting as it is stored. `ending` is its last page as JSON-able values, once it ended."""

    sitting: Sitting
    ending: Mapping[str, Any] | None = None


class Campaigns:
    """Every method is one transaction; safe between threads and processes."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.time) -> None:
        self.store, self._clock = store, clock
        self._dialect = postgresql if store.engine.dialect.name == "postgresql" else sqlite
        # Inside somebody else's transaction there is nothing to wait for.
        alone = self._dialect is sqlite and not store.inside
        self._grouped = Grouped(store) if alone else None

    # Organisers

    def create(self, campaign: Campaign, points: Sequence[str]) -> None:
        """Keep a new campaign as a draft. Raises StoreError if there is one of this id."""
        row = {
            "id": campaign.id,
            "data": json.dumps(to_plain(campaign), ensure_ascii=False),
            "points": json.dumps(list(points)),
            "key": secrets.token_bytes(32),
            "status": "draft",
            "findings": "",
        }
        try:
            with self.store.writing() as connection:
                connection.execute(insert(CAMPAIGNS).values(row))
        except IntegrityError:
            raise StoreError(
                f"活动 {campaign.id} 已经有了；改内容请用 xst campaign update，另办请换 id"
            ) from None

    def replace(self, campaign: Campaign, points: Sequence[str]) -> None:
        """Put a changed file in the place of a draft. Raises StoreError once it was opened, for
        the rules must not change under those who answered."""
        values = {
            "data": json.dumps(to_plain(campaign), ensure_ascii=False),
            "points": json.dumps(list(points)),
        }
        where = (CAMPAIGNS.c.id == campaign.id) & (CAMPAIGNS.c.status == "draft")
        with self.store.writing() as connection:
            if not connection.execute(update(CAMPAIGNS).where(where).values(values)).rowcount:
                raise StoreError(f"活动 {campaign.id} 没有，或已经开始：开始后不能再改")

    def get(self, ident: str) -> Held | None:
        with self.store.reading() as connection:
            row = connection.execute(select(CAMPAIGNS).where(CAMPAIGNS.c.id == ident)).first()
        return _held(row._mapping) if row else None

    def all(self) -> list[Held]:
        with self.store.reading() as connection:
            rows = connection.execute(select(CAMPAIGNS).order_by(CAMPAIGNS.c.id)).all()
        return [_held(r._mapping) for r in rows]

    def set_status(self, ident: str, before: str, after: str) -> bool:
        where = (CAMPAIGNS.c.id == ident) & (CAMPAIGNS.c.status == before)
        with self.store.writing() as connection:
            return bool(
                connection.execute(update(CAMPAIGNS).where(where).values(status=after)).rowcount
            )

    def issue(self, ident: str, unit: str, count: int) -> None:
        """Count codes that were made for a unit."""
        with self.store.writing() as connection:
            self._add(connection, ISSUED, {"campaign": ident, "unit": unit}, count)

    def issued(self, ident: str) -> dict[str, int]:
        with self.store.reading() as connection:
            rows = connection.execute(select(ISSUED).where(ISSUED.c.campaign == ident))
            return {r.unit: r.total for r in rows}

    def progress(self, ident: str) -> dict[tuple[str, str], int]:
        """(unit, opened | begun | finished) -> how often."""
        with self.store.reading() as connection:
            rows = connection.execute(select(PROGRESS).where(PROGRESS.c.campaign == ident))
            return {(r.unit, r.what): r.total for r in rows}

    def attempts(self, ident: str) -> list[Attempt]:
        """Every finished form, in the order of their random keys."""
        query = select(ATTEMPTS).where(ATTEMPTS.c.campaign == ident).order_by(ATTEMPTS.c.key)
        with self.store.reading() as connection:
            return [_attempt(r._mapping) for r in connection.execute(query)]

    def figures(self, ident: str, groups: Mapping[str, str]) -> dict[str, tuple[int, int]]:
        """(answered, passed) of every group of units, the last GROWN held back, as it stood when
        it had last grown by GROWN.

        `groups` gives a unit's group, and must be the same at every look; a group that is not
        shown yet is missing.
        """
        here = CAMPAIGNS.c.id == ident
        mine = ATTEMPTS.c.campaign == ident
        columns = select(ATTEMPTS.c.unit, ATTEMPTS.c.passed).where(mine)
        # The order of a slot is chance: keys are random.
        ordered = columns.order_by(ATTEMPTS.c.slot, ATTEMPTS.c.key)
        with self.store.writing() as connection:
            held = select(CAMPAIGNS.c.findings).where(here).with_for_update()
            findings = json.loads(connection.execute(held).scalar() or "{}")
            came: dict[str, list[int]] = {}
            for unit, passed in connection.execute(ordered):
                if group := groups.get(unit):
                    came.setdefault(group, []).append(passed)
            told = {g: c[:-GROWN] for g, c in came.items()}
            now = {g: [len(c), sum(c)] for g, c in told.items()}
            shown = findings.setdefault("shown", {})
            grown = {g: s for g, s in now.items() if s[0] - shown.get(g, [0])[0] >= GROWN}
            if grown:
                shown |= grown
                said = json.dumps(findings, ensure_ascii=False)
                connection.execute(update(CAMPAIGNS).where(here).values(findings=said))
        return {g: (s[0], s[1]) for g, s in shown.items()}

    def entries(self, ident: str) -> list[str]:
        """The entry hashes of the prize draw, sorted."""
        query = select(ENTRIES.c.entry).where(ENTRIES.c.campaign == ident)
        with self.store.reading() as connection:
            return sorted(connection.execute(query).scalars())

    def generations(self, ident: str) -> dict[str, int]:
        """How many took part in a publicity round, by generation of the key in memory."""
        query = (
            select(PARTAKEN.c.generation, func.count())
            .where(PARTAKEN.c.campaign == ident)
            .group_by(PARTAKEN.c.generation)
        )
        with self.store.reading() as connection:
            return {r[0]: r[1] for r in connection.execute(query)}

    def close(
        self,
        ident: str,
        unfinished: Callable[[Sitting], Attempt],
        find: Callable[[Sequence[Attempt]], Mapping[str, str]],
    ) -> bool:
        """End a campaign: what was begun and not finished becomes an attempt by `unfinished`,
        `find` looks at all attempts, then times, sittings and keyed hashes are deleted.

        `find` may take a minute, so it holds nobody up; a close that was cut off there goes on
        when it is called again. False if the campaign was not open.
        """
        here, mine = CAMPAIGNS.c.id == ident, ATTEMPTS.c.campaign == ident
        if not self._stop(ident, unfinished):
            return False
        found = find(self.attempts(ident))
        with self.store.writing() as connection:
            members = (PARTAKEN.c.generation, func.count())
            came = PARTAKEN.c.campaign == ident
            counted = select(*members).where(came).group_by(PARTAKEN.c.generation)
            generations = {r[0]: r[1] for r in connection.execute(counted)}
            findings = {"units": dict(found), "generations": generations}
            values = {"status": "closed", "findings": json.dumps(findings, ensure_ascii=False)}
            closing = here & (CAMPAIGNS.c.status == "closing")
            if not connection.execute(update(CAMPAIGNS).where(closing).values(values)).rowcount:
                return False
            connection.execute(update(ATTEMPTS).where(mine).values(slot=None))
            connection.execute(delete(PARTAKEN).where(came))
        self.store.settle_journal()  # older copies of the sittings stand there
        return True

    def _stop(self, ident: str, unfinished: Callable[[Sitting], Attempt]) -> bool:
        """Take no more answers; sittings become attempts, or nothing is left of them."""
        here = (CAMPAIGNS.c.id == ident) & CAMPAIGNS.c.status.in_(("open", "closing"))
        mine = SITTINGS.c.campaign == ident
        with self.store.writing() as connection:
            self._hold(connection, alone=True)
            stopped = update(CAMPAIGNS).where(here).values(status="closing")
            if not connection.execute(stopped).rowcount:
                return False
            left = select(SITTINGS.c.state).where(mine, SITTINGS.c.ended == 0)
            for state in connection.execute(left).scalars().all():
                self._keep(connection, ident, unfinished(_kept(state).sitting))
            connection.execute(delete(SITTINGS).where(mine))
        return True

    # Taking part

    def opened(self, ident: str, unit: str) -> None:
        """Count that somebody came to a unit's page."""
        self._written(lambda connection: self._count(connection, ident, unit, "opened"))

    def begin(self, sitting: Sitting, code: str, most: int = 0) -> Kept | str:
        """Start a sitting with the hash of a code ("" without one). Gives the sitting that this
        code began already, finished or not; "spent" where that is over, "full" where `most` (0:
        any number) have begun in the unit, "closed" where the campaign was closed meanwhile."""
        return self._written(lambda connection: self._begin(connection, sitting, code, most))

    def _begin(self, connection: Connection, sitting: Sitting, code: str, most: int) -> Kept | str:
        ident, unit = sitting.campaign, sitting.unit
        self._hold(connection)
        if not self._open(connection, ident):
            return "closed"
        if code:
            mine = (SITTINGS.c.campaign == ident) & (SITTINGS.c.code == code)
            known = connection.execute(select(SITTINGS.c.state).where(mine)).scalar()
            if known:
                return _kept(known)
            if not self._new(connection, SPENT, {"campaign": ident, "code": code}):
                return "spent"
        # Counted first: of two that come at once on PostgreSQL the second waits here.
        if self._count(connection, ident, unit, "begun") > most > 0 and code:
            self._count(connection, ident, unit, "begun", -1)
            connection.execute(delete(SPENT).where(SPENT.c.code == code))
            return "full"
        kept = Kept(sitting)
        row = {"token": sitting.token, "campaign": ident, "code": code}
        connection.execute(insert(SITTINGS).values(**row, state=_write(kept), ended=0.0))
        return kept

    def partake(self, ident: str, generation: str, person: str) -> bool:
        """Note that a pseudonym took part in a publicity round; False if it did before."""
        row = {"campaign": ident, "generation": generation, "person": person}
        with self.store.writing() as connection:
            return self._new(connection, PARTAKEN, row)

    def sitting(self, token: str) -> Kept | None:
        with self.store.reading() as connection:
            state = connection.execute(
                select(SITTINGS.c.state).where(SITTINGS.c.token == token)
            ).scalar()
        return _kept(state) if state else None

    def advance(self, token: str, step: Callable[[Kept], Advanced]) -> Advanced | None:
        """Move a sitting on by `step`, which only computes; None where there is none.

        What it gives is stored before this returns: the sitting, or its end with the attempt and
        the entry of the draw.
        """
        return self._written(lambda connection: self._advance(connection, token, step))

    def _advance(
        self, connection: Connection, token: str, step: Callable[[Kept], Advanced]
    ) -> Advanced | None:
        self._hold(connection)
        here = SITTINGS.c.token == token
        query = select(SITTINGS.c.state).where(here).with_for_update()
        state = connection.execute(query).scalar()
        if not state:
            return None
        before = _kept(state)
        made = step(before)
        if made.kept == before:
            return made
        sitting = before.sitting
        if made.attempt:
            if not self._open(connection, sitting.campaign):
                return None
            self._keep(connection, sitting.campaign, made.attempt)
            self._count(connection, sitting.campaign, sitting.unit, "finished")
        if made.entry:
            row = {"campaign": sitting.campaign, "entry": made.entry}
            connection.execute(insert(ENTRIES).values(row))
        ended = self._clock() // 60 * 60 if made.kept.ending is not None else 0.0
        values: dict[str, Any] = {"state": _write(made.kept), "ended": ended}
        if ended:
            values["code"] = ""  # from here on nothing joins the code to what was answered
        connection.execute(update(SITTINGS).where(here).values(values))
        return made

    def purge(self) -> int:
        """Delete finished sittings whose last page nobody needs any more; gives how many."""
        old = (SITTINGS.c.ended > 0) & (SITTINGS.c.ended < self._clock() - LAST_PAGE)
        with self.store.writing() as connection:
            gone = connection.execute(delete(SITTINGS).where(old)).rowcount
        if gone:
            self.store.settle_journal()
        return gone

    def _keep(self, connection: Connection, ident: str, attempt: Attempt) -> None:
        connection.execute(
            insert(ATTEMPTS).values(
                key=_random(),
                campaign=ident,
                unit=attempt.unit,
                passed=int(attempt.passed),
                answers=json.dumps(to_plain(attempt.answers), ensure_ascii=False),
                slot=int(self._clock() // SLOT),
            )
        )

    def _written(self, do: Callable[[Connection], T]) -> T:
        if self._grouped is not None:
            return self._grouped.write(do)
        with self.store.writing() as connection:
            return do(connection)

    def _open(self, connection: Connection, ident: str) -> bool:
        query = select(CAMPAIGNS.c.status).where(CAMPAIGNS.c.id == ident)
        return connection.execute(query).scalar() == "open"

    def _hold(self, connection: Connection, alone: bool = False) -> None:
        """Answers of many at a time, or `alone` the moment in which a campaign closes. Taken
        before any row; SQLite has one writer anyway."""
        if self._dialect is postgresql:
            shared = "" if alone else "_shared"
            connection.execute(
                text(f"SELECT pg_advisory_xact_lock{shared}(:key)"), {"key": CLOSING}
            )

    def _count(
        self, connection: Connection, ident: str, unit: str, what: str, number: int = 1
    ) -> int:
        where = {"campaign": ident, "unit": unit, "what": what}
        return self._add(connection, PROGRESS, where, number)

    def _new(self, connection: Connection, table: Table, row: Mapping[str, Any]) -> bool:
        """Put a row in, if there is none of its key; says whether there was none."""
        column = table.c.campaign
        new = self._dialect.insert(table).values(row).on_conflict_do_nothing().returning(column)
        return connection.execute(new).first() is not None

    def _add(
        self, connection: Connection, table: Table, where: Mapping[str, Any], number: int
    ) -> int:
        """Add to a count; gives what it is now."""
        new = self._dialect.insert(table).values(**where, total=number)
        added = new.on_conflict_do_update(
            index_elements=list(where), set_={"total": table.c.total + number}
        )
        return int(connection.execute(added.returning(table.c.total)).scalar_one())


@dataclass(frozen=True, slots=True)
class Advanced:
    """What a step made of a sitting: what is kept of it, the attempt it became, the hash of its
    entry in the draw, and whatever the caller wants back."""

    kept: Kept
    attempt: Attempt | None = None
    entry: str = ""
    outcome: Any = None


def _held(row: Any) -> Held:
    raw = json.loads(row["data"])
    findings = json.loads(row["findings"] or "{}")
    return Held(
        from_plain(Campaign, raw),
        row["status"],
        tuple(json.loads(row["points"])),
        row["key"],
        findings.get("units", {}),
        findings.get("generations", {}),
    )


def _attempt(row: Any) -> Attempt:
    answers = tuple(from_plain(Answered, a) for a in json.loads(row["answers"]))
    return Attempt(row["unit"], bool(row["passed"]), answers, row["slot"])


def _write(kept: Kept) -> str:
    state = {"sitting": to_plain(kept.sitting), "ending": kept.ending}
    return json.dumps(state, ensure_ascii=False)


def _kept(state: str) -> Kept:
    raw = json.loads(state)
    return Kept(from_plain(Sitting, raw["sitting"]), raw["ending"])


def _random() -> str:
    return secrets.token_hex(16)
