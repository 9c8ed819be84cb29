"""The dialogs of an account's page."""

from typing import Any

import reflex as rx

from crm_app.ui.account.fields import form_fields, text_field
from crm_app.ui.account.state import AccountState
from crm_app.ui.accounts.dialog import KEYS_TRIED, KEYS_UNTRIED, failure_line
from crm_app.ui.shared.marks import button, icon


def dialogs() -> rx.Component:
    return rx.fragment(_rename(), _edit(), _sweep(), _replay(), _pause(), _secret(), _options())


def _dialog(name: str, title: Any, words: Any, *content: rx.Component) -> rx.Component:
    return rx.dialog.root(
        rx.dialog.content(
            rx.dialog.title(title, class_name="dialog-title"),
            rx.dialog.description(words, class_name="quiet"),
            *content,
            class_name="dialog",
        ),
        open=AccountState.dialog == name,
        on_open_change=AccountState.close_dialog,
    )


def _form(*fields: rx.Component, submit: Any, on_submit: Any, **props: Any) -> rx.Component:
    return rx.el.form(
        *fields,
        failure_line(AccountState.form_failure),
        rx.el.div(
            rx.dialog.close(button("Not now")),
            rx.el.button(submit, type="submit", class_name="btn primary", **props),
            class_name="dialog-end",
        ),
        on_submit=on_submit,
        class_name="form",
    )


def _mistake(name: str) -> Any:
    return AccountState.mistakes.get(name, "")


def _rename() -> rx.Component:
    return _dialog(
        "rename",
        "Rename this account",
        "The name people see; nothing changes at the channel.",
        _form(
            text_field(
                "name",
                "Name",
                _mistake("name"),
                default_value=AccountState.account.name,
                required=True,
                max_length=120,
                auto_focus=True,
            ),
            submit="Rename",
            on_submit=AccountState.rename,
        ),
    )


def _edit() -> rx.Component:
    return _dialog(
        "edit",
        "Address and keys of " + AccountState.account.name,
        rx.fragment(
            "What you leave empty stays as it is, unless the address leads to another host. ",
            rx.cond(AccountState.account.pulls, KEYS_TRIED, KEYS_UNTRIED),
        ),
        _form(
            text_field(
                "base_url",
                "Address",
                _mistake("base_url"),
                default_value=AccountState.account.address,
                required=True,
                max_length=300,
                input_mode="url",
            ),
            form_fields(AccountState.fields),
            submit=rx.cond(AccountState.is_busy, "Asking the channel…", "Try and keep"),
            on_submit=AccountState.change_connection,
            disabled=AccountState.is_busy,
        ),
    )


def _sweep() -> rx.Component:
    return _dialog(
        "sweep",
        "Deep sweep",
        "Walks the channel's list of the last days beside the usual pulls, with a fifth of the "
        "limits, and brings in whatever is missing here or newer there.",
        _form(
            text_field(
                "days",
                "Days back",
                _mistake("days"),
                "From 1 to 365. The longer, the more of the day's limit it takes.",
                type="number",
                min="1",
                max="365",
                default_value=AccountState.sweep_days,
                required=True,
            ),
            submit="Begin",
            on_submit=AccountState.sweep,
        ),
    )


def _replay() -> rx.Component:
    return _dialog(
        "replay",
        "Read again",
        "Everything that changed since then is asked for once more. Safe to repeat: what is "
        "here already stays, and an older version never overwrites a newer one.",
        _form(
            text_field(
                "since",
                "From",
                _mistake("since"),
                "In the time of the business.",
                type="datetime-local",
                default_value=AccountState.replay_from,
                required=True,
            ),
            submit="Read again",
            on_submit=AccountState.replay,
        ),
    )


def _pause() -> rx.Component:
    return _dialog(
        "pause",
        "Pause " + AccountState.account.name,
        "The channel is asked nothing and told nothing until somebody resumes it. Changes wait "
        "here; webhooks are still stored. It goes on from where it was, so nothing is lost.",
        rx.el.div(
            rx.dialog.close(button("Not now")),
            button("Pause", kind="danger", on_click=AccountState.pause),
            class_name="dialog-end",
        ),
    )


def _options() -> rx.Component:
    return _dialog(
        "options",
        "Options of " + AccountState.account.name,
        "They hold from the next call of the channel on. Empty goes back to the usual value.",
        _form(
            form_fields(AccountState.fields),
            submit="Keep",
            on_submit=AccountState.change_options,
        ),
    )


def _secret() -> rx.Component:
    return _dialog(
        "secret",
        "Webhook secret",
        rx.cond(
            AccountState.secret != "",
            "Shown this once. Enter it at the channel beside the address.",
            "A new secret is made and shown once. Webhooks that carry the old one are refused "
            "from then on, until the channel has the new one.",
        ),
        failure_line(AccountState.form_failure),
        rx.cond(
            AccountState.secret != "",
            rx.fragment(
                rx.el.div(
                    rx.el.code(AccountState.secret, class_name="secret"),
                    button(
                        icon("copy", 14),
                        "Copy",
                        on_click=[
                            rx.set_clipboard(AccountState.secret),
                            rx.toast.success("Secret copied"),
                        ],
                    ),
                    class_name="secret-line",
                ),
                rx.el.div(rx.dialog.close(button("Done", kind="primary")), class_name="dialog-end"),
            ),
            rx.el.div(
                rx.dialog.close(button("Not now")),
                button("Make a new secret", kind="primary", on_click=AccountState.renew_secret),
                class_name="dialog-end",
            ),
        ),
    )
