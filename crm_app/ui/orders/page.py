"""The list of orders."""

from typing import Final

import reflex as rx

from crm_app.domain.permissions import Permission
from crm_app.ui.order.state import OrderState
from crm_app.ui.orders.choice_bar import choice_bar
from crm_app.ui.orders.export_form import export_dialog
from crm_app.ui.orders.export_state import ExportState
from crm_app.ui.orders.filters import filter_bar, list_notes
from crm_app.ui.orders.layout_menu import layout_form, layout_menu
from crm_app.ui.orders.panel import opened_order
from crm_app.ui.orders.row_menu import row_menu
from crm_app.ui.orders.state import OrdersState
from crm_app.ui.orders.table import news_bar, orders_table, paging
from crm_app.ui.shared.links import BULK, NEW_ORDER, link
from crm_app.ui.shared.marks import button, icon, ticker
from crm_app.ui.shared.navigation import may
from crm_app.ui.shared.shell import shell

REFRESH_MS: Final = 10_000


def orders_page() -> rx.Component:
    return shell(
        OrdersState.title,
        filter_bar(),
        rx.el.div(
            rx.el.div(list_notes(), news_bar(), orders_table(), paging(), class_name="orders-list"),
            opened_order(),
            class_name=rx.cond(OrderState.panel_id != 0, "orders-frame split", "orders-frame"),
        ),
        choice_bar(),
        layout_form(),
        row_menu(),
        export_dialog(),
        # The worker writes to the database, not to this page, so the page asks again.
        ticker(OrdersState.refresh, REFRESH_MS),
        section="orders",
        about=OrdersState.count,
        actions=(
            layout_menu(),
            rx.cond(
                may(Permission.CREATE_ORDERS),
                link(icon("plus", 14), "New order", href=NEW_ORDER, class_name="btn"),
                rx.fragment(),
            ),
            rx.cond(
                may(Permission.EXPORT_ORDERS),
                button(
                    icon("download", 14),
                    "Export",
                    on_click=ExportState.open_list,
                    custom_attrs={"data-do": "export", "aria-haspopup": "dialog"},
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
