"""What an operator is told about an installation, its channels included."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from bot.channels.wechat.condition import diagnose as of_wechat
from bot.settings import Settings, Telegram, WeChat, WeCom
from bot.storage.store import Store

# The package has a command of the same name.
doctor = importlib.import_module("bot.cli.doctor")
NOBODY = "http://127.0.0.1:9"
KEY = "a" * 43
CHANNELS = {
    "wechat": WeChat("gh_1", "wx1", "token", KEY, secret="hidden-1", api=NOBODY),
    "telegram": Telegram("123:hidden-2", mode="polling", api=NOBODY),
    "wecom": WeCom("ww1", 7, "token", KEY, "hidden-3", api=NOBODY),
}


def said(found: list[tuple[str, str]], state: str) -> str:
    return "\n".join(text for s, text in found if s == state)


def test_without_a_channel_nothing_is_said_of_chats(tmp_path):
    found = doctor.diagnose(Settings(tmp_path))
    assert doctor.ask_platforms(Settings(tmp_path)) == []
    words = "\n".join(text for _, text in found)
    assert "代号" not in words and "发件箱" not in words and "[server] url" not in words


def test_a_service_starts_while_every_platform_is_away(tmp_path):
    """`xst serve` asks `diagnose` alone; only `xst doctor` asks the platforms."""
    settings = Settings(tmp_path, **CHANNELS)
    here = doctor.diagnose(settings)
    assert NOBODY not in "\n".join(text for _, text in here)
    assert [text for state, text in here if state == "缺" and "资料库" not in text] == []
    assert said(doctor.ask_platforms(settings), "缺").count(NOBODY) == 3


def test_each_channel_is_asked_by_itself(tmp_path):
    only = Settings(tmp_path, wechat=WeChat("gh_1", "wx1", "token", KEY))
    assert doctor.ask_platforms(only) == of_wechat(only.wechat, "")


def test_a_secret_that_is_none_is_a_line_and_not_a_crash(tmp_path):
    bad = Settings(tmp_path, wechat=WeChat("gh_1", "wx1", "", KEY))
    assert said(doctor.ask_platforms(bad), "缺")


def test_a_channel_without_a_public_address_is_told_what_it_loses(tmp_path):
    settings = Settings(tmp_path, telegram=CHANNELS["telegram"])
    assert "没有 [server] url，Telegram里的长回答" in said(doctor.diagnose(settings), "提示")
    public = Settings(tmp_path, telegram=CHANNELS["telegram"], url="https://x.example")
    assert "[server] url" not in said(doctor.diagnose(public), "提示")


def test_no_line_holds_a_secret(tmp_path):
    settings = Settings(tmp_path, **CHANNELS)
    found = [*doctor.diagnose(settings), *doctor.ask_platforms(settings)]
    assert "hidden" not in "\n".join(text for _, text in found)


# Where the key of the pseudonyms lies


def test_a_key_on_a_disk_is_a_fault_and_in_memory_it_is_not():
    assert doctor._key(Path("/srv/run"), False)[0] == "缺"
    assert doctor._key(Path("/run/xst"), True)[0] == "好"


def test_without_a_memory_folder_it_is_said_what_a_restart_forgets():
    state, text = doctor._key(None, None)
    assert state == "提示" and "重启后" in text


@pytest.mark.skipif(sys.platform != "linux", reason="/proc/mounts is Linux's")
@pytest.mark.parametrize(
    ("place", "expected"),
    [("/run/xst", True), ("/run", True), ("/var/lib/xst", False), ("/run/disk/xst", False)],
)
def test_the_innermost_mount_tells_whether_a_folder_is_in_memory(tmp_path, place, expected):
    mounts = tmp_path / "mounts"
    mounts.write_text(
        "overlay / overlay rw 0 0\ntmpfs /run tmpfs rw 0 0\n/dev/sda /run/disk ext4 rw 0 0\n",
        encoding="utf-8",
    )
    assert doctor._in_memory(Path(place), mounts) is expected


# The database


def test_the_kind_of_database_is_named_without_its_password(tmp_path):
    url = "postgresql+psycopg://xst:hidden-4@db.example/live"
    words = doctor._kind(Store(create_engine(url)))
    assert words.startswith("数据库 PostgreSQL（db.example/live）") and "hidden" not in words
    assert "数据库 SQLite" in said(doctor.diagnose(Settings(tmp_path)), "好")
