"""Who has reviewed which words: signatures by real people, each bound to what it was given for.

A signature holds the SHA-256 of the entry as it was signed; when the entry changes, the
signature no longer counts and the entry is unreviewed again.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path
from typing import TypeVar

from knowledge.forms import ContentError, Reader, day, take
from knowledge.pieces import Card, Case, Content, Digest, Place, Point, Term
from knowledge.plain import to_plain
from knowledge.scenes import Scene

Signable = Card | Point | Case | Digest | Term | Scene
E = TypeVar("E", Card, Point, Case, Digest, Term, Scene)


@dataclass(frozen=True, slots=True)
class Signature:
    """`by` a person, `office` where and as what, `on` the day, `words` the hash signed."""

    entry: str
    by: str
    office: str
    on: date
    words: str

    @property
    def shown(self) -> str:
        return f"{self.by}（{self.office}）{self.on}"


def name_of(entry: Signable) -> str:
    """What an entry is called when it is signed: its id, its citation, 「词：」 and the term, or
    「演练：」 and the scene's id, which may be a card's as well."""
    if isinstance(entry, Digest):
        return str(entry.citation)
    if isinstance(entry, Term):
        return f"词：{entry.term}"
    if isinstance(entry, Scene):
        return f"演练：{entry.id}"
    return entry.point if isinstance(entry, Point) else entry.id


def signable(content: Content) -> Mapping[str, Signable]:
    """Every entry that can be signed, by name."""
    entries: Iterable[Signable] = (
        *content.cards,
        *content.points,
        *content.cases,
        *content.digests,
        *content.terms,
        *content.scenes,
    )
    return {name_of(e): e for e in entries}


def words_of(entry: Signable) -> str:
    """SHA-256 over everything the entry says; where it stands and who signed it left out."""

    def said(value: object) -> object:
        if isinstance(value, dict):
            return {k: said(v) for k, v in value.items() if k not in ("place", "reviewed")}
        return [said(v) for v in value] if isinstance(value, list) else value

    text = json.dumps(said(to_plain(entry)), ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def read_signatures(path: Path) -> list[Signature]:
    """The signatures kept in `path`; none if there is no file. Raises ContentError."""

    def signature(raw: dict[str, object], _: Place) -> Signature:
        return Signature(**take(raw, Signature, on=day(raw.get("on"), "on")))

    return list(Reader(path.parent, None).list_file(path.name, signature))


def sign(
    path: Path, content: Content, names: Iterable[str], by: str, office: str, on: date
) -> list[Signature]:
    """Sign entries and keep the signatures in `path`, swapped in one step; the new ones.

    Raises ContentError for a name that is no entry, or an empty person or office.
    """
    if not by.strip() or not office.strip():
        raise ContentError("签署要写明姓名（--by）和单位职务（--office）")
    entries = signable(content)
    unknown = [n for n in names if n not in entries]
    if unknown:
        raise ContentError(f"没有这些条目：{'、'.join(unknown)}")
    new = [Signature(n, by.strip(), office.strip(), on, words_of(entries[n])) for n in names]
    replaced = {s.entry for s in new}
    kept = [s for s in read_signatures(path) if s.entry not in replaced]
    rows = [asdict(s) for s in (*kept, *new)]
    lines = ["# xst content sign 写入；改动条目后其签署自动失效"]
    for row in rows:
        shown = {
            k: str(v) if k == "on" else json.dumps(v, ensure_ascii=False) for k, v in row.items()
        }
        lines.append("- {" + ", ".join(f"{k}: {v}" for k, v in shown.items()) + "}")
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_text("\n".join(lines) + "\n", encoding="utf-8")
    draft.replace(path)
    return new


def signed(content: Content, signatures: Iterable[Signature]) -> tuple[Content, list[Signature]]:
    """`content` with the signatures that still hold, and those that no longer do."""
    entries = signable(content)
    good: dict[str, str] = {}
    stale = []
    for signature in signatures:
        entry = entries.get(signature.entry)
        if entry is not None and words_of(entry) == signature.words:
            good[signature.entry] = signature.shown
        else:
            stale.append(signature)
    if not good:
        return content, stale

    content = replace(
        content,
        cards=_marked(content.cards, good),
        points=_marked(content.points, good),
        cases=_marked(content.cases, good),
        digests=_marked(content.digests, good),
        terms=_marked(content.terms, good),
        scenes=_marked(content.scenes, good),
    )
    return content, stale


def _marked(entries: Iterable[E], good: Mapping[str, str]) -> tuple[E, ...]:
    return tuple(replace(e, reviewed=good.get(name_of(e), e.reviewed)) for e in entries)
