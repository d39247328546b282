"""Taking part in a campaign from a chat: by a scanned code or a one-time code, answer by answer.

Session keys: `task` is "sit:TOKEN:NUMBER:PLACES" while a question is open (PLACES those marked of
several), `choices` what a number picks. The questions themselves come from `Page`s, which the
effects Enter and Pick give.
"""

from __future__ import annotations

import re
from dataclasses import replace

from bot import texts
from bot.campaign import codes
from bot.campaign.asking import Ending, Feedback, Page, Shown
from bot.campaign.plan import read_scene
from bot.message import Choice, Incoming, Reply
from bot.sources import Sources
from bot.turn import Effect, Enter, Pick, Session, Turn
from bot.understand import clean, picked
from knowledge.lessons import AREAS

_START = re.compile(r"/?(?:quiz|答题|我要答题|有奖答题|知识竞赛|答题活动)[。.！!]*", re.I)
_LEAVE = re.compile(r"(?:退出|结束|不答了|停止答题)[。.！!]*")
_ON = re.compile(r"(?:继续|接着)(?:答题?)?[。.！!]*")
_UNSURE = re.compile(r"(?:我)?(?:不知道|不清楚|不会|不懂)[。.！!]*")
_SEVERAL = re.compile(r"[1-9](?:[\s,，、和]*[1-9]){0,8}")

MENU = (
    Choice(texts.QUIZ_BUTTON_PRACTICE, "practice"),
    Choice(texts.QUIZ_BUTTON_DAILY, "daily"),
    Choice(texts.QUIZ_BUTTON_CODE, "quiz:code"),
    Choice(texts.QUIZ_BUTTON_REHEARSE, "rehearse"),
)


def respond(incoming: Incoming, session: Session, sources: Sources) -> Turn | None:
    """The turn where the message is about taking part, else None."""
    choice, text = incoming.choice, clean(incoming.text)
    if choice.startswith("start:") and read_scene(choice[6:]):
        return _waiting(session, Enter(scene=choice[6:]))
    if choice == "open:quiz" or (not choice and _START.fullmatch(text)):
        return say(texts.QUIZ_MENU, session, MENU)
    if choice == "quiz:code":
        return say(texts.QUIZ_ASK_CODE_BARE, session, ())
    if not choice and codes.looks_like(text):
        return _waiting(session, Enter(code=text))
    if choice == "quiz:stop" or (session.task.startswith("sit:") and _LEAVE.fullmatch(text)):
        return say(texts.QUIZ_LEFT, replace(session, task=""), MENU[:1])
    if choice.startswith("sit:"):
        return _pressed(choice, session)
    if session.task.startswith("sit:") and not choice:
        return _typed(text, session)
    return None


def page_turn(page: Page, session: Session) -> Turn:
    """What is said for a page of a sitting."""
    if page.problem and page.shown is None:
        return say(texts.QUIZ_PROBLEMS[page.problem], replace(session, task=""), MENU[:1])
    if page.ending is not None:
        says = "\n".join((*_told(page.feedback), *_ended(page.ending)))
        return say(says, replace(session, task=""), MENU[:1])
    assert page.shown is not None
    lines = list(_told(page.feedback))
    if page.problem:
        lines.append(texts.QUIZ_PROBLEMS[page.problem].format(wait=page.wait))
    elif page.shown.number == 1 and page.title:
        lines.append(page.title)
    if lines:
        lines.append("")
    ticked = _marks(session, page.token, str(page.shown.number)) or ()
    return _question(page.token, page.shown, ticked, "\n".join(lines), session)


def say(text: str, session: Session, choices: tuple[Choice, ...]) -> Turn:
    reply = Reply(text, text, "answer", choices=choices)
    return Turn((reply,), replace(session, choices=tuple(c.payload for c in choices), waits=""))


def told(feedback: Feedback) -> list[str]:
    """An answer's why and article in two lines."""
    head = {True: texts.QUIZ_RIGHT, False: texts.QUIZ_WRONG, None: texts.QUIZ_TOLD}
    says = head[feedback.right].format(key="；".join(feedback.key))
    lines = [says + feedback.why]
    if feedback.basis:
        lines.append(texts.QUIZ_BASIS.format(basis=feedback.basis))
    return lines


def stem(shown: Shown) -> str:
    says = texts.QUIZ_SEVERAL if shown.several else texts.QUIZ_ONE
    return says.format(kind=shown.kind, stem=shown.stem)


def marked(shown: Shown, places: tuple[int, ...], prefix: str) -> tuple[Choice, ...]:
    """The options as choices; of several, those chosen so far are ticked, and one says that it is
    enough. `prefix` is the payload before the place."""
    if not shown.several:
        options = [Choice(o, f"{prefix}:{n}") for n, o in enumerate(shown.options)]
    else:
        options = [
            Choice(
                (texts.QUIZ_PICKED if n in places else texts.QUIZ_OPEN).format(option=o),
                f"{prefix}:{n}",
            )
            for n, o in enumerate(shown.options)
        ]
        options.append(Choice(texts.QUIZ_BUTTON_READY, f"{prefix}:ok"))
    return (*options, Choice(texts.QUIZ_BUTTON_UNSURE, f"{prefix}:u"))


def several(text: str, most: int) -> tuple[int, ...] | None:
    """The places typed for a question of which several may be right: 「1 3」「13」「1、3」."""
    if not _SEVERAL.fullmatch(text):
        return None
    places = tuple(sorted({int(d) - 1 for d in re.findall(r"\d", text)}))
    return places if places and places[-1] < most else None


def _told(feedback: Feedback | None) -> list[str]:
    return told(feedback) if feedback else []


def _ended(ending: Ending) -> list[str]:
    lines = [texts.QUIZ_END.format(of=ending.of, score=ending.score)] if ending.of else []
    if ending.missed:
        areas = "；".join(AREAS[a] for a in ending.missed[:3])
        lines.append(texts.QUIZ_MISSED.format(areas=areas))
    if ending.entry:
        lines.append(texts.QUIZ_ENTRY.format(entry=ending.entry))
    if ending.publicity:
        lines.append(texts.QUIZ_PUBLICITY)
    return lines


def _question(
    token: str, shown: Shown, places: tuple[int, ...], above: str, session: Session
) -> Turn:
    choices = marked(shown, places, f"sit:{token}:{shown.number}")
    head = texts.QUIZ_HEAD.format(number=shown.number, of=shown.of)
    turn = say(f"{above}{head}\n{stem(shown)}", session, choices)
    mark = "".join(map(str, places))
    kind = "m" if shown.several else "s"
    task = f"sit:{token}:{shown.number}:{kind}{mark}"
    return replace(turn, session=replace(turn.session, task=task))


def _pressed(choice: str, session: Session) -> Turn:
    _, token, number, what = [*choice.split(":"), "", "", ""][:4]
    if not (number.isdigit() and (what in ("ok", "u") or what.isdigit())):
        return say(texts.QUIZ_PROBLEMS["choice"], session, ())
    marks = _marks(session, token, number)
    if marks is None or what == "u":
        places = () if what in ("u", "ok") else (int(what),)
        return _waiting(session, Pick(token, int(number), places))
    if what == "ok":
        # Nothing ticked: shown again, for an empty answer means 不知道.
        return _waiting(session, Pick(token, int(number) if marks else 0, marks))
    place = int(what)
    now = tuple(sorted({*marks} ^ {place}))
    task = f"sit:{token}:{number}:m{''.join(map(str, now))}"
    # The same question with other ticks: nothing is answered yet.
    return _waiting(replace(session, task=task), Pick(token, 0))


def _typed(text: str, session: Session) -> Turn | None:
    _, token, number, mark = session.task.split(":")
    if _ON.fullmatch(text):
        return _waiting(session, Pick(token, 0))
    if not any(c.startswith("sit:") for c in session.choices):
        return None  # they asked something in between: a number picks from that answer
    if at := picked(text, len(session.choices)):
        return _pressed(session.choices[at - 1], session)  # of several, one number is a tick
    options = len(session.choices) - 2
    if mark.startswith("m") and (places := several(text, options)) is not None:
        return _waiting(session, Pick(token, int(number), places))
    if _UNSURE.fullmatch(text):
        return _waiting(session, Pick(token, int(number)))
    return None  # a question of their own: answered, and the sitting waits


def _marks(session: Session, token: str, number: str) -> tuple[int, ...] | None:
    """The options ticked so far of a question of which several may be right, else None."""
    head = f"sit:{token}:{number}:m"
    if not session.task.startswith(head):
        return None
    return tuple(int(d) for d in session.task[len(head) :])


def _waiting(session: Session, effect: Effect) -> Turn:
    """What is said comes from what the effect finds."""
    return Turn((Reply("", "", "answer"),), replace(session, waits=""), (effect,))
