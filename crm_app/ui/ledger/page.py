"""The ledger: is every status change accounted for, and where is each of them."""

from typing import Final

import reflex as rx

from crm_app.domain.permissions import Permission
from crm_app.services.ledger_query import MAX_SEARCH
from crm_app.ui.ledger.change import change_dialog
from crm_app.ui.ledger.proof import proof_card
from crm_app.ui.ledger.state import LedgerState
from crm_app.ui.ledger.table import changes_table, paging
from crm_app.ui.shared.blanks import failed, skeleton_rows
from crm_app.ui.shared.filter_parts import (
    channel_option,
    chip,
    menu,
    other_days,
    pill_option,
    plain_option,
)
from crm_app.ui.shared.links import link
from crm_app.ui.shared.marks import button, icon, ticker
from crm_app.ui.shared.navigation import may
from crm_app.ui.shared.shell import shell
from crm_app.ui.shared.shell_state import ShellState

REFRESH_MS: Final = 10_000


def ledger_page() -> rx.Component:
    return shell(
        "Ledger",
        _filters(),
        rx.cond(
            LedgerState.failure != "",
            failed(
                LedgerState.failure,
                LedgerState.load,
                link("Show the whole ledger", href="/ledger", class_name="btn"),
            ),
            rx.cond(
                LedgerState.is_loaded,
                rx.fragment(proof_card(), changes_table(), paging()),
                skeleton_rows(12, ("20%", "25%", "15%", "15%", "10%")),
            ),
        ),
        change_dialog(),
        ticker(LedgerState.refresh, REFRESH_MS),
        section="ledger",
        about=LedgerState.count,
        actions=(
            rx.cond(
                may(Permission.EXPORT_ORDERS),
                rx.fragment(
                    *[
                        rx.el.a(
                            icon("download", 14),
                            kind.upper(),
                            href=f"/api/v1/sync/ledger.{kind}" + LedgerState.asked,
                            download="",
                            class_name="btn",
                            title=f"Every status change of these filters as {kind.upper()}",
                        )
                        for kind in ("csv", "xlsx")
                    ]
                ),
                rx.fragment(),
            ),
            rx.cond(
                may(Permission.MANAGE_ACCOUNTS),
                button(
                    icon("scale", 14),
                    rx.cond(LedgerState.is_counting, "Counting …", "Recount"),
                    disabled=LedgerState.is_counting,
                    on_click=LedgerState.recount,
                    title="Count every status change anew and compare",
                ),
                rx.fragment(),
            ),
        ),
    )


def _search() -> rx.Component:
    return rx.el.form(
        rx.el.input(
            type="search",
            name="q",
            key=LedgerState.search,
            default_value=LedgerState.search,
            placeholder="Order or person",
            aria_label="Find by the number of an order or the name of a person",
            max_length=MAX_SEARCH,
            class_name="field ledger-search",
        ),
        on_submit=LedgerState.look_for,
    )


def _filters() -> rx.Component:
    menus = LedgerState.menus
    return rx.el.div(
        rx.el.div(
            menu(
                "Written",
                rx.foreach(menus.dates, plain_option),
                other_days(menus.first, menus.last, LedgerState.pick_days),
            ),
            menu("Channel", rx.foreach(menus.channels, channel_option)),
            menu("State", rx.foreach(menus.states, pill_option)),
            class_name="menus",
        ),
        _search(),
        rx.el.div(rx.foreach(menus.chips, chip), class_name="chips"),
        rx.el.span(class_name="gap"),
        rx.el.span("Times in " + ShellState.zone, class_name="quiet zone"),
        class_name="bar",
        role="search",
        aria_label="Filter the ledger",
    )
