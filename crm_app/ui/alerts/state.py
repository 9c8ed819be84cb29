"""The page of alerts: what is open, what is over, and who is told how."""

from typing import Any

import reflex as rx

from crm_app.config import get_settings
from crm_app.domain.alert import AlertKind
from crm_app.domain.permissions import Permission
from crm_app.domain.time import now
from crm_app.errands import alerts as errands
from crm_app.errors import CrmError, InvalidInputError, NotSignedInError
from crm_app.services.alerts import leads
from crm_app.services.alerts import settings as alert_settings
from crm_app.ui.alerts import view
from crm_app.ui.alerts.view import AlertRow, ChoiceRow, HookLine, LeadRow, MessageRow, PersonRow
from crm_app.ui.shared.permission import requires
from crm_app.ui.shared.service import call, errand
from crm_app.ui.shared.session import current_actor


class AlertsState(rx.State):
    """Display only, but for `secret`, which is shown once to the admin who made it."""

    open_rows: list[AlertRow] = []
    past_rows: list[AlertRow] = []
    mine: list[ChoiceRow] = []
    people: list[PersonRow] = []
    hook: HookLine = HookLine()
    # How early the deadline alert of each account fires.
    leads: list[LeadRow] = []
    messages: list[MessageRow] = []
    can_mail: bool = False
    may_manage: bool = False
    count: str = ""
    failure: str = ""
    is_loaded: bool = False
    url_mistake: str = ""
    secret: str = ""

    @rx.event
    @requires(Permission.VIEW_ORDERS, quiet=True)
    async def load(self) -> None:
        """Read everything. Runs on page load."""
        self.failure, self.url_mistake, self.secret = "", "", ""
        try:
            await self._read()
        except NotSignedInError:
            raise
        except CrmError as error:
            self.failure = str(error)
        self.is_loaded = True

    @rx.event(temporal=True)
    @requires(Permission.VIEW_ORDERS, quiet=True)
    async def refresh(self) -> None:
        """Bring the page up to date without touching what a person is typing."""
        if self.is_loaded and not self.failure:
            await self._read()

    @rx.event
    @requires(Permission.VIEW_ORDERS)
    async def choose(self, kind: str, way: str, is_on: bool) -> None:
        """Be told of a kind of alert in the app or by mail, or not."""
        row = next((one for one in self.mine if one.kind == kind), None)
        if row is None or way not in ("in_app", "by_mail"):
            return
        wanted = {"in_app": row.in_app, "by_mail": row.by_mail, way: bool(is_on)}
        actor = await current_actor(self)
        await call(alert_settings.choose, actor, AlertKind(kind), **wanted)
        await self._read()

    @rx.event
    @requires(Permission.MANAGE_ACCOUNTS)
    async def set_hook(self, form: dict[str, Any]) -> None:
        """Post alerts to an address; its secret is shown once."""
        self.url_mistake = ""
        actor = await current_actor(self)
        try:
            self.secret = await errand(errands.set_hook, actor, str(form.get("url", "")))
        except InvalidInputError as error:
            self.url_mistake = str(error)
            return
        await self._read()

    @rx.event
    @requires(Permission.MANAGE_ACCOUNTS)
    async def set_lead(self, account: str, minutes: str) -> None:
        """Let an account's deadline alert fire earlier or later."""
        if not (str(account).isdecimal() and str(minutes).isdecimal()):
            return
        await call(leads.set_lead, await current_actor(self), int(account), int(minutes))
        await self._read()

    @rx.event
    @requires(Permission.MANAGE_ACCOUNTS)
    async def remove_hook(self) -> None:
        await call(alert_settings.remove_hook, await current_actor(self))
        await self._read()

    @rx.event
    @requires(Permission.MANAGE_ACCOUNTS)
    async def send_test(self, way: str) -> rx.event.EventSpec:
        """Send a test by webhook, or to oneself by mail."""
        await call(alert_settings.send_test, await current_actor(self), str(way))
        await self._read()
        return rx.toast.info("The test is on its way; what becomes of it stands below.")

    @rx.event
    @requires(Permission.MANAGE_ACCOUNTS)
    async def send_again(self, message_id: int) -> None:
        await call(alert_settings.send_again, await current_actor(self), int(message_id))
        await self._read()

    @rx.event
    @requires(Permission.MANAGE_ACCOUNTS)
    async def forget_secret(self, is_open: bool) -> None:
        if not is_open:
            self.secret = ""

    async def _read(self) -> None:
        found = await call(alert_settings.overview, await current_actor(self))
        moment, zone = now(), get_settings().zone
        self.open_rows = [AlertRow.of(alert, moment, zone) for alert in found.open]
        self.past_rows = [AlertRow.of(alert, moment, zone) for alert in found.past]
        self.mine = view.choice_rows(found.mine)
        self.people = view.person_rows(found.everybody)
        self.hook = HookLine.of(found.hook, moment, zone)
        self.messages = [MessageRow.of(message, moment, zone) for message in found.messages]
        actor = await current_actor(self)
        early = await call(leads.list_leads, actor) if found.may_manage else []
        self.leads = [LeadRow.of(one) for one in early]
        self.can_mail, self.may_manage = found.can_mail, found.may_manage
        self.count = view.count_text(found.open)
