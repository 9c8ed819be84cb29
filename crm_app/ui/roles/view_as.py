"""Before one looks at the desk as a role: which one, and where."""

import reflex as rx

from crm_app.domain.permissions import Permission
from crm_app.domain.reach import ReachKind
from crm_app.errors import CrmError, NotSignedInError
from crm_app.services import role_words, roles, viewing
from crm_app.ui.shared.guard import empty_tab
from crm_app.ui.shared.marks import button
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


class ViewAsState(rx.State):
    """The dialog; open while `name` says a role."""

    name: str = ""
    line: GrantLine = GrantLine(0, "", ReachKind.ALL.value, [])
    channels: list[Spot] = []
    accounts: list[Spot] = []
    failure: str = ""

    @rx.event
    @requires(Permission.MANAGE_ROLES)
    async def ask(self, role_id: int) -> None:
        """Open the dialog for a role."""
        actor = await current_actor(self)
        role = await call(roles.get_role, actor, int(role_id))
        places = await call(role_words.places, actor)
        self.channels, self.accounts = channel_spots(places), account_spots(places)
        self.line = GrantLine(0, str(role.id), ReachKind.ALL.value, [])
        self.name, self.failure = role.name, ""

    @rx.event
    @requires(Permission.MANAGE_ROLES)
    async def close(self, is_open: bool) -> None:
        if not is_open:
            self.name = ""

    @rx.event
    @requires(Permission.MANAGE_ROLES)
    async def choose_reach(self, key: int, word: str) -> None:
        del key  # the form of several roles has one for each
        self.line = with_reach(self.line, str(word))

    @rx.event
    @requires(Permission.MANAGE_ROLES)
    async def tick(self, key: int, word: str) -> None:
        del key
        self.line = with_spot(self.line, str(word))

    @rx.event
    @requires(Permission.MANAGE_ROLES)
    async def start(self) -> rx.event.EventType[()] | None:
        """Look as the role from the next click on; what this tab showed so far goes."""
        try:
            await call(viewing.begin, await current_actor(self), self.line.granting())
        except NotSignedInError:
            raise
        except CrmError as error:
            self.failure = str(error)
            return None
        await empty_tab(self)
        return rx.redirect("/")


def view_as_dialog() -> rx.Component:
    return rx.dialog.root(
        rx.dialog.content(
            rx.dialog.title("Look as " + ViewAsState.name, class_name="dialog-title"),
            rx.dialog.description(
                "You see what somebody sees who has this role there and no other, and never more "
                "than you may see yourself. Nothing can be changed meanwhile.",
                class_name="quiet",
            ),
            rx.el.div(reach_form(ViewAsState.line, ViewAsState), class_name="reach-line"),
            notice(ViewAsState.failure),
            rx.el.div(
                rx.dialog.close(button("Not now")),
                button("Look", kind="primary", on_click=ViewAsState.start),
                class_name="dialog-end",
            ),
            class_name="dialog",
        ),
        open=ViewAsState.name != "",
        on_open_change=ViewAsState.close,
    )
