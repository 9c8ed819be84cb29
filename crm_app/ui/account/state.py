"""One account: what its page shows, and what admins do with it."""

from collections.abc import AsyncGenerator, Callable
from datetime import datetime, timedelta
from typing import Any, Final, Literal

import reflex as rx

from crm_app.channels.forms import FORMS
from crm_app.config import get_settings
from crm_app.domain.actor import Actor
from crm_app.domain.channel import Channel
from crm_app.domain.permissions import Permission
from crm_app.domain.time import now
from crm_app.errands import accounts as errands
from crm_app.errands import hooks, orders
from crm_app.errors import CrmError, InvalidInputError, NotFoundError, NotSignedInError
from crm_app.services import account_admin, account_options, account_view, sweeping
from crm_app.services.account_view import AccountView
from crm_app.ui.account.fields import FormField, chosen_of, fields_of, option_fields, values_of
from crm_app.ui.account.view import AccountPage, BudgetRow, SweepRow
from crm_app.ui.order.state import order_id_of
from crm_app.ui.shared.links import order_path
from crm_app.ui.shared.permission import requires
from crm_app.ui.shared.service import call, errand, glance
from crm_app.ui.shared.session import current_actor

Phase = Literal["loading", "found", "missing", "failed"]
# What a dialog may ask about.
DIALOGS: Final = ("rename", "edit", "sweep", "replay", "pause", "secret", "options")
_SWEEPS: Final = 6


class AccountState(rx.State):
    """The account that the address names. No field here ever holds a stored credential; a new
    webhook secret is here until its dialog closes."""

    phase: Phase = "loading"
    failure: str = ""
    account: AccountPage = AccountPage()
    budgets: list[BudgetRow] = []
    sweeps: list[SweepRow] = []
    # What the last step did, or why it did not, until the next one.
    done: str = ""
    notice: str = ""
    dialog: str = ""
    is_busy: bool = False
    form_failure: str = ""
    mistakes: dict[str, str] = {}
    fields: list[FormField] = []
    secret: str = ""
    fetched_href: str = ""
    fetched: str = ""
    fetch_failure: str = ""
    # Grows when the box for an order's id has to be emptied.
    box: int = 0
    sweep_days: str = ""
    replay_from: str = ""

    @rx.event(supersedes=True)
    @requires(Permission.MANAGE_ACCOUNTS, quiet=True)
    async def load(self) -> AsyncGenerator[None]:
        """Show the account that the address names; never another one while it is read."""
        try:
            if self._account_id() != self.account.id:
                self.reset()
                yield
            self.done = self.notice = self.dialog = self.secret = ""
            self.fetched = self.fetched_href = self.fetch_failure = ""
            await self._read()
        except NotFoundError as error:
            self.phase, self.failure = "missing", str(error)
        except NotSignedInError:
            raise
        except CrmError as error:
            self.phase, self.failure = "failed", str(error)

    @rx.event(temporal=True)
    @requires(Permission.MANAGE_ACCOUNTS, quiet=True)
    async def refresh(self) -> None:
        """Bring the page up to date without touching what a person is typing."""
        if self.phase != "found":
            return
        try:
            await self._read()
        except NotSignedInError:
            raise
        except CrmError as error:
            self.notice = f"Not refreshed: {error}"

    @rx.event
    @requires(Permission.MANAGE_ACCOUNTS)
    async def ask(self, what: str) -> None:
        """Open a dialog; anything that is none closes it."""
        self.dialog = what if what in DIALOGS else ""
        self.form_failure, self.mistakes, self.secret = "", {}, ""
        zone, settings = get_settings().zone, get_settings()
        self.sweep_days = f"{settings.deep_sweep_days:g}"
        self.replay_from = f"{(now() - timedelta(days=1)).astimezone(zone):%Y-%m-%dT%H:%M}"
        if what == "edit":
            view = await self._view()
            self.fields = (
                fields_of(FORMS[view.channel], kept=view.kept, options=view.options)
                if view.channel in FORMS
                else []
            )
        elif what == "options":
            self.fields = option_fields((await self._view()).options)

    @rx.event
    @requires(Permission.MANAGE_ACCOUNTS)
    async def close_dialog(self, is_open: bool) -> None:
        if not is_open:
            self.dialog, self.secret = "", ""

    @rx.event
    @requires(Permission.MANAGE_ACCOUNTS)
    async def pull_now(self) -> None:
        await self._do("The channel is asked now.", errands.pull_now)

    @rx.event
    @requires(Permission.MANAGE_ACCOUNTS)
    async def pause(self) -> None:
        """Stop asking and telling."""
        self.dialog = ""
        await self._do_in_session(
            "Paused. Changes wait here until you resume it.", account_admin.pause
        )

    @rx.event
    @requires(Permission.MANAGE_ACCOUNTS)
    async def resume(self) -> None:
        await self._do_in_session("Going on from where it was.", account_admin.resume)

    @rx.event
    @requires(Permission.MANAGE_ACCOUNTS)
    async def revive_hooks(self) -> None:
        """Switch the webhooks on again that the channel has switched off."""
        await self._do("Switched on again.", hooks.revive)

    @rx.event
    @requires(Permission.MANAGE_ACCOUNTS)
    async def switch_on_hooks(self) -> None:
        """Have the channel tell us of its orders at our address."""
        await self._do("Switched on: the channel tells us at this address.", hooks.switch_on)

    @rx.event
    @requires(Permission.MANAGE_ACCOUNTS)
    async def rename(self, form: dict[str, Any]) -> None:
        await self._submit(account_admin.rename, str(form.get("name", "")), done="Renamed.")

    @rx.event
    @requires(Permission.MANAGE_ACCOUNTS)
    async def sweep(self, form: dict[str, Any]) -> None:
        """Begin a deep sweep over so many days."""
        try:
            days = float(str(form.get("days", "")))
        except ValueError:
            self.mistakes = {"days": "A number of days."}
            return
        await self._submit(sweeping.ask, days, done="The deep sweep has begun.")

    @rx.event
    @requires(Permission.MANAGE_ACCOUNTS)
    async def replay(self, form: dict[str, Any]) -> None:
        """Read again from the moment that was chosen, in the business zone."""
        try:
            local = datetime.fromisoformat(str(form.get("since", "")))
        except ValueError:
            self.mistakes = {"since": "Choose a day and a time."}
            return
        since = local.replace(tzinfo=get_settings().zone) if local.tzinfo is None else local
        await self._submit(account_admin.replay, since, done="Reading again from there.")

    @rx.event
    @requires(Permission.MANAGE_ACCOUNTS)
    async def renew_secret(self) -> None:
        """Make a new webhook secret; it is shown until the dialog closes."""
        actor, self.form_failure = await current_actor(self), ""
        try:
            self.secret = await call(account_admin.renew_hook_secret, actor, self._account_id())
        except NotSignedInError:
            raise
        except CrmError as error:
            self.form_failure = str(error)
            return
        await self._read()

    @rx.event
    @requires(Permission.MANAGE_ACCOUNTS)
    async def change_connection(self, form: dict[str, Any]) -> AsyncGenerator[None]:
        """Try address and keys on the channel, and store them if it takes them."""
        if self.is_busy or self.account.channel not in FORMS:
            return
        self.is_busy, self.form_failure, self.mistakes = True, "", {}
        yield
        actor, channel = await current_actor(self), Channel(self.account.channel)
        try:
            await errand(
                errands.change_connection,
                actor,
                self._account_id(),
                base_url=str(form.get("base_url", "")),
                values=values_of(form, channel),
            )
        except NotSignedInError:
            raise
        except CrmError as error:
            await self._show_connection_mistakes(error)
            return
        finally:
            self.is_busy = False
        self.dialog, self.done = "", "The channel took the new keys; they are kept."
        await self._read()

    @rx.event
    @requires(Permission.MANAGE_ACCOUNTS)
    async def change_options(self, form: dict[str, Any]) -> None:
        """Choose the account's options; mistakes stand under their fields."""
        if self.account.channel not in FORMS:
            return
        values = chosen_of(form, Channel(self.account.channel))
        await self._submit(account_options.change, values, done="The options are kept.")
        if self.mistakes:
            self.fields = option_fields((await self._view()).options, self.mistakes)

    @rx.event
    @requires(Permission.MANAGE_ACCOUNTS, Permission.IMPORT_ORDERS)
    async def fetch_order(self, form: dict[str, Any]) -> AsyncGenerator[None]:
        """Ask the channel for one order."""
        self.fetched = self.fetched_href = self.fetch_failure = ""
        self.is_busy = True
        yield
        actor = await current_actor(self)
        try:
            found = await errand(
                orders.fetch_order, actor, self._account_id(), str(form.get("external_id", ""))
            )
        except NotSignedInError:
            raise
        except CrmError as error:
            self.fetch_failure = str(error)
            return
        finally:
            self.is_busy = False
        self.fetched = fetched_text(found)
        self.fetched_href = order_path(found.order_id)
        self.box += 1

    def _account_id(self) -> int:
        try:
            return order_id_of(self.router.url.path)
        except NotFoundError as error:
            raise NotFoundError("account", self.router.url.path[-40:]) from error

    async def _view(self) -> AccountView:
        return await call(account_view.view, await current_actor(self), self._account_id())

    async def _read(self) -> None:
        actor, account_id = await current_actor(self), self._account_id()
        view = await self._view()
        found = await call(sweeping.list_sweeps, actor, account_id, _SWEEPS)
        left = await glance(errands.budgets, actor, account_id)
        moment, zone = now(), get_settings().zone
        self.account = AccountPage.of(view, moment, zone)
        self.sweeps = [SweepRow.of(one, moment, zone) for one in found]
        self.budgets = [BudgetRow.of(one) for one in left]
        self.phase = "found"

    async def _do(self, done: str, act: Callable[[Actor, int], Any]) -> None:
        self.done = self.notice = ""
        try:
            await errand(act, await current_actor(self), self._account_id())
            self.done = done
        except NotSignedInError:
            raise
        except CrmError as error:
            self.notice = str(error)
        await self._read()

    async def _do_in_session(self, done: str, act: Callable[..., Any]) -> None:
        self.done = self.notice = ""
        try:
            await call(act, await current_actor(self), self._account_id())
            self.done = done
        except NotSignedInError:
            raise
        except CrmError as error:
            self.notice = str(error)
        await self._read()

    async def _submit(self, act: Callable[..., Any], *values: Any, done: str) -> None:
        """A dialog's step: mistakes stand in the dialog, success closes it."""
        self.done = self.notice = self.form_failure = ""
        self.mistakes = {}
        try:
            await call(act, await current_actor(self), self._account_id(), *values)
        except NotSignedInError:
            raise
        except CrmError as error:
            self.mistakes = {str(name): str(text) for name, text in error.details.items()}
            self.form_failure = "" if self.mistakes else str(error)
            return
        self.dialog, self.done = "", done
        await self._read()

    async def _show_connection_mistakes(self, error: CrmError) -> None:
        mistakes = {str(name): str(text) for name, text in error.details.items()}
        view = await self._view()
        # Another host is sent no key that was given for the old one: then all are needed.
        kept = () if isinstance(error, InvalidInputError) and mistakes else view.kept
        self.fields = fields_of(
            FORMS[view.channel], kept=kept, options=view.options, mistakes=mistakes
        )
        self.mistakes = {name: text for name, text in mistakes.items() if name == "base_url"}
        shown = bool(self.mistakes) or any(field.mistake for field in self.fields)
        self.form_failure = "" if shown else str(error)


def fetched_text(found: orders.Fetched) -> str:
    """What became of an order that was asked for."""
    if found.is_new:
        return f"{found.order_number} was missing and is here now."
    if found.is_changed:
        return f"{found.order_number} was here in an older version and is up to date now."
    return f"{found.order_number} was here already, just as the channel has it."
