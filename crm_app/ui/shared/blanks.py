"""What a page shows instead of its content: waiting, empty, failed, forbidden, missing."""

from typing import Any

import reflex as rx

from crm_app.ui.shared.links import link
from crm_app.ui.shared.marks import button, icon


def blank(
    sign: str, title: Any, sentence: Any, *actions: rx.Component, tone: str = "mute"
) -> rx.Component:
    """A sign, a title, one honest sentence, and what can be done."""
    return rx.el.div(
        rx.el.div(icon(sign, 20), class_name=f"blank-sign tone-{tone}"),
        rx.el.h2(title),
        rx.el.p(sentence),
        rx.el.div(*actions, class_name="blank-actions") if actions else rx.fragment(),
        class_name="blank",
        role="status",
    )


def failed(sentence: Any, retry: Any, *others: rx.Component) -> rx.Component:
    return blank(
        "cloud-off",
        "This could not be loaded",
        sentence,
        button("Try again", kind="primary", on_click=retry),
        *others,
        tone="bad",
    )


def forbidden(what: str) -> rx.Component:
    return blank(
        "lock",
        "Not yours to open",
        f"{what} Ask an admin if you need it.",
        link("Go to orders", href="/orders", class_name="btn"),
    )


def skeleton_rows(count: int, columns: tuple[str, ...]) -> rx.Component:
    """Grey bars in the shape of a table, `columns` being their widths."""
    bars = [
        rx.el.div(
            *[rx.el.span(class_name="bone", style={"width": width}) for width in columns],
            class_name="bone-row",
        )
        for _ in range(count)
    ]
    return rx.el.div(*bars, class_name="bones", aria_busy="true", aria_label="Loading")
