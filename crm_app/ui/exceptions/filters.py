"""Causes as tabs with their counts, and the menus beside them; each choice is a link."""

from typing import Any

import reflex as rx

from crm_app.ui.exceptions.menus import Tab
from crm_app.ui.exceptions.state import ExceptionsState
from crm_app.ui.shared.filter_parts import account_option, dropdown
from crm_app.ui.shared.links import link


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


def _menu(name: str, chosen: Any, options: Any) -> rx.Component:
    items = rx.foreach(options, account_option)
    return dropdown(chosen, items, label=name, align="end", aria_label=f"{name}: " + chosen)
