"""The mock negotiation: scenes that branch, the firm's side played by script, marked as exercise.

Session keys: `task` is "rehearse:SCENE" before the first step and "rehearse:SCENE:PATH" after it,
PATH the moves taken, one digit each; `choices` what a number picks; `ref` is emptied, so that
「更多」 shows the articles of the step and not of an earlier answer.
"""

from __future__ import annotations

import re
from dataclasses import replace

from bot import texts
from bot.message import Choice, Incoming, Reply
from bot.skills.staged import KIND, Stage, choices, numbers, reply, stage_of
from bot.sources import Sources
from bot.turn import Effect, Log, Session, Turn
from bot.understand import clean, picked, wants_more
from knowledge.scenes import Step, before_mistake

_START = re.compile(
    r"/?(?:rehearse|(?:我|想|要|来|做|再|开始|进行|参加|一次|一场|个|一下)*"
    r"(?:模拟(?:集体)?(?:协商|谈判)|(?:集体)?(?:协商|谈判)演练|演练)(?:一下|一次|一场)?吧?)[。.！!]*",
    re.I,
)
_LEAVE = re.compile(r"(?:退出|结束|停止|不练了)(?:演练|模拟协商|模拟谈判)?[。.！!]*")
_ON = re.compile(r"(?:继续|接着)(?:演练|练|谈|模拟协商)?[。.！!]*")


def respond(incoming: Incoming, session: Session, sources: Sources) -> Turn | None:
    """The turn where the message belongs to the exercise, else None."""
    if not sources.scenes():
        return None
    stage = stage_of(session.task, sources)
    choice = incoming.choice or _typed(incoming.text, session, stage)
    kind, *rest = choice.split(":")
    if kind != KIND:
        return None
    match rest:
        case [] | [""]:
            return _list(stage, session, sources)
        case ["", "off"]:
            left = Reply(texts.REHEARSE_LEFT, texts.REHEARSE_LEFT, "answer")
            task = "" if session.task.partition(":")[0] == KIND else session.task
            return Turn((left,), replace(session, task=task, choices=(), waits=""))
        case ["", "more"] if stage is not None:
            return _more(stage, session, sources)
        case ["", "number"] if stage is not None:
            return _show(stage, session, sources, texts.REHEARSE_NUMBER)
        case ["", *_]:
            return _show(stage, session, sources)
    return _show(_after(rest[0], rest[1:], stage, sources), session, sources)


def label(payload: str, sources: Sources) -> str:
    """What a button of the exercise said, for the record of the conversation; "" for none."""
    match payload.split(":"):
        case [_]:
            return texts.REHEARSE_BUTTON_OTHER
        case [_, "", "off"]:
            return texts.REHEARSE_BUTTON_OFF
        case [_, ident] if scene := sources.scene(ident):
            return scene.title
        case [_, _, "back"]:
            return texts.REHEARSE_BUTTON_BACK
        case [_, _, "go"]:
            return texts.REHEARSE_BUTTON_GO
        case [_, ident, name, number] if scene := sources.scene(ident):
            step = scene.find(name)
            if isinstance(step, Step) and number in numbers(step):
                return step.moves[int(number) - 1].text
    return ""


def _typed(text: str, session: Session, stage: Stage | None) -> str:
    """The payload that typed words mean here, "" for everything that is not ours: a question
    typed in the midst is answered as a question."""
    if session.waits == "question":
        return ""
    text = clean(text)
    if number := picked(text, len(session.choices)):
        return session.choices[number - 1]
    if _START.fullmatch(text):
        return KIND
    if stage is None:
        return ""
    if _LEAVE.fullmatch(text):
        return f"{KIND}::off"
    asked_since = bool(session.ref)
    if _ON.fullmatch(text):
        return "" if stage.ended and asked_since else f"{KIND}::on"
    if wants_more(text) and not asked_since:
        return f"{KIND}::more"
    ours = session.choices[:1] and session.choices[0].startswith(KIND)
    if ours and picked(text, 99):
        return f"{KIND}::number"
    said = text.rstrip("。.！!")
    return next((c.payload for c in choices(stage) if ours and c.label == said), "")


def _after(ident: str, action: list[str], stage: Stage | None, sources: Sources) -> Stage | None:
    """Where a button leads. One that does not fit where the conversation stands changes nothing:
    it may be an old one."""
    here = stage if stage is not None and stage.scene.id == ident else None
    scene = sources.scene(ident)
    match action:
        case []:
            return Stage(scene) if scene and here is None else stage
        case ["go"] if scene and not (stage and stage.under_way):
            return Stage(scene, "", True)
        case ["back"] if here and here.ended:
            return replace(here, path=before_mistake(here.scene, here.path))
        case [step, number] if here and here.begun:
            now = here.run.now
            if isinstance(now, Step) and now.id == step and number in numbers(now):
                return replace(here, path=here.path + number)
    return stage or (Stage(scene) if scene else None)


def _list(stage: Stage | None, session: Session, sources: Sources) -> Turn:
    offered = [Choice(s.title, f"{KIND}:{s.id}") for s in sources.scenes()]
    stage = stage if stage is not None and stage.under_way else None
    if stage is not None:
        going = texts.REHEARSE_GOING.format(title=stage.scene.title)
        offered.insert(0, Choice(going, f"{KIND}::on"))
    said = Reply(texts.REHEARSE_LIST, texts.REHEARSE_LIST, "answer", choices=tuple(offered))
    return _turn(said, stage, session)


def _show(stage: Stage | None, session: Session, sources: Sources, first: str = "") -> Turn:
    if stage is None:
        return _list(None, session, sources)
    said, held = reply(stage, sources, first)
    effects: tuple[Effect, ...] = (Log(f"gate {stage.task}: {'; '.join(held)}"),) if held else ()
    return replace(_turn(said, stage, session), effects=effects)


def _more(stage: Stage, session: Session, sources: Sources) -> Turn:
    """The articles behind what was said last, whole; the choices stay as they are."""
    said, _ = reply(stage, sources)
    lines = [
        f"《{c.law}》{c.article}：" + (c.quote if c.official else texts.DIGEST.format(text=c.quote))
        for c in said.citations
        if c.quote
    ]
    says = "\n\n".join([texts.REHEARSE_MORE, *lines]) if lines else texts.MORE_NONE
    return _turn(Reply(says, says, "answer", choices=choices(stage)), stage, session)


def _turn(said: Reply, stage: Stage | None, session: Session) -> Turn:
    after = replace(
        session,
        task=stage.task if stage else "",
        choices=tuple(c.payload for c in said.choices),
        waits="",
        ref="",
    )
    return Turn((said,), after)
