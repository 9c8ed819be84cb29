"""One exception in full: both words, attempts, what arrived, and what people did about it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import func
from sqlmodel import Session, col, select

from crm_app.domain.actor import Actor
from crm_app.domain.intent import OPEN
from crm_app.domain.permissions import Permission
from crm_app.domain.rules import Field
from crm_app.domain.trouble import Source
from crm_app.models import (
    AuditEntry,
    ChannelAccount,
    FieldDispute,
    InboxEntry,
    IntentAttempt,
    Order,
    StatusIntent,
    UnmappedSku,
    UnmappedWord,
)
from crm_app.services import disputes, reach
from crm_app.services.exceptions import bodies, listing, sources, wording
from crm_app.services.exceptions.rows import ExceptionRow
from crm_app.services.intent_view import AttemptView

_MOST_ATTEMPTS: Final = 20
_MOST_DEEDS: Final = 30


@dataclass(frozen=True, slots=True)
class WordView:
    """One side's status: our label of it, the side's own spelling, since when, by whom."""

    status: str
    raw: str
    at: datetime
    who: str


@dataclass(frozen=True, slots=True)
class FactView:
    """Something known about it; the time is given where the value is one."""

    name: str
    value: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class DeedView:
    """What a person did about it."""

    at: datetime
    who: str
    sentence: str


@dataclass(frozen=True, slots=True)
class ExceptionDetail:
    """`ours` and `theirs` are None where no order is behind it; `shape` is what arrived, with
    every value masked."""

    row: ExceptionRow
    advice: str
    ours: WordView | None
    theirs: WordView | None
    attempts: tuple[AttemptView, ...]
    facts: tuple[FactView, ...]
    deeds: tuple[DeedView, ...]
    shape: str
    may_act: bool
    may_reveal: bool


def get_exception(session: Session, actor: Actor, key: str) -> ExceptionDetail:
    """One exception; also one that a person closed.

    Raises:
        PermissionDeniedError: Without `orders.view`.
        NotFoundError: If it is not open and nobody closed it.
    """
    reach.require(session, actor, Permission.VIEW_ORDERS)
    row = bodies.find(session, key)
    if row.account_id is not None:
        actor = actor.on_account(row.account_id)
    order = session.get(Order, row.order_id) if row.order_id else None
    intent = _intent(session, row)
    body = bodies.body_of(session, row)
    ours, theirs = _words(session, actor, row, order, intent) if order else (None, None)
    return ExceptionDetail(
        row=row,
        advice="" if row.is_over else wording.advice(row.source, row.cause),
        ours=ours,
        theirs=theirs,
        attempts=_attempts(session, intent),
        facts=_facts(session, row),
        deeds=_deeds(session, key),
        shape=bodies.masked(body) if body is not None else "",
        may_act=actor.may(Permission.CHANGE_STATUS) and not row.is_over,
        may_reveal=body is not None and actor.may(Permission.SEE_PERSONAL_DATA),
    )


def _intent(session: Session, row: ExceptionRow) -> StatusIntent | None:
    if row.source is Source.WAIT:
        return session.get(StatusIntent, int(row.key.split(":")[1]))
    if row.source is Source.CHANGE:
        return session.get(StatusIntent, int(row.key.split(":")[2]))
    return None


def _words(
    session: Session,
    actor: Actor,
    row: ExceptionRow,
    order: Order,
    intent: StatusIntent | None,
) -> tuple[WordView | None, WordView | None]:
    """What we say and what the channel says, each with its time; none where nobody disagrees."""
    if row.source in (Source.CHANGE, Source.WAIT):
        return _ours(order, intent), _theirs(order, row)
    if row.source is not Source.FIELD:
        return None, None
    field = Field(row.key.split(":")[2])
    found = session.get(FieldDispute, (order.id, field))
    if found is None:
        return None, None
    ours, theirs = disputes.words(found, order, sees_people=actor.may(Permission.SEE_PERSONAL_DATA))
    return (
        WordView(field.label, ours, order.updated_at, ""),
        WordView(field.label, theirs, found.told_at, _name(row)),
    )


def _ours(order: Order, intent: StatusIntent | None) -> WordView:
    at, who = (intent.happened_at, intent.actor_label) if intent else (order.updated_at, "")
    return WordView(order.status.label, "", at, who)


def _theirs(order: Order, row: ExceptionRow) -> WordView:
    known = order.status_on_channel
    return WordView(
        known.label if known else "Not known to us",
        order.channel_status,
        order.channel_updated_at,
        _name(row),
    )


def _name(row: ExceptionRow) -> str:
    return row.channel.label if row.channel else ""


def _attempts(session: Session, intent: StatusIntent | None) -> tuple[AttemptView, ...]:
    if intent is None:
        return ()
    found = session.exec(
        select(IntentAttempt)
        .where(IntentAttempt.intent_id == intent.id)
        .order_by(col(IntentAttempt.id).desc())
        .limit(_MOST_ATTEMPTS)
    )
    names = AttemptView.__dataclass_fields__
    return tuple(AttemptView(**{name: getattr(one, name) for name in names}) for one in found)


def _facts(session: Session, row: ExceptionRow) -> tuple[FactView, ...]:
    if row.account_id is None:
        return ()
    account = session.get_one(ChannelAccount, row.account_id)
    number = int(row.key.split(":")[1])
    match row.source:
        case Source.FIELD:
            return ()
        case Source.CHANGE | Source.WAIT:
            return _facts_of_intent(_intent(session, row))
        case Source.INBOX:
            return _facts_of_entry(session.get(InboxEntry, number))
        case Source.WORD:
            return _facts_of_word(session, row)
        case Source.SKU:
            return _facts_of_sku(session, row)
        case _:
            return (
                FactView("Changes waiting", str(_waiting(session, row.account_id))),
                FactView("Last complete pull", at=account.last_success_at),
                FactView("Last error", at=account.last_error_at),
            )


def _facts_of_intent(intent: StatusIntent | None) -> tuple[FactView, ...]:
    if intent is None:
        return ()
    parcel = " ".join(filter(None, (intent.carrier, intent.tracking_number)))
    return (
        FactView("Asked for", intent.to_status.label),
        FactView("By", intent.actor_label),
        FactView("Parcel", parcel),
        FactView("Asked", at=intent.created_at),
        FactView("Next try", at=intent.next_try_at if intent.state in OPEN else None),
    )


def _facts_of_entry(entry: InboxEntry | None) -> tuple[FactView, ...]:
    if entry is None:
        return ()
    return (
        FactView("Order", entry.external_id),
        FactView("Came as", "a pulled order" if entry.kind == wording.PULLED else "a webhook"),
        FactView("Topic", entry.topic),
        FactView("Received", at=entry.received_at),
        FactView("Seen", _times(entry.times_seen)),
        FactView("Last seen", at=entry.last_seen_at if entry.times_seen > 1 else None),
        FactView("Tries", str(entry.attempts) if entry.attempts else ""),
        FactView("Next try", at=entry.next_try_at),
    )


def _facts_of_word(session: Session, row: ExceptionRow) -> tuple[FactView, ...]:
    word = session.exec(
        select(UnmappedWord).where(
            UnmappedWord.account_id == row.account_id, UnmappedWord.word == row.title
        )
    ).first()
    if word is None:
        return ()
    return (
        FactView("Seen", _times(word.times_seen)),
        FactView("First", at=word.first_seen_at),
        FactView("Last", at=word.last_seen_at),
        FactView("For example on", word.example_external_id),
    )


def _facts_of_sku(session: Session, row: ExceptionRow) -> tuple[FactView, ...]:
    found = session.get(UnmappedSku, (row.account_id, row.title))
    if found is None:
        return ()
    return (
        FactView("Orders to ship with it", f"{found.orders:,}"),
        FactView("Seen first", at=found.first_seen_at),
    )


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count:,} times"


def _waiting(session: Session, account_id: int) -> int:
    statement = (
        select(StatusIntent.id)
        .where(StatusIntent.account_id == account_id, col(StatusIntent.state).in_(OPEN))
        .limit(listing.COUNT_CAP)
    )
    return session.exec(select(func.count()).select_from(statement.subquery())).one()


def _deeds(session: Session, key: str) -> tuple[DeedView, ...]:
    if sources.source_of(key) is None:
        return ()
    found = session.exec(
        select(AuditEntry)
        .where(AuditEntry.subject_type == "exception", AuditEntry.subject_id == key)
        .order_by(col(AuditEntry.id).desc())
        .limit(_MOST_DEEDS)
    )
    return tuple(
        DeedView(one.at, one.actor_label, wording.deed(one.action, one.after)) for one in found
    )
