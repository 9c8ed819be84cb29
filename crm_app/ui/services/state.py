"""Programs with roles of their own, and their tokens."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

import reflex as rx
from sqlmodel import Session, col, select

from crm_app.domain.actor import Actor
from crm_app.domain.permissions import Permission, Role
from crm_app.domain.reach import ReachKind
from crm_app.errors import CrmError, NotSignedInError
from crm_app.models import ChannelAccount
from crm_app.services import api_tokens, roles, service_accounts
from crm_app.services.granting import Granting
from crm_app.services.service_accounts import Service
from crm_app.ui.me.tokens import TokenRow
from crm_app.ui.shared.permission import requires
from crm_app.ui.shared.service import call
from crm_app.ui.shared.session import current_actor
from crm_app.ui.users.state import RoleChoice, said


@dataclass(frozen=True)
class ServiceRow:
    """One program as drawn."""

    id: int
    name: str
    purpose: str
    about: str
    is_active: bool
    verbs: list[str]
    tokens: list[TokenRow]

    @classmethod
    def of(cls, one: Service) -> Self:
        held = "; ".join(said(role) for role in one.roles) or "No role"
        return cls(
            id=one.user.id,
            name=one.user.name,
            purpose=one.purpose,
            about=f"{held}. {one.owner} answers for it.",
            is_active=one.user.is_active,
            verbs=sorted(verb.value for verb in one.grantable),
            tokens=[TokenRow.of(row) for row in one.tokens],
        )


@dataclass(frozen=True)
class AccountBox:
    """An account that a role can be given on; `field` is its name in the form."""

    id: int
    field: str
    name: str


class ServicesState(rx.State):
    """The list, the form for a new one, the form for a token, and its secret, shown once."""

    rows: list[ServiceRow] = []
    roles: list[RoleChoice] = []
    usual_role: str = ""
    accounts: list[AccountBox] = []
    count: str = ""
    failure: str = ""
    notice: str = ""
    is_loaded: bool = False
    is_making: bool = False
    # The program for which a token is being made, and what it can be given.
    token_of: ServiceRow = ServiceRow(0, "", "", "", False, [], [])
    form_failure: str = ""
    mistakes: dict[str, str] = {}
    secret: str = ""

    @rx.event
    @requires(Permission.MANAGE_TOKENS, quiet=True)
    async def load(self) -> None:
        """Read the programs. Runs on page load and after every change."""
        self.notice = self.secret = ""
        await self._read()

    @rx.event
    @requires(Permission.MANAGE_TOKENS)
    async def show_form(self, is_open: bool) -> None:
        self.is_making = bool(is_open)
        self.form_failure, self.mistakes = "", {}

    @rx.event
    @requires(Permission.MANAGE_TOKENS)
    async def make(self, form: dict[str, Any]) -> None:
        """Add a program with a role, on all accounts or on the ticked ones."""
        if await self._done(
            service_accounts.make,
            name=str(form.get("name", "")),
            purpose=str(form.get("purpose", "")),
            roles=[_granting(form, [box.id for box in self.accounts])],
        ):
            self.is_making = False
            await self._read()

    @rx.event
    @requires(Permission.MANAGE_TOKENS)
    async def ask_token(self, service_id: int) -> None:
        """Open the form for a token of a program; 0 closes it."""
        found = [row for row in self.rows if row.id == int(service_id)]
        self.token_of = found[0] if found else ServiceRow(0, "", "", "", False, [], [])
        self.form_failure, self.mistakes = "", {}

    @rx.event
    @requires(Permission.MANAGE_TOKENS)
    async def close_token(self, is_open: bool) -> None:
        """Close the form, or forget the secret that it shows."""
        if not is_open:
            self.token_of, self.secret = ServiceRow(0, "", "", "", False, [], []), ""

    @rx.event
    @requires(Permission.MANAGE_TOKENS)
    async def make_token(self, form: dict[str, Any]) -> None:
        """Make a token with the ticked permissions."""
        days = str(form.get("days", ""))
        made = await self._done(
            service_accounts.make_token,
            self.token_of.id,
            name=str(form.get("name", "")),
            scopes=[verb for verb in self.token_of.verbs if form.get(f"scope:{verb}")],
            days=int(days) if days.isascii() and days.isdigit() and len(days) < 5 else 0,
        )
        if made:
            self.secret = made.secret
            await self._read()

    @rx.event
    @requires(Permission.MANAGE_TOKENS)
    async def revoke(self, token_id: int) -> rx.event.EventSpec:
        """End a token; a program that uses it is refused from now on."""
        actor = await current_actor(self)
        await call(api_tokens.revoke_any, actor, int(token_id))
        await self._read()
        return rx.toast.success("That token opens nothing any more.")

    @rx.event
    @requires(Permission.MANAGE_TOKENS)
    async def switch(self, service_id: int, is_on: bool) -> None:
        """Let a program work again, or refuse it from now on and end its tokens."""
        self.notice = ""
        actor = await current_actor(self)
        try:
            await call(service_accounts.change, actor, int(service_id), is_active=bool(is_on))
        except NotSignedInError:
            raise
        except CrmError as error:
            self.notice = str(error)
        await self._read()

    async def _done(self, step: Callable[..., Any], *given: Any, **named: Any) -> Any:
        """What a form's step gives back; None if it shows why not."""
        self.form_failure, self.mistakes = "", {}
        try:
            return await call(step, await current_actor(self), *given, **named)
        except NotSignedInError:
            raise
        except CrmError as error:
            self.form_failure = "" if error.details else str(error)
            self.mistakes = {str(name): str(text) for name, text in error.details.items()}
            return None

    async def _read(self) -> None:
        self.failure = ""
        try:
            read = await call(_Read, await current_actor(self))
        except NotSignedInError:
            raise
        except CrmError as error:
            self.failure, self.is_loaded = str(error), True
            return
        self.rows = [ServiceRow.of(one) for one in read.services]
        self.roles = [RoleChoice(str(one.id), one.name) for one in read.roles if one.may_give]
        support = (str(one.id) for one in read.roles if one.key is Role.SUPPORT and one.may_give)
        self.usual_role = next(support, self.roles[0].id if self.roles else "")
        self.accounts = read.accounts
        working = sum(row.is_active for row in self.rows)
        self.count = f"{working} working" if self.rows else ""
        self.is_loaded = True


class _Read:
    """What one drawing of the page needs, read in one transaction."""

    def __init__(self, session: Session, actor: Actor) -> None:
        self.services = service_accounts.list_all(session, actor)
        self.roles = roles.list_roles(session, actor)
        found = session.exec(select(ChannelAccount).order_by("channel", col(ChannelAccount.name)))
        self.accounts = [
            AccountBox(one.id, f"account:{one.id}", f"{one.channel.label}: {one.name}")
            for one in found
            if actor.sight().holds(one.id)
        ]


def _granting(form: dict[str, Any], accounts: list[int]) -> Granting:
    word = str(form.get("role", ""))
    role_id = int(word) if word.isascii() and word.isdecimal() and len(word) < 19 else 0
    chosen = tuple(one for one in accounts if form.get(f"account:{one}"))
    return Granting(role_id, ReachKind.ACCOUNTS if chosen else ReachKind.ALL, (), chosen)
