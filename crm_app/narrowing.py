"""What a transaction sees of the database when it works for somebody who sees some accounts only.

Each table has a view of the same name in a schema of its own, with the rows of the accounts that
the transaction was narrowed to. Narrowing it points the search path there: every statement, by the
ORM or in words, a read, a count or a change, then finds nothing else. The views are plain
conditions, so a list walks the same indexes as with a filter of accounts. `docs/decisions/0028`
says why it is not row-level security.
"""

from collections.abc import Collection
from typing import Any, Final

from sqlalchemy import Connection, text
from sqlmodel import Session

SCHEMA: Final = "crm_narrow"
_SET: Final = "narrowed_to"

_IN_REACH: Final = "= ANY (current_setting('crm.accounts')::bigint[])"
_MINE: Final = "= current_setting('crm.person')::bigint"
# A row that leads to one of these by a key belongs to the accounts of that one. The first that a
# table has counts.
_LEADS: Final = (
    ("order_id", "orders"),
    ("intent_id", "status_intents"),
    ("document_id", "documents"),
    ("run_id", "bulk_runs"),
    ("download_id", "downloads"),
    ("alert_id", "alerts"),
)
# Whose rows are not told by a column alone.
_OWN: Final = {
    "channel_accounts": f"t.id {_IN_REACH}",
    # A file whose account nobody has chosen yet is its owner's.
    "documents": f"t.account_id {_IN_REACH} OR (t.account_id IS NULL AND t.uploaded_by {_MINE})",
    # Its figures are of all its orders.
    "bulk_runs": f"t.actor_id {_MINE} OR NOT EXISTS (SELECT FROM public.bulk_rows r"
    f" WHERE r.run_id = t.id AND NOT r.account_id {_IN_REACH})",
    "downloads": f"t.user_id {_MINE}",
}
# Seen whole also where the account is empty: it is about no account.
_OF_NO_ACCOUNT: Final = frozenset({"status_words", "business_details", "invoice_series"})
_LEFT_OUT: Final = frozenset({"alembic_version"})


def forget(connection: Connection) -> None:
    """Drop the views: a migration could not change a table below them."""
    connection.execute(text(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE"))


def build(connection: Connection) -> None:
    """Make the views of all tables that there are."""
    forget(connection)
    connection.execute(text(f"CREATE SCHEMA {SCHEMA}"))
    for table, columns in _tables(connection).items():
        where = condition(table, columns)
        # Not the rights of who made the view: of who asks.
        head = f'CREATE VIEW {SCHEMA}."{table}" WITH (security_invoker = true) AS'
        whole = f'{head} TABLE public."{table}"'
        connection.execute(text(_narrow_view(head, table, where) if where else whole))
    connection.execute(text(f"GRANT USAGE ON SCHEMA {SCHEMA} TO PUBLIC"))
    connection.execute(
        text(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {SCHEMA} TO PUBLIC")
    )


def _narrow_view(head: str, table: str, where: str) -> str:
    return " ".join([head, "SELECT t.*", f'FROM public."{table}" t', f"WHERE {where}"])


def condition(table: str, columns: Collection[str]) -> str:
    """Which rows of a table a narrowed transaction sees; empty for all of them."""
    if table in _OWN:
        return _OWN[table]
    if "account_id" in columns:
        of_none = " OR t.account_id IS NULL" if table in _OF_NO_ACCOUNT else ""
        return f"t.account_id {_IN_REACH}{of_none}"
    for key, parent in _LEADS:
        if key in columns:
            return f"EXISTS (SELECT FROM {SCHEMA}.{parent} p WHERE p.id = t.{key})"
    return ""


def limit(session: Session, accounts: Collection[int] | None, person: int | None) -> None:
    """Let the rest of the transaction see the rows of these accounts only; None lifts that.

    Before anything is read: what the session holds already, it hands out again without asking.
    """
    wanted = None if accounts is None else (tuple(sorted(accounts)), person or 0)
    if session.info.get(_SET) == wanted:
        return
    path = "public" if wanted is None else SCHEMA
    ids, owner = wanted or ((), 0)
    session.execute(
        text(
            "SELECT set_config('search_path', :path, true), set_config('crm.accounts', :ids, true),"
            " set_config('crm.person', :person, true)"
        ),
        {"path": path, "ids": "{" + ",".join(map(str, ids)) + "}", "person": str(owner)},
    )
    session.info[_SET] = wanted


def _tables(connection: Connection) -> dict[str, set[str]]:
    """The tables by name, parents before those that lead to them, each with its columns."""
    found: dict[str, set[str]] = {}
    rows: Any = connection.execute(
        text(
            "SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
            " WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')"
            " AND NOT c.relispartition AND a.attnum > 0 AND NOT a.attisdropped"
            " ORDER BY c.relname"
        )
    )
    for table, column in rows:
        if table not in _LEFT_OUT:
            found.setdefault(table, set()).add(column)
    parents = [parent for _, parent in _LEADS]
    first = [name for name in parents if name in found]
    return {name: found[name] for name in [*first, *sorted(set(found) - set(first))]}
