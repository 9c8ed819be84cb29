"""One bulk change: a draft to decide on, or a run to follow."""

import reflex as rx

from crm_app.domain.permissions import Permission
from crm_app.ui.bulk.draft import draft
from crm_app.ui.bulk.progress import progress
from crm_app.ui.bulk.state import BulkState
from crm_app.ui.shared.blanks import blank, failed, forbidden, skeleton_rows
from crm_app.ui.shared.conditions import both, is_not
from crm_app.ui.shared.links import link
from crm_app.ui.shared.marks import button, icon, ticker
from crm_app.ui.shared.navigation import may
from crm_app.ui.shared.shell import shell
from crm_app.ui.shared.shell_state import ShellState


def run_page() -> rx.Component:
    run = BulkState.run
    return shell(
        rx.cond(BulkState.phase == "found", run.title, "Bulk change"),
        rx.cond(
            both(ShellState.is_known, is_not(may(Permission.BULK_CHANGE))),
            forbidden("Only people who may change many orders at once see this page."),
            rx.match(
                BulkState.phase,
                ("found", _found()),
                (
                    "missing",
                    blank(
                        "search-x",
                        "No such bulk change",
                        BulkState.failure,
                        link("Show all bulk changes", href="/bulk", class_name="btn primary"),
                    ),
                ),
                ("failed", failed(BulkState.failure, BulkState.load)),
                skeleton_rows(8, ("40%", "20%", "20%")),
            ),
        ),
        ticker(BulkState.refresh, BulkState.every_ms),
        section="orders",
        about=rx.cond(BulkState.phase == "found", rx.el.span(run.about, title=run.about_exact), ""),
        actions=(link("All bulk changes", href="/bulk", class_name="btn quiet"), _verbs()),
    )


def _found() -> rx.Component:
    return rx.el.div(
        rx.cond(
            BulkState.notice != "",
            rx.el.p(
                icon("circle-alert"),
                rx.el.span(BulkState.notice),
                class_name="notice tone-bad",
                role="alert",
            ),
            rx.fragment(),
        ),
        rx.cond(BulkState.run.is_draft, draft(), progress()),
        class_name="bulk",
    )


def _verbs() -> rx.Component:
    return rx.cond(
        BulkState.phase == "found",
        rx.fragment(
            _verb("pause", "Pause", "pause"),
            _verb("resume", "Resume", "play", kind="primary"),
            _verb("stop", "Stop", "square"),
            _verb("tell", "Tell the channels after all", "send"),
            rx.cond(
                _has("undo"),
                button(icon("undo-2", 14), "Undo…", on_click=BulkState.undo),
                rx.fragment(),
            ),
        ),
        rx.fragment(),
    )


def _verb(name: str, label: str, sign: str, kind: str = "") -> rx.Component:
    return rx.cond(
        _has(name),
        button(icon(sign, 14), label, kind=kind, on_click=BulkState.press(name)),
        rx.fragment(),
    )


def _has(name: str) -> rx.Var[bool]:
    return BulkState.run.verbs.contains(name)  # pyright: ignore[reportAttributeAccessIssue, reportUnknownVariableType, reportUnknownMemberType]
