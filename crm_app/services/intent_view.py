"""Status changes as people read them: each with every call that was made about it."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import any_, literal
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import BigInteger
from sqlmodel import Session, col, select

from crm_app.domain.actor import Actor
from crm_app.domain.channel import Channel
from crm_app.domain.intent import UNSENT, IntentState
from crm_app.domain.order_status import OrderStatus
from crm_app.domain.permissions import Permission
from crm_app.errors import NotFoundError
from crm_app.models import ChannelAccount, IntentAttempt, Order, StatusIntent
from crm_app.services import reach

_MOST_INTENTS: Final = 20
# A change that was tried for days must still open.
_MOST_ATTEMPTS: Final = 60


@dataclass(frozen=True, slots=True)
class AttemptView:
    """One call about a change. `asked` holds no personal data, `answer` is redacted."""

    id: int
    at: datetime
    operation: str
    is_read: bool
    outcome: str
    http_status: int | None
    request_id: str
    asked: dict[str, Any]
    answer: str
    duration_ms: int


@dataclass(frozen=True, slots=True)
class IntentView:
    """One travelling (or arrived) status change."""

    id: int
    state: IntentState
    from_status: OrderStatus
    to_status: OrderStatus
    carrier: str
    tracking_number: str
    actor_label: str
    created_at: datetime
    sent_at: datetime | None
    settled_at: datetime | None
    next_try_at: datetime
    attempts: int
    reason: str
    # By when the channel should know; see `urgency.py`.
    send_by: datetime | None = None
    operation: str = ""
    why: str = ""
    # Tells of one package while others are still to leave.
    is_part: bool = False
    run_id: int | None = None
    # What the person saw, and what the change led to.
    seen_version: int | None = None
    order_version: int = 0
    # Whether it may be taken back as if it had never been.
    can_be_withdrawn: bool = False
    # The newest first.
    receipts: tuple[AttemptView, ...] = ()


@dataclass(frozen=True, slots=True)
class ChangeDetail:
    """One row of the ledger in full."""

    intent: IntentView
    order_id: int
    order_number: str
    channel: Channel
    account_name: str


def of_order(session: Session, order: Order) -> tuple[IntentView, ...]:
    """An order's changes, the newest first. For callers that check permissions themselves."""
    intents = session.exec(
        select(StatusIntent)
        .where(StatusIntent.order_id == order.id)
        .order_by(col(StatusIntent.id).desc())
        .limit(_MOST_INTENTS)
    ).all()
    receipts = receipts_of(session, [one.id for one in intents])
    return tuple(
        _view(one, receipts.get(one.id, ()), can_be_withdrawn=not place and _is_here(one, order))
        for place, one in enumerate(intents)
    )


def withdrawable(session: Session, order: Order) -> int:
    """The change that may still be taken back; 0 where there is none. As `of_order`."""
    newest = session.exec(
        select(StatusIntent)
        .where(StatusIntent.order_id == order.id)
        .order_by(col(StatusIntent.id).desc())
        .limit(1)
    ).first()
    return newest.id if newest is not None and _is_here(newest, order) else 0


def get_change(session: Session, actor: Actor, intent_id: int) -> ChangeDetail:
    """One change with its receipts.

    Raises:
        PermissionDeniedError: Without `orders.view`.
        NotFoundError: If there is no such change.
    """
    reach.require(session, actor, Permission.VIEW_ORDERS)
    found = session.exec(
        select(StatusIntent, Order, ChannelAccount.name)
        .join(Order, col(Order.id) == StatusIntent.order_id)
        .join(ChannelAccount, col(ChannelAccount.id) == StatusIntent.account_id)
        .where(StatusIntent.id == intent_id)
    ).one_or_none()
    if found is None:
        raise NotFoundError("status change", intent_id)
    intent, order, account_name = found
    newest = session.exec(
        select(StatusIntent.id)
        .where(StatusIntent.order_id == order.id)
        .order_by(col(StatusIntent.id).desc())
        .limit(1)
    ).one()
    return ChangeDetail(
        _view(
            intent,
            receipts_of(session, [intent.id]).get(intent.id, ()),
            can_be_withdrawn=newest == intent.id and _is_here(intent, order),
        ),
        order.id,
        order.order_number,
        order.channel,
        account_name,
    )


def receipts_of(session: Session, intent_ids: Sequence[int]) -> dict[int, tuple[AttemptView, ...]]:
    """The newest calls about each of these changes."""
    if not intent_ids:
        return {}
    found: defaultdict[int, list[AttemptView]] = defaultdict(list)
    attempts = session.exec(
        select(IntentAttempt)
        .where(col(IntentAttempt.intent_id) == any_(literal(list(intent_ids), ARRAY(BigInteger))))
        .order_by(col(IntentAttempt.id).desc())
        .limit(_MOST_ATTEMPTS)
    )
    names = AttemptView.__dataclass_fields__
    for one in attempts:
        found[one.intent_id].append(AttemptView(**{name: getattr(one, name) for name in names}))
    return {key: tuple(calls) for key, calls in found.items()}


def _is_here(intent: StatusIntent, order: Order) -> bool:
    """As `withdrawing.why_not`, of the newest change of an order."""
    is_quiet = not intent.outcome_unknown and intent.claimed_at is None
    return intent.state in UNSENT and is_quiet and order.status is intent.to_status


def _view(
    intent: StatusIntent, receipts: tuple[AttemptView, ...], *, can_be_withdrawn: bool
) -> IntentView:
    own = {
        name: getattr(intent, name)
        for name in IntentView.__dataclass_fields__
        if name not in ("receipts", "can_be_withdrawn")
    }
    return IntentView(**own, receipts=receipts, can_be_withdrawn=can_be_withdrawn)
