"""The table of people."""

import reflex as rx

from crm_app.ui.shared.marks import button, icon
from crm_app.ui.users.grants import GrantsState
from crm_app.ui.users.sign_ins import SignInsState
from crm_app.ui.users.state import UserRow, UsersState


def people_table() -> rx.Component:
    return rx.el.div(
        rx.el.table(
            rx.el.thead(
                rx.el.tr(
                    rx.el.th("Name", scope="col"),
                    rx.el.th("Roles", scope="col"),
                    rx.el.th("Last seen", scope="col", class_name="seen"),
                    rx.el.th("State", scope="col"),
                    rx.el.th(rx.el.span("Actions", class_name="sr-only"), scope="col"),
                )
            ),
            rx.el.tbody(rx.foreach(UsersState.rows, _person)),
            class_name="grid people",
        ),
        class_name="scroll",
    )


def _person(row: UserRow) -> rx.Component:
    return rx.el.tr(
        rx.el.th(
            rx.el.span(row.initials, class_name="face", aria_hidden="true"),
            rx.el.span(
                rx.el.span(row.name, rx.cond(row.is_me, " (you)", ""), class_name="strong"),
                rx.el.span(row.email, class_name="quiet"),
                class_name="who",
            ),
            scope="row",
            class_name="person-cell",
        ),
        rx.el.td(_roles(row)),
        rx.el.td(row.seen, title=row.seen_exact, class_name="quiet seen"),
        rx.el.td(
            rx.cond(
                row.is_active,
                rx.el.span("Active", class_name="pill tone-ok"),
                rx.el.span("Deactivated", class_name="pill tone-mute"),
            )
        ),
        rx.el.td(_actions(row), class_name="row-actions"),
        key=row.id,
        class_name=rx.cond(row.is_active, "", "gone"),
    )


def _roles(row: UserRow) -> rx.Component:
    return rx.cond(
        row.is_me,
        rx.el.span(row.role_label, title="Another admin can change your roles"),
        button(
            rx.el.span(row.role_label),
            icon("pencil", 13),
            kind="quiet grant-open",
            aria_label="Roles of " + row.name + ": " + row.role_label,
            title="Change what they may do, and where",
            on_click=GrantsState.show(row.id),
        ),
    )


def _actions(row: UserRow) -> rx.Component:
    return rx.cond(
        row.is_me,
        rx.fragment(),
        rx.fragment(
            button(
                icon("monitor-smartphone", 14),
                "Sign-ins",
                kind="quiet",
                aria_label="Sign-ins of " + row.name,
                on_click=SignInsState.show(row.id, row.name),
            ),
            button(
                icon("key-round", 14),
                "Password link",
                kind="quiet",
                aria_label="Password link for " + row.name,
                title="Make a link with which they set a new password",
                disabled=~row.is_active,
                on_click=UsersState.make_link(row.id, False),
            ),
            rx.cond(
                row.is_active,
                button(
                    "Deactivate",
                    kind="quiet",
                    aria_label="Deactivate " + row.name,
                    on_click=UsersState.ask("deactivate", row.id),
                ),
                button(
                    "Reactivate",
                    kind="quiet",
                    aria_label="Reactivate " + row.name,
                    on_click=UsersState.set_active(row.id, True),
                ),
            ),
        ),
    )
