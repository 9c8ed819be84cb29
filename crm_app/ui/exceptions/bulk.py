"""The bar of deeds for picked lines, the whole cause, and what came of it."""

from typing import Any

import reflex as rx

from crm_app.domain.permissions import Permission
from crm_app.ui.exceptions.bulk_state import BulkState
from crm_app.ui.exceptions.snoozes import CHOICES
from crm_app.ui.exceptions.state import ExceptionsState
from crm_app.ui.shared.choices import Option
from crm_app.ui.shared.conditions import both, has_any, is_not
from crm_app.ui.shared.filter_parts import dropdown
from crm_app.ui.shared.marks import button, icon
from crm_app.ui.shared.navigation import may


def bulk_bar() -> rx.Component:
    return rx.cond(
        may(Permission.CHANGE_STATUS),
        rx.fragment(
            rx.cond(has_any(BulkState.picked), _picked(), _cause()),
            _report(),
            _close_dialog(),
            _cause_dialog(),
        ),
        rx.fragment(),
    )


def _picked() -> rx.Component:
    return rx.el.div(
        rx.el.span(BulkState.picked.length(), " picked", class_name="strong"),  # type: ignore[attr-defined]
        button(icon("rotate-cw", 14), "Try again", on_click=BulkState.retry),
        dropdown("Assign", assign_items(BulkState.assign), label="Assign"),
        dropdown("Snooze", snooze_items(BulkState.snooze), label="Snooze"),
        button("Close…", on_click=BulkState.ask("close")),
        rx.el.span(class_name="gap"),
        button("Clear", kind="quiet", on_click=BulkState.put_away),
        class_name="deeds-bar",
        role="group",
        aria_label="Deeds for the picked lines",
    )


def _cause() -> rx.Component:
    """Offered where a cause is chosen whose lines can be tried again."""
    cause = ExceptionsState.menus.cause.text
    return rx.cond(
        both(ExceptionsState.can_retry_cause, is_not(BulkState.is_working)),
        rx.el.div(
            rx.el.span("Everything under ", rx.el.b(cause), " at once:"),
            button(icon("rotate-cw", 14), "Try all again…", on_click=BulkState.ask("cause")),
            class_name="deeds-bar plain-deeds",
        ),
        rx.fragment(),
    )


def _report() -> rx.Component:
    return rx.cond(
        BulkState.report != "",
        rx.el.div(
            icon("info", 14),
            rx.el.div(
                rx.el.span(BulkState.report),
                rx.cond(BulkState.is_working, rx.el.span(" Going on…"), rx.fragment()),
                rx.foreach(BulkState.reasons, _reason),
                class_name="report-text",
            ),
            rx.el.button(
                icon("x", 14),
                type="button",
                class_name="ghost",
                aria_label="Put the report away",
                on_click=BulkState.put_away,
            ),
            class_name="deed-report",
            role="status",
        ),
        rx.fragment(),
    )


def _reason(text: str) -> rx.Component:
    return rx.el.div(text, class_name="quiet")


def snooze_items(on_choose: Any) -> rx.Component:
    return rx.fragment(
        *[
            rx.popover.close(
                rx.el.button(label, type="button", class_name="item", on_click=on_choose(choice))
            )
            for choice, label in CHOICES.items()
        ]
    )


def assign_items(on_choose: Any) -> rx.Component:
    """Me, nobody, then everybody else by name."""

    def person(option: Option) -> rx.Component:
        return rx.cond(
            (option.key != "all") & (option.key != "me") & (option.key != "nobody"),
            rx.popover.close(
                rx.el.button(
                    option.label, type="button", class_name="item", on_click=on_choose(option.key)
                )
            ),
            rx.fragment(),
        )

    return rx.fragment(
        rx.popover.close(
            rx.el.button("Me", type="button", class_name="item", on_click=on_choose("me"))
        ),
        rx.popover.close(
            rx.el.button("Nobody", type="button", class_name="item", on_click=on_choose(""))
        ),
        rx.foreach(ExceptionsState.menus.people, person),
    )


def _close_dialog() -> rx.Component:
    return rx.dialog.root(
        rx.dialog.content(
            rx.dialog.title("Close what is picked", class_name="dialog-title"),
            rx.dialog.description(
                "They leave the list; the note stays with each of them. What can only be cured is "
                "left open and named.",
                class_name="quiet",
            ),
            rx.el.form(
                rx.el.label("What was done", html_for="bulk-note"),
                rx.el.input(
                    id="bulk-note",
                    name="note",
                    required=True,
                    max_length=500,
                    auto_focus=True,
                    auto_complete="off",
                    class_name="field",
                ),
                rx.cond(
                    BulkState.failure != "",
                    rx.el.p(BulkState.failure, class_name="mistake", role="alert"),
                    rx.fragment(),
                ),
                rx.el.div(
                    rx.dialog.close(button("Not now")),
                    rx.el.button("Close them", type="submit", class_name="btn primary"),
                    class_name="dialog-end",
                ),
                on_submit=BulkState.resolve,
                class_name="form",
            ),
            class_name="dialog",
        ),
        open=BulkState.asks == "close",
        on_open_change=BulkState.close_question,
    )


def _cause_dialog() -> rx.Component:
    return rx.dialog.root(
        rx.dialog.content(
            rx.dialog.title("Try all of them again", class_name="dialog-title"),
            rx.dialog.description(
                "Each one that these filters name is tried once: refused changes are sent again, "
                "what waits takes its turn, what was set aside is replayed. The channels' limits "
                "hold; one that fails stops none of the others.",
                class_name="quiet",
            ),
            rx.el.div(
                rx.dialog.close(button("Not now")),
                button("Try all again", kind="primary", on_click=BulkState.retry_cause),
                class_name="dialog-end",
            ),
            class_name="dialog",
        ),
        open=BulkState.asks == "cause",
        on_open_change=BulkState.close_question,
    )
