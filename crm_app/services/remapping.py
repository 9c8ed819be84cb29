"""Orders that are here, against what their stored payloads mean with the words in force."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import func
from sqlmodel import Session, col, select

from crm_app.channels import capabilities
from crm_app.channels.base import ChannelOrder
from crm_app.domain.actor import HANDS, Actor
from crm_app.domain.intent import OPEN
from crm_app.domain.order_status import OrderStatus, SyncStatus
from crm_app.domain.reconcile import is_before, reconcile
from crm_app.models import ChannelAccount, Order, OrderEvent, OrderLine, StatusIntent
from crm_app.services import importing, merging, order_rows, unknown_words, unmapping
from crm_app.services.rollups import RollupChange, key_of
from crm_app.services.unmapping import Standing

EVENT: Final = unmapping.REMAPPED
_ENDS: Final = (OrderStatus.CANCELLED, OrderStatus.RETURNED, OrderStatus.FAILED)


class Fate(StrEnum):
    """What reading an order again means for it."""

    SAME = "same"
    CHANGED = "changed"  # another status
    REFRESHED = "refreshed"  # the same status, other details
    UNKNOWN = "unknown"  # it carries a word that still nobody has mapped; its status stays
    TRAVELLING = "travelling"  # held back: a status change is on its way to the channel
    DISPUTED = "disputed"  # held back: a refusal or a conflict waits for a person
    PERSON = "person"  # held back: a person set its status last
    GONE = "gone"  # its payload is no longer kept
    UNREADABLE = "unreadable"


HELD: Final = (Fate.TRAVELLING, Fate.DISPUTED, Fate.PERSON)


@dataclass(frozen=True, slots=True)
class Outcome:
    """One order's fate; `move` is `pending>shipped` where its status would change."""

    order_id: int
    order_number: str
    fate: Fate
    move: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Decided:
    """An outcome with the order, merged already, and what is to be written of it."""

    outcome: Outcome
    order: Order
    changes: dict[str, Any] = field(default_factory=dict[str, Any])
    rollups: RollupChange = field(default_factory=RollupChange)
    has_other_lines: bool = False


def decide(
    session: Session,
    orders: Sequence[Order],
    told: Mapping[int, ChannelOrder],
) -> list[Decided]:
    """Decide on each order, and merge what is told into those that are not held back.

    The orders are changed in place: for a dry run they must not belong to the session.
    """
    ids = [order.id for order in orders]
    travelling = _travelling(session, ids)
    of_people = _set_by_people(session, ids)
    lines = _lines(session, ids)
    before = unmapping.standings_before(session, orders, told)
    return [
        _decide(
            order,
            told[order.id],
            is_travelling=order.id in travelling,
            is_of_person=order.id in of_people,
            lines=lines[order.id],
            before=before.get(order.id),
        )
        for order in orders
    ]


def _decide(
    order: Order,
    told: ChannelOrder,
    *,
    is_travelling: bool,
    is_of_person: bool,
    lines: Sequence[dict[str, Any]],
    before: Standing | None,
) -> Decided:
    rules = capabilities.of(order.channel)
    decision = reconcile(
        order.status,
        order.sync_status,
        heard_before=order.status_on_channel,
        heard=told.status,
        travel=None,
        local=rules.local,
    )
    target = before.status if before else told.status
    move = f"{order.status.value}>{target.value if target else ''}"
    is_news = before is not None or told.status not in (None, order.status_on_channel)
    if is_travelling or order.sync_status is not SyncStatus.IN_SYNC:
        is_disputed = order.sync_status in (SyncStatus.REJECTED, SyncStatus.CONFLICT)
        fate = Fate.DISPUTED if is_disputed else Fate.TRAVELLING
        return _left(order, fate if is_news else Fate.SAME, move)
    if decision.status != order.status and is_of_person:
        is_older = not rules.reads_back and _is_older(told, order)
        return _left(order, Fate.SAME if is_older else Fate.PERSON, move)
    was = order.status
    rollups = RollupChange()
    changes = merging.merge(order, told, order.customer_id, (), rollups)
    if before is not None:
        changes |= _go_back(order, before, rollups, is_counted=bool(changes))
    has_other_lines = order_rows.lines_after(told, order.id, lines) != list(lines)
    if order.status != was:
        outcome = _outcome(order, Fate.CHANGED, f"{was.value}>{order.status.value}")
    elif told.unknown_words:
        words = ", ".join(word.text for word in told.unknown_words)
        outcome = _outcome(order, Fate.UNKNOWN, why=f"Nobody has mapped {words}.")
    else:
        is_same = not changes and not has_other_lines
        outcome = _outcome(order, Fate.SAME if is_same else Fate.REFRESHED)
    return Decided(outcome, order, changes, rollups, has_other_lines)


def _go_back(
    order: Order, before: Standing, rollups: RollupChange, *, is_counted: bool
) -> dict[str, Any]:
    """Give an order the status that it had before its word had a meaning; what changes."""
    rollups.remove(key_of(order), order.total_minor)
    changes = {
        "status": [order.status, before.status],
        "status_on_channel": [order.status_on_channel, before.heard],
    }
    order.status, order.status_on_channel = before
    rollups.add(key_of(order), order.total_minor)
    if not is_counted:
        merging.count_change(order)
    return changes


def _is_older(told: ChannelOrder, order: Order) -> bool:
    """Whether a payload is simply behind what its channel took from us since.

    A channel that cannot be read sends no new payload for a status that it accepted.
    """
    heard = order.status_on_channel
    return heard is not None and (
        heard in _ENDS or (told.status is not None and is_before(told.status, heard))
    )


def _left(order: Order, fate: Fate, move: str) -> Decided:
    return Decided(_outcome(order, fate, move if fate is not Fate.SAME else ""), order)


def _outcome(order: Order, fate: Fate, move: str = "", why: str = "") -> Outcome:
    return Outcome(order.id, order.order_number, fate, move, why)


def write(
    session: Session,
    account: ChannelAccount,
    actor: Actor,
    decided: Sequence[Decided],
    told: Mapping[int, ChannelOrder],
) -> None:
    """Store what was decided: lines, sums and events; the orders themselves are in the session."""
    session.flush()
    rollups = RollupChange()
    for one in decided:
        rollups.include(one.rollups)
        changes = dict(one.changes)
        if one.has_other_lines:
            changes |= importing.replace_lines(session, one.order.id, told[one.order.id])
            if not one.changes:
                merging.count_change(one.order)
        if changes:
            row = importing.event_row(
                one.order.id, EVENT, actor, changes, version=one.order.version
            )
            session.add(OrderEvent(**row))
    orders = {one.order.id: told[one.order.id] for one in decided}
    unknown_words.note(session, account, orders, known_before=orders, is_news=False)
    session.flush()
    rollups.write(session)


def _travelling(session: Session, ids: Sequence[int]) -> set[int]:
    return set(
        session.exec(
            select(StatusIntent.order_id).where(
                col(StatusIntent.order_id).in_(ids), col(StatusIntent.state).in_(OPEN)
            )
        )
    )


def _set_by_people(session: Session, ids: Sequence[int]) -> set[int]:
    """Orders whose status was last changed by a person, and not by the channel or a replay."""
    newest = (
        select(func.max(OrderEvent.id))
        .where(
            col(OrderEvent.order_id).in_(ids),
            col(OrderEvent.kind).like("order:%"),
            func.jsonb_exists(col(OrderEvent.data), "status"),
        )
        .group_by(col(OrderEvent.order_id))
    )
    return set(
        session.exec(
            select(OrderEvent.order_id).where(
                col(OrderEvent.id).in_(newest),
                col(OrderEvent.actor_kind).in_(HANDS),
                OrderEvent.kind != EVENT,
            )
        )
    )


def _lines(session: Session, ids: Sequence[int]) -> dict[int, list[dict[str, Any]]]:
    """The stored lines as rows, by order, in their order."""
    found: defaultdict[int, list[dict[str, Any]]] = defaultdict(list)
    lines = session.exec(
        select(OrderLine)
        .where(col(OrderLine.order_id).in_(ids))
        .order_by(col(OrderLine.order_id), col(OrderLine.position))
    )
    for line in lines:
        found[line.order_id].append(importing.line_row(line))
    return found
