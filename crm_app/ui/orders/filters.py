"""The bar of filters: each choice is a link, so it can be opened, kept and gone back from."""

import reflex as rx

from crm_app.ui.orders.state import OrdersState
from crm_app.ui.shared.conditions import has_any
from crm_app.ui.shared.filter_parts import (
    channel_option,
    chip,
    menu,
    other_days,
    pill_option,
    plain_option,
)
from crm_app.ui.shared.links import link
from crm_app.ui.shared.marks import icon
from crm_app.ui.shared.shell_state import ShellState


def filter_bar() -> rx.Component:
    menus = OrdersState.menus
    return rx.el.div(
        search_box(),
        rx.el.div(
            menu("Channel", rx.foreach(menus.channels, channel_option)),
            menu("Status", rx.foreach(menus.statuses, pill_option)),
            menu(
                "Placed",
                rx.foreach(menus.dates, plain_option),
                other_days(menus.placed_from, menus.placed_to, OrdersState.pick_days),
            ),
            menu("Needs", rx.foreach(menus.attention, plain_option), class_name="pop-wide"),
            class_name="menus",
        ),
        rx.el.div(
            rx.foreach(menus.chips, chip),
            rx.cond(
                has_any(menus.chips[1:]),
                link("Clear", href=menus.clear_href, class_name="clear"),
                rx.fragment(),
            ),
            class_name="chips",
        ),
        rx.el.span(class_name="gap"),
        rx.el.span("Times in " + ShellState.zone, class_name="quiet zone"),
        class_name="bar",
        role="search",
        aria_label="Filter orders",
    )


def search_box() -> rx.Component:
    return rx.el.div(
        icon("search", 14),
        rx.el.input(
            # A new key gives the box a new text; while a person types it stays as it is.
            key=OrdersState.box,
            default_value=OrdersState.text,
            on_change=OrdersState.search_for.debounce(300),
            type="search",
            placeholder="Number, name, e-mail or phone",
            aria_label="Search orders by number, name, e-mail or phone",
            auto_complete="off",
            spell_check=False,
            max_length=120,
            id="search",
        ),
        rx.el.kbd("/"),
        class_name="search",
    )
