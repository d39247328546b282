"""The library: one SQLite file of laws, versions, articles and the project's own content.

Written by `Shelf` (import) and `publish` (build), read by `Library`. Anyone can open it with
`sqlite-utils` or Datasette. Texts are kept as printed; validity is worked out again at every
import, from all versions together.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from knowledge.citation import Citation, article_order
from knowledge.graph import TABLE, Arrow, draw, read_arrows
from knowledge.pieces import Override
from knowledge.records import KnowledgeError, ParsedText, Status
from knowledge.validity import END_UNKNOWN, Facts, Validity, judge

FORMAT = 1


class LibraryError(KnowledgeError):
    """The library file is missing, damaged or of another format."""


@dataclass(frozen=True, slots=True)
class Version:
    """One dated text of a law. `id` is law@label, with a # counter for undated twins."""

    id: str
    law: str
    label: str
    title: str
    level: str
    region: str
    validity: Validity
    source: str
    header: tuple[str, ...] = ()

    def status(self, day: date) -> Status:
        return self.validity.on(day)


@dataclass(frozen=True, slots=True)
class Article:
    """One unit of a version; `text` holds its paragraphs as lines."""

    id: str
    version: Version
    number: str
    chapter: str
    text: str
    kind: str = "article"

    @property
    def citation(self) -> Citation:
        return Citation(self.version.law, "" if self.number == "全文" else self.number)


_SCHEMA: dict[str, dict[str, type]] = {
    "texts": {
        "id": str, "version": str, "part": str, "source": str, "sha256": str, "warnings": str,
    },
    "versions": {
        "id": str, "law": str, "label": str, "title": str, "level": str, "region": str,
        "promulgated": str, "effective": str, "expired": int, "repeals": str, "header": str,
        "source": str, "start": str, "end": str, "ended_as": str, "verified": int, "why": str,
    },
    "articles": {
        "id": str, "version": str, "text_id": str, "position": int, "number": str,
        "chapter": str, "kind": str, "text": str,
    },
    "content": {"kind": str, "id": str, "data": str},
    "meta": {"key": str, "value": str},
}  # fmt: skip
_KEYS = {"content": ("kind", "id"), "meta": "key"}


def _create(db: Database) -> None:
    for name, columns in _SCHEMA.items():
        table = db.table(name)
        if not table.exists():
            table.create(columns, pk=_KEYS.get(name, "id"))
    db.table("articles").create_index(["version", "position"], if_not_exists=True)
    db.table("versions").create_index(["law"], if_not_exists=True)
    db.table("texts").create_index(["source"], if_not_exists=True)
    db.table("meta").upsert({"key": "format", "value": str(FORMAT)}, pk="key")


def _refuse_other_format(connection: sqlite3.Connection, path: Path) -> None:
    if connection.execute("SELECT 1 FROM sqlite_master WHERE name='meta'").fetchone():
        found = connection.execute("SELECT value FROM meta WHERE key='format'").fetchone()
        if not found or found[0] != str(FORMAT):
            raise LibraryError(f"{path}: 资料库格式不同，请移开后重新导入")


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


@dataclass
class Counts:
    """What an import did, for its closing table."""

    new: int = 0
    changed: int = 0
    same: int = 0
    articles: int = 0


class Shelf:
    """The writing side: law texts go in inside one transaction, or not at all.

    Use as a context manager; an exception (or a kill) leaves the old library as it was.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(path, isolation_level=None, timeout=1)
        try:
            self._connection.execute("PRAGMA journal_mode=DELETE")
            self._connection.execute("BEGIN IMMEDIATE")
            # Inside an open transaction sqlite-utils works in savepoints and commits nothing.
            self._db = Database(self._connection)
            _refuse_other_format(self._connection, path)
            _create(self._db)
        except BaseException as error:
            self._connection.close()
            if isinstance(error, sqlite3.OperationalError):
                problem = f"{path}: 打不开或正被另一个导入占用（{error}）"
                raise LibraryError(problem) from error
            if isinstance(error, sqlite3.DatabaseError):
                problem = f"{path}: 不是完好的资料库，请移开后重新导入（{error}）"
                raise LibraryError(problem) from error
            raise
        self.counts = Counts()
        self._touched = False

    def __enter__(self) -> Shelf:
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        try:
            self._connection.execute("ROLLBACK" if kind or not self._touched else "COMMIT")
        finally:
            self._connection.close()

    def add(self, text: ParsedText) -> str:
        """Place one text; says "new", "changed" or "same". The same text twice changes nothing.

        A text is known by law, version label and part; a newer reading of it replaces the old.
        """
        run = self._connection.execute
        digest = _digest(text)
        text_id = key = text_key(text)
        row = run("SELECT sha256, source FROM texts WHERE id = ?", (text_id,)).fetchone()
        self.counts.articles += len(text.articles)
        twin = 1
        while row and row[1] != text.source and row[0] != digest and not text.version:
            # Two undated texts of one name from two files: both are kept, side by side.
            twin += 1
            text_id = f"{key}#{twin}"
            row = run("SELECT sha256, source FROM texts WHERE id = ?", (text_id,)).fetchone()
        if row and row[0] == digest:
            self.counts.same += 1
            return "same"
        self._touched = True
        version_id = _version_id(text) if text.part else text_id
        if row:
            run("DELETE FROM articles WHERE text_id = ?", (text_id,))
        old = run(
            "SELECT promulgated, effective, repeals FROM versions WHERE id = ?", (version_id,)
        ).fetchone()
        promulgated, effective = _iso(text.promulgated), _iso(text.effective)
        repeals = list(text.repeals)
        if old and text.part:  # another 编 of the same code adds to what is known
            promulgated, effective = promulgated or old[0], effective or old[1]
            repeals = sorted({*repeals, *json.loads(old[2])})
        run(
            "INSERT OR REPLACE INTO versions (id, law, label, title, level, region, promulgated,"
            " effective, expired, repeals, header, source) VALUES (?,?,?,?,?,?,?,?,?,?,?,?)",
            (
                version_id, text.name, text.version, text.title, text.level, text.region,
                promulgated, effective, None if text.expired is None else int(text.expired),
                json.dumps(repeals, ensure_ascii=False),
                json.dumps(text.header, ensure_ascii=False), text.source,
            ),
        )  # fmt: skip
        warnings = json.dumps([[w.kind, w.detail] for w in text.warnings], ensure_ascii=False)
        run(
            "INSERT OR REPLACE INTO texts VALUES (?,?,?,?,?,?)",
            (text_id, version_id, text.part, text.source, digest, warnings),
        )
        base = _part_base(text)
        rows, used = [], set()
        for position, article in enumerate(text.articles):
            number = article.number
            ident = f"{version_id}#{number}"
            if text.part and article.kind != "article":
                ident = f"{version_id}#{text.part}{number}"
            first, count = ident, 1
            while ident in used:
                count += 1
                ident = f"{first}~{count}"
            used.add(ident)
            place = (base + position, number, article.chapter, article.kind)
            rows.append((ident, version_id, text_id, *place, article.text))
        self._connection.executemany(
            "INSERT OR REPLACE INTO articles VALUES (?,?,?,?,?,?,?,?)", rows
        )
        if row:
            self.counts.changed += 1
            return "changed"
        self.counts.new += 1
        return "new"

    def settle(self, overrides: Iterable[Override] = (), as_of: date | None = None) -> None:
        """Work out from when to when every version holds. Call once, after the last `add`.

        A text that its source flags as over keeps the day on which the flag was first seen, so
        that importing the same texts again another day changes nothing.
        """
        rows = self._connection.execute(
            "SELECT id, law, label, promulgated, effective, expired, repeals, start, end, ended_as,"
            " verified, why FROM versions"
        ).fetchall()
        facts = [
            Facts(
                r[0], r[1], r[2], _day(r[3]), _day(r[4]),
                None if r[5] is None else bool(r[5]), tuple(json.loads(r[6])),
            )
            for r in rows
        ]  # fmt: skip
        judged = judge(facts, overrides, as_of)
        for r in rows:
            v = judged[r[0]]
            if v.why == r[11] == END_UNKNOWN and v.end and r[8] and r[8] < _iso(v.end):
                v = replace(v, end=_day(r[8]))
            new = (_iso(v.start), _iso(v.end), v.ended_as.value, int(v.verified), v.why)
            if new != tuple(r[7:]):
                self._touched = True
                self._connection.execute(
                    "UPDATE versions SET start=?, end=?, ended_as=?, verified=?, why=? WHERE id=?",
                    (*new, r[0]),
                )

    def totals(self) -> tuple[int, int, int]:
        """(laws, texts, articles) now on the shelf."""
        one = self._connection.execute
        return (
            one("SELECT count(DISTINCT law) FROM versions").fetchone()[0],
            one("SELECT count(*) FROM texts").fetchone()[0],
            one("SELECT count(*) FROM articles").fetchone()[0],
        )


def _part_base(text: ParsedText) -> int:
    """Positions of a code kept in several files follow its numbering, not the file order."""
    if not text.part:
        return 0
    first = next((a.number for a in text.articles if a.kind == "article"), "")
    return article_order(first)[0] * 100 if first else 1_000_000


def _digest(text: ParsedText) -> str:
    """A hash over everything read from a text but its file, so that the same text from another
    folder is the same, and a better reading of the same file is not."""
    parts = [replace(text, source="", sha256="", warnings=())]
    return hashlib.sha256(repr(parts).encode("utf-8", "surrogatepass")).hexdigest()


def text_key(text: ParsedText) -> str:
    """What one text is known by: law, version label and, in a code of several files, its 编."""
    return _version_id(text) + (f"/{text.part}" if text.part else "")


def _version_id(text: ParsedText) -> str:
    place = "" if text.region == "国家" or text.region in text.name else f"({text.region})"
    return f"{text.name}{place}@{text.version}"


def publish(
    shelf: Path,
    target: Path,
    content: Mapping[str, Mapping[str, Any]],
    meta: Mapping[str, str],
) -> None:
    """A read-only copy of the shelf with the content and the citations between its articles beside
    it, compact, ready to serve.

    `content` maps kind -> id -> JSON-able value. `target` must not exist yet.
    """
    if shelf.exists():
        source = _recovered(shelf)
        try:
            _refuse_other_format(source, shelf)
            source.execute("VACUUM INTO ?", (str(target),))
        except sqlite3.DatabaseError as error:
            problem = f"{shelf}: 不是完好的资料库，请移开后重新导入（{error}）"
            raise LibraryError(problem) from error
        finally:
            source.close()
    db = Database(str(target))
    _create(db)
    rows = [
        {"kind": kind, "id": ident, "data": json.dumps(value, ensure_ascii=False)}
        for kind, entries in content.items()
        for ident, value in entries.items()
    ]
    with db.conn:
        db.table("content").delete_where()
    db.table("content").insert_all(rows, pk=("kind", "id"), replace=True)
    db.table("meta").upsert_all([{"key": k, "value": v} for k, v in meta.items()], pk="key")
    with db.conn:
        db.conn.execute("BEGIN")  # one write to the disk, not one for each statement
        draw(db.conn)
    db.conn.close()


def fingerprint(path: Path) -> str:
    """A hash over every text's hash: two shelves with the same texts have the same one."""
    if not path.exists() or not path.stat().st_size:  # an import of nothing leaves no byte
        return hashlib.sha256(b"empty").hexdigest()
    digest = hashlib.sha256()
    connection = _recovered(path)
    try:
        for row in connection.execute("SELECT id, sha256 FROM texts ORDER BY id"):
            digest.update(f"{row[0]}\0{row[1]}\n".encode())
        for row in connection.execute("SELECT id, start, end, verified FROM versions ORDER BY id"):
            digest.update(f"{row}\n".encode())
    except sqlite3.DatabaseError as error:
        problem = f"{path}: 不是完好的资料库，请移开后重新导入（{error}）"
        raise LibraryError(problem) from error
    finally:
        connection.close()
    return digest.hexdigest()


def _recovered(path: Path) -> sqlite3.Connection:
    """A connection to a shelf. Not read-only: what a killed import left half-written is rolled
    back by the first reader, and a read-only one cannot."""
    return sqlite3.connect(f"file:{path}?mode=rw", uri=True)


_ARTICLE = "SELECT id, version, number, chapter, text, kind FROM articles"


class Library:
    """The reading side. Not found is None or an empty list, never an exception.

    Safe to use from several threads: SQLite serialises reads on the one connection.
    """

    def __init__(self, path: Path) -> None:
        if not path.exists():
            raise LibraryError(
                f"{path}: 没有资料库。请先运行 xst build（导入法规用 xst import 路径）"
            )
        self._connection = sqlite3.connect(
            f"file:{path}?mode=ro", uri=True, check_same_thread=False
        )
        self._versions: dict[str, Version] = {}
        self._by_law: dict[str, list[Version]] = {}
        try:
            row = self._connection.execute("SELECT value FROM meta WHERE key='format'").fetchone()
            if not row or row[0] != str(FORMAT):
                raise LibraryError(f"{path}: 资料库格式不同，请重新运行 xst build")
            for version in self._read_versions():
                self._versions[version.id] = version
                self._by_law.setdefault(version.law, []).append(version)
        except BaseException as error:
            self._connection.close()
            if isinstance(error, sqlite3.DatabaseError):
                problem = f"{path}: 资料库已损坏，请重新运行 xst build（{error}）"
                raise LibraryError(problem) from error
            raise
        self._article = lru_cache(maxsize=4096)(self._article_uncached)
        tables = "SELECT 1 FROM sqlite_master WHERE name=?"
        self._has_graph = bool(self._connection.execute(tables, (TABLE,)).fetchone())

    def _read_versions(self) -> Iterator[Version]:
        for r in self._connection.execute(
            "SELECT id, law, label, title, level, region, start, end, ended_as, verified, why,"
            " source, header FROM versions ORDER BY law, coalesce(start, ''), id"
        ):
            validity = Validity(
                _day(r[6]), _day(r[7]), Status(r[8] or Status.SUPERSEDED), bool(r[9]), r[10] or ""
            )
            header = tuple(json.loads(r[12] or "[]"))
            yield Version(r[0], r[1], r[2], r[3], r[4], r[5], validity, r[11], header)

    def close(self) -> None:
        self._connection.close()

    @property
    def laws(self) -> Sequence[str]:
        return list(self._by_law)

    @property
    def has_texts(self) -> bool:
        return bool(self._versions)

    def meta(self, key: str) -> str:
        row = self._connection.execute("SELECT value FROM meta WHERE key=?", (key,)).fetchone()
        return row[0] if row else ""

    def versions(self, law: str) -> list[Version]:
        """Every version of a law, oldest first."""
        return self._by_law.get(law, [])

    def version(self, ident: str) -> Version | None:
        return self._versions.get(ident)

    def in_force(self, law: str, day: date) -> Version | None:
        """The version that holds on `day`; of several, the newest."""
        for version in reversed(self.versions(law)):
            if version.status(day) in (Status.IN_FORCE, Status.UNVERIFIED):
                return version
        return None

    def find(self, citation: Citation, day: date) -> Article | None:
        """The cited article in the version that holds on `day`."""
        version = self.in_force(citation.law, day)
        return self.article_of(version, citation.article) if version else None

    def article_of(self, version: Version, number: str) -> Article | None:
        if number in ("", "全文"):
            whole = self.articles(version.id)
            return whole[0] if whole else None
        return self.article(f"{version.id}#{number}")

    def article(self, ident: str) -> Article | None:
        return self._article(ident)

    def _article_uncached(self, ident: str) -> Article | None:
        row = self._connection.execute(f"{_ARTICLE} WHERE id=?", (ident,)).fetchone()
        return self._make(row) if row else None

    def articles(self, version: str) -> list[Article]:
        """Every unit of a version, in the order of the text."""
        rows = self._connection.execute(f"{_ARTICLE} WHERE version=? ORDER BY position", (version,))
        return [self._make(r) for r in rows.fetchall()]

    def each_article(self) -> Iterator[Article]:
        """Every unit of every version; for building an index."""
        cursor = self._connection.execute(f"{_ARTICLE} ORDER BY version, position")
        while rows := cursor.fetchmany(2000):
            yield from map(self._make, rows)

    def cites(self, article: Article) -> list[Arrow]:
        """What an article cites, in the order of its text, as often as it says so."""
        if not self._has_graph:  # a release built before there was a graph
            return []
        return read_arrows(self._connection, "article=?", (article.id,))

    def cited_by(self, citation: Citation, day: date) -> list[Arrow]:
        """What in force on `day` cites this article, or this law as a whole.

        An article is counted as the version in force on `day` does.
        """
        version = self.in_force(citation.law, day)
        if version is None or not self._has_graph:
            return []
        newest = version is self.versions(citation.law)[-1]
        number = "number" if newest else "printed"
        values = (citation.law, citation.article)
        found = read_arrows(self._connection, f"law=? AND {number}=?", values)
        return [a for a in found if self._speaks(a, version, day)]

    def links(self, day: date) -> Iterator[tuple[str, str]]:
        """Articles that name an article in force on `day`, both by id; each pair once."""
        seen = set()
        for arrow in read_arrows(self._connection, "number<>?", ("",)) if self._has_graph else ():
            cited = self.find(arrow.citation, day)
            if cited is not None and (arrow.article, cited.id) not in seen:
                seen.add((arrow.article, cited.id))
                yield arrow.article, cited.id

    def _speaks(self, arrow: Arrow, cited: Version, day: date) -> bool:
        source = self._article(arrow.article)
        if source is None:
            return False
        version = source.version
        if version.law.endswith("修正案"):  # amendments stand side by side
            return version.status(day) in (Status.IN_FORCE, Status.UNVERIFIED)
        return version is (cited if version.law == cited.law else self.in_force(version.law, day))

    def cited_within(self, article: Article) -> list[Arrow]:
        """What cites an article inside its own version, in force or not."""
        if not self._has_graph:
            return []
        values = (article.version.law, article.number)
        found = read_arrows(self._connection, "law=? AND printed=?", values)
        return [a for a in found if a.article.rpartition("#")[0] == article.version.id]

    def _make(self, r: Sequence[Any]) -> Article:
        return Article(r[0], self._versions[r[1]], r[2], r[3], r[4], r[5])

    def content(self, kind: str) -> dict[str, Any]:
        """The project's own entries of a kind by id, in the order of their files."""
        query = "SELECT id, data FROM content WHERE kind=? ORDER BY rowid"
        rows = self._connection.execute(query, (kind,))
        return {r[0]: json.loads(r[1]) for r in rows}

    def counts(self) -> dict[str, int]:
        one = self._connection.execute
        return {
            "laws": len(self._by_law),
            "versions": len(self._versions),
            "articles": one("SELECT count(*) FROM articles").fetchone()[0],
        } | dict(one("SELECT kind, count(*) FROM content GROUP BY kind"))
