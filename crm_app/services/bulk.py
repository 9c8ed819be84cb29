"""Many rows in one statement with one parameter.

A statement with a placeholder for each value of a page has some thousand of them: writing and
reading it costs more than storing the rows. One JSON document holds them all instead.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import JSON, Table, Text, bindparam, cast, column, func, select
from sqlalchemy.dialects.postgresql import Insert, insert

_ROWS = "rows"


def insert_rows(table: Any, names: Sequence[str]) -> Insert:
    """The statement that inserts `parameter(rows)`, to be extended by what a conflict means.

    Args:
        table: A table or its model.
        names: The columns that every row has.
    """
    return _insert_rows(getattr(table, "__table__", table), tuple(names))


@lru_cache
def _insert_rows(table: Table, names: tuple[str, ...]) -> Insert:
    typed = [column(name, table.c[name].type) for name in names]
    rows = func.json_to_recordset(cast(bindparam(_ROWS, type_=Text), JSON))
    source = rows.table_valued(*typed).render_derived(name="fresh", with_types=True)
    return insert(table).from_select(names, select(*(source.c[name] for name in names)))


def parameter(rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """The parameter of a statement of `insert_rows`."""
    return {_ROWS: json.dumps(rows, ensure_ascii=False, default=_plain, check_circular=False)}


def _plain(value: Any) -> str:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, bytes):
        return "\\x" + value.hex()
    raise TypeError(f"no column takes a {type(value).__name__}")
