"""A backup: what cannot be made again, in one file that fits SQLite and PostgreSQL alike.

A zip of JSON lines, one member per table, with the operator's own files and a manifest of digests.
What only matters for hours and knows a person by a pseudonym (deliveries, conversations, what
waits to be sent, allowances, tokens) is never written: a backup outlives the promises made about
it. The rows are read in one transaction rather than by SQLite's backup of whole pages, which would
have laid those tables on the disk, too, if only for a moment.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import secrets
import sqlite3
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, MetaData, Table, create_engine, event, inspect, select
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import SQLAlchemyError

from bot.storage.revisions import revision
from bot.storage.store import StoreError

FORM = 1
TABLES = (
    *("queue", "votes", "counts", "item_use"),
    *("campaigns", "issued", "spent", "attempts", "entries", "progress"),
)
LEFT_OUT = (
    *("deliveries", "conversations", "outbox", "allowances", "tokens"),
    # Of no use without the key in memory, or a code beside answers: not for a disk that stays.
    *("practice", "subscriptions", "partaken", "sittings"),
)
BLANK = {"attempts": {"slot": None}}
"""What no backup holds of a row: when somebody answered."""

FILES = (
    *("xst.toml", "signatures.yaml", "quiz-accepted.json", "quiz-misleading.json"),
    *("amounts.db", "shelf.db"),
)
"""What XST_HOME holds that nobody can build again; the imported texts (shelf.db) on demand."""

LEARNT = "learnt"
_NAME = re.compile(r"xst-\d{8}T\d{6}Z\.zip")


class BackupError(StoreError):
    """A backup cannot be written, read or restored; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Member:
    """A table or file in a backup. `pieces` counts a table's rows."""

    sha256: str
    bytes: int
    pieces: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds: members by their name in the zip (tables/…, files/…)."""

    form: int
    revision: str
    made: str
    members: Mapping[str, Member] = field(default_factory=dict)

    @property
    def rows(self) -> dict[str, int]:
        return {t: m.pieces for t in TABLES if (m := self.members.get(member_of(t)))}

    @property
    def files(self) -> list[str]:
        return [n.removeprefix("files/") for n in self.members if n.startswith("files/")]


def member_of(table: str) -> str:
    return f"tables/{table}.jsonl"


def back_up(
    url: str, home: Path, target: Path, laws: bool = False, keep: int = 0
) -> tuple[Path, Manifest]:
    """Write a backup of a database that may be in use, and of XST_HOME; gives file and content.

    `target` is a file that does not exist, or a folder, which gets a file named by the time. Of
    such files, `keep` stay there (0: all). The file is whole or absent, readable by its owner only.
    Raises BackupError.
    """
    now = datetime.now(UTC).replace(microsecond=0)
    folder = target if target.is_dir() else None
    path = folder / f"xst-{now:%Y%m%dT%H%M%SZ}.zip" if folder else target
    if path.exists():
        raise BackupError(f"{path}: 已经有这个文件，备份从不覆盖；请换个名字")
    draft = path.with_name(f".{path.name}-{secrets.token_hex(6)}")
    try:
        handle = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
        with os.fdopen(handle, "w+b") as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
                manifest = _write(archive, url, home, laws, now.isoformat())
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)  # unlike a rename it never replaces another's file
    except FileExistsError as error:
        raise BackupError(f"{path}: 已经有这个文件，备份从不覆盖；请换个名字") from error
    except OSError as error:
        raise BackupError(f"{path}: 写不下去（{error.strerror}）") from error
    finally:
        draft.unlink(missing_ok=True)
    if folder and keep > 0:
        for old in sorted(p for p in folder.iterdir() if _NAME.fullmatch(p.name))[:-keep]:
            old.unlink()
    return path, manifest


def _write(archive: zipfile.ZipFile, url: str, home: Path, laws: bool, made: str) -> Manifest:
    members: dict[str, Member] = {}
    with reading(url) as connection:
        form = revision(connection)
        present = set(inspect(connection).get_table_names())
        if unknown := present - {*TABLES, *LEFT_OUT, "alembic_version"}:
            raise BackupError(f"数据库里有不认识的表 {'、'.join(sorted(unknown))}：不是本程序的")
        for name in TABLES:
            if name in present:
                table = Table(name, MetaData(), autoload_with=connection)
                members[member_of(name)] = _add(archive, member_of(name), _rows(connection, table))
    for name in own_files(home, laws):
        with _steady(home / name) as path, path.open("rb") as file:
            blocks = iter(lambda: file.read(1 << 20), b"")
            members[f"files/{name}"] = _add(archive, f"files/{name}", blocks)
    manifest = Manifest(FORM, form, made, members)
    archive.writestr("manifest.json", json.dumps(asdict(manifest), ensure_ascii=False, indent=1))
    return manifest


def own_files(home: Path, laws: bool) -> list[str]:
    """The operator's files that exist, relative to XST_HOME; of what was learnt, the one in use."""
    found = [n for n in FILES if (home / n).is_file() and (laws or n != "shelf.db")]
    pointer = home / LEARNT / "current"
    if pointer.is_file():
        folder = home / LEARNT / pointer.read_text(encoding="utf-8").strip()
        inside = sorted(p for p in folder.rglob("*") if p.is_file())
        found += [p.relative_to(home).as_posix() for p in (pointer, *inside)]
    return found


@contextmanager
def _steady(path: Path) -> Iterator[Path]:
    """A file that stays as it is while it is read: of a database, a copy made by SQLite."""
    if path.suffix != ".db":
        yield path
        return
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".backup-") as folder:
        copy = Path(folder) / path.name
        source = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
        target = sqlite3.connect(copy)
        try:
            source.backup(target)
        except sqlite3.Error as error:
            raise BackupError(f"{path}: 读不出来（{error}）") from error
        finally:
            source.close()
            target.close()
        yield copy


def _add(archive: zipfile.ZipFile, name: str, blocks: Iterator[bytes]) -> Member:
    digest, size, pieces = hashlib.sha256(), 0, 0
    with archive.open(name, "w", force_zip64=True) as file:
        for block in blocks:
            file.write(block)
            digest.update(block)
            size, pieces = size + len(block), pieces + 1
    return Member(digest.hexdigest(), size, pieces)


def _rows(connection: Connection, table: Table) -> Iterator[bytes]:
    # By their keys, which are random: not in the order in which they came.
    query = select(table).order_by(*table.primary_key.columns)
    blank = BLANK.get(table.name, {})
    for row in connection.execute(query).mappings():
        plain = json.dumps({**row, **blank}, ensure_ascii=False, default=_plain)
        yield (plain + "\n").encode()


def _plain(value: Any) -> str:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    raise TypeError(type(value).__name__)


@contextmanager
def reading(url: str) -> Iterator[Connection]:
    """One transaction that sees the database at one moment and cannot change it.

    Raises BackupError where there is none.
    """
    parsed = make_url(url)
    shown = parsed.render_as_string(hide_password=True)
    try:
        engine = _reader(parsed)
        try:
            with engine.connect() as connection:
                yield connection
        finally:
            engine.dispose()
    except SQLAlchemyError as error:
        said = getattr(error, "orig", None) or type(error).__name__
        raise BackupError(f"{shown}: 读不了数据库（{str(said).splitlines()[0]}）") from error


def _reader(url: URL) -> Engine:
    if url.get_backend_name() != "sqlite":
        return create_engine(
            url, isolation_level="REPEATABLE READ", execution_options={"postgresql_readonly": True}
        )
    path = Path(url.database or "")
    if not path.is_file():
        raise BackupError(f"{path}: 还没有数据库，没有可备份的")

    def opened() -> sqlite3.Connection:
        # The driver itself would begin a transaction only with the first write.
        address = f"{path.resolve().as_uri()}?mode=ro"
        return sqlite3.connect(address, uri=True, isolation_level=None, timeout=5)

    engine = create_engine("sqlite://", creator=opened)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    return engine
