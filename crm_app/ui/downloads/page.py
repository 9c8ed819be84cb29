"""Downloads: the files that the worker made, and the form that asks for one."""

from typing import Final

import reflex as rx

from crm_app.domain.permissions import Permission
from crm_app.ui.downloads.state import DownloadsState
from crm_app.ui.downloads.view import DownloadRow
from crm_app.ui.orders.export_form import export_card
from crm_app.ui.orders.export_state import ExportState
from crm_app.ui.shared.blanks import blank, failed, skeleton_rows
from crm_app.ui.shared.conditions import both, has_any, is_not
from crm_app.ui.shared.links import DOWNLOADS, link
from crm_app.ui.shared.marks import button, icon, pill, tag, ticker, time_text
from crm_app.ui.shared.native import NativeAnchor
from crm_app.ui.shared.navigation import may
from crm_app.ui.shared.shell import shell

_HEADS: Final = (
    ("File", "what"),
    ("State", "state"),
    ("Orders", "count"),
    ("Size", "size"),
    ("Asked", "asked"),
    ("", "do"),
)


def downloads_page() -> rx.Component:
    return shell(
        "Downloads",
        rx.cond(ExportState.is_page, export_card(), rx.fragment()),
        rx.cond(
            DownloadsState.failure != "",
            failed(DownloadsState.failure, DownloadsState.load),
            rx.cond(
                DownloadsState.is_loaded,
                rx.cond(has_any(DownloadsState.rows), _table(), _empty()),
                skeleton_rows(5, ("30%", "12%", "10%", "14%")),
            ),
        ),
        ticker(DownloadsState.load, DownloadsState.every_ms),
        section="downloads",
        about=DownloadsState.count,
        actions=(
            rx.cond(
                both(may(Permission.EXPORT_ORDERS), is_not(ExportState.is_page)),
                link(icon("plus", 14), "New export", href=f"{DOWNLOADS}?new=1", class_name="btn"),
                rx.fragment(),
            ),
        ),
    )


def _table() -> rx.Component:
    return rx.el.div(
        rx.el.table(
            rx.el.caption("Your files, the newest first", class_name="sr-only"),
            rx.el.thead(
                rx.el.tr(
                    *[
                        rx.el.th(
                            word or rx.el.span("What can be done", class_name="sr-only"),
                            scope="col",
                            class_name=f"file-{name}",
                        )
                        for word, name in _HEADS
                    ]
                )
            ),
            rx.el.tbody(rx.foreach(DownloadsState.rows, _row)),
            class_name="grid files",
        ),
        class_name="scroll",
    )


def _row(row: DownloadRow) -> rx.Component:
    return rx.el.tr(
        rx.el.th(
            rx.el.span(
                rx.el.span(row.title, class_name="strong file-title", title=row.title),
                tag(row.format),
                class_name="file-name",
            ),
            rx.cond(
                row.note != "",
                rx.el.div(row.note, class_name="quiet file-note"),
                rx.fragment(),
            ),
            scope="row",
            class_name="file-what",
        ),
        rx.el.td(
            rx.cond(
                row.is_active,
                rx.el.span(
                    rx.el.progress(
                        value=row.percent, max=100, aria_label="Written", class_name="file-bar"
                    ),
                    rx.el.span(row.progress, class_name="quiet"),
                    class_name="file-progress",
                ),
                pill(row.state),
            ),
            class_name="file-state",
        ),
        rx.el.td(row.orders, class_name="file-count num"),
        rx.el.td(row.size, class_name="file-size num"),
        rx.el.td(
            time_text(row.asked, row.asked_exact),
            rx.cond(
                row.kept != "", rx.el.span(", kept " + row.kept, class_name="quiet"), rx.fragment()
            ),
            class_name="file-asked",
        ),
        rx.el.td(rx.el.div(_deeds(row), class_name="file-deeds"), class_name="file-do"),
        key=row.key,
    )


def _deeds(row: DownloadRow) -> rx.Component:
    return rx.fragment(
        rx.cond(
            row.href != "",
            NativeAnchor.create(
                icon("download", 14), "Download", href=row.href, class_name="btn primary"
            ),
            rx.fragment(),
        ),
        rx.cond(
            row.is_active,
            button("Cancel", on_click=DownloadsState.cancel(row.id)),
            button(
                icon("trash-2", 14),
                kind="quiet",
                aria_label="Delete " + row.title,
                title="Delete",
                on_click=DownloadsState.remove(row.id),
            ),
        ),
    )


def _empty() -> rx.Component:
    return rx.cond(
        ExportState.is_page,
        rx.fragment(),
        blank(
            "download",
            "No file yet",
            "Exports of orders and stacks of printed papers are made here, whatever their size, "
            "and kept for some days.",
            link("Go to orders", href="/orders", class_name="btn primary"),
        ),
    )
