"""What the library cannot answer is not answered as if it could; what it can, still is."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from small import TODAY

from bot import texts
from bot.assistant import Assistant
from bot.cli.calibration import manner_of, part_of, read_outside
from bot.evaluation import EvaluationError, read_asked
from bot.message import Incoming, Reply
from bot.release import build_release, open_release
from bot.settings import Settings
from bot.skills import ask
from bot.turn import Session
from knowledge.authored import read_content
from knowledge.pieces import bare

QUESTIONS = Path(__file__).parent.parent / "questions"
OUTSIDE = QUESTIONS / "outside.jsonl"

ANSWERED, GUESSED, REFUSED = 0.05, 0.12, 0.05
"""Ceilings on the testing part: outside answered as if known, outside answered as a guess,
questions of ours refused or asked back. They only fall."""


def share(said: list[str], *ways: str) -> float:
    return sum(way in ways for way in said) / len(said)


@pytest.mark.slow
def test_with_the_built_in_content_few_of_either_kind_are_taken_for_the_other(tmp_path):
    settings = Settings(home=tmp_path)
    build_release(settings)
    sources = open_release(settings).on(date(2026, 11, 20))
    assistant = Assistant(lambda: sources)

    def says(question: str, region: str = "") -> str:
        session = Session(region=sources.regions.named(region))
        return manner_of(assistant.handle(Incoming(question), session).replies[0])

    outside = [says(m.question) for m in read_outside(OUTSIDE) if m.part == "test"]
    inside = [
        says(q.question, q.region)
        for name in ("field.jsonl", "golden.jsonl")
        for q in read_asked(QUESTIONS / name)
        if q.expect == "answer" and part_of(q.id) == "test"
    ]
    assert share(outside, "answer", "article") <= ANSWERED
    assert share(outside, "perhaps") <= GUESSED
    assert share(inside, "refuse", "clarify") <= REFUSED
    # Real questions about work of another country, and a fragment.
    assert says("马来西亚加班费怎么算") == "refuse"
    assert says("就是那个事") == "clarify"


def test_there_are_six_hundred_in_two_halves_and_none_is_a_wording_of_ours():
    outside = read_outside(OUTSIDE)
    assert len(outside) >= 600
    assert len({m.id for m in outside}) == len({m.question for m in outside}) == len(outside)
    assert [m for m in outside if m.part != part_of(m.id)] == []
    tests = sum(m.part == "test" for m in outside)
    assert 0.45 < tests / len(outside) < 0.55
    found = read_content()
    wordings = {bare(w) for e in (*found.cards, *found.points, *found.cases) for w in e.questions}
    assert [m for m in outside if bare(m.question) and bare(m.question) in wordings] == []


@pytest.mark.parametrize(
    "line",
    [
        "{",
        '{"id": "o1"}',
        '{"id": "o1", "question": "离婚", "kind": "family", "expect": "answer", "part": "test"}',
        '{"id": "o1", "question": "离婚", "kind": "family", "expect": "refuse", "part": "dev"}',
    ],
)
def test_a_bad_line_is_named(tmp_path, line):
    path = tmp_path / "outside.jsonl"
    path.write_text(line + "\n", encoding="utf-8")
    with pytest.raises(EvaluationError, match=r"outside\.jsonl:1"):
        read_outside(path)


def test_a_guess_and_an_article_are_told_from_an_answer():
    guess = Reply(texts.PERHAPS.format(title="甲") + "乙。", "", "answer")
    assert manner_of(guess) == "perhaps"
    assert manner_of(Reply("乙。", "", "answer")) == "answer"
    assert manner_of(Reply("乙。", "", "answer", ref="article:x")) == "article"
    assert manner_of(Reply("乙。", "", "refuse")) == "refuse"


def test_what_nothing_is_found_for_is_matched_once(release):
    """`find` gives up and hands its hits on."""
    sources = release.on(TODAY)
    asked: list[str] = []

    class Counting:
        def __getattr__(self, name):
            return getattr(sources, name)

        def match(self, text, regions, k):
            asked.append(text)
            return sources.match(text, regions, k)

    turn = ask.respond(Incoming("楼上漏水泡了天花板找谁赔"), Session(), Counting())
    assert turn.replies[0].disposition == "refuse"
    assert asked == ["楼上漏水泡了天花板找谁赔"]


def test_a_message_about_something_else_is_declined_and_a_fragment_asked_back(person):
    """Complaint 24."""
    assert person.say("楼上漏水泡了天花板找谁赔").text == texts.OUT_OF_FIELD
    assert person.say("就是那个事").disposition == "clarify"


def test_confidence_is_the_probability_of_being_right(release):
    sources = release.on(TODAY)
    reply = Assistant(lambda: sources).handle(Incoming("老板不给发工资咋办"), Session()).replies[0]
    judged = ask.look("老板不给发工资咋办", "", sources).judged
    assert reply.disposition == "answer"
    assert reply.confidence == round(judged.right, 3) > 0


def test_typed_pinyin_is_answered_by_its_sounds_alone(release):
    """No pair of characters can speak for or against it."""
    judged = ask.look("laoban bu fa gongzi zenme ban", "", release.on(TODAY)).judged
    assert judged.ours == judged.said == 1.0
    assert judged.right == judged.features["top"]


def test_the_file_keeps_its_form():
    keys = ["id", "question", "kind", "expect", "part"]
    for line in OUTSIDE.read_text(encoding="utf-8").splitlines():
        assert list(json.loads(line)) == keys
