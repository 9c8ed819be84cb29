"""Every table, imported here so that `SQLModel.metadata` is complete for Alembic."""

from crm_app.models.account import AccountStatus, ChannelAccount, Sweep, UnmappedWord
from crm_app.models.audit import AuditEntry
from crm_app.models.bulk import BulkRow, BulkRun
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
from crm_app.models.download import Download, DownloadPart, DownloadPiece
from crm_app.models.inbox import InboxEntry, InboxState
from crm_app.models.ledger import IntentCount, IntentMove, LedgerCheck
from crm_app.models.order import (
    Order,
    OrderCount,
    OrderEvent,
    OrderLine,
    OrderPayload,
    OrderRollup,
)
from crm_app.models.outbox import IntentAttempt, StatusIntent
from crm_app.models.paper import BusinessDetails, Invoice, InvoiceSeries
from crm_app.models.status_word import OrderWord, Replay, ReplayState, StatusWord
from crm_app.models.trouble import ExceptionMark, WebhookRefusal
from crm_app.models.user import SignInFailure, User, UserSession

__all__ = [
    "AccountStatus",
    "AuditEntry",
    "BulkRow",
    "BulkRun",
    "BusinessDetails",
    "ChannelAccount",
    "Customer",
    "ExceptionMark",
    "Document",
    "DocumentChunk",
    "DocumentLine",
    "DocumentPreset",
    "DocumentResult",
    "DocumentState",
    "Download",
    "DownloadPart",
    "DownloadPiece",
    "InboxEntry",
    "InboxState",
    "IntentAttempt",
    "IntentCount",
    "IntentMove",
    "Invoice",
    "InvoiceSeries",
    "LedgerCheck",
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
    "SignInFailure",
    "StatusIntent",
    "StatusWord",
    "Sweep",
    "UnmappedWord",
    "User",
    "UserSession",
    "WebhookRefusal",
]
