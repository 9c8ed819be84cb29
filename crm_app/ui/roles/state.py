"""Roles: what there are, what each lets do, and the question before one is deleted."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Self

import reflex as rx

from crm_app.domain.permissions import VERB_GROUPS, Permission
from crm_app.errors import CrmError, NotSignedInError
from crm_app.services import roles
from crm_app.services.roles import RoleView
from crm_app.ui.shared.permission import requires
from crm_app.ui.shared.service import call
from crm_app.ui.shared.session import current_actor


@dataclass(frozen=True)
class RoleRow:
    """One role as drawn."""

    id: int
    name: str
    description: str
    sentence: str
    people: str
    is_built_in: bool
    asks_factor: bool
    may_change: bool

    @classmethod
    def of(cls, role: RoleView) -> Self:
        return cls(
            id=role.id,
            name=role.name,
            description=role.description,
            sentence=role.sentence,
            people=people_text(role.people),
            is_built_in=role.key is not None,
            asks_factor=role.needs_two_factor,
            may_change=role.may_give,
        )


@dataclass(frozen=True)
class Cell:
    """Whether one role holds one verb."""

    key: str
    role: str
    holds: bool


@dataclass(frozen=True)
class VerbRow:
    """One verb with all roles. `group` heads the first verb of a group."""

    word: str
    phrase: str
    group: str
    cells: list[Cell]


def people_text(count: int) -> str:
    if not count:
        return "Nobody has it"
    return "1 person has it" if count == 1 else f"{count} people have it"


def matrix(found: Collection[RoleView]) -> list[VerbRow]:
    """Verbs by roles, in the groups in which people look for them."""
    return [
        VerbRow(
            word=verb.value,
            phrase=verb.phrase[:1].upper() + verb.phrase[1:],
            group=group if number == 0 else "",
            cells=[Cell(f"{verb}:{one.id}", one.name, verb in one.verbs) for one in found],
        )
        for group, verbs in VERB_GROUPS.items()
        for number, verb in enumerate(verbs)
    ]


class RolesState(rx.State):
    """The roles and the matrix."""

    rows: list[RoleRow] = []
    verbs: list[VerbRow] = []
    # Columns of the matrix.
    width: int = 1
    count: str = ""
    failure: str = ""
    notice: str = ""
    is_loaded: bool = False
    # Of the role that is about to be deleted; 0 for none.
    asked: int = 0

    @rx.event
    @requires(Permission.MANAGE_ROLES, quiet=True)
    async def load(self) -> None:
        """Read the roles. Runs on page load and after every change."""
        self.notice, self.asked = "", 0
        await self._read()

    @rx.event
    @requires(Permission.MANAGE_ROLES)
    async def ask_remove(self, role_id: int) -> None:
        """Ask before a role is deleted."""
        self.asked, self.notice = int(role_id), ""

    @rx.event
    @requires(Permission.MANAGE_ROLES)
    async def close_question(self, is_open: bool) -> None:
        if not is_open:
            self.asked = 0

    @rx.event
    @requires(Permission.MANAGE_ROLES)
    async def remove(self) -> None:
        """Delete the role that was asked about."""
        try:
            await call(roles.remove, await current_actor(self), self.asked)
        except NotSignedInError:
            raise
        except CrmError as error:
            self.notice = str(error)
        self.asked = 0
        await self._read()

    @rx.var
    def asked_name(self) -> str:
        """Which role the open question is about."""
        return next((row.name for row in self.rows if row.id == self.asked), "")

    async def _read(self) -> None:
        try:
            found = await call(roles.list_roles, await current_actor(self))
        except NotSignedInError:
            raise
        except CrmError as error:
            self.failure, self.is_loaded = str(error), True
            return
        self.rows = [RoleRow.of(one) for one in found]
        self.verbs, self.width = matrix(found), len(found) + 1
        own = sum(not row.is_built_in for row in self.rows)
        self.count = f"{len(self.rows) - own} built in" + (f", {own} of your own" if own else "")
        self.failure, self.is_loaded = "", True
