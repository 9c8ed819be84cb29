"""The ledger's counts: added up by the clock, recounted to prove them."""

from typing import Any, Final

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
# An order that says it is being told has a change on its way, and the reverse.
_AT_ODDS: Final = text("""
    SELECT coalesce(orders.id, open.order_id) AS order_id, orders.sync_status,
           coalesce(open.n, 0) AS changes
    FROM (SELECT id, sync_status FROM orders
          WHERE sync_status IN ('queued', 'pushing')) AS orders
    FULL JOIN (SELECT order_id, count(*) AS n FROM status_intents
               WHERE state IN ('queued', 'waiting_for_budget', 'waiting', 'held', 'sending', 'sent')
               GROUP BY order_id) AS open
        ON open.order_id = orders.id
    WHERE orders.id IS NULL OR open.order_id IS NULL
    ORDER BY 1
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
    """Count every status change anew, compare with what was kept, and keep the outcome.

    Orders are held against their changes too: one that is being told has one on its way.
    """
    rows = session.execute(_RECOUNT).all()
    wrong = [_count(row) for row in rows if row.kept != row.counted]
    wrong += [_order(row) for row in session.execute(_AT_ODDS)]
    found = LedgerCheck(
        intents=sum(row.counted for row in rows if row.state == WRITTEN),
        differences=wrong[:_DIFFERENCES_KEPT],
        difference_count=len(wrong),
    )
    session.add(found)
    session.flush()
    return found


def _count(row: Any) -> dict[str, Any]:
    return {
        "day": row.day.isoformat(),
        "account_id": row.account_id,
        "state": row.state,
        "kept": row.kept,
        "counted": row.counted,
    }


def _order(row: Any) -> dict[str, Any]:
    return {"order_id": row.order_id, "says": row.sync_status, "on_its_way": row.changes}
