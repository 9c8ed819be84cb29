"""Every table, imported here so that `SQLModel.metadata` is complete for Alembic."""

from crm_app.models.account import AccountStatus, ChannelAccount, Sweep, UnmappedWord
from crm_app.models.audit import AuditEntry
from crm_app.models.bulk import BulkPart, BulkRow, BulkRun
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
from crm_app.models.ledger import IntentCount, IntentMove, LedgerCheck
from crm_app.models.notice import Notice
from crm_app.models.order import (
    Order,
    OrderCount,
    OrderEvent,
    OrderLine,
    OrderPayload,
    OrderRollup,
)
from crm_app.models.outbox import IntentAttempt, StatusIntent
from crm_app.models.status_word import OrderWord, Replay, ReplayState, StatusWord
from crm_app.models.trouble import ExceptionMark, WebhookRefusal
from crm_app.models.user import ApiToken, RecoveryCode, SignInFailure, User, UserLink, UserSession

__all__ = [
    "AccountStatus",
    "ApiToken",
    "AuditEntry",
    "BulkPart",
    "BulkRow",
    "BulkRun",
    "ChannelAccount",
    "Customer",
    "ExceptionMark",
    "Document",
    "DocumentChunk",
    "DocumentLine",
    "DocumentPreset",
    "DocumentResult",
    "DocumentState",
    "InboxEntry",
    "InboxState",
    "IntentAttempt",
    "IntentCount",
    "IntentMove",
    "LedgerCheck",
    "Notice",
    "Order",
    "OrderCount",
    "OrderEvent",
    "OrderLine",
    "OrderPayload",
    "OrderRollup",
    "OrderWord",
    "Replay",
    "ReplayState",
    "Outcome",
    "RecoveryCode",
    "SignInFailure",
    "StatusIntent",
    "StatusWord",
    "Sweep",
    "UnmappedWord",
    "User",
    "UserLink",
    "UserSession",
    "WebhookRefusal",
]
