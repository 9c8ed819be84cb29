"""The form of an export: a dialog over the list of orders, a card on the page of downloads."""

from typing import Any, Final

import reflex as rx

from crm_app.domain.download import FileFormat
from crm_app.ui.orders.export_state import ExportColumn, ExportState
from crm_app.ui.shared.conditions import has_any, is_not
from crm_app.ui.shared.links import DOWNLOADS, link
from crm_app.ui.shared.marks import button, icon
from crm_app.ui.shared.notes import notice

_FORMATS: Final = (
    (FileFormat.CSV, "For any spreadsheet or program"),
    (FileFormat.XLSX, "With real dates and numbers"),
    (FileFormat.JSON, "For programs"),
)


def export_dialog() -> rx.Component:
    return rx.dialog.root(
        rx.dialog.content(
            rx.dialog.title("Export", class_name="dialog-title"),
            rx.dialog.description(_about()),
            *_parts(rx.dialog.close(button("Not now"))),
            class_name="dialog dialog-export export-form",
        ),
        open=ExportState.is_dialog,
        on_open_change=ExportState.show,
    )


def export_card() -> rx.Component:
    return rx.el.section(
        rx.el.div(rx.el.h2("New export"), rx.el.p(_about())),
        *_parts(link("Not now", href=DOWNLOADS, class_name="btn quiet")),
        class_name="card export-card export-form",
        aria_label="New export",
    )


def _about() -> rx.Component:
    return rx.el.span(
        rx.el.b(ExportState.title),
        rx.cond(
            ExportState.count != "",
            rx.el.span(" · " + ExportState.count + ", every row of it"),
            rx.fragment(),
        ),
    )


def _parts(leave: rx.Component) -> tuple[rx.Component, ...]:
    return (
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
            ),
            rx.el.div(_in_file(), _left_out(), class_name="export-columns"),
        ),
        notice(ExportState.failure),
        rx.el.div(
            button("Make the file", kind="primary", on_click=ExportState.ask),
            leave,
            rx.el.span(
                "Kept for " + ExportState.kept + " days under Downloads; each taking is recorded.",
                class_name="quiet",
            ),
            class_name="export-end",
        ),
    )


def _format(one: FileFormat, why: str) -> rx.Component:
    return rx.el.label(
        rx.el.input(
            type="radio",
            name="format",
            value=one.value,
            checked=ExportState.format == one.value,
            on_change=ExportState.choose_format(one.value),
        ),
        rx.el.span(rx.el.b(one.label), rx.el.span(why, class_name="quiet")),
        class_name="export-format",
    )


def _in_file() -> rx.Component:
    return rx.el.div(
        rx.el.div("In the file, from left to right", class_name="cap", id="export-in"),
        rx.cond(
            has_any(ExportState.columns),
            rx.el.ol(
                rx.foreach(ExportState.columns, _placed),
                class_name="export-list",
                aria_labelledby="export-in",
            ),
            rx.el.p("No column yet: tick one.", class_name="quiet export-none"),
        ),
    )


def _left_out() -> rx.Component:
    return rx.el.div(
        rx.el.div("Left out", class_name="cap", id="export-out"),
        rx.cond(
            has_any(ExportState.others),
            rx.el.ul(
                rx.foreach(ExportState.others, _other),
                class_name="export-list",
                aria_labelledby="export-out",
            ),
            rx.el.p("Every column is in the file.", class_name="quiet export-none"),
        ),
    )


def _placed(one: ExportColumn) -> rx.Component:
    return rx.el.li(
        _tick(one, is_on=True),
        rx.el.span(
            _move(
                "arrow-up", "Move " + one.heading + " to the left", is_not(one.can_rise), one, -1
            ),
            _move(
                "arrow-down", "Move " + one.heading + " to the right", is_not(one.can_sink), one, 1
            ),
            class_name="column-deeds",
        ),
        key=one.key,
        class_name="export-column",
    )


def _other(one: ExportColumn) -> rx.Component:
    return rx.el.li(_tick(one, is_on=False), key=one.key, class_name="export-column")


def _tick(one: ExportColumn, *, is_on: bool) -> rx.Component:
    return rx.el.button(
        rx.el.span(icon("check", 12) if is_on else "", class_name="tick"),
        rx.el.span(one.heading),
        rx.cond(
            one.is_personal,
            rx.el.span(icon("user-round", 12), title="Personal data", class_name="export-person"),
            rx.fragment(),
        ),
        type="button",
        role="checkbox",
        aria_checked="true" if is_on else "false",
        class_name="item",
        on_click=ExportState.put(one.key),
    )


def _move(sign: str, label: Any, is_off: Any, one: ExportColumn, by: int) -> rx.Component:
    return rx.el.button(
        icon(sign, 13),
        type="button",
        class_name="ghost",
        aria_label=label,
        title=label,
        disabled=is_off,
        on_click=ExportState.move(one.key, by),
    )
