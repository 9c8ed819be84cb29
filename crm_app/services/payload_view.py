"""The channel's raw words of an order, each version of them, for those who may look."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlmodel import Session, col, select

from crm_app.domain.actor import Actor
from crm_app.domain.permissions import Permission
from crm_app.errors import NotFoundError
from crm_app.models import Order, OrderPayload
from crm_app.services import audit, order_rows, reach

_MOST_VERSIONS: Final = 100
# What a browser shows without stopping; the whole is in the database.
_MOST_TEXT: Final = 200_000


@dataclass(frozen=True, slots=True)
class PayloadVersion:
    """One version. `key` is the digest of its body, in hexadecimal."""

    key: str
    channel_updated_at: datetime
    received_at: datetime
    is_present: bool


def versions(session: Session, actor: Actor, order_id: int) -> list[PayloadVersion]:
    """The versions of an order that are still kept, the newest first.

    Raises:
        PermissionDeniedError: Without `orders.see_payload`.
        NotFoundError: If there is no such order.
    """
    order = _order(session, actor, order_id)
    payload = OrderPayload
    rows = session.exec(
        select(payload.payload_hash, payload.channel_updated_at, payload.received_at)
        .where(payload.order_id == order_id)
        .order_by(col(payload.channel_updated_at).desc(), col(payload.received_at).desc())
        .limit(_MOST_VERSIONS)
    )
    return [
        PayloadVersion(digest.hex(), updated, received, digest == order.payload_hash)
        for digest, updated, received in rows
    ]


def show(session: Session, actor: Actor, order_id: int, key: str) -> str:
    """One version as indented JSON; the audit trail remembers who looked: it holds personal data.

    Raises:
        PermissionDeniedError: Without `orders.see_payload`.
        NotFoundError: If there is no such order or version (any more).
    """
    _order(session, actor, order_id)
    try:
        digest = bytes.fromhex(key)
    except ValueError as error:
        raise NotFoundError("version", key[:64]) from error
    found = session.get(OrderPayload, (order_id, digest))
    if found is None:
        raise NotFoundError("version", key[:64])
    text = json.dumps(order_rows.unpack(found.body), ensure_ascii=False, indent=2)
    audit.record(
        session,
        actor,
        "order:payload:seen",
        subject_type="order",
        subject_id=order_id,
        after={"version": key[:12], "of": found.channel_updated_at.isoformat()},
    )
    left = len(text) - _MOST_TEXT
    return text if left <= 0 else f"{text[:_MOST_TEXT]}\n... and {left:,} more characters"


def _order(session: Session, actor: Actor, order_id: int) -> Order:
    reach.require(session, actor, Permission.VIEW_ORDERS)
    reach.require(session, actor, Permission.SEE_PERSONAL_DATA)
    # It holds all that the channel told: amounts too.
    reach.require(session, actor, Permission.SEE_PAYLOAD, Permission.SEE_MONEY)
    order = session.get(Order, order_id)
    if order is None:
        raise NotFoundError("order", order_id)
    return order
