"""The command line: what scripts and operators rely on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from small import TODAY, build_home, write_laws

from bot.storage.store import open_store


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    return build_home(tmp_path_factory.mktemp("cli")).home


def xst(home: Path, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("XST_")}
    environment |= {"XST_HOME": str(home), "COLUMNS": "200"}
    return subprocess.run(
        [sys.executable, "-m", "bot", *words], env=environment, input=stdin, capture_output=True, text=True, check=False
    )  # fmt: skip


def test_ask_prints_the_answer_and_its_articles(home):
    done = xst(home, "ask", "河南收到要约几天答复")
    assert done.returncode == 0
    assert "10个工作日" in done.stdout and "《河南省协商条例》第一条（河南，现行有效" in done.stdout


def test_json_lines_have_the_stable_form(home):
    lines = '{"id": "a", "question": "收到要约多少天要答复", "region": "河南"}\n\n{"id": 2, "question": "工"}\n'
    done = xst(home, "ask", "--jsonl", stdin=lines)
    first, second = map(json.loads, done.stdout.splitlines())
    assert list(first) == ["id", "disposition", "answer", "text", "citations", "confidence", "ms"]
    assert list(first["citations"][0]) == ["law", "article", "region", "status", "effective"]
    assert (first["id"], second["id"], second["disposition"]) == ("a", 2, "clarify")
    assert len(first["answer"]) <= 600


def test_a_bad_line_is_named_and_the_rest_is_answered(home):
    done = xst(home, "ask", "--jsonl", stdin='{"id": 1}\n{"id": 2, "question": "欠薪怎么办"}\n')
    assert done.returncode == 1
    assert "第 1 行" in done.stderr and len(done.stdout.splitlines()) == 1


def test_on_a_past_day_the_law_of_that_day_answers(home):
    done = xst(home, "ask", "--on", "2003-01-01", "公司收到要约几天之内答复")
    assert "第二条第一款" not in done.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("ask", "--on", "昨天", "欠薪"), "应写作 2026-11-20"),
        (("ask", "--region", "火星", "欠薪"), "没认出“火星”"),
        (("ask",), "请写上要问的话"),
        (("import", "/no/such/folder"), "没有这个文件或文件夹"),
        (("eval", "answers", "/no/such.jsonl"), "/no/such.jsonl"),
        (("queue", "answer", "zzzz", "好"), "没有这条问题"),
    ],
)
def test_bad_input_gets_one_clear_line_and_status_1(home, words, said):
    done = xst(home, *words)
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_import_says_what_it_did_and_names_what_it_could_not_read(tmp_path):
    laws = write_laws(tmp_path / "laws")
    done = xst(tmp_path / "home", "import", str(laws))
    assert done.returncode == 0 and "新增文本" in done.stdout
    (laws / "空.txt").write_text("", encoding="utf-8")
    done = xst(tmp_path / "home", "import", str(laws))
    assert done.returncode == 3
    assert "空.txt" in done.stderr and "没有变化" in done.stdout


def test_import_of_nothing_readable_fails(tmp_path):
    (tmp_path / "空.txt").write_text("", encoding="utf-8")
    done = xst(tmp_path / "home", "import", str(tmp_path / "空.txt"))
    assert done.returncode == 1


def test_an_unknown_setting_is_named(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "bot", "doctor"], env=os.environ | {"XST_HOM": "x", "XST_HOME": str(tmp_path)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1 and "XST_HOM" in done.stderr


def test_doctor_says_what_is_missing_and_fails_before_the_first_build(tmp_path):
    done = xst(tmp_path, "doctor")
    assert done.returncode == 1 and "xst build" in done.stdout


def test_doctor_refuses_a_public_server_without_operator_contacts_or_fresh_checks(home, tmp_path):
    import shutil

    there = tmp_path / "home"
    shutil.copytree(home, there)
    config = there / "xst.toml"
    config.write_text("[server]\npublic = true\n", encoding="utf-8")
    done = xst(there, "doctor")
    assert done.returncode == 1 and "operator" in done.stdout and "contacts" in done.stdout
    assert xst(there, "serve", "--port", "0").returncode == 1
    good = f'[operator]\nname = "某工会"\n[server]\npublic = true\n[[contacts]]\nname = "热线"\nreach = "电话 000"\nchecked = {TODAY}\n'
    config.write_text(good.replace(str(TODAY), "2020-01-01"), encoding="utf-8")
    assert "超过半年" in xst(there, "doctor").stdout
    config.write_text("[[contacts]]\nname = 1\n", encoding="utf-8")
    done = xst(there, "doctor")
    assert done.returncode == 1 and "xst.toml" in done.stderr and "reach" in done.stderr


def test_doctor_names_the_encoder_that_ships_and_whether_learning_can_be_used(home):
    said = xst(home, "doctor").stdout
    assert "语义模型 随程序发布的" in said and "学来的排序可用" in said


def test_a_server_open_to_others_must_be_configured(home):
    done = xst(home, "serve", "--host", "0.0.0.0", "--port", "0")
    assert done.returncode == 1 and "public = true" in done.stderr


def test_the_instructor_lists_answers_and_exports(home):
    store = open_store(f"sqlite:///{home / 'live.db'}")
    store.enqueue("几天答复", "河南", TODAY)
    key = store.queue()[0].key
    assert "几天答复" in xst(home, "queue", "list").stdout
    forged = xst(
        home, "queue", "answer", key[:8], "要在三日内答复。", "--cite", "《协商规定》第二条"
    )
    assert forged.returncode == 1 and "3日" in forged.stderr
    done = xst(
        home, "queue", "answer", key[:8], "要在二十日内答复。", "--cite", "《协商规定》第二条"
    )
    assert done.returncode == 0
    line = json.loads(xst(home, "queue", "export").stdout)
    assert line == {
        "question": "几天答复",
        "region": "河南",
        "answer": "要在二十日内答复。",
        "citations": ["《协商规定》第二条"],
    }


def test_eval_scores_by_the_published_rules(home, tmp_path):
    file = tmp_path / "questions.jsonl"
    rows = [
        {"id": "1", "kind": "procedure", "question": "收到要约几天答复", "region": "河南", "region_given": "profile",
         "gold": [{"law": "河南省协商条例", "article": "第一条"}], "key_facts": ["十个工作日"], "hard_facts": ["十个工作日"],
         "must_not": ["15日"], "expect": "answer"},
        {"id": "2", "kind": "boundary", "question": "明天天气怎么样", "region": "", "region_given": "none", "gold": [],
         "key_facts": [], "hard_facts": [], "must_not": [], "expect": "answer"},
    ]  # fmt: skip
    file.write_text("\n".join(json.dumps(r, ensure_ascii=False) for r in rows), encoding="utf-8")
    done = xst(home, "eval", "answers", str(file), "--json")
    report = json.loads(done.stdout.splitlines()[-1])
    assert (
        report["disposition"],
        report["citation"],
        report["hard_facts"],
        report["must_not"],
    ) == (0.5, 1.0, 1.0, 1.0)
    assert report["recall@1"] == 1.0
    assert [m["id"] for m in report["misses"]] == ["2"]


def test_every_command_has_help():
    done = subprocess.run(
        [sys.executable, "-m", "bot", "--help"], capture_output=True, text=True, check=True
    )
    for command in (
        "import",
        "build",
        "check",
        "ask",
        "chat",
        "serve",
        "doctor",
        "eval",
        "bench",
        "queue",
    ):
        assert command in done.stdout
