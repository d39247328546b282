"""Live state: columns that could not tell who, migrations, the queue."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, inspect, text

import bot.storage
from bot.storage.store import KEPT, StoreError, migrate, open_store
from bot.storage.tables import METADATA

DAY = date(2026, 11, 20)
MIGRATIONS = Path(bot.storage.__file__).parent / "migrations"


def test_the_columns_are_these_and_no_others():
    """Ask of each new column: could it tell who?"""
    assert {t.name: [c.name for c in t.columns] for t in METADATA.sorted_tables} == {
        "queue": ["key", "day", "region", "question", "receipt", "answer", "citations", "answered"],
        "votes": ["ref", "helpful", "unhelpful"],
        "deliveries": ["mark", "person", "answer", "finished"],
        "conversations": ["person", "session", "version", "touched"],
        "outbox": [
            *("id", "person", "account", "number", "target", "body"),
            *("due", "expires", "tries", "leased"),
        ],
        "allowances": ["person", "kind", "remaining", "until"],
        "tokens": ["account", "token", "expires", "leased"],
        "counts": ["name", "total"],
        "campaigns": ["id", "data", "points", "key", "status", "findings"],
        "issued": ["campaign", "unit", "total"],
        "spent": ["campaign", "code"],
        "sittings": ["token", "campaign", "code", "state", "ended"],
        "attempts": ["key", "campaign", "unit", "passed", "answers", "slot"],
        "entries": ["campaign", "entry"],
        "partaken": ["campaign", "generation", "person"],
        "progress": ["campaign", "unit", "what", "total"],
        "practice": ["person", "state", "touched"],
        "subscriptions": ["person", "account", "target", "region", "sent", "touched"],
        "item_use": ["item", "version", "chosen", "total"],
    }


def test_migrations_end_where_the_tables_are():
    engine = create_engine("sqlite://")
    migrate(engine)
    tables = [t for t in inspect(engine).get_table_names() if t != "alembic_version"]
    found = {t: [c["name"] for c in inspect(engine).get_columns(t)] for t in tables}
    assert found == {t.name: [c.name for c in t.columns] for t in METADATA.sorted_tables}
    migrate(engine)


def test_an_older_database_is_brought_up_to_date_with_its_rows(tmp_path):
    url = f"sqlite:///{tmp_path / 'old.db'}"
    old = create_engine(url)
    with old.begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.execute(
            text(
                "INSERT INTO queue VALUES ('k', '2026-11-01', '河南', '几天答复', 'r', NULL, NULL, NULL)"
            )
        )
        connection.execute(text("INSERT INTO votes VALUES ('card:x', 3, 1)"))
    store = open_store(url)
    assert [q.question for q in store.queue()] == ["几天答复"]
    assert store.votes() == {"card:x": (3, 1)}
    assert "deliveries" in inspect(store.engine).get_table_names()


def test_the_receipt_code_is_not_in_the_database(store, tmp_path):
    code = store.enqueue("问题", "", DAY).replace(" ", "")
    held = b"".join(p.read_bytes() for p in tmp_path.glob("live.db*"))
    assert code.encode() not in held and "问题".encode() in held
    assert store.fetch(code).question == "问题"
    assert store.fetch("000000000000") is None


def test_the_order_of_arrival_is_not_kept(store):
    for n in range(20):
        store.enqueue(f"问题{n}", "", DAY)
    assert [q.question for q in store.queue()] != [f"问题{n}" for n in range(20)]


def test_questions_expire_after_180_days(store):
    store.enqueue("旧", "", DAY - KEPT - timedelta(days=1))
    store.enqueue("新", "", DAY)
    assert store.expire(DAY) == 1
    assert [q.question for q in store.queue()] == ["新"]


def test_an_answer_needs_a_key_that_names_one_question(store):
    store.enqueue("问题", "", DAY)
    assert not store.answer("ffffffffffffffff0", "答", [], DAY)
    assert store.answer(store.queue()[0].key, "答", [], DAY)
    assert store.queue(answered=False) == []


def test_deleting_leaves_no_trace_in_the_file(store, tmp_path):
    code = store.enqueue("独一无二的问题", "", DAY)
    assert store.delete(code.replace(" ", ""))
    store.engine.dispose()
    assert not any("独一无二".encode() in p.read_bytes() for p in tmp_path.glob("live.db*"))


@pytest.mark.parametrize(
    "url", ["nonsense", "sqlite:////proc/none/live.db", "mysql://u:secret@h/db"]
)
def test_a_database_that_cannot_be_opened_is_named_without_its_password(url):
    with pytest.raises(StoreError) as error:
        open_store(url)
    assert "secret" not in str(error.value)
