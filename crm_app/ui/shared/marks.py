"""The small signs that every page draws the same way."""

from typing import Any

import reflex as rx

from crm_app.ui.shared.tones import Pill


def channel_mark(mark: str, channel: str, label: str) -> rx.Component:
    """Two letters in the channel's colour; read out as the channel's name."""
    return rx.el.span(
        mark, class_name="mark mark-" + channel, title=label, role="img", aria_label=label
    )


def pill(value: Pill) -> rx.Component:
    """A word with its ring; nothing where the text is empty."""
    return rx.cond(
        value.text != "",
        rx.el.span(
            rx.el.i(class_name="stage stage-" + value.stage, aria_hidden="true"),
            value.text,
            class_name="pill tone-" + value.tone,
            title=value.title,
        ),
        rx.fragment(),
    )


def tag(word: str) -> rx.Component:
    """A short fact in a thin frame."""
    return rx.el.span(word, class_name="tag")


def time_text(text: str, exact: str, class_name: str = "quiet") -> rx.Component:
    """A moment in words; its exact time and zone on hover."""
    return rx.el.span(text, title=exact, class_name=class_name)


def key(*names: str) -> rx.Component:
    """Keys of the keyboard."""
    return rx.el.span(*[rx.el.kbd(name) for name in names], class_name="keys")


def icon(name: str, size: int = 16) -> rx.Component:
    """A line icon beside words; it says nothing by itself."""
    return rx.icon(name, size=size, stroke_width=1.75, aria_hidden="true", class_name="icon")


def button(*children: Any, kind: str = "", **props: Any) -> rx.Component:
    """A plain button; `kind` is `primary`, `quiet`, `danger` or nothing."""
    props.setdefault("type", "button")
    return rx.el.button(*children, class_name=f"btn {kind}".strip(), **props)


def unseen(deed: str, on_click: Any) -> rx.Component:
    """What the palette does by its name where the page has it in a menu (`assets/palette.js`)."""
    return rx.el.button(
        type="button",
        hidden=True,
        tab_index=-1,
        aria_hidden="true",
        custom_attrs={"data-do": deed, "data-unseen": "1"},
        on_click=on_click,
    )


def ticker(on_tick: Any, every_ms: Any) -> rx.Component:
    """Fire `on_tick` again and again while the tab is visible (`assets/desk.js`)."""
    return rx.el.button(
        type="button",
        hidden=True,
        tab_index=-1,
        aria_hidden="true",
        custom_attrs={"data-every": every_ms},
        on_click=on_tick,
    )
