"""Comments on the order on screen: writing, editing, taking away; and what the timeline shows."""

from typing import Any, Final

import reflex as rx

from crm_app.domain.permissions import Permission
from crm_app.errors import CrmError, NotSignedInError
from crm_app.services.working import comments
from crm_app.ui.order.state import OrderState
from crm_app.ui.shared.permission import requires
from crm_app.ui.shared.service import call
from crm_app.ui.shared.session import current_actor

SORTS: Final = (
    ("all", "Everything"),
    ("said", "Comments"),
    ("status", "Status"),
    ("desk", "Desk"),
    ("channel", "Channel"),
)


class TalkState(rx.State):
    """What is typed stays in the browser until it is saved (`assets/order.js`)."""

    shown: str = "all"
    editing: int = 0
    failure: str = ""

    @rx.event
    @requires(Permission.VIEW_ORDERS)
    async def show(self, sort: str) -> None:
        """Narrow the timeline to one sort of entries."""
        if sort in dict(SORTS):
            self.shown = sort

    @rx.event
    @requires(Permission.COMMENT_ORDERS)
    async def say(self, form: dict[str, Any]) -> rx.event.EventType[()] | None:
        """Write a comment. Refused, its text stays where it was typed."""
        shown = await self.get_state(OrderState)
        return await self._do(comments.add_comment, shown.order.id, str(form.get("text", "")))

    @rx.event
    @requires(Permission.COMMENT_ORDERS)
    async def edit(self, comment_id: int) -> None:
        """Open a comment of one's own for editing; 0 closes it."""
        self.editing, self.failure = int(comment_id), ""

    @rx.event
    @requires(Permission.COMMENT_ORDERS)
    async def save(self, form: dict[str, Any]) -> rx.event.EventType[()] | None:
        found = await self._do(comments.edit_comment, self.editing, str(form.get("text", "")))
        if not self.failure:
            self.editing = 0
        return found

    @rx.event
    @requires(Permission.COMMENT_ORDERS)
    async def delete(self, comment_id: int) -> rx.event.EventType[()] | None:
        return await self._do(comments.delete_comment, int(comment_id))

    async def _do(self, deed: Any, *args: Any) -> rx.event.EventType[()] | None:
        actor = await current_actor(self)
        self.failure = ""
        try:
            await call(deed, actor, *args)
        except NotSignedInError:
            raise
        except CrmError as error:
            self.failure = str(error)
            return None
        return OrderState.refresh
