"""The day's question in a group: for everybody who reads along, as a poll where there are polls.

A poll is publicity: it tells nobody's answers, and nothing of them is kept.
"""

from __future__ import annotations

from dataclasses import replace

from bot import texts
from bot.campaign import practice
from bot.campaign.practice import Stage
from bot.message import Poll, Reply
from bot.skills.practice_words import DAILY, ON, QUIZ, START
from bot.skills.quiz import say, stem
from bot.sources import Sources
from bot.turn import Session, Turn
from knowledge.citation import write_citation
from knowledge.lessons import Item
from knowledge.regions import NATION

MOST_WHY = 200
"""Characters of a poll's explanation (Bot API, sendPoll)."""

PERSONAL = ("practice", "try", "subscribe", "unsubscribe")


def respond(choice: str, text: str, session: Session, sources: Sources) -> Turn | None:
    """The turn where the day's question is asked for, or practice, which is for nobody's ears."""
    kind = choice.partition(":")[0]
    typed = "" if choice else text
    if choice in ("daily", "open:quiz") or DAILY.fullmatch(typed) or QUIZ.fullmatch(typed):
        return _poll(session, sources)
    if kind in PERSONAL or START.fullmatch(typed) or ON.fullmatch(typed):
        return say(texts.PRACTICE_IN_PRIVATE, session, ())
    return None


def _poll(session: Session, sources: Sources) -> Turn:
    item = of_day(session, sources)
    if item is None:
        return say(texts.PRACTICE_NONE, session, ())
    shown = practice.shown(Stage(sources.day.toordinal()), item)
    question = daily_head(sources) + stem(shown)
    options = [f"{n} {option}" for n, option in enumerate(shown.options, 1)]
    text = "\n".join((question, *options, texts.PRACTICE_GROUP))
    poll = Poll(question, shown.options, shown.places.index(item.key[0]), _why(item))
    reply = Reply(text, text, "answer", poll=poll)
    return Turn((reply,), replace(session, choices=(), waits=""))


def _why(item: Item) -> str:
    """Why, and the article, as long as a poll takes it."""
    basis = texts.QUIZ_BASIS.format(basis=write_citation(item.cite[0])) if item.cite else ""
    why = " ".join(item.why.split("\n"))
    if len(why) + len(basis) + 1 > MOST_WHY:
        why = why[: MOST_WHY - len(basis) - 2] + "…"
    return "\n".join(filter(None, (why, basis)))


def daily_head(sources: Sources) -> str:
    """What stands above the day's question."""
    return texts.PRACTICE_DAILY.format(month=sources.day.month, day=sources.day.day)


def of_day(session: Session, sources: Sources) -> Item | None:
    """The day's question of the person's place."""
    regions = sources.regions
    items = practice.fitting(sources.items(), regions.chain(session.region))
    return practice.of_day(items, regions.province(session.region) or NATION, sources.day)
