"""Where files are dropped, and the list of those that came before. `assets/imports.js` sends."""

import reflex as rx

from crm_app.config import get_settings
from crm_app.services.documents.table import MAX_LINES
from crm_app.ui.imports.state import ImportsState
from crm_app.ui.imports.view import FileRow
from crm_app.ui.shared.conditions import has_any
from crm_app.ui.shared.links import link
from crm_app.ui.shared.marks import icon, pill
from crm_app.ui.shared.native import native_form


def drop_zone() -> rx.Component:
    most = get_settings().document_max_mb
    return native_form(
        rx.el.div(icon("file-up", 20), class_name="drop-sign", aria_hidden="true"),
        rx.el.div(
            rx.el.label(
                rx.el.span("Choose a file", class_name="drop-link"),
                " or drop it here",
                html_for="upload",
                class_name="drop-title",
            ),
            rx.el.p(
                f"CSV or XLSX with one line per product, up to {MAX_LINES:,} lines and {most} MB.",
                class_name="quiet",
            ),
            class_name="drop-words",
        ),
        rx.el.input(
            type="file",
            id="upload",
            name="file",
            accept=".csv,.tsv,.txt,.xlsx",
            class_name="drop-input",
            custom_attrs={"data-upload": str(most)},
        ),
        rx.el.progress(max="100", value="0", hidden=True, aria_label="Upload"),
        rx.el.p(class_name="drop-said", role="status", custom_attrs={"data-upload-said": "1"}),
        # Without scripts the browser sends it itself.
        rx.el.noscript(rx.el.button("Upload", type="submit", class_name="btn primary")),
        method="post",
        action="/api/v1/documents",
        enc_type="multipart/form-data",
        class_name="drop",
        custom_attrs={"data-drop": "1"},
    )


def files() -> rx.Component:
    return rx.cond(
        has_any(ImportsState.rows),
        rx.el.section(
            rx.el.table(
                rx.el.thead(
                    rx.el.tr(
                        rx.el.th("File", scope="col"),
                        rx.el.th("State", scope="col"),
                        rx.el.th("New", scope="col", class_name="num"),
                        rx.el.th("Changed", scope="col", class_name="num"),
                        rx.el.th("Skipped", scope="col", class_name="num"),
                        rx.el.th("Refused", scope="col", class_name="num"),
                        rx.el.th("By", scope="col"),
                        rx.el.th("Uploaded", scope="col"),
                    )
                ),
                rx.el.tbody(rx.foreach(ImportsState.rows, _file)),
                class_name="lines files",
            ),
            rx.cond(
                ImportsState.older_href != "",
                rx.el.div(
                    link("Older files", href=ImportsState.older_href, class_name="btn"),
                    class_name="files-end",
                ),
                rx.fragment(),
            ),
            aria_label="Uploaded files",
        ),
        rx.el.div(
            rx.el.p("No file yet", class_name="strong"),
            rx.el.p(
                "Orders from a till, a fair or a marketplace without a connection come in this "
                "way. You see what would happen before anything does.",
                class_name="quiet",
            ),
            class_name="files-none",
        ),
    )


def _file(row: FileRow) -> rx.Component:
    return rx.el.tr(
        rx.el.th(
            link(
                row.name, href=row.href, class_name="plain strong", custom_attrs={"data-open": "1"}
            ),
            rx.cond(row.source != "", rx.el.span(row.source, class_name="quiet"), rx.fragment()),
            scope="row",
            class_name="file-name",
        ),
        rx.el.td(pill(row.state), class_name="file-state"),
        _count(row.created, "new"),
        _count(row.changed, "changed"),
        _count(row.skipped, "skipped"),
        _count(row.refused, "refused"),
        rx.el.td(row.who, class_name="file-who"),
        rx.el.td(row.when, title=row.exact, class_name="quiet file-when"),
        key=row.id,
        custom_attrs={"data-row": "1"},
    )


def _count(text: str, word: str) -> rx.Component:
    return rx.el.td(
        text,
        rx.el.span(" " + word, class_name="only-small"),
        class_name=rx.cond(text == "", "num count none", "num count"),
    )
