"""What typed words mean in practice: an answer, going on, leaving; nothing less clear than that."""

from __future__ import annotations

import re

from bot.campaign.asking import Shown
from bot.campaign.practice import Stage
from bot.skills.quiz import marked, several
from bot.turn import Session
from bot.understand import clean, picked

_END = r"(?:了|吧)?[。.！!]*"
START = re.compile(
    rf"/?(?:practice|(?:我?(?:想|要)|来|开始)?(?:练习|练一练|练练|刷题)(?:一下)?){_END}", re.I
)
DAILY = re.compile(rf"/?(?:daily|每日一题|今日一题){_END}", re.I)
QUIZ = re.compile(rf"/?(?:quiz|答题){_END}", re.I)
_OFF = re.compile(rf"(?:取消订阅|退订|取消每日一题|不用每天发|不要每天发|别每天发){_END}")
ON = re.compile(rf"(?:每天发给我|订阅每日一题){_END}")
_NEXT = re.compile(rf"(?:下一题|下一道|换一题|再来一[题道]){_END}")
_GO_ON = re.compile(rf"(?:继续|接着)(?:练习?|答题?)?{_END}")
_LEAVE = re.compile(rf"(?:退出|结束|不答|不练|停止练习|停止答题){_END}")
_HARDER = re.compile(rf"再?(?:难|更难)(?:一点|点|些|一些)(?:的)?{_END}")
_EASIER = re.compile(rf"再?(?:容易|简单)(?:一点|点|些|一些)(?:的)?{_END}")

ALWAYS = ((DAILY, "daily"), (START, "practice"), (_OFF, "unsubscribe"), (ON, "subscribe"))
HERE = (
    (_NEXT, "practice:next"),
    (_GO_ON, "practice"),
    (_HARDER, "practice:hard"),
    (_EASIER, "practice:easy"),
)

_UNSURE = re.compile(rf"(?:我)?(?:不知道|不清楚|不会|不懂){_END}")
_READY = re.compile(rf"选好{_END}")
_LETTERS = re.compile(r"[A-Ia-i](?:[\s,，、和]*[A-Ia-i]){0,8}")
_LETTER = re.compile(r"[A-Ia-i]")


def meant(text: str, session: Session, stage: Stage | None, shown: Shown | None) -> str:
    """The payload that a message stands for, "" for everything else: a question of their own is
    answered as one. `shown` is the open question."""
    if session.waits:
        return ""
    found = [payload for words, payload in ALWAYS if words.fullmatch(text)]
    if found or stage is None:
        return "".join(found[:1])
    if _LEAVE.fullmatch(text):
        return "practice:stop"
    # Nothing open, and something else was said since: these words mean something else.
    if not stage.item and not any(c.startswith("practice") for c in session.choices):
        return ""
    found = [payload for words, payload in HERE if words.fullmatch(text)]
    if found:
        return found[0]
    if shown is None or not any(c.startswith("try:") for c in session.choices):
        return ""
    what = _answer(text, shown)
    return f"{stage.key}:{what}" if what else ""


def _answer(text: str, shown: Shown) -> str:
    """What a text says as an answer: a number, a letter, an option's own words; "" for none."""
    if _UNSURE.fullmatch(text):
        return "u"
    if shown.several and _READY.fullmatch(text):
        return "ok"
    if _LETTERS.fullmatch(text):
        text = " ".join(str("abcdefghi".index(c.lower()) + 1) for c in _LETTER.findall(text))
    choices = marked(shown, (), "")
    if number := picked(text, len(choices)):
        return choices[number - 1].payload[1:]
    if shown.several and (places := several(text, len(shown.options))):
        return ",".join(map(str, places))
    said = text.rstrip("。.！!")
    whole = [n for n, option in enumerate(shown.options) if clean(option).rstrip("。.！!") == said]
    return str(whole[0]) if whole else ""
