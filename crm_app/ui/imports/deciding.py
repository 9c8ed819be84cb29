"""The mapping of a file: what each field is read from, how words are read, and the first orders."""

from typing import Any

import reflex as rx

from crm_app.domain.order_status import PaymentStatus
from crm_app.services.documents.values import DateOrder
from crm_app.services.documents.words import Meaning
from crm_app.ui.imports.state import FileState
from crm_app.ui.imports.view import FieldRow, PreviewRow, WordRow
from crm_app.ui.shared.conditions import has_any
from crm_app.ui.shared.marks import button, icon, pill, tag


def deciding() -> rx.Component:
    return rx.el.div(
        rx.el.div(
            _columns(),
            rx.el.div(_source(), _reading(), _words(), class_name="decide-side"),
            class_name="decide",
        ),
        _preview(),
        class_name="decide-all",
    )


def _columns() -> rx.Component:
    return rx.el.section(
        rx.el.div(
            rx.el.h2("Which column is what"),
            rx.el.span(FileState.file.found, class_name="quiet"),
            class_name="card-line",
        ),
        rx.el.div(
            rx.el.span("Our field"),
            rx.el.span("Column of the file"),
            rx.el.span("What stands in it"),
            class_name="field-head",
            aria_hidden="true",
        ),
        rx.foreach(FileState.fields, _open_field),
        rx.el.details(
            rx.el.summary("More fields", class_name="btn quiet"),
            rx.foreach(FileState.fields, _other_field),
            class_name="more-fields",
        ),
        class_name="card columns-card",
        aria_label="Columns",
    )


def _open_field(row: FieldRow) -> rx.Component:
    return rx.cond(row.is_main, _field(row), rx.fragment())


def _other_field(row: FieldRow) -> rx.Component:
    return rx.cond(row.is_main, rx.fragment(), _field(row))


def _field(row: FieldRow) -> rx.Component:
    return rx.el.div(
        rx.el.label(
            rx.el.span(
                row.label,
                rx.cond(row.is_guessed, tag("guessed"), rx.fragment()),
                class_name="strong",
            ),
            rx.cond(row.hint != "", rx.el.span(row.hint, class_name="quiet"), rx.fragment()),
            html_for="field-" + row.key,
        ),
        rx.el.select(
            rx.el.option("Not in the file", value=""),
            rx.foreach(FileState.columns, _option),
            id="field-" + row.key,
            value=row.column,
            on_change=lambda column: FileState.choose_column(row.key, column),
            class_name=rx.cond(
                row.is_missing,
                "field select wanted",
                rx.cond(row.column == "", "field select unset", "field select"),
            ),
        ),
        rx.el.span(
            rx.cond(row.is_missing, "Needed: choose its column", row.samples),
            class_name=rx.cond(row.is_missing, "samples mistake", "samples quiet"),
            title=row.samples,
        ),
        key=row.key,
        class_name="field-row",
    )


def _source() -> rx.Component:
    choices = FileState.choices
    return rx.el.section(
        rx.el.h2("Whose orders"),
        _question(
            "Source",
            "source",
            rx.el.input(
                id="ask-source",
                key=FileState.file.source,
                default_value=FileState.file.source,
                on_blur=FileState.choose_source,
                placeholder="Counter sales, Fair Pune …",
                list="sources",
                max_length=120,
                auto_complete="off",
                class_name=rx.cond(FileState.file.source == "", "field wanted", "field"),
            ),
        ),
        rx.el.datalist(rx.foreach(choices["sources"], _suggestion), id="sources"),
        rx.cond(
            has_any(choices["sheets"][1:]),
            _question(
                "Sheet",
                "sheet",
                _select("sheet", choices["sheets"], FileState.file.sheet, FileState.choose_sheet),
            ),
            rx.fragment(),
        ),
        rx.cond(
            has_any(choices["presets"]),
            _question(
                "Saved mapping",
                "preset",
                rx.el.select(
                    rx.el.option("None", value=""),
                    rx.foreach(choices["presets"], _option),
                    id="ask-preset",
                    value=FileState.file.preset,
                    on_change=FileState.use_preset,
                    class_name="field select",
                ),
            ),
            rx.fragment(),
        ),
        rx.el.form(
            rx.el.input(
                name="preset",
                key="save" + FileState.file.preset,
                default_value=FileState.file.preset,
                placeholder="Name for this mapping",
                aria_label="Name for this mapping",
                max_length=120,
                auto_complete="off",
                class_name="field",
            ),
            button(icon("bookmark", 14), "Save mapping", type="submit"),
            on_submit=FileState.save_preset,
            class_name="save-line",
        ),
        class_name="card",
        aria_label="Source",
    )


def _reading() -> rx.Component:
    file = FileState.file
    return rx.el.section(
        rx.el.h2("How it is read"),
        _question(
            "Dates like 04-05-26",
            "dates",
            _options(
                "dates",
                [(one.value, one.label) for one in DateOrder],
                file.date_order,
                FileState.choose("date_order"),
            ),
            rx.el.p(file.date_said, class_name="quiet"),
        ),
        _question(
            "Currency, where none is told",
            "currency",
            rx.el.input(
                id="ask-currency",
                key=file.currency,
                default_value=file.currency,
                on_blur=FileState.choose("currency"),
                max_length=3,
                class_name="field short",
            ),
        ),
        rx.cond(
            file.has_status_column,
            rx.fragment(),
            _question(
                "Status of every order",
                "status",
                _options(
                    "status",
                    [(one.value, one.label) for one in Meaning if one is not Meaning.LEAVE_OUT],
                    file.status,
                    FileState.choose("status"),
                ),
            ),
        ),
        rx.cond(
            file.has_payment_column,
            rx.fragment(),
            _question(
                "Payment of every order",
                "payment",
                _options(
                    "payment",
                    [("", "Not told"), *[(one.value, one.label) for one in PaymentStatus]],
                    file.payment,
                    FileState.choose("payment"),
                ),
            ),
        ),
        _question(
            "Lines that repeat another exactly",
            "repeats",
            _options(
                "repeats",
                [("skip", "Count once"), ("keep", "Count each")],
                file.repeats,
                FileState.choose("repeats"),
            ),
        ),
        class_name="card",
        aria_label="How it is read",
    )


def _question(label: str, name: str, *answer: rx.Component) -> rx.Component:
    return rx.el.div(rx.el.label(label, html_for=f"ask-{name}"), *answer, class_name="question")


def _options(name: str, options: list[tuple[str, str]], value: Any, act: Any) -> rx.Component:
    return rx.el.select(
        *[rx.el.option(label, value=word) for word, label in options],
        id=f"ask-{name}",
        value=value,
        on_change=act,
        class_name="field select",
    )


def _select(name: str, options: Any, value: Any, act: Any) -> rx.Component:
    return rx.el.select(
        rx.foreach(options, _option),
        id=f"ask-{name}",
        value=value,
        on_change=act,
        class_name="field select",
    )


def _option(name: str) -> rx.Component:
    return rx.el.option(name, value=name, key=name)


def _suggestion(name: str) -> rx.Component:
    return rx.el.option(value=name, key=name)


def _warning(said: str) -> rx.Component:
    return rx.el.p(said, class_name="mistake", key=said)


def _words() -> rx.Component:
    return rx.cond(
        has_any(FileState.words),
        rx.el.section(
            rx.el.h2("What the status words mean"),
            rx.cond(
                FileState.file.unknown_words != "",
                rx.el.p(FileState.file.unknown_words, class_name="mistake"),
                rx.fragment(),
            ),
            rx.el.div(rx.foreach(FileState.words, _word), class_name="file-words"),
            class_name="card",
            aria_label="Status words",
        ),
        rx.fragment(),
    )


def _word(row: WordRow) -> rx.Component:
    return rx.el.div(
        rx.el.span(row.word, title=row.word, class_name="file-word"),
        rx.el.span(row.lines, class_name="quiet num"),
        rx.el.select(
            rx.el.option("Choose …", value=""),
            *[rx.el.option(one.label, value=one.value) for one in Meaning],
            value=row.meaning,
            on_change=lambda meaning: FileState.choose_meaning(row.word, meaning),
            aria_label="Meaning of " + row.word,
            class_name=rx.cond(row.meaning == "", "field select wanted", "field select"),
        ),
        key=row.word,
        class_name="word-row",
    )


def _preview() -> rx.Component:
    return rx.cond(
        FileState.file.missing != "",
        rx.fragment(),
        rx.el.section(
            rx.el.div(
                rx.el.h2("The first orders, as they would be"),
                class_name="card-line",
            ),
            rx.cond(
                has_any(FileState.preview),
                rx.el.div(
                    rx.el.table(
                        rx.el.thead(
                            rx.el.tr(
                                rx.el.th("Order", scope="col"),
                                rx.el.th("Placed", scope="col"),
                                rx.el.th("Status", scope="col"),
                                rx.el.th("Payment", scope="col"),
                                rx.el.th("Buyer", scope="col"),
                                rx.el.th("City", scope="col"),
                                rx.el.th("Lines", scope="col"),
                                rx.el.th("Total", scope="col", class_name="num"),
                            )
                        ),
                        rx.el.tbody(rx.foreach(FileState.preview, _previewed)),
                        class_name="lines preview",
                    ),
                    class_name="sideways",
                    tab_index=0,
                    role="region",
                    aria_label="The first orders",
                ),
                rx.el.p("None of the first lines can be read:", class_name="quiet"),
            ),
            rx.foreach(FileState.warnings, _warning),
            class_name="card",
            aria_label="Preview",
        ),
    )


def _previewed(row: PreviewRow) -> rx.Component:
    return rx.el.tr(
        rx.el.th(row.number, scope="row", class_name="mono"),
        rx.el.td(row.placed),
        rx.el.td(pill(row.status)),
        rx.el.td(pill(row.payment)),
        rx.el.td(row.buyer),
        rx.el.td(row.city),
        rx.el.td(row.what, title=row.what, class_name="what"),
        rx.el.td(row.total, class_name="num"),
        key=row.number,
    )
