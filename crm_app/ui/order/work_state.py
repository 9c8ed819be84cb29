"""What people do with the desk's own data of the order on screen."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import reflex as rx

from crm_app.domain.permissions import Permission
from crm_app.domain.working import HoldReason, Priority
from crm_app.errors import CrmError, NotSignedInError
from crm_app.services import bulk_working
from crm_app.services.working import archiving, assigning, holding, tagging, watching
from crm_app.ui.order.state import OrderState
from crm_app.ui.order.work_view import NOBODY
from crm_app.ui.shared.permission import requires
from crm_app.ui.shared.service import call
from crm_app.ui.shared.session import current_actor


@dataclass(frozen=True)
class HoldForm:
    """The question of why, and until when."""

    is_open: bool = False
    failure: str = ""
    mistakes: dict[str, str] = field(default_factory=dict)


class WorkState(rx.State):
    """Each deed is saved at once; the order is then read anew."""

    hold_form: HoldForm = HoldForm()
    # Why the last deed did not happen, until the next one.
    notice: str = ""

    @rx.event
    @requires(Permission.ASSIGN_ORDERS)
    async def assign(self, user_id: str) -> rx.event.EventType[()]:
        to = None if user_id == NOBODY else _number(user_id)
        return await self._do(assigning.assign, to)

    @rx.event
    @requires(Permission.ASSIGN_ORDERS)
    async def prioritise(self, word: str) -> rx.event.EventType[()] | None:
        if word not in list(Priority):
            return None
        return await self._do(assigning.set_priority, Priority(word))

    @rx.event
    @requires(Permission.TAG_ORDERS)
    async def put_tag(self, tag_id: int, is_on: bool) -> rx.event.EventType[()]:
        return await self._do(tagging.put_tag, int(tag_id), is_on=bool(is_on))

    @rx.event
    @requires(Permission.TAG_ORDERS)
    async def new_tag(self, form: dict[str, Any]) -> rx.event.EventType[()]:
        """Make a tag that did not exist, and put it on."""
        actor = await current_actor(self)
        self.notice = ""
        try:
            tag = await call(tagging.make_tag, actor, str(form.get("name", "")))
        except NotSignedInError:
            raise
        except CrmError as error:
            self.notice = str(error)
            return OrderState.refresh
        return await self._do(tagging.put_tag, tag.id, is_on=True)

    @rx.event
    @requires(Permission.HOLD_ORDERS)
    async def ask_hold(self, is_open: bool) -> None:
        """Open or close the question before a hold."""
        self.hold_form = HoldForm(is_open=bool(is_open))

    @rx.event
    @requires(Permission.HOLD_ORDERS)
    async def hold(self, form: dict[str, Any]) -> rx.event.EventType[()] | None:
        """Put the order on hold; what cannot be used is said under its field."""
        word = str(form.get("reason", ""))
        actor = await current_actor(self)
        try:
            if word not in list(HoldReason):
                return None
            until = bulk_working.moment_of(str(form.get("until", "")))
            note = str(form.get("note", ""))
            made = await call(
                holding.hold, actor, [await self._id()], HoldReason(word), until=until, note=note
            )
            made.require()
        except NotSignedInError:
            raise
        except CrmError as error:
            mistakes = {str(name): str(said) for name, said in error.details.items()}
            failure = "" if mistakes else str(error)
            self.hold_form = HoldForm(is_open=True, failure=failure, mistakes=mistakes)
            return None
        self.hold_form, self.notice = HoldForm(), ""
        return OrderState.refresh

    @rx.event
    @requires(Permission.HOLD_ORDERS)
    async def release(self) -> rx.event.EventType[()]:
        return await self._do(holding.release)

    @rx.event
    @requires(Permission.ARCHIVE_ORDERS)
    async def archive(self, is_archived: bool) -> rx.event.EventType[()]:
        return await self._do(archiving.archive, bool(is_archived))

    @rx.event
    @requires(Permission.VIEW_ORDERS)
    async def watch(self, is_on: bool) -> rx.event.EventType[()]:
        """Hear of this order from now on, or no more."""
        return await self._do(watching.watch, is_on=bool(is_on))

    async def _do(
        self, deed: Callable[..., Any], *args: Any, **kwargs: Any
    ) -> rx.event.EventType[()]:
        """One deed on the order on screen, with its refusal beside it if there is one."""
        actor = await current_actor(self)
        self.notice = ""
        try:
            made = await call(deed, actor, [await self._id()], *args, **kwargs)
            if made is not None and made.refused:
                self.notice = next(iter(made.refused.values()))
        except NotSignedInError:
            raise
        except CrmError as error:
            self.notice = str(error)
        return OrderState.refresh

    async def _id(self) -> int:
        shown = await self.get_state(OrderState)
        return shown.order.id


def _number(word: str) -> int:
    """An id out of the page; 0, which nobody has, for anything else."""
    return int(word) if word.isascii() and word.isdecimal() and len(word) < 19 else 0
