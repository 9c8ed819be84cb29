"""The fields of a hold: the same words and the same dates wherever orders are put on hold."""

from collections.abc import Callable

import reflex as rx

from crm_app.domain.working import HoldReason
from crm_app.services.working.holding import LONGEST_NOTE


def hold_fields(
    mistake: Callable[[str], rx.Component] = lambda _name: rx.fragment(),
    *,
    is_focused: bool = False,
    is_long: bool = False,
) -> tuple[rx.Component, ...]:
    """What `bulk_working` reads of a form: `reason`, `until` and `note`, each after its label.

    Args:
        mistake: Draws what is wrong with a field of this name.
        is_focused: Whether the first field has the focus as soon as it is drawn.
        is_long: Whether the note has room for more than a line.
    """
    note = (
        rx.el.textarea(
            id="hold-note",
            name="note",
            rows="2",
            max_length=LONGEST_NOTE,
            class_name="field talk-field",
        )
        if is_long
        else rx.el.input(
            id="hold-note",
            name="note",
            max_length=LONGEST_NOTE,
            auto_complete="off",
            class_name="field",
        )
    )
    return (
        rx.el.label("Reason", html_for="hold-reason"),
        rx.el.select(
            *[rx.el.option(one.label, value=one.value) for one in HoldReason],
            id="hold-reason",
            name="reason",
            class_name="field select",
            auto_focus=is_focused,
        ),
        rx.el.label("Release on (or empty)", html_for="hold-until"),
        rx.el.input(id="hold-until", name="until", type="date", class_name="field"),
        mistake("until"),
        rx.el.label("Note", html_for="hold-note"),
        note,
        mistake("note"),
    )
