"""The page of one account; for admins."""

from typing import Final

import reflex as rx

from crm_app.domain.permissions import Permission
from crm_app.ui.account.components import (
    actions,
    completeness_card,
    limits_card,
    said,
    sweeps_card,
    telling_card,
)
from crm_app.ui.account.dialogs import dialogs
from crm_app.ui.account.rules import rules_card
from crm_app.ui.account.side import (
    connection_card,
    fetch_card,
    hooks_card,
    options_card,
    sending_card,
)
from crm_app.ui.account.state import AccountState
from crm_app.ui.shared.blanks import blank, failed, forbidden, skeleton_rows
from crm_app.ui.shared.conditions import both, is_not
from crm_app.ui.shared.links import link
from crm_app.ui.shared.marks import channel_mark, icon, pill, tag, ticker
from crm_app.ui.shared.navigation import may
from crm_app.ui.shared.shell import shell
from crm_app.ui.shared.shell_state import ShellState

REFRESH_MS: Final = 3_000


def account_page() -> rx.Component:
    return shell(
        _title(),
        rx.cond(
            both(ShellState.is_known, is_not(may(Permission.MANAGE_ACCOUNTS))),
            forbidden("Only admins see and change the connected accounts."),
            rx.match(
                AccountState.phase,
                ("found", _found()),
                ("missing", _missing()),
                ("failed", failed(AccountState.failure, AccountState.load)),
                skeleton_rows(8, ("120px", "60%", "90px")),
            ),
        ),
        dialogs(),
        ticker(AccountState.refresh, REFRESH_MS),
        section="accounts",
        actions=(_back(),),
    )


def _back() -> rx.Component:
    return link(
        icon("arrow-left", 14),
        "All accounts",
        href="/accounts",
        class_name="btn quiet",
        custom_attrs={"data-up": "1"},
    )


def _title() -> rx.Component:
    account = AccountState.account
    return rx.cond(
        AccountState.phase == "found",
        rx.el.span(
            channel_mark(account.mark, account.channel, account.label),
            account.name,
            rx.foreach(account.tags, tag),
            class_name="order-title",
        ),
        "Account",
    )


def _found() -> rx.Component:
    account = AccountState.account
    return rx.el.div(
        rx.el.div(
            rx.el.div(
                pill(account.state),
                rx.el.span(account.sentence, class_name="quiet"),
                class_name="order-axes state-line",
            ),
            actions(),
            said(),
            completeness_card(),
            sweeps_card(),
            rx.cond(account.has_form, rx.fragment(limits_card(), telling_card()), rx.fragment()),
            rules_card(),
            class_name="order-main",
        ),
        rx.el.div(
            sending_card(),
            fetch_card(),
            hooks_card(),
            connection_card(),
            options_card(),
            class_name="order-side",
        ),
        class_name="order account-page",
    )


def _missing() -> rx.Component:
    return blank(
        "unplug",
        "No such account",
        AccountState.failure,
        link("Show all accounts", href="/accounts", class_name="btn primary"),
    )
