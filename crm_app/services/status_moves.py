"""Moves of orders to a status, one or a thousand, in a dozen statements.

Whether a move is allowed is decided before (`orders.decide`, `bulk_undo`); what a move writes is
decided here and nowhere else: order, sums, intent, event and audit entry.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import any_, literal, text, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import BigInteger
from sqlmodel import Session, col

from crm_app import queue
from crm_app.channels import capabilities
from crm_app.domain.actor import Actor
from crm_app.domain.intent import UNSENT, IntentState
from crm_app.domain.order_status import OrderStatus, SyncStatus
from crm_app.domain.time import now
from crm_app.models import Order, OrderEvent, StatusIntent
from crm_app.services import audit, bulk, importing, packages, urgency
from crm_app.services.packages import Leaving
from crm_app.services.rollups import RollupChange, RollupKey, key_of
from crm_app.services.working import telling

# Below this an order of a bulk change goes out with the single clicks: its deadline says so.
_PRESSING: Final = timedelta(hours=1)

_UPDATE: Final = text(
    """
    UPDATE orders SET
        status = moved.status,
        sync_status = coalesce(moved.sync, orders.sync_status),
        carrier = coalesce(moved.carrier, orders.carrier),
        tracking_number = coalesce(moved.tracking, orders.tracking_number),
        shipped_at = CASE WHEN moved.departs THEN CAST(:moment AS timestamptz)
            WHEN moved.never_left THEN NULL ELSE orders.shipped_at END,
        version = orders.version + 1,
        updated_at = :moment
    FROM json_to_recordset(CAST(:rows AS json)) AS moved(
        id bigint, status text, sync text, carrier text, tracking text,
        departs boolean, never_left boolean)
    WHERE orders.id = moved.id
    """
)


@dataclass(frozen=True, slots=True)
class Move:
    """One order's way to a status, allowed already.

    Attributes:
        order: Locked, as it stands before.
        new: The status it gets.
        tells: What its channel is told; None where it is not told.
        parcel: Carrier and tracking number of the intent; an order that leaves keeps them.
        sync: How it stands to its channel where nothing is told; None leaves it.
        takes_back: A step backward, on purpose.
        cancel_reason: Of a cancellation: the channel's code for why.
        why: A person's own note, or the rule that decided.
        seen_version: The order's version that was decided on; None where nobody looked at one.
        never_left: A step backward of which the channel has nothing to unlearn: what was noted of
            the parcel goes too. Else the channel's answer decides what becomes of it.
        lines: Pieces by line of a package that leaves others behind: the status stays as it is.
    """

    order: Order
    new: OrderStatus
    tells: OrderStatus | None = None
    parcel: tuple[str, str] = ("", "")
    sync: SyncStatus | None = None
    takes_back: bool = False
    cancel_reason: str = ""
    why: str = ""
    seen_version: int | None = None
    never_left: bool = False
    lines: Mapping[str, int] | None = None

    @property
    def kind(self) -> str:
        """Of its event and its audit entry."""
        if self.is_part:
            return "order:part:shipped"
        return "order:status:undone" if self.takes_back else "order:status:changed"

    @property
    def is_part(self) -> bool:
        return self.lines is not None

    @property
    def leaves(self) -> bool:
        """Whether a package goes."""
        return self.is_part or (self.new is OrderStatus.SHIPPED and not self.takes_back)


def write(
    session: Session, actor: Actor, moves: Sequence[Move], *, run_id: int | None = None
) -> dict[int, int]:
    """Write all moves into the caller's transaction; after its commit a worker is told.

    The loaded orders are not refreshed: whoever goes on with one does that.

    Args:
        session: An open transaction that holds the lock of every order.
        actor: Named by events, intents and audit entries.
        moves: Of distinct orders.
        run_id: The bulk change that they belong to. Its intents let single clicks go first.

    Returns:
        The ids of the new intents, by order.
    """
    if not moves:
        return {}
    session.flush()
    moment = now()
    session.execute(
        _UPDATE, {"moment": moment, **bulk.parameter([_order_row(move) for move in moves])}
    )
    _write_sums(session, moves)
    told = [move for move in moves if move.tells is not None]
    # Only a newer word for the channel takes an older one's place: a step of our own desk does
    # not, or the channel would never hear of the step before it.
    _supersede(session, told, moment)
    intents = _write_intents(session, actor, told, moment, run_id)
    _note_packages(session, actor, moves, intents, moment)
    _tell_watchers(session, actor, moves)
    _explain(session, actor, moves, run_id)
    for account_id in sorted({move.order.account_id for move in told}):
        queue.hint_push(session, account_id)
    return intents


def _order_row(move: Move) -> dict[str, Any]:
    # A package without a number leaves the summary of the one before it.
    named = move.parcel if any(move.parcel) or not move.order.units_shipped else (None, None)
    parcel = named if move.leaves else ("", "") if move.never_left else (None, None)
    sync = SyncStatus.QUEUED if move.tells else move.sync
    return {
        "id": move.order.id,
        "status": move.new.value,
        "sync": sync.value if sync else None,
        "carrier": parcel[0],
        "tracking": parcel[1],
        "departs": move.leaves and not move.is_part,
        "never_left": move.never_left,
    }


def _note_packages(
    session: Session,
    actor: Actor,
    moves: Sequence[Move],
    intents: Mapping[int, int],
    moment: datetime,
) -> None:
    leaving = [
        Leaving(move.order.id, *move.parcel, move.lines, intents.get(move.order.id))
        for move in moves
        if move.leaves
    ]
    packages.note_leaving(session, actor.label, leaving, moment)
    packages.forget_last(session, [move.order.id for move in moves if move.never_left])


def _write_sums(session: Session, moves: Sequence[Move]) -> None:
    rollups = RollupChange()
    for move in moves:
        before = key_of(move.order)
        after = RollupKey(before.day, before.account_id, move.new, before.currency, before.channel)
        rollups.remove(before, move.order.total_minor)
        rollups.add(after, move.order.total_minor)
    rollups.write(session)


def _supersede(session: Session, told: Sequence[Move], moment: datetime) -> None:
    if not told:
        return
    ids: Any = literal([move.order.id for move in told], ARRAY(BigInteger))
    session.execute(
        update(StatusIntent)
        .where(
            col(StatusIntent.order_id) == any_(ids),
            col(StatusIntent.state).in_(UNSENT),
            # The channel may have acted on it: it is read first, and settles itself.
            col(StatusIntent.outcome_unknown).is_(False),
            # A package that has left is told of, whatever follows.
            col(StatusIntent.is_part).is_(False),
        )
        .values(state=IntentState.SUPERSEDED, settled_at=moment)
    )


def _write_intents(
    session: Session, actor: Actor, told: Sequence[Move], moment: datetime, run_id: int | None
) -> dict[int, int]:
    if not told:
        return {}
    of_all: dict[str, Any] = {
        "state": IntentState.QUEUED,
        "happened_at": moment,
        "actor_id": actor.user_id,
        "actor_label": actor.label,
        "run_id": run_id,
        "attempts": 0,
        "next_try_at": moment,
        "outcome_unknown": False,
        "reason": "",
    }
    is_bulk = run_id is not None
    rows = [of_all | _intent_row(move, moment, is_bulk=is_bulk) for move in told]
    statement = bulk.insert_rows(StatusIntent, list(rows[0])).returning(
        col(StatusIntent.order_id), col(StatusIntent.id)
    )
    return dict(session.execute(statement, bulk.parameter(rows)).all())


def _intent_row(move: Move, moment: datetime, *, is_bulk: bool) -> dict[str, Any]:
    rule = capabilities.of(move.order.channel).rule(move.tells or move.new)
    return {
        "order_id": move.order.id,
        "account_id": move.order.account_id,
        "from_status": move.order.status,
        "to_status": move.tells,
        "carrier": move.parcel[0],
        "tracking_number": move.parcel[1],
        "operation": rule.operation,
        "order_version": move.order.version + 1,
        "seen_version": move.seen_version,
        "why": move.why,
        "is_patient": is_bulk and not _presses(move.order, moment),
        "send_by": urgency.send_by(move.order.ship_by, move.order.status, moment),
        "late_cost": urgency.late_cost(move.order),
        "takes_back": move.takes_back,
        "cancel_reason": move.cancel_reason,
        "is_part": move.is_part,
    }


def _presses(order: Order, moment: datetime) -> bool:
    return order.ship_by is not None and order.ship_by < moment + _PRESSING


def _tell_watchers(session: Session, actor: Actor, moves: Sequence[Move]) -> None:
    said = {
        move.order.id: "shipped a part"
        if move.is_part
        else f"set the status to {move.new.label.lower()}"
        for move in moves
    }
    telling.watchers(session, actor, list(said), said.__getitem__, subject="status")


def _explain(session: Session, actor: Actor, moves: Sequence[Move], run_id: int | None) -> None:
    run = {} if run_id is None else {"run": run_id}
    events: list[dict[str, Any]] = []
    deeds: list[audit.Deed] = []
    for move in moves:
        version = move.order.version + 1
        changes = _changes(move)
        # The run is named already, and says more.
        if move.why and run_id is None:
            changes["why"] = move.why
        events.append(
            importing.event_row(move.order.id, move.kind, actor, changes | run, version=version)
        )
        name = "units_shipped" if move.is_part else "status"
        before, after = changes[name]
        deeds.append(
            audit.Deed(move.kind, "order", str(move.order.id), {name: before}, {name: after, **run})
        )
    session.execute(bulk.insert_rows(OrderEvent, list(events[0])), bulk.parameter(events))
    audit.record_many(session, actor, deeds)


def _changes(move: Move) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    if move.lines is not None:
        before = move.order.units_shipped
        changes["units_shipped"] = [before, before + sum(move.lines.values())]
        changes["of"] = move.order.unit_count
    else:
        changes["status"] = [move.order.status.value, move.new.value]
    if move.leaves and move.parcel[1]:
        changes["tracking_number"] = [move.order.tracking_number or None, move.parcel[1]]
    if move.cancel_reason:
        changes["cancel_reason"] = [None, move.cancel_reason]
    return changes
