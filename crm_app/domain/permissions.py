"""What people may do, and the roles that carry it."""

from enum import StrEnum
from typing import Final


class Permission(StrEnum):
    VIEW_ORDERS = "orders.view"
    CHANGE_STATUS = "orders.change_status"
    BULK_CHANGE = "orders.bulk"
    ASSIGN_ORDERS = "orders.assign"
    TAG_ORDERS = "orders.tag"
    HOLD_ORDERS = "orders.hold"
    ARCHIVE_ORDERS = "orders.archive"
    COMMENT_ORDERS = "orders.comment"
    SEE_PAYLOAD = "orders.see_payload"
    SEE_PERSONAL_DATA = "customers.see_personal_data"
    VIEW_DASHBOARD = "dashboard.view"
    IMPORT_ORDERS = "orders.import"
    EXPORT_ORDERS = "orders.export"
    PRINT_ORDERS = "orders.print"
    CREATE_ORDERS = "orders.create"
    MANAGE_USERS = "users.manage"
    SEE_AUDIT = "audit.view"
    MANAGE_ACCOUNTS = "accounts.manage"
    MANAGE_MAPPINGS = "mappings.manage"
    SHARE_VIEWS = "views.share"


class Role(StrEnum):
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
            Permission.BULK_CHANGE,
            Permission.ASSIGN_ORDERS,
            Permission.TAG_ORDERS,
            Permission.HOLD_ORDERS,
            Permission.ARCHIVE_ORDERS,
            Permission.COMMENT_ORDERS,
            Permission.SEE_PERSONAL_DATA,
            Permission.VIEW_DASHBOARD,
            Permission.IMPORT_ORDERS,
            Permission.EXPORT_ORDERS,
            Permission.PRINT_ORDERS,
            Permission.CREATE_ORDERS,
        }
    ),
    Role.READ_ONLY: frozenset({Permission.VIEW_ORDERS, Permission.VIEW_DASHBOARD}),
}
