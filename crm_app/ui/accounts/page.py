"""The seller accounts and shops that are connected; for admins."""

from typing import Final

import reflex as rx

from crm_app.domain.permissions import Permission
from crm_app.ui.accounts.components import accounts_table
from crm_app.ui.accounts.dialog import connect_dialog
from crm_app.ui.accounts.state import AccountsState
from crm_app.ui.shared.blanks import blank, failed, forbidden, skeleton_rows
from crm_app.ui.shared.conditions import both, has_any, is_not
from crm_app.ui.shared.marks import button, icon, ticker
from crm_app.ui.shared.navigation import may
from crm_app.ui.shared.shell import shell
from crm_app.ui.shared.shell_state import ShellState

REFRESH_MS: Final = 5_000


def accounts_page() -> rx.Component:
    return shell(
        "Accounts",
        rx.cond(
            both(ShellState.is_known, is_not(may(Permission.MANAGE_ACCOUNTS))),
            forbidden("Only admins see and change the connected accounts."),
            rx.cond(
                AccountsState.failure != "",
                failed(AccountsState.failure, AccountsState.load),
                rx.cond(
                    AccountsState.is_loaded,
                    _accounts(),
                    skeleton_rows(6, ("220px", "260px", "110px", "60px", "70px", "120px")),
                ),
            ),
        ),
        section="accounts",
        about=AccountsState.count,
        actions=(rx.cond(may(Permission.MANAGE_ACCOUNTS), _connect(), rx.fragment()),),
    )


def _connect() -> rx.Component:
    return button(
        icon("plus", 14),
        "Connect an account",
        kind="primary",
        on_click=AccountsState.show_dialog(True),
    )


def _accounts() -> rx.Component:
    return rx.fragment(
        rx.cond(
            has_any(AccountsState.rows),
            accounts_table(),
            blank(
                "plug",
                "No account is connected",
                "Connect the first seller account or shop, and its orders arrive by themselves.",
                _connect(),
            ),
        ),
        connect_dialog(),
        ticker(AccountsState.refresh, REFRESH_MS),
    )
