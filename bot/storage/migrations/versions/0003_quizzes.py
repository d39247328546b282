"""Campaigns, sittings, attempts, entries, practice and the daily question."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "campaigns",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("data", sa.Text, nullable=False),
        sa.Column("points", sa.Text, nullable=False),
        sa.Column("key", sa.LargeBinary, nullable=False),
        sa.Column("status", sa.String(8), nullable=False),
        sa.Column("findings", sa.Text, nullable=False),
    )
    op.create_table(
        "issued",
        sa.Column("campaign", sa.String(40), primary_key=True),
        sa.Column("unit", sa.String(40), primary_key=True),
        sa.Column("total", sa.Integer, nullable=False),
    )
    op.create_table(
        "spent",
        sa.Column("campaign", sa.String(40), primary_key=True),
        sa.Column("code", sa.String(32), primary_key=True),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "sittings",
        sa.Column("token", sa.String(32), primary_key=True),
        sa.Column("campaign", sa.String(40), nullable=False, index=True),
        sa.Column("code", sa.String(32), nullable=False, index=True),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("ended", sa.Float, nullable=False, index=True),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "attempts",
        sa.Column("key", sa.String(32), primary_key=True),
        sa.Column("campaign", sa.String(40), nullable=False, index=True),
        sa.Column("unit", sa.String(40), nullable=False),
        sa.Column("passed", sa.Integer, nullable=False),
        sa.Column("answers", sa.Text, nullable=False),
        sa.Column("slot", sa.Integer),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "entries",
        sa.Column("campaign", sa.String(40), primary_key=True),
        sa.Column("entry", sa.String(64), primary_key=True),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "partaken",
        sa.Column("campaign", sa.String(40), primary_key=True),
        sa.Column("generation", sa.String(16), primary_key=True),
        sa.Column("person", sa.String(32), primary_key=True),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "progress",
        sa.Column("campaign", sa.String(40), primary_key=True),
        sa.Column("unit", sa.String(40), primary_key=True),
        sa.Column("what", sa.String(12), primary_key=True),
        sa.Column("total", sa.Integer, nullable=False),
    )
    op.create_table(
        "practice",
        sa.Column("person", sa.String(32), primary_key=True),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("touched", sa.Float, nullable=False, index=True),
    )
    op.create_table(
        "subscriptions",
        sa.Column("person", sa.String(32), primary_key=True),
        sa.Column("account", sa.String(80), nullable=False),
        sa.Column("target", sa.LargeBinary, nullable=False),
        sa.Column("region", sa.String(20), nullable=False),
        sa.Column("sent", sa.Date),
        sa.Column("touched", sa.Float, nullable=False, index=True),
    )
    op.create_table(
        "item_use",
        sa.Column("item", sa.String(80), primary_key=True),
        sa.Column("version", sa.String(12), primary_key=True),
        sa.Column("chosen", sa.String(20), primary_key=True),
        sa.Column("total", sa.Integer, nullable=False),
    )
