"""The page of the data officer."""

from typing import Any, Final, Literal

import reflex as rx

from crm_app.domain.permissions import Permission
from crm_app.ui.privacy.state import PrivacyState
from crm_app.ui.privacy.view import BASES, BasisRow, RequestRow, RuleRow
from crm_app.ui.shared.blanks import failed, forbidden, skeleton_rows
from crm_app.ui.shared.conditions import both, has_any, is_not
from crm_app.ui.shared.marks import button, channel_mark, icon, pill, ticker, time_text
from crm_app.ui.shared.native import NativeAnchor
from crm_app.ui.shared.navigation import may
from crm_app.ui.shared.shell import shell
from crm_app.ui.shared.shell_state import ShellState

REFRESH_MS: Final = 5_000


def privacy_page() -> rx.Component:
    return shell(
        "Personal data",
        rx.cond(
            both(ShellState.is_known, is_not(may(Permission.MANAGE_PRIVACY))),
            forbidden("Only the data officer sees requests about personal data."),
            rx.cond(
                PrivacyState.failure != "",
                failed(PrivacyState.failure, PrivacyState.load),
                rx.cond(
                    PrivacyState.is_loaded, _content(), skeleton_rows(6, ("20%", "40%", "90px"))
                ),
            ),
        ),
        _sure(),
        ticker(PrivacyState.refresh, REFRESH_MS),
        section="privacy",
        about=PrivacyState.late,
    )


def _content() -> rx.Component:
    return rx.el.div(
        _said(PrivacyState.notice, "circle-alert", "bad", "alert"),
        _said(PrivacyState.done, "check", "ok", "status"),
        _new(),
        _requests(),
        _rules(),
        _bases(),
        class_name="privacy",
    )


def _said(words: Any, sign: str, tone: str, role: Literal["alert", "status"]) -> rx.Component:
    return rx.cond(
        words != "",
        rx.el.p(icon(sign), rx.el.span(words), class_name=f"notice tone-{tone}", role=role),
        rx.fragment(),
    )


def _new() -> rx.Component:
    return rx.el.form(
        rx.el.h2("A new request"),
        rx.el.input(
            name="subject",
            placeholder="E-mail, phone or order number",
            aria_label="E-mail, phone or order number",
            required=True,
            max_length=300,
            auto_complete="off",
            class_name="field",
        ),
        rx.el.select(
            rx.el.option("Hand out what is kept", value="export"),
            rx.el.option("Erase", value="erase"),
            name="kind",
            aria_label="What is asked",
            class_name="field",
        ),
        rx.el.input(
            name="source",
            placeholder="How it came: mail, phone …",
            aria_label="How it came",
            max_length=60,
            class_name="field",
        ),
        button("Write it down", type="submit", kind="primary"),
        on_submit=PrivacyState.take_down,
        key=PrivacyState.drawn,
        class_name="card privacy-form",
    )


def _table(caption: str, heads: tuple[str, ...], body: rx.Component) -> rx.Component:
    return rx.el.div(
        rx.el.table(
            rx.el.caption(caption, class_name="sr-only"),
            rx.el.thead(rx.el.tr(*[rx.el.th(head, scope="col") for head in heads])),
            rx.el.tbody(body),
            class_name="lines",
        ),
        class_name="scroll",
    )


def _requests() -> rx.Component:
    heads = ("State", "What", "Who", "Orders", "Received", "Due", "What was done", "Deeds")
    return rx.el.section(
        rx.el.h2("Requests"),
        rx.cond(
            has_any(PrivacyState.rows),
            _table("Requests", heads, rx.foreach(PrivacyState.rows, _request)),
            rx.el.p("Nobody has asked yet.", class_name="quiet"),
        ),
        class_name="card",
    )


def _request(row: RequestRow) -> rx.Component:
    return rx.el.tr(
        rx.el.td(pill(row.state)),
        rx.el.td(row.kind),
        rx.el.th(row.who, rx.el.div(row.source, class_name="quiet"), scope="row"),
        rx.el.td(row.orders, class_name="num"),
        rx.el.td(time_text(row.received, row.received_exact)),
        rx.el.td(
            rx.el.span(row.due, title=row.due_exact),
            rx.cond(row.is_late, rx.el.b(" late", class_name="level-bad"), rx.fragment()),
        ),
        rx.el.td(row.did, rx.el.div(row.by, class_name="quiet")),
        rx.el.td(
            rx.cond(
                row.is_open,
                button("Decide…", kind="small", on_click=PrivacyState.ask(row.id)),
                rx.fragment(),
            ),
            rx.cond(
                row.file_href != "",
                NativeAnchor.create(icon("download", 14), "File", href=row.file_href),
                rx.fragment(),
            ),
        ),
        key=row.id,
    )


def _sure() -> rx.Component:
    asked = PrivacyState.asked
    return rx.dialog.root(
        rx.dialog.content(
            rx.dialog.title(asked.kind + ": " + asked.who, class_name="dialog-title"),
            rx.dialog.description(
                rx.cond(
                    asked.is_erasure,
                    "The person is taken out of orders, customers, history, comments, payloads, "
                    "webhooks, files and downloads. This cannot be undone, and no import brings "
                    "it back. Amounts, days and places stay, and invoices stay as the law asks. "
                    "Orders on their way are erased when they have ended.",
                    "A worker makes one file with everything that is kept of the person. Hand it "
                    "over only when you know who asks.",
                ),
                class_name="quiet",
            ),
            rx.el.form(
                rx.el.input(
                    name="why",
                    placeholder="Why it is refused",
                    aria_label="Why it is refused",
                    max_length=1000,
                    class_name="field",
                ),
                button("Refuse", type="submit"),
                on_submit=PrivacyState.refuse,
                class_name="privacy-form",
            ),
            rx.el.div(
                rx.dialog.close(button("Not now")),
                button(
                    rx.cond(asked.is_erasure, "Erase " + asked.orders + " orders", "Make the file"),
                    kind="danger",
                    on_click=PrivacyState.carry_out,
                ),
                class_name="dialog-end",
            ),
            class_name="dialog",
        ),
        open=asked.id != 0,
        on_open_change=PrivacyState.ask(0),
    )


def _rules() -> rx.Component:
    return rx.el.section(
        rx.el.h2("How long data are kept"),
        rx.el.p(
            "Days after an order has ended; empty keeps them as long as the order. Amazon allows "
            "30 days after delivery.",
            class_name="quiet",
        ),
        rx.foreach(PrivacyState.rules, _rule),
        class_name="card",
    )


def _rule(row: RuleRow) -> rx.Component:
    return rx.el.form(
        rx.el.input(type="hidden", name="channel", value=row.channel),
        rx.el.span(
            channel_mark(row.mark, row.channel, row.label), row.label, class_name="privacy-name"
        ),
        _days("contact", "Name and address", row.contact, row.label),
        _days("payload", "Raw payloads", row.payload, row.label),
        button("Keep", kind="small", type="submit"),
        rx.el.span(row.last, class_name="quiet"),
        on_submit=PrivacyState.keep_rule,
        key=row.channel + row.contact + row.payload,
        class_name="privacy-form",
    )


def _days(name: str, label: str, value: Any, channel: Any) -> rx.Component:
    return rx.el.input(
        type="number",
        name=name,
        min="1",
        max="3650",
        default_value=value,
        placeholder=f"{label}, days",
        aria_label=rx.Var.create(f"{label} of ") + channel + ", days",
        class_name="field",
    )


def _bases() -> rx.Component:
    return rx.el.section(
        rx.el.h2("On which basis"),
        rx.foreach(PrivacyState.bases, _basis),
        class_name="card",
    )


def _basis(row: BasisRow) -> rx.Component:
    return rx.el.form(
        rx.el.input(type="hidden", name="account", value=row.account_id),
        rx.el.span(
            channel_mark(row.mark, row.channel, row.channel),
            row.account,
            class_name="privacy-name",
        ),
        rx.el.select(
            rx.el.option("Not noted", value=""),
            *[rx.el.option(words, value=basis.value) for basis, words in BASES.items()],
            name="basis",
            default_value=row.basis,
            aria_label="Basis of " + row.account,
            class_name="field",
        ),
        rx.el.input(
            name="note",
            default_value=row.note,
            placeholder="Where consent is given, or why",
            aria_label="Note on " + row.account,
            max_length=500,
            class_name="field",
        ),
        button("Keep", kind="small", type="submit"),
        on_submit=PrivacyState.keep_basis,
        key=row.account_id,
        class_name="privacy-form",
    )
