"""The bar of filters: each choice is a link, so it can be opened, kept and gone back from."""

from typing import Any

import reflex as rx

from crm_app.ui.orders.menus import Chip, Option
from crm_app.ui.orders.state import OrdersState
from crm_app.ui.shared.conditions import has_any
from crm_app.ui.shared.links import link
from crm_app.ui.shared.marks import button, channel_mark, icon, pill
from crm_app.ui.shared.shell_state import ShellState


def filter_bar() -> rx.Component:
    menus = OrdersState.menus
    return rx.el.div(
        search_box(),
        rx.el.div(
            _menu("Channel", rx.foreach(menus.channels, _channel_option)),
            _menu("Status", rx.foreach(menus.statuses, _status_option)),
            _menu("Placed", rx.foreach(menus.dates, _plain_option), _days()),
            _menu("Needs", rx.foreach(menus.attention, _plain_option), class_name="pop-wide"),
            class_name="menus",
        ),
        rx.el.div(
            rx.foreach(menus.chips, _chip),
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


def _menu(name: str, *content: Any, class_name: str = "") -> rx.Component:
    return rx.popover.root(
        rx.popover.trigger(
            rx.el.button(name, icon("chevron-down", 13), type="button", class_name="btn menu")
        ),
        rx.popover.content(
            *content,
            class_name=f"pop {class_name}".strip(),
            align="start",
            custom_attrs={"aria-label": f"Filter by {name.lower()}"},
        ),
    )


def _option(option: Option, *content: Any) -> rx.Component:
    return link(
        rx.el.span(rx.cond(option.is_on, icon("check", 14), rx.fragment()), class_name="tick"),
        *content,
        key=option.key,
        href=option.href,
        class_name="item",
        aria_current=rx.cond(option.is_on, "true", "false"),
    )


def _channel_option(option: Option) -> rx.Component:
    return _option(option, channel_mark(option.mark, option.key, option.label), option.label)


def _status_option(option: Option) -> rx.Component:
    return _option(option, pill(option.pill))


def _plain_option(option: Option) -> rx.Component:
    return _option(option, option.label, rx.el.span(option.hint, class_name="quiet hint"))


def _days() -> rx.Component:
    menus = OrdersState.menus
    return rx.el.details(
        rx.el.summary("Other days", class_name="item"),
        rx.el.form(
            *_day("From", "from", menus.placed_from),
            *_day("To", "to", menus.placed_to),
            button("Show", type="submit"),
            rx.el.p("Whole days in " + ShellState.zone, class_name="quiet"),
            on_submit=OrdersState.pick_days,
            class_name="days",
        ),
        class_name="other-days",
    )


def _day(label: str, name: str, value: str) -> tuple[rx.Component, rx.Component]:
    field = rx.el.input(
        type="date",
        id=f"day-{name}",
        name=name,
        default_value=value,
        # A chosen preset, or Back, changes the days; the field follows.
        key=name + value,
        class_name="field",
    )
    return rx.el.label(label, html_for=f"day-{name}"), field


def _chip(chip: Chip) -> rx.Component:
    return rx.el.span(
        rx.el.span(chip.name, class_name="quiet"),
        rx.el.b(chip.value, title=chip.value),
        link(
            icon("x", 12),
            href=chip.href,
            class_name="chip-x",
            aria_label="Remove the filter " + chip.name,
        ),
        key=chip.key,
        class_name="chip",
    )
