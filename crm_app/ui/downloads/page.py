"""Downloads: the files that the worker made, and the form that asks for one."""

from typing import Final

import reflex as rx

from crm_app.domain.download import FileFormat
from crm_app.domain.permissions import Permission
from crm_app.ui.downloads.state import DownloadsState, ExportState
from crm_app.ui.downloads.view import ColumnChoice, DownloadRow
from crm_app.ui.shared.blanks import blank, failed, skeleton_rows
from crm_app.ui.shared.conditions import has_any
from crm_app.ui.shared.keeping import kept
from crm_app.ui.shared.links import DOWNLOADS, link
from crm_app.ui.shared.marks import button, icon, pill, tag, ticker, time_text
from crm_app.ui.shared.native import NativeAnchor
from crm_app.ui.shared.navigation import may
from crm_app.ui.shared.notes import notice
from crm_app.ui.shared.shell import shell

_HEADS: Final = (
    ("File", "what"),
    ("State", "state"),
    ("Orders", "count"),
    ("Size", "size"),
    ("Asked", "asked"),
    ("", "do"),
)
_FORMATS: Final = (
    (FileFormat.CSV, "For any spreadsheet or program"),
    (FileFormat.XLSX, "With real dates and numbers"),
    (FileFormat.JSON, "For programs"),
)


def downloads_page() -> rx.Component:
    return shell(
        "Downloads",
        rx.cond(ExportState.is_open, _form(), rx.fragment()),
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
                may(Permission.EXPORT_ORDERS),
                link(icon("plus", 14), "New export", href=f"{DOWNLOADS}?new=1", class_name="btn"),
                rx.fragment(),
            ),
        ),
    )


def _form() -> rx.Component:
    return rx.el.form(
        rx.el.div(
            rx.el.h2("New export"),
            rx.el.p(
                rx.el.b(ExportState.title),
                rx.cond(
                    ExportState.count != "",
                    rx.el.span(": " + ExportState.count + ", every row of it"),
                    rx.fragment(),
                ),
            ),
        ),
        rx.el.fieldset(
            rx.el.legend("Format"),
            rx.el.div(*[_format(one, why) for one, why in _FORMATS], class_name="export-formats"),
        ),
        rx.el.fieldset(
            rx.el.legend("Columns"),
            rx.el.div(
                button("Usual", kind="quiet", on_click=ExportState.choose("usual")),
                button("All", kind="quiet", on_click=ExportState.choose("all")),
                button("None", kind="quiet", on_click=ExportState.choose("none")),
                class_name="export-sets",
                custom_attrs={"data-fresh": "1"},
            ),
            rx.el.div(
                rx.foreach(ExportState.columns, _column),
                class_name="export-columns",
                key=ExportState.drawn,
            ),
        ),
        notice(ExportState.failure),
        rx.el.div(
            rx.el.button("Make the file", type="submit", class_name="btn primary"),
            link("Not now", href=DOWNLOADS, class_name="btn quiet"),
            rx.el.span(
                "Kept for " + ExportState.kept + " days. Files with personal data "
                "are marked, and each taking is recorded.",
                class_name="quiet",
            ),
            class_name="export-end",
        ),
        on_submit=ExportState.ask,
        class_name="card export-form",
        custom_attrs=kept("export", ExportState.title),
    )


def _format(one: FileFormat, why: str) -> rx.Component:
    return rx.el.label(
        rx.el.input(
            type="radio", name="format", value=one.value, default_checked=one is FileFormat.CSV
        ),
        rx.el.span(rx.el.b(one.label), rx.el.span(why, class_name="quiet")),
        class_name="export-format",
    )


def _column(choice: ColumnChoice) -> rx.Component:
    return rx.el.label(
        rx.el.input(type="checkbox", name=choice.name, default_checked=choice.is_on),
        rx.el.span(choice.heading),
        rx.cond(
            choice.is_personal,
            rx.el.span(icon("user-round", 12), title="Personal data", class_name="export-person"),
            rx.fragment(),
        ),
        key=choice.key,
        class_name="export-column",
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
        ExportState.is_open,
        rx.fragment(),
        blank(
            "download",
            "No file yet",
            "Exports of orders and stacks of printed papers are made here, whatever their size, "
            "and kept for some days.",
            link("Go to orders", href="/orders", class_name="btn primary"),
        ),
    )
