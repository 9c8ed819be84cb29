"""People: who may sign in, and as what."""

from dataclasses import dataclass
from typing import Any, Self

import reflex as rx

from crm_app.config import get_settings
from crm_app.domain.actor import Actor
from crm_app.domain.permissions import Permission, Role
from crm_app.domain.reach import ReachKind
from crm_app.domain.time import now
from crm_app.errors import CrmError, NotSignedInError
from crm_app.services import granting, links, roles, users
from crm_app.ui.shared import times
from crm_app.ui.shared.permission import requires
from crm_app.ui.shared.reach_form import number
from crm_app.ui.shared.service import call
from crm_app.ui.shared.session import current_actor


@dataclass(frozen=True)
class UserRow:
    """One person in the list."""

    id: int
    name: str
    initials: str
    email: str
    role_label: str
    is_active: bool
    is_me: bool
    seen: str
    seen_exact: str

    @classmethod
    def of(cls, person: users.Person, me: Actor) -> Self:
        user, held = person.user, person.roles
        zone, seen = get_settings().zone, user.last_seen_at
        return cls(
            id=user.id or 0,
            name=user.name,
            initials="".join(part[0] for part in user.name.split()[:2]).upper(),
            email=user.email,
            role_label="; ".join(said(one) for one in held) or "No role",
            is_active=user.is_active,
            is_me=user.id == me.user_id,
            seen=times.when(seen, now(), zone) if seen else "never",
            seen_exact=times.exact(seen, zone) if seen else "",
        )


def said(held: granting.Held) -> str:
    """A role with where it holds, unless that is everywhere."""
    is_all = held.granting.reach is ReachKind.ALL
    return held.name if is_all else f"{held.name} on {held.where}"


@dataclass(frozen=True)
class RoleChoice:
    """A role that can be given."""

    id: str
    name: str


class UsersState(rx.State):
    """The list, the form for a new person, and a link while it is shown once."""

    rows: list[UserRow] = []
    roles: list[RoleChoice] = []
    usual_role: str = ""
    count: str = ""
    failure: str = ""
    notice: str = ""
    is_loaded: bool = False
    is_creating: bool = False
    form_failure: str = ""
    mistakes: dict[str, str] = {}
    # Asked before a person is shut out.
    asked: str = ""
    asked_row: int = 0
    secret_of: str = ""
    secret: str = ""
    secret_until: str = ""
    # To whom the link is on its way by mail, and their id.
    mailed_to: str = ""
    mailed_id: int = 0

    @rx.event
    @requires(Permission.MANAGE_USERS, quiet=True)
    async def load(self) -> None:
        """Read the people. Runs on page load and after every change."""
        self.notice, self.secret, self.secret_of, self.asked = "", "", "", ""
        self.mailed_to = ""
        await self._read()

    @rx.event
    @requires(Permission.MANAGE_USERS)
    async def show_form(self, is_open: bool) -> None:
        self.is_creating = bool(is_open)
        self.form_failure, self.mistakes = "", {}

    @rx.event
    @requires(Permission.MANAGE_USERS)
    async def create(self, form: dict[str, Any]) -> None:
        """Add a person; the link with which they choose a password is shown once."""
        actor = await current_actor(self)
        try:
            made = await call(
                links.invite,
                actor,
                email=_text(form, "email"),
                name=_text(form, "name"),
                roles=[granting.Granting(number(_text(form, "role")))],
            )
        except NotSignedInError:
            raise
        except CrmError as error:
            self.form_failure = "" if error.details else str(error)
            self.mistakes = {str(name): str(text) for name, text in error.details.items()}
            return
        self.is_creating, self.form_failure, self.mistakes = False, "", {}
        self._show(made)
        await self._read()

    @rx.event
    @requires(Permission.MANAGE_USERS)
    async def set_active(self, user_id: int, is_active: bool) -> None:
        """Let a person in again, or shut them out and end their sessions."""
        self.asked = ""
        actor = await current_actor(self)
        await self._do(users.update_user, actor, int(user_id), is_active=bool(is_active))

    @rx.event
    @requires(Permission.MANAGE_USERS)
    async def ask(self, what: str, user_id: int) -> None:
        """Open the question before a grave step: `deactivate`; empty closes it."""
        self.asked = what if what == "deactivate" else ""
        self.asked_row = int(user_id)

    @rx.event
    @requires(Permission.MANAGE_USERS)
    async def close_question(self, is_open: bool) -> None:
        if not is_open:
            self.asked = ""

    @rx.event
    @requires(Permission.MANAGE_USERS)
    async def make_link(self, user_id: int, is_shown: bool = False) -> None:
        """Make a link with which a person sets a new password: mailed to them, or shown once."""
        self.notice = ""
        actor = await current_actor(self)
        try:
            made = await call(links.make_link, actor, int(user_id), is_shown=bool(is_shown))
            self._show(made)
        except NotSignedInError:
            raise
        except CrmError as error:
            self.notice = str(error)

    @rx.event
    @requires(Permission.MANAGE_USERS)
    async def forget_secret(self, is_open: bool) -> None:
        if not is_open:
            self.secret, self.secret_of, self.secret_until = "", "", ""
            self.mailed_to = ""

    @rx.var
    def asked_name(self) -> str:
        """Whom the open question is about."""
        return next((row.name for row in self.rows if row.id == self.asked_row), "")

    def _show(self, made: links.MadeLink) -> None:
        self.secret_of, self.secret = made.user.name, made.url
        self.mailed_to = made.user.email if made.is_mailed else ""
        self.mailed_id = made.user.id
        self.secret_until = times.when(made.expires_at, now(), get_settings().zone)

    async def _do(self, step: Any, *args: Any, **changes: Any) -> None:
        self.notice = ""
        try:
            await call(step, *args, **changes)
        except NotSignedInError:
            raise
        except CrmError as error:
            self.notice = str(error)
        await self._read()

    async def _read(self) -> None:
        actor = await current_actor(self)
        try:
            found = await call(users.list_people, actor)
            known = await call(roles.list_roles, actor)
            self.failure = ""
        except NotSignedInError:
            raise
        except CrmError as error:
            self.failure, self.is_loaded = str(error), True
            return
        self.rows = [UserRow.of(person, actor) for person in found]
        self.roles = [RoleChoice(str(one.id), one.name) for one in known if one.may_give]
        self.usual_role = next((str(one.id) for one in known if one.key is Role.SUPPORT), "")
        active = sum(row.is_active for row in self.rows)
        self.count = f"{active} active" + (
            f", {len(self.rows) - active} deactivated" if active < len(self.rows) else ""
        )
        self.is_loaded = True


def _text(form: dict[str, Any], name: str) -> str:
    return str(form.get(name, "")).strip()
