"""Business details: what papers say of the seller."""

from typing import Any

import reflex as rx

from crm_app.domain.gst import STATES
from crm_app.domain.permissions import Permission
from crm_app.ui.business.state import ALL, AccountChoice, BusinessState
from crm_app.ui.shared.blanks import failed, forbidden, skeleton_rows
from crm_app.ui.shared.conditions import both, is_not
from crm_app.ui.shared.navigation import may
from crm_app.ui.shared.notes import mistake, notice
from crm_app.ui.shared.shell import shell
from crm_app.ui.shared.shell_state import ShellState


def business_page() -> rx.Component:
    return shell(
        "Business details",
        rx.cond(
            both(ShellState.is_known, is_not(may(Permission.MANAGE_ACCOUNTS))),
            forbidden("Only people who manage accounts see this page."),
            rx.cond(
                BusinessState.failure != "",
                failed(BusinessState.failure, BusinessState.load),
                rx.cond(
                    BusinessState.is_loaded,
                    _form(),
                    skeleton_rows(6, ("160px", "40%")),
                ),
            ),
        ),
        section="business",
    )


def _form() -> rx.Component:
    return rx.el.div(
        rx.el.p(
            "They stand on invoices and packing slips. An invoice that is issued keeps what it "
            "said.",
            class_name="quiet",
        ),
        rx.el.label(
            rx.el.span("For"),
            rx.el.select(
                rx.el.option("All accounts without their own", value=str(ALL)),
                rx.foreach(BusinessState.accounts, _account),
                value=BusinessState.account_id.to_string(),  # pyright: ignore[reportAttributeAccessIssue]
                on_change=BusinessState.choose,
                class_name="field select",
            ),
            class_name="seller-field",
        ),
        rx.el.form(
            _field("Legal name", "legal_name", is_wide=True, required=True, max_length=200),
            _address(),
            _field("GSTIN", "gstin", max_length=20, spell_check=False),
            _field("State", "state", list="states", max_length=60),
            rx.el.datalist(*[rx.el.option(value=name) for name in STATES.values()], id="states"),
            _field("Phone", "phone", max_length=40),
            _field("E-mail", "email", max_length=254),
            _field(
                "Invoice numbers begin with",
                "series",
                required=True,
                max_length=4,
                help_text="One to four letters. Each series counts from 1 in every financial year.",
            ),
            _field(
                "HSN code of your goods",
                "hsn",
                input_mode="numeric",
                max_length=8,
                help_text="Where one code fits all of them. Left empty, invoices show none.",
            ),
            _field("Line at the foot of papers", "footer", is_wide=True, max_length=300),
            notice(BusinessState.notice),
            rx.el.div(
                rx.el.button("Save", type="submit", class_name="btn primary"),
                class_name="seller-end",
            ),
            on_submit=BusinessState.save,
            class_name="card seller-form",
            key=BusinessState.drawn.to_string(),  # pyright: ignore[reportAttributeAccessIssue]
        ),
        class_name="seller",
    )


def _account(choice: AccountChoice) -> rx.Component:
    return rx.el.option(choice.name, value=choice.key)


def _address() -> rx.Component:
    return rx.el.label(
        rx.el.span("Address"),
        rx.el.textarea(
            name="address",
            default_value=BusinessState.values["address"],
            rows="3",
            max_length=500,
            class_name="field seller-address",
        ),
        _mistake("address"),
        class_name="seller-field wide",
    )


def _field(
    label: str, name: str, *, is_wide: bool = False, help_text: str = "", **props: Any
) -> rx.Component:
    return rx.el.label(
        rx.el.span(label),
        rx.el.input(
            name=name,
            default_value=BusinessState.values[name],
            auto_complete="off",
            class_name="field",
            **props,
        ),
        rx.el.span(help_text, class_name="quiet") if help_text else rx.fragment(),
        _mistake(name),
        class_name="seller-field wide" if is_wide else "seller-field",
    )


def _mistake(name: str) -> rx.Component:
    said = BusinessState.mistakes.get(name, "")
    return mistake(said)
