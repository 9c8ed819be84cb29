"""The page of one order."""

import reflex as rx

from crm_app.ui.by_hand.entry import edit_button
from crm_app.ui.by_hand.paid import paid_button
from crm_app.ui.order.actions import question_dialog
from crm_app.ui.order.body import order_body, order_title
from crm_app.ui.order.state import OrderState
from crm_app.ui.papers.menu import print_menu
from crm_app.ui.shared.blanks import blank, failed, skeleton_rows
from crm_app.ui.shared.links import link
from crm_app.ui.shared.marks import icon, ticker
from crm_app.ui.shared.shell import shell


def order_page() -> rx.Component:
    return shell(
        rx.cond(OrderState.phase == "found", order_title(), "Order"),
        rx.match(
            OrderState.phase,
            ("found", order_body()),
            ("missing", _missing()),
            ("failed", failed(OrderState.failure, OrderState.load)),
            skeleton_rows(8, ("120px", "60%", "90px")),
        ),
        question_dialog(),
        ticker(OrderState.refresh, OrderState.every_ms),
        section="orders",
        actions=(
            paid_button(),
            edit_button(),
            rx.cond(OrderState.phase == "found", print_menu(OrderState.order.id), rx.fragment()),
            _back(),
        ),
    )


def _back() -> rx.Component:
    return link(
        icon("arrow-left", 14),
        "All orders",
        href="/orders",
        class_name="btn quiet",
        custom_attrs={"data-up": "1"},
    )


def _missing() -> rx.Component:
    return blank(
        "package-x",
        "No such order",
        OrderState.failure,
        link("Show all orders", href="/orders", class_name="btn primary"),
    )
