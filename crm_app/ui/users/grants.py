"""The roles of one person, each with where it holds: a dialog over the page of people."""

from collections.abc import Callable
from dataclasses import replace

import reflex as rx

from crm_app.domain.permissions import Permission
from crm_app.domain.reach import ReachKind
from crm_app.errors import CrmError, NotFoundError, NotSignedInError
from crm_app.services import role_words, roles, users
from crm_app.services.role_words import Part
from crm_app.ui.shared.conditions import has_any
from crm_app.ui.shared.marks import button, icon
from crm_app.ui.shared.notes import notice
from crm_app.ui.shared.permission import requires
from crm_app.ui.shared.reach_form import (
    GrantLine,
    Spot,
    account_spots,
    channel_spots,
    reach_form,
    with_reach,
    with_spot,
)
from crm_app.ui.shared.service import call
from crm_app.ui.shared.session import current_actor
from crm_app.ui.users.state import RoleChoice, UsersState

_MOST_LINES = 50


class GrantsState(rx.State):
    """What the open dialog says; `person_id` is 0 while none is."""

    person_id: int = 0
    name: str = ""
    lines: list[GrantLine] = []
    roles: list[RoleChoice] = []
    channels: list[Spot] = []
    accounts: list[Spot] = []
    # What all of it lets do, place by place.
    sums: list[Part] = []
    failure: str = ""

    @rx.event
    @requires(Permission.MANAGE_USERS)
    async def show(self, person_id: int) -> None:
        """Open the dialog for a person, with the roles that they have."""
        actor = await current_actor(self)
        found = await call(users.list_people, actor)
        person = next((one for one in found if one.user.id == int(person_id)), None)
        if person is None:
            raise NotFoundError("person", person_id)
        held = {one.granting.role_id for one in person.roles}
        known = await call(roles.list_roles, actor)
        places = await call(role_words.places, actor)
        self.roles = [
            RoleChoice(str(one.id), one.name) for one in known if one.may_give or one.id in held
        ]
        self.channels, self.accounts = channel_spots(places), account_spots(places)
        self.lines = [GrantLine.of(key, one.granting) for key, one in enumerate(person.roles)]
        self.person_id, self.name, self.failure = int(person_id), person.user.name, ""
        await self._sum_up()

    @rx.event
    @requires(Permission.MANAGE_USERS)
    async def close(self, is_open: bool) -> None:
        if not is_open:
            self.person_id, self.lines, self.sums = 0, [], []

    @rx.event
    @requires(Permission.MANAGE_USERS)
    async def add(self) -> None:
        """One role more: the first that they do not have."""
        taken = {line.role for line in self.lines}
        free = next((one.id for one in self.roles if one.id not in taken), "")
        if free and len(self.lines) < _MOST_LINES:
            key = max((line.key for line in self.lines), default=-1) + 1
            self.lines = [*self.lines, GrantLine(key, free, ReachKind.ALL.value, [])]
        await self._sum_up()

    @rx.event
    @requires(Permission.MANAGE_USERS)
    async def drop(self, key: int) -> None:
        """One role less."""
        self.lines = [line for line in self.lines if line.key != int(key)]
        await self._sum_up()

    @rx.event
    @requires(Permission.MANAGE_USERS)
    async def choose_role(self, key: int, role: str) -> None:
        await self._change(int(key), lambda line: replace(line, role=str(role)))

    @rx.event
    @requires(Permission.MANAGE_USERS)
    async def choose_reach(self, key: int, word: str) -> None:
        await self._change(int(key), lambda line: with_reach(line, str(word)))

    @rx.event
    @requires(Permission.MANAGE_USERS)
    async def tick(self, key: int, word: str) -> None:
        """Let a role hold on a channel or account, or not any more."""
        await self._change(int(key), lambda line: with_spot(line, str(word)))

    @rx.event
    @requires(Permission.MANAGE_USERS)
    async def save(self) -> rx.event.EventType[()] | None:
        """Give the person these roles and no others."""
        actor = await current_actor(self)
        try:
            wanted = [line.granting() for line in self.lines]
            await call(users.update_user, actor, self.person_id, roles=wanted)
        except NotSignedInError:
            raise
        except CrmError as error:
            told = [str(one) for one in error.details.values()]
            self.failure = " ".join([str(error), *told])
            return None
        self.person_id, self.lines, self.sums = 0, [], []
        return UsersState.load

    async def _change(self, key: int, change: Callable[[GrantLine], GrantLine]) -> None:
        self.lines = [change(line) if line.key == key else line for line in self.lines]
        await self._sum_up()

    async def _sum_up(self) -> None:
        actor = await current_actor(self)
        self.failure = ""
        try:
            wanted = [line.granting() for line in self.lines]
            self.sums = await call(role_words.in_sum, actor, wanted)
        except NotSignedInError:
            raise
        except CrmError as error:
            self.sums, self.failure = [], str(error)


def grants_dialog() -> rx.Component:
    return rx.dialog.root(
        rx.dialog.content(
            rx.dialog.title("Roles of " + GrantsState.name, class_name="dialog-title"),
            rx.dialog.description(
                "Several roles add up. Each holds everywhere, or only where you say.",
                class_name="quiet",
            ),
            rx.el.div(rx.foreach(GrantsState.lines, _line), class_name="grant-lines"),
            button(icon("plus", 14), "Another role", on_click=GrantsState.add),
            _sum(),
            notice(GrantsState.failure),
            rx.el.div(
                rx.dialog.close(button("Not now")),
                button("Save", kind="primary", on_click=GrantsState.save),
                class_name="dialog-end",
            ),
            class_name="dialog grants",
        ),
        open=GrantsState.person_id != 0,
        on_open_change=GrantsState.close,
    )


def _line(line: GrantLine) -> rx.Component:
    return rx.el.div(
        rx.el.select(
            rx.foreach(GrantsState.roles, _option),
            value=line.role,
            on_change=lambda role: GrantsState.choose_role(line.key, role),  # pyright: ignore[reportUnknownLambdaType, reportCallIssue, reportUnknownMemberType]
            aria_label="Role",
            class_name="field select",
        ),
        reach_form(line, GrantsState),
        button(
            icon("x", 14),
            kind="quiet",
            aria_label="Take this role away",
            title="Take this role away",
            on_click=GrantsState.drop(line.key),
        ),
        key=line.key,
        class_name="grant-line",
    )


def _option(role: RoleChoice) -> rx.Component:
    return rx.el.option(role.name, value=role.id, key=role.id)


def _sum() -> rx.Component:
    return rx.el.div(
        rx.el.h3("In sum"),
        rx.cond(
            has_any(GrantsState.sums),
            rx.el.dl(rx.foreach(GrantsState.sums, _part)),
            rx.el.p("May do nothing.", class_name="quiet"),
        ),
        class_name="grant-sum",
        aria_live="polite",
    )


def _part(part: Part) -> rx.Component:
    return rx.fragment(rx.el.dt(part.where), rx.el.dd(part.what), key=part.where)
