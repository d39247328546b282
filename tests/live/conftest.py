"""What the live tests share: a small release, and a process that starts services quickly."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from live.kit import Zygote
from small import build_home


@pytest.fixture(scope="session")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An XST_HOME with a release and nothing else."""
    home = tmp_path_factory.mktemp("live") / "home"
    build_home(home)
    return home


@pytest.fixture(scope="session")
def zygote() -> Iterator[Zygote]:
    started = Zygote()
    yield started
    started.close()
