"""Every table, imported here so that `SQLModel.metadata` is complete for Alembic."""

from crm_app.models.account import AccountStatus, ChannelAccount, UnmappedWord
from crm_app.models.audit import AuditEntry
from crm_app.models.bulk import BulkPart, BulkRow, BulkRun
from crm_app.models.customer import Customer
from crm_app.models.inbox import InboxEntry, InboxState
from crm_app.models.order import (
    Order,
    OrderCount,
    OrderEvent,
    OrderLine,
    OrderPayload,
    OrderRollup,
)
from crm_app.models.outbox import IntentAttempt, StatusIntent
from crm_app.models.user import SignInFailure, User, UserSession

__all__ = [
    "AccountStatus",
    "AuditEntry",
    "BulkPart",
    "BulkRow",
    "BulkRun",
    "ChannelAccount",
    "Customer",
    "InboxEntry",
    "InboxState",
    "IntentAttempt",
    "Order",
    "OrderCount",
    "OrderEvent",
    "OrderLine",
    "OrderPayload",
    "OrderRollup",
    "SignInFailure",
    "StatusIntent",
    "UnmappedWord",
    "User",
    "UserSession",
]
