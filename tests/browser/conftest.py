"""One Chromium for all tests of pages: the driver can run once in a thread."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

CHROMIUM = Path(os.environ.get("CHROMIUM") or "/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class Launcher:
    """Launches browsers with our flags; `more` come before them."""

    def __init__(self, kind):
        self._kind = kind

    def launch(self, more=(), **options):
        return self._kind.launch(executable_path=str(CHROMIUM), args=[*more, *FLAGS], **options)


@pytest.fixture(scope="session")
def chromium():
    """What launches browsers."""
    sync_api = pytest.importorskip(
        "playwright.sync_api", reason="no playwright: pip install playwright"
    )
    if not CHROMIUM.exists():
        pytest.skip(f"no Chromium at {CHROMIUM}: apt-get install chromium, or set CHROMIUM")
    with sync_api.sync_playwright() as playwright:
        yield Launcher(playwright.chromium)


@pytest.fixture(scope="session")
def browser(chromium):
    opened = chromium.launch()
    yield opened
    opened.close()
