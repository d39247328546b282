"""Where in an article the answer stands, and how channels show it: 「第二款」 and its words."""

from __future__ import annotations

from dataclasses import dataclass

from bot import texts
from bot.message import Cited
from bot.sources import Sources
from bot.understand import best_sentence
from index.pinpoint import Asked, parts
from knowledge.citation import Citation, write_citation
from knowledge.library import Article

SHORT = 110
"""Characters of an article that are shown whole; of a longer one, the part that answers first."""

EXCERPT = 240
"""Characters of a part that text channels quote whole; of a longer one, its best sentence,
called an excerpt (节选)."""


@dataclass(frozen=True, slots=True)
class Marked:
    """The words of an article that answer. `place` is 「第二款」 or 「第一款第三项」, "" where
    the article has no parts; `lead` are the words that introduce an item, with 「……」 where others
    stand between."""

    words: str
    place: str = ""
    lead: str = ""


def mark(
    citation: Citation, article: Article, about: str, asked: Asked, sources: Sources
) -> Marked:
    """The paragraph or item of `article` that answers: the one that `citation` names, else the
    likeliest for `asked`; of an article that is one paragraph, its sentence closest to `about`."""
    # 第四十六条第一项 names no paragraph: the article has but one, or its list stands in the first.
    place = (citation.paragraph or 1, citation.item)
    named = {place} if citation.paragraph or citation.item else set()
    spot = sources.pinpoint(asked, article.text, named)
    if spot is None:
        return Marked(best_sentence(about, article.text))
    part = spot.part
    every = parts(article.text)
    lead = ""
    if part.item:
        whole = next(p for p in every if p.paragraph == part.paragraph and not p.item)
        lead = article.text[whole.start : whole.head]
        lead = lead if part.item == 1 else texts.ELIDED.format(lead=lead)
    several = any(p.paragraph > 1 for p in every)
    said = Citation("", "", part.paragraph if several else 0, part.item)
    return Marked(
        article.text[part.start : part.end], write_citation(said).removeprefix("《》"), lead
    )


def excerpt(marked: Marked, about: str) -> str:
    """What text channels quote of a long part; "" where the part is shown whole."""
    if not marked.place or len(marked.words) <= EXCERPT:
        return ""
    return best_sentence(about, marked.words)


def quoted(cited: Cited) -> tuple[str, str, str]:
    """A citation's words as text channels say them: what comes before the marked words, these,
    and what comes after. A digest is never marked: it is not law's words."""
    if not cited.official:
        return texts.DIGEST.format(text=cited.quote), "", ""
    opened, closed = texts.QUOTE.split("{text}")
    if len(cited.quote) <= SHORT or not cited.marked:
        before, marked, after = (
            cited.quote.partition(cited.marked) if cited.marked else (cited.quote, "", "")
        )
        return opened + before, marked, after + closed
    if cited.place:
        form = texts.QUOTE_EXCERPT if cited.excerpt else texts.QUOTE_PART
        opened = form.split("{text}")[0].format(place=cited.place)
    if cited.lead and not cited.excerpt:
        opened += cited.lead
    return opened, cited.excerpt or cited.marked, closed
