"""Live state of practice: what somebody is to be asked again, and who wants a daily question.

Rows are under a pseudonym and mean nothing without the key in memory (`bot.persons`). How often
which option was chosen is counted without anybody.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, and_, delete, exists, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from bot.storage.mailbox import DAY
from bot.storage.store import Store
from bot.storage.tables import ALLOWANCES, ITEM_USE, PRACTICE, SUBSCRIPTIONS

SOON = 120.0
"""Seconds that an allowance must still hold for a question to be posted."""


@dataclass(frozen=True, slots=True)
class Subscriber:
    """Somebody who wants the daily question. `target` is sealed."""

    person: str
    account: str
    target: bytes
    region: str


class Practices:
    """Every method is one transaction; safe between threads and processes."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.time) -> None:
        self.store, self._clock = store, clock
        self._dialect = postgresql if store.engine.dialect.name == "postgresql" else sqlite

    # What to ask again

    def get(self, person: str) -> str:
        """The sealed state of somebody's practice; "" where there is none."""
        query = select(PRACTICE.c.state).where(PRACTICE.c.person == person)
        with self.store.reading() as connection:
            return connection.execute(query).scalar() or ""

    def put(self, person: str, state: str) -> None:
        """Keep a sealed state, touched today."""
        values = {"state": state, "touched": self._today()}
        new = self._dialect.insert(PRACTICE).values(person=person, **values)
        with self.store.writing() as connection:
            connection.execute(new.on_conflict_do_update(index_elements=["person"], set_=values))

    def used(self, item: str, version: str, chosen: Sequence[int]) -> None:
        """Count an answer, of nobody; `chosen` are places in the item as written."""
        key = {"item": item, "version": version, "chosen": ",".join(map(str, sorted(chosen)))}
        new = self._dialect.insert(ITEM_USE).values(**key, total=1)
        with self.store.writing() as connection:
            connection.execute(
                new.on_conflict_do_update(
                    index_elements=list(key), set_={"total": ITEM_USE.c.total + 1}
                )
            )

    def use(self) -> Mapping[tuple[str, str, str], int]:
        """(item, version, chosen) -> how often in practice."""
        with self.store.reading() as connection:
            rows = connection.execute(select(ITEM_USE))
            return {(r.item, r.version, r.chosen): r.total for r in rows}

    # The daily question

    def subscribe(self, person: str, account: str, target: bytes, region: str) -> None:
        """Send somebody the daily question from now on."""
        values = {
            "account": account, "target": target, "region": region, "touched": self._today(),
        }  # fmt: skip
        new = self._dialect.insert(SUBSCRIPTIONS).values(person=person, **values)
        with self.store.writing() as connection:
            connection.execute(new.on_conflict_do_update(index_elements=["person"], set_=values))

    def unsubscribe(self, person: str) -> bool:
        """Send it no more; says whether it was sent."""
        with self.store.writing() as connection:
            gone = connection.execute(delete(SUBSCRIPTIONS).where(SUBSCRIPTIONS.c.person == person))
            return gone.rowcount > 0

    def due(
        self,
        day: date,
        accounts: Collection[str],
        metered: Collection[str] = (),
        after: str = "",
        most: int = 100,
    ) -> list[Subscriber]:
        """Who was not sent the question of `day`, by pseudonym from `after` on; of the `metered`
        accounts only those whom the platform lets us write to now."""
        allowed = exists().where(
            ALLOWANCES.c.person == SUBSCRIPTIONS.c.person,
            ALLOWANCES.c.remaining > 0,
            ALLOWANCES.c.until > self._clock() + SOON,
        )
        query = (
            select(SUBSCRIPTIONS)
            .where(
                SUBSCRIPTIONS.c.person > after,
                SUBSCRIPTIONS.c.account.in_(list(accounts)),
                _unsent(day),
                or_(SUBSCRIPTIONS.c.account.not_in(list(metered)), allowed),
            )
            .order_by(SUBSCRIPTIONS.c.person)
            .limit(most)
        )
        with self.store.reading() as connection:
            rows = connection.execute(query).all()
        return [Subscriber(r.person, r.account, r.target, r.region) for r in rows]

    def sent(self, person: str, day: date) -> bool:
        """Note that somebody has the question of `day`; False where they had it already, or do
        not want it any more."""
        where = and_(SUBSCRIPTIONS.c.person == person, _unsent(day))
        with self.store.writing() as connection:
            done = connection.execute(update(SUBSCRIPTIONS).where(where).values(sent=day))
            return done.rowcount == 1

    def answered(self, person: str, region: str = "") -> None:
        """Note that a subscriber answers, in which place, so that it goes on."""
        values = {"touched": self._today(), **({"region": region} if region else {})}
        with self.store.writing() as connection:
            connection.execute(
                update(SUBSCRIPTIONS).where(SUBSCRIPTIONS.c.person == person).values(values)
            )

    def _today(self) -> float:
        # The hour of an answer is nobody's business.
        return self._clock() // DAY * DAY


def _unsent(day: date) -> ColumnElement[bool]:
    return or_(SUBSCRIPTIONS.c.sent.is_(None), SUBSCRIPTIONS.c.sent < day)
