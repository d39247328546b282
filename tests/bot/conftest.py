"""The small release of `small.py`, built once for all tests of the assistant."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from small import TODAY, Person, build_home
from sqlalchemy import text

from bot.assistant import Assistant
from bot.release import Release, open_release
from bot.settings import Settings
from bot.storage.store import Store, open_store
from bot.storage.tables import METADATA


@pytest.fixture(scope="session")
def full(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return build_home(tmp_path_factory.mktemp("full"))


@pytest.fixture(scope="session")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return build_home(tmp_path_factory.mktemp("bare"), laws=False)


@pytest.fixture(scope="session")
def release(full: Settings) -> Release:
    return open_release(full)


@pytest.fixture(scope="session")
def bare_release(bare: Settings) -> Release:
    return open_release(bare)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(f"sqlite:///{tmp_path / 'live.db'}")


@pytest.fixture
def person(release: Release, store: Store) -> Person:
    sources = release.on(TODAY)
    return Person(Assistant(lambda: sources, store))


@pytest.fixture(params=["sqlite", "postgresql"])
def live(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """Live state on each kind of database, empty."""
    store = open_store(database(request.param, tmp_path))
    empty(store)
    yield store
    store.engine.dispose()


def database(kind: str, folder: Path) -> str:
    """The URL of a database for a test; skips where there is no server (see .ci/postgres)."""
    if kind == "sqlite":
        return f"sqlite:///{folder / 'live.db'}"
    url = os.environ.get("XST_TEST_DATABASE", "")
    if not url:
        pytest.skip("no PostgreSQL: XST_TEST_DATABASE is not set; run .ci/postgres start")
    return url


def empty(store: Store) -> None:
    with store.engine.begin() as connection:
        for table in METADATA.sorted_tables:
            connection.execute(text(f"DELETE FROM {table.name}"))
