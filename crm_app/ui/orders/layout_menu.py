"""The chooser of columns, and the form through which the head of the table speaks."""

from typing import Any, Final

import reflex as rx

from crm_app.services.grid_layout import Density
from crm_app.ui.orders.columns import ColumnChoice
from crm_app.ui.orders.layout_state import LayoutState
from crm_app.ui.shared.conditions import is_not
from crm_app.ui.shared.marks import icon, unseen

_DENSITIES: Final = (
    (Density.COMFORTABLE, "rows-2", "Comfortable"),
    (Density.COMPACT, "rows-3", "Compact"),
)


def layout_menu() -> rx.Component:
    return rx.popover.root(
        rx.popover.trigger(
            rx.el.button(
                icon("columns-3", 14),
                rx.el.span("Columns"),
                type="button",
                class_name="btn quiet only-wide",
                custom_attrs={"data-columns": "1"},
            )
        ),
        rx.popover.content(
            rx.el.div("Columns", class_name="cap", id="columns-label"),
            rx.el.ul(
                rx.foreach(LayoutState.choices, _choice),
                class_name="column-list",
                aria_labelledby="columns-label",
            ),
            _density(),
            rx.el.div(
                rx.el.button(
                    icon("rotate-ccw", 14),
                    "The usual columns",
                    type="button",
                    class_name="item",
                    on_click=LayoutState.reset_all,
                ),
                class_name="pop-part",
            ),
            rx.el.p(LayoutState.said, class_name="sr-only", role="status"),
            class_name="pop pop-columns",
            align="end",
            custom_attrs={"aria-label": "Columns"},
        ),
    )


def _choice(choice: ColumnChoice) -> rx.Component:
    return rx.el.li(
        rx.el.button(
            rx.el.span(rx.cond(choice.is_on, icon("check", 12), rx.fragment()), class_name="tick"),
            choice.label,
            type="button",
            role="checkbox",
            aria_checked=rx.cond(choice.is_on, "true", "false"),
            disabled=choice.is_fixed,
            class_name="item",
            on_click=LayoutState.toggle(choice.key),
        ),
        rx.cond(
            choice.is_on,
            rx.el.span(
                _small(
                    "pin",
                    choice.pin_label,
                    is_off=is_not(choice.can_pin),
                    is_pressed=choice.is_pinned,
                    on_click=LayoutState.pin(choice.key),
                ),
                _small(
                    "arrow-up",
                    "Move " + choice.label + " to the left",
                    is_off=is_not(choice.can_rise),
                    on_click=LayoutState.move(choice.key, -1),
                ),
                _small(
                    "arrow-down",
                    "Move " + choice.label + " to the right",
                    is_off=is_not(choice.can_sink),
                    on_click=LayoutState.move(choice.key, 1),
                ),
                class_name="column-deeds",
            ),
            rx.fragment(),
        ),
        key=choice.key,
        class_name="column-choice",
    )


def _small(sign: str, label: Any, *, is_off: Any, is_pressed: Any = None, **props: Any) -> Any:
    if is_pressed is not None:
        props["aria_pressed"] = rx.cond(is_pressed, "true", "false")
    return rx.el.button(
        icon(sign, 13),
        type="button",
        class_name="ghost",
        aria_label=label,
        title=label,
        disabled=is_off,
        **props,
    )


def _density() -> rx.Component:
    return rx.el.div(
        rx.el.div("Rows", class_name="cap", id="density-label"),
        rx.el.div(
            *[
                rx.el.button(
                    icon(sign, 14),
                    label,
                    type="button",
                    class_name="seg",
                    aria_pressed=rx.cond(
                        LayoutState.is_compact,
                        "true" if density is Density.COMPACT else "false",
                        "false" if density is Density.COMPACT else "true",
                    ),
                    on_click=LayoutState.set_density(density.value),
                    custom_attrs={"data-density": density.value},
                )
                for density, sign, label in _DENSITIES
            ],
            class_name="segs halves",
            role="group",
            aria_labelledby="density-label",
        ),
        class_name="pop-part",
    )


def layout_form() -> rx.Component:
    """Hidden: `assets/grid.js` fills it in after a drag or a key, and sends it."""
    other = rx.cond(LayoutState.is_compact, Density.COMFORTABLE.value, Density.COMPACT.value)
    return rx.fragment(
        rx.el.form(
            rx.el.input(type="hidden", name="deed"),
            rx.el.input(type="hidden", name="column"),
            rx.el.input(type="hidden", name="value"),
            on_submit=LayoutState.arrange,
            id="layout-form",
            hidden=True,
        ),
        unseen("density", LayoutState.set_density(other)),
    )
