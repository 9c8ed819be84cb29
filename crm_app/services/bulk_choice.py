"""The orders of a bulk change: chosen by a person, frozen by one statement."""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, any_, func, literal
from sqlalchemy import select as columns
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.types import BigInteger, Integer
from sqlmodel import Session, col, select

from crm_app.domain.actor import Actor
from crm_app.domain.bulk import Outcome, RunState
from crm_app.domain.permissions import Permission
from crm_app.errors import InvalidInputError
from crm_app.models import BulkRow, BulkRun, Order
from crm_app.services import order_search, reach
from crm_app.services.order_query import OrderQuery

MAX_ORDERS: Final = 50_000
COLUMNS: Final = (
    "run_id",
    "position",
    "order_id",
    "account_id",
    "channel",
    "seen_version",
    "seen_status",
    "carrier",
    "tracking_number",
    "outcome",
    "reason",
)


@dataclass(frozen=True, slots=True)
class Choice:
    """Which orders: those with `ids`, or all that match `query` but for `without`."""

    ids: tuple[int, ...] = ()
    query: OrderQuery | None = None
    without: tuple[int, ...] = ()


def draft(session: Session, actor: Actor, choice: Choice, key: str) -> BulkRun:
    """Freeze the chosen orders, as they are now, into a run that does nothing yet.

    What comes in later, or stops matching, changes nothing about the set.

    Args:
        session: An open transaction.
        actor: Must hold `orders.bulk` and `orders.view`; the run acts in this person's name.
        choice: At most `MAX_ORDERS`.
        key: Names this press: the same person's same key gives the same run.

    Raises:
        PermissionDeniedError: If the actor may not.
        InvalidInputError: If there is no order, or there are too many.
    """
    reach.require(session, actor, Permission.BULK_CHANGE)
    reach.require(session, actor, Permission.VIEW_ORDERS)
    conditions = _conditions(session, actor, choice)
    run, is_new = claim_run(
        session,
        actor,
        key,
        filter=choice.query.first_page().params() if choice.query else {},
    )
    if is_new:
        run.total = _freeze(session, run.id, conditions)
    return run


def claim_run(session: Session, actor: Actor, key: str, **values: Any) -> tuple[BulkRun, bool]:
    """The run of this person's key, and whether it was made just now.

    Raises:
        InvalidInputError: If the key is empty or too long.
    """
    if not 1 <= len(key) <= 64 or not key.isprintable():
        raise InvalidInputError("The key is 1 to 64 characters.", details={"key": "Unusable."})
    row: dict[str, Any] = {
        "state": RunState.DRAFT,
        "action": "",
        "settings": {},
        "filter": {},
        "key": key,
        "actor_id": actor.user_id,
        "actor_label": actor.label,
        "token_id": actor.token_id,
        "total": 0,
        "changed": 0,
        "refused": 0,
        "failed": 0,
        "reason": "",
        **values,
    }
    # A second press waits here for the first one's commit, and then finds its run.
    made = session.execute(
        insert(BulkRun).values(row).on_conflict_do_nothing().returning(col(BulkRun.id))
    ).scalar_one_or_none()
    if made is not None:
        return session.get_one(BulkRun, made), True
    return session.exec(
        select(BulkRun).where(BulkRun.actor_id == actor.user_id, BulkRun.key == key)
    ).one(), False


def _conditions(session: Session, actor: Actor, choice: Choice) -> list[ColumnElement[bool]]:
    if choice.query is None:
        if not choice.ids:
            raise _none()
        if len(choice.ids) > MAX_ORDERS:
            raise _too_many()
        return [col(Order.id) == any_(literal(list(choice.ids), ARRAY(BigInteger)))]
    found = list(order_search.conditions_of(session, actor, choice.query))
    if choice.without:
        found.append(~(col(Order.id) == any_(literal(list(choice.without), ARRAY(BigInteger)))))
    return found


def _freeze(session: Session, run_id: int, conditions: list[ColumnElement[bool]]) -> int:
    found = (
        columns(
            col(Order.id),
            col(Order.account_id),
            col(Order.channel),
            col(Order.version),
            col(Order.status),
            col(Order.ship_by),
        )
        .where(*conditions)
        .limit(MAX_ORDERS + 1)
        .cte("found")
        .prefix_with("MATERIALIZED")
    )
    c = found.c
    rows = columns(
        literal(run_id, BigInteger),
        func.row_number().over(order_by=(c.ship_by.asc().nulls_last(), c.id)).cast(Integer),
        c.id,
        c.account_id,
        c.channel,
        c.version,
        c.status,
        literal(""),
        literal(""),
        literal(Outcome.WAITING.value),
        literal(""),
    )
    count = insert_rows(session, rows)
    if count == 0:
        raise _none()
    if count > MAX_ORDERS:
        raise _too_many()
    return count


def insert_rows(session: Session, rows: Any) -> int:
    """Insert what a query gives, in the order of `COLUMNS`; how many there were."""
    inserted: Any = session.execute(
        insert(BulkRow).from_select(COLUMNS, rows), execution_options={"preserve_rowcount": True}
    )
    return inserted.rowcount


def _none() -> InvalidInputError:
    said = "No order matches any more: there is nothing to change."
    return InvalidInputError(said, details={"orders": said})


def _too_many() -> InvalidInputError:
    said = f"At most {MAX_ORDERS:,} orders in one bulk change. Narrow the filter, by days perhaps."
    return InvalidInputError(said, details={"orders": said})
