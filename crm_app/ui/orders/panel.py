"""The order beside the list: its panel, with the ways to the orders around it and back."""

from typing import Any

import reflex as rx

from crm_app.ui.order.panel import order_panel
from crm_app.ui.orders.opened import OpenedState
from crm_app.ui.shared.links import link
from crm_app.ui.shared.marks import icon


def opened_order() -> rx.Component:
    """Drawn while the address opens an order; its keys are j, k and Esc."""
    return order_panel(
        rx.el.span(
            rx.el.span(OpenedState.place, class_name="quiet panel-place", aria_live="polite"),
            _step("arrow-up", "Previous order (k)", OpenedState.previous),
            _step("arrow-down", "Next order (j)", OpenedState.following),
            link(
                icon("x", 16),
                href=OpenedState.close,
                class_name="ghost",
                aria_label="Close the order",
                title="Close (Esc)",
                custom_attrs={"data-close": "1"},
            ),
            class_name="panel-ways",
            # Read by the keys: which order is open (`assets/grid.js`).
            custom_attrs={"data-panel": OpenedState.order_id},
        ),
    )


def _step(sign: str, label: str, href: Any) -> rx.Component:
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
        ),
        rx.el.span(icon(sign, 15), class_name="ghost off", aria_hidden="true"),
    )
