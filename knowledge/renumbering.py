"""Where an article that an older text cites stands today: laws are amended, and numbers move.

Nothing says so in the citing text. What is known: which versions the library holds, when each
began, how their wordings compare, and what the citing sentence says of the article it means.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from itertools import pairwise
from math import log
from typing import Protocol

STEADY = {"刑法": "1997-10-01", "劳动法": "", "劳动合同法": "", "社会保险法": ""}
"""Laws whose articles keep their numbers through every change, since a day or ("") since they
were passed: what was added became 第…条之一, or a 款. Every arrow of the library to the last three
was read against the article it leads to."""

SAME, MOVED = 0.5, 0.6
"""How alike two wordings of one article are at least: under its old number, under another."""


class Wording(Protocol):
    """What counts of one version of a law: since when (ISO or ""), its articles by number, and
    whether it is the wording that was passed, with no change since."""

    @property
    def law(self) -> str: ...
    @property
    def start(self) -> str: ...
    @property
    def first(self) -> bool: ...
    @property
    def numbers(self) -> Mapping[str, str]: ...


class Proof(Enum):
    """Why a number is held to be today's: by dates, by the words of the sentence, or it is OPEN:
    the citing text was itself amended in part, and may carry numbers from before."""

    DATES = 1
    WORDS = 2
    OPEN = 3


@dataclass(frozen=True, slots=True)
class Today:
    """The number under which a cited article stands in the newest version."""

    number: str
    proof: Proof


def today(
    printed: str, versions: Sequence[Wording], written: str, amended: bool, sentence: str
) -> Today | None:
    """Where the article stands that a text calls `printed`; None if nowhere, or if nothing shows
    that it still has that number.

    `versions` of the cited law, oldest first; the text has its wording since the day `written`
    (ISO or ""), `amended` says that parts of it are older; `sentence` is the one that cites.
    """
    if not versions:
        return None
    newest = versions[-1]
    there = printed if printed in newest.numbers else ""
    if newest.first or (newest.law in STEADY and written >= STEADY[newest.law]):
        return Today(there, Proof.DATES) if there else None
    holding = next((v for v in reversed(versions) if v.start and v.start <= written), None)
    if holding is None:
        proved = there and says(sentence, there, newest.numbers)
        return Today(there, Proof.WORDS) if proved else None
    if holding is not newest:
        wording = holding.numbers.get(printed)
        there = counterpart(printed, wording, newest.numbers) if wording else ""
    if not there:
        return None
    if not amended:
        return Today(there, Proof.DATES)
    proved = says(sentence, there, newest.numbers)
    return Today(there, Proof.WORDS if proved else Proof.OPEN)


def follows(proofs: Collection[Proof]) -> bool:
    """Whether an amended text has kept its citations of one law up to date, so that what is open
    holds too: the words prove enough of them. Of right numbers they prove more than a third, of
    wrong ones hardly any."""
    counts = Counter(proofs)
    return counts[Proof.WORDS] >= 2 and counts[Proof.WORDS] * 4 >= counts[Proof.OPEN]


def counterpart(number: str, text: str, others: Mapping[str, str]) -> str:
    """The number under which another version has an article: its own where the wording is alike,
    else that of the wording most alike; "" if none is. `others` maps number -> text."""
    pairs = _pairs(text)
    if number in others and _alike(pairs, _pairs(others[number])) >= SAME:
        return number
    best = max(((_alike(pairs, _pairs(t)), n) for n, t in others.items()), default=(0.0, ""))
    return best[1] if best[0] >= MOVED else ""


def likeness(one: str, other: str) -> float:
    """How much two texts share, 0 to 1: Dice's coefficient of their pairs of characters."""
    return _alike(_pairs(one), _pairs(other))


def _alike(one: Collection[str], other: Collection[str]) -> float:
    return 2 * len(set(one) & set(other)) / (len(one) + len(other) or 1)


@lru_cache(maxsize=4096)
def _pairs(text: str) -> frozenset[str]:
    runs = re.split(r"[\W_]+", text)
    return frozenset(a + b for run in runs for a, b in pairwise(run))


_AROUND = 15
"""Articles before and after; where numbers have moved, the one that was meant stands there."""

_SHARED, _AHEAD = 10.0, 1.5
"""The weight of shared words that proves an article, and how far ahead of every other it is. Of
1,600 arrows whose numbers are certain 43 % pass; set three or four articles off, 0.4 % do."""

_CITING = re.compile("的?规定|所[称列]|[依按]照|应当|适用|有关")


def says(sentence: str, number: str, numbers: Mapping[str, str]) -> bool:
    """Whether the words of a sentence are those of this article and of none around it: pairs of
    characters, each weighed by how few of these articles have it."""
    order = list(numbers)
    at = order.index(number)
    near = order[max(0, at - _AROUND) : at + _AROUND + 1]
    said = _pairs(_CITING.sub(" ", sentence))
    shared = {n: said & _pairs(numbers[n]) for n in near}
    having = Counter(pair for pairs in shared.values() for pair in pairs)
    weights = {n: sum(log(len(near) / having[p]) for p in ps) for n, ps in shared.items()}
    best = weights.pop(number)
    return best >= _SHARED and best >= _AHEAD * max(weights.values(), default=0.0)
