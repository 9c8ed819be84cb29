"""The page of one order."""

import reflex as rx

from crm_app.ui.by_hand.entry import edit_button
from crm_app.ui.order.actions import actions, question_dialog, travel_card
from crm_app.ui.order.components import customer_card, facts_card, lines_card, timeline_card
from crm_app.ui.order.state import OrderState
from crm_app.ui.papers.menu import print_menu
from crm_app.ui.shared.blanks import blank, failed, skeleton_rows
from crm_app.ui.shared.links import link
from crm_app.ui.shared.marks import channel_mark, icon, pill, tag, ticker
from crm_app.ui.shared.shell import shell


def order_page() -> rx.Component:
    return shell(
        _title(),
        rx.match(
            OrderState.phase,
            ("found", _found()),
            ("missing", _missing()),
            ("failed", failed(OrderState.failure, OrderState.load)),
            skeleton_rows(8, ("120px", "60%", "90px")),
        ),
        question_dialog(),
        ticker(OrderState.refresh, OrderState.every_ms),
        section="orders",
        actions=(edit_button(), print_menu(OrderState.order.id), _back()),
    )


def _back() -> rx.Component:
    return link(
        icon("arrow-left", 14),
        "All orders",
        href="/orders",
        class_name="btn quiet",
        custom_attrs={"data-up": "1"},
    )


def _title() -> rx.Component:
    order = OrderState.order
    return rx.cond(
        OrderState.phase == "found",
        rx.el.span(
            channel_mark(order.mark, order.channel, order.channel_label),
            rx.el.span(order.number, class_name="mono"),
            rx.foreach(order.tags, tag),
            class_name="order-title",
        ),
        "Order",
    )


def _found() -> rx.Component:
    return rx.el.div(
        rx.el.div(
            rx.el.div(
                rx.el.span(rx.foreach(OrderState.order.pills, pill), class_name="pills"),
                rx.el.span(class_name="gap"),
                _clock(),
                class_name="order-axes",
            ),
            # What a person has to decide comes before what they may do.
            rx.cond(
                OrderState.travel.needs_decision,
                rx.fragment(travel_card(), actions()),
                rx.fragment(actions(), travel_card()),
            ),
            lines_card(),
            timeline_card(),
            class_name="order-main",
        ),
        rx.el.div(customer_card(), facts_card(), class_name="order-side"),
        class_name="order",
    )


def _clock() -> rx.Component:
    clock = OrderState.order.clock
    return rx.cond(
        clock.text != "",
        rx.el.span(
            icon("clock", 14),
            "Ship-by " + clock.text,
            title=clock.exact,
            class_name="order-clock clock-" + clock.urgency,
        ),
        rx.fragment(),
    )


def _missing() -> rx.Component:
    return blank(
        "package-x",
        "No such order",
        OrderState.failure,
        link("Show all orders", href="/orders", class_name="btn primary"),
    )
