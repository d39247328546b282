"""Building an index into a folder, and opening only what is complete.

The folder holds one subfolder per build and `manifest.json`, which names the current one. The
manifest is replaced in one step and last, so whoever opens the folder sees the old index or the
new one, and a build that was killed is never seen; the next one clears it away.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import numpy as np

from index import dense, lexical
from index.fusion import Fused
from index.memory import Leading, Memory
from index.retriever import Passage, Retriever, RetrieverError
from index.rows import Rows, ordered
from index.text import Tokens

if TYPE_CHECKING:  # scipy and what needs it are loaded with the learnt engine only
    from index.encoder import Static
    from index.lessons import Pair
    from index.ranked import Ranked
    from index.trees import Blend

FORMAT = 1
MANIFEST = "manifest.json"
_BUILDING = ".building-"
_NEEDED = {"build", "encoder", "files"}

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Taught:
    """What the learnt engine is built from, beside the passages.

    `encoder` reads passages and questions; `links` are pairs of passage ids of which one names
    the other; `asked` are questions by id with the ids of the passages that answer them; `tuned`
    is the encoder that was tuned on such questions, `trees` weigh what speaks for a passage.
    """

    encoder: Static
    links: Sequence[tuple[str, str]] = ()
    asked: Sequence[tuple[str, str, Sequence[str]]] = ()
    tuned: Static | None = None
    trees: Blend | None = None


def build(
    passages: Iterable[Passage],
    folder: Path,
    *,
    encoder: str | None = None,
    words: Iterable[str] = (),
    synonyms: Mapping[str, Iterable[str]] | None = None,
    taught: Taught | None = None,
    meta: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Index `passages` into `folder`; the manifest, as it is on disk.

    With `taught` the learnt engine is built too (see `open_ranked`). `meta` is kept in the
    manifest as it is. `progress(stage, done, total)` is called with the stages `lexical`,
    `dense` and `learnt`. One build at a time: a second would clear the first one away.
    Raises RetrieverError for passages or a model that cannot be indexed; the old index stays.
    """
    found = ordered(passages)
    folder.mkdir(parents=True, exist_ok=True)
    for left in folder.glob(f"{_BUILDING}*"):
        shutil.rmtree(left, ignore_errors=True)
    name = uuid4().hex[:12]
    temporary = folder / f"{_BUILDING}{name}"
    temporary.mkdir()
    try:
        _fill(temporary, found, encoder, Tokens(words, synonyms), progress)
        if taught:
            _teach(temporary, found, taught, progress)
        manifest = {
            "format": FORMAT,
            "build": name,
            "passages": len(found),
            "hash": fingerprint(found),
            "encoder": encoder,
            "ranked": taught is not None,
            "libraries": _versions(encoder),
            "created": datetime.now(UTC).date().isoformat(),
            "files": {file.name: file.stat().st_size for file in sorted(temporary.iterdir())},
            "meta": dict(meta or {}),
        }
        temporary.replace(folder / name)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    before = _current(folder)
    draft = folder / f"{_BUILDING}{name}.json"
    draft.write_text(json.dumps(manifest, ensure_ascii=False, indent=1), encoding="utf-8")
    draft.replace(folder / MANIFEST)
    # The last build stays for whoever has read the old manifest and not yet opened its files.
    _clear(folder, {name, before})
    return manifest


def open_index(folder: Path, encoder: str | None = None, *, memory: bool = False) -> Retriever:
    """The index in `folder`: lexical, or fused with dense when it was built with an encoder.

    `encoder` says where that model lies now. With `memory`, questions answer with what they lead
    to (see `index.memory`). Raises RetrieverError when there is no index, when it is partial or
    of another format, and when the model is missing or another one.
    """
    manifest = read_manifest(folder)
    if encoder and not manifest["encoder"]:
        raise RetrieverError(
            f"{folder}：索引没有语义部分，却设置了模型 {encoder}；"
            "请运行 xst build，或清空 XST_ENCODER"
        )
    inside = folder / manifest["build"]
    try:
        words = lexical.Lexical.open(inside)
        meanings = (
            dense.Dense.open(inside, encoder or manifest["encoder"])
            if manifest["encoder"]
            else None
        )
    except RetrieverError:
        raise
    except Exception as error:  # damaged arrays fail in numpy, json or faiss, each in its way
        raise RetrieverError(f"{folder}：索引已损坏；请运行 xst build") from error
    first: Retriever = Memory(words) if memory else words
    if meanings is None:
        return first
    second: Retriever = Leading(meanings, words.rows) if memory else meanings
    return Fused([(first, 1.0), (second, 1.0)])


def open_ranked(folder: Path) -> Ranked | None:
    """The learnt engine in `folder`, or None where it was built without.

    Raises RetrieverError as `open_index` does. Where LightGBM cannot be used, fusion ranks.
    """
    from index import corpus, lessons, nearest, trees
    from index.encoder import Static
    from index.features import Reader
    from index.grams import Vocabulary
    from index.ranked import FUSED, REMEMBERING, Ranked

    manifest = read_manifest(folder)
    if not manifest.get("ranked"):
        return None
    inside = folder / manifest["build"]
    try:
        rows = Rows.open(inside)
        grams = json.loads((inside / "grams.json").read_text(encoding="utf-8"))
        encoder = Static(Vocabulary(grams), np.load(inside / "grams.npy", mmap_mode="r"))
        known = corpus.open_corpus(inside, rows, encoder.vocabulary)
        learnt = lessons.open_lessons(inside, known)
        plain = nearest.Neighbours(inside / "plain.faiss")
        tuned = inside / "tuned.faiss"
        near = nearest.Neighbours(tuned) if tuned.is_file() else plain
        words = lexical.Lexical.open(inside)
    except RetrieverError:
        raise
    except Exception as error:  # damaged arrays fail in numpy, json or faiss, each in its way
        raise RetrieverError(f"{folder}：索引已损坏；请运行 xst build") from error
    reader = Reader(known, words, encoder.weights, plain, near, learnt)
    fused = REMEMBERING if len(learnt) else FUSED
    return Ranked(reader, rows, trees.open_blend(inside), fused)


def _teach(
    folder: Path, passages: list[Passage], taught: Taught, progress: Progress | None
) -> None:
    from index import corpus, lessons, nearest

    if progress:
        progress("learnt", 0, 3)
    known = corpus.build(passages, folder, taught.encoder, taught.links)
    if progress:
        progress("learnt", 1, 3)
    row = {passage.id: i for i, passage in enumerate(passages)}
    pairs: list[Pair] = []
    ids = []
    for id, text, answers in taught.asked:
        if led := [row[answer] for answer in answers if answer in row]:
            pairs.append((text, led))
            ids.append(id)
    tuned = taught.tuned or taught.encoder
    learnt = lessons.learn(known, taught.encoder, pairs, ids, lambda *_: tuned)
    lessons.save(learnt, folder)
    if progress:
        progress("learnt", 2, 3)
    names = taught.encoder.vocabulary.names
    (folder / "grams.json").write_text(json.dumps(names, ensure_ascii=False), encoding="utf-8")
    np.save(folder / "grams.npy", np.asarray(taught.encoder.weights, np.float16))
    nearest.build(known.vectors, folder / "plain.faiss")
    if taught.tuned:
        nearest.build(learnt.tuned, folder / "tuned.faiss")
    if taught.trees:
        taught.trees.save(folder)
    if progress:
        progress("learnt", 3, 3)


def read_manifest(folder: Path) -> dict[str, Any]:
    """What `build` said about the index in `folder`, every file of it checked to be there.

    Raises RetrieverError when there is no index, when it is partial or of another format.
    """
    try:
        text = (folder / MANIFEST).read_text(encoding="utf-8")
    except OSError as error:
        raise RetrieverError(f"{folder}：没有索引；请运行 xst build") from error
    try:
        manifest = json.loads(text)
        written = manifest["format"]
    except (ValueError, TypeError, KeyError) as error:
        raise RetrieverError(f"{folder}：{MANIFEST} 读不懂；请运行 xst build") from error
    if written != FORMAT:
        raise RetrieverError(
            f"{folder}：索引格式为 {written}，本程序读取 {FORMAT}；请运行 xst build"
        )
    if not manifest.keys() >= _NEEDED:
        raise RetrieverError(f"{folder}：{MANIFEST} 读不懂；请运行 xst build")
    for name, size in manifest["files"].items():
        file = folder / manifest["build"] / name
        if not file.is_file() or file.stat().st_size != size:
            raise RetrieverError(f"{folder}：索引不完整（{name}）；请运行 xst build")
    found: dict[str, Any] = manifest
    return found


def fingerprint(passages: Iterable[Passage]) -> str:
    """SHA-256 over every field of `passages`, in the order given."""
    digest = hashlib.sha256()
    for passage in passages:
        line = json.dumps([str(value) for value in astuple(passage)])
        digest.update(line.encode("ascii") + b"\n")
    return digest.hexdigest()


def _fill(
    folder: Path,
    passages: list[Passage],
    encoder: str | None,
    tokens: Tokens,
    progress: Progress | None,
) -> None:
    count = len(passages)
    if progress:
        progress("lexical", 0, count)
    lexical.build(passages, folder, tokens=tokens)
    if progress:
        progress("lexical", count, count)
    if encoder:
        step = (lambda done, total: progress("dense", done, total)) if progress else None
        dense.build(passages, folder, encoder=encoder, progress=step)


def _versions(encoder: str | None) -> dict[str, str]:
    names = ["numpy", *(["faiss-cpu", "sentence-transformers"] if encoder else [])]
    versions = {}
    for name in names:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = "?"
    return versions


def _current(folder: Path) -> str | None:
    try:
        return str(read_manifest(folder)["build"])
    except RetrieverError:
        return None


def _clear(folder: Path, kept: set[str | None]) -> None:
    """Remove every build that is not in `kept`; nothing else that lies in `folder`."""
    for inside in folder.iterdir():
        if inside.is_dir() and inside.name not in kept and (inside / "lexical.json").is_file():
            shutil.rmtree(inside, ignore_errors=True)
