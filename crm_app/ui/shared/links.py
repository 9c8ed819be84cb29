"""Links inside the desk: real addresses, followed without loading the page anew."""

from typing import Any
from urllib.parse import urlencode

import reflex as rx
from reflex_components_core.react_router.dom import ReactRouterLink

from crm_app.services.order_search import OrderQuery

ORDERS = "/orders"
BULK = "/bulk"
DOWNLOADS = "/downloads"
NEW_ORDER = "/orders/new"


def link(*children: Any, href: str, **props: Any) -> rx.Component:
    """An `<a>` that the browser may also open in a new tab."""
    return ReactRouterLink.create(*children, to=href, **props)


def orders_path(query: OrderQuery) -> str:
    """The address of the orders list that shows this query."""
    params = urlencode(query.params())
    return f"{ORDERS}?{params}" if params else ORDERS


def export_path(query: OrderQuery) -> str:
    """The address of the form that exports all orders of this query."""
    return f"{DOWNLOADS}?{urlencode({'new': '1'} | query.first_page().params())}"


def account_path(account_id: int) -> str:
    return f"/accounts/{account_id}"


def order_path(order_id: int) -> str:
    return f"{ORDERS}/{order_id}"


def bulk_path(run_id: int) -> str:
    return f"{BULK}/{run_id}"
