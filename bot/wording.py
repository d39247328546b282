"""Wordings made comparable: features, entries to match, guards, words of the field."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

from index.questions import Entry, Features
from index.sound import PINYIN, sounds, spells
from index.text import Tokens, normalise
from knowledge.pieces import Card, Case, Guard, Point, Synonym, Topic
from knowledge.regions import Regions

_FILLER = re.compile(
    "就是说|就是|那个|这个|嘛|呃|嗯|啊|呀|哦|哎|唉|我们|咱们|俺们?|他们|你们|我|咱|你|您|他|她|"
    "了|的|一下|请问|到底|从来|呢|吗|吧|么|想问|问"
)
SOUND_WEIGHT = 0.4
"""What a pair of syllables counts beside the pair of characters it is the sound of."""

FILLER_WEIGHT = 0.3
"""What a pair of characters counts that is there only because of a filler word."""


def question_features(tokens: Tokens, regions: Regions) -> Features:
    """Characters, pairs, words and sounds of a text, with the legal terms its lay words stand for.

    Places are left out: they choose the rule, not the question.
    """

    def features(text: str) -> Iterable[tuple[str, float]]:
        text = regions.strip(text)
        heard = _sounds(text)
        if spells(text) >= PINYIN:
            text = re.sub("[A-Za-z']+", " ", text)  # letters that spell words are no words
        bare = _features(_FILLER.sub(" ", text), tokens)
        return [
            *(
                (f, w if f in bare else w * FILLER_WEIGHT)
                for f, w in _features(text, tokens).items()
            ),
            *heard.items(),
        ]

    return features


def _sounds(text: str) -> dict[str, float]:
    """Pairs of syllables; typed letters are all there is of their words, and count whole."""
    found: dict[str, float] = {}
    for run, typed in sounds(normalise(text)):
        for a, b in pairwise(run):
            found[f"p:{a}{b}"] = 1.0 if typed else SOUND_WEIGHT
    return found


def _features(text: str, tokens: Tokens) -> dict[str, float]:
    found: dict[str, float] = {}
    for term in tokens.expand(text):
        found |= {gram: 0.5 for gram in tokens.grams(term) if len(gram) > 1}
        found[f"w:{term}"] = 0.8
    found |= {f"w:{word}": 0.9 for word in tokens.words(text) if len(word) > 1}
    found |= {gram: 0.5 if len(gram) == 1 else 1.0 for gram in tokens.grams(text)}
    return found


def entries(
    cards: Iterable[Card], points: Iterable[Point], cases: Iterable[Case], topics: Iterable[Topic]
) -> list[Entry]:
    """Everything that answers, with its wordings and its own words; a local version of a card
    lends its wordings to the national one."""
    names = {t.id: t.name for t in topics}
    cards = list(cards)
    local: dict[str, list[str]] = {}
    for card in cards:
        if card.of:
            local.setdefault(card.of, []).extend((card.title, *card.questions))
    found = [
        Entry(
            c.id,
            "card",
            tuple(dict.fromkeys((c.title, *c.questions, *local.get(c.id, ())))),
            f"{names.get(c.topic, '')} {c.title} {c.answer}",
            c.region,
        )
        for c in cards
        if not c.of
    ]
    found += [
        Entry(
            p.point,
            "point",
            (p.title, *p.questions),
            " ".join((names.get(p.topic, ""), p.step, p.title, *{r.says for r in p.rules[:6]})),
        )
        for p in points
    ]
    found += [
        Entry(c.id, "case", (c.title, *c.questions), f"{c.title} {c.happened}") for c in cases
    ]
    return found


def compile_guards(guards: Iterable[Guard]) -> Sequence[Callable[[str], Guard | None]]:
    """Each guard as a function of a cleaned text: itself, if it applies."""
    return [_guard(g) for g in guards]


def _guard(guard: Guard) -> Callable[[str], Guard | None]:
    any_of = re.compile("|".join(guard.any), re.I) if guard.any else None
    all_of = [re.compile("|".join(group), re.I) for group in guard.all]
    unless = re.compile("|".join(guard.unless), re.I) if guard.unless else None

    def applies(text: str) -> Guard | None:
        if unless and unless.search(text):
            return None
        if any_of and not any_of.search(text):
            return None
        return guard if all(p.search(text) for p in all_of) else None

    return applies


class Field:
    """How much of a text is about work: the words of topics and synonyms. The topic `work`
    lists plain words of working life that belong to no single topic."""

    def __init__(self, topics: Iterable[Topic], synonyms: Iterable[Synonym]) -> None:
        words = {w for t in topics for w in (t.name, *t.words)}
        words |= {w for s in synonyms for w in (s.term, *s.lay)}
        longest = sorted((w for w in words if len(w) > 1), key=lambda w: (-len(w), w))
        self._pattern = re.compile("|".join(map(re.escape, longest)))

    def share(self, text: str) -> float:
        """Characters of field words by characters of text, 0 to 1."""
        length = len(re.sub(r"[\W_]", "", text))
        return sum(len(m[0]) for m in self._pattern.finditer(text)) / length if length else 0.0
