"""Backup and restore: nothing about a person, nothing by halves, the same on both databases."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import stat
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
import typer
from sqlalchemy import (
    Date,
    Float,
    Integer,
    LargeBinary,
    Table,
    create_engine,
    insert,
    inspect,
    select,
    text,
)
from typer.testing import CliRunner

from bot.cli import operate
from bot.persons import Persons
from bot.settings import Settings
from bot.storage.backup import BLANK, LEFT_OUT, TABLES, BackupError, back_up
from bot.storage.mailbox import Grant, Mailbox, Parcel, Settled
from bot.storage.restore import checked, restore
from bot.storage.revisions import migrate_to, steps
from bot.storage.store import Store, StoreError, connect, open_store
from bot.storage.tables import COUNTS, METADATA

DAY = date.today()
PERSONS = Persons(bytes(32))


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database; PostgreSQL where XST_TEST_DATABASE names a server to use, in a schema of
    its own."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'home' / 'live.db'}"
        return
    server = os.environ.get("XST_TEST_DATABASE", "")
    if not server.startswith("postgresql"):
        pytest.skip("XST_TEST_DATABASE names no PostgreSQL server")
    engine = create_engine(server)
    schema = f"backup_{os.getpid()}_{abs(hash(request.node.name)) % 10**8}"
    with engine.begin() as connection:
        connection.execute(text(f"CREATE SCHEMA {schema}"))
    joint = "&" if "?" in server else "?"
    yield f"{server}{joint}options=-csearch_path%3D{schema}"
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL lock_timeout = '5s'"))  # a failed test may hold one
        connection.execute(text(f"DROP SCHEMA {schema} CASCADE"))
    engine.dispose()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An installation's folder with everything that is the operator's own."""
    folder = tmp_path / "home"
    (folder / "learnt" / "one").mkdir(parents=True)
    (folder / "learnt" / "old").mkdir()
    (folder / "learnt" / "current").write_text("one", encoding="utf-8")
    (folder / "learnt" / "one" / "report.json").write_text("{}", encoding="utf-8")
    (folder / "learnt" / "old" / "report.json").write_text("{}", encoding="utf-8")
    (folder / "signatures.yaml").write_text("- 张三\n", encoding="utf-8")
    (folder / "xst.toml").write_text('[operator]\nname = "试验工会"\n', encoding="utf-8")
    (folder / "web.key").write_bytes(bytes(32))
    engine = create_engine(f"sqlite:///{folder / 'amounts.db'}")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE amount (kind TEXT)"))
        connection.execute(text("INSERT INTO amount VALUES ('高温津贴')"))
    engine.dispose()
    return folder


def lived(url: str) -> Store:
    """A database in which people were: every table has rows."""
    store = open_store(url)
    mailbox = Mailbox(store)
    person = PERSONS.person("wechat:gh_1", "openid-of-li")
    mailbox.visit(
        PERSONS.mark("m1"),
        person,
        lambda kept: kept,
        lambda kept, within: Settled(
            '{"region": "河南"}',
            "答过的话",
            (Parcel("wechat:gh_1", PERSONS.seal("openid-of-li"), '{"t": "要发的话"}'),),
        ),
        Grant("message", 5, 1000),
    )
    mailbox.renewed("wechat:gh_1", PERSONS.seal("access-token"), 7200)
    mailbox.give_up("none", "blocked")
    store.enqueue("夜班补贴怎么算", "河南", DAY)
    store.answer(store.queue()[0].key, "按约定", ["《协商规定》第二条"], DAY)
    store.enqueue("还没答的", "", DAY)
    store.vote("card:wage", True)
    with store.writing() as connection:
        for table in METADATA.sorted_tables:
            if not connection.execute(select(table)).first():
                connection.execute(insert(table), [a_row(table, letter) for letter in "ba"])
    with store.reading() as connection:
        for table in METADATA.sorted_tables:
            assert connection.execute(select(table)).first(), table.name
    return store


def a_row(table: Table, letter: str) -> dict[str, object]:
    """A row of a campaign's tables that names its columns, so that each is found again."""
    made = {Integer: ord(letter), Float: 1.5, Date: DAY, LargeBinary: b"\x00key-" + letter.encode()}
    return {
        c.name: made.get(
            type(c.type), f"{letter}-{table.name}-{c.name}"[: getattr(c.type, "length", 99) or 99]
        )
        for c in table.columns
    }


def kept(store: Store) -> tuple[object, ...]:
    mailbox = Mailbox(store)
    rows = {}
    with store.reading() as connection:
        for name in set(TABLES) - {"queue", "votes", "counts"}:
            table = METADATA.tables[name]
            columns = [c for c in table.columns if c.name not in BLANK.get(name, {})]
            query = select(*columns).order_by(*table.primary_key.columns)
            rows[name] = [tuple(r) for r in connection.execute(query)]
    return list(store.queue()), store.votes(), mailbox.counts(), rows


def test_every_table_is_either_kept_or_left_out():
    """A new table must be decided about: could what it holds lead to a person?"""
    assert {t.name for t in METADATA.sorted_tables} == {*TABLES, *LEFT_OUT}


def test_what_was_backed_up_comes_back(url, home, tmp_path):
    store = lived(url)
    before = kept(store)
    path, manifest = back_up(url, home, tmp_path / "b.zip")
    few = {"votes": 1, "counts": 1}
    assert manifest.rows == {name: few.get(name, 2) for name in TABLES}
    store.answer(store.queue(answered=False)[0].key, "后来答的", [], DAY)
    (home / "signatures.yaml").write_text("- 李四\n", encoding="utf-8")
    store.engine.dispose()
    restore(path, url, home, replace=True)
    again = open_store(url)
    assert kept(again) == before
    assert (home / "signatures.yaml").read_text(encoding="utf-8") == "- 张三\n"
    with again.reading() as connection:
        for name in LEFT_OUT:
            assert not connection.execute(select(METADATA.tables[name])).first(), name
    again.engine.dispose()


def test_a_backup_of_one_database_fits_the_other(url, home, tmp_path):
    store = lived(url)
    path, _ = back_up(url, home, tmp_path / "b.zip")
    other = f"sqlite:///{tmp_path / 'other' / 'live.db'}"
    restore(path, other, tmp_path / "other")
    assert kept(open_store(other)) == kept(store)
    restore(path, url, home, replace=True)  # and a SQLite file's back into this one
    back, _ = back_up(other, tmp_path / "other", tmp_path / "c.zip")
    store.engine.dispose()
    restore(back, url, home, replace=True)
    again = open_store(url)
    assert kept(open_store(other)) == kept(again)
    again.engine.dispose()


def test_a_backup_holds_nothing_that_helps_to_find_a_person(url, home, tmp_path):
    """Complaint 25."""
    store = lived(url)
    path, manifest = back_up(url, home, tmp_path / "b.zip", laws=True)
    with zipfile.ZipFile(path) as archive:
        held = b"".join(archive.read(n) for n in archive.namelist())
        assert not [n for n in archive.namelist() if "web.key" in n or "live.db" in n]
    person = PERSONS.person("wechat:gh_1", "openid-of-li")
    for secret in ("openid-of-li", person, PERSONS.mark("m1"), "答过的话", "要发的话", "access"):
        assert secret.encode() not in held, secret
    assert "夜班补贴怎么算".encode() in held
    slots = [json.loads(x)["slot"] for x in held_of(path, "attempts")]
    assert slots == [None, None], "when somebody answered is in no backup"
    keys = [json.loads(x)["key"] for x in held_of(path, "attempts")]
    assert keys == sorted(keys), "nor in which order"
    assert not {f"tables/{t}.jsonl" for t in LEFT_OUT} & set(manifest.members)
    store.engine.dispose()


def held_of(path: Path, table: str) -> list[bytes]:
    with zipfile.ZipFile(path) as archive:
        return archive.read(f"tables/{table}.jsonl").splitlines()


def test_a_backup_sees_one_moment_while_others_write(url, home, tmp_path):
    """Each transaction adds one to both tables; a backup that saw them apart would differ."""
    store = open_store(url)
    stop, written = threading.Event(), 0

    def write() -> None:
        nonlocal written
        while not stop.is_set():
            with store.writing() as connection:
                inside = store.within(connection)
                inside.vote("card:a", True)
                Mailbox(inside).give_up("none", "test")
            written += 1

    writer = threading.Thread(target=write)
    writer.start()
    totals = []
    try:
        for number in range(8):
            path, _ = back_up(url, home, tmp_path / f"{number}.zip")
            with zipfile.ZipFile(path) as archive:
                lines = {t: archive.read(f"tables/{t}.jsonl").splitlines() for t in TABLES}
            votes = sum(json.loads(line)["helpful"] for line in lines["votes"])
            counts = sum(json.loads(line)["total"] for line in lines["counts"])
            assert votes == counts
            totals.append(votes)
    finally:
        stop.set()
        writer.join()
    assert written > 0 and totals[-1] > totals[0], "nothing was written meanwhile"
    store.engine.dispose()


def test_backing_up_makes_and_changes_no_database(tmp_path):
    url = f"sqlite:///{tmp_path / 'none.db'}"
    with pytest.raises(BackupError, match="还没有数据库"):
        back_up(url, tmp_path, tmp_path / "b.zip")
    assert list(tmp_path.iterdir()) == []


def test_a_backup_is_readable_by_its_owner_only_and_never_overwrites(home, tmp_path):
    url = f"sqlite:///{home / 'live.db'}"
    open_store(url)
    path, _ = back_up(url, home, tmp_path / "b.zip")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    before = path.read_bytes()
    with pytest.raises(BackupError, match="从不覆盖"):
        back_up(url, home, path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []


def test_of_the_backups_in_a_folder_the_latest_are_kept_and_nothing_else_is_touched(home, tmp_path):
    url = f"sqlite:///{home / 'live.db'}"
    open_store(url)
    folder = tmp_path / "backups"
    folder.mkdir()
    for name in (
        "xst-20200101T000000Z.zip",
        "xst-20210101T000000Z.zip",
        "before-0002.zip",
        "x.txt",
    ):
        (folder / name).write_text("old", encoding="utf-8")
    path, _ = back_up(url, home, folder, keep=2)
    assert {p.name for p in folder.iterdir()} == {
        "xst-20210101T000000Z.zip",
        path.name,
        "before-0002.zip",
        "x.txt",
    }


def test_imported_texts_are_backed_up_when_asked_for_and_the_learnt_in_use_always(home, tmp_path):
    url = f"sqlite:///{home / 'live.db'}"
    open_store(url)
    (home / "shelf.db").write_bytes((home / "amounts.db").read_bytes())
    _, without = back_up(url, home, tmp_path / "a.zip")
    _, with_ = back_up(url, home, tmp_path / "b.zip", laws=True)
    assert set(with_.files) - set(without.files) == {"shelf.db"}
    assert {"learnt/current", "learnt/one/report.json"} <= set(without.files)
    assert "learnt/old/report.json" not in without.files


def test_a_database_that_is_not_empty_is_left_alone(url, home, tmp_path):
    store = lived(url)
    path, _ = back_up(url, home, tmp_path / "b.zip")
    store.vote("card:later", True)
    before = kept(store)
    with pytest.raises(BackupError, match=r"不是空的.*queue"):
        restore(path, url, tmp_path / "elsewhere")
    assert kept(store) == before
    store.engine.dispose()


def test_files_that_are_there_are_left_alone(home, tmp_path):
    store = lived(f"sqlite:///{home / 'live.db'}")
    path, _ = back_up(str(store.engine.url), home, tmp_path / "b.zip")
    with pytest.raises(BackupError, match=r"amounts\.db"):
        restore(path, f"sqlite:///{tmp_path / 'new.db'}", home)


def test_the_configuration_of_a_machine_is_never_replaced(home, tmp_path):
    url = f"sqlite:///{home / 'live.db'}"
    lived(url).engine.dispose()
    path, _ = back_up(url, home, tmp_path / "b.zip")
    (home / "xst.toml").write_text("# 这台机器的\n", encoding="utf-8")
    restore(path, url, home, replace=True)
    assert (home / "xst.toml").read_text(encoding="utf-8") == "# 这台机器的\n"
    restore(path, f"sqlite:///{tmp_path / 'new' / 'live.db'}", tmp_path / "new")
    assert "试验工会" in (tmp_path / "new" / "xst.toml").read_text(encoding="utf-8")


class Archive:
    """A backup taken apart, to be put together wrongly."""

    def __init__(self, path: Path) -> None:
        with zipfile.ZipFile(path) as archive:
            self.members = {n: archive.read(n) for n in archive.namelist()}

    def manifest(self, **changed: object) -> None:
        raw = json.loads(self.members["manifest.json"]) | changed
        self.members["manifest.json"] = json.dumps(raw).encode()

    def write(self, path: Path) -> Path:
        with zipfile.ZipFile(path, "w") as archive:
            for name, data in self.members.items():
                archive.writestr(name, data)
        return path


@pytest.fixture
def whole(home: Path, tmp_path: Path) -> Path:
    url = f"sqlite:///{home / 'live.db'}"
    lived(url).engine.dispose()
    return back_up(url, home, tmp_path / "whole.zip")[0]


def _changed(archive: Archive) -> None:
    archive.members["tables/queue.jsonl"] = archive.members["tables/queue.jsonl"].replace(
        b"2", b"3"
    )


def _added(archive: Archive) -> None:
    archive.members["files/learnt/more"] = b""


def _missing(archive: Archive) -> None:
    del archive.members["files/signatures.yaml"]


def _newer(archive: Archive) -> None:
    archive.manifest(revision="9999")


def _other_form(archive: Archive) -> None:
    archive.manifest(form=99)


def _no_manifest(archive: Archive) -> None:
    del archive.members["manifest.json"]


def _outside(archive: Archive) -> None:
    raw = json.loads(archive.members["manifest.json"])["members"]
    raw["files/learnt/../../out"] = raw["files/signatures.yaml"]
    archive.manifest(members=raw)
    archive.members["files/learnt/../../out"] = archive.members["files/signatures.yaml"]


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (_changed, "摘要不符"),
        (_added, "清单不一致"),
        (_missing, "清单不一致"),
        (_newer, "更新的版本"),
        (_other_form, "备份的写法是 99"),
        (_no_manifest, "不是完整的备份"),
        (_outside, "不该有的"),
    ],
)
def test_a_spoilt_backup_is_refused_before_anything_changes(spoil, said, whole, tmp_path):
    archive = Archive(whole)
    spoil(archive)
    path = archive.write(tmp_path / "spoilt.zip")
    new = tmp_path / "new"
    with pytest.raises(BackupError, match=said):
        restore(path, f"sqlite:///{new / 'live.db'}", new)
    assert not new.exists()


@pytest.mark.parametrize("part", [0.0, 0.01, 0.3, 0.5, 0.9, 0.999])
def test_a_backup_cut_short_is_refused(part, whole, tmp_path):
    data = whole.read_bytes()
    path = tmp_path / "cut.zip"
    path.write_bytes(data[: int(len(data) * part)])
    with pytest.raises(BackupError, match="不是完整的备份"):
        checked(path)


def test_a_flipped_bit_anywhere_is_noticed_or_harmless(whole, tmp_path):
    """Harmless: in a time or attribute of the zip's directory, which nobody reads."""
    data = whole.read_bytes()
    good, noticed = checked(whole), 0
    path = tmp_path / "flipped.zip"
    for at in range(0, len(data), 7):
        path.write_bytes(data[:at] + bytes([data[at] ^ 0x10]) + data[at + 1 :])
        try:
            assert checked(path) == good
        except BackupError:
            noticed += 1
    assert noticed > len(data) / 7 / 2


def test_a_restore_that_fails_on_the_way_changes_nothing(url, home, tmp_path):
    """A row that does not fit ends it after the old rows were dropped."""
    store = lived(url)
    path, _ = back_up(url, home, tmp_path / "b.zip")
    before = kept(store)
    archive = Archive(path)
    line = archive.members["tables/votes.jsonl"]
    doubled = line + line  # the same primary key twice
    archive.members["tables/votes.jsonl"] = doubled
    raw = json.loads(archive.members["manifest.json"])["members"]
    raw["tables/votes.jsonl"] = {
        "sha256": hashlib.sha256(doubled).hexdigest(),
        "bytes": len(doubled),
        "pieces": 2,
    }
    archive.manifest(members=raw)
    (home / "signatures.yaml").write_text("- 李四\n", encoding="utf-8")
    with pytest.raises(BackupError, match="什么也没有改"):
        restore(archive.write(tmp_path / "bad.zip"), url, home, replace=True)
    assert kept(store) == before
    assert (home / "signatures.yaml").read_text(encoding="utf-8") == "- 李四\n"
    assert not [p.name for p in home.iterdir() if p.name.startswith(".")]
    store.engine.dispose()


def test_a_restore_whose_files_cannot_be_placed_changes_nothing(home, tmp_path):
    url = f"sqlite:///{home / 'live.db'}"
    store = lived(url)
    path, _ = back_up(url, home, tmp_path / "b.zip")
    store.vote("card:later", True)
    before = kept(store)
    (home / "signatures.yaml").unlink()
    (home / "amounts.db").write_bytes(b"mine")
    old = Path.replace
    tried: list[str] = []

    def refuse(self: Path, target: Path) -> Path:
        if self.name == "signatures.yaml" and ".restoring" in str(self):
            tried.append(self.name)
            raise OSError(5, "no")
        return old(self, target)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "replace", refuse)
        with pytest.raises(BackupError, match="什么也没有改"):
            restore(path, url, home, replace=True)
    assert tried and kept(store) == before
    assert (home / "amounts.db").read_bytes() == b"mine"


def test_what_was_replaced_leaves_no_trace_in_the_files(home, tmp_path):
    url = f"sqlite:///{home / 'live.db'}"
    open_store(url).engine.dispose()
    empty, _ = back_up(url, home, tmp_path / "b.zip")
    store = open_store(url)
    store.enqueue("独一无二的问题", "", DAY)
    # The last one to leave empties the journal; here somebody stays.
    staying = sqlite3.connect(home / "live.db")
    staying.execute("SELECT count(*) FROM queue").fetchall()
    store.engine.dispose()
    restore(empty, url, home, replace=True)
    assert not any("独一无二".encode() in p.read_bytes() for p in home.glob("live.db*"))
    staying.close()


# Old databases


def old_database(url: str) -> None:
    """A database as the first version left it, with rows."""
    engine = connect(url)
    with engine.begin() as connection:
        migrate_to(connection, "0001")
        connection.execute(
            text(
                "INSERT INTO queue (key, day, region, question, receipt, answer, answered)"
                " VALUES ('k1', :day, '河南', '旧问题', 'r1', '旧答', :day)"
            ),
            {"day": DAY.isoformat() if engine.dialect.name == "sqlite" else DAY},
        )
        connection.execute(text("INSERT INTO votes VALUES ('card:a', 3, 1)"))
    engine.dispose()


def test_an_old_database_is_brought_up_to_date_with_its_rows(url):
    old_database(url)
    store = open_store(url)
    assert [(q.question, q.answer) for q in store.queue()] == [("旧问题", "旧答")]
    assert store.votes() == {"card:a": (3, 1)}
    names = set(inspect(store.engine).get_table_names())
    assert names == {*METADATA.tables, "alembic_version"}
    columns = {
        t: {c["name"] for c in inspect(store.engine).get_columns(t)} for t in METADATA.tables
    }
    assert columns == {n: set(t.columns.keys()) for n, t in METADATA.tables.items()}
    store.engine.dispose()


def test_a_backup_of_an_old_database_is_restored_and_brought_up_to_date(url, home, tmp_path):
    old_database(url)
    path, manifest = back_up(url, home, tmp_path / "old.zip")
    assert (manifest.revision, manifest.rows) == ("0001", {"queue": 1, "votes": 1})
    new = f"sqlite:///{tmp_path / 'new' / 'live.db'}"
    restore(path, new, tmp_path / "new")
    store = open_store(new)
    assert [q.question for q in store.queue()] == ["旧问题"]
    with store.reading() as connection:
        assert connection.execute(select(COUNTS)).all() == []


def test_a_database_of_a_newer_version_is_refused_and_can_be_replaced_by_a_backup(
    url, home, tmp_path
):
    """What a rollback needs: the old program, and the backup from before the upgrade."""
    lived(url).engine.dispose()
    path, _ = back_up(url, home, tmp_path / "before.zip")
    engine = connect(url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        connection.execute(text("CREATE TABLE later (x INTEGER)"))
    engine.dispose()
    with pytest.raises(StoreError, match="更新的版本"):
        open_store(url)
    restore(path, url, home, replace=True)
    store = open_store(url)
    assert len(store.queue()) == 2 and "later" not in inspect(store.engine).get_table_names()
    store.engine.dispose()


def test_of_several_that_start_at_once_one_migrates_and_all_start(url):
    errors: list[BaseException] = []

    def start() -> None:
        try:
            open_store(url).engine.dispose()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


# Commands

app = typer.Typer()
for command in (operate.backup, operate.restore, operate.upgrade, operate.purge):
    app.command()(command)
RUN = CliRunner()


@pytest.fixture
def installed(full: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """An installation whose library is built, in a folder of its own."""
    home = tmp_path / "installed"
    home.mkdir()
    for name in ("releases", "current"):
        (home / name).symlink_to(full.home / name)
    monkeypatch.setenv("XST_HOME", str(home))
    monkeypatch.delenv("XST_DATABASE", raising=False)
    return replace(full, home=home)


def test_the_commands_back_up_and_restore(installed, tmp_path):
    store = open_store(installed.database_url)
    store.enqueue("问题", "", DAY)
    store.enqueue("过期的", "", DAY - timedelta(days=200))
    store.engine.dispose()
    file = str(tmp_path / "b.zip")
    assert RUN.invoke(app, ["backup", file]).exit_code == 0
    shown = RUN.invoke(app, ["restore", file, "--check"])
    assert shown.exit_code == 0 and "备份完好" in shown.output and "问题 2" in shown.output
    refused = RUN.invoke(app, ["restore", file])
    assert isinstance(refused.exception, BackupError)
    done = RUN.invoke(app, ["restore", file, "--replace"])
    assert done.exit_code == 0, done.output
    assert "1 个问题已过保存期" in done.output
    assert [q.question for q in open_store(installed.database_url).queue()] == ["问题"]


def test_upgrade_says_what_it_would_do_and_does_it_with_a_backup_first(installed):
    old_database(installed.database_url)
    before = (installed.home / "live.db").read_bytes()
    told = RUN.invoke(app, ["upgrade", "--check"])
    assert told.exit_code == 3
    assert "0001" in told.output and "0002" in told.output and "本版本的" in told.output
    assert (installed.home / "live.db").read_bytes() == before
    done = RUN.invoke(app, ["upgrade"])
    assert done.exit_code == 0, done.output
    (backup,) = (installed.home / "backups").iterdir()
    assert checked(backup).rows == {"queue": 1, "votes": 1}
    assert [q.question for q in open_store(installed.database_url).queue()] == ["旧问题"]
    again = RUN.invoke(app, ["upgrade", "--check"])
    assert again.exit_code == 0 and f"{steps()[-1].revision}，是最新的" in again.output


def test_upgrade_says_when_the_library_is_of_another_version(installed):
    open_store(installed.database_url).engine.dispose()
    name = (installed.home / "current").read_text(encoding="utf-8")
    (installed.home / "current").unlink()
    (installed.home / "releases").unlink()
    folder = installed.home / "releases" / name
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text('{"form": 0}', encoding="utf-8")
    (installed.home / "current").write_text(name, encoding="utf-8")
    told = RUN.invoke(app, ["upgrade", "--check"])
    assert told.exit_code == 3 and "别的版本造的" in told.output


def test_upgrade_refuses_where_the_disk_is_too_full(installed, monkeypatch):
    monkeypatch.setattr(operate, "ROOM", 2**60)
    told = RUN.invoke(app, ["upgrade"])
    assert told.exit_code == 1
    assert not (installed.home / "live.db").exists()


def test_purge_says_what_it_deleted(installed):
    store = open_store(installed.database_url)
    store.enqueue("过期的", "", DAY - timedelta(days=200))
    store.engine.dispose()
    done = RUN.invoke(app, ["purge"])
    assert done.exit_code == 0 and "问题 1" in done.output
