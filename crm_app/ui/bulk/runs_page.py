"""The list of bulk changes."""

from typing import Final

import reflex as rx

from crm_app.domain.permissions import Permission
from crm_app.ui.bulk.runs_state import RunsState
from crm_app.ui.bulk.view import RunRow
from crm_app.ui.shared.blanks import blank, failed, forbidden, skeleton_rows
from crm_app.ui.shared.conditions import both, has_any, is_not
from crm_app.ui.shared.links import link
from crm_app.ui.shared.marks import pill, ticker, time_text
from crm_app.ui.shared.navigation import may
from crm_app.ui.shared.shell import shell
from crm_app.ui.shared.shell_state import ShellState

REFRESH_MS: Final = 3_000
_HEADS: Final = ("What", "State", "Orders", "Result", "Who", "When")


def runs_page() -> rx.Component:
    return shell(
        "Bulk changes",
        rx.cond(
            both(ShellState.is_known, is_not(may(Permission.BULK_CHANGE))),
            forbidden("Only people who may change many orders at once see this page."),
            rx.cond(
                RunsState.failure != "",
                failed(RunsState.failure, RunsState.load),
                rx.cond(
                    RunsState.is_loaded,
                    rx.cond(has_any(RunsState.rows), _table(), _empty()),
                    skeleton_rows(6, ("28%", "12%", "20%", "14%")),
                ),
            ),
        ),
        ticker(RunsState.load, REFRESH_MS),
        section="orders",
        about=RunsState.count,
        actions=(link("Orders", href="/orders", class_name="btn"),),
    )


def _table() -> rx.Component:
    return rx.el.div(
        rx.el.table(
            rx.el.caption("Bulk changes, the newest first", class_name="sr-only"),
            rx.el.thead(
                rx.el.tr(
                    *[
                        rx.el.th(word, scope="col", class_name=f"run-{word.lower()}")
                        for word in _HEADS
                    ]
                )
            ),
            rx.el.tbody(rx.foreach(RunsState.rows, _row)),
            class_name="grid runs",
        ),
        rx.el.div(
            _turn("Newest", RunsState.newest_href),
            _turn("Older", RunsState.older_href),
            class_name="result-pages",
        ),
        class_name="scroll",
    )


def _turn(label: str, href: str) -> rx.Component:
    return rx.cond(href != "", link(label, href=href, class_name="btn"), rx.fragment())


def _row(row: RunRow) -> rx.Component:
    return rx.el.tr(
        rx.el.th(
            link(row.title, href=row.href, class_name="strong", custom_attrs={"data-open": "1"}),
            scope="row",
            class_name="run-what",
        ),
        rx.el.td(pill(row.state), class_name="run-state"),
        rx.el.td(row.orders, class_name="run-orders"),
        rx.el.td(
            rx.cond(
                row.is_active,
                rx.el.progress(value=row.percent, max=100, aria_label="Done", class_name="run-bar"),
                rx.el.span(row.result),
            ),
            class_name="run-result",
        ),
        rx.el.td(row.person, class_name="run-who"),
        rx.el.td(time_text(row.when, row.exact), class_name="run-when"),
        key=row.key,
        custom_attrs={"data-row": row.key},
    )


def _empty() -> rx.Component:
    return blank(
        "layers",
        "No bulk change yet",
        "Choose orders in the list, with the boxes at their left or the key x, and say what "
        "happens to them. Nothing is changed before you have seen what would be.",
        link("Go to orders", href="/orders", class_name="btn primary"),
    )
