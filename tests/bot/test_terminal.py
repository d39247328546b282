"""The terminal: a talk by lines, also over a pipe; never a traceback."""

import importlib.util
import io
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from bot import texts
from bot.channels.terminal import numbered, run
from bot.message import Choice
from bot.wiring import make_assistant

_SPEC = importlib.util.spec_from_file_location(
    "small_home", Path(__file__).parent.parent / "browser" / "small_home.py"
)
small = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(small)


@pytest.fixture(scope="module")
def terminal_settings(tmp_path_factory):
    return small.build_home(tmp_path_factory.mktemp("terminal") / "home")


@pytest.fixture
def talk(terminal_settings):
    """Type lines, get all that was printed."""
    assistant, _ = make_assistant(terminal_settings)

    def type_lines(*lines, assistant=assistant):
        left, out = iter(lines), io.StringIO()

        def read(prompt):
            try:
                line = next(left)
            except StopIteration:
                raise EOFError from None
            if isinstance(line, BaseException):
                raise line
            return line

        run(assistant, Console(file=out, width=80, highlight=False), read)
        return out.getvalue()

    return type_lines


def test_a_question_is_answered_with_its_source(talk):
    said = talk(small.QUESTION)
    assert "20日内书面答复" in said
    assert "《虚构协商规定》第三条（国家，现行有效，2020-03-01起施行）" in said
    assert "1 河南" in said


def test_a_number_picks_a_choice_and_more_shows_the_articles(talk):
    said = talk(small.QUESTION, "1", "更多")
    assert "河南（工资专项）：收到要求之日起10个工作日内书面答复" in said
    assert "《河南省虚构协商条例》第一条：一方提出协商要求的" in said


def test_a_place_alone_asks_the_last_question_again(talk):
    assert "10个工作日内" in talk(small.QUESTION, "那河南呢？").rpartition("按河南来答")[2]


@pytest.mark.parametrize("word", ["退出", "退出。", "EXIT", "q"])
def test_a_word_ends_the_talk(talk, word):
    said = talk(word, small.QUESTION)
    assert "20日内" not in said
    assert said.rstrip().endswith(texts.GOODBYE)


def test_the_end_of_input_and_ctrl_c_end_it_too(talk):
    assert texts.GOODBYE in talk()
    assert texts.GOODBYE in talk(KeyboardInterrupt())


def test_brackets_are_no_markup(talk):
    assert texts.GOODBYE in talk("[/bold]要约[red]", "[", "", "   ")


def test_a_broken_turn_apologises_and_goes_on(talk, caplog):
    class Broken:
        def handle(self, incoming, session):
            raise RuntimeError(incoming.text)

    with caplog.at_level(logging.ERROR):
        said = talk("暗号", "退出", assistant=Broken())
    assert texts.APOLOGY in said
    assert "RuntimeError" in caplog.text
    assert "暗号" not in caplog.text
    assert "Traceback" not in said + caplog.text


def test_numbers_go_on_across_rows():
    choices = tuple(
        Choice(label, "x") for label in ("河南", "山东", "一个很长的问题标题", "更多依据")
    )
    assert numbered(choices) == ["1 河南   2 山东", "3 一个很长的问题标题", "4 更多依据"]


@pytest.mark.slow
def test_it_works_over_a_pipe_whatever_the_bytes(terminal_settings):
    done = subprocess.run(
        [sys.executable, "-c", "from bot.cli import main; main()", "chat"],
        input=f"{small.QUESTION}\n".encode() + b"\xff\xfe\x00\xe4\n",
        capture_output=True,
        env=os.environ | {"XST_HOME": str(terminal_settings.home), "PYTHONIOENCODING": "utf-8"},
        timeout=120,
    )
    out, errors = done.stdout.decode(), done.stderr.decode()
    assert done.returncode == 0, errors
    assert "20日内书面答复" in out
    assert "Traceback" not in errors
