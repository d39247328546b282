"""What the content covers, and where its holes are: topics by audience and region, steps by
region."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from index.meaning import Meaning, open_meaning
from index.questions import Entry, Features, build_questions
from index.retriever import Query
from knowledge.pieces import AUDIENCES, Content, Span


def topics(content: Content) -> list[tuple[str, dict[str, int]]]:
    """(topic name, count by audience, and the local ones as 地方) in the order of topics.yaml;
    a leaf without any card or point is a hole."""
    counts: dict[str, Counter[str]] = {}
    for card in content.cards:
        counter = counts.setdefault(card.topic, Counter())
        counter.update(card.audience)
        counter["地方"] += card.region != "国家"
        counter["卡片"] += 1
    for point in content.points:
        counts.setdefault(point.topic, Counter())["程序要点"] += 1
    columns = ("卡片", "程序要点", *AUDIENCES, "地方")
    parents = {t.parent for t in content.topics}
    return [
        (t.name, {c: counts.get(t.id, Counter())[c] for c in columns})
        for t in content.topics
        if t.id in counts or (t.parent and t.id not in parents and "statutory" not in t.id)
    ]


def matrix(content: Content) -> tuple[list[str], list[tuple[str, str, dict[str, str]]]]:
    """(regions, rows of step, point title and the figure by region); regions by how much they
    say. A cell holds the first figures of the region's rules, 有 where a rule has none."""
    regions = [r for r, _ in Counter(r.region for r in content.rules).most_common()]
    rows = []
    for point in sorted(content.points, key=lambda p: p.step):
        cells: dict[str, list[str]] = {}
        for rule in point.rules:
            cells.setdefault(rule.region, []).extend(map(shown, rule.figures[:2]))
        rows.append(
            (
                point.step,
                point.title,
                {r: "、".join(dict.fromkeys(c)) or "有" for r, c in cells.items()},
            )
        )
    return regions, rows


def shown(span: Span) -> str:
    """A figure as a cell of a table: 10工作日, ≥2/3, ≤30日."""
    sign = {"以上": "≥", "至少": "≥", "过": ">", "不超过": "≤"}.get(span.compare, "")
    return f"{sign}{span.number}{'' if span.unit == '份额' else span.unit}"


def near(left: str, right: str) -> bool:
    """Whether two wordings are near copies: Jaccard over pairs of characters above 0.6."""
    a = {left[i : i + 2] for i in range(len(left) - 1)}
    b = {right[i : i + 2] for i in range(len(right) - 1)}
    return bool(a | b) and len(a & b) / len(a | b) > 0.6


def held_out(
    entries: Sequence[Entry], features: Features, meaning: Meaning | None = None, folds: int = 10
) -> Mapping[str, float]:
    """Hold wordings out, fold by fold, with their near copies of the same entry, and ask them:
    shares of entries that come first, and among the first three.

    The encoder that ships has seen every wording, which flatters the figures a little.
    """
    meaning = meaning or open_meaning()
    first = third = asked = 0
    for fold in range(folds):
        kept, out = [], []
        for entry in entries:
            gone = [w for n, w in enumerate(entry.wordings[1:]) if n % folds == fold]
            out += [(entry, w) for w in gone]
            rest = tuple(w for w in entry.wordings if not any(w == g or near(w, g) for g in gone))
            kept.append(Entry(entry.ref, entry.kind, rest, entry.text, entry.region))
        questions = build_questions(kept, features, meaning)
        for entry, wording in out:
            hits = [
                h.ref for h in questions.search(Query(wording, regions=("国家", entry.region)), 3)
            ]
            asked += 1
            first += hits[:1] == [entry.ref]
            third += entry.ref in hits
    return {
        "asked": asked,
        "first": round(first / asked, 4),
        "first_three": round(third / asked, 4),
    }
