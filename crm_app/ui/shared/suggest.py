"""Suggestions under fields: SKUs that were sold and cities that were sent to."""

import reflex as rx

from crm_app.domain.permissions import Permission
from crm_app.services import suggestions
from crm_app.ui.shared.permission import requires
from crm_app.ui.shared.service import call
from crm_app.ui.shared.session import current_actor

SKUS = "known-skus"
CITIES = "known-cities"
PAUSE_MS = 250


class SuggestState(rx.State):
    """What the lists of this tab hold: they follow whatever field is typed into."""

    skus: list[list[str]] = []
    cities: list[str] = []

    @rx.event(supersedes=True)
    @requires(Permission.VIEW_ORDERS, quiet=True)
    async def type_sku(self, typed: str) -> None:
        """SKUs that begin so; of several with commas between, the last."""
        actor = await current_actor(self)
        head, last = _parts(str(typed))
        found = await call(suggestions.products, actor, last)
        self.skus = [[head + one.sku, one.title] for one in found]

    @rx.event(supersedes=True)
    @requires(Permission.VIEW_ORDERS, quiet=True)
    async def type_city(self, typed: str) -> None:
        """Cities that begin so; of several with commas between, the last."""
        actor = await current_actor(self)
        head, last = _parts(str(typed))
        self.cities = [head + name for name in await call(suggestions.cities, actor, last)]


def _parts(typed: str) -> tuple[str, str]:
    head, comma, last = typed.rpartition(",")
    return (f"{head}, " if comma else ""), last


def suggestion_lists() -> rx.Component:
    """The lists themselves: once on a page whose fields name them."""
    return rx.fragment(
        rx.el.datalist(
            rx.foreach(
                SuggestState.skus,
                lambda one: rx.el.option(one[1], value=one[0], key=one[0]),  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType]
            ),
            id=SKUS,
        ),
        rx.el.datalist(
            rx.foreach(
                SuggestState.cities,
                lambda name: rx.el.option(value=name, key=name),  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType]
            ),
            id=CITIES,
        ),
    )
