"""Where parts are chosen: settings in, an assistant out."""

from __future__ import annotations

from bot.assistant import Assistant
from bot.release import Current
from bot.settings import Settings
from bot.storage.store import open_store


def make_assistant(settings: Settings, keep: bool = True) -> tuple[Assistant, Current]:
    """The assistant of this installation. Without `keep` nothing is stored (bulk answers)."""
    current = Current(settings)
    store = open_store(settings.database_url) if keep else None
    return Assistant(current, store), current
