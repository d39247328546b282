"""Lay words that may stand for words of the law: candidates for `synonyms.yaml`.

Learnt from the project's own wordings and the articles that answer them. A share is no proof:
words of one subject translate each other too, so a person reads the list and takes few.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from index.text import Tokens
from index.words import join, links
from knowledge.citation import Citation
from knowledge.pieces import Content
from knowledge.regions import NATION, Regions

MOST_CITED = 3
"""Articles of an entry that its wordings are held against."""

MOST_WORDS = 80
"""Words of an article, its rarest."""

TERMS = 3
"""Words of the law offered for one lay word."""

APART = 6.0
"""How many times as often a lay word must stand in questions as in law; the legal word the other
way round."""

LIFT = 5.0
"""How many times as often as by chance the two come together: 「怎么」 comes with every word."""

STATE = "中华人民共和国"

_WORD = re.compile(r"[\u4e00-\u9fff]{2,}")
_NUMBER = re.compile(r"第?[一二三四五六七八九十百千万零两〇几]+[条款项个年月日天周次倍元人份]*")


@dataclass(frozen=True, slots=True)
class Seed:
    """A candidate: `share` as in `index.words.Link`; `count` wordings of `entries` cards and
    points hold `lay` and are answered by articles that hold `term`; `example` is one, ID#number
    from 1. `known` are the terms that the table already has for `lay` or a part of it."""

    lay: str
    term: str
    share: float
    count: int
    entries: int
    example: str
    known: tuple[str, ...] = ()


def seeds(
    content: Content,
    tokens: Tokens,
    laws: Iterable[str] = (),
    article: Callable[[Citation], str] = lambda _: "",
    least: int = 5,
    top: int = 400,
) -> list[Seed]:
    """The best `top` candidates, best first, that `tokens` do not expand already.

    `article` gives an article's words, "" where there are none: the digest stands for them then
    and beside them; `laws` are texts of law that say how common a word is there. A lay word
    stands in at least `least` wordings and in two entries.
    """
    regions = Regions(content.regions)
    digests = {d.citation: d.says for d in content.digests}
    ids, asked, cited = [], [], []
    for ident, citations, questions in _asked(content):
        for number, question in enumerate(questions, 1):
            ids.append(f"{ident}#{number}")
            asked.append(tokens.words(regions.strip(question)))
            cited.append(citations)
    places = sorted({c for found in cited for c in found}, key=str)
    held = [tokens.words(f"{digests.get(c, '')}\n{article(c)}") for c in places]
    read = [tokens.words(text) for text in laws]
    asked = join(asked, least)  # the law's own words are in the dictionary
    lay, law = _rates(asked), _rates([*held, *read])
    common = Counter(word for words in held for word in set(words))
    of = {
        place: sorted({w for w in words if _plain(w)}, key=lambda w: (common[w], w))[:MOST_WORDS]
        for place, words in zip(places, held, strict=True)
    }
    pairs, where = [], []
    for i, (words, citations) in enumerate(zip(asked, cited, strict=True)):
        kept = [w for w in words if _plain(w)]
        for citation in citations if kept else ():
            if of[citation]:
                pairs.append((kept, of[citation]))
                where.append(i)
    offered = []
    for link in links(pairs, least):
        apart = lay(link.left) > APART * law(link.left) and law(link.right) > APART * lay(
            link.right
        )
        if apart and _new(link.left, link.right, tokens):
            offered.append((link.left, link.right, link.share))
    stands: dict[str, set[int]] = {}
    answered: dict[str, set[int]] = {}
    for (left, right), i in zip(pairs, where, strict=True):
        for word in left:
            stands.setdefault(word, set()).add(i)
        for word in right:
            answered.setdefault(word, set()).add(i)
    found: list[Seed] = []
    terms: Counter[str] = Counter()
    for word, term, share in offered:
        both = sorted(stands[word] & answered[term])
        entries = {ids[i].rpartition("#")[0] for i in both}
        lift = len(both) * len(asked) / (len(stands[word]) * len(answered[term]))
        if len(both) >= least and len(entries) > 1 and lift > LIFT and terms[word] < TERMS:
            terms[word] += 1
            known = tuple(tokens.expand(word))
            found.append(Seed(word, term, share, len(both), len(entries), ids[both[0]], known))
        if len(found) == top:
            break
    return found


def dictionary(content: Content) -> list[str]:
    """Words for jieba that reads law: laws by their short and their full name, terms of the
    glossary, topics, synonyms."""
    laws = {d.citation.law for d in content.digests} | {r.law for r in content.replaced}
    short = {name.removeprefix(STATE) for name in laws}
    words = short | {STATE + name for name in short if name.endswith("法")}
    words |= {word for term in content.terms for word in (term.term, *term.also)}
    words |= {word for topic in content.topics for word in (topic.name, *topic.words)}
    return sorted(words | {synonym.term for synonym in content.synonyms})


def _asked(content: Content) -> Iterator[tuple[str, list[Citation], Sequence[str]]]:
    """Each card and point with the articles that answer it, the national ones first, and its
    wordings."""
    for card in content.cards:
        if card.disposition == "answer":
            yield card.id, _first(card.cite), (card.title, *card.questions)
    for point in content.points:
        rules = sorted(point.rules, key=lambda r: r.region != NATION)
        cited = [c for r in rules for c in r.cite[:1]]
        yield point.point, _first(cited), (point.title, *point.questions)


def _first(cited: Iterable[Citation]) -> list[Citation]:
    """Whole articles, two paragraphs of one counting once."""
    return list(dict.fromkeys(c.whole for c in cited if c.article))[:MOST_CITED]


def _rates(texts: Sequence[Sequence[str]]) -> Callable[[str], float]:
    """A word's share of all words of `texts`; one that never stands there counts as half."""
    counted = Counter(word for words in texts for word in words)
    total = max(1, counted.total())
    return lambda word: (counted[word] or 0.5) / total


def _plain(word: str) -> bool:
    return bool(_WORD.fullmatch(word)) and not _NUMBER.fullmatch(word)


def _new(lay: str, term: str, tokens: Tokens) -> bool:
    """Whether the table lacks the pair and neither word is part of the other, which
    characters find anyway."""
    return lay not in term and term not in lay and term not in tokens.expand(lay)
