"""The table of orders; below 720 px the same rows fold into cards (`assets/desk.css`)."""

import reflex as rx

from crm_app.ui.orders.choice_bar import page_box, row_box
from crm_app.ui.orders.fetch import FetchState, fetch_offer
from crm_app.ui.orders.menus import Header
from crm_app.ui.orders.rows import OrderRow
from crm_app.ui.orders.state import OrdersState
from crm_app.ui.shared.blanks import blank, failed, skeleton_rows
from crm_app.ui.shared.conditions import has_any
from crm_app.ui.shared.links import link
from crm_app.ui.shared.marks import channel_mark, icon, pill, tag, time_text
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
            rx.el.thead(rx.el.tr(page_box(), rx.foreach(OrdersState.heads, _head))),
            rx.el.tbody(rx.foreach(OrdersState.rows, order_row)),
            class_name="grid",
        ),
        class_name="scroll",
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
            ),
            head.label,
        ),
        key=head.key,
        scope="col",
        class_name=head.class_name,
        aria_sort=head.direction,
    )


def order_row(row: OrderRow) -> rx.Component:
    return rx.el.tr(
        row_box(row),
        rx.el.th(_number(row), scope="row", class_name="col-number"),
        rx.el.td(
            rx.el.div(
                rx.el.span(
                    row.customer, class_name=rx.cond(row.is_named, "customer", "customer quiet")
                ),
                rx.cond(row.place != "", rx.el.span("· " + row.place, class_name="quiet place")),
                class_name="pair",
            ),
            class_name="col-customer",
        ),
        rx.el.td(
            rx.el.div(
                rx.el.span(row.title, title=row.title),
                rx.el.span(row.more, class_name="quiet"),
                class_name="pair",
            ),
            class_name="col-lines",
        ),
        rx.el.td(row.total, class_name="col-total"),
        rx.el.td(_states(row), class_name="col-status"),
        rx.el.td(
            rx.el.span(
                row.clock.text, title=row.clock.exact, class_name="clock-" + row.clock.urgency
            ),
            class_name="col-ship_by",
        ),
        rx.el.td(time_text(row.placed, row.placed_exact), class_name="col-placed"),
        key=row.id,
        class_name=rx.cond(row.is_gone, "gone", ""),
        title=rx.cond(row.is_gone, "No longer matches this list", ""),
        custom_attrs={"data-row": row.id},
    )


def _number(row: OrderRow) -> rx.Component:
    return rx.fragment(
        channel_mark(row.mark, row.channel, row.channel_label),
        link(row.number, href=row.href, class_name="number", custom_attrs={"data-open": "1"}),
        rx.foreach(row.tags, tag),
    )


def _states(row: OrderRow) -> rx.Component:
    states = (row.status, row.word, row.sync, row.wish)
    return rx.el.span(*[pill(state) for state in states], class_name="pills")


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
    return rx.cond(
        OrdersState.news != "",
        rx.el.button(
            icon("arrow-up", 14),
            rx.el.span(OrdersState.news + " · show"),
            type="button",
            class_name="news",
            on_click=OrdersState.load,
        ),
        rx.fragment(),
    )


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
