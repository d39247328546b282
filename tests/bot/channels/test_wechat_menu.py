"""The menu: limits checked before anything is sent, and what ships."""

from __future__ import annotations

import pytest
import yaml
from small import TODAY
from typer.testing import CliRunner

from bot import texts
from bot.channels.wechat.menu import MenuError, lines, opened, payload, read_menu
from bot.cli.wechat import wechat
from bot.message import Incoming
from bot.skills import respond
from bot.turn import Session


def read(tmp_path, raw):
    path = tmp_path / "menu.yaml"
    path.write_text(yaml.safe_dump(raw, allow_unicode=True), encoding="utf-8")
    return read_menu(path)


def entries(menu):
    for entry in menu:
        yield from entry.entries or (entry,)


def test_the_menu_that_ships_is_within_every_limit():
    menu = payload(read_menu())
    assert [top["name"] for top in menu["button"]] == ["问政策", "答题", "我的"]
    assert menu["button"][1] == {"type": "click", "name": "答题", "key": "open:quiz"}


def test_what_is_not_open_is_left_out_until_it_is():
    menu, missing = opened(read_menu())
    assert missing == ("提诉求",)
    assert [top.name for top in menu] == ["问政策", "答题", "我的"]
    assert "提诉求" not in [entry.name for entry in entries(menu)]
    menu, missing = opened(read_menu(), closed=())
    assert not missing and menu == read_menu()


def test_every_entry_that_ships_is_answered(release):
    sources = release.on(TODAY)
    for entry in entries(read_menu()):
        turn = respond(Incoming("", entry.choice), Session(), sources)
        assert turn.replies[0].text and turn.replies[0].text != texts.NO_CONTENT, entry.name


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        ([{"name": "一二三四五六", "choice": "help"}], "「一二三四五六」的名字: 有 18 字节，最多 16"),
        ([{"name": "甲", "entries": [{"name": "字" * 21, "choice": "help"}]}], "有 63 字节，最多 60"),
        ([{"name": "甲", "choice": "ask:" + "问" * 42}], "「甲」的 choice: 有 130 字节，最多 128"),
        ([{"name": "甲", "link": "https://x.cn/" + "a" * 1020}], "最多 1024"),
        ([{"name": "甲", "link": "javascript:alert(1)"}], "link 应以 https:// 或 / 开头"),
        ([{"name": "甲", "link": "/privacy"}], "[server] url"),
        ([{"name": n, "choice": "help"} for n in "甲乙丙丁"], "一级菜单应有 1 到 3 项，现有 4 项"),
        ([{"name": "甲", "entries": [{"name": n, "choice": "help"} for n in "一二三四五六"]}], "「甲」: 二级菜单应有 1 到 5 项"),
        ([{"name": "甲", "entries": [{"name": "乙", "entries": [{"name": "丙", "choice": "help"}]}]}], "最多两级"),
        ([{"name": "甲", "choice": "help", "link": "/x"}], "只写一个"),
        ([{"name": "甲"}], "写一个"),
        ([{"choice": "help"}], "第 1 项: 缺少 name"),
        ([{"name": "甲", "choise": "help"}], "不认识的项 choise"),
        ([{"name": "甲", "choice": 3}], "choice 应是文字"),
        ({"name": "甲"}, "应是一列菜单项"),
        ([], "现有 0 项"),
        (["甲"], "应写 name"),
    ],
)  # fmt: skip
def test_a_menu_that_wechat_would_refuse_is_named_before_it_is_sent(tmp_path, raw, says):
    with pytest.raises(MenuError) as caught:
        payload(read(tmp_path, raw))
    assert says in str(caught.value)


def test_limits_are_inclusive_and_count_bytes(tmp_path):
    raw = [{"name": "a" * 16, "entries": [{"name": "字" * 20, "choice": "k" * 128}]}]
    assert payload(read(tmp_path, raw))["button"][0]["sub_button"][0]["key"] == "k" * 128


def test_a_page_of_ours_gets_the_public_address(tmp_path):
    menu = read(tmp_path, [{"name": "隐私", "link": "/privacy"}])
    button = payload(menu, "https://xst.example/")["button"][0]
    assert button == {"type": "view", "name": "隐私", "url": "https://xst.example/privacy"}


def test_both_forms_of_wechats_menus_are_shown_alike():
    sub = {"type": "click", "name": "乙", "key": "help"}
    plain = {
        "button": [{"name": "甲", "sub_button": [sub]}, {"name": "丙", "type": "view", "url": "u"}]
    }
    nested = {
        "button": [
            {"name": "甲", "sub_button": {"list": [sub]}},
            {"name": "丙", "type": "view", "url": "u"},
        ]
    }
    assert lines(plain) == lines(nested) == ["甲", "    乙 → help", "丙 → u"]
    assert lines(None) == []


@pytest.fixture
def command(tmp_path, monkeypatch):
    """`xst wechat` with an account whose API is recorded."""
    sent, shown = [], []

    class Recorded:
        def __init__(self, *_):
            pass

        def get(self, path):
            return {"menu": shown[0]} if shown else {}

        def post(self, path, data):
            sent.append((path, data))
            shown[:] = [data]

    (tmp_path / "xst.toml").write_text(
        '[wechat]\naccount = "gh_1"\napp_id = "wx1"\nmode = "plain"\n'
    )
    monkeypatch.setenv("XST_HOME", str(tmp_path))
    monkeypatch.setenv("XST_WECHAT_TOKEN", "t")
    monkeypatch.setattr("bot.channels.wechat.client.Api", Recorded)

    def run(*args, **more):
        return CliRunner().invoke(wechat, args, **more)

    run.sent = sent
    return run


def test_applying_shows_what_changes_and_asks_first(command):
    refused = command("menu", "apply", "default", input="n\n")
    assert refused.exit_code == 1 and "+ 问政策" in refused.output and not command.sent
    assert "还没有开放，先不放：提诉求" in refused.output
    assert command("menu", "apply", "default", input="y\n").exit_code == 0
    assert command.sent[0][0] == "menu/create" and len(command.sent[0][1]["button"]) == 3
    again = command("menu", "apply", "default")
    assert "没有变化" in again.output and len(command.sent) == 1
    more = command("menu", "apply", "default", "--all", "--yes")
    assert "+     提诉求 → open:demand" in more.output and len(command.sent) == 2
    assert "答题 → open:quiz" in command("menu", "show").output


def test_the_menu_that_ships_is_written_out_to_be_changed(command, tmp_path):
    file = tmp_path / "menu.yaml"
    file.write_text(command("menu", "default").output, encoding="utf-8")
    assert read_menu(file) == read_menu() and "# The menu that ships" in file.read_text("utf-8")


def test_a_faulty_menu_is_not_sent(command, tmp_path):
    (tmp_path / "bad.yaml").write_text("- {name: 一二三四五六, choice: help}\n", encoding="utf-8")
    assert command("menu", "apply", str(tmp_path / "bad.yaml"), "--yes").exit_code == 1
    assert not command.sent
