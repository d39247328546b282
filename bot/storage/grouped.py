"""Many small writes in one transaction: SQLite waits for the disk at every commit, so those that
come while it waits go together the next time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Connection

from bot.storage.store import Store

T = TypeVar("T")

MOST = 64
"""Writes in one transaction: what the others in line have to wait for."""


@dataclass(slots=True, eq=False)
class _Work:
    """One write: what it does, and once it is `done` what came of it."""

    do: Callable[[Connection], Any]
    done: bool = False
    result: Any = None
    error: BaseException | None = None


class Grouped:
    """Writes of one store. Safe between threads."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._turn, self._line = threading.Lock(), list[_Work]()

    def write(self, do: Callable[[Connection], T]) -> T:
        """What `do` gives, once it is stored. It may be called twice, the first time in vain: of
        writes that go together one that fails takes the others' work back with it."""
        mine = _Work(do)
        self._line.append(mine)
        with self._turn:
            # Whoever has the turn writes for all in line; they find theirs done. More than one
            # group where more are in line than go together.
            while not mine.done:
                group, self._line[:MOST] = self._line[:MOST], []
                self._commit(group)
        if mine.error is not None:
            raise mine.error
        result: T = mine.result
        return result

    def _commit(self, group: list[_Work]) -> None:
        try:
            with self._store.writing() as connection:
                for work in group:
                    work.result = work.do(connection)
        except BaseException as error:
            if len(group) == 1:
                group[0].error = error
            else:
                for work in group:
                    self._commit([work])
        for work in group:
            work.done = True
