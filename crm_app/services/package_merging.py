"""What a channel tells of packages, into those that we have."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session

from crm_app.channels.base import ChannelOrder, ChannelPackage
from crm_app.models import OrderPackage, StatusIntent
from crm_app.services import bulk, packages


@dataclass(frozen=True, slots=True)
class Parcels:
    """Changes whose packages the channel shows now, and orders of which it lacks a part that it
    was told of."""

    shown: frozenset[int]
    lacking: frozenset[int]


def insert(session: Session, told: Mapping[int, ChannelOrder], label: str) -> None:
    """Write the packages of orders that are new here, by our ids; `label` names the channel."""
    rows = [
        {"order_id": order_id, **_values(one), **_new(label)}
        for order_id, order in told.items()
        for one in order.packages or ()
    ]
    if rows:
        statement = bulk.insert_rows(OrderPackage, list(rows[0])).on_conflict_do_nothing()
        session.execute(statement, bulk.parameter(rows))


def merge(
    session: Session,
    told: Mapping[int, ChannelOrder],
    intents: Mapping[int, Sequence[StatusIntent]],
    label: str,
) -> Parcels:
    """Bring packages to what the channel tells.

    A package of ours is found again by its reference, by its tracking number, or by what is in it.
    One that the channel showed and shows no more is gone; one that it was never told of stays.

    Args:
        session: Holds the lock of every order.
        told: Newer versions by our id; those that tell nothing of packages are left alone.
        intents: The open intents of each order.
        label: The channel's name.
    """
    spoken = {key: order.packages for key, order in told.items() if order.packages is not None}
    stored = packages.of_orders(session, list(spoken))
    shown: set[int] = set()
    for order_id, theirs in spoken.items():
        ours = stored.get(order_id, [])
        references = {one.id: str(one.reference or one.id) for one in intents.get(order_id, ())}
        matched: set[int] = set()
        for one in {one.external_id: one for one in theirs}.values():
            package = _find(one, ours, references, matched)
            if package is None:
                row = OrderPackage(order_id=order_id, **_new(label))
                session.add(row)
            else:
                row = package
                matched.add(package.id)
            _bring(row, one)
            if row.intent_id is not None:
                shown.add(row.intent_id)
        for package in ours:
            if package.external_id and package.id not in matched:
                session.delete(package)
    session.flush()
    return Parcels(frozenset(shown), frozenset(packages.refused(session, list(told))))


def finish(session: Session, order_ids: Sequence[int], came_back: Sequence[int]) -> None:
    """Count what has left, once the lines are stored. Of orders that were taken back on both sides
    only what the channel shows has left."""
    packages.forget_untold(session, came_back)
    packages.recount(session, order_ids)


def _find(
    told: ChannelPackage,
    ours: Sequence[OrderPackage],
    references: Mapping[int, str],
    taken: Collection[int],
) -> OrderPackage | None:
    """The one of ours that fits best; of several the oldest."""
    ranked = [
        (rank, one)
        for one in ours
        if one.id not in taken and (rank := _fit(one, told, references)) is not None
    ]
    return min(ranked, key=lambda pair: pair[0])[1] if ranked else None


def _fit(one: OrderPackage, told: ChannelPackage, references: Mapping[int, str]) -> int | None:
    """How surely a package of ours is the told one, 0 the most; None if it is another."""
    if one.external_id:
        return 0 if one.external_id == told.external_id else None
    if references.get(one.intent_id or 0) == told.external_id:
        return 1
    if one.tracking_number and told.tracking_number:
        return 2 if one.tracking_number == told.tracking_number else None
    return 3 if told.lines and one.lines == dict(told.lines) else None


def _bring(row: OrderPackage, told: ChannelPackage) -> None:
    for name, value in _values(told).items():
        # What the channel does not say, we may know better.
        if value and getattr(row, name) != value:
            setattr(row, name, value)


def _values(told: ChannelPackage) -> dict[str, Any]:
    return {
        "external_id": told.external_id,
        "carrier": told.carrier,
        "tracking_number": told.tracking_number,
        "channel_status": told.status,
        "lines": dict(told.lines),
        "shipped_at": told.shipped_at,
        "is_told": True,
    }


def _new(label: str) -> dict[str, Any]:
    return {"intent_id": None, "actor_label": label}
