"""Both sides' words of a field beside each other, and who changed what meanwhile."""

import reflex as rx

from crm_app.ui.order.differences import Changed, Dispute
from crm_app.ui.order.state import OrderState
from crm_app.ui.shared.conditions import has_any
from crm_app.ui.shared.marks import button
from crm_app.ui.shared.words import two_words


def dispute_cards() -> rx.Component:
    """A card for each field that a person has to decide."""
    return rx.fragment(rx.foreach(OrderState.disputes, _card))


def _card(one: Dispute) -> rx.Component:
    return rx.el.section(
        rx.el.h2(one.label),
        rx.el.p(one.sentence, class_name="quiet"),
        two_words(one.ours, one.theirs),
        rx.cond(
            OrderState.travel.may_decide,
            rx.el.div(
                button(
                    one.keep_label,
                    kind="primary",
                    on_click=OrderState.keep_field(one.name, "ours"),
                ),
                button(one.take_label, on_click=OrderState.keep_field(one.name, "channels")),
                class_name="steps",
                role="group",
                aria_label="Decide which one stays",
            ),
            rx.fragment(),
        ),
        key=one.name,
        class_name="card travel-card",
    )


def changed_meanwhile(changes: list[Changed]) -> rx.Component:
    """What somebody else changed since the question was opened; what was typed stays."""
    return rx.cond(
        has_any(changes),
        rx.el.div(
            rx.el.p("Changed while you had this open", class_name="strong"),
            rx.el.dl(rx.foreach(changes, _changed), class_name="facts facts-wide"),
            rx.el.p(
                "What you typed is still here. Go on only if it is still right.", class_name="quiet"
            ),
            class_name="notice tone-warn notice-tall",
            role="alert",
        ),
        rx.fragment(),
    )


def _changed(one: Changed) -> rx.Component:
    return rx.el.div(
        rx.el.dt(one.label),
        rx.el.dd(
            rx.cond(one.before != "", rx.el.s(one.before), rx.fragment()),
            " ",
            rx.el.b(one.after),
            rx.el.div(one.who, ", ", rx.el.span(one.at, title=one.exact), class_name="quiet"),
        ),
        key=one.label,
        class_name="fact",
    )
