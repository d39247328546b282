"""A reply as plain text of limited size, for channels that have nothing but text.

The plain answer always comes whole if it can; law text is shown whole or not at all, never cut.
What does not fit stands behind a link, or behind 「更多」 where there is no public address.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from bot import texts
from bot.channels.views import article_url, permalink
from bot.message import Choice, Cited, Reply
from bot.pinpoint import quoted

Measure = Callable[[str], int]


def utf8(text: str) -> int:
    """Bytes: what WeChat counts."""
    return len(text.encode("utf-8"))


def utf16(text: str) -> int:
    """UTF-16 code units: what Telegram counts."""
    return len(text.encode("utf-16-le")) // 2


def fitted(
    reply: Reply, most: int, measure: Measure, base: str = "", *, numbered: bool = True
) -> str:
    """The reply in at most `most` as `measure` counts. In this order of worth, shown in reading
    order: the answer, choices by number (where `numbered`), 依据 by name, notes, law's words.

    `base` is the public address of the web pages, "" where there is none.
    """
    answer = _NEW.sub("\n", clean(reply.answer))
    choices = _choices(reply.choices) if numbered else ""
    link = whole(reply, base)
    named = [_named(n, cited) for n, cited in enumerate(reply.citations, 1)]
    words = ["".join(quoted(cited)) if cited.quote else "" for cited in reply.citations]
    notes = [clean(note) for note in reply.notes]
    shown = _Shown(answer, choices, link, named, words, notes, most, measure)
    return shown.text()


def whole(reply: Reply, base: str) -> str:
    """The sentence that leads to the whole answer; "" where there is no more of it."""
    if not reply.citations:
        return ""
    path = permalink(reply.ref) or next((article_url(c.id) for c in reply.citations if c.id), "")
    if base and path:
        return texts.WHOLE.format(link=base.rstrip("/") + path)
    return texts.WHOLE_MORE


def clean(text: str) -> str:
    """`text` without characters that XML and chat platforms refuse."""
    return _UNSENDABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def cut(text: str, most: int, measure: Measure) -> str:
    """The first sentences of `text` that fit, and 「……」; between characters where not one fits."""
    if measure(text) <= most:
        return text
    end = "……"
    kept = ""
    for sentence in re.findall(r"[^。！？；\n]*[。！？；\n]+|[^。！？；\n]+$", text):
        if measure(kept + sentence + end) > most:
            break
        kept += sentence
    if not kept:
        low, high = 0, len(text)
        while low < high:  # the longest prefix that fits
            middle = (low + high + 1) // 2
            low, high = (
                (middle, high) if measure(text[:middle] + end) <= most else (low, middle - 1)
            )
        kept = text[:low]
    return kept.rstrip("\n") + end if measure(end) <= most else ""


# Where something else begins: 「河南（工资专项）：」, 「另外，」, an article by name, the question.
_NEW = re.compile(
    r"(?<=[。？])(?=[\u4e00-\u9fff]{2,8}(?:（[\u4e00-\u9fff]{2,8}）)?：|另外，|《|各省市可能|您在哪个省市)"
)

_UNSENDABLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff"
    "\u202a-\u202e\u2066-\u2069]"
)


class _Shown:
    """What is shown of one reply, growing from the most to the least worth."""

    def __init__(
        self,
        answer: str,
        choices: str,
        link: str,
        named: Sequence[str],
        words: Sequence[str],
        notes: Sequence[str],
        most: int,
        measure: Measure,
    ) -> None:
        self._all = (answer, choices, link, named, words, notes)
        self._most, self._measure = most, measure

    def text(self) -> str:
        answer, choices, link, named, words, notes = self._all
        everything = _joined(answer, named, words, notes, choices, "")
        if self._fits(everything):
            return everything
        # Something will be missing, so the link's room is set aside.
        if not self._fits(_joined(answer, (), (), (), choices, link)):
            room = self._most - self._measure(_joined("", (), (), (), choices, link)) - 1
            answer = cut(answer, max(room, 0), self._measure)
            text = _joined(answer, (), (), (), choices, link)
            return (
                text if self._fits(text) else cut(answer + "\n" + link, self._most, self._measure)
            )
        heads, told, said = 0, 0, [""] * len(words)
        for n in range(len(named)):
            if not self._fits(_joined(answer, named[: n + 1], said, (), choices, link)):
                break
            heads = n + 1
        for n in range(len(notes)):
            if not self._fits(_joined(answer, named[:heads], said, notes[: n + 1], choices, link)):
                break
            told = n + 1
        for n in range(heads):
            tried = [*said[:n], words[n], *said[n + 1 :]]
            if not self._fits(_joined(answer, named[:heads], tried, notes[:told], choices, link)):
                break
            said = tried
        return _joined(answer, named[:heads], said, notes[:told], choices, link)

    def _fits(self, text: str) -> bool:
        return self._measure(text) <= self._most


def _joined(
    answer: str,
    named: Sequence[str],
    words: Sequence[str],
    notes: Sequence[str],
    choices: str,
    link: str,
) -> str:
    lines = [answer] if answer else []
    if named:
        lines.append(texts.BASIS)
        for n, head in enumerate(named):
            lines.append(head)
            if n < len(words) and words[n]:
                lines.append(words[n])
    lines += [note for note in notes if note]
    lines += [part for part in (link, choices) if part]
    return "\n".join(lines)


def _named(number: int, cited: Cited) -> str:
    effective = texts.EFFECTIVE.format(day=cited.effective) if cited.effective else ""
    said = texts.CITED.format(
        law=f"《{cited.law}》",
        article=cited.article,
        region=cited.region,
        status=cited.status,
        effective=effective,
    )
    return f"{number}. {clean(said)}"


def _choices(choices: Sequence[Choice]) -> str:
    if not choices:
        return ""
    lines = [f"{n} {clean(choice.label)}" for n, choice in enumerate(choices, 1)]
    return "\n".join([texts.CHOOSE_NUMBER, *lines])
