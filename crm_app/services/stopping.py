"""A hold of the desk stops what has not left it: such changes go out once the order is released."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, any_, literal, or_, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import BigInteger
from sqlmodel import Session, col, select

from crm_app import queue
from crm_app.channels import capabilities
from crm_app.domain.channel import Channel
from crm_app.domain.intent import UNSENT, IntentState
from crm_app.domain.order_status import OrderStatus
from crm_app.domain.time import now
from crm_app.models import ChannelAccount, Order, StatusIntent

REASON: Final = "The order is on hold here ({why}): it goes out once somebody releases it."
# Told again where an answer got lost: on hold it is not.
_UNREADABLE: Final = tuple(
    channel for channel in Channel if not capabilities.of(channel).reads_back
)


def stop(session: Session, order_ids: Sequence[int], why: str) -> None:
    """Let what these orders' channels were not told of wait for the end of the hold.

    What a worker calls with at this moment goes on, and what the channel may know is read first. A
    cancellation goes out all the same, as one may be set during a hold; so does a step backward.

    Args:
        session: Holds the lock of every order; the caller commits.
        order_ids: Just put on hold.
        why: The reason of the hold in words.
    """
    session.execute(
        update(StatusIntent)
        .where(_of(order_ids), *_is_here())
        .values(state=IntentState.HELD, reason=REASON.format(why=why)[:500])
        .execution_options(synchronize_session=False)
    )


def is_here() -> ColumnElement[bool]:
    """Over `orders`: whether a change that a hold would stop has not left yet."""
    return select(StatusIntent.id).where(StatusIntent.order_id == Order.id, *_is_here()).exists()


def _is_here() -> tuple[ColumnElement[bool], ...]:
    return (
        col(StatusIntent.state).in_(UNSENT),
        col(StatusIntent.claimed_at).is_(None),
        col(StatusIntent.to_status) != OrderStatus.CANCELLED,
        col(StatusIntent.takes_back).is_(False),
        or_(
            col(StatusIntent.outcome_unknown).is_(False),
            col(StatusIntent.account_id).in_(
                select(ChannelAccount.id).where(col(ChannelAccount.channel).in_(_UNREADABLE))
            ),
        ),
    )


def let_go(session: Session, order_ids: Sequence[int]) -> None:
    """What waited for the end of the hold goes out at once; after the commit a worker is told."""
    accounts = session.execute(
        update(StatusIntent)
        .where(_of(order_ids), col(StatusIntent.state) == IntentState.HELD)
        .values(state=IntentState.QUEUED, reason="", next_try_at=now())
        .returning(col(StatusIntent.account_id))
        .execution_options(synchronize_session=False)
    ).scalars()
    for account_id in sorted(set(accounts)):
        queue.hint_push(session, account_id)


def is_stopped(order: Order, target: OrderStatus, *, takes_back: bool = False) -> bool:
    """Whether the order's hold keeps a change to `target` here."""
    return order.held_at is not None and target is not OrderStatus.CANCELLED and not takes_back


def put_by(intent: StatusIntent, order: Order) -> None:
    """Let a change wait for the end of its order's hold."""
    why = order.hold_reason.label.lower() if order.hold_reason else "held"
    intent.state = IntentState.HELD
    intent.reason = REASON.format(why=why)


def _of(order_ids: Sequence[int]) -> Any:
    return col(StatusIntent.order_id) == any_(literal(list(order_ids), ARRAY(BigInteger)))
