"""The ledger's counts: added up by the clock, recounted to prove them."""

from typing import Final

from sqlalchemy import text
from sqlmodel import Session

from crm_app.domain.actor import Actor
from crm_app.domain.permissions import Permission
from crm_app.models import LedgerCheck
from crm_app.models.ledger import WRITTEN
from crm_app.services import reach

# Moves that one run adds up; the next run takes the rest.
_FOLD_AT_ONCE: Final = 50_000
_DIFFERENCES_KEPT: Final = 100

_FOLD: Final = text("""
    WITH gone AS (
        DELETE FROM intent_moves
        WHERE id IN (SELECT id FROM intent_moves ORDER BY id LIMIT :at_once)
        RETURNING day, account_id, state, intents
    ), added AS (
        INSERT INTO intent_counts AS kept (day, account_id, state, intents)
        SELECT day, account_id, state, sum(intents) FROM gone GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
        ON CONFLICT (day, account_id, state)
        DO UPDATE SET intents = kept.intents + excluded.intents
    )
    SELECT count(*) FROM gone
""")
# One statement, so that both sides are counted at the same moment.
_RECOUNT: Final = text("""
    WITH kept AS (
        SELECT day, account_id, state, sum(intents)::bigint AS intents
        FROM (SELECT day, account_id, state, intents FROM intent_counts
              UNION ALL SELECT day, account_id, state, intents FROM intent_moves) AS each
        GROUP BY 1, 2, 3
    ), by_state AS (
        SELECT made_on AS day, account_id, state, count(*) AS intents
        FROM status_intents GROUP BY 1, 2, 3
    ), counted AS (
        SELECT day, account_id, state, intents FROM by_state
        UNION ALL
        SELECT day, account_id, 'written', sum(intents)::bigint FROM by_state GROUP BY 1, 2
    )
    SELECT day, account_id, state,
           coalesce(kept.intents, 0) AS kept, coalesce(counted.intents, 0) AS counted
    FROM kept FULL JOIN counted USING (day, account_id, state)
    ORDER BY day, account_id, state
""")


def fold(session: Session) -> int:
    """Add the open moves up; how many there were. Run by one process at a time."""
    return int(session.execute(_FOLD, {"at_once": _FOLD_AT_ONCE}).scalar_one())


def check_by(session: Session, actor: Actor) -> LedgerCheck:
    """Recount because a person asks.

    Raises:
        PermissionDeniedError: Without `accounts.manage`: it reads the whole ledger.
    """
    reach.require(session, actor, Permission.MANAGE_ACCOUNTS)
    return check(session)


def check(session: Session) -> LedgerCheck:
    """Count every status change anew, compare with what was kept, and keep the outcome."""
    rows = session.execute(_RECOUNT).all()
    wrong = [row for row in rows if row.kept != row.counted]
    found = LedgerCheck(
        intents=sum(row.counted for row in rows if row.state == WRITTEN),
        differences=[
            {
                "day": row.day.isoformat(),
                "account_id": row.account_id,
                "state": row.state,
                "kept": row.kept,
                "counted": row.counted,
            }
            for row in wrong[:_DIFFERENCES_KEPT]
        ],
        difference_count=len(wrong),
    )
    session.add(found)
    session.flush()
    return found
