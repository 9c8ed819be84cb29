"""What arrived: every entry of the inbox, whatever became of it, newest first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, tuple_
from sqlmodel import Session, col, select

from crm_app.config import get_settings
from crm_app.domain.actor import Actor
from crm_app.domain.channel import Channel
from crm_app.domain.permissions import Permission
from crm_app.errors import InvalidInputError, NotFoundError
from crm_app.models import ChannelAccount, InboxEntry, InboxState, Order, RefusedWebhook
from crm_app.services import audit, inbox_review, reach
from crm_app.services.exceptions import bodies

DEFAULT_LIMIT: Final = 50
MAX_LIMIT: Final = 200
MOST_AT_ONCE: Final = 500
_LONGEST: Final = 128
_MOST_ID: Final = 2**63 - 1


@dataclass(frozen=True, slots=True)
class InboxQuery:
    """What of the inbox is asked for.

    Attributes:
        topic: How the channel's word for the event begins.
        external_id: The channel's id of the order, whole.
        day: Of the business zone.
        before: Only entries older than this one; from a former page.
    """

    account_id: int | None = None
    topic: str = ""
    state: InboxState | None = None
    external_id: str = ""
    day: date | None = None
    before: int | None = None
    limit: int = DEFAULT_LIMIT

    @classmethod
    def parse(cls, params: Mapping[str, str]) -> "InboxQuery":
        """From texts; an empty one asks for everything.

        Raises:
            InvalidInputError: `details` maps each name that means nothing to a sentence.
        """
        mistakes: dict[str, Any] = {}

        def read(name: str, convert: Any, words: str) -> Any:
            text = params.get(name, "").strip()
            try:
                return convert(text) if text else None
            except (ValueError, OverflowError):
                mistakes[name] = words
                return None

        query = cls(
            account_id=read("account", _id, "The id of an account."),
            topic=params.get("topic", "").strip()[:_LONGEST].replace("\x00", ""),
            state=read("state", InboxState, f"One of {', '.join(InboxState)}."),
            external_id=params.get("order", "").strip()[:_LONGEST].replace("\x00", ""),
            day=read("day", date.fromisoformat, "A day such as 2026-11-30."),
            before=read("before", _id, "The id of an entry."),
            limit=read("limit", _limit, f"1 to {MAX_LIMIT}.") or DEFAULT_LIMIT,
        )
        if mistakes:
            raise InvalidInputError("These filters mean nothing.", details=mistakes)
        return query


@dataclass(frozen=True, slots=True)
class InboxRow:
    """One entry without its body; `order_id` is ours, where its order is here."""

    id: int
    account_id: int
    account: str
    channel: Channel
    kind: str
    topic: str
    external_id: str
    order_id: int | None
    state: InboxState
    reason: str
    attempts: int
    times_seen: int
    received_at: datetime
    last_seen_at: datetime
    next_try_at: datetime | None
    processed_at: datetime | None
    can_replay: bool


@dataclass(frozen=True, slots=True)
class InboxPage:
    """`next_before` goes on; None on the last page."""

    rows: Sequence[InboxRow]
    next_before: int | None


@dataclass(frozen=True, slots=True)
class InboxDetail:
    """An entry with the shape of what arrived: every name, no value."""

    row: InboxRow
    masked: str


def list_entries(session: Session, actor: Actor, query: InboxQuery) -> InboxPage:
    """One page, the newest first. Needs `orders.view`."""
    reach.require(session, actor, Permission.VIEW_ORDERS)
    found = session.exec(
        select(InboxEntry, ChannelAccount)
        .join(ChannelAccount, col(ChannelAccount.id) == InboxEntry.account_id)
        .where(*_conditions(query))
        .order_by(col(InboxEntry.id).desc())
        .limit(query.limit + 1)
    ).all()
    page = found[: query.limit]
    rows = _rows(session, page)
    return InboxPage(rows, rows[-1].id if len(found) > query.limit else None)


def get_entry(session: Session, actor: Actor, entry_id: int) -> InboxDetail:
    """One entry. Raises PermissionDeniedError, NotFoundError."""
    reach.require(session, actor, Permission.VIEW_ORDERS)
    entry = _entry(session, entry_id)
    account = session.get_one(ChannelAccount, entry.account_id)
    (row,) = _rows(session, [(entry, account)])
    return InboxDetail(row, bodies.masked(bodies.unpacked(entry.body)))


def reveal(session: Session, actor: Actor, entry_id: int) -> str:
    """What arrived, in clear; the audit trail remembers who looked.

    Raises:
        PermissionDeniedError: Without `orders.view` and `customers.see_personal_data`.
        NotFoundError: If there is no such entry (any more).
    """
    reach.require(session, actor, Permission.VIEW_ORDERS)
    reach.require(session, actor, Permission.SEE_PERSONAL_DATA)
    entry = _entry(session, entry_id)
    audit.record(session, actor, "inbox:body:revealed", subject_type="inbox", subject_id=entry.id)
    return bodies.clear(bodies.unpacked(entry.body))


def refused(
    session: Session, actor: Actor, query: InboxQuery
) -> list[tuple[RefusedWebhook, ChannelAccount | None]]:
    """Webhooks that carried no valid proof, the newest first. Needs `accounts.manage`."""
    reach.require(session, actor, Permission.MANAGE_ACCOUNTS)
    conditions = _day(query, col(RefusedWebhook.at))
    if actor.narrowed:
        # What names no account of ours belongs to those who see all of them.
        conditions.append(col(ChannelAccount.id).is_not(None))
    if query.account_id is not None:
        conditions.append(col(RefusedWebhook.account_id) == query.account_id)
    if query.topic:
        conditions.append(col(RefusedWebhook.topic).istartswith(query.topic, autoescape=True))
    if query.before is not None:
        conditions.append(col(RefusedWebhook.id) < query.before)
    statement = (
        select(RefusedWebhook, ChannelAccount)
        .join(
            ChannelAccount,
            col(ChannelAccount.id) == RefusedWebhook.account_id,
            isouter=True,
        )
        .where(*conditions)
        .order_by(col(RefusedWebhook.id).desc())
        .limit(query.limit)
    )
    return list(session.exec(statement))


def _conditions(query: InboxQuery) -> list[ColumnElement[bool]]:
    found = _day(query, col(InboxEntry.received_at))
    if query.account_id is not None:
        found.append(col(InboxEntry.account_id) == query.account_id)
    if query.topic:
        found.append(col(InboxEntry.topic).istartswith(query.topic, autoescape=True))
    if query.state is not None:
        found.append(col(InboxEntry.state) == query.state)
    if query.external_id:
        found.append(col(InboxEntry.external_id) == query.external_id)
    if query.before is not None:
        found.append(col(InboxEntry.id) < query.before)
    return found


def _day(query: InboxQuery, column: Any) -> list[ColumnElement[bool]]:
    if query.day is None:
        return []
    zone = get_settings().zone
    begin = datetime.combine(query.day, time(), zone)
    end = datetime.combine(query.day + timedelta(days=1), time(), zone)
    return [column >= begin, column < end]


def _entry(session: Session, entry_id: int) -> InboxEntry:
    entry = session.get(InboxEntry, entry_id)
    if entry is None:
        raise NotFoundError("inbox entry", entry_id)
    return entry


def _rows(session: Session, found: Sequence[tuple[InboxEntry, ChannelAccount]]) -> list[InboxRow]:
    keys = {(entry.account_id, entry.external_id) for entry, _ in found if entry.external_id}
    orders = (
        {
            (account_id, external_id): order_id
            for account_id, external_id, order_id in session.exec(
                select(Order.account_id, Order.external_id, Order.id).where(
                    tuple_(col(Order.account_id), col(Order.external_id)).in_(keys)
                )
            )
        }
        if keys
        else {}
    )
    return [
        InboxRow(
            **{name: getattr(entry, name) for name in _COPIED},
            account=account.name,
            channel=account.channel,
            order_id=orders.get((entry.account_id, entry.external_id)),
            can_replay=inbox_review.can_work(entry, account),
        )
        for entry, account in found
    ]


_COPIED: Final = (
    "id",
    "account_id",
    "kind",
    "topic",
    "external_id",
    "state",
    "reason",
    "attempts",
    "times_seen",
    "received_at",
    "last_seen_at",
    "next_try_at",
    "processed_at",
)


def _id(text: str) -> int:
    number = int(text)
    if not 0 < number <= _MOST_ID:
        raise ValueError(text)
    return number


def _limit(text: str) -> int:
    number = int(text)
    if not 0 < number <= MAX_LIMIT:
        raise ValueError(text)
    return number
