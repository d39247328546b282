"""The small release of `small.py`, built once for all tests of the assistant."""

from __future__ import annotations

from pathlib import Path

import pytest
from small import TODAY, Person, build_home

from bot.assistant import Assistant
from bot.release import Release, open_release
from bot.settings import Settings
from bot.storage.store import Store, open_store


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
