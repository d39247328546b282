"""The published record of a prize draw (有奖问答): what is announced, closed and drawn, as JSON.

One file grows in three steps. Each later step holds the digest of the one before it, so that a
copy of the first step, or its digest on a poster, pins all that was promised.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Set
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any

METHOD = "xst-draw-1"
"""Name of the way of drawing told in `bot.draw.lots`; another way gets another name."""

DRAND, PUBLIC = "drand-quicknet", "public"
SOURCES = (DRAND, PUBLIC)
LONGEST = 64 * 2**20
"""Bytes of a record that are read: about 900,000 entries."""

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)")
_HEX = re.compile(r"([0-9a-f]{2})*")


class DrawError(Exception):
    """A record, plan or code cannot be read or used; the message says where and what to do."""


@dataclass(frozen=True, slots=True)
class Prize:
    """`value` is one piece's, in whole yuan."""

    name: str
    number: int
    value: int


@dataclass(frozen=True, slots=True)
class Beacon:
    """A public random value that nobody knows before `at`: a round of drand's quicknet, or `what`
    is published and `where` (a lottery's numbers, an index)."""

    source: str
    at: str
    round: int
    what: str
    where: str


@dataclass(frozen=True, slots=True)
class Announcement:
    """What is published before the quiz opens, and not changed after. `reserves` is how many
    follow for prizes not claimed; after `reveal_by` without a seed the beacon draws alone."""

    title: str
    organiser: str
    prizes: tuple[Prize, ...]
    winners: int
    reserves: int
    made: str
    opens: str
    closes: str
    beacon: Beacon
    reveal_by: str
    claim_by: str
    claim: str
    rules: str
    method: str
    commit: str


@dataclass(frozen=True, slots=True)
class Closed:
    """The list, published between the quiz's end and the beacon. `entries` are in order."""

    announcement: str
    made: str
    root: str
    entries: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Drawn:
    """The result. `seed` is "" where it was not revealed, and `withheld` says why."""

    closed: str
    made: str
    seed: str
    withheld: str
    beacon: str
    winners: tuple[str, ...]
    reserves: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Record:
    """A draw as far as it has come."""

    announcement: Announcement
    closed: Closed | None = None
    drawn: Drawn | None = None


def digest(part: Announcement | Closed | Drawn) -> str:
    """SHA-256 over a step's JSON: keys in order, no spaces, UTF-8."""
    said = json.dumps(asdict(part), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(said.encode()).hexdigest()


def moment(text: str) -> datetime:
    """A time of a record, aware."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def write_record(record: Record) -> str:
    """The record as a file holds it; steps not yet made are absent."""
    said = {"announcement": asdict(record.announcement)}
    for name in ("closed", "drawn"):
        if (part := getattr(record, name)) is not None:
            said[name] = asdict(part)
    return json.dumps(said, ensure_ascii=False, indent=1) + "\n"


def load_record(path: Path) -> Record:
    """The record in a file. Raises DrawError naming file and field."""
    try:
        if path.stat().st_size > LONGEST:
            raise DrawError(f"文件超过 {LONGEST // 2**20} MB，不是抽奖记录")
        return read_record(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        raise DrawError(f"{path}: 读不出来（{error}）") from error
    except DrawError as error:
        raise DrawError(f"{path}: {error}") from error


def read_record(text: str) -> Record:
    """The record in a text, every field of it checked for its form. Raises DrawError."""
    try:
        raw = json.loads(text, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise DrawError(f"不是完整的 JSON（{error}）；请用原样下载的文件") from error
    _keys(raw, "", {"announcement"}, {"closed", "drawn"})
    announcement = _part(raw["announcement"], Announcement, "announcement")
    closed = _part(raw["closed"], Closed, "closed") if "closed" in raw else None
    drawn = _part(raw["drawn"], Drawn, "drawn") if "drawn" in raw else None
    if drawn is not None and closed is None:
        raise DrawError("有 drawn（开奖）却没有 closed（封存名单）")
    return Record(announcement, closed, drawn)


# Fields


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):  # two readers could see two different records
        twice = next(k for n, (k, _) in enumerate(pairs) if k in [p[0] for p in pairs[:n]])
        raise DrawError(f"字段 {twice} 写了两次")
    return found


def _keys(raw: Any, place: str, needed: set[str], optional: Set[str] = frozenset()) -> None:
    shown = place or "记录"
    if not isinstance(raw, dict):
        raise DrawError(f"{shown}: 应是一组字段")
    if missing := needed - set(raw):
        raise DrawError(f"{shown}: 缺少字段 {'、'.join(sorted(missing))}")
    if unknown := set(raw) - needed - optional:
        raise DrawError(f"{shown}: 不认识的字段 {'、'.join(sorted(unknown))}")


def _part(raw: Any, kind: Any, place: str) -> Any:
    _keys(raw, place, {f.name for f in fields(kind)})
    checks = {f.name: _text for f in fields(kind)} | dict(_FORMS[kind])
    return kind(**{k: checks[k](v, f"{place}.{k}") for k, v in raw.items()})


def _text(value: Any, place: str) -> str:
    """Some words; "" is refused."""
    if not isinstance(value, str) or not value.strip() or len(value) > 5000:
        raise DrawError(f"{place}: 应是一段文字（不空，不超过 5000 字）")
    return _any_text(value, place)


def _any_text(value: Any, place: str) -> str:
    if not isinstance(value, str) or len(value) > 5000:
        raise DrawError(f"{place}: 应是文字")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise DrawError(f"{place}: 有不完整的字符") from None
    return value


def _number(least: int) -> Callable[[Any, str], int]:
    def check(value: Any, place: str) -> int:
        if type(value) is not int or not least <= value <= 10**12:
            raise DrawError(f"{place}: 应是不小于 {least} 的整数")
        return value

    return check


def _time(value: Any, place: str) -> str:
    if not isinstance(value, str) or not _TIME.fullmatch(value):
        raise DrawError(f"{place}: 应是带时区的时间，如 2026-12-20T18:00:00+08:00")
    try:
        moment(value)
    except ValueError:
        raise DrawError(f"{place}: 没有“{value}”这个时间") from None
    return value


def _hex(*sizes: int) -> Callable[[Any, str], str]:
    """Bytes in lower-case hexadecimal digits, of one of the sizes in bytes."""

    def check(value: Any, place: str) -> str:
        good = isinstance(value, str) and _HEX.fullmatch(value) and len(value) // 2 in sizes
        if not good:
            shown = "、".join(str(2 * s) for s in sizes)
            raise DrawError(f"{place}: 应是 {shown} 位十六进制数（小写）")
        return str(value)

    return check


def _list(of: Callable[[Any, str], Any]) -> Callable[[Any, str], tuple[Any, ...]]:
    def check(value: Any, place: str) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise DrawError(f"{place}: 应是一列")
        return tuple(of(v, f"{place} 第 {n} 项") for n, v in enumerate(value, 1))

    return check


def _source(value: Any, place: str) -> str:
    if value not in SOURCES:
        raise DrawError(f"{place}: 应是 {' 或 '.join(SOURCES)}")
    return str(value)


ENTRY_BYTES = tuple(range(8, 33))
"""An entry is a hash of 8 to 32 bytes; ours have 32."""

_ENTRIES = _list(_hex(*ENTRY_BYTES))
_FORMS: Mapping[Any, Mapping[str, Callable[[Any, str], Any]]] = {
    Prize: {"number": _number(1), "value": _number(0)},
    Beacon: {
        "source": _source, "at": _time, "round": _number(0), "what": _any_text, "where": _any_text,
    },
    Announcement: {
        "prizes": _list(lambda v, p: _part(v, Prize, p)),
        "winners": _number(1), "reserves": _number(0),
        "made": _time, "opens": _time, "closes": _time, "reveal_by": _time, "claim_by": _time,
        "beacon": lambda v, p: _part(v, Beacon, p),
        "commit": _hex(32),
    },
    Closed: {"announcement": _hex(32), "made": _time, "root": _hex(32), "entries": _ENTRIES},
    Drawn: {
        "closed": _hex(32), "made": _time, "seed": _hex(0, 32), "withheld": _any_text,
        "winners": _ENTRIES, "reserves": _ENTRIES,
    },
}  # fmt: skip
