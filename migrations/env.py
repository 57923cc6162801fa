"""How migrations run: the app's own engine, foreign keys off on SQLite while tables are rebuilt and checked after."""

import sqlalchemy as sa
from alembic import context
from flask import current_app
from sqlalchemy import Connection

import portal.models  # noqa: F401 - every table must be known
from portal.db import EnumType, UTCDateTime

target = current_app.extensions["migrate"].db


def plain_type(kind: str, item: object, _context: object) -> str | bool:
    """Migrations name the database's own types: they must run years after ours have moved."""
    if kind == "type" and isinstance(item, UTCDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, EnumType):
        return "sa.String(length=40)"
    if kind == "type" and isinstance(item, sa.JSON):
        return 'sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")'
    return False


def run() -> None:
    with target.engine.connect() as connection:
        sqlite = connection.dialect.name == "sqlite"
        raw = connection.connection.driver_connection
        if sqlite:
            raw.execute("PRAGMA foreign_keys = OFF")
        try:
            migrate(connection)
            if sqlite:
                broken = raw.execute("PRAGMA foreign_key_check").fetchall()
                if broken:
                    raise RuntimeError(f"The migration left dangling references: {broken[:5]}")
        finally:
            if sqlite:
                raw.execute("PRAGMA foreign_keys = ON")


def migrate(connection: Connection) -> None:
    writing = connection.execution_options(portal_writing=True)
    context.configure(
        connection=writing,
        target_metadata=target.metadata,
        compare_type=True,
        render_item=plain_type,
        render_as_batch=connection.dialect.name == "sqlite",
        transaction_per_migration=False,
    )
    with context.begin_transaction():
        if connection.dialect.name == "postgresql":
            # Two upgrades at once: the second waits here and then finds its work done.
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(72101)")
        context.run_migrations()


run()
