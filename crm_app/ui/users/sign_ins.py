"""Where a person is signed in, for admins: a dialog over the page of people."""

import reflex as rx

from crm_app.domain.permissions import Permission
from crm_app.services import sessions, two_factor
from crm_app.ui.shared.conditions import has_any
from crm_app.ui.shared.marks import button
from crm_app.ui.shared.permission import requires
from crm_app.ui.shared.service import call
from crm_app.ui.shared.session import current_actor
from crm_app.ui.shared.sign_ins import SignInRow, sign_in_list


class SignInsState(rx.State):
    """The sign-ins of the person whose dialog is open."""

    person_id: int = 0
    name: str = ""
    rows: list[SignInRow] = []
    has_factor: bool = False

    @rx.event
    @requires(Permission.MANAGE_USERS)
    async def show(self, person_id: int, label: str) -> None:
        """Open the dialog for a person."""
        self.name = str(label)
        await self._read(int(person_id))
        self.person_id = int(person_id)

    @rx.event
    @requires(Permission.MANAGE_USERS)
    async def close(self, is_open: bool) -> None:
        if not is_open:
            self.person_id, self.rows = 0, []

    @rx.event
    @requires(Permission.MANAGE_USERS)
    async def end(self, session_id: int) -> rx.event.EventSpec:
        """End one sign-in of this person."""
        actor = await current_actor(self)
        await call(sessions.end_of, actor, self.person_id, int(session_id))
        await self._read(self.person_id)
        return rx.toast.success("That sign-in has ended.")

    @rx.event
    @requires(Permission.MANAGE_USERS)
    async def end_all(self) -> rx.event.EventSpec:
        """Sign this person out everywhere; they may sign in again."""
        actor = await current_actor(self)
        await call(sessions.end_of, actor, self.person_id)
        await self._read(self.person_id)
        return rx.toast.success(f"{self.name} is signed out everywhere.")

    @rx.event
    @requires(Permission.MANAGE_USERS)
    async def turn_off_factor(self) -> rx.event.EventSpec:
        """Take a lost phone out of this person's account; their sign-ins end."""
        actor = await current_actor(self)
        await call(two_factor.turn_off_of, actor, self.person_id)
        await self._read(self.person_id)
        return rx.toast.success(f"{self.name} signs in without a code now.")

    async def _read(self, person_id: int) -> None:
        actor = await current_actor(self)
        found = await call(sessions.list_of, actor, person_id)
        self.rows = [SignInRow.of(one) for one in found]
        self.has_factor = await call(two_factor.is_on_for, actor, person_id)


def sign_ins_dialog() -> rx.Component:
    return rx.dialog.root(
        rx.dialog.content(
            rx.dialog.title(
                "Where " + SignInsState.name + " is signed in", class_name="dialog-title"
            ),
            rx.dialog.description(
                "A sign-in that is ended opens nothing from the next click on.",
                class_name="quiet",
            ),
            rx.cond(
                has_any(SignInsState.rows),
                sign_in_list(SignInsState.rows, lambda number: SignInsState.end(number)),
                rx.el.p("Nowhere at the moment.", class_name="quiet sign-ins-none"),
            ),
            rx.cond(
                SignInsState.has_factor,
                rx.el.div(
                    rx.el.span("A second factor is on. Phone lost?", class_name="quiet"),
                    button("Turn it off", on_click=SignInsState.turn_off_factor),
                    class_name="sign-ins-factor",
                ),
                rx.fragment(),
            ),
            rx.el.div(
                rx.cond(
                    has_any(SignInsState.rows),
                    button("Sign out everywhere", kind="danger", on_click=SignInsState.end_all),
                    rx.fragment(),
                ),
                rx.dialog.close(button("Done")),
                class_name="dialog-end",
            ),
            class_name="dialog",
        ),
        open=SignInsState.person_id != 0,
        on_open_change=SignInsState.close,
    )
