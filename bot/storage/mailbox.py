"""Deliveries, conversations and what waits to be sent: each message has its effect once.

A message is computed, its mark and answer are stored with its effects in one transaction, and
only then is it acknowledged; a redelivery finds the mark. On PostgreSQL a lock on the person
holds while a message is worked on, so that replicas keep one person's messages in order and
compute each once; on SQLite the one process does that (`bot.desk`), and a second process that
got between is noticed when the transaction begins.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import (
    Connection,
    Select,
    Table,
    and_,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from bot.storage.store import Store
from bot.storage.tables import (
    ALLOWANCES,
    CONVERSATIONS,
    COUNTS,
    DELIVERIES,
    OUTBOX,
    PRACTICE,
    SUBSCRIPTIONS,
    TOKENS,
)

T = TypeVar("T")

ANSWER_SECONDS = 600.0
"""How long an answer is kept for a redelivery: WeChat asks again for 15 seconds."""

KEPT_SECONDS = 48 * 3600.0
"""How long a mark is kept: Telegram redelivers for a day."""

IDLE_SECONDS = 24 * 3600.0
"""After so long without a message a conversation is forgotten."""

LEASE = 60.0
"""Seconds in which whoever took a parcel must have sent it or said otherwise."""

DAY = 24 * 3600.0

PRACTICE_SECONDS = 90 * DAY
"""After so long without an answer, practice and the daily question are forgotten."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """One message to send. `target` is the sealed platform id, `body` what the channel wrote."""

    account: str
    target: bytes
    body: str
    expires: float = DAY
    """Seconds after which it is of no use."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What a platform allows because a person did something: so many messages, for so long."""

    kind: str
    count: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Settled:
    """The outcome of one message: the session after it as text, what the channel says at once,
    and what it will send. To `forget`, everything kept before it goes, and its session too."""

    session: str
    answer: str
    parcels: tuple[Parcel, ...] = ()
    forget: bool = False


@dataclass(frozen=True, slots=True)
class Taken:
    """A parcel that somebody took to send it. `tries` counts the takings, this one included."""

    id: str
    person: str
    account: str
    target: bytes
    body: str
    tries: int


@dataclass(frozen=True, slots=True)
class Visit:
    """What came of a message: the channel's answer, and whether it was there already."""

    answer: str
    again: bool


class Mailbox:
    """Live state of the channels. Every method is one transaction; safe between threads."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.time) -> None:
        self.store, self._clock = store, clock
        self._postgres = store.engine.dialect.name == "postgresql"

    def visit(
        self,
        mark: str,
        person: str,
        compute: Callable[[str], T],
        settle: Callable[[T, Store], Settled],
        grant: Grant | None = None,
    ) -> Visit:
        """Have the message `mark` of `person` its effect, once.

        `compute` gets the session as text ("" for none) and does nothing but compute; `settle`
        applies what came of it inside the transaction. Neither is called for a message that had
        its effect already.
        """
        if self._postgres:
            return self._locked(mark, person, compute, settle, grant)
        while True:
            with self.store.reading() as connection:
                if (answer := _answered(connection, mark)) is not None:
                    return Visit(answer, True)
                session, version = _session(connection, person)
            computed = compute(session)
            with self.store.writing() as connection:
                if (answer := _answered(connection, mark)) is not None:
                    return Visit(answer, True)
                if _session(connection, person)[1] != version:
                    continue  # another process answered this person in between: compute anew
                settled = settle(computed, self.store.within(connection))
                self._write(connection, mark, person, version, settled, grant)
                return Visit(settled.answer, False)

    def _locked(
        self,
        mark: str,
        person: str,
        compute: Callable[[str], T],
        settle: Callable[[T, Store], Settled],
        grant: Grant | None,
    ) -> Visit:
        with self.store.writing() as connection:
            _lock(connection, person)
            if (answer := _answered(connection, mark)) is not None:
                return Visit(answer, True)
            session, version = _session(connection, person)
            settled = settle(compute(session), self.store.within(connection))
            self._write(connection, mark, person, version, settled, grant)
            return Visit(settled.answer, False)

    def _write(
        self,
        connection: Connection,
        mark: str,
        person: str,
        version: int,
        settled: Settled,
        grant: Grant | None,
    ) -> None:
        now = self._clock()
        if settled.forget:
            _forget(connection, person)
        row = {"mark": mark, "person": person, "answer": settled.answer, "finished": now}
        connection.execute(insert(DELIVERIES).values(row))
        if not settled.forget:
            self._keep(connection, person, version, settled.session, now)
        self._post(connection, person, settled.parcels, now)
        if grant:
            self._upsert(
                connection,
                ALLOWANCES,
                {"person": person, "kind": grant.kind},
                {"remaining": grant.count, "until": now + grant.seconds},
            )

    def _keep(
        self, connection: Connection, person: str, version: int, session: str, now: float
    ) -> None:
        values = {"session": session, "version": version + 1, "touched": now}
        if version:
            known = CONVERSATIONS.c.person == person
            connection.execute(update(CONVERSATIONS).where(known).values(values))
        else:
            connection.execute(insert(CONVERSATIONS).values(person=person, **values))

    def _post(
        self, connection: Connection, person: str, parcels: Sequence[Parcel], now: float
    ) -> None:
        rows = [
            {
                "id": secrets.token_hex(16),
                "person": person,
                "account": parcel.account,
                "number": now + number / 1e4,
                "target": parcel.target,
                "body": parcel.body,
                "due": now,
                "expires": now + parcel.expires,
                "tries": 0,
                "leased": 0.0,
            }
            for number, parcel in enumerate(parcels)
        ]
        if rows:
            connection.execute(insert(OUTBOX), rows)

    def post(self, person: str, parcels: Sequence[Parcel]) -> None:
        """Parcels that answer no message (a daily question, a notice)."""
        with self.store.writing() as connection:
            self._post(connection, person, parcels, self._clock())

    def tell(self, person: str, settle: Callable[[str, float, Store], Settled | None]) -> bool:
        """Say something to a person that answers no message, the conversation changed with it;
        says whether it was done.

        `settle` gets the session as text ("" for none) and the seconds since the last message,
        inside the transaction; what it gives is stored with it, None leaves everything.
        """
        with self.store.writing() as connection:
            if self._postgres:
                _lock(connection, person)
            now = self._clock()
            session, version = _session(connection, person)
            query = select(CONVERSATIONS.c.touched).where(CONVERSATIONS.c.person == person)
            idle = now - (connection.execute(query).scalar() or 0.0)
            settled = settle(session, idle, self.store.within(connection))
            if settled is None:
                return False
            self._keep(connection, person, version, settled.session, now)
            self._post(connection, person, settled.parcels, now)
            return True

    def answered(self, mark: str) -> str | None:
        """What was answered to a message; None where it had no effect yet."""
        with self.store.reading() as connection:
            return _answered(connection, mark)

    def forget(self, person: str) -> int:
        """Delete everything kept about a person; gives the number of rows. What was deleted is
        overwritten on SQLite, its journal too."""
        with self.store.writing() as connection:
            if self._postgres:  # a message that another replica works on is waited for
                _lock(connection, person)
            gone = _forget(connection, person)
        self.settle_journal()
        return gone

    def settle_journal(self) -> None:
        """As `Store.settle_journal`."""
        self.store.settle_journal()

    # The outbox

    def take(self, most: int, lease: float = LEASE) -> list[Taken]:
        """Parcels that are due, of each person and account the oldest only, for the caller to
        send within `lease` seconds. One that was taken before and never reported, or put off
        `perhaps` sent, is counted as `perhaps_twice`."""
        now = self._clock()
        earlier = OUTBOX.alias()
        first = ~exists().where(
            earlier.c.person == OUTBOX.c.person,
            earlier.c.account == OUTBOX.c.account,
            earlier.c.expires > now,
            or_(
                earlier.c.number < OUTBOX.c.number,
                and_(earlier.c.number == OUTBOX.c.number, earlier.c.id < OUTBOX.c.id),
            ),
        )
        query: Select[tuple[object, ...]] = (
            select(OUTBOX)
            .where(OUTBOX.c.due <= now, OUTBOX.c.leased <= now, OUTBOX.c.expires > now, first)
            .order_by(OUTBOX.c.due, OUTBOX.c.id)
            .limit(most)
        )
        with self.store.reading() as connection:
            if not connection.execute(query.limit(1)).first():
                return []
        if self._postgres:
            query = query.with_for_update(skip_locked=True, of=OUTBOX)
        with self.store.writing() as connection:
            rows = connection.execute(query).mappings().all()
            ids = [row["id"] for row in rows]
            if ids:
                connection.execute(
                    update(OUTBOX)
                    .where(OUTBOX.c.id.in_(ids))
                    .values(leased=now + lease, tries=OUTBOX.c.tries + 1)
                )
            twice = sum(row["leased"] > 0 for row in rows)
            if twice:
                self._count(connection, "perhaps_twice", twice)
        return [
            Taken(r["id"], r["person"], r["account"], r["target"], r["body"], r["tries"] + 1)
            for r in rows
        ]

    def sent(self, id: str) -> None:
        """A parcel arrived: delete it with its target and words."""
        with self.store.writing() as connection:
            connection.execute(delete(OUTBOX).where(OUTBOX.c.id == id))

    def later(
        self, id: str, seconds: float, target: bytes | None = None, *, perhaps: bool = False
    ) -> None:
        """A parcel was not sent (`perhaps` it was) and may be tried again in so many seconds, to
        another target where one is given."""
        now = self._clock()
        # A lease that has ended says to whoever takes it next that it may have been sent.
        values: dict[str, object] = {"due": now + seconds, "leased": now if perhaps else 0.0}
        if target is not None:
            values["target"] = target
        with self.store.writing() as connection:
            connection.execute(update(OUTBOX).where(OUTBOX.c.id == id).values(values))

    def give_up(self, id: str, reason: str) -> None:
        """A parcel cannot be sent: delete it and count why."""
        with self.store.writing() as connection:
            connection.execute(delete(OUTBOX).where(OUTBOX.c.id == id))
            self._count(connection, f"given_up:{reason}"[:60], 1)

    def waiting(self) -> int:
        """How many parcels wait to be sent."""
        with self.store.reading() as connection:
            return connection.execute(select(func.count()).select_from(OUTBOX)).scalar_one()

    # What a platform allows

    def spend(self, person: str) -> bool:
        """Take one message from what a person's own messages allow; the allowance that ends
        first goes first. False where none is left."""
        now = self._clock()
        usable = and_(
            ALLOWANCES.c.person == person, ALLOWANCES.c.until > now, ALLOWANCES.c.remaining > 0
        )
        with self.store.writing() as connection:
            query = select(ALLOWANCES.c.kind).where(usable).order_by(ALLOWANCES.c.until).limit(1)
            if self._postgres:
                query = query.with_for_update()
            kind = connection.execute(query).scalar()
            if kind is None:
                return False
            connection.execute(
                update(ALLOWANCES)
                .where(usable, ALLOWANCES.c.kind == kind)
                .values(remaining=ALLOWANCES.c.remaining - 1)
            )
            return True

    def unspend(self, person: str) -> None:
        """Give back what `spend` took, where the platform said that nothing was sent."""
        now = self._clock()
        mine = and_(ALLOWANCES.c.person == person, ALLOWANCES.c.until > now)
        first = select(ALLOWANCES.c.kind).where(mine).order_by(ALLOWANCES.c.until).limit(1)
        with self.store.writing() as connection:
            connection.execute(
                update(ALLOWANCES)
                .where(mine, ALLOWANCES.c.kind == first.scalar_subquery())
                .values(remaining=ALLOWANCES.c.remaining + 1)
            )

    def allowed(self, person: str) -> int:
        """How many messages may still be sent to a person."""
        usable = and_(ALLOWANCES.c.person == person, ALLOWANCES.c.until > self._clock())
        with self.store.reading() as connection:
            total = select(func.coalesce(func.sum(ALLOWANCES.c.remaining), 0)).where(usable)
            return int(connection.execute(total).scalar_one())

    def used_up(self, person: str) -> None:
        """The platform says that nothing more may be sent to a person."""
        with self.store.writing() as connection:
            connection.execute(delete(ALLOWANCES).where(ALLOWANCES.c.person == person))

    # A token that replicas share

    def token(self, account: str) -> tuple[bytes, float] | None:
        """The sealed access token of an account and when it ends; None where there is none."""
        with self.store.reading() as connection:
            row = connection.execute(select(TOKENS).where(TOKENS.c.account == account)).first()
        return (row.token, row.expires) if row and row.token else None

    def may_renew(self, account: str, lease: float) -> bool:
        """Whether the caller is the one to renew an account's token, for `lease` seconds."""
        now = self._clock()
        with self.store.writing() as connection:
            self._ensure(connection, account)
            return (
                connection.execute(
                    update(TOKENS)
                    .where(TOKENS.c.account == account, TOKENS.c.leased <= now)
                    .values(leased=now + lease)
                ).rowcount
                == 1
            )

    def renewed(self, account: str, token: bytes, seconds: float) -> None:
        """Keep a new token that holds for so many seconds, and let others renew it again."""
        with self.store.writing() as connection:
            self._ensure(connection, account)
            connection.execute(
                update(TOKENS)
                .where(TOKENS.c.account == account)
                .values(token=token, expires=self._clock() + seconds, leased=0.0)
            )

    def not_renewed(self, account: str) -> None:
        """Renewing failed: another may try at once."""
        with self.store.writing() as connection:
            connection.execute(update(TOKENS).where(TOKENS.c.account == account).values(leased=0.0))

    def _ensure(self, connection: Connection, account: str) -> None:
        dialect = postgresql if self._postgres else sqlite
        values = {"account": account, "expires": 0.0, "leased": 0.0}
        connection.execute(dialect.insert(TOKENS).values(values).on_conflict_do_nothing())

    # Keeping house

    def purge(self) -> dict[str, int]:
        """Delete what is past its time; gives how many rows of each kind."""
        now = self._clock()
        with self.store.writing() as connection:
            old = and_(DELIVERIES.c.finished < now - ANSWER_SECONDS, DELIVERIES.c.answer != "")
            done = {
                "answers": connection.execute(
                    update(DELIVERIES).where(old).values(answer="")
                ).rowcount
            }
            for name, table, past in (
                ("deliveries", DELIVERIES, DELIVERIES.c.finished < now - KEPT_SECONDS),
                ("conversations", CONVERSATIONS, CONVERSATIONS.c.touched < now - IDLE_SECONDS),
                ("allowances", ALLOWANCES, ALLOWANCES.c.until < now),
                ("parcels", OUTBOX, OUTBOX.c.expires < now),
                ("practice", PRACTICE, PRACTICE.c.touched < now - PRACTICE_SECONDS),
                ("subscriptions", SUBSCRIPTIONS, SUBSCRIPTIONS.c.touched < now - PRACTICE_SECONDS),
            ):
                done[name] = connection.execute(delete(table).where(past)).rowcount
            if done["parcels"]:
                self._count(connection, "given_up:expired", done["parcels"])
        if any(done.values()):
            self.settle_journal()
        return done

    def counts(self) -> Mapping[str, int]:
        """What happened how often since the database was made."""
        with self.store.reading() as connection:
            return {row.name: row.total for row in connection.execute(select(COUNTS))}

    def count(self, name: str, by: int = 1) -> None:
        with self.store.writing() as connection:
            self._count(connection, name, by)

    def _count(self, connection: Connection, name: str, by: int) -> None:
        dialect = postgresql if self._postgres else sqlite
        new = dialect.insert(COUNTS).values(name=name, total=by)
        connection.execute(
            new.on_conflict_do_update(index_elements=["name"], set_={"total": COUNTS.c.total + by})
        )

    def _upsert(
        self,
        connection: Connection,
        table: Table,
        key: Mapping[str, object],
        values: Mapping[str, object],
    ) -> None:
        dialect = postgresql if self._postgres else sqlite
        new = dialect.insert(table).values({**key, **values})
        connection.execute(new.on_conflict_do_update(index_elements=list(key), set_=dict(values)))


def _lock(connection: Connection, person: str) -> None:
    """Be the only one to work for this person; on PostgreSQL. The lock goes with the transaction,
    also when its process is killed."""
    lock = int.from_bytes(bytes.fromhex(person[:16]), "big", signed=True)
    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": lock})


def _forget(connection: Connection, person: str) -> int:
    tables = (CONVERSATIONS, OUTBOX, ALLOWANCES, DELIVERIES, PRACTICE, SUBSCRIPTIONS)
    return sum(
        connection.execute(delete(table).where(table.c.person == person)).rowcount
        for table in tables
    )


def _answered(connection: Connection, mark: str) -> str | None:
    found = connection.execute(select(DELIVERIES.c.answer).where(DELIVERIES.c.mark == mark))
    return found.scalar()


def _session(connection: Connection, person: str) -> tuple[str, int]:
    """The session as text and its version; "" and 0 where there is none."""
    query = select(CONVERSATIONS.c.session, CONVERSATIONS.c.version)
    row = connection.execute(query.where(CONVERSATIONS.c.person == person)).first()
    return (row.session, row.version) if row else ("", 0)
