"""What people may do, and the roles that carry it."""

from enum import StrEnum
from typing import Final


class Permission(StrEnum):
    VIEW_ORDERS = "orders.view"
    CHANGE_STATUS = "orders.change_status"
    CANCEL_ORDERS = "orders.cancel"
    NOTE_REFUNDS = "orders.refund_note"
    BULK_CHANGE = "orders.bulk"
    ASSIGN_ORDERS = "orders.assign"
    TAG_ORDERS = "orders.tag"
    HOLD_ORDERS = "orders.hold"
    ARCHIVE_ORDERS = "orders.archive"
    COMMENT_ORDERS = "orders.comment"
    SEE_PAYLOAD = "orders.see_payload"
    SEE_MONEY = "orders.see_money"
    SEE_PERSONAL_DATA = "customers.see_personal_data"
    VIEW_DASHBOARD = "dashboard.view"
    IMPORT_ORDERS = "orders.import"
    EXPORT_ORDERS = "orders.export"
    PRINT_ORDERS = "orders.print"
    CREATE_ORDERS = "orders.create"
    MANAGE_ACCOUNTS = "accounts.manage"
    MANAGE_MAPPINGS = "mappings.manage"
    SHARE_VIEWS = "views.share"
    MANAGE_USERS = "users.manage"
    MANAGE_ROLES = "roles.manage"
    MANAGE_TOKENS = "tokens.manage"
    MANAGE_PRIVACY = "privacy.manage"
    SEE_AUDIT = "audit.view"

    @property
    def phrase(self) -> str:
        """What it lets a person do, to follow "may"."""
        return _PHRASES[self]

    @property
    def is_desk_wide(self) -> bool:
        """Whether it is about the whole desk: held everywhere or not at all."""
        return self in _DESK_WIDE


_PHRASES: Final[dict[Permission, str]] = {
    Permission.VIEW_ORDERS: "see orders",
    Permission.CHANGE_STATUS: "change the status of an order",
    Permission.CANCEL_ORDERS: "cancel an order",
    Permission.NOTE_REFUNDS: "note a refund on an order",
    Permission.BULK_CHANGE: "change many orders at once",
    Permission.ASSIGN_ORDERS: "assign orders to people",
    Permission.TAG_ORDERS: "tag orders and set their priority",
    Permission.HOLD_ORDERS: "hold and release orders",
    Permission.ARCHIVE_ORDERS: "put orders away",
    Permission.COMMENT_ORDERS: "comment on orders",
    Permission.SEE_PAYLOAD: "read what the channel sent",
    Permission.SEE_MONEY: "see amounts of money",
    Permission.SEE_PERSONAL_DATA: "see who bought and where it goes",
    Permission.VIEW_DASHBOARD: "see the dashboard",
    Permission.IMPORT_ORDERS: "import orders from files and fetch them from a channel",
    Permission.EXPORT_ORDERS: "export orders",
    Permission.PRINT_ORDERS: "print papers of orders",
    Permission.CREATE_ORDERS: "enter orders by hand",
    Permission.MANAGE_ACCOUNTS: "connect and set up channel accounts",
    Permission.MANAGE_MAPPINGS: "decide what a channel's words mean",
    Permission.SHARE_VIEWS: "manage the views that all share",
    Permission.MANAGE_USERS: "add people and give them roles",
    Permission.MANAGE_ROLES: "make and change roles",
    Permission.MANAGE_TOKENS: "see and end the API tokens of others",
    Permission.MANAGE_PRIVACY: "handle requests about personal data",
    Permission.SEE_AUDIT: "read the audit trail",
}

# They change what everybody works with: a part of the accounts is no limit to them.
_DESK_WIDE: Final = frozenset(
    {
        Permission.MANAGE_MAPPINGS,
        Permission.MANAGE_USERS,
        Permission.MANAGE_ROLES,
        Permission.MANAGE_TOKENS,
        Permission.MANAGE_PRIVACY,
        Permission.SEE_AUDIT,
    }
)


# As a person who makes a role looks for them.
VERB_GROUPS: Final[dict[str, tuple[Permission, ...]]] = {
    "Orders": (
        Permission.VIEW_ORDERS,
        Permission.CHANGE_STATUS,
        Permission.CANCEL_ORDERS,
        Permission.NOTE_REFUNDS,
        Permission.HOLD_ORDERS,
        Permission.ASSIGN_ORDERS,
        Permission.TAG_ORDERS,
        Permission.COMMENT_ORDERS,
        Permission.ARCHIVE_ORDERS,
        Permission.BULK_CHANGE,
        Permission.CREATE_ORDERS,
        Permission.PRINT_ORDERS,
    ),
    "People and money": (
        Permission.SEE_PERSONAL_DATA,
        Permission.SEE_MONEY,
        Permission.EXPORT_ORDERS,
        Permission.SEE_PAYLOAD,
        Permission.MANAGE_PRIVACY,
    ),
    "Desk": (
        Permission.VIEW_DASHBOARD,
        Permission.SHARE_VIEWS,
        Permission.IMPORT_ORDERS,
        Permission.SEE_AUDIT,
    ),
    "Settings": (
        Permission.MANAGE_ACCOUNTS,
        Permission.MANAGE_MAPPINGS,
        Permission.MANAGE_USERS,
        Permission.MANAGE_ROLES,
        Permission.MANAGE_TOKENS,
    ),
}


class Role(StrEnum):
    """The roles that are built in. Their verbs are the release's own; others are rows."""

    ADMIN = "admin"
    SUPPORT = "support"
    READ_ONLY = "read_only"

    @property
    def label(self) -> str:
        return {"admin": "Admin", "support": "Support", "read_only": "Read-only"}[self.value]


ROLE_PERMISSIONS: Final[dict[Role, frozenset[Permission]]] = {
    Role.ADMIN: frozenset(Permission),
    Role.SUPPORT: frozenset(
        {
            Permission.VIEW_ORDERS,
            Permission.CHANGE_STATUS,
            Permission.CANCEL_ORDERS,
            Permission.NOTE_REFUNDS,
            Permission.BULK_CHANGE,
            Permission.ASSIGN_ORDERS,
            Permission.TAG_ORDERS,
            Permission.HOLD_ORDERS,
            Permission.ARCHIVE_ORDERS,
            Permission.COMMENT_ORDERS,
            Permission.SEE_PERSONAL_DATA,
            Permission.SEE_MONEY,
            Permission.VIEW_DASHBOARD,
            Permission.IMPORT_ORDERS,
            Permission.EXPORT_ORDERS,
            Permission.PRINT_ORDERS,
            Permission.CREATE_ORDERS,
        }
    ),
    Role.READ_ONLY: frozenset(
        {Permission.VIEW_ORDERS, Permission.VIEW_DASHBOARD, Permission.SEE_MONEY}
    ),
}
