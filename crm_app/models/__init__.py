"""Every table, imported here so that `SQLModel.metadata` is complete for Alembic."""

from crm_app.models.account import (
    AccountStatus,
    ChannelAccount,
    Sweep,
    SweepEntry,
    UnmappedWord,
)
from crm_app.models.alert import Alert, AlertChoice, AlertHook, AlertMessage
from crm_app.models.audit import AuditCheck, AuditEntry, CheckState
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
from crm_app.models.package import OrderPackage
from crm_app.models.paper import BusinessDetails, Invoice, InvoiceSeries
from crm_app.models.privacy import (
    AccountBasis,
    Basis,
    DataRequest,
    ErasedKey,
    ErasureSecret,
    RequestKind,
    RequestState,
    RetentionRule,
    RetentionRun,
)
from crm_app.models.pulse import AccountHour, AccountPulse
from crm_app.models.role import RoleGrant, StaffRole
from crm_app.models.rule import FieldDispute, FieldRule
from crm_app.models.sign_on import IdentityProvider, UsedSignOn, UserIdentity
from crm_app.models.sku import ChannelSku, UnmappedSku
from crm_app.models.status_word import OrderWord, Replay, ReplayState, StatusWord
from crm_app.models.trouble import (
    DeskRetry,
    ExceptionMark,
    ExceptionSighting,
    RefusedWebhook,
    WebhookRefusal,
)
from crm_app.models.user import (
    ApiToken,
    Letter,
    RecoveryCode,
    RefreshToken,
    ServiceAccount,
    SignInFailure,
    User,
    UserLink,
    UserPreference,
    UserSession,
)
from crm_app.models.view import SavedView, ViewChoice
from crm_app.models.working import OrderComment, OrderTag, OrderWatcher, Tag

__all__ = [
    "AccountBasis",
    "Basis",
    "DataRequest",
    "ErasedKey",
    "ErasureSecret",
    "RequestKind",
    "RequestState",
    "RetentionRule",
    "RetentionRun",
    "AccountHour",
    "AccountPulse",
    "Alert",
    "AlertChoice",
    "AlertHook",
    "AlertMessage",
    "FieldDispute",
    "FieldRule",
    "AccountStatus",
    "ApiToken",
    "RefreshToken",
    "ServiceAccount",
    "AuditCheck",
    "AuditEntry",
    "BulkRow",
    "BulkRun",
    "BusinessDetails",
    "ChannelAccount",
    "ChannelSku",
    "CheckState",
    "Customer",
    "DeskRetry",
    "ExceptionMark",
    "ExceptionSighting",
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
    "IdentityProvider",
    "IntentAttempt",
    "IntentCount",
    "IntentMove",
    "Invoice",
    "InvoiceSeries",
    "LedgerCheck",
    "Letter",
    "Notice",
    "Order",
    "OrderComment",
    "OrderCount",
    "OrderEvent",
    "OrderLine",
    "OrderPackage",
    "OrderPayload",
    "OrderRollup",
    "OrderTag",
    "OrderWatcher",
    "OrderWord",
    "Replay",
    "ReplayState",
    "Outcome",
    "SavedView",
    "RecoveryCode",
    "SignInFailure",
    "StatusIntent",
    "StatusWord",
    "Sweep",
    "SweepEntry",
    "Tag",
    "UnmappedSku",
    "UnmappedWord",
    "UsedSignOn",
    "User",
    "UserIdentity",
    "UserPreference",
    "UserLink",
    "UserSession",
    "ViewChoice",
    "RefusedWebhook",
    "RoleGrant",
    "StaffRole",
    "WebhookRefusal",
]
