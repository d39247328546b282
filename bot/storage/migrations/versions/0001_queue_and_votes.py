"""The instructor's queue and the count of thumbs."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "queue",
        sa.Column("key", sa.String(32), primary_key=True),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("region", sa.String(20), nullable=False),
        sa.Column("question", sa.Text, nullable=False),
        sa.Column("receipt", sa.String(64), nullable=False, unique=True),
        sa.Column("answer", sa.Text),
        sa.Column("citations", sa.Text),
        sa.Column("answered", sa.Date),
    )
    op.create_table(
        "votes",
        sa.Column("ref", sa.String(80), primary_key=True),
        sa.Column("helpful", sa.Integer, nullable=False),
        sa.Column("unhelpful", sa.Integer, nullable=False),
    )
