"""Pairs to learn from: the structure of law texts, and the project's own wordings."""

from __future__ import annotations

import random
import re
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from bot.benching import content_questions
from bot.importing import import_paths
from bot.release import LABOUR, make_tokens, passages
from bot.teaching import cited_wordings
from bot.wording import entries, question_features
from index.corpus import build as build_corpus
from index.encoder import Static, pack
from index.evaluate import Shelf, read_bench
from index.grams import Vocabulary
from index.meaning import Meaning
from index.questions import Entry, Features
from index.retriever import Passage, RetrieverError
from index.rows import ordered
from index.text import normalise, runs
from knowledge.authored import read_content
from knowledge.library import Library, publish
from knowledge.pieces import Content
from knowledge.regions import NATION, Regions

Pair = tuple[str, str]

OTHER_LAW = 30_000
"""Articles of other fields of law beside all of labour law."""


def train_wordings(
    laws: Path, target: Path, progress: Callable[[int, int], None] | None = None, seed: int = 0
) -> Path:
    """Train the encoder of wordings on the texts under `laws` and the project's content."""
    from index.train import train

    content = read_content()
    features = question_features(
        make_tokens(content.topics, content.synonyms), Regions(content.regions)
    )
    with tempfile.TemporaryDirectory() as temporary:
        shelf, built = Path(temporary) / "shelf.db", Path(temporary) / "library.db"
        import_paths([laws], shelf)
        publish(shelf, built, {}, {})
        library = Library(built)
        law = list(law_pairs(library, seed))
        library.close()
    own = list(own_pairs(content, seed))
    learnt = train(law, own, lambda t: (f for f, _ in features(t)), seed=seed, progress=progress)
    learnt.save(target)
    return target


def train_encoder(
    laws: Path,
    target: Path,
    progress: Callable[[int, int], None] | None = None,
    seed: int = 0,
    steps: int = 7000,
) -> Path:
    """Train the encoder of articles on the texts under `laws` and the project's own wordings."""
    from index.contrast import pretrain

    content = read_content()
    with tempfile.TemporaryDirectory() as temporary:
        shelf, built = Path(temporary) / "shelf.db", Path(temporary) / "library.db"
        import_paths([laws], shelf)
        publish(shelf, built, {}, {})
        library = Library(built)
        found = ordered(passages(library))
        wordings = [(q, c) for _, q, c in cited_wordings(content) if library.find(c, date.today())]
        vocabulary = grams_for(found, [q for q, _ in wordings])
        blank = Static(vocabulary, np.zeros((len(vocabulary), 1), np.float32))
        corpus = build_corpus(found, Path(temporary), blank, library.links(date.today()))
        at = {passage.id: row for row, passage in enumerate(found)}
        documents = corpus.documents()
        pairs = []
        for wording, citation in wordings:
            article = library.find(citation, date.today())
            assert article is not None
            pairs.append((vocabulary.ids(wording), documents[at[article.id]]))
        library.close()
    national = np.flatnonzero([passage.region == NATION for passage in found]).astype(np.int32)
    encoder = pretrain(
        corpus, vocabulary, pairs, national, seed=seed, steps=steps, progress=progress
    )
    pack(encoder, target)
    return target


def train_ranking(
    folder: Path, target: Path, progress: Callable[[str, int, int], None] | None = None
) -> dict[str, Any]:
    """Grow the trees that ship on a benchmark's training questions, our wordings remembered.

    `folder` is one that `xst bench retrieval` reads. Returns the report of `index.learn.study`.
    Raises RetrieverError when the trees did not help on every kind of fold.
    """
    data = read_bench(folder, "train")
    with tempfile.TemporaryDirectory() as temporary:
        content = content_questions(folder)
        shelf = Shelf(data, ordered(data.articles), Path(temporary), content)
        engine, _, report = shelf.learnt(data.qrels["train"], set(), progress)
        if engine.trees is None:
            raise RetrieverError(f"{folder}：学到的排序没有用处，未写出（{report.get('why')}）")
        target.mkdir(parents=True, exist_ok=True)
        engine.trees.save(target)
    return report


GRAMS = 44_000
"""Of the encoder of articles: at 256 numbers of eight bits each they make 11 MB."""


def grams_for(passages: Sequence[Passage], wordings: Sequence[str]) -> Vocabulary:
    """Every character that is not a rarity, and the pairs that matter most: a pair of our own
    wordings counts as much as fifteen articles."""
    counts: Counter[str] = Counter()
    own: Counter[str] = Counter()
    for passage in passages:
        counts.update(_grams(passage.text))
    counts.update(g for title in {p.title for p in passages} for g in _grams(title))
    for wording in wordings:
        own.update(_grams(wording))
    singles = [g for g in sorted({*counts, *own}) if len(g) == 1 and counts[g] + own[g] > 2]
    doubles = [g for g in {*counts, *own} if len(g) == 2]
    doubles.sort(key=lambda g: (-(counts[g] + 15 * own[g]), g))
    return Vocabulary((singles + doubles)[:GRAMS])


def _grams(text: str) -> set[str]:
    parts = runs(normalise(text))
    return {c for run in parts for c in run} | {
        run[i : i + 2] for run in parts for i in range(len(run) - 1)
    }


def train_on(content: Content, seed: int = 0) -> Callable[[Sequence[Entry], Features], Meaning]:
    """A trainer for `held_out`: the encoder learnt from some entries' wordings and the digests,
    without law texts."""
    from index.train import train

    def learnt(entries: Sequence[Entry], features: Features) -> Meaning:
        pairs = list(_pairs(entries, content, seed))
        return train([], pairs, lambda t: (f for f, _ in features(t)), seed=seed)

    return learnt


def law_pairs(library: Library, seed: int) -> Iterator[Pair]:
    """Two sentences of one article; a law and chapter with an article's first sentence."""
    chance = random.Random(seed)
    articles = list(library.each_article())
    chance.shuffle(articles)
    labour = [a for a in articles if re.search(LABOUR, a.version.law)]
    other = [a for a in articles if not re.search(LABOUR, a.version.law)][:OTHER_LAW]
    for article in (*labour, *other):
        pieces = [s[:100] for s in re.split(r"[。；\n]", article.text) if len(s) > 8]
        if len(pieces) > 1:
            first, second = chance.sample(pieces, 2)
            yield first, second
        if pieces:
            yield f"{article.version.law} {article.chapter}", pieces[0]


def own_pairs(content: Content, seed: int) -> Iterator[Pair]:
    """A wording with its entry's words, with another wording, with a cited article's digest."""
    listed = entries(content.cards, content.points, content.cases, content.topics)
    return _pairs(listed, content, seed)


def _pairs(listed: Sequence[Entry], content: Content, seed: int) -> Iterator[Pair]:
    chance = random.Random(seed)
    digests = {d.citation: d.says for d in content.digests}
    cited = {
        c.id: [digests[x.whole] for x in c.cite[:2] if x.whole in digests] for c in content.cards
    }
    for entry in listed:
        for wording in entry.wordings:
            yield wording, entry.text
            yield wording, chance.choice(entry.wordings)
            if says := cited.get(entry.ref):
                yield wording, chance.choice(says)
