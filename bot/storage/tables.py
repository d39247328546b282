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

# Campaigns. What somebody answered stands under a random key, apart from the code they used; no
# table here has both, but for a sitting that is under way. Without a rowid, and with random keys,
# SQLite keeps no order of arrival; PostgreSQL may show it in its files (deploy/README.md).

CAMPAIGNS = Table(
    "campaigns",
    METADATA,
    Column("id", String(40), primary_key=True),
    # The organiser's file as it was read, and the points that are asked.
    Column("data", Text, nullable=False),
    Column("points", Text, nullable=False),
    # Makes and knows the codes of this campaign.
    Column("key", LargeBinary, nullable=False),
    # draft | open | closed
    Column("status", String(8), nullable=False),
    # What was found at the close, before the traces that it was found by were deleted.
    Column("findings", Text, nullable=False, default=""),
)

ISSUED = Table(
    "issued",
    METADATA,
    # How many codes were made for a unit; not which.
    Column("campaign", String(40), primary_key=True),
    Column("unit", String(40), primary_key=True),
    Column("total", Integer, nullable=False),
)

SPENT = Table(
    "spent",
    METADATA,
    # The hash of a code that was used. Nobody knows who drew it.
    Column("campaign", String(40), primary_key=True),
    Column("code", String(32), primary_key=True),
    sqlite_with_rowid=False,
)

SITTINGS = Table(
    "sittings",
    METADATA,
    Column("token", String(32), primary_key=True),
    Column("campaign", String(40), nullable=False, index=True),
    # The hash of the code, so that the same code goes on where it stopped; "" without one.
    Column("code", String(32), nullable=False, index=True),
    Column("state", Text, nullable=False),
    # 0 while it lasts; when it ended, for the minutes in which its last page is shown again.
    Column("ended", Float, nullable=False, default=0.0, index=True),
    sqlite_with_rowid=False,
)

ATTEMPTS = Table(
    "attempts",
    METADATA,
    Column("key", String(32), primary_key=True),
    Column("campaign", String(40), nullable=False, index=True),
    Column("unit", String(40), nullable=False),
    Column("passed", Integer, nullable=False),
    # Item, version, what was chosen and whether it was right, for each question.
    Column("answers", Text, nullable=False),
    # Ten minutes of the campaign's days, to notice answers given together; emptied at the close.
    Column("slot", Integer),
    sqlite_with_rowid=False,
)

ENTRIES = Table(
    "entries",
    METADATA,
    # The hash of an entry code of the prize draw, joined to nothing.
    Column("campaign", String(40), primary_key=True),
    Column("entry", String(64), primary_key=True),
    sqlite_with_rowid=False,
)

PARTAKEN = Table(
    "partaken",
    METADATA,
    # Publicity rounds only: a keyed hash whose key is in memory and dies with the round.
    # `generation` names the key: after a restart of the machine there is a new one.
    Column("campaign", String(40), primary_key=True),
    Column("generation", String(16), primary_key=True),
    Column("person", String(32), primary_key=True),
    sqlite_with_rowid=False,
)

PROGRESS = Table(
    "progress",
    METADATA,
    # opened | begun | finished, by unit.
    Column("campaign", String(40), primary_key=True),
    Column("unit", String(40), primary_key=True),
    Column("what", String(12), primary_key=True),
    Column("total", Integer, nullable=False),
)

PRACTICE = Table(
    "practice",
    METADATA,
    Column("person", String(32), primary_key=True),
    # Which points somebody is to be asked again, and when; sealed under the key in memory.
    Column("state", Text, nullable=False),
    Column("touched", Float, nullable=False, index=True),
)

SUBSCRIPTIONS = Table(
    "subscriptions",
    METADATA,
    Column("person", String(32), primary_key=True),
    Column("account", String(80), nullable=False),
    # Whom to send the daily question to; sealed, of no use without the key in memory.
    Column("target", LargeBinary, nullable=False),
    Column("region", String(20), nullable=False),
    # The day for which the last one was put into the outbox.
    Column("sent", Date),
    Column("touched", Float, nullable=False, index=True),
)

ITEM_USE = Table(
    "item_use",
    METADATA,
    # In practice: how often which options were chosen. "" stands for 不知道.
    Column("item", String(80), primary_key=True),
    Column("version", String(12), primary_key=True),
    Column("chosen", String(20), primary_key=True),
    Column("total", Integer, nullable=False),
)
