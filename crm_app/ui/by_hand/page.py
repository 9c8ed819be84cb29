"""A new order by hand, and the same form for one that was written so."""

from typing import Any, Final

import reflex as rx

from crm_app.domain.gst import STATES
from crm_app.domain.permissions import Permission
from crm_app.services.by_hand.draft import PAYMENTS
from crm_app.ui.by_hand.state import ByHandState, LineBox, PersonRow
from crm_app.ui.shared.blanks import blank, forbidden, skeleton_rows
from crm_app.ui.shared.conditions import both, has_any, is_not
from crm_app.ui.shared.keeping import kept
from crm_app.ui.shared.links import link
from crm_app.ui.shared.marks import button, icon
from crm_app.ui.shared.navigation import may
from crm_app.ui.shared.notes import mistake, notice
from crm_app.ui.shared.shell import shell
from crm_app.ui.shared.shell_state import ShellState
from crm_app.ui.shared.suggest import PAUSE_MS, SKUS, SuggestState, suggestion_lists

_SEARCH_MS: Final = 250


def by_hand_page() -> rx.Component:
    return shell(
        rx.cond(ByHandState.is_edit, "Edit order", "New order"),
        rx.cond(
            both(ShellState.is_known, is_not(may(Permission.CREATE_ORDERS))),
            forbidden("Only people who may write orders see this page."),
            rx.match(
                ByHandState.phase,
                ("ready", _form()),
                ("failed", _failed()),
                skeleton_rows(8, ("120px", "60%")),
            ),
        ),
        section="orders",
        actions=(link("Not now", href=ByHandState.back, class_name="btn quiet"),),
    )


def _failed() -> rx.Component:
    return blank(
        "ban",
        "This order cannot be edited",
        ByHandState.failure,
        link("Back", href=ByHandState.back, class_name="btn primary"),
    )


def _form() -> rx.Component:
    return rx.el.form(
        rx.el.div(
            _lines(),
            rx.el.section(
                rx.el.h2("Buyer"),
                rx.cond(may(Permission.SEE_PERSONAL_DATA), _finder(), rx.fragment()),
                rx.el.div(_person(), class_name="hand-fields", key=ByHandState.drawn),
                class_name="card",
            ),
            class_name="hand-main",
        ),
        rx.el.div(_money(), class_name="hand-side"),
        suggestion_lists(),
        rx.el.input(
            type="hidden",
            name="press",
            default_value=ByHandState.press,
            custom_attrs={"data-press": "1"},
        ),
        on_submit=ByHandState.save,
        class_name="hand",
        custom_attrs={"data-sums": "1"} | kept("by-hand", ByHandState.back),
    )


def _lines() -> rx.Component:
    return rx.el.section(
        rx.el.h2("Lines"),
        rx.foreach(ByHandState.lines, _line),
        _mistake("lines"),
        button(
            icon("plus", 14),
            "Another line",
            on_click=ByHandState.add_line,
            custom_attrs={"data-more": "1"},
        ),
        class_name="card hand-lines",
    )


def _line(line: LineBox) -> rx.Component:
    return rx.el.div(
        _part(line, "title", "Item", line.title, auto_complete="off", max_length=500),
        _part(
            line,
            "sku",
            "SKU",
            line.sku,
            auto_complete="off",
            max_length=120,
            list=SKUS,
            on_change=SuggestState.type_sku.debounce(PAUSE_MS),
        ),
        _part(line, "quantity", "Qty", line.quantity, input_mode="numeric", max_length=7),
        _part(line, "price", "Price each, ₹", line.price, input_mode="decimal", max_length=16),
        button(
            icon("x", 14),
            kind="quiet",
            aria_label="Remove this line",
            title="Remove this line",
            on_click=ByHandState.drop_line(line.key),
        ),
        rx.cond(
            line.mistake != "",
            rx.el.p(line.mistake, class_name="mistake", role="alert"),
            rx.fragment(),
        ),
        key=line.key,
        class_name="hand-line",
        custom_attrs={"data-line": "1"},
    )


def _part(line: LineBox, name: str, label: str, value: str, **props: Any) -> rx.Component:
    return rx.el.label(
        rx.el.span(label),
        rx.el.input(
            name=f"{name}-{line.key}",
            default_value=value,
            class_name="field" + (" mono" if name == "sku" else ""),
            custom_attrs={"data-part": name},
            **props,
        ),
        class_name=f"hand-{name}",
    )


def _finder() -> rx.Component:
    return rx.el.div(
        rx.el.label(
            rx.el.span("Bought before?"),
            rx.el.input(
                type="search",
                placeholder="Phone, e-mail or name",
                auto_complete="off",
                on_change=ByHandState.find.debounce(_SEARCH_MS),
                class_name="field",
            ),
        ),
        rx.cond(
            has_any(ByHandState.found),
            rx.el.div(rx.foreach(ByHandState.found, _known), class_name="hand-known"),
            rx.fragment(),
        ),
        class_name="hand-finder",
    )


def _known(row: PersonRow) -> rx.Component:
    return rx.el.button(
        rx.el.b(row.name),
        rx.el.span(row.about, class_name="quiet"),
        type="button",
        key=row.id.to_string(),  # pyright: ignore[reportAttributeAccessIssue]
        class_name="hand-person",
        on_click=ByHandState.take(row.id),
    )


def _person() -> rx.Component:
    return rx.fragment(
        _field("Name", "name", is_wide=True, max_length=200),
        _field("Phone", "phone", type="tel", max_length=40),
        _field("E-mail", "email", type="email", max_length=254),
        _field("Address", "line1", is_wide=True, max_length=200),
        _field("Address, second line", "line2", is_wide=True, max_length=200),
        _field("City", "city", max_length=100),
        _field("Pincode", "pincode", input_mode="numeric", max_length=20),
        _field("State", "state", list="states", max_length=100),
        rx.el.datalist(*[rx.el.option(value=name) for name in STATES.values()], id="states"),
    )


def _money() -> rx.Component:
    return rx.el.section(
        rx.el.h2("Order"),
        rx.cond(
            ByHandState.is_edit,
            rx.fragment(),
            rx.fragment(
                _field("Came by", "source", list="sources", max_length=120),
                rx.el.datalist(rx.foreach(ByHandState.sources, _source), id="sources"),
            ),
        ),
        rx.el.label(
            rx.el.span("Payment"),
            rx.el.select(
                *[rx.el.option(one.label, value=one.value) for one in PAYMENTS],
                name="payment",
                default_value=ByHandState.values["payment"],
                class_name="field select",
            ),
            class_name="hand-field",
        ),
        _field("Shipping, ₹", "shipping", input_mode="decimal", max_length=16),
        _field("Discount, ₹", "discount", input_mode="decimal", max_length=16),
        _field("Tax within the total, ₹", "tax", input_mode="decimal", max_length=16),
        rx.el.label(
            rx.el.span("Note"),
            rx.el.textarea(
                name="note",
                default_value=ByHandState.values["note"],
                rows="3",
                max_length=2000,
                class_name="field hand-note",
            ),
            class_name="hand-field",
        ),
        rx.el.div(
            rx.el.span("Total"),
            rx.el.output("₹0.00", custom_attrs={"data-total": "1"}),
            class_name="hand-total",
        ),
        notice(ByHandState.notice),
        rx.el.button(
            rx.cond(ByHandState.is_edit, "Save", "Create order"),
            type="submit",
            class_name="btn primary wide",
        ),
        class_name="card",
    )


def _source(name: str) -> rx.Component:
    return rx.el.option(value=name)


def _field(label: str, name: str, *, is_wide: bool = False, **props: Any) -> rx.Component:
    return rx.el.label(
        rx.el.span(label),
        rx.el.input(
            name=name,
            default_value=ByHandState.values[name],
            auto_complete="off",
            class_name="field",
            **props,
        ),
        _mistake(name),
        class_name="hand-field wide" if is_wide else "hand-field",
    )


def _mistake(name: str) -> rx.Component:
    said = ByHandState.mistakes.get(name, "")
    return mistake(said)
