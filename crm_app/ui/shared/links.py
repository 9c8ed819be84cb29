"""Links inside the desk: real addresses, followed without loading the page anew."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote, urlencode

import reflex as rx
from reflex_components_core.react_router.dom import ReactRouterLink

from crm_app.services.order_query import NAMES, OrderQuery

ORDERS = "/orders"
# All of them, also for who opens the list with a view of theirs.
ALL_ORDERS = "/orders?view=all"
BULK = "/bulk"
# The parameter of a list's address that opens one of its rows beside it.
OPEN = "open"
DOWNLOADS = "/downloads"
NEW_ORDER = "/orders/new"


def link(*children: Any, href: str, **props: Any) -> rx.Component:
    """An `<a>` that the browser may also open in a new tab."""
    return ReactRouterLink.create(*children, to=href, **props)


_KEPT: Final = NAMES | {"view", OPEN}


def orders_path(query: OrderQuery) -> str:
    """The address of the orders list that shows this query."""
    # Read by people and pasted to colleagues: what needs no escape has none.
    params = urlencode(query.address(), safe=",:*")
    return f"{ORDERS}?{params}" if params else ALL_ORDERS


def view_path(key: str) -> str:
    """The address of the orders list that shows a view."""
    return f"{ORDERS}?view={quote(key)}"


def with_params(params: Mapping[str, str], **changed: str) -> str:
    """The address of the orders list as it stands, a saved view included, but for some values.

    An empty value takes its name away; a name that means nothing to the list is left out.
    """
    given = {**params, **changed}
    kept = {name: value for name, value in given.items() if value and name in _KEPT}
    return f"{ORDERS}?{urlencode(kept, safe=',:*')}" if kept else ALL_ORDERS


def opened_beside(params: Mapping[str, str]) -> str:
    """The list's address that opens an order beside it, but for the order's number at its end."""
    path = with_params(params, **{OPEN: ""})
    return f"{path}{'&' if '?' in path else '?'}{OPEN}="


def account_path(account_id: int) -> str:
    return f"/accounts/{account_id}"


def order_path(order_id: int) -> str:
    return f"{ORDERS}/{order_id}"


def bulk_path(run_id: int) -> str:
    return f"{BULK}/{run_id}"
