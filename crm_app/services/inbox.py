"""What the inbox holds becomes orders: one entry at a time, each safe to repeat.

Every entry ends processed or set aside with its reason. One that is not possible yet (its order
has not arrived, the channel does not answer) waits: it is tried again when its order is stored or
when its time has come, and given up after `GIVE_UP_AFTER`.
"""

import dataclasses
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import zstandard
from sqlalchemy import ColumnElement, func, literal_column, update
from sqlalchemy.exc import DataError, IntegrityError
from sqlmodel import Session, col, select

from crm_app import db
from crm_app.channels import capabilities
from crm_app.channels.base import ChannelOrder, Connector
from crm_app.channels.inbound import Deed, Hook, Told, parse
from crm_app.config import get_settings
from crm_app.domain.order_status import OrderStatus
from crm_app.domain.reconcile import is_before
from crm_app.domain.time import now
from crm_app.errors import (
    AccountDisconnectedError,
    ChannelError,
    RateLimitedError,
    RejectedError,
    RetryableError,
)
from crm_app.models import ChannelAccount, InboxEntry, InboxState, Order
from crm_app.services import accounts, importing, order_rows, status_words
from crm_app.services.arrivals import PULLED
from crm_app.services.payloads import payload_of
from crm_app.services.receiving import KIND

logger = logging.getLogger(__name__)

# A channel repeats what it could not deliver for hours; an order that comes days later than its
# event will hardly come.
GIVE_UP_AFTER: Final = timedelta(days=3)
# A worker that holds an entry longer than this is dead.
_LEASE: Final = timedelta(minutes=2)
_FIRST_WAIT_S: Final = 5.0
_NOT_CONNECTED_WAIT: Final = timedelta(minutes=10)
# In the words of the partial index `ix_inbox_due`.
_OPEN: Final[ColumnElement[bool]] = literal_column("state IN ('received', 'waiting')")
# Nothing on the way of a parcel follows these.
_ENDS: Final = (OrderStatus.CANCELLED, OrderStatus.RETURNED, OrderStatus.FAILED)

Reader = Callable[[], Connector | None]


@dataclass(frozen=True, slots=True)
class Work:
    """An entry that a worker took in hand."""

    entry_id: int
    account_id: int
    deed: Deed
    topic: str
    external_id: str
    body: bytes
    received_at: datetime
    taken_at: datetime
    attempts: int


def due_accounts(session: Session) -> list[int]:
    """Ids of accounts with an entry whose time has come."""
    statement = select(InboxEntry.account_id).where(_OPEN, col(InboxEntry.next_try_at) <= now())
    return list(session.exec(statement.distinct()))


def account_of(session: Session, entry_id: int) -> int | None:
    """The account of an entry; None if there is no such entry."""
    return session.exec(select(InboxEntry.account_id).where(InboxEntry.id == entry_id)).first()


def process(
    account_id: int, hook: Hook, reader: Reader, *, budget_s: float, entry_id: int | None = None
) -> int:
    """Work off what is due on an account; how many entries were taken in hand.

    Nothing is locked while the channel is asked. What a killed worker held is due again after
    two minutes.

    Args:
        account_id: Our id.
        hook: Of the account's channel.
        reader: Gives a connector when one is needed; None if the account is not connected.
        budget_s: Take no further entry after this many seconds.
        entry_id: Only this one.
    """
    deadline = time.monotonic() + budget_s
    taken = 0
    while time.monotonic() < deadline:
        with db.transaction() as session:
            work = _take(session, account_id, entry_id)
        if work is None:
            break
        taken += 1
        try:
            _do(work, hook, reader)
        except (RateLimitedError, AccountDisconnectedError) as error:
            _postpone(work, error)
            break
        except RetryableError as error:
            _postpone(work, error)
        except (RejectedError, ValueError, DataError, IntegrityError) as error:
            _give_up(work, error)
        except Exception as error:
            # A fault of ours: it waits like the others, and is raised to be seen.
            _postpone(work, RetryableError(f"Unexpected: {type(error).__name__}."))
            raise
    return taken


def _take(session: Session, account_id: int, entry_id: int | None) -> Work | None:
    moment = now()
    statement = select(InboxEntry).where(
        InboxEntry.account_id == account_id, _OPEN, col(InboxEntry.next_try_at) <= moment
    )
    if entry_id is not None:
        statement = statement.where(InboxEntry.id == entry_id)
    # In the order of arrival, so that a creation comes before what changes it.
    entry = session.exec(
        statement.order_by(col(InboxEntry.id)).limit(1).with_for_update(skip_locked=True)
    ).first()
    if entry is None:
        return None
    entry.attempts += 1
    entry.next_try_at = moment + _LEASE
    return Work(
        entry_id=entry.id,
        account_id=account_id,
        # An element of a pulled page that a person replays: the channel is asked for it again.
        deed=Deed.READ if entry.kind == PULLED else Deed(entry.kind.removeprefix(KIND)),
        topic=entry.topic,
        external_id=entry.external_id,
        body=entry.body,
        received_at=entry.received_at,
        taken_at=moment,
        attempts=entry.attempts,
    )


def _do(work: Work, hook: Hook, reader: Reader) -> None:
    if work.deed is Deed.STORE:
        _store(work, hook)
        return
    connector = reader()
    if connector is None:
        raise AccountDisconnectedError("The account is not connected.")
    order = connector.fetch_order(work.external_id)
    with db.transaction() as session:
        account = accounts.get_account(session, work.account_id)
        _save(session, account, order)
        _end(session, work, order.external_id)
        _end_older_hints(session, work)


def _store(work: Work, hook: Hook) -> None:
    with db.transaction() as session:
        account = accounts.get_account(session, work.account_id)
        _one_at_a_time(session, work)
        # A channel that can be read tells whole versions, each with a time of its own; locking
        # such an order here would cross the way of a pull that stores it.
        order = None if capabilities.of(account.channel).reads_back else _known(session, work)
        told = hook.to_order(_told(session, work, order, account))
        if told is None:
            _wait(session, work, "The order it speaks of has not arrived.", _pause(work.attempts))
            return
        _save(session, account, _not_backwards(told, order))
        _end(session, work)


def _told(session: Session, work: Work, order: Order | None, account: ChannelAccount) -> Told:
    return Told(
        topic=work.topic,
        external_id=work.external_id,
        body=parse(zstandard.decompress(work.body)) or {},
        # Never before the version that is stored, or it would change nothing.
        at=max(work.received_at, order.channel_updated_at) if order else work.received_at,
        known=payload_of(session, order) if order else None,
        options=account.options,
        words=status_words.in_force(session, account),
    )


def _one_at_a_time(session: Session, work: Work) -> None:
    """Two events of one order must not both start from the same stored version."""
    key = func.hashtext(f"{work.account_id}:{work.external_id}")
    session.execute(select(func.pg_advisory_xact_lock(db.LOCK_INBOX_ORDER, key)))


def _known(session: Session, work: Work) -> Order | None:
    return session.exec(
        select(Order)
        .where(Order.account_id == work.account_id, Order.external_id == work.external_id)
        .with_for_update()
    ).one_or_none()


def _not_backwards(told: ChannelOrder, order: Order | None) -> ChannelOrder:
    """What was told or confirmed stands: hooks tell the past as often as the present.

    Only their place on the way tells old words from new ones where no version has a time.
    """
    heard = order.status_on_channel if order else None
    if heard is None or told.status is None:
        return told
    is_old = heard in _ENDS or is_before(told.status, heard)
    return dataclasses.replace(told, status=heard) if is_old else told


def _save(session: Session, account: ChannelAccount, order: ChannelOrder) -> None:
    if reason := order_rows.check_storable(order, now()):
        raise ValueError(reason)
    importing.save_orders(session, account, (order,))


def _end(session: Session, work: Work, external_id: str = "") -> None:
    # A hint may have named something else: now it is known which order it spoke of.
    order = {"external_id": external_id} if external_id else {}
    # After the orders: everybody else locks orders first, then the inbox.
    session.execute(
        update(InboxEntry).where(col(InboxEntry.id) == work.entry_id).values(**_ended(), **order)
    )


def _end_older_hints(session: Session, work: Work) -> None:
    """The order was read after these arrived: they have nothing to add."""
    session.execute(
        update(InboxEntry)
        .where(
            col(InboxEntry.account_id) == work.account_id,
            col(InboxEntry.external_id) == work.external_id,
            col(InboxEntry.kind) == f"{KIND}{Deed.READ}",
            _OPEN,
            col(InboxEntry.received_at) <= work.taken_at,
        )
        .values(**_ended())
    )


def _ended() -> dict[str, Any]:
    return {
        "state": InboxState.PROCESSED,
        "reason": "",
        "next_try_at": None,
        "processed_at": func.clock_timestamp(),
    }


def _wait(session: Session, work: Work, reason: str, pause: timedelta) -> None:
    """Put it back, or give it up when it has waited long enough."""
    moment = now()
    if moment - work.received_at > GIVE_UP_AFTER:
        _set_aside(session, work, f"Given up after {GIVE_UP_AFTER.days} days. {reason}")
        return
    session.execute(
        update(InboxEntry)
        .where(col(InboxEntry.id) == work.entry_id, _OPEN)
        .values(state=InboxState.WAITING, reason=reason[:500], next_try_at=moment + pause)
    )


def _set_aside(session: Session, work: Work, reason: str) -> None:
    session.execute(
        update(InboxEntry)
        .where(col(InboxEntry.id) == work.entry_id, _OPEN)
        .values(state=InboxState.SET_ASIDE, reason=reason[:500], next_try_at=None)
    )
    logger.warning("Set aside inbox entry %d of account %d", work.entry_id, work.account_id)


def _postpone(work: Work, error: ChannelError) -> None:
    pause = _pause(work.attempts)
    if isinstance(error, RateLimitedError):
        pause = timedelta(seconds=error.retry_after_s)
    elif isinstance(error, AccountDisconnectedError):
        # A pull or a push finds out by itself and says so on the account.
        pause = min(_NOT_CONNECTED_WAIT, timedelta(seconds=get_settings().longest_pause_s))
    with db.transaction() as session:
        _wait(session, work, str(error), pause)


def _give_up(work: Work, error: Exception) -> None:
    """A refusal may pass (the channel's list lags behind its hooks); a body that is wrong stays."""
    with db.transaction() as session:
        if isinstance(error, RejectedError):
            _wait(session, work, str(error), _pause(work.attempts))
            return
        # The database's own words may quote a value.
        is_ours = isinstance(error, ValueError) and not isinstance(error, UnicodeError)
        words = str(error) if is_ours else "The database refused a value."
        _set_aside(session, work, words)


def _pause(attempts: int) -> timedelta:
    return accounts.pause_after(attempts, _FIRST_WAIT_S)
