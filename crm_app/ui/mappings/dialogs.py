"""The dialogs of the page: what a word means and where, and which stored orders to look at."""

import reflex as rx

from crm_app.domain.order_status import OrderStatus
from crm_app.ui.mappings.state import MappingsState
from crm_app.ui.mappings.view import EVERYWHERE, Choice
from crm_app.ui.shared.marks import button
from crm_app.ui.shared.notes import mistake, notice


def meaning_dialog() -> rx.Component:
    editing = MappingsState.editing
    return rx.dialog.root(
        rx.dialog.content(
            rx.dialog.title("What does it mean?", class_name="dialog-title"),
            rx.dialog.description(
                editing.channel_label,
                " says ",
                rx.el.code(editing.word, class_name="word"),
                " (" + editing.place + "). Orders that come in from now on follow what you choose; "
                "those that are here are shown to you first.",
                class_name="quiet",
            ),
            rx.el.form(
                rx.el.label("It means", html_for="word-status"),
                rx.el.select(
                    rx.el.option("Choose a status", value="", disabled=True),
                    *[rx.el.option(one.label, value=one.value) for one in OrderStatus],
                    id="word-status",
                    name="status",
                    default_value=editing.status,
                    required=True,
                    auto_focus=True,
                    class_name="field",
                ),
                _mistake("status"),
                _mistake("word"),
                _scope("word-scope", editing.scope),
                _failure(),
                rx.el.div(
                    rx.dialog.close(button("Not now")),
                    rx.el.button("Set the meaning", type="submit", class_name="btn primary"),
                    class_name="dialog-end",
                ),
                on_submit=MappingsState.save,
                class_name="form",
            ),
            class_name="dialog",
        ),
        open=editing.is_open,
        on_open_change=MappingsState.close_dialog,
    )


def look_dialog() -> rx.Component:
    return rx.dialog.root(
        rx.dialog.content(
            rx.dialog.title("Look at all stored orders?", class_name="dialog-title"),
            rx.dialog.description(
                "Each is read again with the words as they are now, in the background. Nothing is "
                "changed: you see the difference first.",
                class_name="quiet",
            ),
            rx.el.form(
                _scope("look-scope", EVERYWHERE),
                rx.el.div(
                    rx.dialog.close(button("Not now")),
                    rx.el.button("Look", type="submit", class_name="btn primary"),
                    class_name="dialog-end",
                ),
                on_submit=MappingsState.look_at_all,
                class_name="form",
            ),
            class_name="dialog",
        ),
        open=MappingsState.is_asking,
        on_open_change=MappingsState.close_dialog,
    )


def _scope(field: str, chosen: str) -> rx.Component:
    return rx.fragment(
        rx.el.label("Where", html_for=field),
        rx.el.select(
            rx.el.option("On every account of " + MappingsState.scope_label, value=EVERYWHERE),
            rx.foreach(MappingsState.scopes, _account),
            id=field,
            name="scope",
            default_value=chosen,
            class_name="field",
        ),
    )


def _account(account: Choice) -> rx.Component:
    return rx.el.option("Only on " + account.label, value=account.key, key=account.key)


def _mistake(name: str) -> rx.Component:
    said = MappingsState.mistakes.get(name, "")
    return mistake(said)


def _failure() -> rx.Component:
    return notice(MappingsState.form_failure)
