"""Deliveries, conversations, the outbox, allowances, tokens and counts of the channels."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "deliveries",
        sa.Column("mark", sa.String(32), primary_key=True),
        sa.Column("person", sa.String(32), nullable=False, index=True),
        sa.Column("answer", sa.Text, nullable=False),
        sa.Column("finished", sa.Float, nullable=False, index=True),
    )
    op.create_table(
        "conversations",
        sa.Column("person", sa.String(32), primary_key=True),
        sa.Column("session", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("touched", sa.Float, nullable=False, index=True),
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("person", sa.String(32), nullable=False, index=True),
        sa.Column("account", sa.String(80), nullable=False),
        sa.Column("number", sa.Float, nullable=False),
        sa.Column("target", sa.LargeBinary, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("due", sa.Float, nullable=False, index=True),
        sa.Column("expires", sa.Float, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("leased", sa.Float, nullable=False),
    )
    op.create_table(
        "allowances",
        sa.Column("person", sa.String(32), primary_key=True),
        sa.Column("kind", sa.String(16), primary_key=True),
        sa.Column("remaining", sa.Integer, nullable=False),
        sa.Column("until", sa.Float, nullable=False, index=True),
    )
    op.create_table(
        "tokens",
        sa.Column("account", sa.String(80), primary_key=True),
        sa.Column("token", sa.LargeBinary),
        sa.Column("expires", sa.Float, nullable=False),
        sa.Column("leased", sa.Float, nullable=False),
    )
    op.create_table(
        "counts",
        sa.Column("name", sa.String(60), primary_key=True),
        sa.Column("total", sa.Integer, nullable=False),
    )
