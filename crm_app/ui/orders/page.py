"""The list of orders."""

from typing import Final

import reflex as rx

from crm_app.domain.permissions import Permission
from crm_app.ui.orders.choice_bar import choice_bar
from crm_app.ui.orders.filters import filter_bar
from crm_app.ui.orders.state import OrdersState
from crm_app.ui.orders.table import news_bar, orders_table, paging
from crm_app.ui.shared.links import BULK, NEW_ORDER, link
from crm_app.ui.shared.marks import icon, ticker
from crm_app.ui.shared.navigation import may
from crm_app.ui.shared.shell import shell

REFRESH_MS: Final = 10_000


def orders_page() -> rx.Component:
    return shell(
        OrdersState.title,
        filter_bar(),
        news_bar(),
        orders_table(),
        paging(),
        choice_bar(),
        # The worker writes to the database, not to this page, so the page asks again.
        ticker(OrdersState.refresh, REFRESH_MS),
        section="orders",
        about=OrdersState.count,
        actions=(
            rx.cond(
                may(Permission.CREATE_ORDERS),
                link(icon("plus", 14), "New order", href=NEW_ORDER, class_name="btn"),
                rx.fragment(),
            ),
            rx.cond(
                may(Permission.EXPORT_ORDERS),
                link(
                    icon("download", 14), "Export", href=OrdersState.export_href, class_name="btn"
                ),
                rx.fragment(),
            ),
            rx.cond(
                may(Permission.BULK_CHANGE),
                link(icon("layers", 14), "Bulk changes", href=BULK, class_name="btn"),
                rx.fragment(),
            ),
        ),
    )
