"""Golden questions of our own: written without sight of the content, answered by all of it.

The floors only rise. What falls short stands in the README.
"""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest

from bot.assistant import Assistant
from bot.evaluation import evaluate, read_asked
from bot.importing import import_paths
from bot.message import Incoming
from bot.release import build_release, open_release
from bot.settings import Settings
from bot.turn import Session

FIELD = Path(__file__).parent.parent / "questions" / "field.jsonl"
FLOORS = {
    "disposition": 0.95,
    "citation": 0.86,
    "hard_facts": 0.80,
    "must_not": 1.0,
    "in_force": 1.0,
}


def score(home: Path, laws: str | None) -> dict[str, float]:
    settings = Settings(home=home)
    if laws:
        import_paths([Path(laws)], settings.shelf)
    build_release(settings)
    sources = open_release(settings).on(date(2026, 11, 20))
    assistant = Assistant(lambda: sources)

    def ask(question: str, region: str):
        return assistant.handle(Incoming(question), Session(region=region)).replies[0]

    return evaluate(read_asked(FIELD), ask)


@pytest.mark.laws
@pytest.mark.skipif("XST_LAWS" not in os.environ, reason="XST_LAWS names no folder of law texts")
def test_with_the_official_texts_the_floors_hold(tmp_path):
    report = score(tmp_path, os.environ["XST_LAWS"])
    assert {k: report[k] for k in FLOORS if report[k] < FLOORS[k]} == {}


def test_with_the_built_in_content_alone_nothing_out_of_force_is_cited(tmp_path):
    """Lower floors: articles alone answer some questions, and they are not there."""
    report = score(tmp_path, None)
    assert report["in_force"] == 1.0 and report["must_not"] == 1.0
    assert report["disposition"] >= 0.94 and report["citation"] >= 0.85
