"""`xst show`: an article by whatever name and number people give it."""

import json

import pytest
import typer
from small import build_home
from typer.testing import CliRunner

from bot.cli.show import show


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return build_home(tmp_path_factory.mktemp("show")).home


@pytest.fixture
def run(home, monkeypatch):
    monkeypatch.setenv("XST_HOME", str(home))
    app = typer.Typer()
    app.command()(show)

    def run(*words):
        return CliRunner().invoke(app, words)

    return run


def test_an_article_is_shown_with_what_is_around_it(run):
    done = run("协商规定", "第二条")
    assert done.exit_code == 0, done.output
    said = done.output
    assert (
        said.index("《协商规定》第二条")
        < said.index("现行有效")
        < said.index("收到要求之日起20日内")
    )
    assert "2004-01-20 版（2004-05-01 起）" in said and "第一章 总则" in said
    assert "它引用的（1）\n  《协商规定》第三条　拒绝协商的，由主管部门责令改正。" in said
    assert "相关案例和解答（1）\n  程序要点：收到要约几天内答复　offer-response" in said
    assert "其他版本" not in said, "what is empty is not mentioned"


@pytest.mark.parametrize("law", ["协商规定", "《协商规定》", "中华人民共和国协商规定"])
@pytest.mark.parametrize("article", ["第二条", "2", "第2条", "2条", "二", "第 二 条"])
def test_laws_and_articles_are_known_by_every_usual_name(run, law, article):
    assert "《协商规定》第二条" in run(law, article).output


def test_json_has_the_stable_form(run):
    found = json.loads(run("协商规定", "2", "--json").stdout)
    assert list(found) == [
        "law", "article", "title", "region", "level", "version", "status", "start", "end",
        "chapter", "text", "day", "cites", "cited_by", "versions", "similar", "cases", "entries",
    ]  # fmt: skip
    assert found["cites"] == [
        {
            "law": "协商规定", "article": "第三条", "region": "国家", "version": "2004-01-20",
            "status": "现行有效", "start": "2004-05-01", "end": "", "printed": "第三条",
        }
    ]  # fmt: skip
    assert found["entries"][0] | {"title": ""} == {
        "kind": "point", "id": "offer-response", "title": "", "region": "国家",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("协商条例", "2"), "名称相近的有：《河南省协商条例》、《协商规定》"),
        (("咖啡法", "2"), "没有《咖啡法》。请检查名称"),
        (("协商规定", "80"), "《协商规定》没有第八十条。这一版有：第一条到第五条"),
        (("协商规定", "附件"), "没有附件"),
        (("旧办法", "1"), "《旧办法》在"),
        (("协商规定", "2", "--on", "昨天"), "不是日期"),
        (("协商规定", "2", "--region", "火星"), "没认出“火星”"),
    ],
)
def test_what_is_not_there_gets_one_clear_line_that_helps(run, words, said):
    done = run(*words)
    assert done.exit_code == 1
    assert said in done.stderr and "Traceback" not in done.stderr


def test_on_a_past_day_the_text_of_that_day_is_shown(run):
    done = run("旧办法", "1", "--on", "2010-01-01")
    assert done.exit_code == 0 and "每方代表十人" in done.output
    missing = run("旧办法", "1")
    assert "1990-01-01 版（1990-01-01 起，到 2020-01-01 为止）" in missing.stderr.replace("\n", "")


def test_without_law_texts_the_way_to_get_them_is_named(tmp_path, monkeypatch):
    home = build_home(tmp_path / "bare", laws=False).home
    monkeypatch.setenv("XST_HOME", str(home))
    app = typer.Typer()
    app.command()(show)
    done = CliRunner().invoke(app, ["协商规定", "2"])
    assert done.exit_code == 1 and "xst import" in done.stderr
