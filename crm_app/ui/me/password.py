"""Your account: a new password."""

from typing import Any

import reflex as rx

from crm_app.errors import CrmError, NotSignedInError
from crm_app.services import passwords, users
from crm_app.ui.me.state import MeState
from crm_app.ui.shared.notes import notice
from crm_app.ui.shared.permission import requires
from crm_app.ui.shared.service import call
from crm_app.ui.shared.session import current_actor


class PasswordState(rx.State):
    """What is wrong with the passwords typed; they themselves are never kept here."""

    mistakes: dict[str, str] = {}
    failure: str = ""
    # Counts the changes: a new number makes an empty form.
    form: int = 0

    @rx.event
    @requires()
    async def load(self) -> None:
        self.mistakes, self.failure = {}, ""

    @rx.event
    @requires()
    async def change(self, form: dict[str, Any]) -> list[rx.event.EventType[()]] | None:
        """Replace one's own password; the other sign-ins end."""
        actor = await current_actor(self)
        self.mistakes, self.failure = {}, ""
        typed = [str(form.get(name, "")) for name in ("current", "password", "repeated")]
        if typed[1] != typed[2]:
            self.mistakes = {"repeated": "Not the same as above."}
            return None
        try:
            refused = await call(users.change_own_password, actor, current=typed[0], new=typed[1])
            if refused is not None:
                raise refused.error
        except NotSignedInError:
            raise
        except CrmError as error:
            self.failure = "" if error.details else str(error)
            self.mistakes = {str(name): str(text) for name, text in error.details.items()}
            return None
        self.form += 1
        return [rx.toast.success("Your password is changed."), MeState.load]


def password_card() -> rx.Component:
    return rx.el.section(
        rx.el.h2("Password"),
        rx.el.p("Changing it ends every other sign-in of yours.", class_name="quiet"),
        rx.el.form(
            _field("Password so far", "current", "current-password"),
            _field("New password", "password", "new-password", min_length=passwords.MIN_LENGTH),
            rx.el.p(
                f"At least {passwords.MIN_LENGTH} characters. A few words that do not belong "
                "together are good and easy to keep.",
                class_name="quiet",
                id="password-help",
            ),
            _field("New password again", "repeated", "new-password"),
            notice(PasswordState.failure),
            rx.el.div(
                rx.el.button("Change password", type="submit", class_name="btn primary"),
                class_name="me-end",
            ),
            key=PasswordState.form,
            on_submit=PasswordState.change,
            class_name="form",
        ),
        class_name="me-card",
        aria_label="Password",
    )


def _field(label: str, name: str, complete: str, **props: Any) -> rx.Component:
    mistake = PasswordState.mistakes.get(name, "")
    return rx.fragment(
        rx.el.label(label, html_for=f"me-{name}"),
        rx.el.input(
            id=f"me-{name}",
            name=name,
            type="password",
            required=True,
            max_length=passwords.MAX_LENGTH,
            auto_complete=complete,
            class_name="field",
            **props,
        ),
        rx.cond(mistake, rx.el.p(mistake, class_name="mistake", role="alert"), rx.fragment()),
    )
