"""The list of accounts, and the dialog that connects another one."""

from collections.abc import AsyncGenerator
from typing import Any

import reflex as rx

from crm_app.channels import capabilities
from crm_app.channels.forms import FORMS
from crm_app.config import get_settings
from crm_app.domain.channel import Channel
from crm_app.domain.permissions import Permission
from crm_app.domain.time import now
from crm_app.errands import accounts as errands
from crm_app.errors import CrmError, NotSignedInError
from crm_app.services import account_view
from crm_app.ui.account.fields import Choice, FormField, choices, fields_of, values_of
from crm_app.ui.accounts.view import AccountRow, count_text
from crm_app.ui.shared.links import account_path
from crm_app.ui.shared.permission import requires
from crm_app.ui.shared.service import call, errand
from crm_app.ui.shared.session import current_actor


class AccountsState(rx.State):
    """Every account in one line each. No field here ever holds a credential."""

    rows: list[AccountRow] = []
    count: str = ""
    failure: str = ""
    stale: str = ""
    is_loaded: bool = False

    is_connecting: bool = False
    is_trying: bool = False
    choices: list[Choice] = choices()
    channel: str = ""
    channel_label: str = ""
    is_inferred: bool = False
    tries_keys: bool = True
    address: str = ""
    address_help: str = ""
    fields: list[FormField] = []
    form_failure: str = ""
    name_mistake: str = ""
    address_mistake: str = ""

    @rx.event
    @requires(Permission.MANAGE_ACCOUNTS, quiet=True)
    async def load(self) -> None:
        """Read the accounts. Runs on page load."""
        self.is_connecting, self.failure, self.stale = False, "", ""
        try:
            await self._read()
        except NotSignedInError:
            raise
        except CrmError as error:
            self.failure = str(error)
        self.is_loaded = True

    @rx.event(temporal=True)
    @requires(Permission.MANAGE_ACCOUNTS, quiet=True)
    async def refresh(self) -> None:
        """Bring the rows up to date."""
        if not self.is_loaded or self.failure:
            return
        try:
            await self._read()
            self.stale = ""
        except NotSignedInError:
            raise
        except CrmError as error:
            self.stale = f"Not refreshed: {error}"

    @rx.event
    @requires(Permission.MANAGE_ACCOUNTS)
    async def show_dialog(self, is_open: bool) -> None:
        self.is_connecting = bool(is_open)
        self._choose("")

    @rx.event
    @requires(Permission.MANAGE_ACCOUNTS)
    async def choose(self, channel: str) -> None:
        """Show the form of a channel; an empty word goes back to the choice."""
        self._choose(str(channel))

    @rx.event
    @requires(Permission.MANAGE_ACCOUNTS)
    async def connect(self, form: dict[str, Any]) -> AsyncGenerator[rx.event.EventSpec | None]:
        """Try the credentials on the channel, store them if it takes them, and open the account."""
        if self.channel not in FORMS or self.is_trying:
            return
        channel = Channel(self.channel)
        self.is_trying, self.form_failure = True, ""
        yield
        actor = await current_actor(self)
        try:
            account_id = await errand(
                errands.connect,
                actor,
                channel,
                name=str(form.get("name", "")),
                base_url=str(form.get("base_url", "")),
                values=values_of(form, channel),
            )
        except NotSignedInError:
            raise
        except CrmError as error:
            self._show_mistakes(channel, error)
            return
        finally:
            self.is_trying = False
        self.is_connecting = False
        yield rx.redirect(account_path(account_id))

    def _choose(self, channel: str) -> None:
        self.form_failure = self.name_mistake = self.address_mistake = ""
        self.is_trying = False
        if channel not in FORMS:
            self.channel, self.channel_label, self.fields = "", "", []
            return
        found = Channel(channel)
        form = FORMS[found]
        self.channel, self.channel_label = found.value, found.label
        self.is_inferred = any(one.note for one in self.choices if one.channel == channel)
        self.tries_keys = capabilities.of(found).pulls
        self.address = form.address
        self.address_help = form.address_help
        self.fields = fields_of(form)

    def _show_mistakes(self, channel: Channel, error: CrmError) -> None:
        """Under their fields where they have one, else above the buttons."""
        mistakes = {str(name): str(text) for name, text in error.details.items()}
        self.name_mistake = mistakes.get("name", "")
        self.address_mistake = mistakes.get("base_url", "")
        self.fields = fields_of(FORMS[channel], mistakes=mistakes)
        is_at_a_field = any(
            [self.name_mistake, self.address_mistake, *(one.mistake for one in self.fields)]
        )
        self.form_failure = "" if is_at_a_field else str(error)

    async def _read(self) -> None:
        actor = await current_actor(self)
        found = await call(account_view.list_views, actor)
        moment, zone = now(), get_settings().zone
        self.rows = [AccountRow.of(view, moment, zone) for view in found]
        self.count = count_text(self.rows)
