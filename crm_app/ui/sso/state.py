"""Providers of single sign-on: which there are, and the form for one."""

from dataclasses import dataclass
from typing import Any, Final, Self

import reflex as rx

from crm_app.domain.permissions import Permission
from crm_app.errands import oidc as errands
from crm_app.errors import CrmError, NotSignedInError
from crm_app.services import identity_providers, roles
from crm_app.services.identity_providers import ProviderDraft, ProviderView
from crm_app.ui.shared.permission import requires
from crm_app.ui.shared.service import call, errand
from crm_app.ui.shared.session import current_actor

_NEW: Final = 0
_CLOSED: Final = -1
_EMPTY: Final = {"name": "", "issuer": "", "client_id": "", "domains": ""}


@dataclass(frozen=True)
class ProviderRow:
    """A provider as drawn."""

    id: int = 0
    name: str = ""
    issuer: str = ""
    client_id: str = ""
    domains: str = ""
    newcomers: str = ""
    people: str = ""
    callback: str = ""
    has_factor: bool = False
    has_secret: bool = False
    is_on: bool = True

    @classmethod
    def of(cls, view: ProviderView, names: dict[int, str]) -> Self:
        one = view.provider
        given = ", ".join(names.get(role_id, "a role that is gone") for role_id in one.role_ids)
        return cls(
            id=one.id,
            name=one.name,
            issuer=one.issuer,
            client_id=one.client_id,
            domains=", ".join(one.domains),
            newcomers=f"Newcomers get {given}" if given else "Adds nobody",
            people="1 person linked" if view.people == 1 else f"{view.people} people linked",
            callback=errands.callback_url(one.id),
            has_factor=one.has_factor,
            has_secret=one.client_secret is not None,
            is_on=one.is_on,
        )


@dataclass(frozen=True)
class RoleTick:
    """A role that newcomers can be given."""

    id: str
    name: str
    is_given: bool


class SsoState(rx.State):
    """The list, and the provider whose form is open: 0 a new one, -1 none."""

    rows: list[ProviderRow] = []
    ticks: list[RoleTick] = []
    edited: int = _CLOSED
    values: dict[str, str] = dict(_EMPTY)
    has_secret: bool = False
    has_factor: bool = False
    is_on: bool = True
    mistakes: dict[str, str] = {}
    form_failure: str = ""
    failure: str = ""
    is_loaded: bool = False
    asked: int = 0

    @rx.event
    @requires(Permission.MANAGE_USERS, quiet=True)
    async def load(self) -> None:
        """Read the providers. Runs on page load and after every change."""
        self.edited, self.asked = _CLOSED, 0
        await self._read()

    @rx.event
    @requires(Permission.MANAGE_USERS)
    async def edit(self, provider_id: int) -> None:
        """Open the form: of a new provider (0), of one there is, or close it (-1)."""
        self.mistakes, self.form_failure = {}, ""
        await self._read()
        row = next((one for one in self.rows if one.id == int(provider_id)), None)
        self.edited = row.id if row else min(int(provider_id), _NEW)
        shown = row or ProviderRow()
        self.values = {name: str(getattr(shown, name)) for name in _EMPTY}
        self.has_secret, self.has_factor = shown.has_secret, shown.has_factor
        self.is_on = shown.is_on
        await self._tick()

    @rx.event
    @requires(Permission.MANAGE_USERS)
    async def save(self, form: dict[str, Any]) -> rx.event.EventSpec | None:
        """Ask the provider who it is, and keep it."""
        actor = await current_actor(self)
        self.mistakes, self.form_failure = {}, ""
        draft = self._draft(form)
        self.values = {name: _text(form, name) for name in _EMPTY}
        try:
            if self.edited > _NEW:
                await errand(errands.change, actor, self.edited, draft)
            else:
                await errand(errands.connect, actor, draft)
        except NotSignedInError:
            raise
        except CrmError as error:
            self.form_failure = "" if error.details else str(error)
            self.mistakes = {str(name): str(text) for name, text in error.details.items()}
            return None
        self.edited = _CLOSED
        await self._read()
        return rx.toast.success(f"{draft.name.strip()} answers, and is saved.")

    @rx.event
    @requires(Permission.MANAGE_USERS)
    async def ask(self, provider_id: int) -> None:
        """Ask before a provider is removed; 0 closes the question."""
        self.asked = int(provider_id)

    @rx.event
    @requires(Permission.MANAGE_USERS)
    async def close_question(self, is_open: bool) -> None:
        if not is_open:
            self.asked = 0

    @rx.event
    @requires(Permission.MANAGE_USERS)
    async def remove(self) -> rx.event.EventSpec:
        """Forget the provider that was asked about, and who is linked with it."""
        actor = await current_actor(self)
        await call(identity_providers.remove, actor, self.asked)
        self.asked, self.edited = 0, _CLOSED
        await self._read()
        return rx.toast.success("Removed. People sign in with their passwords.")

    @rx.var
    def asked_name(self) -> str:
        """Which provider the open question is about."""
        return next((row.name for row in self.rows if row.id == self.asked), "")

    def _draft(self, form: dict[str, Any]) -> ProviderDraft:
        secret = str(form.get("client_secret", "")).strip()
        is_kept = self.has_secret and not secret and not form.get("no_secret")
        return ProviderDraft(
            name=_text(form, "name"),
            issuer=_text(form, "issuer"),
            client_id=_text(form, "client_id"),
            client_secret=None if is_kept else secret,
            domains=_text(form, "domains").replace(";", ",").split(","),
            role_ids=[int(one.id) for one in self.ticks if form.get(f"role:{one.id}")],
            has_factor=bool(form.get("has_factor")),
            is_on=bool(form.get("is_on")),
        )

    async def _tick(self) -> None:
        actor = await current_actor(self)
        known = await call(roles.list_roles, actor)
        given: set[int] = set()
        if self.edited > _NEW:
            row = await call(identity_providers.get, actor, self.edited)
            given = set(row.role_ids)
        self.ticks = [
            RoleTick(str(one.id), one.name, one.id in given)
            for one in known
            if one.id in given or (one.may_give and identity_providers.is_for_newcomers(one.verbs))
        ]

    async def _read(self) -> None:
        actor = await current_actor(self)
        try:
            found = await call(identity_providers.list_providers, actor)
            names = {one.id: one.name for one in await call(roles.list_roles, actor)}
        except NotSignedInError:
            raise
        except CrmError as error:
            self.failure, self.is_loaded = str(error), True
            return
        self.rows = [ProviderRow.of(view, names) for view in found]
        self.failure, self.is_loaded = "", True


def _text(form: dict[str, Any], name: str) -> str:
    return str(form.get(name, "")).strip()
