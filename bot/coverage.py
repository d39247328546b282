"""What the content covers and where its holes are, and how well unseen wordings find it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from index.meaning import Meaning
from index.questions import Entry, Features, build_questions, remembered
from index.retriever import Query
from knowledge.pieces import AUDIENCES, Content, Guard
from knowledge.regions import NATION


def topics(content: Content) -> list[tuple[str, dict[str, int]]]:
    """(topic name, counts) in the order of topics.yaml: cards, points, cards by audience, local
    cards, and places with a rule or card of their own; a leaf with neither card nor point is a
    hole."""
    counts: dict[str, Counter[str]] = {}
    places: dict[str, set[str]] = {}
    for card in content.cards:
        counter = counts.setdefault(card.topic, Counter())
        counter.update(card.audience)
        counter["地方卡片"] += card.region != NATION
        counter["卡片"] += 1
        places.setdefault(card.topic, set()).add(card.region)
    for point in content.points:
        counts.setdefault(point.topic, Counter())["程序要点"] += 1
        places.setdefault(point.topic, set()).update(r.region for r in point.rules)
    columns = ("卡片", "程序要点", *AUDIENCES, "地方卡片")
    parents = {t.parent for t in content.topics}
    return [
        (
            t.name,
            {c: counts.get(t.id, Counter())[c] for c in columns}
            | {"法域": len(places.get(t.id, set()) - {NATION})},
        )
        for t in content.topics
        if t.id in counts or (t.parent and t.id not in parents and "statutory" not in t.id)
    ]


def topics_by_region(content: Content) -> tuple[list[str], list[tuple[str, dict[str, int]]]]:
    """(regions, rows of topic name and how many local cards and rules each region has)."""
    counts: dict[str, Counter[str]] = {}
    local: Iterable[tuple[str, str]] = (
        *((c.topic, c.region) for c in content.cards),
        *((p.topic, r.region) for p in content.points for r in p.rules),
    )
    for topic, region in local:
        if region != NATION:
            counts.setdefault(topic, Counter())[region] += 1
    total = sum(counts.values(), Counter())
    regions = [r for r, _ in total.most_common()]
    names = {t.id: t.name for t in content.topics}
    return regions, [(names.get(t, t), dict(c)) for t, c in counts.items()]


def near(left: str, right: str) -> bool:
    """Whether two wordings are near copies: Jaccard over pairs of characters above 0.6."""
    a = {left[i : i + 2] for i in range(len(left) - 1)}
    b = {right[i : i + 2] for i in range(len(right) - 1)}
    return bool(a | b) and len(a & b) / len(a | b) > 0.6


Trainer = Callable[[Sequence[Entry], Features], Meaning]
"""Entries and features -> an encoder that has seen nothing but these entries."""


def held_out(
    entries: Sequence[Entry],
    features: Features,
    train: Trainer,
    guards: Sequence[Callable[[str], Guard | None]] = (),
    folds: int = 8,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, float]:
    """Hold each wording out once, with its near copies of the same entry, and ask it as a person
    would: shares of entries that come first, and among the first three, by kind.

    Wordings go out fold by fold; encoder and counts are made anew without them, so nothing has
    seen what it is asked. An entry that a guard speaks for is found by its guard.
    """
    found: dict[str, Counter[str]] = {}
    features = remembered(features)
    for fold in range(folds):
        kept, out = [], []
        for entry in entries:
            gone = [w for n, w in enumerate(entry.wordings[1:]) if n % folds == fold]
            out += [(entry, w) for w in gone]
            rest = tuple(w for w in entry.wordings if not any(w == g or near(w, g) for g in gone))
            kept.append(replace(entry, wordings=rest))
        questions = build_questions(kept, features, train(kept, features))
        for entry, wording in out:
            guard = next((g for guard in guards if (g := guard(wording))), None)
            if guard:
                hits = [guard.card]
            else:
                query = Query(wording, regions=("国家", entry.region))
                hits = [h.ref for h in questions.search(query, 3)]
            for kind in (entry.kind, "all"):
                counter = found.setdefault(kind, Counter())
                counter["asked"] += 1
                counter["first"] += hits[:1] == [entry.ref]
                counter["first_three"] += entry.ref in hits
        if progress:
            progress(fold + 1, folds)
    return {
        f"{kind}_{name}" if kind != "all" else name: (
            counter[name] if name == "asked" else round(counter[name] / counter["asked"], 4)
        )
        for kind, counter in sorted(found.items())
        for name in ("asked", "first", "first_three")
    }
