"""Reading the project's content files strictly: a fault names file, line, entry and field."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterator
from dataclasses import MISSING, fields
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

import yaml

from knowledge.citation import Citation, CitationError, read_citation
from knowledge.figures import worked
from knowledge.pieces import Place
from knowledge.records import KnowledgeError


class ContentError(KnowledgeError):
    """A content file is not in its form; the message names file, line, entry and field."""


T = TypeVar("T")


def _with_body(make: Callable[[Entry, str, Place], T], body: str) -> Callable[[Entry, Place], T]:
    return lambda raw, place: make(raw, body, place)


Entry = dict[str, Any]
_ID = re.compile(r"[a-z0-9]+(?:[-.][a-z0-9]+)*")


class _Lines(yaml.SafeLoader):
    """SafeLoader that remembers the line of every mapping and refuses a repeated key."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            problem = "键应为文字" if not isinstance(key, yaml.ScalarNode) else ""
            problem = problem or (f"键 {key.value} 写了两次" if key.value in seen else "")
            if problem:
                raise yaml.constructor.ConstructorError(None, None, problem, key.start_mark)
            seen.add(key.value)
            key.tag = "tag:yaml.org,2002:str"  # YAML 1.1 reads a bare key `on` as true
        mapping = super().construct_mapping(node, deep=True)
        mapping["__line__"] = node.start_mark.line + 1
        return mapping


class Several(ContentError):
    """Faults of the parts of one entry: (line, id, message) each."""

    def __init__(self, faults: list[tuple[int, str, str]]) -> None:
        super().__init__(faults)
        self.faults = faults


class Reader:
    def __init__(self, folder: Path, faults: list[str] | None) -> None:
        self.folder, self.faults = folder, faults

    def fault(self, message: str) -> None:
        if self.faults is None:
            raise ContentError(message)
        self.faults.append(message)

    def read(self, path: Path) -> str | None:
        try:
            return path.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError:
            self.fault(f"{self.name(path)}:1: 不是 UTF-8 文件，请另存为 UTF-8")
            return None

    def name(self, path: Path) -> str:
        return path.relative_to(self.folder).as_posix()

    def yaml(self, text: str | None, name: str, above: int = 0) -> Any:
        """`text` as YAML values; `above` lines of the file stand before it."""
        try:
            return None if text is None else yaml.load(text, _Lines)
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            line = (mark.line + 1 if mark else 1) + above
            problem = getattr(error, "problem", None) or getattr(error, "reason", None) or error
            self.fault(f"{name}:{line}: YAML 写法有误：{problem}")
        except (ValueError, RecursionError) as error:  # 2026-13-40 looks like a date and is none
            self.fault(f"{name}:{1 + above}: YAML 写法有误：{error}")
        return None

    def entry(
        self, make: Callable[[Entry, Place], T], raw: Any, name: str, above: int = 0
    ) -> Iterator[T]:
        line = above + (raw.pop("__line__", 1) if isinstance(raw, dict) else 1)
        ident = ""
        try:
            if not isinstance(raw, dict):
                raise ContentError("应为“键: 值”的条目")
            ident = str(next((raw[k] for k in _NAMING if raw.get(k)), ""))
            yield make(raw, Place(name, line))
        except Several as several:
            for at, part, message in several.faults:
                self.fault(f"{name}:{at}: [{part}] {message}")
        except KnowledgeError as error:
            self.fault(f"{name}:{line}: {f'[{ident}] ' if ident else ''}{error}")

    def list_file(self, name: str, make: Callable[[Entry, Place], T]) -> Iterator[T]:
        path = self.folder / name
        if not path.exists():
            return
        raw = self.yaml(self.read(path), name)
        if raw is not None and not isinstance(raw, list):
            self.fault(f"{name}:1: 应为列表（每条以 - 开头）")
            return
        for item in raw or []:
            yield from self.entry(make, item, name)

    def lists(self, sub: str, make: Callable[[Entry, Place], T]) -> Iterator[T]:
        for path in sorted((self.folder / sub).glob("*.yaml")):
            yield from self.list_file(f"{sub}/{path.name}", make)

    def files(self, sub: str, make: Callable[[Entry, Place], T]) -> Iterator[T]:
        for path in sorted((self.folder / sub).glob("*.yaml")):
            raw = self.yaml(self.read(path), f"{sub}/{path.name}")
            if raw is not None:
                yield from self.entry(make, raw, f"{sub}/{path.name}")

    def pages(self, sub: str, make: Callable[[Entry, str, Place], T]) -> Iterator[T]:
        """Markdown files with YAML front matter; `make` gets the entry, the body, the place."""
        for path in sorted((self.folder / sub).glob("*.md")):
            name, text = f"{sub}/{path.name}", self.read(path)
            if text is None:
                continue
            parts = re.split(r"^---[ \t]*\n", text, maxsplit=2, flags=re.M)
            if len(parts) != 3 or parts[0].strip():
                self.fault(f"{name}:1: 缺少以 --- 包住的开头")
                continue
            above = parts[0].count("\n") + 1
            front = self.yaml(parts[1], name, above)
            if front is not None:
                yield from self.entry(_with_body(make, parts[2]), front, name, above)


_NAMING = ("id", "point", "law", "name", "term", "title")
_TYPES: dict[str, tuple[type, str]] = {"str": (str, "文字"), "bool": (bool, "true 或 false")}


def take(raw: Entry, kind: type, /, **given: Any) -> dict[str, Any]:
    """Keys of `raw` that the record knows, strictly: none unknown, none missing."""
    known = {f.name for f in fields(kind)} - {"place"}
    unknown = set(raw) - known - set(given) - {"__line__"}
    if unknown:
        raise ContentError(f"不认识的字段：{'、'.join(sorted(unknown))}")
    values = {k: v for k, v in raw.items() if k in known} | given
    needed = {f.name for f in fields(kind) if f.default is MISSING}
    missing = [n for n in needed if values.get(n) in (None, "", ())]
    if missing:
        raise ContentError(f"缺少字段：{'、'.join(sorted(missing))}")
    for f in fields(kind):
        wanted, said = _TYPES.get(str(f.type), (object, ""))
        if f.name in values and not isinstance(values[f.name], wanted):
            raise ContentError(f"{f.name}: 应为{said}（像数字或日期的文字请加引号）")
    return values


def texts(value: Any, field: str) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, list) or not all(type(v) in (str, int, float) for v in value):
        raise ContentError(f"{field}: 应为文字列表（像 yes、no、日期的文字请加引号）")
    texts = tuple(str(v).strip() for v in value)
    if "" in texts:
        raise ContentError(f"{field}: 有空的一条")
    return texts


def entries(value: Any, field: str) -> list[Entry]:
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(v, dict) for v in value):
        raise ContentError(f"{field}: 应为列表，每条是“键: 值”")
    return value


def cites(value: Any) -> tuple[Citation, ...]:
    try:
        return tuple(read_citation(v) for v in texts(value, "cite"))
    except CitationError as error:
        raise ContentError(f"cite: {error}") from error


def reviewed(value: Any) -> str:
    """Content files carry no signature: one is bound to the words it was given for, and is kept
    apart (`knowledge.signing`)."""
    if value != "unreviewed":
        raise ContentError("reviewed: 应为 unreviewed；审定请用 xst content sign")
    return "unreviewed"


def one_of(value: Any, allowed: tuple[str, ...], field: str) -> str:
    if not isinstance(value, str) or value not in allowed:
        raise ContentError(f"{field}: “{value}” 不在 {'、'.join(a for a in allowed if a)} 之中")
    return value


def ident(value: Any, field: str = "id") -> str:
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise ContentError(f"{field}: “{value}” 只能用小写字母、数字和连字符")
    return value


def day(value: Any, field: str) -> date:
    if type(value) is not date:
        raise ContentError(f"{field}: 应为日期，如 2026-11-20")
    return value


def sums(value: Any) -> tuple[str, ...]:
    sums = texts(value, "worked")
    for equation in sums:
        try:
            worked(equation)
        except ValueError as error:
            raise ContentError(f"worked: {error}") from error
    return sums


def asked(questions: tuple[str, ...], least: int) -> None:
    if len(questions) < least:
        raise ContentError(f"questions: 至少 {least} 种问法，现在 {len(questions)} 种")


def short(**texts: tuple[str, int]) -> None:
    for field, (text, most) in texts.items():
        if len(text) > most:
            raise ContentError(f"{field}: 最多 {most} 字，现在 {len(text)} 字")
