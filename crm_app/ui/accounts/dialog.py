"""Connect an account: choose the channel, fill in its form, have it tried."""

from typing import Final

import reflex as rx

from crm_app.ui.account.fields import Choice, form_fields, text_field
from crm_app.ui.accounts.state import AccountsState
from crm_app.ui.shared.marks import button, channel_mark, icon

KEYS_TRIED: Final = "The keys are tried on the channel before they are kept."
KEYS_UNTRIED: Final = (
    "Its keys cannot be tried: the channel has no call that changes nothing, so only the address "
    "is looked at. A wrong key shows with the first order that you tell it of."
)


def connect_dialog() -> rx.Component:
    return rx.dialog.root(
        rx.dialog.content(
            rx.cond(AccountsState.channel == "", _choice(), _form()),
            class_name="dialog dialog-wide",
        ),
        open=AccountsState.is_connecting,
        on_open_change=AccountsState.show_dialog,
    )


def _choice() -> rx.Component:
    return rx.fragment(
        rx.dialog.title("Connect an account", class_name="dialog-title"),
        rx.dialog.description("Where does this account sell?", class_name="quiet"),
        rx.el.div(rx.foreach(AccountsState.choices, _channel), class_name="channels"),
        rx.el.div(rx.dialog.close(button("Not now")), class_name="dialog-end"),
    )


def _channel(choice: Choice) -> rx.Component:
    return rx.el.button(
        channel_mark(choice.mark, choice.channel, choice.label),
        rx.el.span(choice.label, class_name="strong"),
        rx.el.span(choice.note, class_name="quiet"),
        type="button",
        key=choice.channel,
        class_name="channel-choice",
        on_click=AccountsState.choose(choice.channel),
    )


def _form() -> rx.Component:
    return rx.fragment(
        rx.dialog.title("Connect " + AccountsState.channel_label, class_name="dialog-title"),
        rx.dialog.description(
            rx.cond(
                AccountsState.is_inferred,
                "How this channel speaks is inferred from others' work, not published by it. ",
                "",
            ),
            rx.cond(AccountsState.tries_keys, KEYS_TRIED, KEYS_UNTRIED),
            " They are kept encrypted and never shown again.",
            class_name="quiet",
        ),
        rx.el.form(
            text_field(
                "name",
                "Name",
                AccountsState.name_mistake,
                "As your team calls it.",
                required=True,
                max_length=120,
                auto_focus=True,
            ),
            text_field(
                "base_url",
                "Address",
                AccountsState.address_mistake,
                AccountsState.address_help,
                required=True,
                max_length=300,
                default_value=AccountsState.address,
                input_mode="url",
            ),
            form_fields(AccountsState.fields),
            failure_line(AccountsState.form_failure),
            rx.el.div(
                button("Back", on_click=AccountsState.choose("")),
                rx.el.button(
                    rx.cond(AccountsState.is_trying, "Asking the channel…", "Try and connect"),
                    type="submit",
                    class_name="btn primary",
                    disabled=AccountsState.is_trying,
                ),
                class_name="dialog-end",
            ),
            key=AccountsState.channel,
            on_submit=AccountsState.connect,
            class_name="form",
        ),
    )


def failure_line(words: str) -> rx.Component:
    """What is wrong with the whole of a form."""
    return rx.cond(
        words != "",
        rx.el.p(
            icon("circle-alert"), rx.el.span(words), class_name="notice tone-bad", role="alert"
        ),
        rx.fragment(),
    )
