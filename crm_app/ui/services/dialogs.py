"""The dialogs of the page of programs: a new one, and a token with its secret, once."""

from typing import Any

import reflex as rx

from crm_app.services.api_tokens import MOST_DAYS
from crm_app.ui.services.state import AccountBox, ServicesState
from crm_app.ui.shared.conditions import has_any
from crm_app.ui.shared.marks import button, icon
from crm_app.ui.shared.notes import mistake, notice
from crm_app.ui.users.state import RoleChoice


def make_dialog() -> rx.Component:
    return rx.dialog.root(
        rx.dialog.content(
            rx.dialog.title("Add a program", class_name="dialog-title"),
            rx.dialog.description(
                "It acts in its own name and goes on when you leave. It may do nothing that you may"
                " not.",
                class_name="quiet",
            ),
            rx.el.form(
                _field("Name", "name", max_length=80, auto_focus=True),
                _field("What it is for", "purpose", max_length=300),
                rx.el.label("Role", html_for="program-role"),
                rx.el.select(
                    rx.foreach(ServicesState.roles, _role),
                    id="program-role",
                    name="role",
                    default_value=ServicesState.usual_role,
                    class_name="field select",
                ),
                mistake(ServicesState.mistakes.get("roles", "")),
                rx.cond(
                    has_any(ServicesState.accounts),
                    rx.el.fieldset(
                        rx.el.legend("On these accounts; on all if you tick none"),
                        rx.foreach(ServicesState.accounts, _account),
                        class_name="me-verbs",
                    ),
                    rx.fragment(),
                ),
                notice(ServicesState.form_failure),
                rx.el.div(
                    rx.dialog.close(button("Not now")),
                    rx.el.button("Add", type="submit", class_name="btn primary"),
                    class_name="dialog-end",
                ),
                on_submit=ServicesState.make,
                class_name="form",
            ),
            class_name="dialog",
        ),
        open=ServicesState.is_making,
        on_open_change=ServicesState.show_form,
    )


def token_dialog() -> rx.Component:
    return rx.dialog.root(
        rx.dialog.content(
            rx.dialog.title("Token of " + ServicesState.token_of.name, class_name="dialog-title"),
            rx.cond(ServicesState.secret != "", _secret(), _token_form()),
            class_name="dialog",
        ),
        open=ServicesState.token_of.id != 0,
        on_open_change=ServicesState.close_token,
    )


def _token_form() -> rx.Component:
    return rx.el.form(
        _field("Where it is used", "name", max_length=80, auto_focus=True),
        rx.el.fieldset(
            rx.el.legend("It may"),
            rx.foreach(ServicesState.token_of.verbs, _verb),
            class_name="me-verbs",
        ),
        mistake(ServicesState.mistakes.get("scopes", "")),
        _field(
            "Days until it ends", "days", type="number", min=1, max=MOST_DAYS, default_value="90"
        ),
        notice(ServicesState.form_failure),
        rx.el.div(
            rx.dialog.close(button("Not now")),
            rx.el.button("Make the token", type="submit", class_name="btn primary"),
            class_name="dialog-end",
        ),
        on_submit=ServicesState.make_token,
        class_name="form",
    )


def _secret() -> rx.Component:
    return rx.fragment(
        rx.dialog.description(
            "Shown this once. Keep it where only the program reads it.", class_name="quiet"
        ),
        rx.el.div(
            rx.el.code(ServicesState.secret, class_name="secret"),
            button(
                icon("copy", 14),
                "Copy",
                on_click=[
                    rx.set_clipboard(ServicesState.secret),
                    rx.toast.success("Token copied"),
                ],
            ),
            class_name="secret-line",
        ),
        rx.el.div(
            rx.dialog.close(button("I have kept it", kind="primary")), class_name="dialog-end"
        ),
    )


def _field(label: str, name: str, **props: Any) -> rx.Component:
    return rx.fragment(
        rx.el.label(label, html_for=f"program-{name}"),
        rx.el.input(
            id=f"program-{name}",
            name=name,
            required=True,
            auto_complete="off",
            class_name="field",
            **props,
        ),
        mistake(ServicesState.mistakes.get(name, "")),
    )


def _role(role: RoleChoice) -> rx.Component:
    return rx.el.option(role.name, value=role.id)


def _account(box: AccountBox) -> rx.Component:
    return rx.el.label(
        rx.el.input(type="checkbox", name=box.field),
        rx.el.span(box.name),
        key=box.field,
    )


def _verb(verb: str) -> rx.Component:
    return rx.el.label(
        rx.el.input(type="checkbox", name="scope:" + verb), rx.el.code(verb), key=verb
    )
