"""What questions teach: a tuned encoder, remembered questions, a table of translation.

Lessons are learnt from pairs (a question, the rows that answer it) over one corpus. They hold
no ranking yet: `index.features` turns them into numbers, `index.learn` weighs those.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csc_matrix, csr_matrix

from index.corpus import Corpus, Halves
from index.encoder import Static
from index.grams import Longs
from index.retriever import RetrieverError
from index.rows import Floats, Ints, load

Pair = tuple[str, Sequence[int]]
"""A question and the rows that answer it."""

ROUNDS = 5
"""Of expectation and maximisation; more changed nothing."""

SHRINK = 2.0
"""Added to a gram's count before its translations are shares, so that rare ones promise little."""

LEAST_SHARE = 0.003
_MOST_GRAMS = 120
_MOST_TARGETS = 3

_SPARSE = ("counts", "table", "row_grams", "law_grams", "chapter_grams")

Tuner = Callable[[Corpus, Static, Sequence[Pair]], Static]


@dataclass(frozen=True, slots=True)
class Lessons:
    """Questions by number, what leads from them to rows, and the encoder tuned on them.

    `counts` is question × gram, each row of length one, weighted by `rarity`; `lengths` says how
    many grams a question has; `vectors` are the
    questions' in `encoder`, `tuned` the corpus's. `links` (two columns: question, row) says what
    answers what. `table` is (question gram × article gram): how likely the first is asked where
    the second stands (IBM model 1, Brown et al. 1993). `by_…` count how many questions each row,
    law and chapter answers, `…_grams` in how many of them each gram stands.
    """

    ids: tuple[str, ...]
    encoder: Static
    tuned: Halves
    counts: csc_matrix
    lengths: Floats
    rarity: Floats
    vectors: Floats
    links: Ints
    table: csr_matrix
    by_row: Floats
    by_law: Floats
    by_chapter: Floats
    row_grams: csc_matrix
    law_grams: csc_matrix
    chapter_grams: csc_matrix

    def __len__(self) -> int:
        return len(self.ids)


def learn(
    corpus: Corpus,
    encoder: Static,
    pairs: Sequence[Pair],
    ids: Sequence[str] | None = None,
    tune: Tuner | None = None,
) -> Lessons:
    """Lessons from `pairs`; `ids` name the questions (by default their numbers).

    Without `tune` the encoder stays as it is. A question without a row is refused by whoever
    reads pairs, see `index.learn`.
    """
    tuned = tune(corpus, encoder, pairs) if tune and pairs else encoder
    stored = (
        corpus.vectors if tuned is encoder else tuned.vectors(corpus.documents()).astype(np.float16)
    )
    bags = encoder.vocabulary.bags(text for text, _ in pairs)
    size, count = len(encoder.vocabulary), len(pairs)
    # Copied, because adding up moves the numbers in place.
    ones = np.ones(len(bags.flat), np.float32)
    counted = csr_matrix((ones, bags.flat.copy(), bags.offsets.copy()), shape=(count, size))
    counted.sum_duplicates()
    seen = np.bincount(counted.indices, minlength=size)
    # Half how rare it is in law, half how rare in questions: 「怎么」 is rare in one of them only.
    rarity = (corpus.idf / 2 + np.log1p((count + len(corpus) / 10) / (1 + seen)) / 2).astype(
        np.float32
    )
    counted.data = np.sqrt(counted.data) * rarity[counted.indices]
    lengths = np.sqrt(np.asarray(counted.multiply(counted).sum(axis=1)).ravel())
    counted.data /= np.repeat(np.maximum(lengths, 1e-9), np.diff(counted.indptr))
    links = np.array(
        [(q, row) for q, (_, rows) in enumerate(pairs) for row in rows], np.int32
    ).reshape(-1, 2)
    return Lessons(
        tuple(ids if ids is not None else map(str, range(count))),
        tuned,
        stored,
        counted.tocsc(),
        np.diff(bags.offsets).astype(np.float32),
        rarity,
        tuned.vectors(bags),
        links,
        translate(corpus, [(bags[i], rows) for i, (_, rows) in enumerate(pairs)]),
        **_answered(corpus, links, counted),
    )


def translate(corpus: Corpus, pairs: Sequence[tuple[Ints, Sequence[int]]]) -> csr_matrix:
    """p(gram of a question | gram of an article), pairs of characters only.

    IBM model 1 without the empty word (Brown et al. 1993, section 4.1), by `ROUNDS` of EM over
    each question's first three articles, of each article its 120 rarest grams.
    """
    doubles = corpus.vocabulary.pairs
    size = len(corpus.vocabulary)
    asked, held, groups = [], [], []
    group = 0
    for ids, rows in pairs:
        question = np.unique(ids[doubles[ids]])
        if not len(question):
            continue
        for row in rows[:_MOST_TARGETS]:
            grams = corpus.text[row]
            grams = np.unique(grams[doubles[grams]])
            if len(grams) > _MOST_GRAMS:
                grams = grams[np.argpartition(-corpus.idf[grams], _MOST_GRAMS)[:_MOST_GRAMS]]
            asked.append(np.repeat(question, len(grams)))
            held.append(np.tile(grams, len(question)))
            groups.append(group + np.repeat(np.arange(len(question)), len(grams)))
            group += len(question)
    if not asked:
        return csr_matrix((size, size), dtype=np.float32)
    of = np.concatenate(groups)
    keys = np.concatenate(held).astype(np.int64) * size + np.concatenate(asked)
    keys, inverse = np.unique(keys, return_inverse=True)
    source, target = keys // size, keys % size
    shares = np.ones(len(keys))
    for _ in range(ROUNDS):
        weight = shares[inverse]
        weight /= np.bincount(of, weights=weight)[of]
        counted = np.bincount(inverse, weights=weight, minlength=len(keys))
        total = np.bincount(source, weights=counted, minlength=size)
        shares = counted / (total[source] + SHRINK)
    kept = shares > LEAST_SHARE
    return csr_matrix(
        (shares[kept].astype(np.float32), (target[kept], source[kept])), shape=(size, size)
    )


def save(lessons: Lessons, folder: Path) -> None:
    """Write `lessons` into `folder`, which exists; the encoder's words are the corpus's."""
    arrays: dict[str, npt.NDArray[np.generic]] = {
        "weights": np.asarray(lessons.encoder.weights, np.float16),
        "tuned": lessons.tuned,
        "lengths": lessons.lengths,
        "rarity": lessons.rarity,
        "vectors": lessons.vectors,
        "links": lessons.links,
        "by_row": lessons.by_row,
        "by_law": lessons.by_law,
        "by_chapter": lessons.by_chapter,
    }
    for name in _SPARSE:
        matrix = getattr(lessons, name)
        arrays |= {
            name: matrix.data,
            f"{name}.indices": matrix.indices,
            f"{name}.ends": matrix.indptr,
        }
    for name, array in arrays.items():
        np.save(folder / f"lessons.{name}.npy", array)
    (folder / "lessons.json").write_text(
        json.dumps(lessons.ids, ensure_ascii=False), encoding="utf-8"
    )


def open_lessons(folder: Path, corpus: Corpus) -> Lessons:
    """What `save` wrote. Raises RetrieverError when it is damaged or of another corpus."""
    try:
        ids = tuple(json.loads((folder / "lessons.json").read_text(encoding="utf-8")))

        def get(name: str) -> npt.NDArray[np.generic]:
            return load(folder / f"lessons.{name}.npy")  # type: ignore[no-any-return]

        size = len(corpus.vocabulary)
        parts = {name: (get(name), get(f"{name}.indices"), get(f"{name}.ends")) for name in _SPARSE}
        groups = [len(get(f"by_{name}")) for name in ("row", "law", "chapter")]
        lessons = Lessons(
            ids,
            Static(corpus.vocabulary, get("weights")),  # type: ignore[arg-type]
            get("tuned"),  # type: ignore[arg-type]
            csc_matrix(parts["counts"], shape=(len(ids), size)),
            np.asarray(get("lengths"), np.float32),
            np.asarray(get("rarity"), np.float32),
            np.asarray(get("vectors"), np.float32),
            np.asarray(get("links"), np.int32),
            csr_matrix(parts["table"], shape=(size, size)),
            *(np.asarray(get(f"by_{name}"), np.float32) for name in ("row", "law", "chapter")),
            *(
                csc_matrix(parts[f"{name}_grams"], shape=(count, size))
                for name, count in zip(("row", "law", "chapter"), groups, strict=True)
            ),
        )
    except (OSError, ValueError, EOFError) as error:
        raise RetrieverError(f"{folder}：学习结果读不出；请运行 xst learn") from error
    if len(lessons.tuned) != len(corpus) or len(lessons.by_row) != len(corpus):
        raise RetrieverError(f"{folder}：学习结果属于另一个索引；请运行 xst learn")
    return lessons


def _answered(corpus: Corpus, links: Ints, counted: csr_matrix) -> dict[str, Any]:
    """How many questions each row, law and chapter answers, and in how many of them each gram
    stands; a question counts once for each."""
    there = counted.astype(bool).astype(np.float32)
    found: dict[str, Any] = {}
    for name, of, size in (
        ("row", links[:, 1], len(corpus)),
        ("law", corpus.laws[links[:, 1]], int(corpus.laws.max(initial=-1)) + 1),
        ("chapter", corpus.chapters[links[:, 1]], int(corpus.chapters.max(initial=-1)) + 1),
    ):
        keys: Longs = np.unique(links[:, 0].astype(np.int64) * max(size, 1) + of)
        question, group = keys // max(size, 1), keys % max(size, 1)
        ones = np.ones(len(keys), np.float32)
        led = csr_matrix((ones, (group, question)), shape=(size, counted.shape[0]))
        found[f"by_{name}"] = np.asarray(led.sum(axis=1), np.float32).ravel()
        found[f"{name}_grams"] = (led @ there).tocsc()
    return found


def without(lessons: Lessons, ids: Iterable[str]) -> Ints:
    """The numbers of the questions with these ids."""
    wanted = set(ids)
    return np.array([i for i, id in enumerate(lessons.ids) if id in wanted], np.int32)
