"""runs that hold their changes back: what a worker passes over

Revision: 0016_runs, after 0302. Expand step: indexes only. Backfill: none.
"""

import sqlalchemy as sa
from alembic import op

revision = "0016_runs"
down_revision = "0302"
branch_labels = None
depends_on = None

_STATES = "state IN ('queued', 'waiting_for_budget', 'waiting', 'held', 'sending', 'sent')"
_OPEN = sa.text(_STATES)
_DUE = ("account_id", "is_patient", "send_by", sa.text("late_cost DESC"), "id", "next_try_at")


def upgrade() -> None:
    # Only what is open is in them: small, and built in the transaction of the schema.
    op.drop_index("ix_status_intents_due", table_name="status_intents")
    op.create_index(
        "ix_status_intents_due", "status_intents", [*_DUE, "run_id"], postgresql_where=_OPEN
    )
    op.create_index(
        "ix_status_intents_run",
        "status_intents",
        ["run_id"],
        postgresql_where=sa.text(f"run_id IS NOT NULL AND {_STATES}"),
    )
    op.create_index(
        "ix_bulk_runs_halted",
        "bulk_runs",
        ["id"],
        postgresql_where=sa.text("state IN ('paused', 'stopped')"),
    )


def downgrade() -> None:
    op.drop_index("ix_bulk_runs_halted", table_name="bulk_runs")
    op.drop_index("ix_status_intents_run", table_name="status_intents")
    op.drop_index("ix_status_intents_due", table_name="status_intents")
    op.create_index("ix_status_intents_due", "status_intents", [*_DUE], postgresql_where=_OPEN)
