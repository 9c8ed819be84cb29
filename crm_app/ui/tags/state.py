"""The tags of the desk: their names and colours, and which are offered no more."""

from dataclasses import dataclass
from typing import Any, Self

import reflex as rx

from crm_app.domain.permissions import Permission
from crm_app.domain.working import TagColour
from crm_app.errors import CrmError, InvalidInputError, NotSignedInError
from crm_app.services.facets import Facet, Pick
from crm_app.services.order_query import OrderQuery
from crm_app.services.working import tagging
from crm_app.services.working.tagging import TagUse
from crm_app.ui.shared.links import orders_path
from crm_app.ui.shared.permission import requires
from crm_app.ui.shared.service import call
from crm_app.ui.shared.session import current_actor


@dataclass(frozen=True)
class TagLine:
    """One tag; `href` shows its orders."""

    id: int
    name: str
    colour: str
    look: str
    is_retired: bool
    href: str

    @classmethod
    def of(cls, tag: TagUse) -> Self:
        query = OrderQuery(picks=(Pick(Facet.TAG, (tag.name,)),))
        return cls(
            id=tag.id,
            name=tag.name,
            colour=tag.colour.value,
            look=f"tagchip tag-{tag.colour.value}",
            is_retired=tag.is_retired,
            href=orders_path(query),
        )


class TagsState(rx.State):
    """The list, and the tag whose name is being changed."""

    rows: list[TagLine] = []
    is_loaded: bool = False
    failure: str = ""
    notice: str = ""
    may_change: bool = False
    # Of the row whose form is open; 0 for none.
    editing: int = 0

    @rx.event
    @requires(Permission.VIEW_ORDERS)
    async def load(self) -> None:
        """Show all tags, retired ones last."""
        self.notice, self.editing = "", 0
        try:
            await self._read()
        except NotSignedInError:
            raise
        except CrmError as error:
            self.failure = str(error)

    @rx.event
    @requires(Permission.TAG_ORDERS)
    async def edit(self, tag_id: int) -> None:
        """Open the form of one tag, or close it."""
        self.editing, self.notice = int(tag_id), ""

    @rx.event
    @requires(Permission.TAG_ORDERS)
    async def rename(self, form: dict[str, Any]) -> None:
        """Give the open tag another name; views that ask for it follow."""
        await self._change(self.editing, name=str(form.get("name", "")))

    @rx.event
    @requires(Permission.TAG_ORDERS)
    async def recolour(self, tag_id: int, colour: str) -> None:
        try:
            chosen = TagColour(colour)
        except ValueError as error:
            raise InvalidInputError("There is no such colour.") from error
        await self._change(int(tag_id), colour=chosen)

    @rx.event
    @requires(Permission.TAG_ORDERS)
    async def retire(self, tag_id: int, is_retired: bool) -> None:
        """Offer a tag no more, or again; orders keep it."""
        await self._change(int(tag_id), is_retired=bool(is_retired))

    @rx.event
    @requires(Permission.TAG_ORDERS)
    async def add(self, form: dict[str, Any]) -> None:
        """Make a tag."""
        await self._do(tagging.make_tag, str(form.get("name", "")))

    async def _change(self, tag_id: int, **wanted: Any) -> None:
        await self._do(tagging.change_tag, tag_id, **wanted)

    async def _do(self, deed: Any, *values: Any, **wanted: Any) -> None:
        self.notice = ""
        try:
            await call(deed, await current_actor(self), *values, **wanted)
            self.editing = 0
        except NotSignedInError:
            raise
        except CrmError as error:
            self.notice = str(error)
        await self._read()

    async def _read(self) -> None:
        actor = await current_actor(self)
        self.rows = [TagLine.of(tag) for tag in await call(tagging.all_tags, actor)]
        self.may_change = actor.may(Permission.TAG_ORDERS)
        self.failure, self.is_loaded = "", True
