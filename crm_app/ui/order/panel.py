"""The order beside a list: the same cards as its page, in one column.

A page that wants it puts `order_panel(...)` next to its list and fires
`OrderState.open_order(order_id)`; `OrderState.close_panel` takes it away again.
"""

import reflex as rx

from crm_app.ui.by_hand.entry import edit_button
from crm_app.ui.by_hand.paid import paid_button
from crm_app.ui.order.actions import question_dialog
from crm_app.ui.order.body import order_body, order_title
from crm_app.ui.order.state import OrderState
from crm_app.ui.order.work_card import assignee_field, hold_button
from crm_app.ui.papers.menu import print_menu
from crm_app.ui.shared.blanks import blank, failed, skeleton_rows
from crm_app.ui.shared.links import link
from crm_app.ui.shared.marks import icon, ticker


def order_panel(*controls: rx.Component) -> rx.Component:
    """Nothing while no order is open.

    Args:
        controls: What the page adds at the right of the head: the next order, the one before,
            and how to close it.
    """
    return rx.cond(
        OrderState.panel_id != 0,
        rx.el.aside(
            rx.el.div(
                rx.el.h2(rx.cond(OrderState.phase == "found", order_title(), "Order")),
                rx.el.span(class_name="gap"),
                link(
                    icon("maximize-2", 14),
                    href=f"/orders/{OrderState.panel_id}",
                    class_name="ghost",
                    aria_label="Open on a page of its own",
                    title="Open on a page of its own",
                ),
                *controls,
                class_name="order-panel-head",
            ),
            rx.cond(OrderState.phase == "found", _deeds(), rx.fragment()),
            rx.match(
                OrderState.phase,
                ("found", order_body()),
                ("missing", blank("package-x", "No such order", OrderState.failure)),
                (
                    "failed",
                    failed(OrderState.failure, OrderState.open_order(OrderState.panel_id)),
                ),
                skeleton_rows(6, ("120px", "60%")),
            ),
            question_dialog(),
            ticker(OrderState.refresh, OrderState.every_ms),
            class_name="order-panel",
            aria_label="Order",
        ),
        rx.fragment(),
    )


def _deeds() -> rx.Component:
    """What is done most, without scrolling: the page of the order has it in its cards."""
    return rx.el.div(
        assignee_field(aria_label="Assigned to"),
        hold_button(),
        paid_button(),
        edit_button(),
        print_menu(OrderState.order.id),
        class_name="panel-deeds",
        role="group",
        aria_label="Do with this order",
    )
