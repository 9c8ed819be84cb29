"""One piece of trouble of each kind, written as the product's own code leaves it."""

import hashlib
import json
import uuid
from datetime import datetime, timedelta
from typing import Any, Final

import zstandard
from sqlmodel import Session

from crm_app.domain.alert import AlertKind, AlertLevel
from crm_app.domain.channel import Channel
from crm_app.domain.intent import IntentState
from crm_app.domain.order_status import OrderStatus, SyncStatus
from crm_app.domain.time import now
from crm_app.models import (
    AccountStatus,
    Alert,
    ChannelAccount,
    InboxEntry,
    InboxState,
    IntentAttempt,
    Order,
    OrderPayload,
    OrderWord,
    StatusIntent,
    UnmappedWord,
    WebhookRefusal,
)
from crm_app.services import order_rows
from tests.factories import AccountFactory, OrderFactory

LONG_AGO: Final = timedelta(hours=1)
BUYER: Final = {"id": "405-9", "buyer": {"name": "Meera Iyer"}, "total": 1499, "gift": True}


def account(**values: Any) -> ChannelAccount:
    return AccountFactory(channel=Channel.WOOCOMMERCE, **values)


def refused(session: Session, where: ChannelAccount, words: str = "No stock.") -> Order:
    """The shop said no to `shipped`."""
    return _disagreement(session, where, SyncStatus.REJECTED, IntentState.REJECTED, words)


def conflict(session: Session, where: ChannelAccount) -> Order:
    words = "The channel says 'cancelled' now."
    return _disagreement(session, where, SyncStatus.CONFLICT, IntentState.NEEDS_PERSON, words)


def _disagreement(
    session: Session, where: ChannelAccount, sync: SyncStatus, state: IntentState, words: str
) -> Order:
    order = OrderFactory(
        account=where,
        sync_status=sync,
        status=OrderStatus.SHIPPED,
        status_on_channel=OrderStatus.CONFIRMED,
        channel_status="processing",
    )
    digest, body = order_rows.payload(BUYER)
    order.payload_hash = digest
    session.add(
        OrderPayload(
            order_id=order.id,
            payload_hash=digest,
            channel_updated_at=now(),
            body=order_rows.pack(body),
        )
    )
    made = intent(session, order, state, reason=words, settled_at=now())
    attempt(session, made, "RejectedError", words)
    return order


def intent(
    session: Session, order: Order, state: IntentState, *, ago: timedelta = LONG_AGO, **values: Any
) -> StatusIntent:
    moment = now() - ago
    made = StatusIntent(
        order_id=order.id,
        account_id=order.account_id,
        state=state,
        from_status=OrderStatus.CONFIRMED,
        to_status=OrderStatus.SHIPPED,
        happened_at=moment,
        order_version=1,
        actor_label="Asha",
        next_try_at=now() + timedelta(minutes=5),
        created_at=moment,
        **values,
    )
    session.add(made)
    session.flush()
    return made


def attempt(session: Session, of: StatusIntent, outcome: str, words: str = "") -> None:
    session.add(
        IntentAttempt(intent_id=of.id, operation="push shipped", outcome=outcome, answer=words)
    )
    session.flush()


def waiting(
    session: Session,
    where: ChannelAccount,
    outcome: str = "",
    *,
    state: IntentState = IntentState.WAITING,
    ago: timedelta = LONG_AGO,
) -> StatusIntent:
    """A change that is open since `ago`; `outcome` is that of its last try."""
    order = OrderFactory(account=where, sync_status=SyncStatus.QUEUED, status=OrderStatus.SHIPPED)
    made = intent(session, order, state, ago=ago, reason="Not yet.")
    if outcome:
        attempt(session, made, outcome)
    return made


def of_run(session: Session, where: ChannelAccount, *, is_late: bool = False) -> StatusIntent:
    """A change of a bulk change that queues for its channel's limit, since an hour."""
    order = OrderFactory(account=where, sync_status=SyncStatus.QUEUED, status=OrderStatus.SHIPPED)
    by = now() + (-LONG_AGO if is_late else LONG_AGO)
    return intent(session, order, IntentState.QUEUED, run_id=999, is_patient=True, send_by=by)


def entry(
    session: Session,
    where: ChannelAccount,
    state: InboxState = InboxState.SET_ASIDE,
    *,
    kind: str = "hook:store",
    ago: timedelta = LONG_AGO,
    **values: Any,
) -> InboxEntry:
    made = InboxEntry(
        account_id=where.id,
        kind=kind,
        topic=values.pop("topic", "order.updated"),
        dedupe_key=uuid.uuid4().hex,
        external_id=values.pop("external_id", "405-9"),
        state=state,
        reason=values.pop("reason", "The order names no currency."),
        body=values.pop("body", zstandard.compress(json.dumps(BUYER).encode())),
        next_try_at=now() + LONG_AGO if state is InboxState.WAITING else None,
        received_at=now() - ago,
        **values,
    )
    session.add(made)
    session.flush()
    return made


def disconnected(session: Session, *, at: datetime | None = None) -> ChannelAccount:
    del session
    return account(
        status=AccountStatus.DISCONNECTED,
        last_error="The key was revoked.",
        last_error_at=at or now(),
    )


def failing(session: Session, failures: int = 3) -> ChannelAccount:
    del session
    return account(failures=failures, last_error="503", last_success_at=now() - LONG_AGO)


def paused(session: Session) -> ChannelAccount:
    """Paused with a change that waits on it."""
    made = account(status=AccountStatus.PAUSED)
    waiting(session, made)
    return made


def word(session: Session, where: ChannelAccount, spelling: str = "on-the-moon") -> UnmappedWord:
    """A word without a meaning, and the order that carries it."""
    carrier: Order = OrderFactory(account=where)
    made = UnmappedWord(account_id=where.id, word=spelling, example_external_id="405-9")
    session.add(made)
    session.add(
        OrderWord(order_id=carrier.id, vocabulary="order", word=spelling, account_id=where.id)
    )
    session.flush()
    return made


def refusals(session: Session, where: ChannelAccount, count: int = 10) -> WebhookRefusal:
    hour = now().replace(minute=0, second=0, microsecond=0)
    made = WebhookRefusal(hour=hour, account_id=where.id, refused=count, last_at=now())
    session.add(made)
    session.flush()
    return made


def md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def alert(session: Session) -> Alert:
    made = Alert(
        kind=AlertKind.QUEUE,
        subject="queue:1",
        level=AlertLevel.WARN,
        sentence="Something waits",
        href="/exceptions",
        opened_at=now(),
        changed_at=now(),
    )
    session.add(made)
    session.flush()
    return made
