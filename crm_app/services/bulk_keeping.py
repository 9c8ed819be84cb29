"""How long bulk changes are kept: drafts a day, files a week, the result of each order 90 days.

The run itself stays: who did what to how many orders, and how it ended.
"""

from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import delete
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from crm_app.domain.bulk import ENDED, RunState
from crm_app.domain.time import now
from crm_app.models import BulkPart, BulkRow, BulkRun

KEEP_DRAFTS: Final = timedelta(days=1)
KEEP_FILES: Final = timedelta(days=7)
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
    for table, kept in ((BulkPart, KEEP_FILES), (BulkRow, KEEP_ROWS)):
        ids = list(session.exec(_ended_before(moment - kept, table)))
        session.execute(delete(table).where(col(table.run_id).in_(ids)))
        count += len(ids)
    return count


def _ended_before(moment: datetime, table: Any) -> SelectOfScalar[int]:
    """Ids of runs that ended before `moment` and still have rows in `table`."""
    has_some = select(table.run_id).where(table.run_id == BulkRun.id).exists()
    return (
        select(BulkRun.id)
        .where(col(BulkRun.state).in_(ENDED), col(BulkRun.finished_at) < moment, has_some)
        .limit(_AT_ONCE)
    )
