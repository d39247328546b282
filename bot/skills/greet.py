"""Everything that is no question: greeting, help, forgetting, and messages without words.

Session keys: none of its own; `choices` are what it offers by number.
"""

from __future__ import annotations

import re
from dataclasses import replace

from bot import texts
from bot.message import Choice, Incoming, Reply
from bot.sources import Sources
from bot.turn import Effect, Forget, Session, Turn
from bot.understand import clean

_FORGET = re.compile(
    r"/?(?:forget|请?(?:忘(?:记|掉|了)我|(?:删除|清除|清空|删掉)我?的?(?:所有|全部)?(?:记录|数据|资料|对话|聊天记录)))[。.！!]*"
)
_HELP = re.compile(r"/?(?:help|帮助|怎么用|使用说明|菜单)[。.！!？?]*", re.I)


def respond(incoming: Incoming, session: Session, sources: Sources) -> Turn | None:
    """The turn where the message is one of these, else None."""
    kind, _, value = incoming.choice.partition(":")
    match kind:
        case "start":
            says = (texts.SCENE_UNKNOWN + "\n\n" if value else "") + texts.WELCOME
            if not session.region and incoming.private:
                says += "\n\n" + texts.WHERE_FIRST
            return _said(says, "answer", Session(session.region, session.contract), _asks())
        case "help":
            return _said(texts.HELP.format(example=texts.EXAMPLE), "answer", session, _asks())
        case "forget":
            return _forget()
        case "open":
            return _said(texts.NOT_OPEN.get(value, texts.OTHER_UNREAD), "clarify", session, ())
        case "near":
            return _near(value, session, sources)
    if incoming.choice:
        return None
    unread = {"voice": texts.VOICE_UNREAD, "image": texts.IMAGE_UNREAD, "other": texts.OTHER_UNREAD}
    if incoming.kind in unread and not incoming.text.strip():
        says = unread[incoming.kind].format(example=texts.EXAMPLE)
        return _said(says, "clarify", session, _asks())
    if incoming.kind == "place":
        return _near("", session, sources)
    text = clean(incoming.text)
    if _FORGET.fullmatch(text):
        return _forget()
    if _HELP.fullmatch(text):
        return _said(texts.HELP.format(example=texts.EXAMPLE), "answer", session, _asks())
    return None


def asks_to_forget(incoming: Incoming) -> bool:
    return incoming.choice == "forget" or (
        not incoming.choice and bool(_FORGET.fullmatch(clean(incoming.text)))
    )


def _forget() -> Turn:
    return _said(texts.FORGOTTEN, "answer", Session(), (), (Forget(),))


def _near(region: str, session: Session, sources: Sources) -> Turn:
    """Offer the region that somebody's position lies in; it is taken only if they say so."""
    named = sources.regions.named(region) if region else ""
    if named:
        choices = (
            Choice(texts.PLACE_YES.format(region=named), f"region:{named}"),
            Choice(texts.BUTTON_OTHER_REGION, "region:"),
        )
        return _said(texts.PLACE_OFFERED.format(region=named), "clarify", session, choices)
    places = tuple(Choice(p, f"region:{p}") for p in sources.regions.provinces)
    return _said(texts.PLACE_ASKED, "clarify", session, places)


def _asks() -> tuple[Choice, ...]:
    return tuple(Choice(t, f"ask:{t}") for t in texts.MENU)


def _said(
    text: str,
    disposition: str,
    session: Session,
    choices: tuple[Choice, ...],
    effects: tuple[Effect, ...] = (),
) -> Turn:
    reply = Reply(text, text, disposition, choices=choices)
    after = replace(session, choices=tuple(c.payload for c in choices), waits="")
    return Turn((reply,), after, effects)
