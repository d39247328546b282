"""Whether live state can be written, and whether somebody sends what waits in it."""

from __future__ import annotations

from sqlalchemy import and_, exists, or_, select, update

from bot.storage.store import Store
from bot.storage.tables import COUNTS, OUTBOX


def writable(store: Store) -> None:
    """Take the right to write and change nothing; raises what the database raises."""
    with store.writing() as connection:
        connection.execute(update(COUNTS).where(COUNTS.c.name == "").values(total=0))


def stuck(store: Store, now: float, seconds: float) -> bool:
    """Whether a parcel that is first in its line could have been sent for so long, and nobody
    took it. One that a platform put off is not: it is due later."""
    earlier = OUTBOX.alias()
    behind = exists().where(
        earlier.c.person == OUTBOX.c.person,
        earlier.c.account == OUTBOX.c.account,
        or_(
            earlier.c.number < OUTBOX.c.number,
            and_(earlier.c.number == OUTBOX.c.number, earlier.c.id < OUTBOX.c.id),
        ),
    )
    since = now - seconds
    query = select(OUTBOX.c.id).where(
        OUTBOX.c.due <= since, OUTBOX.c.leased <= since, OUTBOX.c.expires > now, ~behind
    )
    with store.reading() as connection:
        return connection.execute(query.limit(1)).first() is not None
