"""Training static encoders by contrast: what belongs together is drawn near, the rest of the
batch apart (InfoNCE, van den Oord et al. 2018), on a processor, only touched rows being moved.

torch is imported here and in `index.train` only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional

from index.corpus import Corpus
from index.encoder import Static
from index.grams import Vocabulary
from index.lessons import Pair
from index.lexical import Lexical
from index.rows import Bools, Floats, Ints

SCALE = 20.0
"""Cosines are multiplied by this before the softmax."""

OWN, LINKED, FIRST = 0.18, 0.05, 0.75
"""Shares of a batch, see `pretrain`."""

_WINDOW = (12, 50)
"""Grams that a window of a clause has: six to twenty-five characters."""

Progress = Callable[[int, int], None]


class Contrast:
    """A table of vectors in training; Adam (Kingma, Ba 2015), each row with its own moments."""

    def __init__(self, weights: Floats) -> None:
        self.weights = torch.from_numpy(np.array(weights, np.float32))
        self._first = torch.zeros_like(self.weights)
        self._second = torch.zeros_like(self.weights)
        self._steps = 0

    def step(
        self,
        left: Sequence[Ints],
        right: Sequence[Ints],
        rate: float,
        allowed: Bools | None = None,
        *,
        both_ways: bool = False,
    ) -> float:
        """Draw `left[i]` to `right[i]`, away from all other `right`; the loss before the step.

        `right` may be longer than `left`: what is more are wrong answers. `allowed[i, j]` false
        leaves `right[j]` out for `left[i]`, as another right answer. `both_ways` also draws
        `right[i]` away from all other `left`.
        """
        bags = [bag if len(bag) else np.zeros(1, np.int32) for bag in (*left, *right)]
        flat = np.concatenate(bags)
        starts = np.cumsum([0, *map(len, bags[:-1])])
        touched, place = np.unique(flat, return_inverse=True)
        rows = torch.from_numpy(touched.astype(np.int64))
        table = self.weights[rows].requires_grad_(True)
        means = functional.embedding_bag(
            torch.from_numpy(place), table, torch.from_numpy(starts), mode="mean"
        )
        vectors = functional.normalize(means, dim=1)
        scores = vectors[: len(left)] @ vectors[len(left) :].T * SCALE
        if allowed is not None:
            scores = scores.masked_fill(torch.from_numpy(~allowed), -1e9)
        wanted = torch.arange(len(left))
        loss = functional.cross_entropy(scores, wanted)
        if both_ways:
            back = scores[:, : len(left)].T
            loss = (loss + functional.cross_entropy(back, wanted)) / 2
        loss.backward()  # type: ignore[no-untyped-call]
        assert table.grad is not None
        self._move(rows, table.grad, rate)
        return float(loss.detach())

    def _move(self, rows: torch.Tensor, gradient: torch.Tensor, rate: float) -> None:
        self._steps += 1
        first = self._first[rows].mul_(0.9).add_(gradient, alpha=0.1)
        second = self._second[rows].mul_(0.999).addcmul_(gradient, gradient, value=0.001)
        self._first[rows], self._second[rows] = first, second
        first = first / (1 - 0.9**self._steps)
        second = second / (1 - 0.999**self._steps)
        self.weights[rows] -= rate * first / (second.sqrt() + 1e-8)


def thinned(chance: np.random.Generator, bag: Ints, share: float, most: int = 150) -> Ints:
    """`bag` without about `share` of its grams, at most `most` of them, never none."""
    if len(bag) > 2 and share > 0:
        kept = bag[chance.random(len(bag)) >= share]
        bag = kept if len(kept) else bag
    return bag if len(bag) <= most else chance.choice(bag, most, replace=False)


def clause_pair(chance: np.random.Generator, corpus: Corpus, row: int) -> tuple[Ints, Ints]:
    """A thinned clause of a row, and its head with the rest of it: Lee et al. 2019's inverse
    cloze task, "Latent Retrieval for Weakly Supervised Open Domain Question Answering"."""
    low, high = int(corpus.text.offsets[row]), int(corpus.text.offsets[row + 1])
    flat, clauses = corpus.text.flat[low:high], corpus.text.clauses[low:high]
    head = corpus.heads[corpus.head_of[row]]
    if not len(flat):
        return head, head
    picked = clauses == chance.choice(np.unique(clauses))
    clause, rest = flat[picked], flat[~picked]
    if len(clause) > _WINDOW[0] and chance.random() < 0.5:
        # People ask in some ten to thirty characters, so half the clauses are cut to that.
        wide = int(chance.integers(*_WINDOW))
        low = int(chance.integers(0, max(1, len(clause) - wide)))
        clause = clause[low : low + wide]
    if chance.random() < 0.15:
        asked = np.concatenate([thinned(chance, head, 0.3), thinned(chance, clause, 0.3)])
        return asked, thinned(chance, flat, 0)
    if not len(rest) and chance.random() < 0.5:
        rest = thinned(chance, clause, 0.5)
    asked = thinned(chance, clause, chance.random() * 0.6, 80)
    return asked, np.concatenate([head, thinned(chance, rest, 0)])


def pretrain(
    corpus: Corpus,
    vocabulary: Vocabulary,
    pairs: Sequence[tuple[Ints, Ints]],
    first: Ints,
    *,
    dimension: int = 256,
    steps: int = 7000,
    batch: int = 1024,
    rate: float = 0.02,
    seed: int = 0,
    progress: Progress | None = None,
) -> Static:
    """An encoder from the structure of law and from `pairs` (two bags that belong together).

    Of a batch `OWN` are pairs, `LINKED` an article and one that it names, the rest a clause and
    its article; of these `FIRST` come from the rows `first`, whose law matters most.
    """
    chance = np.random.default_rng(seed)
    torch.manual_seed(seed)
    start = chance.normal(0, 0.05, (len(vocabulary), dimension)).astype(np.float32)
    start *= np.clip(corpus.idf, 1.0, None)[:, None] / 4
    training = Contrast(start)
    linked = np.repeat(np.arange(len(corpus)), np.diff(corpus.links.indptr))
    for step in range(1, steps + 1):
        chosen = []
        kinds = chance.random(batch)
        for kind in kinds.tolist():
            if kind < OWN and len(pairs):
                asked, answer = pairs[int(chance.integers(len(pairs)))]
                chosen.append((thinned(chance, asked, 0.15), thinned(chance, answer, 0.3)))
            elif kind < OWN + LINKED and len(linked):
                link = int(chance.integers(len(linked)))
                one, other = corpus.text[linked[link]], corpus.text[corpus.links.indices[link]]
                chosen.append((thinned(chance, one, 0.4), thinned(chance, other, 0.2)))
            else:
                within = len(first) and chance.random() < FIRST
                row = int(chance.choice(first) if within else chance.integers(len(corpus)))
                chosen.append(clause_pair(chance, corpus, row))
        slower = min(1, step / 100) * (1 - 0.95 * step / steps)
        left, right = [a for a, _ in chosen], [b for _, b in chosen]
        training.step(left, right, rate * slower, both_ways=True)
        if progress:
            progress(step, steps)
    return Static(vocabulary, training.weights.numpy())


def tune(
    corpus: Corpus,
    encoder: Static,
    pairs: Sequence[Pair],
    lexical: Lexical,
    *,
    rounds: int = 10,
    batch: int = 256,
    rate: float = 0.01,
    seed: int = 0,
) -> Static:
    """`encoder` drawn on by questions and their articles, each with a wrong article that shares
    its words, among clauses of law so that it does not forget the rest."""
    chance = np.random.default_rng(seed)
    documents = corpus.documents()
    asked = encoder.vocabulary.bags(text for text, _ in pairs)
    links = np.array([(q, r) for q, (_, rows) in enumerate(pairs) for r in rows], np.int64)
    keys = np.unique(links[:, 0] * len(corpus) + links[:, 1])
    wrong = [_wrong(lexical, text, rows) for text, rows in pairs]
    training = Contrast(encoder.weights)
    per_round = max(1, len(links) // batch)
    step = 0
    for _ in range(rounds):
        for some in np.array_split(chance.permutation(len(links)), per_round):
            questions, rows = links[some, 0], links[some, 1]
            left = [thinned(chance, asked[q], 0.1) for q in questions]
            right = [thinned(chance, documents[r], 0.2, 160) for r in rows]
            for row in chance.integers(0, len(corpus), len(some) // 2).tolist():
                clause, rest = clause_pair(chance, corpus, row)
                left.append(clause)
                right.append(rest)
            hard = [wrong[q][chance.integers(len(wrong[q]))] for q in questions if len(wrong[q])]
            right += [thinned(chance, documents[r], 0.2, 160) for r in hard]
            allowed = np.ones((len(left), len(right)), np.bool_)
            own = np.isin(questions[:, None] * len(corpus) + rows[None, :], keys)
            allowed[: len(some), : len(some)] = ~own | np.eye(len(some), dtype=np.bool_)
            step += 1
            slower = 1 - 0.9 * step / (rounds * per_round)
            training.step(left, right, rate * slower, allowed)
    return Static(encoder.vocabulary, training.weights.numpy())


def _wrong(lexical: Lexical, text: str, rows: Sequence[int]) -> npt.NDArray[np.int64]:
    """Rows among the twelve best by words that do not answer."""
    scores = lexical.scores(text)
    scores[list(rows)] = 0
    best = np.argpartition(-scores, min(12, len(scores) - 1))[:12]
    return best[scores[best] > 0]
