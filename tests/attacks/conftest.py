"""What attacks look at: everything that is stored, before and after."""

from collections.abc import Callable

import pytest
from sqlalchemy import text
from sqlmodel import SQLModel

from crm_app import db
from tests.api.conftest import api, bearer, client, people

__all__ = ["api", "bearer", "client", "people"]

Stored = dict[str, tuple[int, str]]
# Grow by being asked: the trail itself, when somebody was last seen, and counters of wrong tries.
_LIVING = {"audit_entries", "user_sessions", "users", "api_tokens", "sign_in_failures"}


@pytest.fixture
def stored(database: str) -> Callable[[], Stored]:
    """Every table: how many rows, and a sum over all that is in them."""
    del database
    names = sorted(table.name for table in SQLModel.metadata.sorted_tables)
    parts = [
        f"SELECT '{name}', count(*), {_content(name)} FROM \"{name}\" AS t"  # noqa: S608 - our own
        for name in names
        if name not in {"audit_entries", "sign_in_failures"}
    ]

    def look() -> Stored:
        with db.get_engine().connect() as connection:
            found = connection.execute(text(" UNION ALL ".join(parts)))
            return {name: (count, content) for name, count, content in found}

    return look


def _content(name: str) -> str:
    if name in _LIVING:
        return "''"
    return "coalesce(md5(string_agg(t::text, ',' ORDER BY t::text)), '')"
