"""Questions to learn from: read, and sifted of what would teach nonsense."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from index.retriever import RetrieverError
from index.text import normalise, runs
from knowledge.citation import read_citation
from knowledge.records import KnowledgeError

K = TypeVar("K", str, int)

MOST_OF_EACH = 5
"""Of our own wordings, how many an article is remembered by."""

MOST_COPIES = 20
"""Of one question with one answer; more are a fault of whoever made the pairs, or an attack."""


@dataclass(frozen=True, slots=True)
class Question:
    """A question and the ids of the passages that answer it; `place` says where it was read."""

    id: str
    text: str
    answers: tuple[str, ...]
    place: str = ""


@dataclass(frozen=True, slots=True)
class Fault:
    """A pair that was left out: where it stood, and why."""

    place: str
    why: str

    def __str__(self) -> str:
        return f"{self.place}：{self.why}"


def read_pairs(
    path: Path, ids: Mapping[tuple[str, str], str]
) -> tuple[list[Question], list[Fault]]:
    """The questions in a file of JSON lines, and the lines that cannot be used.

    A line holds `question` and either `articles`, a list of `{"law", "article"}`, or `citations`,
    a list of 《法》第X条 (what `xst queue export` writes). `ids` leads from (law, article) to the
    passage. Raises RetrieverError when the file cannot be read.
    """
    try:
        # Not splitlines(): JSON may hold U+2028.
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise RetrieverError(f"{path}：读不出（{error}）") from error
    found, faults = [], []
    for number, line in enumerate(lines, start=1):
        place = f"{path.name}:{number}"
        if not line.strip():
            continue
        try:
            record = json.loads(line)
            text, named = record["question"], _named(record)
            if not isinstance(text, str):
                raise TypeError
        except (ValueError, KeyError, TypeError, KnowledgeError):
            why = "应为一行 JSON，含 question，和 articles（law、article）或 citations"
            faults.append(Fault(place, why))
            continue
        missing = [f"《{law}》{article}" for law, article in named if (law, article) not in ids]
        if missing:
            faults.append(Fault(place, f"库里没有 {'、'.join(missing)}"))
            continue
        answers = tuple(dict.fromkeys(ids[pair] for pair in named))
        found.append(Question(_id(path, text), text, answers, place))
    return found, faults


def _id(path: Path, text: str) -> str:
    # By its words: two files of one name in different folders have the same line numbers.
    return f"{path.stem}:{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def _named(record: Mapping[str, object]) -> list[tuple[str, str]]:
    articles, citations = record.get("articles"), record.get("citations")
    if isinstance(articles, list):
        return [(str(a["law"]), str(a["article"])) for a in articles]
    if isinstance(citations, list):
        read = [read_citation(str(citation)).whole for citation in citations]
        return [(citation.law, citation.article) for citation in read]
    raise KeyError("articles")


def sift(
    questions: Iterable[Question], known: Container[str]
) -> tuple[list[Question], list[Fault]]:
    """The questions that can teach, and why the others cannot.

    Left out: an empty question, one without an answer in the library, one that is also asked
    with wholly other answers (all of them: who is right is not ours to guess), and copies beyond
    the first; more than `MOST_COPIES` of one are named as what they are.
    """
    faults: list[Fault] = []
    sound = []
    for question in questions:
        place = question.place or question.id
        if not runs(normalise(question.text)):
            faults.append(Fault(place, "问题是空的"))
        elif not question.answers:
            faults.append(Fault(place, "没有写明由哪一条回答"))
        elif missing := [answer for answer in question.answers if answer not in known]:
            faults.append(Fault(place, f"库里没有 {'、'.join(missing)}"))
        else:
            sound.append(question)
    groups: dict[str, list[Question]] = {}
    for question in sound:
        groups.setdefault("".join(runs(normalise(question.text))), []).append(question)
    kept: list[Question] = []
    for same in groups.values():
        faults += _copies(same)
        distinct = list({frozenset(q.answers): q for q in reversed(same)}.values())
        if len(distinct) > 1 and not frozenset.intersection(*(frozenset(q.answers) for q in same)):
            places = "、".join(sorted(q.place or q.id for q in distinct)[:5])
            faults.append(Fault(places, f"同一句「{same[0].text[:20]}」答案互相矛盾，都不学"))
            continue
        kept.append(_joined(same))
    return kept, faults


def few_of_each(
    asked: Iterable[tuple[str, Sequence[K]]], most: int = MOST_OF_EACH
) -> list[tuple[str, Sequence[K]]]:
    """Of (text, answers), so many that no answer has more than `most`, always the same ones.

    A library's own wordings come by the dozen for one article. All of them remembered, what is
    asked of other articles looks like one of them: by question the trees lost one point with all,
    by unseen law four, in the labour fold five.
    """
    left: Counter[K] = Counter()
    kept = []
    for text, answers in sorted(asked, key=lambda one: hashlib.sha256(one[0].encode()).digest()):
        if any(left[answer] < most for answer in answers):
            left.update(answers)
            kept.append((text, answers))
    return sorted(kept, key=lambda one: one[0])


def _joined(same: Sequence[Question]) -> Question:
    first = same[0]
    answers = tuple(dict.fromkeys(answer for q in same for answer in q.answers))
    return Question(first.id, first.text, answers, first.place)


def _copies(same: Sequence[Question]) -> list[Fault]:
    times = Counter(frozenset(q.answers) for q in same)
    return [
        Fault(
            next(q.place or q.id for q in same if frozenset(q.answers) == answers),
            f"「{same[0].text[:20]}」重复 {count:,} 次，只学一次",
        )
        for answers, count in times.items()
        if count > MOST_COPIES
    ]
