"""The table of orders; below 720 px the same rows fold into cards (`assets/phone.css`)."""

import reflex as rx

from crm_app.ui.orders.cells import cell
from crm_app.ui.orders.choice_bar import page_box, row_box
from crm_app.ui.orders.columns import Header
from crm_app.ui.orders.fetch import FetchState, fetch_offer
from crm_app.ui.orders.layout_state import LayoutState
from crm_app.ui.orders.opened import OpenedState
from crm_app.ui.orders.rows import OrderRow
from crm_app.ui.orders.state import OrdersState
from crm_app.ui.shared.blanks import blank, failed, skeleton_rows
from crm_app.ui.shared.conditions import has_any
from crm_app.ui.shared.links import link
from crm_app.ui.shared.marks import icon
from crm_app.ui.shared.paging import paging_bar

_BONES = ("190px", "220px", "170px", "80px", "110px", "90px", "90px")


def orders_table() -> rx.Component:
    return rx.cond(
        OrdersState.failure != "",
        failed(
            OrdersState.failure,
            OrdersState.load,
            link("Show all orders", href="/orders", class_name="btn"),
        ),
        rx.cond(
            OrdersState.is_loaded,
            rx.cond(has_any(OrdersState.rows), _table(), _empty()),
            skeleton_rows(14, _BONES),
        ),
    )


def _table() -> rx.Component:
    return rx.el.div(
        rx.el.table(
            rx.el.caption("Orders", class_name="sr-only"),
            rx.el.thead(
                rx.el.tr(page_box(), rx.foreach(LayoutState.heads, _head), role="row"),
                role="rowgroup",
            ),
            rx.el.tbody(rx.foreach(OrdersState.rows, order_row), role="rowgroup"),
            role="table",
            class_name=rx.cond(LayoutState.is_compact, "grid orders compact", "grid orders"),
            # As it stands: given as `style` it would become a class, which a drag could not change.
            custom_attrs={"data-grid": "1", "style": LayoutState.style},
        ),
        class_name="scroll orders-scroll",
        # Scrolled sideways with the arrows, by those who use no mouse.
        tab_index=0,
        role="region",
        aria_label="Orders",
    )


def _head(head: Header) -> rx.Component:
    return rx.el.th(
        rx.cond(
            head.href != "",
            link(
                head.label,
                rx.el.span(class_name="arrow arrow-" + head.direction, aria_hidden="true"),
                href=head.href,
                class_name="sort",
                draggable=False,
            ),
            rx.el.span(head.label, class_name="unsorted"),
        ),
        rx.el.i(class_name="grip", aria_hidden="true", custom_attrs={"data-grip": head.key}),
        key=head.key,
        role="columnheader",
        scope="col",
        class_name=head.class_name,
        aria_sort=head.direction,
        draggable=True,
        custom_attrs={"data-column": head.key},
    )


def order_row(row: OrderRow) -> rx.Component:
    def its_cell(head: Header) -> rx.Component:
        return cell(row, head)

    return rx.el.tr(
        row_box(row),
        rx.foreach(LayoutState.heads, its_cell),
        key=row.id,
        role="row",
        class_name=rx.cond(
            OpenedState.order_id == row.id, "opened", rx.cond(row.is_gone, "gone", "")
        ),
        title=rx.cond(row.is_gone, "No longer matches this list", ""),
        custom_attrs={"data-row": row.id},
    )


def _empty() -> rx.Component:
    return rx.cond(
        has_any(OrdersState.menus.chips),
        # Looked at anew for each text that finds nothing.
        rx.el.div(
            blank(
                "search-x",
                "No order matches",
                "Take a filter away, or search for an order number, a name, an e-mail or a phone.",
                link("Show all orders", href=OrdersState.menus.clear_href, class_name="btn"),
            ),
            fetch_offer(),
            key=OrdersState.text,
            on_mount=FetchState.look,
        ),
        blank(
            "inbox",
            "No orders yet",
            "They arrive here by themselves as soon as a connected channel has one.",
        ),
    )


def news_bar() -> rx.Component:
    """What came in since the page was drawn; the page moves only when a person asks."""
    shown = rx.el.button(
        icon("arrow-up", 14),
        rx.el.span(OrdersState.news + " · show"),
        type="button",
        class_name="news",
        on_click=OrdersState.show_news,
    )
    # The region is there before the news are, so that they are read out.
    return rx.el.div(rx.cond(OrdersState.news != "", shown, rx.fragment()), role="status")


def paging() -> rx.Component:
    return rx.cond(
        has_any(OrdersState.rows),
        paging_bar(
            "Pages of orders",
            stale=OrdersState.stale,
            first=OrdersState.pages.first,
            previous=OrdersState.pages.previous,
            following=OrdersState.pages.next,
        ),
        rx.fragment(),
    )
