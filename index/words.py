"""Which words of one kind of text stand for which of another: IBM model 1, both ways.

`index.lessons.translate` does it one way over pairs of characters, for ranking; here are whole
words, for a person to read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from index.rows import Ints

ROUNDS = 8
"""Of expectation and maximisation; later ones changed the order of few pairs."""

SHRINK = 2.0
"""Added to a word's count before its translations are shares, so that rare ones promise little."""

COHESION = 60.0
"""How many times as often as by chance two neighbours stand together that are one word."""

LONGEST = 8
"""Characters of a joined word."""

Floats64 = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Link:
    """Two words that translate each other.

    `share` is the geometric mean of p(left | right) and p(right | left), 0 to 1; `count` the
    number of pairs of texts in which both stand.
    """

    left: str
    right: str
    share: float
    count: int


def links(pairs: Sequence[tuple[Sequence[str], Sequence[str]]], least: int = 1) -> list[Link]:
    """The links of the words of `pairs` (left text, right text), best first, each seen in at
    least `least` pairs; a word counts once in a text.

    IBM model 1 with an empty word on both sides (Brown et al. 1993, section 4.1), trained each
    way; the ways must agree, as in Liang, Taskar & Klein 2006.
    """
    lefts, left = _numbered([pair[0] for pair in pairs])
    rights, right = _numbered([pair[1] for pair in pairs])
    if not pairs:
        return []
    cells = [len(a) * len(b) for a, b in zip(left, right, strict=True)]
    a = np.concatenate([np.repeat(a, len(b)) for a, b in zip(left, right, strict=True)])
    b = np.concatenate([np.tile(b, len(a)) for a, b in zip(left, right, strict=True)])
    text = np.repeat(np.arange(len(pairs)), cells)
    keys, at = np.unique(a.astype(np.int64) * len(rights) + b, return_inverse=True)
    source, target = keys // len(rights), keys % len(rights)
    there = _shares(at, _groups(text, a, len(lefts)), target)
    back = _shares(at, _groups(text, b, len(rights)), source)
    share, count = np.sqrt(there * back), np.bincount(at, minlength=len(keys))
    kept = np.flatnonzero((source > 0) & (target > 0) & (count >= least))
    found = [
        Link(lefts[source[i]], rights[target[i]], float(share[i]), int(count[i])) for i in kept
    ]
    return sorted(found, key=lambda link: (-link.share, link.left, link.right))


def join(texts: Sequence[Sequence[str]], least: int) -> list[list[str]]:
    """`texts` with neighbours made one word that stand together at least `least` times and far
    more often than by chance (Mikolov et al. 2013, section 4); what the dictionary lacks, it
    cuts to pieces.
    """
    single = Counter(word for text in texts for word in text)
    double = Counter(pair for text in texts for pair in pairwise(text))
    total = sum(single.values())
    one = {
        (a, b)
        for (a, b), count in double.items()
        if count >= least
        and len(a + b) <= LONGEST
        and (count - least / 2) * total > COHESION * single[a] * single[b]
    }
    joined = []
    for text in texts:
        words: list[str] = []
        open_ = False
        for i, word in enumerate(text):
            if open_:
                words[-1] += word
                open_ = False
            else:
                words.append(word)
                open_ = (word, text[i + 1] if i + 1 < len(text) else "") in one
        joined.append(words)
    return joined


def _numbered(texts: Sequence[Sequence[str]]) -> tuple[list[str], list[Ints]]:
    """The words, the empty one first, and each text as their numbers, the empty word in each."""
    words = ["", *sorted({word for text in texts for word in text if word})]
    number = {word: i for i, word in enumerate(words)}
    return words, [
        np.array(sorted({0, *(number[word] for word in text)}), np.int32) for text in texts
    ]


def _groups(text: npt.NDArray[np.int64], word: Ints, size: int) -> npt.NDArray[np.int64]:
    """One number for each word to be explained in each text."""
    found: npt.NDArray[np.int64] = np.unique(text * size + word, return_inverse=True)[1]
    return found


def _shares(
    at: npt.NDArray[np.int64], group: npt.NDArray[np.int64], given: npt.NDArray[np.int64]
) -> Floats64:
    """p(explained | given) of each pair of words; `at` and `group` are of each cell."""
    shares = np.ones(len(given))
    for _ in range(ROUNDS):
        weight = shares[at]
        weight /= np.bincount(group, weights=weight)[group]
        counted = np.bincount(at, weights=weight, minlength=len(given))
        shares = counted / (np.bincount(given, weights=counted)[given] + SHRINK)
    return shares
