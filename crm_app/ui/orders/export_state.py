"""The form of an export: for the list on the screen, for chosen orders, or for an address."""

import secrets
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import reflex as rx
from reflex_components_sonner.toast import ToastAction
from sqlmodel import Session

from crm_app.config import get_settings
from crm_app.domain.actor import Actor
from crm_app.domain.download import FileFormat
from crm_app.domain.permissions import Permission
from crm_app.errors import CrmError, InvalidInputError, NotSignedInError
from crm_app.services import filter_words, order_search
from crm_app.services.bulk_choice import Choice
from crm_app.services.downloads import asking, columns, remembering
from crm_app.services.order_query import OrderQuery
from crm_app.ui.downloads.state import DownloadsState
from crm_app.ui.orders.choosing import ChoosingState, choice_of
from crm_app.ui.orders.state import list_of
from crm_app.ui.shared.links import DOWNLOADS
from crm_app.ui.shared.needs import count_text
from crm_app.ui.shared.permission import requires
from crm_app.ui.shared.service import call
from crm_app.ui.shared.session import current_actor


@dataclass(frozen=True)
class ExportColumn:
    """One column of the form; those in the file have a place."""

    key: str = ""
    heading: str = ""
    is_personal: bool = False
    place: str = ""
    can_rise: bool = False
    can_sink: bool = False

    @classmethod
    def of(cls, key: str, place: int | None = None, count: int = 0) -> Self:
        column = columns.COLUMNS[key]
        return cls(
            key=key,
            heading=column.heading,
            is_personal=column.is_personal,
            place="" if place is None else str(place + 1),
            can_rise=bool(place),
            can_sink=place is not None and place + 1 < count,
        )


class ExportState(rx.State):
    """What is to be written, and how. Columns and format are remembered for the person."""

    # In the page of downloads; the list of orders shows it as a dialog.
    is_page: bool = False
    is_dialog: bool = False
    title: str = ""
    count: str = ""
    columns: list[ExportColumn] = []
    others: list[ExportColumn] = []
    format: str = FileFormat.CSV.value
    kept: str = ""
    failure: str = ""

    # Names this press: sent twice, it is one file.
    _key: str = ""
    _filter: dict[str, str] = {}
    _only: list[int] = []
    _without: list[int] = []

    @rx.event(supersedes=True)
    @requires(Permission.VIEW_ORDERS)
    async def load(self) -> None:
        """Show the form in the page of downloads, where its address asks for it."""
        self.is_page, self.is_dialog = False, False
        params = self.router.url.query_parameters
        if "new" not in params:
            return
        actor = await current_actor(self)
        if actor.may(Permission.EXPORT_ORDERS):
            self.is_page = True
            await self._open(self._of_address())

    @rx.event(supersedes=True)
    @requires(Permission.EXPORT_ORDERS)
    async def open_list(self) -> None:
        """Ask about the orders of the list, all that match."""
        self.is_dialog = True
        await self._open(self._of_list())

    @rx.event(supersedes=True)
    @requires(Permission.EXPORT_ORDERS)
    async def open_chosen(self) -> None:
        """Ask about the orders that are chosen in the list."""
        self.is_dialog = True
        await self._open(self._of_chosen())

    @rx.event
    @requires(Permission.VIEW_ORDERS)
    async def show(self, is_open: bool) -> None:
        self.is_dialog = is_open

    @rx.event
    @requires(Permission.EXPORT_ORDERS)
    async def ask(self) -> rx.event.EventType[()] | None:
        """Have the file made."""
        if not self._key:
            return None
        actor = await current_actor(self)
        try:
            await call(
                asking.export,
                actor,
                OrderQuery.parse(self._filter),
                kind=_format(self.format),
                keys=self._chosen(),
                key=self._key,
                only=self._only,
                without=self._without,
            )
        except NotSignedInError:
            raise
        except CrmError as error:
            self.failure = str(error)
            return None
        if self.is_page:
            self.is_page = False
            return [rx.redirect(DOWNLOADS), DownloadsState.load]
        self.is_dialog = False
        away = ToastAction(label="Downloads", on_click=rx.redirect(DOWNLOADS))
        return rx.toast.success("The file is being written.", action=away)

    @rx.event
    @requires(Permission.EXPORT_ORDERS)
    async def choose_format(self, kind: str) -> None:
        """Remember the format."""
        self.format = _format(kind).value
        await self._keep(self._chosen())

    @rx.event
    @requires(Permission.EXPORT_ORDERS)
    async def put(self, key: str) -> None:
        """Write this column too, as the last one; or write it no more."""
        keys = self._chosen()
        await self._keep([one for one in keys if one != key] if key in keys else [*keys, key])

    @rx.event
    @requires(Permission.EXPORT_ORDERS)
    async def move(self, key: str, by: int) -> None:
        """Move a column by so many places."""
        keys = self._chosen()
        if key not in keys:
            return
        place = min(max(keys.index(key) + int(by), 0), len(keys) - 1)
        keys.remove(key)
        keys.insert(place, key)
        await self._keep(keys)

    @rx.event
    @requires(Permission.EXPORT_ORDERS)
    async def choose(self, which: str) -> None:
        """Write the usual columns, all of them, or begin with none."""
        actor = await current_actor(self)
        usual = columns.default_keys(actor)
        every = [column.key for column in columns.allowed(actor)]
        nothing: list[str] = []
        await self._keep({"all": every, "none": nothing}.get(which, usual))

    def _chosen(self) -> list[str]:
        return [one.key for one in self.columns]

    async def _keep(self, keys: Sequence[str]) -> None:
        actor = await current_actor(self)
        allowed = {column.key for column in columns.allowed(actor)}
        keys = [key for key in keys if key in allowed]
        await call(remembering.keep_habit, actor, keys, _format(self.format))
        self._draw(actor, keys)

    def _draw(self, actor: Actor, keys: Sequence[str]) -> None:
        self.failure = ""
        self.columns = [ExportColumn.of(key, place, len(keys)) for place, key in enumerate(keys)]
        self.others = [
            ExportColumn.of(column.key)
            for column in columns.allowed(actor)
            if column.key not in keys
        ]

    async def _of_address(self) -> Choice:
        return Choice(query=OrderQuery.parse(self.router.url.query_parameters))

    async def _of_list(self) -> Choice:
        return Choice(query=(await list_of(self)).query)

    async def _of_chosen(self) -> Choice:
        chosen = choice_of(await self.get_state(ChoosingState))
        sort = (await list_of(self)).query.sort
        return replace(chosen, query=replace(chosen.query or OrderQuery(), sort=sort))

    async def _open(self, choice: Coroutine[Any, Any, Choice]) -> None:
        self._key, self.failure, self.title, self.count = secrets.token_hex(8), "", "", ""
        self.kept = str(get_settings().download_keep_days)
        actor = await current_actor(self)
        habit = await call(remembering.own_habit, actor)
        self.format = habit.format.value
        self._draw(actor, habit.columns)
        try:
            await self._name(actor, await choice)
        except NotSignedInError:
            raise
        except CrmError as error:
            # What is not understood must not become a file of everything.
            self.failure, self._key = str(error), ""

    async def _name(self, actor: Actor, choice: Choice) -> None:
        query = choice.query or OrderQuery()
        self._filter = query.first_page().params()
        self._only, self._without = list(choice.ids), list(choice.without)
        if choice.ids:
            self.title = asking.chosen_title(len(choice.ids))
            return
        self.title, total, is_exact = await call(_about, actor, query)
        left = max(total - len(choice.without), 0)
        self.count = count_text(left, is_exact=is_exact) + (" order" if left == 1 else " orders")


def _about(session: Session, actor: Actor, query: OrderQuery) -> tuple[str, int, bool]:
    total, is_exact = order_search.count_orders(session, actor, query)
    return filter_words.title_of(session, query), total, is_exact


def _format(kind: str) -> FileFormat:
    try:
        return FileFormat(str(kind))
    except ValueError as error:
        raise InvalidInputError("Choose CSV, Excel or JSON.") from error
