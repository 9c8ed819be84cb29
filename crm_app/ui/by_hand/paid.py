"""Noting that an order by hand is paid, from wherever it is shown."""

import reflex as rx

from crm_app.domain.permissions import Permission
from crm_app.services.by_hand import paying
from crm_app.ui.order.state import OrderState
from crm_app.ui.shared.conditions import both
from crm_app.ui.shared.marks import button, icon
from crm_app.ui.shared.navigation import may
from crm_app.ui.shared.permission import requires
from crm_app.ui.shared.service import call
from crm_app.ui.shared.session import current_actor


class PaidState(rx.State):
    """Nothing of its own: the order on screen says whether it is paid."""

    @rx.event
    @requires(Permission.CREATE_ORDERS)
    async def mark(self) -> rx.event.EventType[()]:
        """The money for the order on screen has come."""
        shown = await self.get_state(OrderState)
        await call(paying.mark_paid, await current_actor(self), shown.order.id)
        return OrderState.refresh


def paid_button() -> rx.Component:
    """Only on orders that people wrote and whose money is still to come."""
    return rx.cond(
        both(OrderState.order.can_be_paid, may(Permission.CREATE_ORDERS)),
        button(icon("banknote", 14), "Mark paid", on_click=PaidState.mark),
        rx.fragment(),
    )
