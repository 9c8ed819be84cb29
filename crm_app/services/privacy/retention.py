"""How long data of persons are kept, by channel; a daily job keeps to it and says what it did."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import String, cast, delete, func, tuple_
from sqlmodel import Session, col, select

from crm_app.domain.actor import SYSTEM, Actor
from crm_app.domain.channel import Channel
from crm_app.domain.permissions import Permission
from crm_app.domain.time import now
from crm_app.errors import InvalidInputError, NotFoundError
from crm_app.models import (
    AccountBasis,
    Basis,
    ChannelAccount,
    DataRequest,
    Order,
    OrderEvent,
    OrderPayload,
    RetentionRule,
    RetentionRun,
)
from crm_app.services import audit, reach
from crm_app.services.privacy import erasing
from crm_app.services.privacy.erasing import ENDED, Erased

BATCH: Final = 100
PAYLOADS: Final = 1_000
LONGEST: Final = 3_650
# How long a file with somebody's data waits to be handed over.
_FILE_DAYS: Final = 30
# Amazon's Data Protection Policy: no personal data later than 30 days after delivery.
_USUAL: Final = {Channel.AMAZON: (30, 30)}


@dataclass(frozen=True, slots=True)
class Rule:
    """Days after the end of an order; None: for as long as the order."""

    channel: Channel
    contact_days: int | None
    payload_days: int | None


def rules(session: Session) -> list[Rule]:
    """What holds for each channel: as chosen, else as usual."""
    chosen = {one.channel: one for one in session.exec(select(RetentionRule))}
    found: list[Rule] = []
    for channel in Channel:
        one = chosen.get(channel)
        usual = _USUAL.get(channel, (None, None))
        contact, payload = (one.contact_days, one.payload_days) if one else usual
        found.append(Rule(channel, contact, payload))
    return found


def set_rule(session: Session, actor: Actor, rule: Rule) -> None:
    """Choose how long a channel's data are kept.

    Raises:
        PermissionDeniedError: Without `privacy.manage`.
        InvalidInputError: `details` maps what is wrong to a sentence.
    """
    reach.require(session, actor, Permission.MANAGE_PRIVACY)
    days = {"contact_days": rule.contact_days, "payload_days": rule.payload_days}
    wrong = {
        name: f"1 to {LONGEST:,} days, or nothing."
        for name, value in days.items()
        if value is not None and not 1 <= value <= LONGEST
    }
    if wrong:
        raise InvalidInputError("So long makes no sense.", details=wrong)
    before = next(one for one in rules(session) if one.channel is rule.channel)
    session.merge(RetentionRule(channel=rule.channel, **days))
    audit.record(
        session,
        actor,
        "privacy:retention:changed",
        subject_type="channel",
        subject_id=rule.channel.value,
        before={"contact_days": before.contact_days, "payload_days": before.payload_days},
        after=days,
    )


def set_basis(session: Session, actor: Actor, account_id: int, basis: Basis, note: str) -> None:
    """Note why the data of an account's buyers are kept. Raises as `set_rule`, NotFoundError."""
    reach.require(session, actor, Permission.MANAGE_PRIVACY)
    if session.get(ChannelAccount, account_id) is None:
        raise NotFoundError("account", account_id)
    note = " ".join(note.split())[:500]
    known = session.get(AccountBasis, account_id)
    before = {"basis": known.basis.value, "note": known.note} if known else {}
    session.merge(AccountBasis(account_id=account_id, basis=basis, note=note))
    audit.record(
        session,
        actor,
        "privacy:basis:changed",
        subject_type="account",
        subject_id=account_id,
        before=before,
        after={"basis": basis.value, "note": note},
    )


def bases(session: Session) -> Mapping[int, AccountBasis]:
    """What was noted, by account."""
    return {one.account_id: one for one in session.exec(select(AccountBasis))}


def last_runs(session: Session, most: int = 20) -> Sequence[RetentionRun]:
    """What the last cleanings did."""
    newest = select(RetentionRun).order_by(col(RetentionRun.id).desc()).limit(most)
    return session.exec(newest).all()


def forget_contacts(
    session: Session, rule: Rule, after: tuple[datetime, int] | None
) -> tuple[int, tuple[datetime, int] | None]:
    """Take the person out of a batch of orders that ended long enough ago.

    Returns:
        How many it was, and where the next batch begins; None after the last one.
    """
    if rule.contact_days is None:
        return 0, None
    before = now() - timedelta(days=rule.contact_days)
    statement = (
        select(Order.id, Order.placed_at)
        .where(
            Order.channel == rule.channel,
            col(Order.status).in_(ENDED),
            col(Order.anonymised_at).is_(None),
            # No order ends before it is placed.
            col(Order.placed_at) < before,
            _ended_at() < before,
        )
        .order_by(col(Order.placed_at), col(Order.id))
        .limit(BATCH)
    )
    if after is not None:
        statement = statement.where(tuple_(col(Order.placed_at), col(Order.id)) > after)
    found = session.exec(statement).all()
    if not found:
        return 0, None
    why = f"kept for {rule.contact_days} days after the end"
    done = erasing.erase_orders(session, SYSTEM, [key for key, _ in found], why, Erased())
    last_id, last_at = found[-1]
    return len(done), (last_at, last_id) if len(found) == BATCH else None


def forget_payloads(session: Session, rule: Rule) -> int:
    """Delete a batch of raw payloads of orders that ended long enough ago; how many it was."""
    if rule.payload_days is None:
        return 0
    before = now() - timedelta(days=rule.payload_days)
    old = session.exec(
        select(OrderPayload.order_id, OrderPayload.payload_hash)
        .join(Order, col(Order.id) == OrderPayload.order_id)
        .where(
            col(OrderPayload.received_at) < before,
            Order.channel == rule.channel,
            col(Order.status).in_(ENDED),
            _ended_at() < before,
        )
        .order_by(col(OrderPayload.received_at))
        .limit(PAYLOADS)
    ).all()
    keys = [tuple(one) for one in old]
    session.execute(
        delete(OrderPayload).where(
            tuple_(col(OrderPayload.order_id), col(OrderPayload.payload_hash)).in_(keys)
        )
    )
    return len(keys)


def note_run(session: Session, channel: Channel, done: Mapping[str, int]) -> None:
    """Say what one cleaning did, on the page and in the audit trail."""
    session.add(
        RetentionRun(
            channel=channel,
            contacts=done["contacts"],
            payloads=done["payloads"],
            bodies=done["bodies"],
        )
    )
    audit.record(
        session,
        SYSTEM,
        "privacy:retention:run",
        subject_type="channel",
        subject_id=channel.value,
        after=dict(done),
    )


def forget_files(session: Session) -> int:
    """Delete files with a person's data whose time is over; how many."""
    old = session.exec(
        select(DataRequest).where(
            col(DataRequest.file).is_not(None),
            col(DataRequest.handled_at) < now() - timedelta(days=_FILE_DAYS),
        )
    ).all()
    for one in old:
        one.file = None
    return len(old)


def _ended_at() -> Any:
    """When an order reached its end: when the history says so, or the channel's version of then."""
    became = OrderEvent.data["status"][1].astext  # type: ignore[index]
    told = (
        select(func.min(OrderEvent.at))
        .where(col(OrderEvent.order_id) == col(Order.id), became == cast(col(Order.status), String))
        .correlate(Order)
        .scalar_subquery()
    )
    return func.coalesce(func.least(told, col(Order.channel_updated_at)), col(Order.updated_at))
