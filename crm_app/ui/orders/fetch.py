"""An order that is not here: ask the channel for it by its id."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Self

import reflex as rx

from crm_app.domain.permissions import Permission
from crm_app.errands import orders
from crm_app.errors import CrmError, NotSignedInError
from crm_app.services import fetch_offers
from crm_app.services.fetch_offers import Offer
from crm_app.ui.shared.conditions import has_any
from crm_app.ui.shared.links import order_path
from crm_app.ui.shared.marks import button, channel_mark
from crm_app.ui.shared.permission import requires
from crm_app.ui.shared.service import call, errand
from crm_app.ui.shared.session import current_actor


@dataclass(frozen=True)
class OfferRow:
    """An account that can be asked."""

    account_id: int
    channel: str
    mark: str
    label: str
    name: str

    @classmethod
    def of(cls, offer: Offer) -> Self:
        channel = offer.channel
        return cls(offer.account_id, channel.value, channel.mark, channel.label, offer.name)


class FetchState(rx.State):
    """What is offered below a search that found nothing."""

    offers: list[OfferRow] = []
    failure: str = ""
    asking: int = 0

    @rx.event(supersedes=True)
    @requires(Permission.VIEW_ORDERS, quiet=True)
    async def look(self) -> None:
        """Find the accounts whose ids look like what was searched for."""
        self.failure, self.asking = "", 0
        actor = await current_actor(self)
        self.offers = [
            OfferRow.of(offer) for offer in await call(fetch_offers.offers, actor, self._searched())
        ]

    @rx.event
    @requires(Permission.IMPORT_ORDERS)
    async def fetch(self, account_id: int) -> AsyncGenerator[rx.event.EventSpec | None]:
        """Ask the channel, and open the order if it has it."""
        if self.asking:
            return
        self.failure, self.asking = "", int(account_id)
        yield
        actor = await current_actor(self)
        try:
            found = await errand(orders.fetch_order, actor, int(account_id), self._searched())
        except NotSignedInError:
            raise
        except CrmError as error:
            self.failure = str(error)
            return
        finally:
            self.asking = 0
        yield rx.redirect(order_path(found.order_id))

    def _searched(self) -> str:
        return self.router.url.query_parameters.get("q", "")[:128]


def fetch_offer() -> rx.Component:
    """`Ask Amazon`: small, below the sentence that nothing matches."""
    return rx.cond(
        has_any(FetchState.offers),
        rx.el.div(
            rx.el.p("It may be an order that a channel's list forgot:", class_name="quiet"),
            rx.el.div(rx.foreach(FetchState.offers, _offer), class_name="blank-actions"),
            rx.cond(
                FetchState.failure != "",
                rx.el.p(FetchState.failure, class_name="mistake", role="alert"),
                rx.fragment(),
            ),
            class_name="fetch-offer",
        ),
        rx.fragment(),
    )


def _offer(row: OfferRow) -> rx.Component:
    return button(
        channel_mark(row.mark, row.channel, row.label),
        rx.cond(FetchState.asking == row.account_id, "Asking…", "Ask " + row.name),
        key=row.account_id,
        on_click=FetchState.fetch(row.account_id),
    )
