"""The list of keys, opened with `?`. Plain HTML, driven by `assets/desk.js`."""

from typing import Final

import reflex as rx

from crm_app.ui.shared.marks import key
from crm_app.ui.shared.native import native_form
from crm_app.ui.shared.navigation import PLACES


def inside(label: str) -> str:
    """A place's name within a sentence: `status words`, but `SKUs`."""
    return label if label[1].isupper() else label.lower()


KEYS: Final[tuple[tuple[tuple[str, ...], str], ...]] = (
    (("Ctrl", "K"), "Go anywhere, do anything, find an order"),
    (("/",), "Search in the list"),
    (("j",), "Next order"),
    (("k",), "Previous order"),
    (("Enter",), "Open it beside the list"),
    (("x",), "Choose it; with Shift all up to it"),
    (("e",), "Change the status"),
    (("a",), "Assign"),
    (("t",), "Tag"),
    (("c",), "Comment"),
    (("h",), "Hold, or release"),
    (("i",), "Priority"),
    (("n",), "Next page"),
    (("p",), "Previous page"),
    (("u",), "Back to the list"),
    (("Alt", "←"), "Move the column whose head has the focus; with Shift make it narrower"),
    *[(("g", place.letter), f"Go to {inside(place.label)}") for place in PLACES],
    (("?",), "Show these keys"),
    (("Esc",), "Close, leave the search, or choose none"),
)


def help_dialog() -> rx.Component:
    return rx.el.dialog(
        native_form(
            rx.el.h2("Keyboard shortcuts"),
            rx.el.button("Close", class_name="btn", value="close"),
            method="dialog",
            class_name="help-head",
        ),
        rx.el.dl(
            *[
                rx.el.div(rx.el.dt(key(*names)), rx.el.dd(meaning), class_name="help-row")
                for names, meaning in KEYS
            ]
        ),
        id="keys",
        class_name="help",
        aria_label="Keyboard shortcuts",
    )
