"""The store of live state: one class, the same on SQLite and PostgreSQL."""

from __future__ import annotations

import contextlib
import hashlib
import secrets
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from sqlalchemy import (
    Connection,
    Engine,
    create_engine,
    delete,
    event,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import IntegrityError, OperationalError, SQLAlchemyError

from bot.storage.revisions import migrate_to, pending, revision
from bot.storage.tables import QUEUE, VOTES

KEPT = timedelta(days=180)
"""How long a queued question and its answer are kept."""


class StoreError(Exception):
    """Live state cannot be opened or written; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Queued:
    """A question for the instructor. `key` is random; `day` is all that is known of when."""

    key: str
    day: date
    region: str
    question: str
    answer: str = ""
    citations: tuple[str, ...] = ()
    answered: date | None = None


def open_store(url: str) -> Store:
    """Connect and bring the tables up to date. Raises StoreError naming the URL without its
    password."""
    engine = connect(url)
    try:
        migrate(engine)
    except OperationalError as error:
        shown = engine.url.render_as_string(hide_password=True)
        raise StoreError(f"{shown}: 连不上数据库或没有写权限（{error.orig}）") from error
    return Store(engine)


def connect(url: str) -> Engine:
    """The way to a database, which is not touched yet. Raises StoreError."""
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite" and parsed.database not in (None, "", ":memory:"):
            Path(str(parsed.database)).parent.mkdir(parents=True, exist_ok=True)
        # Said here, since a server set up without a locale answers in bytes otherwise.
        postgres = parsed.get_backend_name() == "postgresql"
        said = {"client_encoding": "utf8"} if postgres else {}
        engine = create_engine(parsed, connect_args=said)
    except (SQLAlchemyError, ImportError, OSError) as error:
        raise StoreError(f"XST_DATABASE: 打不开数据库（{error}）") from error
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _pragmas)
        event.listen(engine, "begin", _begin)
    return engine


def _pragmas(connection: object, _: object) -> None:
    connection.isolation_level = None  # type: ignore[attr-defined]  # begun by `_begin`
    cursor = connection.cursor()  # type: ignore[attr-defined]
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON", "busy_timeout=5000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Connection) -> None:
    # A transaction that writes takes its turn at once: one that began by reading and then found
    # another's write in its way could only fail.
    reading = connection.get_execution_options().get("reading")
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


MIGRATING = 0x7873745F6D6967
"""The lock under which one of several replicas that start at once brings the tables up to date."""


def migrate(engine: Engine) -> None:
    """Run every migration that the database has not seen. Raises StoreError if a newer program
    wrote it."""
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MIGRATING})
        form = revision(connection)
        if pending(form) is None:
            raise StoreError(
                f"数据是更新的版本写的（格式 {form}），这个版本读不懂；请装回新版本，"
                "或照 deploy/README.md“退回”恢复备份"
            )
        migrate_to(connection)


class Store:
    """What lives while people talk. Every method is one transaction, unless the store is `within`
    a transaction that somebody else ends."""

    def __init__(self, engine: Engine, connection: Connection | None = None) -> None:
        self.engine = engine
        # SQLite has one writer, and lets the others ask again and again with longer and longer
        # pauses; threads of one process wait in a queue instead.
        alone = engine.dialect.name == "sqlite" and connection is None
        self._turn = threading.Lock() if alone else contextlib.nullcontext()
        self._reading = engine.execution_options(reading=True)
        self._connection = connection

    @property
    def inside(self) -> bool:
        """Whether it is within a transaction that somebody else ends."""
        return self._connection is not None

    def within(self, connection: Connection) -> Store:
        """The same store, reading and writing inside the transaction of `connection`."""
        return Store(self.engine, connection)

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that writes."""
        if self._connection is not None:
            yield self._connection
        else:
            with self._turn, self.engine.begin() as connection:
                yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that only reads."""
        if self._connection is not None:
            yield self._connection
        else:
            with self._reading.connect() as connection:
                yield connection

    def settle_journal(self) -> None:
        """Write SQLite's journal back and empty it, so that nothing deleted stands there."""
        if self.engine.dialect.name != "sqlite":
            return
        with self._turn, self.engine.connect() as connection:
            raw = connection.connection.driver_connection
            assert raw is not None
            raw.execute("ROLLBACK") if raw.in_transaction else None
            raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def enqueue(self, question: str, region: str, day: date) -> str:
        """Keep a question that its writer agreed to; gives the receipt code, shown once."""
        while True:
            code = f"{secrets.randbelow(10**12):012d}"
            row = {
                "key": secrets.token_hex(16),
                "day": day,
                "region": region,
                "question": question,
                "receipt": _receipt(code),
            }
            try:
                with self.writing() as connection, connection.begin_nested():
                    connection.execute(insert(QUEUE).values(row))
            except IntegrityError:
                continue
            return " ".join(code[i : i + 4] for i in (0, 4, 8))

    def fetch(self, code: str) -> Queued | None:
        """What stands under a receipt code."""
        with self.reading() as connection:
            row = connection.execute(select(QUEUE).where(QUEUE.c.receipt == _receipt(code))).first()
        return _queued(row._mapping) if row else None

    def delete(self, code: str) -> bool:
        """Delete what stands under a receipt code; says whether there was anything."""
        with self.writing() as connection:
            return (
                connection.execute(delete(QUEUE).where(QUEUE.c.receipt == _receipt(code))).rowcount
                > 0
            )

    def queue(self, answered: bool | None = None) -> Sequence[Queued]:
        """The queue by day, then key; `answered` picks one side."""
        query = select(QUEUE).order_by(QUEUE.c.day, QUEUE.c.key)
        if answered is not None:
            query = query.where(
                QUEUE.c.answer.is_not(None) if answered else QUEUE.c.answer.is_(None)
            )
        with self.reading() as connection:
            return [_queued(r._mapping) for r in connection.execute(query)]

    def answer(self, key: str, answer: str, citations: Sequence[str], day: date) -> bool:
        """Write the instructor's answer; says whether there is such a question. A key may be
        given by its first characters, if they are enough."""
        with self.writing() as connection:
            keys = (
                connection.execute(select(QUEUE.c.key).where(QUEUE.c.key.startswith(key)))
                .scalars()
                .all()
            )
            if len(keys) != 1:
                return False
            values = {"answer": answer, "citations": "\n".join(citations), "answered": day}
            connection.execute(update(QUEUE).where(QUEUE.c.key == keys[0]).values(values))
            return True

    def expire(self, day: date) -> int:
        """Delete what is older than KEPT; gives how many."""
        with self.writing() as connection:
            return connection.execute(delete(QUEUE).where(QUEUE.c.day < day - KEPT)).rowcount

    def vote(self, ref: str, helpful: bool) -> None:
        """Add one thumb to an answer's count."""
        column = VOTES.c.helpful if helpful else VOTES.c.unhelpful
        # At once, or two first thumbs at the same moment would both insert.
        dialect = postgresql if self.engine.dialect.name == "postgresql" else sqlite
        new = dialect.insert(VOTES).values(
            ref=ref, helpful=int(helpful), unhelpful=int(not helpful)
        )
        with self.writing() as connection:
            connection.execute(
                new.on_conflict_do_update(index_elements=["ref"], set_={column.name: column + 1})
            )

    def votes(self) -> dict[str, tuple[int, int]]:
        """(helpful, unhelpful) of every answer that got a thumb."""
        with self.reading() as connection:
            return {r.ref: (r.helpful, r.unhelpful) for r in connection.execute(select(VOTES))}


def _receipt(code: str) -> str:
    # 40 bits of code against a stolen database: scrypt makes each guess dear (about 50 ms).
    return hashlib.scrypt(
        code.encode(), salt=b"xieshangtong receipt", n=2**14, r=8, p=1, dklen=32
    ).hex()


def _queued(row: object) -> Queued:
    r = dict(row)  # type: ignore[call-overload]
    return Queued(
        r["key"],
        r["day"],
        r["region"],
        r["question"],
        r["answer"] or "",
        tuple((r["citations"] or "").splitlines()),
        r["answered"],
    )
