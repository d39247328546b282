"""Replies as the web page shows them: paragraphs, marked quotes, buttons in groups."""

from __future__ import annotations

import re
from collections.abc import Container, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from markupsafe import Markup, escape

from bot import texts
from bot.message import Choice, Cited, Reply
from bot.pinpoint import SHORT
from knowledge.records import Status

STATUS_CLASS = {
    Status.IN_FORCE.value: "ok",
    Status.UNVERIFIED.value: "unsure",
    Status.NOT_YET.value: "unsure",
    Status.SUPERSEDED.value: "over",
    Status.REPEALED.value: "over",
}


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One paragraph of an answer; `where` is the 「河南（工资专项）」 that it begins with."""

    text: str
    where: str = ""
    kind: str = ""  # "" | guess


@dataclass(frozen=True, slots=True)
class Quote:
    """Law's words around the part that answers, or a digest. `place` is 「第二款」, `lead` what
    introduces a marked item where the words before it are not shown."""

    before: str
    marked: str
    after: str
    official: bool
    long: bool
    place: str = ""
    lead: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """One article under 依据."""

    title: str
    url: str
    status: str
    status_class: str
    facts: tuple[str, ...]
    quote: Quote | None


@dataclass(frozen=True, slots=True)
class Note:
    label: str
    text: str


@dataclass(frozen=True, slots=True)
class Buttons:
    """Choices in the groups that people look for them in."""

    places: tuple[Choice, ...] = ()
    related: tuple[Choice, ...] = ()
    actions: tuple[Choice, ...] = ()
    thumbs: tuple[Choice, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """Everything the template of one answer needs."""

    disposition: str
    paragraphs: tuple[Paragraph, ...]
    ask: str
    sources: tuple[Source, ...]
    notes: tuple[Note, ...]
    small: tuple[str, ...]
    buttons: Buttons
    crisis: bool
    link: str


def view(reply: Reply, regions: Container[str]) -> Answer:
    """The answer as its template wants it."""
    said = paragraphs(reply.answer, regions)
    buttons = group(reply.choices)
    ask = ""
    if buttons.places:  # the question 「您在哪个省市？」 belongs right above its buttons
        asking = [p for p in said if not p.where and p.text.endswith(_ASKS)]
        if asking and len(said) > 1:
            ask = asking[-1].text
            said.remove(asking[-1])
    notes = [_note(n) for n in reply.notes]
    return Answer(
        reply.disposition,
        tuple(said),
        ask,
        tuple(map(source, reply.citations)),
        tuple(n for n in notes if n.text not in (texts.UNREVIEWED, texts.UNVERIFIED)),
        tuple(n.text for n in notes if n.text in (texts.UNREVIEWED, texts.UNVERIFIED)),
        buttons,
        reply.disposition == "escalate" and texts.LIFE in reply.answer,
        permalink(reply.ref) if reply.disposition == "answer" else "",
    )


_SENTENCE = re.compile(r"[^。！？\n]*(?:[。！？]+[」”）]*|\n|$)")
_WHERE = re.compile(r"([\u4e00-\u9fff]{2,11})(?:（[\u4e00-\u9fff]{2,8}）)?：")
_NATION = ("全国", "国家规定")
_GUESS = texts.PERHAPS.partition("{")[0]
_ASKS = "您在哪个省市？"
_QUIZ = ("【", *(t.partition("{")[0] for t in (texts.QUIZ_BASIS, texts.QUIZ_HEAD)))
_VARIES = (texts.VARIES.partition("，")[0], texts.NO_NATIONAL.partition("。")[0])


def paragraphs(answer: str, regions: Container[str]) -> list[Paragraph]:
    """The answer's sentences in paragraphs: a place's rule, a guess, a question begin a new one.

    Nothing is added, left out or reordered.
    """
    out: list[Paragraph] = []
    for block in answer.split("\n\n"):
        fresh = True
        for m in _SENTENCE.finditer(block):
            sentence = m[0].strip()
            if not sentence:
                continue
            where = _WHERE.match(sentence)
            if where and (where[1] in _NATION or where[1] in regions):
                out.append(Paragraph(sentence[where.end() :], sentence[: where.end() - 1]))
                fresh = False
            elif sentence.startswith(_GUESS):
                out.append(Paragraph(sentence, kind="guess"))
                fresh = True
            elif fresh or not out or _starts_anew(sentence, out[-1].text):
                out.append(Paragraph(sentence))
                fresh = sentence.endswith(_ASKS) or sentence == texts.LIFE
            else:
                last = out[-1]
                out[-1] = Paragraph(last.text + sentence, last.where, last.kind)
    return out


def _starts_anew(sentence: str, last: str) -> bool:
    return sentence.startswith((*_VARIES, *_QUIZ)) or (
        sentence.endswith(_ASKS) and not last.startswith(_VARIES)
    )


def source(cited: Cited) -> Source:
    start = texts.EFFECTIVE.format(day=cited.effective).lstrip("，") if cited.effective else ""
    return Source(
        f"《{cited.law}》{cited.article}",
        article_url(cited.id) if cited.id else "",
        cited.status,
        STATUS_CLASS.get(cited.status, "ok" if cited.status else "unsure"),
        tuple(f for f in (cited.region, cited.level, start) if f),
        pieces(cited) if cited.quote else None,
    )


def pieces(cited: Cited) -> Quote:
    """The quote cut at its marked part. A digest is never marked: it is not law's words."""
    before, marked, after = cited.quote, "", ""
    if cited.official and cited.marked and cited.marked in cited.quote:
        before, _, after = cited.quote.partition(cited.marked)
        marked = cited.marked
    long = bool(marked) and len(cited.quote) > SHORT
    return Quote(before, marked, after, cited.official, long, cited.place, cited.lead)


def group(choices: Sequence[Choice]) -> Buttons:
    def of(*heads: str) -> tuple[Choice, ...]:
        return tuple(c for c in choices if c.payload.partition(":")[0] in heads)

    grouped = ("region", "ref", "ask", "up", "down")
    return Buttons(
        of("region"),
        of("ref", "ask"),
        tuple(c for c in choices if c.payload.partition(":")[0] not in grouped),
        of("up", "down"),
    )


_LABELS = ("下一步", "注意", "为什么成", "可以照做", "来源")


def _note(text: str) -> Note:
    label, colon, rest = text.partition("：")
    return Note(label, rest) if colon and label in _LABELS else Note("", text)


# Addresses


def law_url(version: str) -> str:
    return f"/law/{quote(version, safe='@')}"


def article_url(ident: str, version: str = "") -> str:
    """Where an article is shown. Its id is the version's, #, and its own part; the version's id
    may itself hold a # (undated twins), so the cut is at the last one unless it is given."""
    version = version or ident.rpartition("#")[0]
    return f"{law_url(version)}/{quote(ident[len(version) + 1 :], safe='')}"


def permalink(ref: str) -> str:
    kind, _, ident = ref.partition(":")
    return f"/card/{quote(ident, safe='')}" if kind in ("card", "point", "case") else ""


# Telephone numbers

_SHORT_CODES = r"110|120|119|12(?:345|333|348|351|338|355|350|309|320|356)"
_PHONE = re.compile(
    rf"(?<![\d.\-第])(?:(?:{_SHORT_CODES})(?![\d.%％\-年月日天元条人个万余多小分]|\s*(?:周|%))"
    r"|1[3-9]\d{9}(?!\d)|0\d{2,3}-?\d{7,8}(?!\d)|400-?\d{3}-?\d{4}(?!\d))"
)


def phones(text: Any) -> Markup:
    """`text` escaped, its telephone numbers as links that a phone can call."""
    out, at = Markup(""), 0
    plain = str(text)
    for m in _PHONE.finditer(plain):
        number = m[0].replace("-", "")
        out += escape(plain[at : m.start()])
        out += Markup('<a class="tel" href="tel:{}">{}</a>').format(number, m[0])
        at = m.end()
    return out + escape(plain[at:])
