"""What a check foresees or an import did: counts, then line by line."""

import reflex as rx

from crm_app.ui.imports.state import FileState
from crm_app.ui.imports.view import CountView, LineRow
from crm_app.ui.shared.conditions import has_any
from crm_app.ui.shared.links import link
from crm_app.ui.shared.marks import button, icon, pill


def progress() -> rx.Component:
    """The bar of a running step, moved by the worker."""
    file = FileState.file
    return rx.cond(
        file.is_working,
        rx.el.section(
            rx.el.div(
                rx.el.h2(file.pill.text),
                rx.el.span(file.progress, class_name="quiet", aria_live="polite"),
                class_name="card-line",
            ),
            rx.el.progress(
                max="100",
                value=file.percent,
                aria_label=file.pill.text,
                class_name="bar-of-work",
            ),
            rx.cond(
                file.state == "received",
                rx.fragment(),
                rx.el.div(
                    rx.el.p(
                        rx.cond(
                            file.state == "importing",
                            "You can leave this page: the import goes on.",
                            "Nothing is changed by the check.",
                        ),
                        class_name="quiet",
                    ),
                    button("Stop", on_click=FileState.stop),
                    class_name="card-line",
                ),
            ),
            class_name="card work-card",
            aria_label="Progress",
        ),
        rx.fragment(),
    )


def outcome() -> rx.Component:
    file = FileState.file
    return rx.cond(
        has_any(FileState.counts),
        rx.el.section(
            rx.el.div(
                rx.el.h2(file.headline),
                rx.cond(
                    file.result_href != "",
                    rx.el.a(
                        icon("download", 14),
                        "Result file",
                        href=file.result_href,
                        download=True,
                        class_name="btn",
                    ),
                    rx.fragment(),
                ),
                class_name="card-line",
            ),
            rx.el.div(
                rx.foreach(FileState.counts, _count),
                class_name="outcomes",
                role="group",
                aria_label="Show only",
            ),
            _lines(),
            class_name="card",
            aria_label="Outcome",
        ),
        rx.fragment(),
    )


def _count(row: CountView) -> rx.Component:
    return link(
        rx.el.b(row.count, class_name="outcome-count"),
        rx.el.span(
            rx.el.i(class_name="dot tone-" + row.tone, aria_hidden="true"),
            row.words,
            class_name="outcome-words",
        ),
        rx.el.span(row.lines, class_name="quiet"),
        key=row.key,
        href=row.href,
        class_name=rx.cond(row.is_on, "outcome on", "outcome"),
        aria_current=rx.cond(row.is_on, "true", "false"),
    )


def _lines() -> rx.Component:
    file = FileState.file
    return rx.el.div(
        rx.el.table(
            rx.el.thead(
                rx.el.tr(
                    rx.el.th("Line", scope="col", class_name="num"),
                    rx.el.th("Order id", scope="col"),
                    rx.el.th("Outcome", scope="col"),
                    rx.el.th("Why", scope="col"),
                )
            ),
            rx.el.tbody(rx.foreach(FileState.lines, _line)),
            class_name="lines outcomes-table",
        ),
        rx.cond(
            has_any(FileState.lines),
            rx.fragment(),
            rx.el.p("No line has this outcome.", class_name="quiet"),
        ),
        rx.el.div(
            rx.cond(
                file.first_href != "",
                link("First lines", href=file.first_href, class_name="btn"),
                rx.fragment(),
            ),
            rx.cond(
                file.next_href != "",
                link(
                    "Next lines",
                    href=file.next_href,
                    class_name="btn",
                    custom_attrs={"data-page": "n"},
                ),
                rx.fragment(),
            ),
            class_name="files-end",
        ),
    )


def _line(row: LineRow) -> rx.Component:
    return rx.el.tr(
        rx.el.td(row.number, class_name="num quiet"),
        rx.el.th(
            rx.cond(
                row.href != "",
                link(row.external_id, href=row.href, class_name="plain mono"),
                rx.el.span(row.external_id, class_name="mono"),
            ),
            scope="row",
        ),
        rx.el.td(pill(row.outcome)),
        rx.el.td(row.reason, class_name="why"),
        key=row.number,
    )
