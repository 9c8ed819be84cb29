"""The cells of a row, one for each column that the list can show."""

from typing import Any, Final

import reflex as rx

from crm_app.domain.permissions import Permission
from crm_app.services.grid_layout import Column
from crm_app.ui.orders.columns import Header
from crm_app.ui.orders.opened import OpenedState
from crm_app.ui.orders.rows import Label, OrderRow
from crm_app.ui.orders.state import OrdersState
from crm_app.ui.shared.links import link
from crm_app.ui.shared.marks import channel_mark, pill, tag, time_text
from crm_app.ui.shared.navigation import may

_CHANGES: Final = {
    "status": "Change the status",
    "tag": "Change the tags",
    "assign": "Assign",
    "priority": "Change the priority",
}


def cell(row: OrderRow, head: Header) -> rx.Component:
    """What a row shows in the column of this head."""
    drawn: Any = rx.match(
        head.key,
        (Column.NUMBER.value, _th(head, _number(row))),
        (Column.CUSTOMER.value, _td(head, _customer(row))),
        (Column.LINES.value, _td(head, _lines(row))),
        (Column.TOTAL.value, _td(head, row.total)),
        (
            Column.STATUS.value,
            _td(head, _editable("status", Permission.CHANGE_STATUS, _states(row))),
        ),
        (Column.TAGS.value, _td(head, _editable("tag", Permission.TAG_ORDERS, _labels(row)))),
        (
            Column.ASSIGNEE.value,
            _td(head, _editable("assign", Permission.ASSIGN_ORDERS, _assignee(row))),
        ),
        (
            Column.PRIORITY.value,
            _td(head, _editable("priority", Permission.ASSIGN_ORDERS, pill(row.priority))),
        ),
        (Column.SHIP_BY.value, _td(head, _clock(row))),
        (Column.PLACED.value, _td(head, time_text(row.placed, row.placed_exact))),
        (Column.PAYMENT.value, _td(head, pill(row.payment))),
        (Column.SYNC.value, _td(head, pill(row.sync_state))),
        # The others are plain words.
        _td(head, _words(row, head)),
    )
    return drawn


def _td(head: Header, *content: Any) -> rx.Component:
    return rx.el.td(
        *content,
        key=head.key,
        role="cell",
        class_name=head.class_name,
        # Where rows are cards no head says what it is (`assets/phone.css`).
        custom_attrs={"data-label": head.label},
    )


def _th(head: Header, *content: Any) -> rx.Component:
    return rx.el.th(
        *content, key=head.key, role="rowheader", scope="row", class_name=head.class_name
    )


def _number(row: OrderRow) -> rx.Component:
    return rx.fragment(
        channel_mark(row.mark, row.channel, row.channel_label),
        link(
            row.number,
            # Beside the list; another tab gets the order's own page (`assets/desk.js`).
            href=OrdersState.opening + row.id.to_string(),  # pyright: ignore[reportAttributeAccessIssue]
            # Back leads to the list, not through every order that was looked at.
            replace=OpenedState.order_id != 0,
            class_name="number",
            custom_attrs={"data-open": row.href},
        ),
        rx.foreach(row.tags, tag),
    )


def _customer(row: OrderRow) -> rx.Component:
    return rx.el.div(
        rx.el.span(row.customer, class_name=rx.cond(row.is_named, "customer", "customer quiet")),
        rx.cond(row.place != "", rx.el.span("· " + row.place, class_name="quiet place")),
        class_name="pair",
    )


def _lines(row: OrderRow) -> rx.Component:
    return rx.el.div(
        rx.el.span(row.title, title=row.title),
        rx.el.span(row.more, class_name="quiet"),
        class_name="pair",
    )


def _states(row: OrderRow) -> rx.Component:
    states = (row.status, row.word, row.sync, row.wish)
    return rx.el.span(*[pill(state) for state in states], class_name="pills")


def _editable(kind: str, permission: Permission, shown: rx.Component) -> rx.Component:
    """What stands in a cell, as a button that changes it for those who may."""
    return rx.cond(
        may(permission),
        rx.el.button(
            shown,
            rx.el.span(_CHANGES[kind], class_name="sr-only"),
            type="button",
            # Keys lead here (e, a, t): the tab order goes from order to order.
            tab_index=-1,
            class_name="in-place",
            custom_attrs={"data-menu": kind, "aria-haspopup": "dialog"},
        ),
        shown,
    )


def _labels(row: OrderRow) -> rx.Component:
    return rx.el.span(rx.foreach(row.labels, label), class_name="labels")


def label(one: Label) -> rx.Component:
    """A tag of the desk, in its colour."""
    return rx.el.span(one.name, key=one.id, class_name="tagchip tagchip-" + one.colour)


def _assignee(row: OrderRow) -> rx.Component:
    return rx.cond(
        row.assignee != "",
        rx.el.span(
            rx.el.span(row.initials, class_name="face small", aria_hidden="true"),
            rx.el.span(row.assignee, class_name="assignee-name"),
            class_name="assignee",
        ),
        rx.el.span("–", class_name="quiet"),
    )


def _clock(row: OrderRow) -> rx.Component:
    return rx.el.span(
        row.clock.text, title=row.clock.exact, class_name="clock-" + row.clock.urgency
    )


def _words(row: OrderRow, head: Header) -> rx.Component:
    text = row.words[head.key]
    return rx.el.span(text, title=text, class_name="quiet")
