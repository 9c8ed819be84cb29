"""The places of the desk: one line each, read by the sidebar, the tabs of a phone and the keys."""

from dataclasses import dataclass
from typing import Any, Final, Literal, cast

import reflex as rx

from crm_app.domain.permissions import Permission
from crm_app.ui.shared.shell_state import ShellState

Section = Literal[
    "dashboard",
    "orders",
    "imports",
    "downloads",
    "business",
    "exceptions",
    "inbox",
    "privacy",
    "accounts",
    "ledger",
    "people",
    "roles",
    "services",
    "alerts",
    "mappings",
    "skus",
    "audit",
    "",
]


@dataclass(frozen=True)
class Place:
    """One entry of the navigation.

    Attributes:
        letter: The key after `g` that goes there.
        needs: Who may not do this does not see the entry.
        is_setup: Stands below the daily work, under a heading of its own.
        badge: Which number of `ShellState` stands beside it; its breakdown is `{badge}_title`.
    """

    section: Section
    sign: str
    label: str
    href: str
    letter: str
    needs: Permission | None = None
    is_setup: bool = False
    badge: str = ""


PLACES: Final = (
    Place("dashboard", "layout-dashboard", "Dashboard", "/", "d"),
    Place("orders", "package", "Orders", "/orders", "o"),
    Place("exceptions", "circle-alert", "Exceptions", "/exceptions", "x", badge="trouble"),
    Place("inbox", "inbox", "Inbox", "/inbox", "e", is_setup=True),
    Place("ledger", "scale", "Ledger", "/ledger", "l", is_setup=True),
    Place("alerts", "siren", "Alerts", "/alerts", "n", is_setup=True),
    Place(
        "accounts", "plug", "Accounts", "/accounts", "a", Permission.MANAGE_ACCOUNTS, is_setup=True
    ),
    Place(
        "mappings",
        "replace",
        "Status words",
        "/mappings",
        "w",
        Permission.MANAGE_MAPPINGS,
        is_setup=True,
    ),
    Place("skus", "tags", "SKUs", "/skus", "s", Permission.MANAGE_MAPPINGS, is_setup=True),
    Place(
        "imports", "file-up", "Imports", "/imports", "i", Permission.IMPORT_ORDERS, is_setup=True
    ),
    Place(
        "downloads",
        "download",
        "Downloads",
        "/downloads",
        "f",
        Permission.PRINT_ORDERS,
        is_setup=True,
    ),
    Place(
        "business",
        "building-2",
        "Business details",
        "/business",
        "b",
        Permission.MANAGE_ACCOUNTS,
        is_setup=True,
    ),
    Place(
        "privacy",
        "shield-user",
        "Personal data",
        "/privacy",
        "y",
        Permission.MANAGE_PRIVACY,
        is_setup=True,
    ),
    Place("people", "users", "People", "/users", "u", Permission.MANAGE_USERS, is_setup=True),
    Place("roles", "user-cog", "Roles", "/roles", "r", Permission.MANAGE_ROLES, is_setup=True),
    Place("services", "bot", "Programs", "/services", "p", Permission.MANAGE_TOKENS, is_setup=True),
    Place("audit", "shield", "Audit trail", "/audit", "t", Permission.SEE_AUDIT, is_setup=True),
)
# More do not fit beside each other on a phone; the rest is in its account menu.
TABS: Final = tuple(place for place in PLACES if not place.is_setup)


def badge(place: Place) -> rx.Component:
    """How much waits there; nothing while nothing does."""
    if not place.badge:
        return rx.fragment()
    number: rx.Var[str] = getattr(ShellState, place.badge)
    title: rx.Var[str] = getattr(ShellState, f"{place.badge}_title")
    return rx.cond(number != "", rx.el.b(number, title=title, class_name="badge"), rx.fragment())


def may(permission: Permission) -> rx.Var[bool]:
    """Whether the person on this page holds a permission. Display only."""
    return cast(Any, ShellState.verbs).contains(permission.value)


def if_allowed(place: Place, entry: rx.Component) -> rx.Component:
    """`entry`, unless the person may not go there."""
    return rx.cond(may(place.needs), entry, rx.fragment()) if place.needs else entry
