"""The citation gate: nothing leaves that a cited article in force does not carry.

A draft passes if every citation exists in the library (as text in force on the day, or as a
digest where the text is not imported), every quote is a substring of that very version, and
every figure of the plain answer stands in a cited article or in a sum that is shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.sources import Sources
from knowledge.citation import Citation, write_citation
from knowledge.figures import Figure, figures, missing_figures, show


@dataclass(frozen=True, slots=True)
class Quote:
    """Words given as a law's own: they must stand in the version `article` belongs to."""

    article: str
    words: str


def faults(
    claims: Iterable[str],
    cite: Iterable[Citation],
    quotes: Iterable[Quote],
    sources: Sources,
    allowed: Iterable[Figure] = (),
) -> list[str]:
    """Why a draft must not be sent; empty if it may. Names citations and figures only."""
    cite = list(cite)
    found: list[str] = []
    texts: list[str] = []
    for citation in cite:
        text = support(citation, sources)
        if text is None:
            found.append(f"citation {write_citation(citation)}")
        else:
            texts.append(text)
    for quote in quotes:
        article = sources.article_by_id(quote.article)
        if article is None or quote.words not in article.text:
            found.append(f"quote {quote.article}")
    if cite:
        missing = {f for claim in claims for f in missing_figures(claim, texts, allowed)}
        found += [f"figure {show(f)}" for f in sorted(missing)]
    return found


def needed(
    claims: Sequence[str],
    cite: Sequence[Citation],
    sources: Sources,
    allowed: Iterable[Figure] = (),
) -> list[Citation]:
    """The first of `cite`, and those after it that carry a figure of `claims` which no earlier
    one carries."""
    kept, texts = [cite[0]], [support(cite[0], sources) or ""]
    allowed = set(allowed)
    for citation in cite[1:]:
        missing = {f for claim in claims for f in missing_figures(claim, texts, allowed)}
        text = support(citation, sources)
        if missing and text and missing & figures(text):
            kept.append(citation)
            texts.append(text)
    return kept


def support(citation: Citation, sources: Sources) -> str | None:
    """The text that a citation rests on today: the article in force, else the digest of a law
    that is not imported. None if the article does not exist or is no longer in force."""
    if not citation.article and (version := sources.in_force(citation.law)):
        return "\n".join(a.text for a in sources.articles_of(version.id))
    if article := sources.article(citation):
        return article.text
    if sources.in_force(citation.law) is None and not sources.known_law(citation.law):
        digest = sources.digest(citation.whole)
        return digest.says if digest else None
    return None
