"""The seller's details: for all accounts, or for one that differs."""

from dataclasses import dataclass
from typing import Any, Final

import reflex as rx

from crm_app.domain.gst import STATES
from crm_app.domain.permissions import Permission
from crm_app.errors import CrmError, NotSignedInError
from crm_app.services.papers import business
from crm_app.ui.shared.permission import requires
from crm_app.ui.shared.service import call
from crm_app.ui.shared.session import current_actor

ALL: Final = 0


@dataclass(frozen=True)
class AccountChoice:
    """An account to choose; `key` is its id as text."""

    key: str = ""
    name: str = ""


class BusinessState(rx.State):
    """One set of details at a time."""

    is_loaded: bool = False
    failure: str = ""
    accounts: list[AccountChoice] = []
    account_id: int = ALL
    values: dict[str, str] = {}
    version: int = 0
    mistakes: dict[str, str] = {}
    notice: str = ""
    # Grows when the fields are to be drawn anew.
    drawn: int = 0

    @rx.event
    @requires(Permission.MANAGE_ACCOUNTS, quiet=True)
    async def load(self) -> None:
        """Read the details of all accounts."""
        self.account_id = ALL
        await self._read()

    @rx.event
    @requires(Permission.MANAGE_ACCOUNTS)
    async def choose(self, key: str) -> None:
        """Show the details of one account, or of all (`0`)."""
        self.account_id = int(key) if key.isdecimal() and len(key) < 19 else ALL
        await self._read()

    @rx.event
    @requires(Permission.MANAGE_ACCOUNTS)
    async def save(self, form: dict[str, Any]) -> rx.event.EventSpec | None:
        actor = await current_actor(self)
        told = {name: str(form.get(name) or "") for name in business.FIELDS}
        try:
            await call(
                business.save_details,
                actor,
                self.account_id or None,
                told,
                expected_version=self.version,
            )
        except NotSignedInError:
            raise
        except CrmError as error:
            self.mistakes = {str(name): str(text) for name, text in error.details.items()}
            self.notice = "" if self.mistakes else str(error)
            return None
        await self._read()
        return rx.toast.success("Saved. New papers show it.")

    async def _read(self) -> None:
        actor = await current_actor(self)
        self.mistakes, self.notice = {}, ""
        try:
            found = await call(business.get_details, actor, self.account_id or None)
            accounts = await call(business.list_accounts, actor)
        except NotSignedInError:
            raise
        except CrmError as error:
            self.failure, self.is_loaded = str(error), True
            return
        self.accounts = [
            AccountChoice(str(key), name + (" (its own)" if has_own else ""))
            for key, name, has_own in accounts
        ]
        self.values = {name: getattr(found.seller, name) for name in business.FIELDS}
        self.values["state"] = STATES.get(found.seller.state, "")
        self.version = found.version
        self.drawn += 1
        self.failure, self.is_loaded = "", True
