"""The exception that is opened beside the list, and what people do about it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal

import reflex as rx
from sqlmodel import Session

from crm_app.config import get_settings
from crm_app.domain.actor import Actor
from crm_app.domain.permissions import Permission
from crm_app.domain.time import now
from crm_app.domain.trouble import Source
from crm_app.errors import CrmError, NotFoundError, NotSignedInError
from crm_app.services.exceptions import bodies, deeds, detail, sku_deeds
from crm_app.services.exceptions.detail import ExceptionDetail
from crm_app.services.exceptions.sources import source_of
from crm_app.services.orders import Keep
from crm_app.ui.exceptions.menus import OPEN, path
from crm_app.ui.exceptions.snoozes import until
from crm_app.ui.exceptions.state import ExceptionsState, asked_of
from crm_app.ui.exceptions.view import Panel
from crm_app.ui.shared.links import order_path
from crm_app.ui.shared.permission import requires
from crm_app.ui.shared.service import call
from crm_app.ui.shared.session import current_actor

Phase = Literal["closed", "found", "gone", "failed"]


class PanelState(rx.State):
    """What the address opens."""

    phase: Phase = "closed"
    panel: Panel = Panel()
    failure: str = ""
    # An error of the last step, or what came of it.
    notice: str = ""
    done: str = ""
    raw: str = ""
    close_href: str = ""
    # Where the order is that was left behind, once its exception is gone.
    gone_href: str = ""
    # Grows when the note's field must be empty again.
    note_box: int = 0

    @rx.event(supersedes=True)
    @requires(Permission.VIEW_ORDERS)
    async def load(self) -> None:
        """Show what the address opens, or nothing."""
        params = self.router.url.query_parameters
        key = str(params.get(OPEN, ""))[:80]
        self.close_href = path(asked_of(params))
        if not key:
            self.phase, self.panel = "closed", Panel()
            return
        if key != self.panel.key:
            self.raw, self.notice, self.done = "", "", ""
            self.note_box += 1
        await self._read(key)

    @rx.event(temporal=True)
    @requires(Permission.VIEW_ORDERS)
    async def refresh(self) -> None:
        """Bring it up to date without touching what a person is typing."""
        if self.phase == "found":
            await self._read(self.panel.key)

    @rx.event
    @requires(Permission.CHANGE_STATUS)
    async def retry(self) -> Any:
        return await self._do(deeds.retry, "It is tried again.")

    @rx.event
    @requires(Permission.CHANGE_STATUS)
    async def keep(self, whose: str) -> Any:
        """Send ours again, or take the channel's word."""
        if whose not in list(Keep):
            return None
        said = "Ours is sent again." if whose == Keep.OURS else "The channel's word was taken."
        return await self._do(deeds.keep, said, Keep(whose))

    @rx.event
    @requires(Permission.CHANGE_STATUS)
    async def assign(self, person: str) -> Any:
        actor = await current_actor(self)
        is_id = person.isascii() and person.isdecimal() and len(person) < 19
        whom = int(person) if is_id else actor.user_id if person == "me" else None
        return await self._do(deeds.assign, "", whom)

    @rx.event
    @requires(Permission.CHANGE_STATUS)
    async def snooze(self, choice: str) -> Any:
        """Hide it for a while; an empty choice wakes it."""
        moment = until(choice, now(), get_settings().zone)
        return await self._do(deeds.snooze, "", moment)

    @rx.event
    @requires(Permission.CHANGE_STATUS)
    async def resolve(self, form: dict[str, Any]) -> Any:
        """Close it with the note of the form."""
        return await self._do(deeds.resolve, "Closed.", str(form.get("note", "")))

    @rx.event
    @requires(Permission.MANAGE_MAPPINGS)
    async def name_sku(self, form: dict[str, Any]) -> Any:
        """Say which SKU of ours it is; that ends the exception."""
        return await self._do(sku_deeds.name_it, "It is on the list.", str(form.get("sku", "")))

    @rx.event
    @requires(Permission.VIEW_ORDERS, Permission.SEE_PERSONAL_DATA)
    async def reveal(self) -> None:
        """Show what arrived in clear. The audit trail remembers who asked."""
        actor = await current_actor(self)
        self.raw = await call(bodies.reveal, actor, self.panel.key)
        await self._read(self.panel.key)

    async def _do(self, deed: Callable[..., object], said: str, *args: Any) -> Any:
        key, self.notice = self.panel.key, ""
        actor = await current_actor(self)
        try:
            await call(_act, actor, deed, key, args)
        except NotSignedInError:
            raise
        except NotFoundError:
            said = "It was seen to meanwhile."
        except CrmError as error:
            self.notice = str(error)
            return None
        self.done = said
        await self._read(key)
        return ExceptionsState.refresh

    async def _read(self, key: str) -> None:
        actor = await current_actor(self)
        try:
            found: ExceptionDetail = await call(detail.get_exception, actor, key)
        except NotFoundError:
            if self.panel.key != key:
                self.panel = Panel(key=key)
            named = source_of(key)
            is_order = named is not None and named[0] is Source.CHANGE
            self.gone_href = order_path(named[1]) if named and is_order else ""
            self.phase = "gone"
        except NotSignedInError:
            raise
        except CrmError as error:
            self.phase, self.failure = "failed", str(error)
        else:
            self.panel = Panel.of(found, now(), get_settings().zone)
            self.phase = "found"
            if self.panel.is_closed:
                self.panel = replace(self.panel, retry="", cure="")


def _act(
    session: Session, actor: Actor, deed: Callable[..., object], key: str, args: tuple[Any, ...]
) -> None:
    deed(session, actor, key, *args)
