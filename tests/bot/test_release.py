"""Building and swapping releases: complete or not at all, and noticed by who serves."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from small import NEW, TODAY, build_home, write_content, write_laws

from bot.importing import import_paths
from bot.release import Current, build_release, current_folder, open_release
from bot.settings import Settings
from index.retriever import RetrieverError
from knowledge.authored import read_content
from knowledge.citation import Citation
from knowledge.forms import ContentError
from knowledge.library import fingerprint


@pytest.fixture
def home(tmp_path):
    return build_home(tmp_path)


def test_nothing_built_yet_is_said_with_the_command_to_run(tmp_path):
    with pytest.raises(RetrieverError, match="xst build"):
        current_folder(Settings(home=tmp_path))


def test_a_running_server_takes_a_new_release_without_restart(home):
    now = [0.0]
    current = Current(home, today=lambda: TODAY, clock=lambda: now[0])
    before = current()
    content = read_content(home.home / "content")
    cards = tuple(
        replace(c, answer="工资每月至少支付一次，新写法。") if c.id == "wage-arrears" else c
        for c in content.cards
    )
    build_release(home, replace(content, cards=cards))
    assert current() is before, "looked at most once a second"
    now[0] = 1.5
    assert "新写法" in current().card("wage-arrears").answer
    assert "新写法" not in before.card("wage-arrears").answer, "a turn under way keeps its own"


def test_a_release_that_cannot_be_opened_leaves_the_old_one_in_service(home):
    now = [0.0]
    current = Current(home, today=lambda: TODAY, clock=lambda: now[0])
    (home.home / "current").write_text("no-such-release", encoding="utf-8")
    now[0] = 5.0
    assert current().card("wage-arrears") is not None


def test_the_day_turns_at_midnight(home):
    day = [TODAY]
    current = Current(home, today=lambda: day[0])
    assert current().day == TODAY
    day[0] = date(2026, 11, 21)
    assert current().day == date(2026, 11, 21)


def test_faulty_content_leaves_the_served_release_as_it_was(home):
    served = current_folder(home)
    content = write_content(home.home / "broken")
    (content / "cards/small.yaml").write_text("- {id: x}\n", encoding="utf-8")
    with pytest.raises(ContentError, match=r"cards/small.yaml:1"):
        build_release(home, read_content(content))
    assert current_folder(home) == served


def test_a_build_killed_in_the_middle_is_never_seen_and_cleared_by_the_next(home):
    served = current_folder(home)
    code = (
        "import os,signal; from bot import release; from bot.settings import Settings;"
        "from knowledge.authored import read_content; from pathlib import Path;"
        f"home=Path({str(home.home)!r});"
        "release.store.build=lambda *a,**k: os.kill(os.getpid(), signal.SIGKILL);"
        "release.build_release(Settings(home=home), read_content(home/'content'))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True)
    assert done.returncode == -signal.SIGKILL
    assert list((home.home / "releases").glob(".building-*"))
    assert current_folder(home) == served
    build_release(home, read_content(home.home / "content"))
    assert not list((home.home / "releases").glob(".building-*"))


def test_old_releases_are_cleared_but_the_last_one_stays(home):
    content = read_content(home.home / "content")
    for _ in range(3):
        build_release(home, content)
    assert len(list((home.home / "releases").iterdir())) == 2
    open_release(home)


def test_importing_twice_changes_nothing(home):
    before = fingerprint(home.shelf)
    done = import_paths(
        [home.home / "laws"], home.shelf, overrides=read_content(home.home / "content").overrides
    )
    assert (done.counts.new, done.counts.changed, done.counts.same) == (0, 0, 4)
    assert fingerprint(home.shelf) == before


def test_an_import_killed_in_the_middle_leaves_the_old_library(home, tmp_path):
    """Only the whole import is seen, or nothing of it (DESIGN, promise 5)."""
    before = fingerprint(home.shelf)
    more = tmp_path / "more"
    more.mkdir()
    for n in range(30):
        (more / f"第{n}号办法(2021-01-01).md").write_text(
            NEW.replace("新办法", f"第{n}号办法"), encoding="utf-8"
        )
    code = (
        "import os,signal,itertools; from pathlib import Path; from bot import importing;"
        "seen=itertools.count(); add=importing.Shelf.add;\n"
        "def dying(self, text):\n"
        "    if next(seen) == 20: os.kill(os.getpid(), signal.SIGKILL)\n"
        "    return add(self, text)\n"
        "importing.Shelf.add=dying\n"
        f"importing.import_paths([Path({str(more)!r})], Path({str(home.shelf)!r}))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True)
    assert done.returncode == -signal.SIGKILL
    assert fingerprint(home.shelf) == before
    assert import_paths([more], home.shelf).counts.new == 30


def test_region_and_day_hold_in_the_built_index(home):
    sources = open_release(home).on(TODAY)
    found = {h.id.split("@")[0] for h in sources.search("代表 协商 工资", ("山东", "国家"), 20)}
    assert "河南省协商条例" not in found and "旧办法" not in found and "协商规定" in found
    then = open_release(home).on(date(2010, 5, 1))
    assert "旧办法" in {h.id.split("@")[0] for h in then.search("代表", ("国家",), 20)}


def test_the_command_serves_and_stops_cleanly(home, tmp_path):
    import socket
    import urllib.request

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {"XST_HOME": str(home.home), "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "bot", "serve", "--port", str(port)]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        for _ in range(100):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=1) as reply:
                    assert reply.status == 200
                    break
            except OSError:
                time.sleep(0.1)
        else:
            pytest.fail("the server did not come up in ten seconds")
    finally:
        process.send_signal(signal.SIGINT)
        printed = process.communicate(timeout=20)[0]
    assert f"http://127.0.0.1:{port}" in printed
    assert "问：" in printed and "答：" in printed
    assert Path(home.home / "live.db").exists()


def test_a_release_of_another_version_asks_for_a_build(tmp_path):
    settings = build_home(tmp_path / "home", laws=False)
    manifest = next((settings.home / "releases").glob("*/manifest.json"))
    told = json.loads(manifest.read_text(encoding="utf-8")) | {"form": 1}
    manifest.write_text(json.dumps(told), encoding="utf-8")
    with pytest.raises(RetrieverError, match="xst build"):
        open_release(settings)


PLANTED = {
    "a missing key": ("cards/small.yaml", "  next: 收集考勤和工资条。\n", "", "next"),
    "a wrong article": ("cards/small.yaml", "《新办法》第一条", "《新办法》第三条", "第三条"),
    "a figure off by one": ("rules/offer-response.yaml", "says: 收到要求之日起20日", "says: 收到要求之日起21日", "21日"),
    "an unknown region": ("rules/offer-response.yaml", "region: 河南", "region: 火星", "火星"),
    "a wording of two entries": ("cards/small.yaml", "高温费发多少", "公司欠薪两个月了", "同一句"),
}  # fmt: skip


@pytest.mark.parametrize("planted", PLANTED)
def test_bad_content_is_refused_at_build_with_its_place(tmp_path, planted):
    """Nothing half-built is left, and what is served stays."""
    settings = build_home(tmp_path / "home", laws=False)
    served = current_folder(settings)
    file, good, bad, said = PLANTED[planted]
    path = settings.home / "content" / file
    text = path.read_text(encoding="utf-8")
    assert good in text
    path.write_text(text.replace(good, bad), encoding="utf-8")
    with pytest.raises(ContentError, match=said) as caught:
        build_release(settings, read_content(settings.home / "content"))
    if planted != "a wrong article":  # that one is named by the digest that is missing
        assert re.search(rf"{file}:\d+", str(caught.value))
    assert current_folder(settings) == served


def test_milvus_holds_the_articles_where_it_is_set(tmp_path):
    pytest.importorskip("milvus_lite")
    content = read_content(write_content(tmp_path / "content"))
    settings = Settings(home=tmp_path, milvus=str(tmp_path / "articles.db"))
    import_paths([write_laws(tmp_path / "laws")], settings.shelf, overrides=content.overrides)
    build_release(settings, content)
    seen = open_release(settings).on(TODAY)
    hits = seen.ranked("拖欠工资限期支付", ("国家",), 3)
    assert seen.article_by_id(hits[0].id).citation == Citation("新办法", "第一条")
