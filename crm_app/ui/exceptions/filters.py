"""Causes as tabs with their counts, and the menus beside them; each choice is a link."""

from typing import Any

import reflex as rx

from crm_app.ui.exceptions.menus import Option, Tab
from crm_app.ui.exceptions.state import ExceptionsState
from crm_app.ui.shared.links import link
from crm_app.ui.shared.marks import channel_mark, icon


def cause_tabs() -> rx.Component:
    return rx.el.nav(
        rx.foreach(ExceptionsState.menus.tabs, _tab),
        class_name="bar causes",
        aria_label="Causes",
    )


def filter_menus() -> rx.Component:
    menus = ExceptionsState.menus
    return rx.el.div(
        _menu("Account", menus.account, menus.accounts),
        _menu("Assigned to", menus.person, menus.people),
        _menu("State", menus.view, menus.views),
        class_name="menus",
    )


def _tab(tab: Tab) -> rx.Component:
    return link(
        rx.el.span(tab.label),
        rx.el.b(tab.count),
        key=tab.key,
        href=tab.href,
        class_name=rx.cond(tab.is_on, "cause on", "cause"),
        aria_current=rx.cond(tab.is_on, "page", "false"),
    )


def _menu(name: str, chosen: str, options: Any) -> rx.Component:
    return rx.popover.root(
        rx.popover.trigger(
            rx.el.button(
                chosen,
                icon("chevron-down", 13),
                type="button",
                class_name="btn menu",
                aria_label=f"{name}: " + chosen,
            )
        ),
        rx.popover.content(
            rx.foreach(options, _option),
            class_name="pop",
            align="end",
            custom_attrs={"aria-label": name},
        ),
    )


def _option(option: Option) -> rx.Component:
    return link(
        rx.el.span(rx.cond(option.is_on, icon("check", 14), rx.fragment()), class_name="tick"),
        rx.cond(
            option.mark != "",
            channel_mark(option.mark, option.channel, option.channel),
            rx.fragment(),
        ),
        option.label,
        key=option.key,
        href=option.href,
        class_name="item",
        aria_current=rx.cond(option.is_on, "true", "false"),
    )
