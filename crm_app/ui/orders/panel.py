"""The order beside the list: the same parts as on its page, one below the other."""

from typing import Any

import reflex as rx

from crm_app.ui.order.actions import actions, question_dialog, travel_card
from crm_app.ui.order.components import customer_card, facts_card, lines_card, timeline_card
from crm_app.ui.order.state import OrderState
from crm_app.ui.orders.opened import OpenedState
from crm_app.ui.shared.blanks import blank, failed, skeleton_rows
from crm_app.ui.shared.links import link
from crm_app.ui.shared.marks import channel_mark, icon, pill, tag, ticker


def order_panel() -> rx.Component:
    """Drawn while the address opens an order; its keys are j, k, Esc and u."""
    return rx.cond(
        OpenedState.order_id != 0,
        rx.el.aside(
            _head(),
            rx.match(
                OrderState.phase,
                ("found", _found()),
                ("missing", _missing()),
                ("failed", failed(OrderState.failure, OrderState.load)),
                skeleton_rows(8, ("90px", "50%", "60px")),
            ),
            question_dialog(),
            ticker(OrderState.refresh, OrderState.every_ms),
            class_name="order-panel",
            aria_label="Order",
            custom_attrs={"data-panel": OpenedState.order_id},
        ),
        rx.fragment(),
    )


def _head() -> rx.Component:
    order = OrderState.order
    return rx.el.div(
        rx.cond(
            OrderState.phase == "found",
            rx.el.h2(
                channel_mark(order.mark, order.channel, order.channel_label),
                link(order.number, href=OpenedState.whole, class_name="mono", title="Whole page"),
                rx.foreach(order.tags, tag),
                class_name="order-title",
            ),
            rx.fragment(),
        ),
        rx.el.span(class_name="gap"),
        rx.el.span(OpenedState.place, class_name="quiet panel-place", aria_live="polite"),
        _step("arrow-up", "Previous order (k)", OpenedState.previous, "k"),
        _step("arrow-down", "Next order (j)", OpenedState.following, "j"),
        link(
            icon("maximize-2", 14),
            href=OpenedState.whole,
            class_name="ghost",
            aria_label="Open on a page of its own",
            title="Open on a page of its own",
        ),
        link(
            icon("x", 16),
            href=OpenedState.close,
            class_name="ghost",
            aria_label="Close the order",
            title="Close (Esc)",
            custom_attrs={"data-close": "1"},
        ),
        class_name="panel-bar",
    )


def _step(sign: str, label: str, href: Any, letter: str) -> rx.Component:
    return rx.cond(
        href != "",
        link(
            icon(sign, 15),
            href=href,
            # Back leads to the list, not through every order that was looked at.
            replace=True,
            class_name="ghost",
            aria_label=label,
            title=label,
            custom_attrs={"data-step": letter},
        ),
        rx.el.span(icon(sign, 15), class_name="ghost off", aria_hidden="true"),
    )


def _found() -> rx.Component:
    order = OrderState.order
    return rx.el.div(
        rx.el.div(
            rx.el.span(rx.foreach(order.pills, pill), class_name="pills"),
            rx.el.span(class_name="gap"),
            rx.cond(
                order.clock.text != "",
                rx.el.span(
                    icon("clock", 14),
                    "Ship-by " + order.clock.text,
                    title=order.clock.exact,
                    class_name="order-clock clock-" + order.clock.urgency,
                ),
                rx.fragment(),
            ),
            class_name="order-axes",
        ),
        # What a person has to decide comes before what they may do.
        rx.cond(
            OrderState.travel.needs_decision,
            rx.fragment(travel_card(), actions()),
            rx.fragment(actions(), travel_card()),
        ),
        lines_card(),
        customer_card(),
        facts_card(),
        timeline_card(),
        class_name="panel-order",
        key=order.id,
    )


def _missing() -> rx.Component:
    return blank(
        "package-x",
        "No such order",
        OrderState.failure,
        link("Back to the list", href=OpenedState.close, class_name="btn"),
    )
