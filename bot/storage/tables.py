"""The tables of live state. Ask of each column: could it tell who?"""

from __future__ import annotations

from sqlalchemy import Column, Date, Integer, MetaData, String, Table, Text

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
