"""What the learnt ranking of articles is taught: our wordings, instructors' answers, pairs.

`XST_HOME/learnt/NAME/` holds what `xst learn` made (tuned encoder, trees, the questions, the
report); `XST_HOME/learnt/current` names the one in use and is replaced last. A build reads it.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np

from index import nearest, store
from index.encoder import Static, pack, unpack
from index.learn import Ground, Learnt, study
from index.lessons import Lessons
from index.pairs import Fault, Question, few_of_each, read_pairs, sift
from index.retriever import RetrieverError
from index.trees import open_blend
from knowledge.citation import Citation, law_name, read_citation
from knowledge.library import Library
from knowledge.numerals import normal_article
from knowledge.pieces import Content
from knowledge.records import KnowledgeError
from knowledge.regions import NATION

SHIPPED = Path(store.__file__).parent / "model" / "trees"
"""Trees grown on the benchmark's training questions with our wordings remembered."""

KEEP = 2

Progress = Callable[[str, int, int], None]


def cited_wordings(content: Content) -> Iterator[tuple[str, str, Citation]]:
    """Our wordings by id with the articles that answer them: a card's first two, a point's
    national one."""
    for card in content.cards:
        for citation in dict.fromkeys(c.whole for c in card.cite[:2]):
            yield from ((f"{card.id}:{i}", q, citation) for i, q in enumerate(card.questions))
    for point in content.points:
        for rule in [r for r in point.rules if r.region == NATION][:1]:
            for i, wording in enumerate(point.questions):
                yield f"{point.point}:{i}", wording, rule.cite[0].whole


def taught(content: Content, library: Library, learnt: Path | None) -> store.Taught:
    """What an index is built with: the encoder that ships, our wordings, and what was learnt."""
    today = date.today()
    encoder = unpack()
    answers: dict[str, tuple[str, list[str]]] = {}
    for id, wording, citation in cited_wordings(content):
        if (article := library.find(citation, today)) is not None:
            answers.setdefault(id, (wording, []))[1].append(article.id)
    few = few_of_each(answers.values())
    by_text = {text: id for id, (text, _) in answers.items()}
    asked = [(by_text[text], text, list(found)) for text, found in few]
    trees, tuned = _shipped_trees(), None
    if learnt is not None:
        kept = json.loads((learnt / "questions.json").read_text(encoding="utf-8"))
        for id, text, citations in kept:
            cited = [library.find(read_citation(c), today) for c in citations]
            asked.append((id, text, [a.id for a in cited if a is not None]))
        trees = _open(learnt) or trees
        if (learnt / "encoder.npz").is_file():
            tuned = unpack(learnt / "encoder.npz")
    return store.Taught(encoder, list(library.links(today)), asked, tuned, trees)


def current(home: Path) -> Path | None:
    """What was learnt last, or None."""
    try:
        name = (home / "learnt" / "current").read_text(encoding="utf-8").strip()
    except OSError:
        return None
    folder = home / "learnt" / name
    return folder if (folder / "questions.json").is_file() else None


@dataclass(frozen=True, slots=True)
class Lesson:
    """What came of learning: the report of `index.learn.study`, and the pairs left out."""

    report: Mapping[str, Any]
    faults: Sequence[Fault]
    folder: Path | None


def learn_from(
    index: Path,
    library: Library,
    home: Path,
    files: Sequence[Path],
    answered: Sequence[tuple[str, str, Sequence[str]]],
    progress: Progress | None = None,
    seed: int = 0,
) -> Lesson:
    """Learn from the pairs in `files` and from `answered` questions (id, text, citations).

    What was learnt before is not forgotten: it is learnt again with the new. Until all is done
    the old stays in use; a stop in between leaves nothing. Raises RetrieverError when the index
    was built without the learnt engine, or a file cannot be read.
    """
    ids = _Ids(library)
    questions: list[Question] = []
    faults: list[Fault] = []
    for file in files:
        found, wrong = read_pairs(file, ids)
        questions += found
        faults += wrong
    for id, text, citations in answered:
        questions += _question(id, text, citations, ids, faults, f"队列：{id[:8]}")
    said_anew = {question.text for question in questions}
    if (before := current(home)) is not None:
        for id, text, citations in json.loads((before / "questions.json").read_text("utf-8")):
            if text not in said_anew:  # a correction takes the place of what was learnt
                questions += _question(id, text, citations, ids, faults, f"已学：{id}")
    engine = store.open_ranked(index)
    if engine is None:
        raise RetrieverError(f"{index}：这个索引不能学习；请运行 xst build")
    sound, more = sift(questions, ids.passages)
    faults += more
    if not sound:
        return Lesson({"questions": 0, "adopted": []}, faults, None)
    at = {id: row for q in sound for id in q.answers if (row := engine.rows.find(id)) is not None}
    sound = [q for q in sound if all(answer in at for answer in q.answers)]
    base = unpack()
    for left in (home / "learnt").glob(".*"):
        if left.is_dir():
            shutil.rmtree(left, ignore_errors=True)
    temporary = home / "learnt" / f".learning-{uuid4().hex[:8]}"
    temporary.mkdir(parents=True)
    try:
        made = 0

        def near(lessons: Lessons) -> nearest.Neighbours:
            nonlocal made
            made += 1
            nearest.build(lessons.tuned, temporary / f"{made}.faiss")
            return nearest.Neighbours(temporary / f"{made}.faiss")

        reader = engine.reader
        labour = np.asarray(engine.rows.weights) > 1
        ground = Ground(reader.corpus, base, reader.lexical, reader.nearest, near, labour, (), seed)
        pairs = [(q.text, [at[answer] for answer in q.answers]) for q in sound]
        found_out = study(ground, pairs, [q.id for q in sound], progress)
        folder = _keep(home, found_out, sound, ids, base)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return Lesson(found_out.report, faults, folder)


def _keep(
    home: Path, learnt: Learnt, questions: Sequence[Question], ids: _Ids, base: Static
) -> Path:
    name = f"{date.today():%Y%m%d}-{uuid4().hex[:8]}"
    draft = home / "learnt" / f".{name}"
    draft.mkdir()
    kept = [[q.id, q.text, [ids.passages[a] for a in q.answers]] for q in questions]
    (draft / "questions.json").write_text(json.dumps(kept, ensure_ascii=False), encoding="utf-8")
    report = json.dumps(learnt.report, ensure_ascii=False, indent=1)
    (draft / "report.json").write_text(report, encoding="utf-8")
    if learnt.trees:
        learnt.trees.save(draft)
        if learnt.lessons.encoder is not base:
            pack(learnt.lessons.encoder, draft / "encoder.npz")
    folder = home / "learnt" / name
    draft.replace(folder)
    pointer = home / "learnt" / f".current-{name}"
    pointer.write_text(name, encoding="utf-8")
    pointer.replace(home / "learnt" / "current")
    done = [p for p in (home / "learnt").iterdir() if p.is_dir() and not p.name.startswith(".")]
    for old in sorted(done, key=lambda p: p.stat().st_mtime)[:-KEEP]:
        shutil.rmtree(old, ignore_errors=True)
    return folder


def _question(
    id: str, text: str, citations: Sequence[str], ids: _Ids, faults: list[Fault], place: str
) -> list[Question]:
    try:
        read = [read_citation(c) for c in citations]
        found = [ids[c.law, c.article] for c in read]
    except (KnowledgeError, KeyError):
        faults.append(Fault(place, f"库里没有 {'、'.join(citations) or '所引的条文'}"))
        return []
    return [Question(id, text, tuple(dict.fromkeys(found)), place)]


class _Ids(Mapping[tuple[str, str], str]):
    """(law, article) -> the id of the article in force today; `passages` leads back, for those
    that were asked for."""

    def __init__(self, library: Library) -> None:
        self._library, self._day = library, date.today()
        self.passages: dict[str, str] = {}

    def __getitem__(self, key: tuple[str, str]) -> str:
        citation = Citation(law_name(key[0]), normal_article(key[1]))
        article = self._library.find(citation, self._day)
        if article is None:
            raise KeyError(key)
        self.passages[article.id] = str(citation)
        return article.id

    def __iter__(self) -> Iterator[tuple[str, str]]:
        raise NotImplementedError("too many to list")

    def __len__(self) -> int:
        raise NotImplementedError("too many to count")


def _shipped_trees() -> Any:
    return _open(SHIPPED)


def _open(folder: Path) -> Any:
    try:
        return open_blend(folder)
    except RetrieverError:  # without LightGBM the engine ranks by fusion; `xst doctor` says so
        return None
