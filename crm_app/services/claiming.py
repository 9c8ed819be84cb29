"""Which changes go next, and what a worker says on disk before it calls the channel.

Where a channel takes several orders in one call, the most pressing change takes others of its kind
along: each is claimed, recorded and settled by itself, and none overtakes an earlier one of its
order.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum, auto
from typing import Final

from sqlalchemy import ColumnElement, and_, false, not_, or_
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from crm_app.channels import capabilities
from crm_app.channels.base import StatusUpdate
from crm_app.config import get_settings
from crm_app.domain.intent import OPEN, IntentState
from crm_app.domain.order_status import OrderStatus
from crm_app.domain.time import now
from crm_app.models import Order, OrderLine, OrderPackage, StatusIntent
from crm_app.models.outbox import IS_OPEN
from crm_app.services import accounts, bulk_telling
from crm_app.services.payloads import payload_of

# A worker that holds an intent for so many waits on the network is dead: a status change costs
# four calls at most.
_CLAIM_LASTS_WAITS: Final = 6


class Kind(Enum):
    """What is asked of a channel."""

    READ = auto()
    TELL = auto()


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many orders one call may be about."""

    read: int = 1
    tell: int = 1

    def of(self, kind: Kind) -> int:
        """For this kind of call."""
        return self.read if kind is Kind.READ else self.tell


ONE: Final = Sizes()


@dataclass(frozen=True, slots=True)
class Claim:
    """What a worker took in hand. `update` is None where only a read is wanted."""

    intent_id: int
    external_id: str
    attempts: int
    update: StatusUpdate | None

    @property
    def kind(self) -> Kind:
        """Of the call that follows."""
        return Kind.READ if self.update is None else Kind.TELL


def next_due(
    session: Session, account_id: int, *conditions: ColumnElement[bool], at_most: int = 1
) -> list[tuple[StatusIntent, Order]]:
    """The intents that go next, locked, each with its order; empty if none may travel now."""
    moment = now()
    earlier = aliased(StatusIntent)
    found = session.exec(
        select(StatusIntent, Order)
        .join(Order, col(Order.id) == StatusIntent.order_id)
        .where(
            StatusIntent.account_id == account_id,
            IS_OPEN,
            StatusIntent.state != IntentState.HELD,
            StatusIntent.next_try_at <= moment,
            bulk_telling.is_free(),
            *conditions,
            or_(
                col(StatusIntent.claimed_at).is_(None),
                col(StatusIntent.claimed_at) < moment - _claim_lasts(),
            ),
            ~select(earlier.id)
            .where(
                and_(
                    col(earlier.order_id) == StatusIntent.order_id,
                    col(earlier.id) < StatusIntent.id,
                    col(earlier.state).in_(OPEN),
                )
            )
            .exists(),
        )
        # In the words of `ix_status_intents_due`; why in this order: `services/urgency.py`.
        .order_by(
            col(StatusIntent.is_patient),
            col(StatusIntent.send_by),
            col(StatusIntent.late_cost).desc(),
            col(StatusIntent.id),
        )
        .limit(at_most)
        .with_for_update(skip_locked=True, of=StatusIntent)
    )
    return [(intent, order) for intent, order in found]


def claim(
    session: Session, account_id: int, halted: Collection[Kind] = (), sizes: Sizes = ONE
) -> list[Claim]:
    """Take what is due next, and say on disk what is about to be done with it.

    All of it is of one kind; of what is told, all is to become the same.

    Args:
        session: Committed by the caller before the channel is called.
        account_id: Ours; the caller holds its push lock.
        halted: Kinds of calls that are not to be made now.
        sizes: How many may go together.
    """
    account = accounts.get_account(session, account_id)
    # A channel that cannot be read is told again instead: repeating a call is harmless.
    can_read = capabilities.of(account.channel).reads_back
    was_told = or_(col(StatusIntent.state) == IntentState.SENT, col(StatusIntent.outcome_unknown))
    is_read = was_told if can_read else false()
    barred = [is_read if kind is Kind.READ else not_(is_read) for kind in halted]
    found = next_due(session, account_id, *(not_(one) for one in barred))
    if not found:
        return []
    first = found[0][0]
    read_only = can_read and (first.state is IntentState.SENT or first.outcome_unknown)
    others = sizes.of(Kind.READ if read_only else Kind.TELL) - 1
    if others > 0:
        alike = is_read if read_only else and_(not_(is_read), _says_the_same(first))
        another = col(StatusIntent.id) != first.id
        found += next_due(session, account_id, alike, another, at_most=others)
    return [_take(session, intent, order, read_only=read_only) for intent, order in found]


def _says_the_same(first: StatusIntent) -> ColumnElement[bool]:
    return and_(
        col(StatusIntent.to_status) == first.to_status,
        col(StatusIntent.takes_back) == first.takes_back,
    )


def _take(session: Session, intent: StatusIntent, order: Order, *, read_only: bool) -> Claim:
    intent.claimed_at = now()
    if not read_only:
        intent.state = IntentState.SENDING
        # Until an answer is on disk, the channel may have acted.
        intent.outcome_unknown = True
    intent.attempts += 1
    update = None if read_only else _update_for(session, intent, order)
    return Claim(intent.id, order.external_id, intent.attempts, update)


def _claim_lasts() -> timedelta:
    """With the usual 20 seconds a wait: two minutes."""
    return timedelta(seconds=_CLAIM_LASTS_WAITS * get_settings().http_timeout_s)


def _update_for(session: Session, intent: StatusIntent, order: Order) -> StatusUpdate:
    is_kept_only_here = not capabilities.of(order.channel).reads_back
    leaving, left = _lines_of(session, intent)
    return StatusUpdate(
        external_id=order.external_id,
        status=intent.to_status,
        # Our id is positive, unique per order, and on disk before the first call; a change that a
        # person sends again keeps that of the first.
        reference=intent.reference or intent.id,
        carrier=intent.carrier,
        tracking_number=intent.tracking_number,
        happened_at=intent.happened_at,
        lines=_positive(leaving),
        left=_positive(left),
        known=(payload_of(session, order) or {}) if is_kept_only_here else {},
        takes_back=intent.takes_back,
        cancel_reason=intent.cancel_reason,
    )


def _lines_of(session: Session, intent: StatusIntent) -> tuple[dict[str, int], dict[str, int]]:
    """Pieces by line that a change is about, and those that stay behind after it."""
    lines = session.exec(
        select(OrderLine)
        .where(OrderLine.order_id == intent.order_id)
        .order_by(col(OrderLine.position))
    ).all()
    package = session.exec(
        select(OrderPackage).where(
            OrderPackage.order_id == intent.order_id, OrderPackage.intent_id == intent.id
        )
    ).first()
    asked: dict[str, int] = {}
    left: dict[str, int] = {}
    for line in lines:
        key, packed = line.external_id, package.lines.get(line.external_id, 0) if package else 0
        # What the channel counts as gone may hold this very package already.
        counted = packed if package and package.is_told else 0
        there = line.quantity - line.quantity_cancelled - max(0, line.quantity_shipped - counted)
        if package is None or intent.to_status is not OrderStatus.SHIPPED or not package.lines:
            asked[key] = there
            continue
        asked[key] = min(packed, there)
        left[key] = there - asked[key] if intent.is_part else 0
    return asked, left


def _positive(pieces: dict[str, int]) -> tuple[tuple[str, int], ...]:
    return tuple((key, count) for key, count in pieces.items() if count > 0)
