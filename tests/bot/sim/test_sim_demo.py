"""The demonstration: a service of its own, connected, answering, and gone afterwards."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from bot.settings import ConfigError, Settings
from bot.sim.demo import served
from bot.sim.wechat import WeChatSim
from bot.sim.wechat_rules import Account


def test_a_demonstration_needs_a_library(tmp_path: Path) -> None:
    settings = Settings(tmp_path)
    with (
        pytest.raises(ConfigError, match="xst build"),
        served(settings, Account(), "http://127.0.0.1:9", 1),
    ):
        pass


@pytest.mark.live
def test_a_demonstration_answers_and_leaves_nothing(
    full: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("XST_WECHAT_TOKEN", "of-the-real-account")
    before = sorted(p.name for p in full.home.iterdir())
    with WeChatSim() as sim:
        port = int(sim.url.rpartition(":")[2]) + 1
        with served(full, sim.account, sim.url, port) as url:
            sim.hook = f"{url}/wechat"
            assert sim.verify() == ""
            assert "协商通" in sim.follow("oDemo").text
            for mode in ("plain", "compatible", "safe"):  # the page can switch
                sim.set(mode=mode)
                assert "20日" in sim.text("oDemo", "收到要约多少天要答复").text
            assert sim.violations == {}
    assert not list(tmp_path.iterdir())
    assert sorted(p.name for p in full.home.iterdir()) == before
