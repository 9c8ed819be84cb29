"""What an order's own page and the panel beside a list draw alike."""

import reflex as rx

from crm_app.ui.order.actions import actions, travel_card
from crm_app.ui.order.components import customer_card, facts_card, lines_card
from crm_app.ui.order.disputes import dispute_cards
from crm_app.ui.order.parcels import packages_card
from crm_app.ui.order.past import past_card
from crm_app.ui.order.state import OrderState
from crm_app.ui.order.timeline import timeline_card
from crm_app.ui.order.work_card import hold_dialog, standing, work_card
from crm_app.ui.shared.marks import channel_mark, icon, pill, tag


def order_title() -> rx.Component:
    """Its channel, its number, and what is special about it."""
    order = OrderState.order
    return rx.el.span(
        channel_mark(order.mark, order.channel, order.channel_label),
        rx.el.span(order.number, class_name="mono"),
        rx.foreach(order.tags, tag),
        class_name="order-title",
    )


def order_body() -> rx.Component:
    """All cards of the order that `OrderState` holds; in a panel they stand in one column."""
    return rx.el.div(
        rx.el.div(
            rx.el.div(
                rx.el.span(rx.foreach(OrderState.order.pills, pill), class_name="pills"),
                rx.el.span(class_name="gap"),
                _here(),
                _clock(),
                class_name="order-axes",
            ),
            _late(),
            standing(),
            # What a person has to decide comes before what they may do.
            rx.cond(
                OrderState.travel.needs_decision,
                rx.fragment(travel_card(), actions()),
                rx.fragment(actions(), travel_card()),
            ),
            dispute_cards(),
            lines_card(),
            packages_card(),
            timeline_card(),
            class_name="order-main",
        ),
        rx.el.div(work_card(), customer_card(), facts_card(), past_card(), class_name="order-side"),
        hold_dialog(),
        class_name="order",
    )


def _here() -> rx.Component:
    return rx.cond(
        OrderState.others_here != "",
        rx.el.span(
            icon("eye", 14), OrderState.others_here, class_name="others-here", role="status"
        ),
        rx.fragment(),
    )


def _late() -> rx.Component:
    return rx.cond(
        OrderState.order.if_late != "",
        rx.el.p(OrderState.order.if_late, class_name="if-late"),
        rx.fragment(),
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
