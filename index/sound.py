"""How a text sounds: syllables without tones, so that a typo of the same sound and typed pinyin
still meet the right words (合桐 and hetong both sound like 合同)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from pypinyin import lazy_pinyin

PINYIN = 4
"""Typed syllables from which letters are read as pinyin."""

_RUN = re.compile(r"[\u4e00-\u9fff]+|[a-z]+(?:[ '][a-z]+)*")
_COMMON = range(0x4E00, 0x9FA6)
_LONGEST = 6


def sounds(text: str) -> list[tuple[list[str], bool]]:
    """The syllables of each unbroken run of Chinese characters, or of letters that spell pinyin,
    and whether they were typed as letters; `text` in half width and lower case."""
    runs = ((list(_syllables(m[0])), m[0][0].isascii()) for m in _RUN.finditer(text))
    return [(s, typed) for s, typed in runs if s]


def spells(text: str) -> int:
    """How many syllables are typed as pinyin letters."""
    runs = (m[0] for m in _RUN.finditer(text.lower()) if m[0][0].isascii())
    return sum(len(list(_syllables(run))) for run in runs)


def _syllables(run: str) -> Iterator[str]:
    if not run[0].isascii():
        yield from map(_sound, run)
        return
    found: list[str] = []
    for word in re.split(r"[ ']", run):
        spelled = _spelled(word)
        if spelled is None:
            return
        found += spelled
    yield from found


def _spelled(word: str) -> list[str] | None:
    """`word` as syllables, the longest first and going back where that leads nowhere."""
    if not word:
        return []
    for size in range(min(_LONGEST, len(word)), 0, -1):
        if word[:size] in _known() and (rest := _spelled(word[size:])) is not None:
            return [word[:size], *rest]
    return None


@cache
def _sound(char: str) -> str:
    return str(lazy_pinyin(char)[0])


@cache
def _known() -> frozenset[str]:
    """Every syllable of two letters and more that some character has, and a, e, o."""
    spelled = (_sound(chr(c)) for c in _COMMON)
    return frozenset({s for s in spelled if len(s) > 1 and s.isalpha()} | set("aeo"))
