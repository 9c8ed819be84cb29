"""Every page of the desk: its address, its title, and what runs when it opens."""

from typing import Final

import reflex as rx

from crm_app.ui.account.page import account_page
from crm_app.ui.account.state import AccountState
from crm_app.ui.accounts.page import accounts_page
from crm_app.ui.accounts.state import AccountsState
from crm_app.ui.bulk.page import run_page
from crm_app.ui.bulk.runs_page import runs_page
from crm_app.ui.bulk.runs_state import RunsState
from crm_app.ui.bulk.state import BulkState
from crm_app.ui.dashboard.page import dashboard_page
from crm_app.ui.dashboard.state import DashboardState
from crm_app.ui.exceptions.bulk_state import BulkState as PickedState
from crm_app.ui.exceptions.page import exceptions_page
from crm_app.ui.exceptions.panel_state import PanelState
from crm_app.ui.exceptions.state import ExceptionsState
from crm_app.ui.imports.page import imports_page
from crm_app.ui.imports.state import FileState, ImportsState
from crm_app.ui.ledger.page import ledger_page
from crm_app.ui.ledger.state import LedgerState
from crm_app.ui.login.page import login_page
from crm_app.ui.login.state import LoginState
from crm_app.ui.mappings.page import mappings_page
from crm_app.ui.mappings.state import MappingsState
from crm_app.ui.missing import missing_page
from crm_app.ui.order.page import order_page
from crm_app.ui.order.state import OrderState
from crm_app.ui.orders.choosing import ChoosingState
from crm_app.ui.orders.page import orders_page
from crm_app.ui.orders.state import OrdersState
from crm_app.ui.shared.shell_state import ShellState
from crm_app.ui.users.page import users_page
from crm_app.ui.users.state import UsersState

# Built as files of their own; the page of an order is served by the fallback of them all.
PLAIN_PAGES: Final = (
    "/login",
    "/orders",
    "/imports",
    "/bulk",
    "/exceptions",
    "/accounts",
    "/ledger",
    "/users",
    "/mappings",
)

# In `assets/`; a later one may override an earlier one.
STYLES: Final = (
    "desk",
    "signs",
    "frame",
    "controls",
    "orders",
    "order",
    "ledger",
    "pages",
    "exceptions",
    "accounts",
    "mappings",
    "bulk",
    "imports",
    "phone",
)


def add_pages(app: rx.App, brand: str) -> None:
    """Register all pages. A page's own data comes first, the frame's after it."""

    def titled(name: str) -> str:
        return f"{name} · {brand}"

    frame = ShellState.load
    app.add_page(login_page, route="/login", title=titled("Sign in"), on_load=LoginState.load)
    app.add_page(
        dashboard_page, route="/", title=titled("Dashboard"), on_load=[DashboardState.load, frame]
    )
    app.add_page(
        orders_page,
        route="/orders",
        title=titled("Orders"),
        on_load=[OrdersState.load, ChoosingState.follow, frame],
    )
    app.add_page(
        order_page,
        route="/orders/[order_id]",
        title=titled("Order"),
        on_load=[OrderState.load, frame],
    )
    app.add_page(
        ledger_page, route="/ledger", title=titled("Ledger"), on_load=[LedgerState.load, frame]
    )
    app.add_page(
        accounts_page,
        route="/accounts",
        title=titled("Accounts"),
        on_load=[frame, AccountsState.load],
    )
    app.add_page(
        account_page,
        route="/accounts/[account_id]",
        title=titled("Account"),
        on_load=[frame, AccountState.load],
    )
    app.add_page(
        exceptions_page,
        route="/exceptions",
        title=titled("Exceptions"),
        on_load=[ExceptionsState.load, PanelState.load, PickedState.load, frame],
    )
    app.add_page(
        runs_page, route="/bulk", title=titled("Bulk changes"), on_load=[RunsState.load, frame]
    )
    app.add_page(
        run_page,
        route="/bulk/[run_id]",
        title=titled("Bulk change"),
        on_load=[BulkState.load, frame],
    )
    app.add_page(
        imports_page,
        route="/imports",
        title=titled("Imports"),
        on_load=[FileState.load, ImportsState.load, frame],
    )
    app.add_page(
        users_page, route="/users", title=titled("People"), on_load=[frame, UsersState.load]
    )
    app.add_page(
        mappings_page,
        route="/mappings",
        title=titled("Status words"),
        on_load=[frame, MappingsState.load],
    )
    app.add_page(missing_page, route="404", title=titled("Nothing here"), on_load=frame)


def head() -> list[rx.Component]:
    """What stands in the head of every page."""
    keys = rx.el.script(src="/desk.js", defer=True)
    sending = rx.el.script(src="/imports.js", defer=True)
    icon = rx.el.link(rel="icon", href="/icon.svg", type="image/svg+xml")
    scheme = rx.el.meta(name="color-scheme", content="light dark")
    return [keys, sending, icon, scheme]
