"""Carrier and number of a package that its channel was not told of yet, put right."""

from sqlmodel import Session

from crm_app.channels import capabilities
from crm_app.domain.actor import Actor
from crm_app.domain.intent import OPEN, UNSENT, IntentState
from crm_app.domain.order_status import OrderStatus
from crm_app.domain.permissions import Permission
from crm_app.domain.time import now
from crm_app.errors import ConflictError, InvalidInputError, NotFoundError
from crm_app.models import Order, OrderEvent, OrderPackage, StatusIntent
from crm_app.services import audit, edits, orders, packages, reach
from crm_app.services.events import event_row

_LOOKED_AT = frozenset({"carrier", "tracking_number"})


def correct(
    session: Session,
    actor: Actor,
    order_id: int,
    package_id: int,
    *,
    carrier: str,
    tracking_number: str,
    expected_version: int | None = None,
) -> Order:
    """Give a package another carrier and number; what waits to be told says the new ones.

    The same once more does nothing.

    Args:
        session: An open transaction of `db.transaction()`.
        actor: Must hold `orders.change_status`.
        order_id: Our id, not the channel's.
        package_id: One of this order's.
        carrier: Required where the channel demands tracking.
        tracking_number: As `carrier`.
        expected_version: The version the person saw; None to skip that check.

    Raises:
        PermissionDeniedError: If the actor may not change orders.
        NotFoundError: If the order has no such package.
        ConflictError: If its channel knows of it, or somebody was faster.
        InvalidInputError: If carrier or number are missing or unusable, or taken.
    """
    reach.require(session, actor, Permission.CHANGE_STATUS)
    order = orders.locked(session, order_id)
    sent = packages.of_order(session, order_id)
    package = next((one for one in sent if one.id == package_id), None)
    if package is None:
        raise NotFoundError("package", package_id)
    rule = capabilities.of(order.channel).rule(OrderStatus.SHIPPED)
    new = orders.check_parcel(rule, carrier, tracking_number)
    before = (package.carrier, package.tracking_number)
    if new == before:
        return order
    edits.check(session, order, expected_version, _LOOKED_AT)
    intent = _intent(session, package)
    if said := why_not(order, package, intent.state if intent else None):
        raise ConflictError(said)
    if intent is not None and (intent.outcome_unknown or intent.claimed_at is not None):
        raise ConflictError(f"{order.channel.label} is being told of it this moment.")
    if new[1] and any(one.tracking_number == new[1] for one in sent if one is not package):
        said = "Another package of this order has this number."
        raise InvalidInputError(said, details={"tracking_number": said})
    package.carrier, package.tracking_number = new
    if intent is not None:
        intent.carrier, intent.tracking_number = new
    if package is sent[-1]:
        order.carrier, order.tracking_number = new
    _note(session, actor, order, before, new)
    return order


def why_not(order: Order, package: OrderPackage, state: IntentState | None) -> str:
    """Why a package stays as it is; empty where it can be put right here."""
    channel = order.channel.label
    if package.external_id or package.is_told:
        return f"{channel} knows of this package: put it right there."
    if state in UNSENT or state is None:
        return ""
    if state in OPEN:
        return f"{channel} is being told of it this moment."
    return f"{channel} was told of this package: put it right there."


def _intent(session: Session, package: OrderPackage) -> StatusIntent | None:
    """The change that tells of it, locked: the order's lock comes first, as everywhere."""
    if package.intent_id is None:
        return None
    return session.get(
        StatusIntent, package.intent_id, with_for_update=True, populate_existing=True
    )


def _note(
    session: Session, actor: Actor, order: Order, before: tuple[str, str], new: tuple[str, str]
) -> None:
    names = ("carrier", "tracking_number")
    pairs = {
        name: [was, is_now]
        for name, was, is_now in zip(names, before, new, strict=True)
        if was != is_now
    }
    order.version += 1
    order.updated_at = now()
    row = event_row(order.id, "order:package:corrected", actor, pairs, version=order.version)
    session.add(OrderEvent(**row))
    session.flush()
    audit.record(
        session,
        actor,
        "order:package:corrected",
        subject_type="order",
        subject_id=order.id,
        before={name: pair[0] for name, pair in pairs.items()},
        after={name: pair[1] for name, pair in pairs.items()},
    )
