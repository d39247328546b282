"""Which form the database has, which this program knows, and how to get from one to the other."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection


@dataclass(frozen=True, slots=True)
class Step:
    """A migration: its number and what it says of itself."""

    revision: str
    says: str


def steps() -> list[Step]:
    """Every migration of this program, the oldest first."""
    scripts = ScriptDirectory.from_config(_config()).walk_revisions()
    return [Step(s.revision, s.doc) for s in reversed(list(scripts))]


def revision(connection: Connection) -> str:
    """The form of a database; "" where nothing was made in it yet."""
    return MigrationContext.configure(connection).get_current_revision() or ""


def pending(revision: str) -> list[Step] | None:
    """The migrations that a database of this form has not seen; None for a form that this program
    does not know, for a newer one wrote it."""
    known = steps()
    names = [s.revision for s in known]
    if revision and revision not in names:
        return None
    return known[names.index(revision) + 1 :] if revision else known


def migrate_to(connection: Connection, revision: str = "head") -> None:
    """Run the missing migrations up to `revision` inside the transaction of `connection`."""
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config
