"""Run migrations against CRM_DATABASE_URL (or a connection that a test hands in)."""

from typing import Any, Literal

from alembic import context
from sqlalchemy import Connection, text
from sqlmodel import SQLModel

from crm_app import models, narrowing
from crm_app.db import get_engine
from crm_app.models.base import EnumText

# Two deployments at once must not migrate at once; the number only has to be ours.
_MIGRATION_LOCK = 7_403_112

assert models.__all__  # importing the package fills the metadata


def render_item(kind: str, item: Any, autogen_context: Any) -> str | Literal[False]:
    """Write our enum columns as plain text: a migration must not import today's code."""
    del autogen_context
    if kind == "type" and isinstance(item, EnumText):
        return f"sa.String(length={item.max_length})"
    return False


def run(connection: Connection) -> None:
    """Migrate on one connection; a migration may still open its own autocommit block."""
    context.configure(
        connection=connection,
        target_metadata=SQLModel.metadata,
        compare_type=True,
        render_item=render_item,
        compare_server_default=False,
    )
    with context.begin_transaction():
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        # Another deployment may migrate for minutes: that is worth waiting for.
        connection.execute(text("SET LOCAL lock_timeout = 0"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
        # Waiting for a table lock would stop every order behind it: fail, and try again later.
        connection.execute(text("SET LOCAL lock_timeout = '5s'"))
        narrowing.forget(connection)
        context.run_migrations()
        narrowing.build(connection)


if context.is_offline_mode():
    raise SystemExit("Migrations need a database: set CRM_DATABASE_URL.")

given = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    with get_engine().connect() as connection:
        run(connection)
