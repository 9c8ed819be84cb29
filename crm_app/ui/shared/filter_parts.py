"""What every filter bar is made of: menus of links, ranges of days, chips of what is on."""

from typing import Any, Literal

import reflex as rx

from crm_app.ui.shared.choices import Chip, Option
from crm_app.ui.shared.links import link
from crm_app.ui.shared.marks import button, channel_mark, icon, pill
from crm_app.ui.shared.shell_state import ShellState


def menu(name: str, *content: Any, class_name: str = "") -> rx.Component:
    """A filter's menu; its button carries the filter's name."""
    says = f"Filter by {name.lower()}"
    return dropdown(name, *content, label=says, class_name=class_name)


def dropdown(
    shown: Any,
    *content: Any,
    label: str,
    class_name: str = "",
    align: Literal["start", "end"] = "start",
    **props: Any,
) -> rx.Component:
    """A button that opens a menu below it.

    Args:
        shown: What stands on the button.
        content: The menu's items.
        label: The menu's name, for those who hear it.
        align: The side on which menu and button meet.
        props: Of the button.
    """
    return rx.popover.root(
        rx.popover.trigger(
            rx.el.button(
                shown, icon("chevron-down", 13), type="button", class_name="btn menu", **props
            )
        ),
        rx.popover.content(
            *content,
            class_name=f"pop {class_name}".strip(),
            align=align,
            custom_attrs={"aria-label": label},
        ),
    )


def _option(option: Option, *content: Any) -> rx.Component:
    return link(
        rx.el.span(rx.cond(option.is_on, icon("check", 14), rx.fragment()), class_name="tick"),
        *content,
        key=option.key,
        href=option.href,
        class_name="item",
        aria_current=rx.cond(option.is_on, "true", "false"),
    )


def with_out(option: Option, choice: rx.Component) -> rx.Component:
    """A choice with, at its end, the way to leave it out instead."""
    return rx.el.div(
        choice,
        rx.cond(
            option.out_href != "",
            link(
                "not",
                href=option.out_href,
                class_name=rx.cond(option.is_out, "not on", "not"),
                aria_label="Leave out " + option.label,
                aria_current=rx.cond(option.is_out, "true", "false"),
            ),
            rx.fragment(),
        ),
        key=option.key,
        class_name="item-pair",
    )


def channel_option(option: Option) -> rx.Component:
    return _option(option, channel_mark(option.mark, option.key, option.label), option.label)


def account_option(option: Option) -> rx.Component:
    """An account with its channel's mark, or a choice that has none."""
    mark = channel_mark(option.mark, option.channel, option.channel)
    return _option(option, rx.cond(option.mark != "", mark, rx.fragment()), option.label)


def pill_option(option: Option) -> rx.Component:
    return _option(option, pill(option.pill))


def plain_option(option: Option) -> rx.Component:
    return _option(option, option.label, rx.el.span(option.hint, class_name="quiet hint"))


def other_days(first: Any, last: Any, on_submit: Any) -> rx.Component:
    """A form for any first and last day; either may be left empty."""
    return rx.el.details(
        rx.el.summary("Other days", class_name="item"),
        rx.el.form(
            *_day("From", "from", first),
            *_day("To", "to", last),
            button("Show", type="submit"),
            rx.el.p("Whole days in " + ShellState.zone, class_name="quiet"),
            on_submit=on_submit,
            class_name="days",
        ),
        class_name="other-days",
    )


def _day(label: str, name: str, value: str) -> tuple[rx.Component, rx.Component]:
    field = rx.el.input(
        type="date",
        id=f"day-{name}",
        name=name,
        default_value=value,
        # A chosen preset, or Back, changes the days; the field follows.
        key=name + value,
        class_name="field",
    )
    return rx.el.label(label, html_for=f"day-{name}"), field


def chip(one: Chip) -> rx.Component:
    return rx.el.span(
        rx.el.span(one.name, class_name="quiet"),
        rx.el.b(one.value, title=one.value),
        link(
            icon("x", 12),
            href=one.href,
            class_name="chip-x",
            aria_label="Remove the filter " + one.name,
        ),
        key=one.key,
        class_name="chip",
    )
