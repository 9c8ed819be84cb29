"""The card of API tokens: the list, the form for a new one, and its secret, once."""

from typing import Any

import reflex as rx

from crm_app.services.api_tokens import MOST_DAYS
from crm_app.ui.me.tokens import TokenRow, TokensState
from crm_app.ui.shared.conditions import has_any
from crm_app.ui.shared.marks import button, icon
from crm_app.ui.shared.notes import mistake, notice


def tokens_card() -> rx.Component:
    return rx.el.section(
        rx.el.div(
            rx.el.h2("API tokens"),
            rx.cond(
                TokensState.is_making,
                rx.fragment(),
                button("New token", on_click=TokensState.show_form(True)),
            ),
            class_name="me-head",
        ),
        rx.el.p(
            "A program acts in your name with one, within what you tick and may do yourself.",
            class_name="quiet",
        ),
        rx.cond(TokensState.secret != "", _secret(), rx.fragment()),
        rx.cond(TokensState.is_making, _form(), rx.fragment()),
        rx.cond(
            has_any(TokensState.rows),
            rx.el.ul(rx.foreach(TokensState.rows, _token), class_name="sign-ins"),
            rx.fragment(),
        ),
        class_name="me-card",
        aria_label="API tokens",
    )


def _token(row: TokenRow) -> rx.Component:
    return token_item(row, TokensState.revoke(row.id))


def token_item(row: TokenRow, revoke: Any) -> rx.Component:
    """A token of a person or a program, and the button that ends it at once."""
    return rx.el.li(
        rx.el.span(icon("key-round", 16), class_name="sign-in-icon"),
        rx.el.div(
            rx.el.div(
                rx.el.span(row.name, class_name="strong"),
                rx.el.code(row.hint, class_name="quiet"),
                rx.cond(
                    row.is_over,
                    rx.el.span("Over", class_name="pill tone-mute plain"),
                    rx.fragment(),
                ),
                class_name="sign-in-name",
            ),
            rx.el.div(row.life, class_name="quiet"),
            rx.el.div(row.scopes, class_name="quiet"),
            class_name="sign-in-text",
        ),
        button("Revoke", aria_label="Revoke " + row.name, on_click=revoke),
        key=row.id,
        class_name="sign-in",
    )


def _secret() -> rx.Component:
    return rx.fragment(
        rx.el.div(
            rx.el.code(TokensState.secret, class_name="secret"),
            button(
                icon("copy", 14),
                "Copy",
                on_click=[
                    rx.set_clipboard(TokensState.secret),
                    rx.toast.success("Token copied"),
                ],
            ),
            class_name="secret-line",
        ),
        rx.el.p("Shown this once. Keep it where only the program reads it.", class_name="quiet"),
        rx.el.div(
            button("I have kept it", kind="primary", on_click=TokensState.forget_secret),
            class_name="me-end",
        ),
    )


def _form() -> rx.Component:
    return rx.el.form(
        _field("What it is for", "name", max_length=80, auto_focus=True),
        rx.el.fieldset(
            rx.el.legend("It may"),
            rx.foreach(TokensState.verbs, _verb),
            class_name="me-verbs",
        ),
        _mistake("scopes"),
        _field(
            "Days until it ends", "days", type="number", min=1, max=MOST_DAYS, default_value="90"
        ),
        notice(TokensState.failure),
        rx.el.div(
            rx.el.button("Make the token", type="submit", class_name="btn primary"),
            button("Not now", on_click=TokensState.show_form(False)),
            class_name="me-end",
        ),
        on_submit=TokensState.make,
        class_name="form",
    )


def _verb(verb: str) -> rx.Component:
    return rx.el.label(
        rx.el.input(type="checkbox", name="scope:" + verb),
        rx.el.code(verb),
        key=verb,
    )


def _field(label: str, name: str, **props: Any) -> rx.Component:
    props.setdefault("auto_complete", "off")
    return rx.fragment(
        rx.el.label(label, html_for=f"token-{name}"),
        rx.el.input(id=f"token-{name}", name=name, required=True, class_name="field", **props),
        _mistake(name),
    )


def _mistake(name: str) -> rx.Component:
    return mistake(TokensState.mistakes.get(name, ""))
