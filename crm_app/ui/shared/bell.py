"""The bell: how many notices are unread, and the newest of them behind it."""

import reflex as rx

from crm_app.ui.shared.bell_state import BellState, NoticeRow
from crm_app.ui.shared.conditions import has_any
from crm_app.ui.shared.links import link
from crm_app.ui.shared.marks import button, icon
from crm_app.ui.shared.shell_state import ShellState


def bell(place: str = "") -> rx.Component:
    """The button with the number, and its panel; `place` is a further class of the button."""
    return rx.popover.root(
        rx.popover.trigger(
            rx.el.button(
                icon("bell", 15),
                rx.cond(
                    ShellState.unread != "",
                    rx.el.b(ShellState.unread, class_name="bell-count"),
                    rx.fragment(),
                ),
                type="button",
                class_name=f"ghost bell {place}".strip(),
                aria_label=rx.cond(
                    ShellState.unread != "",
                    "Notices, " + ShellState.unread + " unread",
                    "Notices",
                ),
                title="Notices",
            )
        ),
        rx.popover.content(
            rx.el.div(
                rx.el.span("Notices", class_name="strong"),
                rx.cond(
                    ShellState.unread != "",
                    button("Mark all as read", kind="quiet", on_click=BellState.read_all),
                    rx.fragment(),
                ),
                class_name="bell-head",
            ),
            rx.cond(
                BellState.failure != "",
                rx.el.p(BellState.failure, class_name="bell-none", role="alert"),
                _list(),
            ),
            class_name="pop pop-bell",
            custom_attrs={"aria-label": "Notices"},
            align="start",
        ),
        on_open_change=BellState.look,
    )


def _list() -> rx.Component:
    return rx.cond(
        has_any(BellState.rows),
        rx.el.ul(rx.foreach(BellState.rows, _row), class_name="bell-list"),
        rx.el.p(
            rx.cond(
                BellState.is_loaded,
                "Nothing yet. You are told here when somebody mentions you, when an order that you"
                " watch changes, and when a channel needs you.",
                "Reading…",
            ),
            class_name="bell-none",
        ),
    )


def _row(row: NoticeRow) -> rx.Component:
    return rx.el.li(
        rx.popover.close(
            link(
                rx.match(
                    row.kind,
                    ("alert", icon("siren", 15)),
                    ("mention", icon("at-sign", 15)),
                    ("file", icon("download", 15)),
                    ("watch", icon("eye", 15)),
                    icon("bell", 15),
                ),
                rx.el.span(
                    rx.el.span(row.sentence),
                    rx.el.time(row.at, title=row.exact, class_name="quiet"),
                    class_name="bell-text",
                ),
                rx.cond(
                    row.is_read,
                    rx.fragment(),
                    rx.el.span(rx.el.span("Unread", class_name="sr-only"), class_name="bell-dot"),
                ),
                href=row.href,
                on_click=BellState.read(row.id),
                class_name=rx.cond(row.is_read, "bell-row", "bell-row unread"),
            )
        ),
        key=row.id,
    )
