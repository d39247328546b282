"""The citation gate against forged content: nothing leaves that no article carries."""

from __future__ import annotations

from dataclasses import replace

import pytest
from small import TODAY, Person

from bot import texts
from bot.answer import Draft, finish
from bot.assistant import Assistant
from bot.gate import Quote, faults
from knowledge.citation import Citation

SECOND = Citation("协商规定", "第二条")


@pytest.fixture
def sources(release):
    return release.on(TODAY)


def test_a_true_claim_passes(sources):
    words = "另一方应当在收到要求之日起20日内以书面形式回应"
    quote = Quote("协商规定@2004-01-20#第二条", words)
    assert faults(["二十日内书面回应"], [SECOND], [quote], sources) == []


@pytest.mark.parametrize(
    ("claim", "citation", "words", "found"),
    [
        ("20日内回应", Citation("协商规定", "第九十九条"), "", "citation 《协商规定》第九十九条"),
        ("20日内回应", Citation("没有的法", "第一条"), "", "citation 《没有的法》第一条"),
        ("每方十人", Citation("旧办法", "第一条"), "", "citation 《旧办法》第一条"),
        ("10日内回应", SECOND, "", "figure 10日"),
        ("20个工作日内回应", SECOND, "", "figure 20工作日"),
        ("20日内回应", SECOND, "应当在三日内回应", "quote 协商规定@2004-01-20#第二条"),
        ("过半数同意", Citation("协商规定", "第四条"), "", "figure 过半数"),
    ],
    ids=[
        "no such article",
        "no such law",
        "repealed",
        "wrong figure",
        "wrong unit",
        "forged quote",
        "wrong majority",
    ],
)
def test_forged_content_is_stopped(sources, claim, citation, words, found):
    """Complaint 23."""
    quotes = [Quote("协商规定@2004-01-20#第二条", words)] if words else []
    assert found in faults([claim], [citation], quotes, sources)


def test_a_quote_of_another_version_is_stopped(sources):
    """Substring of that version, not of any version."""
    assert faults([], [], [Quote("旧办法@1990-01-01#第一条", "每方代表三人")], sources)


def test_without_texts_a_digest_carries_a_claim_and_nothing_else_does(bare_release):
    sources = bare_release.on(TODAY)
    assert faults(["20日内"], [SECOND], [], sources) == []
    assert faults(["每方3人"], [Citation("协商规定", "第四条")], [], sources)


def test_a_repealed_law_is_not_carried_by_its_digest(release):
    """Once any version is imported, the digest no longer stands in for a text out of force."""
    sources = release.on(TODAY)
    assert faults([], [Citation("旧办法", "第一条")], [], sources) == ["citation 《旧办法》第一条"]


def test_a_sum_that_is_shown_may_bring_its_own_figures(sources):
    allowed = {(60.0, "人")}
    cite = [Citation("协商规定", "第四条")]
    assert faults(["90人要到60人"], cite, [], sources, allowed | {(90.0, "人")}) == []
    assert faults(["90人要到60人"], cite, [], sources) == ["figure 60人", "figure 90人"]


def test_what_fails_the_gate_is_not_sent(release, monkeypatch):
    """The person gets an honest "not in the library", the operator an event without words. Complaint 24."""
    sources = release.on(TODAY)
    forged = replace(release.cards["wage-arrears"], answer="工资每七日支付一次。")
    monkeypatch.setitem(release.cards, "wage-arrears", forged)
    reply = Person(Assistant(lambda: sources)).say("老板不发工资怎么办")
    assert "七日" not in reply.text
    assert reply.disposition == "clarify" and texts.NOT_FOUND in reply.answer


def test_first_words_survive_a_failing_citation(release, monkeypatch):
    forged = replace(
        release.cards["crisis-hurt"], answer="7日内找人。", cite=(Citation("没有的法", "第一条"),)
    )
    monkeypatch.setitem(release.cards, "crisis-hurt", forged)
    sources = release.on(TODAY)
    reply = Person(Assistant(lambda: sources)).say("我不想活了")
    assert reply.disposition == "escalate"
    assert texts.LIFE in reply.answer and not reply.citations


def test_on_a_past_day_the_law_of_that_day_is_cited(release):
    """--on 2010-05-01 sees that day: the old text held, the new one did not yet. Complaint 23."""
    from datetime import date

    then = release.on(date(2010, 5, 1))
    draft = Draft("x", ("每方代表十人",), cite=(Citation("旧办法", "第一条"),))
    reply, found = finish(draft, "代表几人", then)
    assert reply is not None and found == []
    assert finish(draft, "代表几人", release.on(TODAY))[0] is None
