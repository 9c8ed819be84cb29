"""What the channels' words mean; for admins."""

from typing import Final

import reflex as rx

from crm_app.domain.permissions import Permission
from crm_app.ui.mappings.components import tabs, told_card, unmapped, words_table
from crm_app.ui.mappings.dialogs import look_dialog, meaning_dialog
from crm_app.ui.mappings.replaying import replay_card
from crm_app.ui.mappings.state import MappingsState
from crm_app.ui.shared.blanks import failed, forbidden, skeleton_rows
from crm_app.ui.shared.conditions import both, is_not
from crm_app.ui.shared.links import link
from crm_app.ui.shared.marks import button, icon, ticker
from crm_app.ui.shared.navigation import may
from crm_app.ui.shared.notes import notice
from crm_app.ui.shared.shell import shell
from crm_app.ui.shared.shell_state import ShellState

_REFRESH_MS: Final = 1_500


def mappings_page() -> rx.Component:
    return shell(
        "Status words",
        rx.cond(
            both(ShellState.is_known, is_not(may(Permission.MANAGE_MAPPINGS))),
            forbidden("Only admins see and decide what the channels' words mean."),
            rx.cond(
                MappingsState.failure != "",
                failed(
                    MappingsState.failure,
                    MappingsState.load,
                    link("Show all channels", href="/mappings", class_name="btn"),
                ),
                rx.cond(
                    MappingsState.is_loaded,
                    _board(),
                    skeleton_rows(12, ("24%", "14%", "20%")),
                ),
            ),
        ),
        section="mappings",
        about=rx.cond(MappingsState.is_loaded, MappingsState.board.about, ""),
        actions=(
            rx.cond(
                both(may(Permission.MANAGE_MAPPINGS), MappingsState.board.is_connected),
                button(
                    icon("rotate-ccw", 14),
                    "Look at stored orders",
                    on_click=MappingsState.ask_all,
                    disabled=MappingsState.replay.is_open,
                ),
                rx.fragment(),
            ),
        ),
    )


def _board() -> rx.Component:
    return rx.el.div(
        _notices(),
        unmapped(),
        tabs(),
        rx.el.div(
            rx.el.div(replay_card(), words_table(), class_name="mappings-main"),
            told_card(),
            class_name="mappings-columns",
        ),
        meaning_dialog(),
        look_dialog(),
        ticker(MappingsState.refresh, _REFRESH_MS),
        class_name="mappings",
    )


def _notices() -> rx.Component:
    return rx.fragment(
        notice(MappingsState.notice),
        rx.cond(
            MappingsState.done != "",
            rx.el.div(
                icon("check"),
                rx.el.span(MappingsState.done),
                rx.cond(
                    MappingsState.can_look,
                    button("See what changes on stored orders", on_click=MappingsState.look),
                    rx.fragment(),
                ),
                rx.cond(
                    MappingsState.can_undo,
                    button("Undo", kind="quiet", on_click=MappingsState.undo),
                    rx.fragment(),
                ),
                class_name="notice tone-ok",
                role="status",
            ),
            rx.fragment(),
        ),
    )
