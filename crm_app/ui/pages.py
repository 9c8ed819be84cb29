"""Every page of the desk: its address, its title, and what runs when it opens."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import reflex as rx

from crm_app.ui.account.page import account_page
from crm_app.ui.account.rules import RulesState
from crm_app.ui.account.state import AccountState
from crm_app.ui.accounts.page import accounts_page
from crm_app.ui.accounts.state import AccountsState
from crm_app.ui.alerts.page import alerts_page
from crm_app.ui.alerts.state import AlertsState
from crm_app.ui.bulk.page import run_page
from crm_app.ui.bulk.runs_page import runs_page
from crm_app.ui.bulk.runs_state import RunsState
from crm_app.ui.bulk.state import BulkState
from crm_app.ui.business.page import business_page
from crm_app.ui.business.state import BusinessState
from crm_app.ui.by_hand.page import by_hand_page
from crm_app.ui.by_hand.state import ByHandState
from crm_app.ui.dashboard.page import dashboard_page
from crm_app.ui.dashboard.state import DashboardState
from crm_app.ui.downloads.page import downloads_page
from crm_app.ui.downloads.state import DownloadsState
from crm_app.ui.exceptions.bulk_state import BulkState as PickedState
from crm_app.ui.exceptions.page import exceptions_page
from crm_app.ui.exceptions.panel_state import PanelState
from crm_app.ui.exceptions.state import ExceptionsState
from crm_app.ui.gallery.page import gallery_page
from crm_app.ui.imports.page import imports_page
from crm_app.ui.imports.state import FileState, ImportsState
from crm_app.ui.inbox.page import inbox_page
from crm_app.ui.inbox.state import InboxState
from crm_app.ui.ledger.page import ledger_page
from crm_app.ui.ledger.state import LedgerState
from crm_app.ui.login.page import login_page
from crm_app.ui.login.state import LoginState
from crm_app.ui.mappings.page import mappings_page
from crm_app.ui.mappings.state import MappingsState
from crm_app.ui.me.factor import FactorState
from crm_app.ui.me.linked import LinkedState
from crm_app.ui.me.page import me_page
from crm_app.ui.me.password import PasswordState
from crm_app.ui.me.state import MeState
from crm_app.ui.me.tokens import TokensState
from crm_app.ui.missing import missing_page
from crm_app.ui.order.page import order_page
from crm_app.ui.order.state import OrderState
from crm_app.ui.orders.choosing import ChoosingState
from crm_app.ui.orders.export_state import ExportState
from crm_app.ui.orders.layout_state import LayoutState
from crm_app.ui.orders.opened import OpenedState
from crm_app.ui.orders.page import orders_page
from crm_app.ui.orders.state import OrdersState
from crm_app.ui.orders.views_state import ViewsState
from crm_app.ui.privacy.page import privacy_page
from crm_app.ui.privacy.state import PrivacyState
from crm_app.ui.roles.page import roles_page
from crm_app.ui.roles.state import RolesState
from crm_app.ui.services.page import services_page
from crm_app.ui.services.state import ServicesState
from crm_app.ui.shared import channel_colours
from crm_app.ui.shared.shell_state import ShellState
from crm_app.ui.skus.page import skus_page
from crm_app.ui.skus.state import SkusState
from crm_app.ui.sso.page import sso_page
from crm_app.ui.sso.state import SsoState
from crm_app.ui.tags.page import tags_page
from crm_app.ui.tags.state import TagsState
from crm_app.ui.trail.page import trail_page
from crm_app.ui.trail.state import TrailState
from crm_app.ui.users.page import users_page
from crm_app.ui.users.state import UsersState
from crm_app.ui.welcome.page import welcome_page
from crm_app.ui.welcome.state import WelcomeState


@dataclass(frozen=True)
class Page:
    """One page. `on_load` runs when it opens: its own data first, or the frame's where that decides
    what may be shown."""

    draw: Callable[[], rx.Component]
    route: str
    title: str
    on_load: tuple[Any, ...]


_FRAME: Final = ShellState.load
PAGES: Final = (
    Page(login_page, "/login", "Sign in", (LoginState.load,)),
    Page(welcome_page, "/welcome", "Welcome", (WelcomeState.load,)),
    Page(dashboard_page, "/", "Dashboard", (DashboardState.load, _FRAME)),
    Page(
        orders_page,
        "/orders",
        "Orders",
        (
            LayoutState.load,
            OrdersState.load,
            ViewsState.follow,
            ChoosingState.follow,
            OpenedState.follow,
            _FRAME,
        ),
    ),
    Page(by_hand_page, "/orders/new", "New order", (ByHandState.load, _FRAME)),
    Page(by_hand_page, "/orders/[order_id]/edit", "Edit order", (ByHandState.load, _FRAME)),
    Page(order_page, "/orders/[order_id]", "Order", (OrderState.load, _FRAME)),
    Page(
        exceptions_page,
        "/exceptions",
        "Exceptions",
        (ExceptionsState.load, PanelState.load, PickedState.load, _FRAME),
    ),
    Page(privacy_page, "/privacy", "Personal data", (_FRAME, PrivacyState.load)),
    Page(inbox_page, "/inbox", "Inbox", (InboxState.load, _FRAME)),
    Page(runs_page, "/bulk", "Bulk changes", (RunsState.load, _FRAME)),
    Page(run_page, "/bulk/[run_id]", "Bulk change", (BulkState.load, _FRAME)),
    Page(ledger_page, "/ledger", "Ledger", (LedgerState.load, _FRAME)),
    Page(alerts_page, "/alerts", "Alerts", (AlertsState.load, _FRAME)),
    Page(imports_page, "/imports", "Imports", (FileState.load, ImportsState.load, _FRAME)),
    Page(
        downloads_page, "/downloads", "Downloads", (DownloadsState.load, ExportState.load, _FRAME)
    ),
    Page(business_page, "/business", "Business details", (BusinessState.load, _FRAME)),
    Page(accounts_page, "/accounts", "Accounts", (_FRAME, AccountsState.load)),
    Page(
        account_page,
        "/accounts/[account_id]",
        "Account",
        (_FRAME, AccountState.load, RulesState.load),
    ),
    Page(tags_page, "/tags", "Tags", (TagsState.load, _FRAME)),
    Page(mappings_page, "/mappings", "Status words", (_FRAME, MappingsState.load)),
    Page(skus_page, "/skus", "SKUs", (_FRAME, SkusState.load)),
    Page(users_page, "/users", "People", (_FRAME, UsersState.load)),
    Page(sso_page, "/sso", "Single sign-on", (_FRAME, SsoState.load)),
    Page(roles_page, "/roles", "Roles", (_FRAME, RolesState.load)),
    Page(services_page, "/services", "Programs", (_FRAME, ServicesState.load)),
    Page(trail_page, "/audit", "Audit trail", (_FRAME, TrailState.load)),
    Page(
        me_page,
        "/me",
        "Your account",
        (
            _FRAME,
            MeState.load,
            TokensState.load,
            FactorState.load,
            PasswordState.load,
            LinkedState.load,
        ),
    ),
    Page(gallery_page, "/gallery", "Components", (_FRAME,)),
    Page(missing_page, "404", "Nothing here", (_FRAME,)),
)
# Built as files of their own; a page of one thing is served by the fallback of them all.
PLAIN_PAGES: Final = tuple(
    page.route for page in PAGES if page.route.startswith("/") and page.route[1:].isalpha()
)

# In `assets/`; a later one may override an earlier one.
STYLES: Final = (
    "desk",
    "signs",
    "frame",
    "controls",
    "palette",
    "bell",
    "orders",
    "grid",
    "views",
    "beside",
    "order",
    "parcels",
    "tags",
    "work",
    "ledger",
    "pages",
    "exceptions",
    "inbox",
    "privacy",
    "accounts",
    "alerts",
    "mappings",
    "skus",
    "bulk",
    "imports",
    "downloads",
    "by_hand",
    "business",
    "me",
    "sso",
    "trail",
    "roles",
    "gallery",
    "phone",
    "connection",
)
# In `assets/`, each for a part of the desk; the first one stops what cannot be done now.
SCRIPTS: Final = (
    "connection",
    "theme",
    "desk",
    "grid",
    "palette",
    "imports",
    "order",
    "drafts",
    "by_hand",
    "sheet",
)


def add_pages(app: rx.App, brand: str) -> None:
    """Register all pages."""
    for page in PAGES:
        app.add_page(
            page.draw,
            route=page.route,
            title=f"{page.title} · {brand}",
            on_load=list(page.on_load),
        )


def head() -> list[rx.Component]:
    """What stands in the head of every page."""
    return [
        *[rx.el.script(src=f"/{name}.js", defer=True) for name in SCRIPTS],
        rx.el.style(channel_colours.rules()),
        rx.el.link(rel="icon", href="/icon.svg", type="image/svg+xml"),
        rx.el.link(rel="apple-touch-icon", href="/icons/apple-180.png"),
        rx.el.link(rel="manifest", href="/manifest.webmanifest"),
        *[
            # As a plain attribute: named, it would be taken for a style.
            rx.el.meta(
                name="theme-color",
                content=colour,
                custom_attrs={"media": f"(prefers-color-scheme: {theme})"},
            )
            for theme, colour in (("light", "#f6f7f9"), ("dark", "#0c0e11"))
        ],
        rx.el.meta(name="color-scheme", content="light dark"),
    ]
