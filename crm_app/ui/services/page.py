"""Programs that act in their own name; for who looks after tokens."""

import reflex as rx

from crm_app.domain.permissions import Permission
from crm_app.ui.me.tokens import TokenRow
from crm_app.ui.me.tokens_card import token_item
from crm_app.ui.services.dialogs import make_dialog, token_dialog
from crm_app.ui.services.state import ServiceRow, ServicesState
from crm_app.ui.shared.blanks import blank, failed, forbidden, skeleton_rows
from crm_app.ui.shared.conditions import both, has_any, is_not
from crm_app.ui.shared.marks import button, icon
from crm_app.ui.shared.navigation import may
from crm_app.ui.shared.notes import notice
from crm_app.ui.shared.shell import shell
from crm_app.ui.shared.shell_state import ShellState


def services_page() -> rx.Component:
    return shell(
        "Programs",
        rx.cond(
            both(ShellState.is_known, is_not(may(Permission.MANAGE_TOKENS))),
            forbidden("Only who looks after API tokens sees and changes programs."),
            rx.cond(
                ServicesState.failure != "",
                failed(ServicesState.failure, ServicesState.load),
                rx.cond(
                    ServicesState.is_loaded, _services(), skeleton_rows(3, ("30%", "45%", "15%"))
                ),
            ),
        ),
        section="services",
        about=ServicesState.count,
        actions=(
            rx.cond(
                may(Permission.MANAGE_TOKENS),
                button(
                    icon("plus", 14),
                    "Add a program",
                    kind="primary",
                    on_click=ServicesState.show_form(True),
                ),
                rx.fragment(),
            ),
        ),
    )


def _services() -> rx.Component:
    return rx.el.div(
        notice(ServicesState.notice),
        rx.cond(
            has_any(ServicesState.rows),
            rx.foreach(ServicesState.rows, _service),
            blank(
                "bot",
                "No program yet",
                "A program that works with the desk gets a name, a role and tokens of its own "
                "here: it goes on when a person leaves.",
            ),
        ),
        make_dialog(),
        token_dialog(),
        class_name="programs",
    )


def _service(row: ServiceRow) -> rx.Component:
    return rx.el.section(
        rx.el.div(
            rx.el.h2(row.name),
            rx.cond(
                row.is_active,
                rx.el.span("Working", class_name="pill tone-ok plain"),
                rx.el.span("Switched off", class_name="pill tone-mute plain"),
            ),
            class_name="me-head",
        ),
        rx.el.p(row.purpose),
        rx.el.p(row.about, class_name="quiet"),
        rx.cond(
            has_any(row.tokens),
            rx.el.ul(rx.foreach(row.tokens, _token), class_name="sign-ins"),
            rx.fragment(),
        ),
        rx.el.div(_deeds(row), class_name="me-end"),
        key=row.id,
        class_name="me-card",
        aria_label=row.name,
    )


def _deeds(row: ServiceRow) -> rx.Component:
    return rx.cond(
        row.is_active,
        rx.fragment(
            button(
                "New token",
                aria_label="New token of " + row.name,
                on_click=ServicesState.ask_token(row.id),
            ),
            button(
                "Switch off",
                aria_label="Switch off " + row.name,
                title="It is refused from now on, and its tokens end",
                on_click=ServicesState.switch(row.id, False),
            ),
        ),
        button(
            "Switch on",
            aria_label="Switch on " + row.name,
            on_click=ServicesState.switch(row.id, True),
        ),
    )


def _token(row: TokenRow) -> rx.Component:
    return token_item(row, ServicesState.revoke(row.id))
