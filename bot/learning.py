"""Pairs to learn from: the structure of law texts, and the project's own wordings."""

from __future__ import annotations

import random
import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from bot.importing import import_paths
from bot.release import LABOUR, make_tokens
from bot.wording import entries, question_features
from index.meaning import Meaning
from index.questions import Entry, Features
from knowledge.authored import read_content
from knowledge.library import Library, publish
from knowledge.pieces import Content
from knowledge.regions import Regions

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
