"""Shopify's list of orders: search terms, sort keys and cursors."""

import base64
import binascii
import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from graphql import GraphQLError
from sqlalchemy import ColumnElement, Connection, asc, desc, select, tuple_

from crm_app.sandbox import channel_store, times
from crm_app.sandbox.json_edge import field_of
from crm_app.sandbox.store import channel_orders

Body = dict[str, Any]
MOST_NODES: Final = 250
_ROWS: Final = channel_orders.c
_COLUMNS: Final = {
    "UPDATED_AT": _ROWS.updated_at,
    "CREATED_AT": _ROWS.created_at,
    "PROCESSED_AT": _ROWS.created_at,
    "ID": _ROWS.external_id,
}
_DATES: Final = {
    "updated_at": _ROWS.updated_at,
    "created_at": _ROWS.created_at,
    "processed_at": _ROWS.created_at,
}
_TERM: Final = re.compile(
    r"(?P<field>\w+):(?P<sign><=|>=|<|>)?(?P<value>'[^']*'|\"[^\"]*\"|\S+)", re.ASCII
)


def find_orders(connection: Connection, arguments: Mapping[str, Any]) -> Body:
    """A connection of orders: nodes, edges and pageInfo.

    Raises:
        GraphQLError: neither `first` nor `last`, too many at once, a strange cursor.
    """
    count = page_size(arguments)
    if arguments.get("last") is not None or arguments.get("before") is not None:
        raise GraphQLError("The sandbox pages forwards only: use first and after.")
    key = arguments.get("sortKey") or "PROCESSED_AT"
    column = _COLUMNS[key]
    is_reversed = bool(arguments.get("reverse"))
    direction = desc if is_reversed else asc
    after = arguments.get("after")
    conditions = [_ROWS.channel == "shopify", *_conditions(arguments.get("query") or "")]
    conditions.append(channel_store.is_listed("shopify", _ROWS.external_id))
    if after is not None:
        conditions.append(_beyond(column, _read_cursor(after), is_reversed))
    found = (
        select(channel_orders)
        .where(*conditions)
        .order_by(direction(column), direction(_ROWS.external_id))
        .limit(count + 1)
    )
    rows = connection.execute(found).all()
    shown = rows[:count]

    def cursor(index: int) -> str:
        return _cursor(getattr(shown[index], column.key), shown[index].external_id)

    nodes: list[Any] = [json.loads(row.body) for row in shown]
    return as_connection(nodes, cursor, len(rows) > count, after is not None)


def page_size(arguments: Mapping[str, Any]) -> int:
    """How many nodes a connection is asked for. GraphQLError if it does not say, or too many."""
    first, last = arguments.get("first"), arguments.get("last")
    if (first is None) == (last is None):
        raise GraphQLError("You must provide one of first or last")
    count: int = first if first is not None else last or 0
    if not 0 <= count <= MOST_NODES:
        raise GraphQLError(f"A page holds 0 to {MOST_NODES} nodes.")
    return count


def as_connection(
    nodes: list[Any], cursor: Callable[[int], str], has_next: bool, has_previous: bool
) -> Body:
    """Nodes in the form of a connection; `cursor` is that of the node at a place.

    Most queries ask for no edges and for one cursor: the others are not made.
    """
    return {
        "nodes": nodes,
        "edges": lambda: [
            {"cursor": cursor(index), "node": node} for index, node in enumerate(nodes)
        ],
        "pageInfo": {
            "hasNextPage": has_next,
            "hasPreviousPage": has_previous,
            "startCursor": (lambda: cursor(0)) if nodes else None,
            "endCursor": (lambda: cursor(len(nodes) - 1)) if nodes else None,
        },
    }


def slice_list(entries: list[Any], arguments: Mapping[str, Any]) -> Body:
    """A page of a list that an order carries; its cursors are positions."""
    count = page_size(arguments)
    if bool(arguments.get("reverse")):
        entries = entries[::-1]
    start, end = 0, len(entries)
    if arguments.get("after") is not None:
        start = _position(arguments["after"]) + 1
    if arguments.get("before") is not None:
        end = min(end, _position(arguments["before"]))
    if arguments.get("first") is not None:
        end = max(start, min(end, start + count))
    else:
        start = max(start, end - count)

    def cursor(index: int) -> str:
        return _pack({"position": start + index})

    return as_connection(entries[start:end], cursor, end < len(entries), start > 0)


def _position(cursor: str) -> int:
    position = field_of(_unpack(cursor), "position")
    if not isinstance(position, int) or position < 0:
        raise GraphQLError("Invalid cursor for current pagination sort.")
    return position


def _cursor(value: object, external_id: str) -> str:
    last = times.stamp(value) if isinstance(value, datetime) else str(value)
    return _pack({"last_id": external_id, "last_value": last})


def _pack(fields: Body) -> str:
    return base64.urlsafe_b64encode(json.dumps(fields).encode()).decode()


def _unpack(cursor: str) -> object:
    try:
        return json.loads(base64.urlsafe_b64decode(cursor.encode()))
    except (ValueError, binascii.Error) as error:
        raise GraphQLError("Invalid cursor for current pagination sort.") from error


def _read_cursor(cursor: str) -> tuple[str, str]:
    fields = _unpack(cursor)
    last_id, value = field_of(fields, "last_id"), field_of(fields, "last_value")
    if not isinstance(last_id, str) or not isinstance(value, str):
        raise GraphQLError("Invalid cursor for current pagination sort.")
    return last_id, value


def _beyond(
    column: ColumnElement[Any], cursor: tuple[str, str], is_reversed: bool
) -> ColumnElement[bool]:
    last_id, text = cursor
    value: object = text if column is _ROWS.external_id else _moment(text)
    # Compared as a pair, an index leads to the place; with AND and OR it is walked from its start.
    place, here = tuple_(column, _ROWS.external_id), tuple_(value, last_id)
    return place < here if is_reversed else place > here


def _moment(text: str) -> datetime:
    try:
        return times.parse(text)
    except ValueError as error:
        raise GraphQLError(f"Invalid timestamp for query filter: {text[:40]}") from error


def _conditions(query: str) -> list[ColumnElement[bool]]:
    """Terms joined by AND (or by nothing). A field that is unknown is ignored, as in the shop."""
    found: list[ColumnElement[bool]] = []
    for match in _TERM.finditer(query):
        name, sign = match["field"].lower(), match["sign"] or ""
        value = match["value"].strip("'\"")
        if name in _DATES:
            found.append(_compare(_DATES[name], sign, _moment(value)))
        elif name == "id":
            found.append(_compare(_ROWS.external_id, sign, value.rpartition("/")[2]))
        elif name == "name":
            found.append(_ROWS.group_id == (value if value.startswith("#") else f"#{value}"))
        elif name == "status" and value.lower() in ("cancelled", "closed"):
            found.append(_ROWS.status == "CANCELLED")
        elif name in ("status", "-status") and value.lower() == "open":
            found.append(_ROWS.status != "CANCELLED")
    return found


def _compare(column: ColumnElement[Any], sign: str, value: object) -> ColumnElement[bool]:
    match sign:
        case ">":
            return column > value
        case ">=":
            return column >= value
        case "<":
            return column < value
        case "<=":
            return column <= value
        case _:
            return column == value
