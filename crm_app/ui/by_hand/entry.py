"""The way from an order to the form that edits it."""

import reflex as rx

from crm_app.domain.channel import Channel
from crm_app.domain.permissions import Permission
from crm_app.ui.order.state import OrderState
from crm_app.ui.shared.conditions import both
from crm_app.ui.shared.links import link
from crm_app.ui.shared.marks import icon
from crm_app.ui.shared.navigation import may


def edit_button() -> rx.Component:
    """Leads to the form; only on orders that people wrote."""
    order = OrderState.order
    return rx.cond(
        both(order.channel == Channel.MANUAL.value, may(Permission.CREATE_ORDERS)),
        link(
            icon("pencil", 14),
            "Edit",
            href=f"/orders/{order.id}/edit",
            class_name="btn",
            custom_attrs={"data-do": "edit"},
        ),
        rx.fragment(),
    )
