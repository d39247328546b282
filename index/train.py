"""Training the encoder of wordings: contrastive pairs, first from law structure, then our own.

Pairs of the first kind are two sentences of one article, or its law and chapter with its first
sentence; of the second, a wording with its entry's answer, another wording, a cited article's
digest. In-batch negatives with a softmax over cosines (InfoNCE, van den Oord et al. 2018).
About two minutes on two cores; the same seed gives the same vectors on the same machine.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from index.meaning import Meaning

Pair = tuple[str, str]
Keys = Callable[[str], Iterable[str]]

TEMPERATURE = 0.07
DROPPED = 0.3
"""Share of a text's features left out at each sight, so that none is leant on."""


def train(
    law: Sequence[Pair],
    own: Sequence[Pair],
    keys: Keys,
    *,
    size: int = 44_000,
    dimension: int = 128,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> Meaning:
    """The encoder learnt from `law` pairs (two rounds), then `own` pairs (four rounds).

    `size` is the number of features kept, half of them for our own wordings.
    """
    torch.manual_seed(seed)
    chance = random.Random(seed)
    bags: dict[str, list[str]] = {t: sorted(set(keys(t))) for p in (*law, *own) for t in p}
    names, rarity = _vocabulary(law, own, bags, size)
    row = {name: i for i, name in enumerate(names)}
    ids = {t: torch.tensor([row[f] for f in b if f in row] or [0]) for t, b in bags.items()}
    table = nn.EmbeddingBag(len(names), dimension, mode="sum")
    nn.init.normal_(table.weight, std=0.05)
    weight = nn.Parameter(torch.tensor(rarity, dtype=torch.float32))
    batch = 512
    rounds = [(list(law), 2), (list(own), 4)]
    total = sum(r * max(1, len(p) // batch) for p, r in rounds)
    done = 0
    for pairs, epochs in rounds:
        optimizer = torch.optim.Adam(
            [{"params": table.parameters(), "lr": 5e-3}, {"params": [weight], "lr": 1e-3}]
        )
        for _ in range(epochs):
            chance.shuffle(pairs)
            for start in range(0, len(pairs) - batch // 2, batch):
                some = pairs[start : start + batch]
                left = _encode([ids[a] for a, _ in some], table, weight)
                right = _encode([ids[b] for _, b in some], table, weight)
                scores = left @ right.T / TEMPERATURE
                target = torch.arange(len(some))
                loss = functional.cross_entropy(scores, target)
                loss = (loss + functional.cross_entropy(scores.T, target)) / 2
                optimizer.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                optimizer.step()
                done += 1
                if progress:
                    progress(min(done, total), total)
    with torch.no_grad():
        vectors = (table.weight * weight[:, None]).numpy()
    return Meaning(names, vectors.astype(np.float16))


def _vocabulary(
    law: Sequence[Pair], own: Sequence[Pair], bags: dict[str, list[str]], size: int
) -> tuple[list[str], list[float]]:
    general: Counter[str] = Counter(f for p in law for t in p for f in bags[t])
    ours: Counter[str] = Counter(f for p in own for t in p for f in bags[t])
    names = [f for f, _ in ours.most_common(size // 2)]
    known = set(names)
    names += [f for f, _ in general.most_common(2 * size) if f not in known][: size - len(names)]
    taken = set(names)
    names += [f for f, _ in ours.most_common() if f not in taken][: size - len(names)]
    count = len(law) + len(own)
    rarity = [max(0.3, float(np.log(count / (1 + general[f] + ours[f])))) for f in names]
    return names, rarity


def _encode(
    texts: Sequence[torch.Tensor], table: nn.EmbeddingBag, weight: torch.Tensor
) -> torch.Tensor:
    seen = [t[torch.rand(len(t)) > DROPPED] if len(t) > 4 else t for t in texts]
    seen = [t if len(t) else full[:1] for t, full in zip(seen, texts, strict=True)]
    starts = torch.tensor([0, *(len(t) for t in seen[:-1])]).cumsum(0)
    flat = torch.cat(seen)
    return functional.normalize(table(flat, starts, per_sample_weights=weight[flat]), dim=1)
