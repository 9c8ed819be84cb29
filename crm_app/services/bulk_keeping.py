"""How long bulk changes are kept: drafts a day, the result of each order 90 days.

The run itself stays: who did what to how many orders, and how it ended.
"""

from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import delete
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from crm_app.domain.bulk import ENDED, RunState
from crm_app.domain.time import now
from crm_app.models import BulkRow, BulkRun

KEEP_DRAFTS: Final = timedelta(days=1)
KEEP_ROWS: Final = timedelta(days=90)
# One transaction stays short: the next hour goes on.
_AT_ONCE: Final = 20


def forget(session: Session) -> int:
    """Delete what is past its time; of how many runs something was deleted."""
    moment = now()
    drafts: Any = session.execute(
        delete(BulkRun).where(
            col(BulkRun.state) == RunState.DRAFT, col(BulkRun.created_at) < moment - KEEP_DRAFTS
        )
    )
    count = int(drafts.rowcount)
    ids = list(session.exec(_ended_before(moment - KEEP_ROWS)))
    session.execute(delete(BulkRow).where(col(BulkRow.run_id).in_(ids)))
    count += len(ids)
    return count


def _ended_before(moment: datetime) -> SelectOfScalar[int]:
    """Ids of runs that ended before `moment` and still have rows."""
    has_some = select(BulkRow.run_id).where(BulkRow.run_id == BulkRun.id).exists()
    return (
        select(BulkRun.id)
        .where(col(BulkRun.state).in_(ENDED), col(BulkRun.finished_at) < moment, has_some)
        .limit(_AT_ONCE)
    )
