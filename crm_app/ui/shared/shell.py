"""The frame around every page: sidebar, title line, and tabs on a phone."""

from typing import Any, Final

import reflex as rx

from crm_app.ui.shared.bell import bell
from crm_app.ui.shared.conditions import has_any
from crm_app.ui.shared.confirm import confirm_dialog
from crm_app.ui.shared.help import help_dialog
from crm_app.ui.shared.links import link
from crm_app.ui.shared.marks import channel_mark, icon, ticker
from crm_app.ui.shared.menus import account_menu, kept_theme
from crm_app.ui.shared.native import jump, native_form
from crm_app.ui.shared.navigation import (
    PLACES,
    TABS,
    Place,
    Section,
    badge,
    if_allowed,
)
from crm_app.ui.shared.palette import palette
from crm_app.ui.shared.shell_state import AccountRow, ShellState
from crm_app.ui.shared.sidebar_views import sidebar_views

REFRESH_MS: Final = 15_000


def shell(
    title: Any, *content: Any, section: Section, about: Any = "", actions: Any = ()
) -> rx.Component:
    """Put a page into the frame.

    Args:
        title: The page's name, drawn as its only `h1`.
        content: What the page shows.
        section: Which entry of the navigation is lit.
        about: What is on the page, in a few words beside the title.
        actions: Buttons at the end of the title line.
    """
    return rx.el.div(
        jump("Skip to the content", "content", class_name="skip"),
        _sidebar(section),
        rx.el.main(
            _viewing(),
            rx.el.header(
                rx.el.h1(title),
                rx.el.span(about, class_name="about", aria_live="polite"),
                rx.el.span(class_name="gap"),
                # Before the actions: those may wrap into a line of their own.
                bell("only-phone"),
                *actions,
                class_name="top",
            ),
            *content,
            id="content",
            class_name="main",
            tab_index=-1,
        ),
        _tabs(section),
        help_dialog(),
        confirm_dialog(),
        palette(),
        kept_theme(),
        ticker(ShellState.load, REFRESH_MS),
        class_name="app",
    )


def _sidebar(section: Section) -> rx.Component:
    return rx.el.aside(
        rx.el.div(
            brand(),
            rx.el.span(
                bell(),
                rx.el.button(
                    rx.el.kbd("?"),
                    type="button",
                    class_name="ghost",
                    aria_label="Keyboard shortcuts",
                    title="Keyboard shortcuts",
                    custom_attrs={"data-help": "1"},
                ),
                class_name="brand-end",
            ),
            class_name="brand-line",
        ),
        rx.el.button(
            icon("search", 14),
            rx.el.span("Search or jump"),
            rx.el.kbd("Ctrl K"),
            type="button",
            class_name="find",
            custom_attrs={"data-palette": "1"},
        ),
        rx.el.nav(
            *[_entry(place, section) for place in PLACES if not place.is_setup],
            aria_label="Pages",
        ),
        sidebar_views(),
        rx.el.nav(
            *[_entry(place, section) for place in PLACES if place.is_setup],
            aria_label="Set-up",
            class_name="nav-setup",
        ),
        rx.el.div(_health(), account_menu("side-account"), class_name="side-end"),
        class_name="side",
    )


def _viewing() -> rx.Component:
    """That one looks as a role. A form, not an event: the page that follows is new."""
    return rx.cond(
        ShellState.viewing != "",
        native_form(
            icon("eye"),
            rx.el.span(
                "You see the desk as ",
                rx.el.strong(ShellState.viewing),
                ". Nothing can be changed.",
                role="status",
            ),
            rx.el.button("Stop", type="submit", class_name="btn"),
            action="/auth/viewing/end",
            method="post",
            class_name="viewing-bar",
        ),
        rx.fragment(),
    )


def brand() -> rx.Component:
    return rx.el.span(
        rx.el.i(class_name="logo", aria_hidden="true"),
        rx.el.span(ShellState.brand),
        class_name="brand",
    )


def _entry(place: Place, section: Section) -> rx.Component:
    is_on = place.section == section
    entry = link(
        icon(place.sign),
        rx.el.span(place.label),
        badge(place),
        href=place.href,
        class_name="nav on" if is_on else "nav",
        aria_current="page" if is_on else "false",
        custom_attrs={"data-go": place.letter},
    )
    return if_allowed(place, entry)


def _health() -> rx.Component:
    return rx.popover.root(
        rx.popover.trigger(
            rx.el.button(
                rx.el.i(class_name="beat beat-" + ShellState.health_level, aria_hidden="true"),
                rx.el.span(ShellState.health_sentence),
                type="button",
                class_name="health",
                custom_attrs={"data-testid": "sync-health"},
            )
        ),
        rx.popover.content(
            health_list(),
            class_name="pop pop-health",
            side="top",
            align="start",
            custom_attrs={"aria-label": "Health of the channels"},
        ),
    )


def health_list() -> rx.Component:
    """Every connected account with how it stands."""
    return rx.el.div(
        rx.cond(
            has_any(ShellState.accounts),
            rx.el.table(
                rx.el.thead(
                    rx.el.tr(
                        rx.el.th("Account", scope="col"),
                        rx.el.th("Waiting", scope="col", title="Changes on their way out"),
                        rx.el.th("Oldest", scope="col", title="How long the oldest one waits"),
                        rx.el.th("Accepted", scope="col", title="Of the calls of the last day"),
                        rx.el.th("Behind", scope="col", title="Up to when it is complete"),
                    )
                ),
                rx.foreach(ShellState.accounts, _account),
                class_name="health-table",
            ),
            rx.el.p("No channel account is connected yet.", class_name="health-none"),
        ),
        rx.popover.close(link("Alerts", href="/alerts", class_name="item health-more")),
    )


def _account(row: AccountRow) -> rx.Component:
    return rx.el.tbody(
        rx.el.tr(
            rx.el.th(
                channel_mark(row.mark, row.channel, row.label),
                row.name,
                scope="row",
            ),
            rx.el.td(row.waiting),
            rx.el.td(row.oldest),
            rx.el.td(row.accepted, title=row.accepted_title),
            rx.el.td(row.behind, title=row.behind_title),
        ),
        rx.el.tr(
            rx.el.td(row.sentence, col_span=5, class_name="health-said level-" + row.level),
        ),
        key=row.key,
    )


def _tabs(section: Section) -> rx.Component:
    return rx.el.nav(
        *[_tab(place, section) for place in TABS],
        account_menu("tab"),
        class_name="tabs",
        aria_label="Pages",
    )


def _tab(place: Place, section: Section) -> rx.Component:
    is_on = place.section == section
    tab = link(
        icon(place.sign, 18),
        rx.el.span(place.label),
        badge(place),
        href=place.href,
        class_name="tab on" if is_on else "tab",
        aria_current="page" if is_on else "false",
    )
    return if_allowed(place, tab)
