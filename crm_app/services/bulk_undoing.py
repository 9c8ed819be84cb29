"""Which orders of a bulk change an undo is of: those that no earlier one took back or gave up."""

from typing import Any, Final

from sqlalchemy import func, literal
from sqlalchemy import select as columns
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from crm_app.domain.bulk import Outcome, RunState
from crm_app.models import BulkRow, BulkRun, Order
from crm_app.services.bulk_choice import insert_rows
from crm_app.services.bulk_undo import CONFLICT, ON_ITS_WAY

# These answers hold for a moment: asked again they may be others.
_FOR_NOW: Final = (ON_ITS_WAY, CONFLICT)


def earlier(session: Session, first_id: int) -> list[BulkRun]:
    """The undos of a run that were started, the newest first."""
    return list(
        session.exec(
            select(BulkRun)
            .where(BulkRun.undo_of == first_id, BulkRun.state != RunState.DRAFT)
            .order_by(col(BulkRun.id).desc())
        )
    )


def left(session: Session, first_id: int) -> int:
    """How many orders of a run an undo would be of now."""
    return session.execute(columns(func.count()).where(*_is_left(BulkRow, first_id))).scalar_one()


def freeze(session: Session, first_id: int, run_id: int) -> int:
    """Write them into the run that undoes, at the positions they had; how many there are."""
    row = BulkRow
    rows = (
        columns(
            literal(run_id),
            col(row.position),
            col(row.order_id),
            col(row.account_id),
            col(row.channel),
            col(Order.version),
            col(Order.status),
            literal(""),
            literal(""),
            literal(Outcome.WAITING.value),
            literal(""),
        )
        .join(Order, col(Order.id) == col(row.order_id))
        .where(*_is_left(row, first_id))
    )
    return insert_rows(session, rows)


def _is_left(row: Any, first_id: int) -> tuple[Any, ...]:
    undo, tried = aliased(BulkRun), aliased(BulkRow)
    is_settled = (col(tried.outcome) == Outcome.CHANGED) | (
        (col(tried.outcome) == Outcome.REFUSED) & col(tried.reason).not_in(_FOR_NOW)
    )
    was_tried = (
        columns(literal(1))
        .select_from(tried)
        .join(undo, col(undo.id) == col(tried.run_id))
        .where(
            col(undo.undo_of) == first_id,
            col(undo.state) != RunState.DRAFT,
            col(tried.position) == col(row.position),
            is_settled,
        )
    )
    return (
        col(row.run_id) == first_id,
        col(row.outcome) == Outcome.CHANGED,
        ~was_tried.correlate(row).exists(),
    )
