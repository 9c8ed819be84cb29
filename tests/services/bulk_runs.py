"""What tests of bulk changes do and look at."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import text
from sqlmodel import Session, col, select

from crm_app import db
from crm_app.domain.actor import Actor
from crm_app.domain.bulk import Outcome
from crm_app.models import BulkRow, BulkRun, Order, StatusIntent
from crm_app.services import bulk_choice, bulk_runs, bulk_work, rollups
from crm_app.services.bulk_choice import Choice


def draft(actor: Actor, ids: Sequence[int], key: str = "press-1") -> int:
    with db.transaction() as session:
        return bulk_choice.draft(session, actor, Choice(ids=tuple(ids)), key).id


def start(
    actor: Actor,
    ids: Sequence[int],
    action: str = "status",
    *,
    key: str = "press-1",
    **settings: Any,
) -> int:
    """A started run; nobody has worked on it yet."""
    run_id = draft(actor, ids, key)
    with db.transaction() as session:
        bulk_runs.decide(session, actor, run_id, action, settings)
        bulk_runs.start(session, actor, run_id)
    return run_id


def work(run_id: int) -> None:
    """Everything that the worker would do."""
    while bulk_work.work(run_id, budget_s=30):
        pass


def undo(actor: Actor, run_id: int) -> int:
    """The run that undoes another one, worked off."""
    with db.transaction() as session:
        undoing = bulk_runs.undo(session, actor, run_id).id
        bulk_runs.start(session, actor, undoing)
    work(undoing)
    return undoing


def run(run_id: int) -> BulkRun:
    with db.transaction() as session:
        return session.get_one(BulkRun, run_id)


def rows(run_id: int) -> list[BulkRow]:
    with db.transaction() as session:
        return list(
            session.exec(select(BulkRow).where(BulkRow.run_id == run_id).order_by("position"))
        )


def outcomes(run_id: int) -> list[Outcome]:
    return [row.outcome for row in rows(run_id)]


def reasons(run_id: int) -> set[str]:
    return {row.reason for row in rows(run_id)}


def order(order_id: int) -> Order:
    with db.transaction() as session:
        return session.get_one(Order, order_id)


def intents(order_id: int) -> list[StatusIntent]:
    with db.transaction() as session:
        found = session.exec(
            select(StatusIntent)
            .where(StatusIntent.order_id == order_id)
            .order_by(col(StatusIntent.id))
        )
        return list(found)


def recount(session: Session) -> None:
    """Make the sums true: factories write orders without them."""
    session.execute(text("DELETE FROM order_rollups; DELETE FROM order_counts"))
    session.execute(
        text(
            "INSERT INTO order_rollups (day, account_id, status, currency, channel, orders, "
            "total_minor) SELECT placed_on, account_id, status, coalesce(currency, ''), channel, "
            "count(*), coalesce(sum(total_minor), 0) FROM orders GROUP BY 1, 2, 3, 4, 5; "
            "INSERT INTO order_counts (account_id, status, channel, orders) SELECT account_id, "
            "status, channel, count(*) FROM orders GROUP BY 1, 2, 3"
        )
    )
    session.commit()


def differences() -> tuple[list[Any], list[Any]]:
    with db.transaction() as session:
        return rollups.differences(session)
