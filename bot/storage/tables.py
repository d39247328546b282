"""The tables of live state. Ask of each column: could it tell who?"""

from __future__ import annotations

from sqlalchemy import Column, Date, Float, Integer, LargeBinary, MetaData, String, Table, Text

METADATA = MetaData()

QUEUE = Table(
    "queue",
    METADATA,
    # Random, so that neither order nor time of arrival is kept.
    Column("key", String(32), primary_key=True),
    Column("day", Date, nullable=False),
    Column("region", String(20), nullable=False),
    Column("question", Text, nullable=False),
    # scrypt of the receipt code; the code itself is shown once and kept nowhere.
    Column("receipt", String(64), nullable=False, unique=True),
    Column("answer", Text),
    Column("citations", Text),
    Column("answered", Date),
)

VOTES = Table(
    "votes",
    METADATA,
    Column("ref", String(80), primary_key=True),
    Column("helpful", Integer, nullable=False, default=0),
    Column("unhelpful", Integer, nullable=False, default=0),
)

# What follows knows a person only by a pseudonym whose key is in memory (`bot.persons`); none of
# it outlives `mailbox.KEPT_SECONDS`, and nothing of it is what somebody typed.

DELIVERIES = Table(
    "deliveries",
    METADATA,
    # The keyed hash of what the platform calls one message: its second delivery finds the first.
    Column("mark", String(32), primary_key=True),
    Column("person", String(32), nullable=False, index=True),
    # What the channel said, sealed, for a redelivery; emptied once the platform cannot ask again.
    Column("answer", Text, nullable=False, default=""),
    Column("finished", Float, nullable=False, index=True),
)

CONVERSATIONS = Table(
    "conversations",
    METADATA,
    Column("person", String(32), primary_key=True),
    # Region, contract type, what was answered last, open choices; never words.
    Column("session", Text, nullable=False),
    Column("version", Integer, nullable=False, default=1),
    Column("touched", Float, nullable=False, index=True),
)

OUTBOX = Table(
    "outbox",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("person", String(32), nullable=False, index=True),
    Column("account", String(80), nullable=False),
    # The place among the parcels of one person.
    Column("number", Float, nullable=False),
    # Whom to send to, and what, as the channel wrote it; both sealed, deleted when it is sent.
    Column("target", LargeBinary, nullable=False),
    Column("body", Text, nullable=False),
    Column("due", Float, nullable=False, index=True),
    Column("expires", Float, nullable=False),
    Column("tries", Integer, nullable=False, default=0),
    # While somebody is sending it; after that time another may.
    Column("leased", Float, nullable=False, default=0.0),
)

ALLOWANCES = Table(
    "allowances",
    METADATA,
    # How many messages a platform still lets us send to a person, and until when.
    Column("person", String(32), primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("remaining", Integer, nullable=False),
    Column("until", Float, nullable=False, index=True),
)

TOKENS = Table(
    "tokens",
    METADATA,
    Column("account", String(80), primary_key=True),
    Column("token", LargeBinary),
    Column("expires", Float, nullable=False, default=0.0),
    # While one replica renews it; after that time another may.
    Column("leased", Float, nullable=False, default=0.0),
)

COUNTS = Table(
    "counts",
    METADATA,
    # What happened how often: duplicates that may have been sent, messages given up.
    Column("name", String(60), primary_key=True),
    Column("total", Integer, nullable=False, default=0),
)
