"""The dialogs of the people page: a new person, a question, a link shown once."""

from typing import Any

import reflex as rx

from crm_app.ui.shared.marks import button, icon
from crm_app.ui.users.state import RoleChoice, UsersState


def create_dialog() -> rx.Component:
    return rx.dialog.root(
        rx.dialog.content(
            rx.dialog.title("Add a person", class_name="dialog-title"),
            rx.dialog.description(
                "They choose their own password, by a link. It is mailed to them where there is a "
                "mail server, and else shown to you one time.",
                class_name="quiet",
            ),
            rx.el.form(
                _field("Name", "name", required=True, max_length=120, auto_focus=True),
                _field("E-mail", "email", type="email", required=True, max_length=254),
                rx.el.label("Role", html_for="new-role"),
                rx.el.select(
                    rx.foreach(UsersState.roles, role_option),
                    id="new-role",
                    name="role",
                    default_value=UsersState.usual_role,
                    class_name="field select",
                ),
                rx.cond(
                    UsersState.form_failure != "",
                    rx.el.p(
                        icon("circle-alert"),
                        rx.el.span(UsersState.form_failure),
                        class_name="notice tone-bad",
                        role="alert",
                    ),
                    rx.fragment(),
                ),
                rx.el.div(
                    rx.dialog.close(button("Not now")),
                    rx.el.button("Add", type="submit", class_name="btn primary"),
                    class_name="dialog-end",
                ),
                on_submit=UsersState.create,
                class_name="form",
            ),
            class_name="dialog",
        ),
        open=UsersState.is_creating,
        on_open_change=UsersState.show_form,
    )


def _field(label: str, name: str, **props: Any) -> rx.Component:
    mistake = UsersState.mistakes.get(name, "")
    return rx.fragment(
        rx.el.label(label, html_for=f"new-{name}"),
        rx.el.input(id=f"new-{name}", name=name, auto_complete="off", class_name="field", **props),
        rx.cond(mistake, rx.el.p(mistake, class_name="mistake", role="alert"), rx.fragment()),
    )


def role_option(role: RoleChoice) -> rx.Component:
    return rx.el.option(role.name, value=role.id)


def question_dialog() -> rx.Component:
    return rx.dialog.root(
        rx.dialog.content(
            rx.dialog.title("Deactivate " + UsersState.asked_name, class_name="dialog-title"),
            rx.dialog.description(
                "They are signed out everywhere and cannot sign in. What they did stays.",
                class_name="quiet",
            ),
            rx.el.div(
                rx.dialog.close(button("Not now")),
                button(
                    "Deactivate",
                    kind="danger",
                    on_click=UsersState.set_active(UsersState.asked_row, False),
                ),
                class_name="dialog-end",
            ),
            class_name="dialog",
        ),
        open=UsersState.asked != "",
        on_open_change=UsersState.close_question,
    )


def secret_dialog() -> rx.Component:
    return rx.dialog.root(
        rx.dialog.content(
            rx.dialog.title("Link for " + UsersState.secret_of, class_name="dialog-title"),
            rx.dialog.description(
                "With it they choose a password. Shown this once; works once, until ",
                UsersState.secret_until,
                ". Whoever has it is let in: hand it over where only they read it.",
                class_name="quiet",
            ),
            rx.el.div(
                rx.el.code(UsersState.secret, class_name="secret"),
                button(
                    icon("copy", 14),
                    "Copy",
                    on_click=[
                        rx.set_clipboard(UsersState.secret),
                        rx.toast.success("Link copied"),
                    ],
                ),
                class_name="secret-line",
            ),
            rx.el.div(rx.dialog.close(button("Done", kind="primary")), class_name="dialog-end"),
            class_name="dialog",
        ),
        open=UsersState.secret != "",
        on_open_change=UsersState.forget_secret,
    )


def mailed_dialog() -> rx.Component:
    return rx.dialog.root(
        rx.dialog.content(
            rx.dialog.title("Link for " + UsersState.secret_of, class_name="dialog-title"),
            rx.dialog.description(
                "It is on its way to ",
                UsersState.mailed_to,
                ". It works once, until ",
                UsersState.secret_until,
                ".",
                class_name="quiet",
            ),
            rx.el.div(
                button(
                    "Show me a link instead",
                    title="For somebody who does not get into their mailbox either",
                    on_click=UsersState.make_link(UsersState.mailed_id, True),
                ),
                rx.dialog.close(button("Done", kind="primary")),
                class_name="dialog-end",
            ),
            class_name="dialog",
        ),
        open=UsersState.mailed_to != "",
        on_open_change=UsersState.forget_secret,
    )
