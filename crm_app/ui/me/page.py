"""Your account: where you are signed in, and how you sign in."""

import reflex as rx

from crm_app.ui.me.factor_card import factor_card
from crm_app.ui.me.linked import linked_card
from crm_app.ui.me.password import password_card
from crm_app.ui.me.state import MeState
from crm_app.ui.me.tokens_card import tokens_card
from crm_app.ui.shared.blanks import failed, skeleton_rows
from crm_app.ui.shared.marks import button
from crm_app.ui.shared.shell import shell
from crm_app.ui.shared.shell_state import ShellState
from crm_app.ui.shared.sign_ins import sign_in_list


def me_page() -> rx.Component:
    return shell(
        "Your account",
        rx.el.div(
            rx.el.div(_sign_ins(), tokens_card(), class_name="me-column"),
            rx.el.div(factor_card(), password_card(), linked_card(), class_name="me-column"),
            class_name="me",
        ),
        section="",
        about=ShellState.person,
    )


def _sign_ins() -> rx.Component:
    return rx.el.section(
        rx.el.div(
            rx.el.h2("Where you are signed in"),
            rx.cond(
                MeState.has_others,
                button("End all others", on_click=MeState.end_others),
                rx.fragment(),
            ),
            class_name="me-head",
        ),
        rx.el.p("Something you do not know? End it, and change your password.", class_name="quiet"),
        rx.cond(
            MeState.failure != "",
            failed(MeState.failure, MeState.load),
            rx.cond(
                MeState.is_loaded,
                sign_in_list(MeState.rows, lambda number: MeState.end(number)),
                skeleton_rows(3, ("60%", "20%")),
            ),
        ),
        class_name="me-card",
        aria_label="Where you are signed in",
    )
