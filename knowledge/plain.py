"""Records as JSON-able values and back, for the content table of the library."""

from __future__ import annotations

import types
from dataclasses import fields, is_dataclass
from datetime import date
from functools import cache
from typing import Any, TypeVar, cast, get_args, get_origin, get_type_hints

T = TypeVar("T")


def to_plain(value: Any) -> Any:
    """A record as nested lists and dicts; dates as ISO text."""
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: to_plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, tuple | list):
        return [to_plain(v) for v in value]
    return value.isoformat() if isinstance(value, date) else value


def from_plain(kind: type[T], value: Any) -> T:
    """The record of type `kind` that `to_plain` made `value` from."""
    hints = _hints(cast(type, kind))
    return kind(**{name: _build(hints[name], v) for name, v in value.items()})


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _build(hint: Any, value: Any) -> Any:
    origin = get_origin(hint)
    if origin is types.UnionType:
        return None if value is None else _build(get_args(hint)[0], value)
    if origin is tuple:
        return tuple(_build(get_args(hint)[0], v) for v in value)
    if hint is date:
        return date.fromisoformat(value)
    return from_plain(hint, value) if is_dataclass(hint) else value  # type: ignore[arg-type]
