"""Imports: files of orders from places without a connection."""

from typing import Final

import reflex as rx

from crm_app.domain.permissions import Permission
from crm_app.ui.imports.deciding import deciding
from crm_app.ui.imports.outcome import outcome, progress
from crm_app.ui.imports.state import FileState, ImportsState
from crm_app.ui.imports.upload import drop_zone, files
from crm_app.ui.imports.view import IMPORTS
from crm_app.ui.shared.blanks import blank, failed, forbidden, skeleton_rows
from crm_app.ui.shared.conditions import both, is_not
from crm_app.ui.shared.links import link
from crm_app.ui.shared.marks import button, icon, pill, ticker
from crm_app.ui.shared.navigation import may
from crm_app.ui.shared.notes import notice
from crm_app.ui.shared.shell import shell
from crm_app.ui.shared.shell_state import ShellState

WATCH_MS: Final = 1_000
REFRESH_MS: Final = 5_000


def imports_page() -> rx.Component:
    file = FileState.file
    return shell(
        rx.cond(
            FileState.is_one,
            rx.fragment(
                link("Imports", href=IMPORTS, class_name="up", custom_attrs={"data-up": "1"}),
                rx.el.span("/", class_name="quiet slash", aria_hidden="true"),
                file.name,
            ),
            "Imports",
        ),
        rx.cond(
            both(ShellState.is_known, is_not(may(Permission.IMPORT_ORDERS))),
            forbidden("Importing files of orders is not part of your role."),
            rx.cond(FileState.is_one, _one(), _all()),
        ),
        section="imports",
        about=rx.cond(FileState.is_one, file.about, ""),
        actions=(rx.cond(FileState.is_one, _actions(), rx.fragment()),),
    )


def _all() -> rx.Component:
    return rx.cond(
        ImportsState.failure != "",
        failed(ImportsState.failure, ImportsState.load),
        rx.el.div(
            drop_zone(),
            rx.cond(
                ImportsState.is_loaded, files(), skeleton_rows(5, ("30%", "15%", "10%", "20%"))
            ),
            ticker(ImportsState.load, REFRESH_MS),
            class_name="imports",
        ),
    )


def _one() -> rx.Component:
    file = FileState.file
    return rx.cond(
        FileState.failure != "",
        failed(
            FileState.failure, FileState.load, link("All files", href=IMPORTS, class_name="btn")
        ),
        rx.cond(
            file.id == 0,
            skeleton_rows(8, ("20%", "30%", "25%")),
            rx.cond(file.state == "refused", _refused(), _steps()),
        ),
    )


def _refused() -> rx.Component:
    return blank(
        "file-x",
        "This file cannot be imported",
        FileState.file.reason,
        link("Upload another", href=IMPORTS, class_name="btn primary"),
        tone="bad",
    )


def _steps() -> rx.Component:
    file = FileState.file
    return rx.el.div(
        _notices(),
        progress(),
        outcome(),
        rx.cond(file.is_open, deciding(), rx.fragment()),
        rx.el.p(file.who, class_name="quiet"),
        rx.cond(file.is_working, ticker(FileState.refresh, WATCH_MS), rx.fragment()),
        class_name="imports one-file",
    )


def _notices() -> rx.Component:
    file = FileState.file
    return rx.fragment(
        notice(FileState.notice),
        rx.cond(
            both(file.earlier != "", file.is_open),
            rx.el.p(
                icon("copy"),
                rx.el.span(
                    file.earlier + " ",
                    link("See what it did", href=file.earlier_href, class_name="underlined"),
                ),
                class_name="notice tone-warn",
                role="status",
            ),
            rx.fragment(),
        ),
    )


def _actions() -> rx.Component:
    """The one next step, and why it cannot be taken yet."""
    file = FileState.file
    is_ready = both(file.missing == "", file.source != "")
    return rx.fragment(
        pill(file.pill),
        rx.cond(
            file.is_open,
            rx.fragment(
                rx.cond(
                    is_ready,
                    rx.fragment(),
                    rx.el.span(
                        rx.cond(
                            file.missing != "",
                            "Still to choose: " + file.missing,
                            "Still to name: the source",
                        ),
                        class_name="mistake",
                    ),
                ),
                rx.cond(
                    file.to_import != "",
                    button(file.to_import, kind="primary", on_click=FileState.start_import),
                    button(
                        "Check the file",
                        kind="primary",
                        on_click=FileState.check,
                        disabled=is_not(is_ready),
                    ),
                ),
            ),
            rx.fragment(),
        ),
    )
