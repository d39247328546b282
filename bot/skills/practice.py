"""Practice, and the question of the day: asked, answered, explained; no score, no person.

Session keys: `task` is a `bot.campaign.practice.Stage` as text ("practice:…"), `choices` what a
number picks. Which question comes next depends on what is kept of a person, so it is found by the
effect NextPractice, which says it with `next_turn`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace

from bot import texts
from bot.campaign import practice
from bot.campaign.asking import Shown
from bot.campaign.practice import Stage
from bot.message import Choice, Incoming, Reply
from bot.skills import practice_group
from bot.skills.practice_group import daily_head, of_day
from bot.skills.practice_words import meant
from bot.skills.quiz import marked, say, stem, told
from bot.sources import Sources
from bot.turn import NextPractice, Practised, Session, Subscribe, Turn
from bot.understand import clean
from knowledge.lessons import Item

KEEPS = ("wechat", "wecom", "telegram")
"""Channels that know whose conversation it is, and may write first."""


def respond(incoming: Incoming, session: Session, sources: Sources) -> Turn | None:
    """The turn where the message is about practice, else None: a question of their own in
    between is answered as one, and what is open stays open."""
    text = clean(incoming.text)
    if not incoming.private:
        return practice_group.respond(incoming.choice, text, session, sources)
    stage = practice.read(session.task)
    item = _live(stage.item, sources) if stage and stage.item else None
    shown = practice.shown(stage, item) if stage and item else None
    choice = incoming.choice or meant(text, session, stage, shown)
    kind, _, value = choice.partition(":")
    kept = incoming.channel in KEEPS
    if kind in ("practice", "daily") and session.task.startswith("sit:"):
        return _sitting(session)
    match kind:
        case "practice":
            return _practise(value, session, stage, kept, sources)
        case "daily":
            return daily_turn(session, sources, pushed=False)
        case "try":
            return _tried(choice, session, stage, incoming.channel, sources)
        case "subscribe":
            says = _SUBSCRIBED.get(incoming.channel)
            if says is None:
                return say(texts.PRACTICE_NO_PUSH, session, ())
            today = of_day(session, sources)
            knows = stage is not None and today is not None and today.point in stage.recent
            had = sources.day if knows else None
            return replace(say(says, session, ()), effects=(Subscribe(True, had),))
        case "unsubscribe":
            turn = say(texts.PRACTICE_UNSUBSCRIBED, session, ())
            return replace(turn, effects=(Subscribe(False),)) if kept else turn
    return None


_SUBSCRIBED = {
    "telegram": texts.PRACTICE_SUBSCRIBED,
    "wecom": texts.PRACTICE_SUBSCRIBED,
    "wechat": texts.PRACTICE_SUBSCRIBED_WECHAT,
}


def next_turn(
    session: Session,
    sources: Sources,
    seed: int,
    due: Sequence[str] | None = None,
    known: Collection[str] = (),
) -> Turn:
    """The next question. `seed` orders points for a conversation that begins; `due` and `known`
    are what is kept of a person, None where nothing is: then what was wrong in this
    conversation comes again."""
    stage = practice.read(session.task) or Stage(0)
    first = not stage.seed
    stage = replace(stage, seed=stage.seed or seed)
    again = stage.missed if due is None else due
    regions = sources.regions.chain(session.region)
    items = practice.fitting(sources.items(), regions, stage.hard)
    found = practice.following(stage, items, again, known)
    if found is None:
        return say(texts.PRACTICE_NONE, replace(session, task=""), ())
    stage, item = found
    above = ""
    if first:
        above = texts.PRACTICE_HERE if due is None else texts.PRACTICE_KEPT
    elif item.point in again:
        above = texts.PRACTICE_AGAIN
    return _asked(stage, item, above, session)


def daily_turn(session: Session, sources: Sources, pushed: bool) -> Turn:
    """The question of the day for the person's place. `pushed`: we send it of our own accord."""
    item = of_day(session, sources)
    if item is None:
        return say(texts.PRACTICE_NONE, session, ())
    stage = practice.read(session.task) or Stage(sources.day.toordinal())
    if not (stage.daily and stage.item == item.id):
        stage = replace(practice.opened(stage, item), daily=True)
    stage = replace(stage, pushed=stage.pushed or pushed)
    return _asked(stage, item, daily_head(sources), session)


# What is said


def _asked(stage: Stage, item: Item, above: str, session: Session) -> Turn:
    shown = practice.shown(stage, item)
    says = "\n".join(filter(None, (above, stem(shown))))
    turn = say(says, session, marked(shown, stage.ticks, stage.key))
    return replace(turn, session=replace(turn.session, task=practice.write(stage)))


def _again(stage: Stage, above: str, session: Session, sources: Sources) -> Turn:
    """The open question once more."""
    item = _live(stage.item, sources)
    if item is None:
        closed = replace(session, task=practice.write(replace(stage, item="", ticks=())))
        return say(texts.PRACTICE_GONE, closed, _AFTER)
    return _asked(stage, item, above, session)


def _stale(stage: Stage | None, session: Session, sources: Sources) -> Turn:
    if stage is not None and stage.item:
        return _again(stage, texts.PRACTICE_STALE, session, sources)
    return say(texts.PRACTICE_STALE, session, (_NEXT_CHOICE, _DAILY_CHOICE))


def _sitting(session: Session) -> Turn:
    """A sitting of a campaign is under way: it would be lost where it has no code."""
    token = session.task.split(":")[1]
    choices = (
        Choice(texts.PRACTICE_BUTTON_SITTING, f"sit:{token}:0:ok"),
        Choice(texts.QUIZ_BUTTON_STOP, "quiz:stop"),
    )
    return say(texts.PRACTICE_SITTING, session, choices)


_NEXT_CHOICE = Choice(texts.QUIZ_BUTTON_NEXT, "practice")
_DAILY_CHOICE = Choice(texts.QUIZ_BUTTON_DAILY, "daily")
_AFTER = (_NEXT_CHOICE, Choice(texts.QUIZ_BUTTON_STOP, "practice:stop"))


def _after(stage: Stage, channel: str) -> tuple[Choice, ...]:
    if not stage.daily:
        return _AFTER
    more = Choice(texts.PRACTICE_BUTTON_MORE, "practice")
    if channel not in KEEPS:
        return (more,)
    if stage.pushed:
        return more, Choice(texts.PRACTICE_BUTTON_OFF, "unsubscribe")
    return more, Choice(texts.PRACTICE_BUTTON_ON, "subscribe")


# What is done


def _practise(
    value: str, session: Session, stage: Stage | None, kept: bool, sources: Sources
) -> Turn:
    if value == "stop":
        left = replace(session, task="" if stage else session.task)
        return say(texts.PRACTICE_LEFT, left, (Choice(texts.QUIZ_BUTTON_PRACTICE, "practice"),))
    if stage is not None and stage.item and value == "":
        return _again(stage, "", session, sources)  # pressed twice, or gone on with
    if stage is None and value in ("hard", "easy"):
        stage = Stage(0)
    if stage is not None:
        hard = {"hard": True, "easy": False}.get(value, stage.hard)
        stage = replace(stage, item="", ticks=(), hard=hard)
        session = replace(session, task=practice.write(stage))
    reply = Reply("", "", "answer")  # said by what the effect finds
    return Turn((reply,), replace(session, waits=""), (NextPractice(kept),))


def _tried(
    choice: str, session: Session, stage: Stage | None, channel: str, sources: Sources
) -> Turn:
    """An answer, or a tick, to the open question; one to an earlier question changes nothing."""
    head, _, what = choice.rpartition(":")
    if stage is None or not stage.item or head != stage.key:
        return _stale(stage, session, sources)
    item = _live(stage.item, sources)
    if item is None:
        return _again(stage, "", session, sources)
    shown = practice.shown(stage, item)
    places = _places_of(what, shown)
    if places is None:
        return _asked(stage, item, texts.QUIZ_PROBLEMS["choice"], session)
    if shown.several and what == "ok":
        if not stage.ticks:
            return _asked(stage, item, texts.QUIZ_PROBLEMS["nothing-picked"], session)
        places = stage.ticks
    elif shown.several and len(places) == 1:
        ticks = tuple(sorted({*stage.ticks} ^ {*places}))
        return _asked(replace(stage, ticks=ticks), item, "", session)
    kept = channel in KEEPS
    after, said, chosen = practice.answered(stage, item, places, kept)
    turn = say("\n".join(told(said)), session, _after(stage, channel))
    turn = replace(turn, session=replace(turn.session, task=practice.write(after)))
    return replace(turn, effects=(Practised(item.id, chosen, kept, stage.daily),))


def _places_of(what: str, shown: Shown) -> tuple[int, ...] | None:
    """The places that a payload names; none for 不知道 and 选好了. None for one that is not of
    this question."""
    if what == "u" or (what == "ok" and shown.several):
        return ()
    if not re.fullmatch(r"[0-9](?:,[0-9]){0,8}", what):
        return None
    places = tuple(sorted(set(map(int, what.split(",")))))
    fits = places[-1] < len(shown.options) and (shown.several or len(places) == 1)
    return places if fits else None


def _live(ident: str, sources: Sources) -> Item | None:
    """An item that may be asked today."""
    return next((i for i in sources.items() if i.id == ident), None)
