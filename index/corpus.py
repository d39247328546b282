"""What is known of the passages before any question: grams, clauses, structure, vectors.

The learnt ranking reads this for the few hundred candidates of a query. Everything is an array
on disk, mapped and not read; row numbers are those of `index.rows`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from index.encoder import Static
from index.grams import Bags, Longs, Vocabulary
from index.retriever import Passage, RetrieverError
from index.rows import Floats, Ints, Rows, load

Halves = npt.NDArray[np.float16]

_DOCUMENT = ("text", "heads")
_KINDS = (
    re.compile("解释|最高人民法院|最高人民检察院|批复"),
    re.compile("法$|法典$"),
    re.compile("条例$"),
    re.compile("规定|办法|规则|细则|决定"),
)


@dataclass(frozen=True, slots=True)
class Corpus:
    """The passages of one index, seen by one encoder.

    `text` and `heads` are the grams of text and of title with chapter (a head is kept once,
    `head_of` says whose it is). `idf` and `vectors` are by gram and by row; `laws` and `chapters`
    number the rows' titles and chapters from 0 without gaps; `links` holds which rows name each
    other, both ways.
    """

    rows: Rows
    vocabulary: Vocabulary
    text: Bags
    heads: Bags
    head_of: Ints
    idf: Floats
    vectors: Halves
    laws: Ints
    chapters: Ints
    kinds: Ints
    sizes: Ints
    links: csr_matrix

    def __len__(self) -> int:
        return len(self.head_of)

    def documents(self) -> Bags:
        """Head and text of every row as one bag, for an encoder."""
        text, heads = self.text, self.heads
        long = np.diff(text.offsets)
        high = np.diff(heads.offsets)[self.head_of]
        offsets = np.concatenate([[0], np.cumsum(long + high)])
        flat = np.empty(int(offsets[-1]), np.int32)
        flat[_spread(offsets[:-1], high)] = heads.flat[_spread(heads.offsets[self.head_of], high)]
        flat[_spread(offsets[:-1] + high, long)] = text.flat
        return Bags(flat, offsets, np.zeros(0, np.uint8))


def gather(bags: Bags, wanted: npt.NDArray[np.integer]) -> tuple[Longs, Ints]:
    """Where in `bags.flat` the grams of the `wanted` texts lie, and whose each is (0 …)."""
    lengths = bags.offsets[wanted + 1] - bags.offsets[wanted]
    at = _spread(bags.offsets[wanted], lengths)
    return at, np.repeat(np.arange(len(wanted), dtype=np.int32), lengths)


def _spread(starts: Longs, lengths: Longs) -> Longs:
    """starts[0], starts[0]+1, … `lengths[0]` numbers, then those of starts[1], …"""
    ends = np.cumsum(lengths)
    total = int(ends[-1]) if len(ends) else 0
    found: Longs = np.arange(total) + np.repeat(starts - (ends - lengths), lengths)
    return found


def build(
    passages: Sequence[Passage],
    folder: Path,
    encoder: Static,
    links: Iterable[tuple[str, str]] = (),
) -> Corpus:
    """Write what is known of `passages` (in the order of `rows.ordered`) into `folder`.

    `links` are pairs of passage ids of which one names the other.
    """
    vocabulary = encoder.vocabulary
    text = vocabulary.bags(passage.text for passage in passages)
    number: dict[str, int] = {}
    head_of = np.array(
        [number.setdefault(f"{p.title} {p.chapter}", len(number)) for p in passages], np.int32
    )
    heads = vocabulary.bags(number)
    counts = _document_counts(text, len(vocabulary))
    idf = np.log1p((len(passages) - counts + 0.5) / (counts + 0.5)).astype(np.float32)
    row = {passage.id: i for i, passage in enumerate(passages)}
    pairs = [(row[a], row[b]) for a, b in links if a in row and b in row and a != b]
    one = np.array(pairs, np.int32).reshape(-1, 2)
    source = np.concatenate([one[:, 0], one[:, 1]])
    target = np.concatenate([one[:, 1], one[:, 0]])
    shape = (len(passages), len(passages))
    graph = csr_matrix((np.ones(len(source), np.float32), (source, target)), shape=shape)
    arrays = {
        "text": text.flat,
        "text.offsets": text.offsets,
        "text.clauses": text.clauses,
        "heads": heads.flat,
        "heads.offsets": heads.offsets,
        "head_of": head_of,
        "idf": idf,
        "laws": _without_gaps([p.title for p in passages]),
        "chapters": _without_gaps([(p.title, p.chapter) for p in passages]),
        "kinds": np.array([_kind(p.title) for p in passages], np.int32),
        "sizes": np.array([len(p.text) for p in passages], np.int32),
        "links.ends": graph.indptr.astype(np.int64),
        "links": graph.indices.astype(np.int32),
    }
    for name, array in arrays.items():
        np.save(folder / f"corpus.{name}.npy", array)
    documents = open_corpus(folder, Rows.of(passages), vocabulary, vectors=False).documents()
    np.save(folder / "corpus.vectors.npy", encoder.vectors(documents).astype(np.float16))
    about = {"encoder": encoder.fingerprint()}
    (folder / "corpus.json").write_text(json.dumps(about), encoding="utf-8")
    return open_corpus(folder, Rows.of(passages), vocabulary)


def open_corpus(
    folder: Path, rows: Rows, vocabulary: Vocabulary, *, vectors: bool = True
) -> Corpus:
    """What `build` wrote. Raises RetrieverError when a file is missing or damaged."""
    try:
        get = {
            name: load(folder / f"corpus.{name}.npy")
            for name in (
                *("text", "text.offsets", "text.clauses", "heads", "heads.offsets", "head_of"),
                *("idf", "laws", "chapters", "kinds", "sizes", "links.ends", "links"),
            )
        }
        stored = load(folder / "corpus.vectors.npy") if vectors else np.zeros((0, 0), np.float16)
    except (OSError, ValueError, EOFError) as error:
        raise RetrieverError(f"{folder}：索引不完整；请运行 xst build") from error
    count = len(get["head_of"])
    ones = np.ones(len(get["links"]), np.float32)
    return Corpus(
        rows,
        vocabulary,
        Bags(get["text"], np.asarray(get["text.offsets"]), get["text.clauses"]),
        Bags(get["heads"], np.asarray(get["heads.offsets"]), np.zeros(0, np.uint8)),
        np.asarray(get["head_of"]),
        np.asarray(get["idf"]),
        stored,
        np.asarray(get["laws"]),
        np.asarray(get["chapters"]),
        np.asarray(get["kinds"]),
        np.asarray(get["sizes"]),
        csr_matrix((ones, get["links"], get["links.ends"]), shape=(count, count)),
    )


def encoder_of(folder: Path) -> str:
    """The fingerprint of the encoder that `folder` was built with."""
    about: dict[str, str] = json.loads((folder / "corpus.json").read_text(encoding="utf-8"))
    return about["encoder"]


def _document_counts(bags: Bags, size: int) -> Longs:
    """In how many texts each gram stands."""
    shape = (len(bags), size)
    # Copied, because adding up moves the numbers in place.
    counted = csr_matrix(
        (np.ones(len(bags.flat), np.int8), bags.flat.copy(), bags.offsets.copy()), shape
    )
    counted.sum_duplicates()
    found: Longs = np.bincount(counted.indices, minlength=size)
    return found


def _without_gaps(names: Sequence[object]) -> Ints:
    number: dict[object, int] = {}
    return np.array([number.setdefault(name, len(number)) for name in names], np.int32)


def _kind(title: str) -> int:
    return next((i for i, p in enumerate(_KINDS, start=1) if p.search(title)), 0)
