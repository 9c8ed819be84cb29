"""The people who may sign in; for admins."""

import reflex as rx

from crm_app.domain.permissions import Permission
from crm_app.ui.shared.blanks import blank, failed, forbidden, skeleton_rows
from crm_app.ui.shared.conditions import both, has_any, is_not
from crm_app.ui.shared.links import link
from crm_app.ui.shared.marks import button, icon
from crm_app.ui.shared.navigation import may
from crm_app.ui.shared.shell import shell
from crm_app.ui.shared.shell_state import ShellState
from crm_app.ui.users.components import people_table
from crm_app.ui.users.dialogs import create_dialog, mailed_dialog, question_dialog, secret_dialog
from crm_app.ui.users.grants import grants_dialog
from crm_app.ui.users.sign_ins import sign_ins_dialog
from crm_app.ui.users.state import UsersState


def users_page() -> rx.Component:
    return shell(
        "People",
        rx.cond(
            both(ShellState.is_known, is_not(may(Permission.MANAGE_USERS))),
            forbidden("Only admins see and change the people of this desk."),
            rx.cond(
                UsersState.failure != "",
                failed(UsersState.failure, UsersState.load),
                rx.cond(UsersState.is_loaded, _people(), skeleton_rows(5, ("30%", "25%", "15%"))),
            ),
        ),
        section="people",
        about=UsersState.count,
        actions=(
            rx.cond(
                both(may(Permission.MANAGE_USERS), may(Permission.MANAGE_ROLES)),
                link(icon("key-round", 14), "Single sign-on", href="/sso", class_name="btn"),
                rx.fragment(),
            ),
            rx.cond(
                may(Permission.MANAGE_USERS),
                button(
                    icon("user-plus", 14),
                    "Add a person",
                    kind="primary",
                    on_click=UsersState.show_form(True),
                ),
                rx.fragment(),
            ),
        ),
    )


def _people() -> rx.Component:
    return rx.el.div(
        rx.cond(
            UsersState.notice != "",
            rx.el.p(
                icon("circle-alert"),
                rx.el.span(UsersState.notice),
                class_name="notice tone-bad",
                role="alert",
            ),
            rx.fragment(),
        ),
        rx.cond(
            has_any(UsersState.rows),
            people_table(),
            blank("users", "Nobody yet", "Add the first person of the desk."),
        ),
        create_dialog(),
        question_dialog(),
        secret_dialog(),
        mailed_dialog(),
        grants_dialog(),
        sign_ins_dialog(),
        class_name="people-page",
    )
