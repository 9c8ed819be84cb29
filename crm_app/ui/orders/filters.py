"""The bar of filters: each choice is a link, so it can be opened, kept and gone back from."""

from typing import Any

import reflex as rx

from crm_app.services.facets import Facet
from crm_app.ui.orders.facet_menus import FacetMenu
from crm_app.ui.orders.state import OrdersState
from crm_app.ui.orders.views_menu import views_menu
from crm_app.ui.shared.choices import Option
from crm_app.ui.shared.conditions import has_any
from crm_app.ui.shared.filter_parts import (
    channel_option,
    chip,
    dropdown,
    menu,
    other_days,
    pill_option,
    plain_option,
    with_out,
)
from crm_app.ui.shared.links import link
from crm_app.ui.shared.marks import button, icon
from crm_app.ui.shared.shell_state import ShellState
from crm_app.ui.shared.suggest import (
    CITIES,
    PAUSE_MS,
    SKUS,
    SuggestState,
    suggestion_lists,
)


def filter_bar() -> rx.Component:
    menus = OrdersState.menus
    return rx.el.div(
        suggestion_lists(),
        views_menu(),
        search_box(),
        rx.el.div(
            menu("Channel", rx.foreach(menus.channels, _channel)),
            menu("Status", rx.foreach(menus.statuses, _status)),
            menu(
                "Placed",
                rx.foreach(menus.dates, plain_option),
                other_days(menus.placed_from, menus.placed_to, OrdersState.pick_days),
            ),
            menu(
                "Ship-by",
                rx.foreach(menus.due, plain_option),
                other_days(menus.due_from, menus.due_to, OrdersState.pick_due),
            ),
            menu("Needs", rx.foreach(menus.attention, plain_option), class_name="pop-wide"),
            dropdown(
                rx.el.span(
                    "More",
                    rx.cond(menus.more != "", rx.el.b(menus.more, class_name="more-on"), ""),
                ),
                rx.foreach(menus.facets, _facet),
                label="More filters",
                class_name="pop-facets",
            ),
            class_name="menus",
        ),
        rx.el.span(class_name="gap"),
        rx.el.span("Times in " + ShellState.zone, class_name="quiet zone"),
        rx.el.div(
            rx.foreach(menus.chips, chip),
            rx.cond(
                has_any(menus.chips[1:]),
                link("Clear", href=menus.clear_href, class_name="clear"),
                rx.fragment(),
            ),
            class_name="chips",
            role="group",
            aria_label="Filters that are on",
        ),
        class_name="bar",
        role="search",
        aria_label="Filter orders",
    )


def list_notes() -> rx.Component:
    """Sentences above the list: what could not be done as asked, and what a search matched."""
    return rx.fragment(
        rx.cond(
            has_any(OrdersState.notes),
            rx.el.div(
                rx.foreach(OrdersState.notes, _note),
                class_name="list-notes",
                role="status",
            ),
            rx.fragment(),
        ),
        rx.cond(
            OrdersState.found_by != "",
            rx.el.p(icon("search", 13), OrdersState.found_by, class_name="found-by", role="status"),
            rx.fragment(),
        ),
    )


def _note(said: str) -> rx.Component:
    return rx.el.p(said, key=said)


def _channel(option: Option) -> rx.Component:
    return with_out(option, channel_option(option))


def _status(option: Option) -> rx.Component:
    return with_out(option, pill_option(option))


def _choice(option: Option) -> rx.Component:
    return with_out(option, plain_option(option))


def _facet(facet: FacetMenu) -> rx.Component:
    """Folded, so that sixteen filters are a list to read and not a wall."""
    return rx.el.details(
        rx.el.summary(
            rx.el.span(facet.label),
            rx.el.span(facet.says, class_name="facet-says"),
            icon("chevron-right", 13),
            class_name="item",
        ),
        rx.match(
            facet.kind,
            ("choices", rx.el.div(rx.foreach(facet.options, _choice), class_name="facet-options")),
            ("range", _form(facet, *_range(facet), _out(facet))),
            _form(
                facet,
                _typed(facet, "value", facet.value, facet.hint),
                rx.el.label(
                    "But not", _typed(facet, "without", facet.without, ""), class_name="facet-not"
                ),
            ),
        ),
        key=facet.key,
        class_name="facet",
    )


def _typed(facet: FacetMenu, name: str, value: str, hint: str) -> rx.Component:
    def field(**suggests: Any) -> rx.Component:
        return _input(facet, name, value, hint, **suggests)

    return rx.cond(
        facet.key == Facet.SKU.value,
        field(list=SKUS, on_change=SuggestState.type_sku.debounce(PAUSE_MS)),
        rx.cond(
            facet.key == Facet.CITY.value,
            field(list=CITIES, on_change=SuggestState.type_city.debounce(PAUSE_MS)),
            field(),
        ),
    )


def _input(facet: FacetMenu, name: str, value: str, hint: str, **suggests: Any) -> rx.Component:
    return rx.el.input(
        name=name,
        # What is on stands there to be added to; a new key follows Back and a removed chip.
        key=name + value,
        default_value=value,
        placeholder=hint,
        aria_label=facet.label if name == "value" else facet.label + " to leave out",
        auto_complete="off",
        max_length=200,
        class_name="field",
        **suggests,
    )


def _range(facet: FacetMenu) -> tuple[rx.Component, ...]:
    def end(name: str, says: str, value: str) -> rx.Component:
        return rx.el.input(
            name=name,
            key=name + value,
            default_value=value,
            placeholder=says,
            aria_label=facet.label + " " + says,
            input_mode="decimal",
            auto_complete="off",
            max_length=20,
            class_name="field",
        )

    return (end("from", "from", facet.value), end("to", "to", facet.without))


def _out(facet: FacetMenu) -> rx.Component:
    return rx.el.label(
        rx.el.input(
            type="checkbox",
            name="not",
            default_checked=facet.is_out,
            key=rx.cond(facet.is_out, "out", "in"),
        ),
        "Leave these out",
    )


def _form(facet: FacetMenu, *fields: Any) -> rx.Component:
    return rx.el.form(
        rx.el.input(type="hidden", name="facet", value=facet.key, read_only=True),
        rx.el.div(*fields, class_name="facet-fields"),
        button("Show", type="submit"),
        on_submit=OrdersState.narrow,
        class_name="facet-form",
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
            placeholder="Number, name, phone, SKU, tracking…",
            aria_label=(
                "Search orders by number, name, e-mail, phone, SKU, tracking number or pincode"
            ),
            auto_complete="off",
            spell_check=False,
            id="search",
        ),
        rx.el.kbd("/"),
        class_name="search",
    )
