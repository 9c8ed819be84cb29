"""Changes of working data, of one order or of thousands: judged by one rule, written in one place.

A change is an object (`assigning.Assign`, `tagging.PutTag`, `holding.Hold`, ...). It names what it
looks at as columns, so that the same rule decides on a locked order, on a thousand of them, and on
groups of orders that the database counted.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from sqlalchemy import select as columns
from sqlalchemy import update
from sqlmodel import Session, col, select

from crm_app.domain.actor import Actor
from crm_app.domain.permissions import Permission
from crm_app.errors import ConflictError, InvalidInputError, NotFoundError
from crm_app.models import Order, OrderEvent
from crm_app.services import audit, bulk, importing, reach
from crm_app.services.working import telling, words
from crm_app.services.working.among import one_of

# More than this goes through a bulk change, which the worker does in pieces.
MOST_AT_ONCE: Final = 1_000


@dataclass(frozen=True, slots=True)
class Fate:
    """What a change means for an order that looks so; a sentence without its subject."""

    sentence: str
    changes: bool = True


class Change(Protocol):
    """One change of working data. All but `write` is pure."""

    @property
    def kind(self) -> str:
        """Of its event and its audit entry: `order:assigned`."""
        ...

    @property
    def permission(self) -> Permission:
        """Beside `orders.view`."""
        ...

    def looks_at(self) -> tuple[Any, ...]:
        """Columns over `orders`: all that decides, and what the event tells of before."""
        ...

    def fate(self, *seen: Any) -> Fate:
        """Decide by the values of `looks_at`."""
        ...

    def told(self, *seen: Any) -> dict[str, Any]:
        """Changed fields as `[before, after]`: JSON types, no personal data."""
        ...

    def write(
        self, session: Session, actor: Actor, order_ids: Sequence[int], run_id: int | None
    ) -> None:
        """Change these orders, which are locked; `run_id` names their bulk change."""
        ...


@dataclass(frozen=True, slots=True)
class Made:
    """What a change did: the orders that changed, and why each of the others did not."""

    changed: tuple[int, ...]
    refused: dict[int, str] = field(default_factory=dict[int, str])

    def require(self) -> None:
        """For one order: raise ConflictError with the reason if it was not changed."""
        if not self.changed:
            raise ConflictError(next(iter(self.refused.values())))


def make(session: Session, actor: Actor, change: Change, order_ids: Sequence[int]) -> Made:
    """Make a change on orders: rows, events and audit entries in the caller's transaction.

    Args:
        session: An open transaction; the caller commits.
        actor: Must hold `orders.view` and the change's permission.
        change: What is to be done.
        order_ids: At most `MOST_AT_ONCE`; a single click gives one.

    Raises:
        PermissionDeniedError: If the actor may not.
        NotFoundError: If one of the orders does not exist; nothing is changed.
        InvalidInputError: If there are too many.
    """
    reach.require(session, actor, Permission.VIEW_ORDERS)
    reach.require(session, actor, change.permission)
    wanted = sorted(set(order_ids))
    if len(wanted) > MOST_AT_ONCE:
        said = f"At most {MOST_AT_ONCE:,} orders at once; use a bulk change for more."
        raise InvalidInputError(said, details={"order_ids": said})
    lock(session, wanted)
    return make_on(session, actor, change, wanted)


def lock(session: Session, order_ids: Sequence[int]) -> None:
    """Hold these orders until the transaction ends.

    Raises:
        NotFoundError: If one of them does not exist.
    """
    found = set(
        session.exec(
            select(Order.id).where(one_of(order_ids)).order_by(col(Order.id)).with_for_update()
        )
    )
    for order_id in order_ids:
        if order_id not in found:
            raise NotFoundError("order", order_id)


def make_on(
    session: Session,
    actor: Actor,
    change: Change,
    order_ids: Sequence[int],
    *,
    run_id: int | None = None,
) -> Made:
    """`make` for orders that the caller has locked; who may do it, the caller has asked.

    Loaded orders are not refreshed: whoever goes on with one does that.
    """
    session.flush()
    seen = _seen(session, change, order_ids)
    fates = {order_id: change.fate(*seen[order_id]) for order_id in order_ids}
    changed = tuple(order_id for order_id in order_ids if fates[order_id].changes)
    if changed:
        change.write(session, actor, changed, run_id)
        told = {order_id: change.told(*seen[order_id]) for order_id in changed}
        telling.watchers(
            session,
            actor,
            changed,
            lambda order_id: words.sentence(change.kind, told[order_id]),
            subject=change.kind,
        )
        explain(session, actor, change.kind, told, run_id=run_id)
    refused = {key: fate.sentence for key, fate in fates.items() if not fate.changes}
    return Made(changed, refused)


def explain(
    session: Session,
    actor: Actor,
    kind: str,
    told: dict[int, dict[str, Any]],
    *,
    run_id: int | None = None,
) -> None:
    """Event and audit entry of each order; takes the chain's lock, so it comes last.

    Args:
        session: The transaction that holds the change.
        actor: Who did it.
        kind: `order:assigned`.
        told: By order: changed fields as `[before, after]`; plain values explain the event.
        run_id: The bulk change that it belongs to.
    """
    run = {} if run_id is None else {"run": run_id}
    events = [
        importing.event_row(order_id, kind, actor, data | run) for order_id, data in told.items()
    ]
    session.execute(bulk.insert_rows(OrderEvent, list(events[0])), bulk.parameter(events))
    audit.record_many(
        session,
        actor,
        [
            audit.Deed(kind, "order", str(order_id), _before(data), _after(data | run))
            for order_id, data in told.items()
        ],
    )


def set_columns(session: Session, order_ids: Sequence[int], **values: Any) -> None:
    """Give columns of these orders new values; their version stays: no channel's word changed."""
    session.execute(
        update(Order)
        .where(one_of(order_ids))
        .values(**values)
        .execution_options(synchronize_session=False)
    )


def _seen(session: Session, change: Change, ids: Sequence[int]) -> dict[int, Sequence[Any]]:
    rows = session.execute(columns(col(Order.id), *change.looks_at()).where(one_of(ids)))
    return {order_id: seen for order_id, *seen in rows}


def _before(told: dict[str, Any]) -> dict[str, Any]:
    return {name: pair[0] for name, pair in told.items() if isinstance(pair, list)}


def _after(told: dict[str, Any]) -> dict[str, Any]:
    return {name: pair[1] if isinstance(pair, list) else pair for name, pair in told.items()}
