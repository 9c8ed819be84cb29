"""Fields other than the status where both sides have a word: parcel and address.

The channel's word is kept beside ours. Decided for ours it stays noted, so that the same word,
told again by any later version of the order, brings nothing back.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlmodel import Session, col, select

from crm_app.channels.base import ChannelOrder
from crm_app.config import get_settings
from crm_app.domain.actor import HANDS, Actor
from crm_app.domain.order_status import OrderStatus
from crm_app.domain.permissions import Permission
from crm_app.domain.rules import Field, Rule
from crm_app.domain.time import now
from crm_app.errors import ConflictError, NotFoundError
from crm_app.models import ChannelAccount, FieldDispute, Order, OrderEvent, StatusIntent
from crm_app.services import audit, field_rules, merging, order_rows, reach, settling
from crm_app.services.events import event_row
from crm_app.services.rollups import RollupChange
from crm_app.services.settling import RULE, Keep

COLUMNS: Final[dict[Field, tuple[str, ...]]] = {
    Field.PARCEL: ("carrier", "tracking_number"),
    Field.ADDRESS: ("ship_to", "city", "pincode"),
}
# From here on an address stands on a parcel.
_PACKED: Final = frozenset(
    {
        OrderStatus.PACKED,
        OrderStatus.READY_TO_SHIP,
        OrderStatus.SHIPPED,
        OrderStatus.OUT_FOR_DELIVERY,
    }
)

_LEFT: Final = frozenset(
    {
        OrderStatus.SHIPPED,
        OrderStatus.OUT_FOR_DELIVERY,
        OrderStatus.DELIVERED,
        OrderStatus.RETURNED,
        OrderStatus.FAILED,
    }
)


@dataclass(frozen=True, slots=True)
class Told:
    """What a version of the channel says of a field, and when by its clock."""

    values: dict[str, Any]
    at: datetime
    status: OrderStatus | None = None


def kept_columns(
    session: Session,
    account: ChannelAccount,
    orders: Sequence[Order],
    told: Mapping[str, ChannelOrder],
    intents: Mapping[int, Sequence[StatusIntent]],
) -> dict[int, frozenset[str]]:
    """The columns that this import must leave as they are, by order.

    Args:
        session: Holds the lock of every order; the caller commits.
        account: Whose rules count.
        orders: As they stand before the import.
        told: The channel's newer versions, by external id.
        intents: The open intents of each order.
    """
    if not orders:
        return {}
    rules = field_rules.rules_of(session, account.id)
    noted = _noted(session, [order.id for order in orders])
    found: dict[int, frozenset[str]] = {}
    for order in orders:
        words = _words(order, told[order.external_id])
        kept: set[str] = set()
        for field, columns in COLUMNS.items():
            word = words[field]
            row = noted.get((order.id, field))
            if _stays(session, order, field, word, row, rules[field], intents.get(order.id, ())):
                kept.update(columns)
        if kept:
            found[order.id] = frozenset(kept)
    return found


def end(
    session: Session,
    account: ChannelAccount,
    conflicts: Sequence[tuple[Order, Sequence[StatusIntent]]],
    versions: Mapping[int, ChannelOrder],
    sums: RollupChange,
) -> list[audit.Deed]:
    """Keep the channel's parcels beside ours, and settle what the account has a rule for.

    Args:
        session: Holds the lock of every order; the caller writes `sums`, then the deeds.
        account: Whose rules count.
        conflicts: What has just come into conflict, with the changes that the channel denied.
        versions: What the channel said, by order.
        sums: Collects what this does to the rollups.
    """
    for order, _ in conflicts:
        _note_parcel(session, order, versions[order.id])
    return settling.by_rule(session, account, conflicts, sums)


def _note_parcel(session: Session, order: Order, version: ChannelOrder) -> None:
    told = _words(order, version)[Field.PARCEL]
    if not _differs(order, Field.PARCEL, told):
        return
    row = session.get(FieldDispute, (order.id, Field.PARCEL), with_for_update=True)
    if row is None or row.theirs != told.values:
        _note(session, order, Field.PARCEL, told, row, is_decided=False)


def _words(order: Order, version: ChannelOrder) -> dict[Field, Told]:
    """What a version of the channel's says of each field."""
    said = order_rows.order_values(version, order.customer_id, get_settings().zone)
    return {
        field: Told({name: said[name] for name in columns}, version.updated_at, version.status)
        for field, columns in COLUMNS.items()
    }


def _noted(session: Session, order_ids: list[int]) -> dict[tuple[int, Field], FieldDispute]:
    rows = session.exec(
        select(FieldDispute).where(col(FieldDispute.order_id).in_(order_ids)).with_for_update()
    )
    return {(row.order_id, row.field): row for row in rows}


def _stays(
    session: Session,
    order: Order,
    field: Field,
    told: Told,
    row: FieldDispute | None,
    rule: Rule,
    intents: Sequence[StatusIntent],
) -> bool:
    """Whether our word of a field stays, and what is noted of the channel's."""
    if not _differs(order, field, told):
        if row is not None:
            session.delete(row)  # both say the same now
        return False
    if row is not None and row.decided_at is not None and row.theirs == told.values:
        return True
    if field is Field.PARCEL and _travels(order, intents, told):
        return True  # the channel has not heard of our parcel yet
    if (
        rule is Rule.CHANNELS
        or not _is_in_question(session, order, field)
        or (rule is Rule.LATER and told.at > _said_at(session, order, field))
    ):
        if row is not None:
            session.delete(row)
        return False
    _note(session, order, field, told, row, is_decided=rule is not Rule.ASK)
    return True


def _differs(order: Order, field: Field, told: Told) -> bool:
    """Whether the channel says something, and something else than we do.

    A channel that withholds parts of an address says nothing else: what it tells is equal.
    """
    if field is Field.PARCEL:
        number = told.values["tracking_number"]
        return bool(number and order.tracking_number) and number != order.tracking_number
    ours, theirs = order.ship_to, told.values["ship_to"]
    return bool(ours and theirs) and any(ours.get(key) != value for key, value in theirs.items())


def _travels(order: Order, intents: Sequence[StatusIntent], told: Told) -> bool:
    """Whether our parcel is on its way; a channel where it has left already knows another one."""
    return told.status not in _LEFT and any(
        intent.tracking_number == order.tracking_number for intent in intents
    )


def _is_in_question(session: Session, order: Order, field: Field) -> bool:
    if field is Field.ADDRESS:
        return order.status in _PACKED
    # Only a parcel that a person named is ours; the channel may correct its own.
    newest = session.exec(
        select(OrderEvent.actor_kind)
        .where(
            OrderEvent.order_id == order.id,
            col(OrderEvent.data).has_key("tracking_number"),  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownArgumentType]
        )
        .order_by(col(OrderEvent.id).desc())
        .limit(1)
    ).first()
    return newest in HANDS


def _said_at(session: Session, order: Order, field: Field) -> datetime:
    """When a person here said our word of a field last; long ago if nobody did."""
    key = "tracking_number" if field is Field.PARCEL else "ship_to"
    newest = session.exec(
        select(OrderEvent.at)
        .where(
            OrderEvent.order_id == order.id,
            col(OrderEvent.actor_kind).in_(HANDS),
            col(OrderEvent.data).has_key(key),  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownArgumentType]
        )
        .order_by(col(OrderEvent.id).desc())
        .limit(1)
    ).first()
    return newest or datetime.min.replace(tzinfo=UTC)


def _note(
    session: Session,
    order: Order,
    field: Field,
    told: Told,
    row: FieldDispute | None,
    *,
    is_decided: bool,
) -> None:
    moment = now()
    if row is None:
        row = FieldDispute(order_id=order.id, field=field, told_at=told.at, opened_at=moment)
    elif row.decided_at is not None:
        row.opened_at = moment
    row.theirs, row.told_at = told.values, told.at
    row.decided_at = moment if is_decided else None
    row.decided_by = RULE.label if is_decided else ""
    session.add(row)


def open_disputes(session: Session, order_id: int) -> list[FieldDispute]:
    """What a person has to decide on an order. For callers that check permissions themselves."""
    return list(
        session.exec(
            select(FieldDispute)
            .where(FieldDispute.order_id == order_id, col(FieldDispute.decided_at).is_(None))
            .order_by(col(FieldDispute.field))
        )
    )


def words(row: FieldDispute, order: Order, *, sees_people: bool) -> tuple[str, str]:
    """Both words in one line each; masked for who may not see people."""
    names = COLUMNS[row.field]
    if row.field is Field.ADDRESS:
        if not sees_people:
            return "an address", "another address"
        return _line(order.ship_to), _line(row.theirs["ship_to"])
    ours = " ".join(filter(None, (str(getattr(order, name)) for name in names)))
    return ours, " ".join(filter(None, (str(row.theirs[name]) for name in names)))


def _line(address: Mapping[str, Any]) -> str:
    parts = ("name", "line1", "line2", "city", "state", "pincode", "country")
    return ", ".join(str(address[part]) for part in parts if address.get(part))


def decide(session: Session, actor: Actor, order_id: int, field: Field, keep: Keep) -> Order:
    """End a disagreement about a field: ours stays, or the channel's is taken.

    Raises:
        PermissionDeniedError: Without `orders.change_status`.
        NotFoundError: If there is no such order.
        ConflictError: If nothing is to be decided on this field (any more).
    """
    reach.require(session, actor, Permission.CHANGE_STATUS)
    order = session.exec(select(Order).where(Order.id == order_id).with_for_update()).one_or_none()
    if order is None:
        raise NotFoundError("order", order_id)
    row = session.get(FieldDispute, (order_id, field), with_for_update=True)
    if row is None or row.decided_at is not None:
        raise ConflictError("Nothing is left to decide: this was settled meanwhile.")
    data: dict[str, Any] = {"field": field.label.lower()}
    if keep is Keep.CHANNELS:
        for name, value in row.theirs.items():
            if getattr(order, name) != value:
                data |= merging.explained(name, getattr(order, name), value)
                setattr(order, name, value)
        session.delete(row)
    else:
        row.decided_at, row.decided_by = now(), actor.label
    merging.count_change(order)
    kind = f"order:field:{keep.value}"
    session.add(OrderEvent(**event_row(order.id, kind, actor, data, version=order.version)))
    session.flush()
    audit.record(
        session,
        actor,
        kind,
        subject_type="order",
        subject_id=order.id,
        after={"field": field.value, "kept": keep.value},
    )
    return order
