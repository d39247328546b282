"""The engines to compare, each opened by one function: build, open, and give back a way to ask.

All read the same text, law title, chapter and article joined, and all that need words get those of
jieba by `Tokens.words`; so they differ in how they rank, not in what they were given. The
exception is STARD's own code, which reads the article alone. Parameters are the packages' own.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from index import splits
from index.dense import Encoder
from index.encoder import unpack
from index.evaluate import FOLD_SEED, Bench, Shelf
from index.peer import Peer as Stard
from index.retriever import Passage, Query
from index.rows import ordered
from index.text import Tokens, normalise, runs


@dataclass(frozen=True, slots=True)
class Task:
    """What a peer gets: the articles, the questions to learn from by id, and an empty folder.

    `learned` holds passages of kind question, whose `ref` is an article; most peers cannot learn.
    `ids` leads from (law, 第X条) to the article. `held_out` says that the questions to be asked are
    among those learned, each to be left out while it is asked.
    """

    articles: list[Passage]
    learned: Mapping[str, list[Passage]]
    folder: Path
    ids: Mapping[tuple[str, str], str] = field(default_factory=dict)
    held_out: bool = True


class Ask(Protocol):
    """The ids of at most `k` articles for `text`, best first.

    `id` is the question that is asked: nothing learned from it may be used.
    """

    def __call__(self, id: str, text: str, k: int) -> list[str]: ...


Open = Callable[[Task], Ask]
"""Builds in the task's folder and opens; must be a function at the top of a module."""


def sqlite_trigram(task: Task) -> Ask:
    """FTS5 with its trigram tokenizer, the question as trigrams joined by OR.

    A question with no run of three characters finds nothing: the tokenizer knows no shorter one.
    """

    def terms(text: str) -> list[str]:
        return [run[i : i + 3] for run in runs(normalise(text)) for i in range(len(run) - 2)]

    return _sqlite(task, "trigram", normalise, terms)


def sqlite_words(task: Task) -> Ask:
    """FTS5 over jieba words joined by spaces, the question as words joined by OR."""
    words = Tokens().words
    return _sqlite(task, "unicode61", lambda text: " ".join(words(text)), words)


def langchain(task: Task) -> Ask:
    """rank-bm25 (Okapi, k1=1.5 b=0.75) inside LangChain's retriever, with jieba."""
    from langchain_community.retrievers import BM25Retriever

    retriever = BM25Retriever.from_texts(
        [_said(article) for article in task.articles],
        metadatas=[{"id": article.id} for article in task.articles],
        preprocess_func=Tokens().words,
    )

    def ask(id: str, text: str, k: int) -> list[str]:
        retriever.k = k
        return [document.metadata["id"] for document in retriever.invoke(text)]

    return ask


def bm25s(task: Task) -> Ask:
    """bm25s as it comes (Lucene's formula, k1=1.5 b=0.75), with jieba."""
    import bm25s as package

    words = Tokens().words
    engine = package.BM25()
    engine.index([words(_said(article)) for article in task.articles], show_progress=False)

    def ask(id: str, text: str, k: int) -> list[str]:
        rows, scores = engine.retrieve(
            [words(text)], k=min(k, len(task.articles)), show_progress=False
        )
        # It fills up with articles that hold no word of the question.
        return [
            task.articles[row].id
            for row, score in zip(rows[0].tolist(), scores[0].tolist(), strict=True)
            if score > 0
        ]

    return ask


def tantivy(task: Task) -> Ask:
    """Tantivy (BM25, k1=1.2 b=0.75) over jieba words, one writing thread."""
    import tantivy as package

    words = Tokens().words
    builder = package.SchemaBuilder()
    builder.add_unsigned_field("row", stored=True)
    builder.add_text_field("body", tokenizer_name="spaced")
    schema = builder.build()
    index = package.Index(schema, path=str(task.folder))
    spaced = package.TextAnalyzerBuilder(package.Tokenizer.whitespace()).build()
    index.register_tokenizer("spaced", spaced)
    writer = index.writer(num_threads=1)
    for row, article in enumerate(task.articles):
        document = package.Document()
        document.add_unsigned("row", row)
        document.add_text("body", " ".join(words(_said(article))))
        writer.add_document(document)
    writer.commit()
    writer.wait_merging_threads()
    index.reload()
    searcher = index.searcher()

    def ask(id: str, text: str, k: int) -> list[str]:
        parts = [
            (package.Occur.Should, package.Query.term_query(schema, "body", word))
            for word in words(text)
        ]
        if not parts:
            return []
        hits = searcher.search(package.Query.boolean_query(parts), k).hits
        rows = (searcher.doc(address)["row"][0] for _, address in hits)
        return [task.articles[row].id for row in rows]

    return ask


def milvus_hybrid(task: Task) -> Ask:
    """Milvus Lite: its BM25 and jieba tokenizer, and the encoder that ships, joined by its RRF."""
    from index.milvus import build, open_milvus

    uri, encode = str(task.folder / "milvus.db"), _encoder()
    build(task.articles, uri, encoder=encode)
    engine = open_milvus(uri, encoder=encode, fusion="rrf")

    def ask(id: str, text: str, k: int) -> list[str]:
        return [hit.id for hit in engine.search(Query(text), k)]

    return ask


def stard(task: Task) -> Ask:
    """STARD's own BM25 (`index.peer`): jieba words less stop words, of the article alone."""
    peer = Stard([article.text for article in task.articles])

    def ask(id: str, text: str, k: int) -> list[str]:
        return [task.articles[row].id for row in peer.search(text, k)]

    return ask


def untrained(task: Task) -> Ask:
    """This project's engine as it comes, with the encoder that ships."""
    engine, _, _ = _shelf(task).learnt({}, set(), None)

    def ask(id: str, text: str, k: int) -> list[str]:
        return [hit.id for hit in engine.search(Query(text), k)]

    return ask


def trained(task: Task) -> Ask:
    """This project's engine, having learnt from the other questions in five folds; a question
    that is in none is asked of what was learnt from all."""
    shelf = _shelf(task)
    known = {id: [passage.ref for passage in some] for id, some in task.learned.items()}
    fold = dict(zip(known, splits.by_question(len(known), seed=FOLD_SEED).tolist(), strict=True))
    engines = {
        number: shelf.learnt(known, {id for id in known if fold[id] == number}, None)[0]
        for number in (set(fold.values()) if task.held_out else {None})
    }

    def ask(id: str, text: str, k: int) -> list[str]:
        engine = engines.get(fold.get(id)) or next(iter(engines.values()))
        return [hit.id for hit in engine.search(Query(text), k)]

    return ask


def _shelf(task: Task) -> Shelf:
    questions = {id: some[0].text for id, some in task.learned.items()}
    data = Bench(task.articles, questions, {}, dict(task.ids))
    return Shelf(data, ordered(task.articles), task.folder, ())


def _sqlite(
    task: Task, tokenizer: str, body: Callable[[str], str], terms: Callable[[str], list[str]]
) -> Ask:
    database = sqlite3.connect(task.folder / "fts5.db")
    # Contentless: the texts are the caller's, as with every other peer.
    database.execute(
        f"CREATE VIRTUAL TABLE articles USING fts5(body, content='', tokenize='{tokenizer}')"
    )
    with database:
        database.executemany(
            "INSERT INTO articles(rowid, body) VALUES (?, ?)",
            ((row, body(_said(article))) for row, article in enumerate(task.articles)),
        )
        database.execute("INSERT INTO articles(articles) VALUES ('optimize')")

    def ask(id: str, text: str, k: int) -> list[str]:
        wanted = " OR ".join(f'"{term}"' for term in terms(text))
        if not wanted:
            return []
        rows = database.execute(
            "SELECT rowid FROM articles WHERE articles MATCH ? ORDER BY rank LIMIT ?", (wanted, k)
        )
        return [task.articles[row].id for (row,) in rows]

    return ask


def _encoder() -> Encoder:
    """The encoder that ships."""
    return unpack()


def _said(passage: Passage) -> str:
    return "\n".join(part for part in (passage.title, passage.chapter, passage.text) if part)
