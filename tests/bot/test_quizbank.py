"""`xst quiz`: proving, binding, reviewing and accepting, on a bank of three items."""

import json
import os
from dataclasses import replace

import pytest
from small import TODAY, write_content, write_laws
from typer.testing import CliRunner

from bot.cli.quizbank import quiz
from bot.importing import import_paths
from bot.release import Current, _content_rows, build_release
from bot.settings import Settings
from knowledge.accepting import FILE as ACCEPTED
from knowledge.accepting import accept
from knowledge.authored import read_content
from knowledge.bound import bind, read_bound
from knowledge.library import publish
from knowledge.misleading import FILE as MISLEADING
from knowledge.misleading import put_back, take_out
from knowledge.records import KnowledgeError

LAW = """# 茶歇规定

2004年1月20日 公布

2004年5月1日 施行

<!-- INFO END -->

第一条 为了喝茶，制定本规定。

第二条 一方要求茶歇的，另一方应当在收到要求之日起{days}日内{how}回应。

第三条 每方代表至少3人。

第四条 本规定自2004年5月1日起施行。
"""
BANK = """- point: tea
  area: 4
  level: 1
  teaches: 二十日内答复
  drafted: 2026-11-20
  reviewed: unreviewed
  forms:
    - id: tea-a
      kind: 判断
      stem: 收到要求，20日内要回应。
      answer: 对
      claim: {near: [回应], figure: 20日}
      why: 20日内要回应。
      cite: [《茶歇规定》第二条]
    - id: tea-b
      kind: 判断
      stem: 收到要求，30日内回应也行。
      answer: 错
      claim: {near: [回应], figure: 30日}
      why: 是20日。
      cite: [《茶歇规定》第二条]
    - id: tea-c
      kind: 判断
      stem: 每方代表不少于3人。
      answer: 对
      claim: {near: [代表], figure: 3人, compare: 至少}
      why: 每方至少3人。
      cite: [《茶歇规定》第三条]
"""


@pytest.fixture
def content(tmp_path):
    folder = tmp_path / "content"
    (folder / "quiz").mkdir(parents=True)
    (folder / "quiz" / "tea.yaml").write_text(BANK, encoding="utf-8")
    (folder / "topics.yaml").write_text("[]", encoding="utf-8")
    (folder / "regions.yaml").write_text("- {name: 国家, full: 中华人民共和国}\n", encoding="utf-8")
    return folder


@pytest.fixture
def laws(tmp_path):
    """The text of the law, given its period and form, in a folder of its own."""

    def write(days=20, how="书面"):
        folder = tmp_path / f"laws{days}{how}"
        folder.mkdir(exist_ok=True)
        text = LAW.format(days=days, how=how)
        (folder / "茶歇规定(2004-01-20).md").write_text(text, encoding="utf-8")
        return folder

    return write


@pytest.fixture
def xst(tmp_path, monkeypatch):
    """Arguments -> (exit status, everything that was said)."""
    home = tmp_path / "home"
    monkeypatch.setenv("XST_HOME", str(home))

    def run(*arguments):
        result = CliRunner().invoke(quiz, [str(a) for a in arguments], env={"COLUMNS": "200"})
        assert result.exception is None or isinstance(result.exception, SystemExit)
        return result.exit_code, result.output

    return run


@pytest.fixture
def release(tmp_path, content):
    """A release of the bank over the given laws; no index, since no question is looked up."""

    def build(laws):
        home = tmp_path / "home"
        name = laws.name
        folder = home / "releases" / name
        folder.mkdir(parents=True)
        import_paths([laws], tmp_path / f"{name}.db", overrides=())
        rows = _content_rows(read_content(content))
        publish(tmp_path / f"{name}.db", folder / "library.db", rows, {})
        (folder / "manifest.json").write_text("{}", encoding="utf-8")
        (home / "current").write_text(name, encoding="utf-8")

    return build


def test_binding_writes_one_line_for_each_article_and_checking_then_finds_nothing(
    xst, content, laws
):
    status, said = xst("bind", "--laws", laws(), "--content", content)
    assert status == 0, said
    assert "新绑定 《茶歇规定》第二条" in said
    assert len(read_bound(content)) == 2
    status, said = xst("check", "--laws", laws(), "--content", content)
    assert (status, "可以出的 3 道，撤下的 0 道" in said) == (0, True), said


def test_an_article_whose_items_do_not_derive_keeps_its_old_binding(xst, content, laws):
    xst("bind", "--laws", laws(), "--content", content)
    before = read_bound(content)
    status, said = xst("bind", "--laws", laws(days=10), "--content", content)
    assert status == 1
    assert "tea-a" in said
    assert read_bound(content) == before


def test_checking_names_what_is_wrong(xst, content, laws):
    xst("bind", "--laws", laws(), "--content", content)
    status, said = xst("check", "--laws", laws(days=10), "--content", content)
    assert status == 1
    assert "[tea-a] 答案推不出来" in said
    assert "撤下 tea-b：《茶歇规定》第二条 条文已修改" in said
    assert "tea-c" not in said


def test_checking_without_texts_says_so(xst, content):
    status, said = xst("check", "--content", content)
    assert "有 3 道缺所引条文的原文" in said
    assert status == 1  # neither text nor digest: nothing may be asked


def test_an_item_comes_back_when_somebody_found_it_right_with_the_new_text(
    xst, content, laws, release, tmp_path
):
    xst("bind", "--laws", laws(), "--content", content)
    release(laws(how="用书面形式"))
    said = xst("review")[1]
    assert "撤下 tea-a：《茶歇规定》第二条 条文已修改" in said
    assert "现行：" in said
    assert "撤下 2 道，可以出的 1 道" in said
    assert xst("accept", "tea-a", "--by", "王芳")[0] == 0
    assert "撤下 1 道，可以出的 2 道" in xst("review")[1]
    kept = json.loads((tmp_path / "home" / "quiz-accepted.json").read_text(encoding="utf-8"))
    assert [(k["item"], k["by"]) for k in kept] == [("tea-a", "王芳")]


def test_an_item_whose_key_no_longer_follows_is_not_accepted(xst, content, laws, release, tmp_path):
    xst("bind", "--laws", laws(), "--content", content)
    release(laws(days=10))
    status, said = xst("accept", "tea-a", "--by", "王芳")
    assert (status, "推不出原来的答案" in said) == (1, True)
    assert not (tmp_path / "home" / "quiz-accepted.json").exists()
    assert xst("accept", "tea-c", "--by", "王芳")[1].startswith("tea-c 没有撤下")
    assert "没有“nothing”这道题" in xst("accept", "nothing", "--by", "王芳")[1]


def test_a_changed_article_is_shown_beside_the_old_one_where_that_is_imported(
    xst, content, law_pair, release
):
    release(law_pair)
    said = xst("review")[1]
    assert "原：一方要求茶歇的，另一方应当在收到要求之日起20日内书面回应。" in said
    assert "现：一方要求茶歇的，另一方应当在收到要求之日起25日内书面回应。" in said


@pytest.fixture
def law_pair(xst, content, laws):
    """The law as it was bound and, in the same folder, its newer version."""
    folder = laws()
    xst("bind", "--laws", folder, "--content", content)
    newer = LAW.format(days=25, how="书面").replace("2004", "2025")
    (folder / "茶歇规定(2025-01-20).md").write_text(newer, encoding="utf-8")
    return folder


def test_the_list_says_of_each_item_whether_it_may_be_asked(xst, content, laws, release):
    xst("bind", "--laws", laws(), "--content", content)
    release(laws(days=10))
    said = xst("list", "--area", "4")[1]
    assert "共 3 道，可以出的 1 道" in said
    assert "共 0 道" in xst("list", "--region", "河南")[1]
    assert xst("list", "--area", "13")[0] == 1


def test_a_running_server_stops_asking_what_no_longer_holds_and_starts_again_when_accepted(
    tmp_path,
):
    """The same process all along: a changed law arrives with a build, an acceptance without one."""
    bank = BANK.replace("茶歇规定", "协商规定").replace("》第三条", "》第四条")
    root = write_content(tmp_path / "content")
    (root / "quiz").mkdir()
    (root / "quiz" / "tea.yaml").write_text(bank, encoding="utf-8")
    digests = root / "digests" / "协商规定.yaml"
    digests.write_text(digests.read_text(encoding="utf-8") + '  第四条: "每方至少3人。"\n')
    laws, settings = write_laws(tmp_path / "laws"), Settings(home=tmp_path / "home")
    content, now = read_content(root), [0.0]

    def build(bound):
        import_paths([laws], settings.shelf, overrides=content.overrides)
        build_release(settings, replace(content, bound=bound))

    build({})
    current = Current(settings, lambda: TODAY, lambda: now[0])
    assert current().items() == []
    build(bind(content.items, current()))
    now[0] += 2
    assert [i.id for i in current().items()] == ["tea-a", "tea-b", "tea-c"]
    assert current().items() is current().items()
    bound = bind(content.items, current())
    law = laws / "协商规定(2004-01-20).md"
    law.write_text(law.read_text(encoding="utf-8").replace("20日内以", "20日之内以"), "utf-8")
    build(bound)
    now[0] += 2
    assert [i.id for i in current().items()] == ["tea-c"]
    assert current().item("tea-a").stem.startswith("收到要求")
    item = current().item("tea-a")
    accept(settings.home / ACCEPTED, item, bind([item], current()), "王芳", TODAY)
    now[0] += 2
    assert [i.id for i in current().items()] == ["tea-a", "tea-c"]
    # What answers showed to mislead goes at once, too, and comes back when it is put back.
    kept = settings.home / MISLEADING
    take_out(kept, current().item("tea-c"), "懂的人反而答错", "王芳", TODAY)
    now[0] += 2
    assert [i.id for i in current().items()] == ["tea-a"]
    assert any("懂的人反而答错" in w.reason for w in current().standing.withdrawn)
    assert put_back(kept, "tea-c") and not put_back(kept, "tea-c")
    os.utime(kept, (1, 1))  # within one tick of the clock the file looks unchanged
    now[0] += 2
    assert [i.id for i in current().items()] == ["tea-a", "tea-c"]
    with pytest.raises(KnowledgeError, match="--why"):
        take_out(kept, current().item("tea-c"), " ", "王芳", TODAY)
