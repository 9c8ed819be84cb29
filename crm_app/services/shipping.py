"""Shipping in parts: a person sends chosen pieces of an order as a package of their own."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from sqlmodel import Session

from crm_app.channels import capabilities
from crm_app.channels.capabilities import Telling
from crm_app.domain.actor import Actor
from crm_app.domain.order_status import OrderStatus
from crm_app.domain.permissions import Permission
from crm_app.errors import InvalidInputError, InvalidTransitionError
from crm_app.models import Order, OrderPackage
from crm_app.services import edits, orders, packages, reach, status_moves

_LOOKED_AT: Final = orders.looked_at(OrderStatus.SHIPPED) | {"units_shipped"}


def why_whole(order: Order) -> str:
    """Why this order leaves as a whole only; empty where it may leave in parts."""
    of_channel = capabilities.of(order.channel)
    is_told = of_channel.rule(OrderStatus.SHIPPED).telling is Telling.PUSH
    return of_channel.why_whole if is_told and not of_channel.takes_parts else ""


def ship(
    session: Session,
    actor: Actor,
    order_id: int,
    lines: Mapping[str, int],
    *,
    carrier: str = "",
    tracking_number: str = "",
    why: str = "",
    expected_version: int | None = None,
) -> Order:
    """Send pieces of an order as one package, and queue the news for its channel.

    All that is left is the last package: the order is shipped. Anything less leaves its status as
    it is. The same package again (carrier, tracking number and pieces) does nothing.

    Args:
        session: An open transaction of `db.transaction()`.
        actor: Must hold `orders.change_status`.
        order_id: Our id, not the channel's.
        lines: Pieces by the line's external id; those with none are left out.
        carrier: Who carries it; required where the channel demands tracking.
        tracking_number: As `carrier`.
        why: A note of the person's own; no channel sees it.
        expected_version: The version the person saw; None to skip that check.

    Raises:
        PermissionDeniedError: If the actor may not change orders.
        NotFoundError: If there is no such order.
        ConflictError: If somebody changed what this looks at since `expected_version`.
        InvalidTransitionError: If it may not be shipped now, or its channel takes no parts.
        InvalidInputError: If there are no such pieces left, or carrier or number are unusable.
    """
    reach.require(session, actor, Permission.CHANGE_STATUS)
    order = orders.locked(session, order_id)
    asked = {key: count for key, count in lines.items() if count}
    sent = packages.of_order(session, order_id)
    if _is_repeat(sent, asked, carrier.strip(), tracking_number.strip()):
        return order
    edits.check(session, order, expected_version, _LOOKED_AT)
    # Refused as a whole shipment is: by our rules first, then by the channel's.
    move = orders.decide(order, OrderStatus.SHIPPED, (carrier, tracking_number))
    left = packages.left(session, order_id)
    _check(asked, left, sent, move.parcel[1])
    move = replace(move, why=orders.checked_note(why), seen_version=expected_version)
    if asked != left:
        if why := why_whole(order):
            raise InvalidTransitionError(why, details={"lines": why})
        move = orders.part_of(move, asked)
    status_moves.write(session, actor, [move])
    session.refresh(order)
    return order


def _is_repeat(
    sent: list[OrderPackage], asked: Mapping[str, int], carrier: str, number: str
) -> bool:
    """Whether a package is this very one: somebody pressed twice."""
    return bool(number) and any(
        (one.carrier, one.tracking_number, one.lines) == (carrier, number, dict(asked))
        for one in sent
    )


def _check(
    asked: Mapping[str, int], left: Mapping[str, int], sent: list[OrderPackage], number: str
) -> None:
    field, said = "lines", ""
    if not left:
        said = "Nothing of this order is left to ship."
    elif not asked:
        said = "Choose at least one piece."
    elif any(not 0 < count <= left.get(key, 0) for key, count in asked.items()):
        said = "That is not what is left to ship: look at the pieces again."
    elif number and any(one.tracking_number == number for one in sent):
        field, said = "tracking_number", "Another package of this order has this number."
    if said:
        raise InvalidInputError(said, details={field: said})
