"""Every table, imported here so that `SQLModel.metadata` is complete for Alembic."""

from crm_app.models.account import AccountStatus, ChannelAccount, UnmappedWord
from crm_app.models.audit import AuditEntry
from crm_app.models.customer import Customer
from crm_app.models.document import (
    Document,
    DocumentChunk,
    DocumentLine,
    DocumentPreset,
    DocumentResult,
    DocumentState,
    Outcome,
)
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
    "ChannelAccount",
    "Customer",
    "Document",
    "DocumentChunk",
    "DocumentLine",
    "DocumentPreset",
    "DocumentResult",
    "DocumentState",
    "InboxEntry",
    "InboxState",
    "IntentAttempt",
    "Order",
    "OrderCount",
    "OrderEvent",
    "OrderLine",
    "OrderPayload",
    "OrderRollup",
    "Outcome",
    "SignInFailure",
    "StatusIntent",
    "UnmappedWord",
    "User",
    "UserSession",
]
