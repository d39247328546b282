"""Killed while sixty people answer, the service loses no answer it acknowledged and counts none
twice."""

from __future__ import annotations

from pathlib import Path

import pytest
from live.kit import fresh_database
from quizhome import build_home

from bot.sim.quizbench import Size, run_all, whole

pytestmark = pytest.mark.live


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_sixty_people_and_three_kills_and_nothing_is_lost(kind: str, tmp_path: Path) -> None:
    build_home(tmp_path / "home")
    (tmp_path / "stand").mkdir()
    with fresh_database(kind) as database:
        size = Size(people=60, minutes=0.4, kills=3, flat=0, units=5, seed=7)
        report = run_all(tmp_path / "home", tmp_path / "stand", size, database)
    print(f"\n{kind}: {report['crowd']}\n{report['kept']}")
    assert report["crowd"]["kills"] == 3 and report["crowd"]["repeats"], "no kill was noticed"
    assert report["kept"]["answers"] == 60 * 12 and whole(report["kept"])
    assert "Traceback" not in (tmp_path / "stand" / "serve.log").read_text(encoding="utf-8")
