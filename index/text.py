"""Text as the index sees it: one normal form, character n-grams, words, lay words made legal."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

# Where compatibility forms live: the BMP, mathematical letters, squared letters, CJK supplement.
_RANGES = ((0, 0x10000), (0x1D400, 0x1D800), (0x1F100, 0x1F260), (0x2F800, 0x2FA20))
_LONGEST_WORD = 16


def normalise(text: str) -> str:
    """`text` in half width and lower case, without accents and zero-width characters.

    Close to NFKC, but character by character, so that a second does nine million characters.
    Spaces, line ends and other controls become one space each. Applying it twice changes nothing.
    """
    return text.translate(_table())


def runs(text: str) -> list[str]:
    """The unbroken runs of letters and digits in a normalised `text`."""
    # str.isalnum and not \\w: the build decides per code point by the same predicate.
    return "".join(c if c.isalnum() else " " for c in text).split()


class Tokens:
    """How queries and passages become terms.

    `words` are the terms of the field; those of three and more characters become index terms of
    their own (shorter ones are n-grams anyway). `synonyms` leads from lay words to legal terms.
    `cache` is a folder for jieba's dictionary cache; without it none is written, so a read-only
    installation works.
    """

    def __init__(
        self,
        words: Iterable[str] = (),
        synonyms: Mapping[str, Iterable[str]] | None = None,
        cache: Path | None = None,
    ) -> None:
        clean = {"".join(runs(normalise(word))) for word in words}
        self.terms = sorted(word for word in clean if 3 <= len(word) <= _LONGEST_WORD)
        self.synonyms = {
            lay: [normalise(legal) for legal in legals]
            for key, legals in (synonyms or {}).items()
            if (lay := normalise(key).strip())
        }
        self._names = sorted(word for word in clean if len(word) > 1)
        self._cache = cache
        self._jieba: Any = None
        alternatives = sorted(self.synonyms, key=lambda lay: (-len(lay), lay))
        self._lay = re.compile("|".join(map(re.escape, alternatives))) if alternatives else None

    def grams(self, text: str) -> list[str]:
        """Characters and pairs of neighbours, no pair across punctuation or space."""
        found: list[str] = []
        for run in runs(normalise(text)):
            found += run
            found += (run[i : i + 2] for i in range(len(run) - 1))
        return found

    def words(self, text: str) -> list[str]:
        """The words of `text` by jieba without its HMM, so that nothing is invented.

        The first call loads the dictionary, for half a second to a second. The lexical engine does
        without (see there); this is for those that count or compare words.
        """
        if self._jieba is None:
            self._jieba = _jieba(self._names, self._cache)
        return [word for run in runs(normalise(text)) for word in self._jieba.lcut(run, HMM=False)]

    def expand(self, text: str) -> list[str]:
        """The legal terms that the lay words in `text` stand for, each once, longest wins."""
        if self._lay is None:
            return []
        found = self._lay.findall(normalise(text))
        return list(dict.fromkeys(legal for lay in found for legal in self.synonyms[lay]))


def _jieba(words: list[str], cache: Path | None) -> Any:
    import jieba

    jieba.setLogLevel("CRITICAL")  # it reports to stderr on loading
    tokenizer = jieba.Tokenizer()
    if cache is None:
        # Tokenizer.initialize() would write to the system's temporary folder.
        tokenizer.FREQ, tokenizer.total = tokenizer.gen_pfdict(tokenizer.get_dict_file())
        tokenizer.initialized = True
    else:
        tokenizer.tmp_dir = str(cache)
        tokenizer.initialize()
    for word in words:
        tokenizer.add_word(word)
    return tokenizer


@cache
def _table() -> dict[int, str]:
    """What each character turns into; characters that stay are not in it."""
    table = {}
    for low, high in _RANGES:
        for point in range(low, high):
            old = chr(point)
            new = _plain(old)
            if new != old:
                table[point] = new
    return table


def _plain(char: str) -> str:
    if unicodedata.category(char) in ("Cc", "Cs", "Zs", "Zl", "Zp"):
        return " "
    text = char
    while True:
        parts = unicodedata.normalize("NFKD", text).lower()
        bare = "".join(c for c in parts if unicodedata.category(c) not in ("Cf", "Mn", "Me"))
        kept = unicodedata.normalize("NFC", bare)
        if kept == text:
            return kept
        text = kept
