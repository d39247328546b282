"""Bringing a backup back: all of it or nothing, and only where nothing would be lost by accident.

Rows go in under the form that the backup was written in; then the migrations run, so a backup of
any earlier version fits. Everything in the database happens in one transaction; files are put in
place inside it and taken back if it fails.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import secrets
import shutil
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Connection,
    Date,
    Engine,
    LargeBinary,
    MetaData,
    Table,
    insert,
    inspect,
    select,
)
from sqlalchemy.dialects.postgresql import BYTEA
from sqlalchemy.exc import SQLAlchemyError

from bot.storage.backup import (
    FILES,
    FORM,
    LEARNT,
    TABLES,
    BackupError,
    Manifest,
    Member,
    member_of,
)
from bot.storage.revisions import migrate_to, pending, revision
from bot.storage.store import connect

BATCH = 500
KEPT = "xst.toml"
"""What is never replaced: on another machine it is another."""


def checked(path: Path) -> Manifest:
    """What a backup holds, when every byte of it fits its digest. Raises BackupError."""
    try:
        with zipfile.ZipFile(path) as archive:
            manifest = _manifest(path, archive)
            for name, member in manifest.members.items():
                digest, size = hashlib.sha256(), 0
                for block in _blocks(archive, name):
                    digest.update(block)
                    size += len(block)
                if (digest.hexdigest(), size) != (member.sha256, member.bytes):
                    raise BackupError(f"{path}: {name} 与清单里的摘要不符，文件坏了或被改过")
    except FileNotFoundError as error:
        raise BackupError(f"{path}: 没有这个文件") from error
    except _BROKEN as error:
        raise BackupError(f"{path}: 不是完整的备份文件（{type(error).__name__}）") from error
    if pending(manifest.revision) is None:
        raise BackupError(f"{path}: 是更新的版本写的（格式 {manifest.revision}），请用那个版本恢复")
    return manifest


_BROKEN = (
    *(zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError, RuntimeError),
    *(KeyError, ValueError, TypeError, AttributeError),
)


def restore(path: Path, url: str, home: Path, replace: bool = False) -> Manifest:
    """Put a backup into the database at `url` and into XST_HOME; gives what it held.

    Without `replace` both must be empty of what it would overwrite; with it, everything that is in
    the database goes, of whatever version. xst.toml is only written where there is none.
    Raises BackupError, and StoreError for a database that cannot be reached; then nothing changed.
    """
    manifest = checked(path)
    home.mkdir(parents=True, exist_ok=True)
    engine = connect(url)
    try:
        with zipfile.ZipFile(path) as archive, _staged(archive, manifest, home) as staged:
            with engine.connect() as connection:
                if engine.dialect.name == "postgresql":
                    # Somebody who works with the tables is told of, not waited for.
                    connection.exec_driver_sql("SET LOCAL lock_timeout = '5s'")
                if not replace:
                    _refuse_full(connection, manifest, home)
                _fill(connection, archive, manifest)
                moved = _Moved(home)
                try:
                    moved.take(staged)
                    connection.commit()
                except BaseException:
                    moved.undo()
                    raise
            moved.settle()
        _settle_journal(engine)
    except SQLAlchemyError as error:
        # Its own words could hold a row.
        raise BackupError(
            f"{engine.url.render_as_string(hide_password=True)}: 没有恢复，什么也没有改"
            f"（{type(getattr(error, 'orig', None) or error).__name__}）；服务停了吗？"
        ) from None
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise BackupError(f"{path}: 里面的行不合格式，什么也没有改") from error
    except OSError as error:
        raise BackupError(f"{home}: 没有恢复，什么也没有改（{error.strerror}）") from error
    finally:
        engine.dispose()
    return manifest


def _settle_journal(engine: Engine) -> None:
    """What was replaced stands in SQLite's journal until that is written back."""
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            raw = connection.connection.driver_connection
            assert raw is not None
            raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _refuse_full(connection: Connection, manifest: Manifest, home: Path) -> None:
    names = [n for n in inspect(connection).get_table_names() if n != "alembic_version"]
    full = [
        name
        for name in sorted(names)
        if connection.execute(
            select(Table(name, MetaData(), autoload_with=connection)).limit(1)
        ).first()
    ]
    full += [n for n in _tops(manifest.files) if n != KEPT and (home / n).exists()]
    if full:
        raise BackupError(
            f"不是空的，已有 {'、'.join(full)}，没有动；"
            "要用备份换掉现有的，请停下服务，加 --replace"
        )


def _fill(connection: Connection, archive: zipfile.ZipFile, manifest: Manifest) -> None:
    old = MetaData()
    old.reflect(connection)
    old.drop_all(connection)
    if not manifest.revision:
        return
    migrate_to(connection, manifest.revision)
    for name in TABLES:
        if name_ := manifest.members.get(member_of(name)):
            table = Table(name, MetaData(), autoload_with=connection)
            written = 0
            for rows in _batches(archive, name):
                connection.execute(insert(table), [_typed(table, row) for row in rows])
                written += len(rows)
            if written != name_.pieces:
                raise BackupError(f"{name}: 行数与清单不符，没有恢复")
    if revision(connection) != manifest.revision:
        raise BackupError("恢复到一半发现格式不对，没有恢复")
    migrate_to(connection)


def _batches(archive: zipfile.ZipFile, table: str) -> Iterator[list[dict[str, Any]]]:
    rows: list[dict[str, Any]] = []
    with archive.open(member_of(table)) as lines:
        for line in lines:
            rows.append(json.loads(line))
            if len(rows) == BATCH:
                yield rows
                rows = []
    if rows:
        yield rows


def _typed(table: Table, row: dict[str, Any]) -> dict[str, Any]:
    # isinstance: reflected columns have the database's own kinds of these.
    dates = {c.name for c in table.columns if isinstance(c.type, Date)}
    binary = {c.name for c in table.columns if isinstance(c.type, LargeBinary | BYTEA)}

    def read(name: str, value: Any) -> Any:
        if not value:
            return value
        if name in dates:
            return date.fromisoformat(value)
        return base64.b64decode(value) if name in binary else value

    return {name: read(name, value) for name, value in row.items()}


# Files


@contextmanager
def _staged(archive: zipfile.ZipFile, manifest: Manifest, home: Path) -> Iterator[Path]:
    """The backup's files in a folder beside their places, so that moving them is one step each."""
    folder = home / f".restoring-{secrets.token_hex(6)}"
    folder.mkdir(mode=0o700)
    try:
        for name in manifest.files:
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(f"files/{name}") as source, path.open("wb") as target:
                shutil.copyfileobj(source, target)
                target.flush()
                os.fsync(target.fileno())
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class _Moved:
    """Files that took the place of others, which wait to be brought back or deleted."""

    def __init__(self, home: Path) -> None:
        self._home, self._old = home, home / f".replaced-{secrets.token_hex(6)}"
        self._done: list[str] = []

    def take(self, staged: Path) -> None:
        self._old.mkdir(mode=0o700)
        for path in sorted(staged.iterdir()):
            place = self._home / path.name
            if path.name == KEPT and place.exists():
                continue
            self._done.append(path.name)
            # A database's journals belong to the one that goes, and would spoil the one that comes.
            for name in (path.name, f"{path.name}-wal", f"{path.name}-shm"):
                if (self._home / name).exists():
                    (self._home / name).replace(self._old / name)
            path.replace(place)

    def undo(self) -> None:
        for name in self._done:
            place = self._home / name
            shutil.rmtree(place) if place.is_dir() else place.unlink(missing_ok=True)
        for old in self._old.iterdir():
            old.replace(self._home / old.name)
        self.settle()

    def settle(self) -> None:
        shutil.rmtree(self._old, ignore_errors=True)


def _tops(files: list[str]) -> list[str]:
    return sorted({f.partition("/")[0] for f in files})


# The file


def _manifest(path: Path, archive: zipfile.ZipFile) -> Manifest:
    raw = json.loads(archive.read("manifest.json"))
    if raw["form"] != FORM:
        raise BackupError(
            f"{path}: 备份的写法是 {raw['form']}，本程序只认 {FORM}；请用写它的版本恢复"
        )
    members = {str(n): Member(**m) for n, m in raw["members"].items()}
    if sorted([*members, "manifest.json"]) != sorted(archive.namelist()):
        raise BackupError(f"{path}: 里面的文件与清单不一致")
    for name in members:
        if not _expected(name):
            raise BackupError(f"{path}: 里面有不该有的 {name[:60]}")
    return Manifest(raw["form"], str(raw["revision"]), str(raw["made"]), members)


def _expected(name: str) -> bool:
    """Whether a backup may hold this; nothing may leave XST_HOME."""
    kind, _, rest = name.partition("/")
    if kind == "tables":
        return name in map(member_of, TABLES)
    parts = rest.split("/")
    learnt = parts[0] == LEARNT and len(parts) > 1
    clean = not any(p in ("", ".", "..") or "\\" in p or ":" in p for p in parts)
    return kind == "files" and clean and (rest in FILES or learnt)


def _blocks(archive: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    with archive.open(name) as file:
        while block := file.read(1 << 20):
            yield block
