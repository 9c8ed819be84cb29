"""The layout of this person's list: read with the page, changed by hand or by drag."""

from typing import Any, Final

import reflex as rx

from crm_app.domain.permissions import Permission
from crm_app.errors import CrmError, InvalidInputError, NotSignedInError
from crm_app.services import grid_layout
from crm_app.services.grid_layout import Column, GridLayout
from crm_app.ui.orders import columns
from crm_app.ui.orders.columns import ColumnChoice, Header
from crm_app.ui.orders.state import list_of
from crm_app.ui.shared.permission import requires
from crm_app.ui.shared.service import call
from crm_app.ui.shared.session import current_actor

# How much wider one press of a key makes a column, in pixels.
_STEP: Final = 24


class LayoutState(rx.State):
    """Columns, their measures, and how high a row is."""

    heads: list[Header] = []
    choices: list[ColumnChoice] = []
    style: dict[str, str] = {}
    is_compact: bool = False
    # What was just done, for those who hear the page.
    said: str = ""

    # As it is kept.
    _layout: dict[str, Any] = {}
    # The view that it was read for; the person's own is kept with each change.
    _view: str | None = None
    _is_of_view: bool = False

    @rx.event(temporal=True)
    @requires(Permission.VIEW_ORDERS, quiet=True)
    async def load(self) -> None:
        """Read the layout of the view that the address names, or the person's own."""
        shown = self.router.url.query_parameters.get("view", "")
        if self._layout and shown == self._view:
            # What was changed in a view and is not saved yet stays while one looks around in it.
            await self._show(self._now())
            return
        actor = await current_actor(self)
        try:
            layout = await call(grid_layout.own_layout, actor)
            view = (await list_of(self)).view
            self._is_of_view = bool(view and view.layout)
            if view and view.layout:
                layout = GridLayout.parse(view.layout)
        except NotSignedInError:
            raise
        except CrmError:
            # The list itself says what is wrong; the usual columns say it as well as any.
            layout, self._is_of_view = GridLayout(), False
        self._view = shown
        await self._show(layout)

    @rx.event
    @requires(Permission.VIEW_ORDERS)
    async def toggle(self, column: str) -> None:
        """Show a column, or hide it."""
        await self._change(self._now().toggled(_column(column)))

    @rx.event
    @requires(Permission.VIEW_ORDERS)
    async def move(self, column: str, by: int) -> None:
        """Move a column by so many places."""
        layout, one = self._now(), _column(column)
        if one in layout.columns:
            at = layout.columns.index(one) + int(by)
            await self._change(layout.moved(one, at))
            place = self._now().columns.index(one) + 1
            self.said = f"{one.label} is column {place} of {len(layout.columns)}"

    @rx.event
    @requires(Permission.VIEW_ORDERS)
    async def pin(self, column: str) -> None:
        """Keep the columns up to this one in sight, or let it scroll again."""
        await self._change(self._now().pinned_up_to(_column(column)))

    @rx.event
    @requires(Permission.VIEW_ORDERS)
    async def set_density(self, density: str) -> None:
        kept = {**self._now().as_json(), "density": str(density)}
        await self._change(GridLayout.parse(kept))

    @rx.event
    @requires(Permission.VIEW_ORDERS)
    async def reset_all(self) -> None:
        """The usual columns, measures and height."""
        await self._change(GridLayout())
        self.said = "The usual columns"

    @rx.event
    @requires(Permission.VIEW_ORDERS)
    async def arrange(self, form: dict[str, Any]) -> None:
        """What a drag or a key in the head of the table asks for (`assets/grid.js`)."""
        layout, one = self._now(), _column(str(form.get("column", "")))
        value = _whole(form.get("value"))
        match str(form.get("deed", "")):
            case "size":
                await self._change(layout.sized(one, value or None))
            case "place" if value is not None:
                await self._change(layout.moved(one, value))
            case "wider" if value is not None:
                width = layout.widths.get(one, columns.MEASURES[one].width)
                await self._change(layout.sized(one, width + _STEP * value))
            case _:
                return

    def _now(self) -> GridLayout:
        return GridLayout.parse(self._layout)

    async def _change(self, layout: GridLayout) -> None:
        actor = await current_actor(self)
        await self._show(layout)
        # A view with columns of its own keeps them until it is saved anew.
        if not self._is_of_view:
            await call(grid_layout.keep_layout, actor, layout)

    async def _show(self, layout: GridLayout) -> None:
        actor = await current_actor(self)
        self._layout = layout.as_json()
        params = self.router.url.query_parameters
        self.heads = columns.headers(layout, params, await self._sort())
        self.choices = columns.choices(layout)
        self.style = columns.style(layout, has_boxes=actor.may(Permission.BULK_CHANGE))
        self.is_compact = columns.is_compact(layout)

    async def _sort(self) -> str:
        try:
            return (await list_of(self)).query.sort.value
        except InvalidInputError:
            return ""


async def layout_of(state: rx.State) -> dict[str, Any]:
    """The layout of this tab's list, as it is kept."""
    found = await state.get_state(LayoutState)
    # Its public methods could be called by any browser; this one is not one of them.
    return found._layout  # pyright: ignore[reportPrivateUsage]


def _column(word: str) -> Column:
    try:
        return Column(word)
    except ValueError as error:
        raise InvalidInputError("The list has no such column.") from error


def _whole(value: object) -> int | None:
    """A whole number of at most four digits, or None."""
    text = str(value)
    digits = text.removeprefix("-")
    return int(text) if digits.isascii() and digits.isdecimal() and len(digits) < 5 else None
