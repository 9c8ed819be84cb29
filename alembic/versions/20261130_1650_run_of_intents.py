"""the bulk change that an intent belongs to, and runs that hold theirs back

Revision: 0016_runs, after 0015. Expand step: nullable, so the release before this one goes on
writing. Backfill: none; what is under way at the deployment cannot be paused any more.
"""

import sqlalchemy as sa
from alembic import op

revision = "0016_runs"
down_revision = "0015"
branch_labels = None
depends_on = None

_OPEN = sa.text("state IN ('queued', 'waiting', 'sending', 'sent')")
_DUE = ("account_id", "is_patient", "send_by", sa.text("late_cost DESC"), "id", "next_try_at")


def upgrade() -> None:
    op.add_column("status_intents", sa.Column("run_id", sa.BigInteger(), nullable=True))
    # Only what is open is in them: small, and built in the transaction of the schema.
    op.drop_index("ix_status_intents_due", table_name="status_intents")
    op.create_index(
        "ix_status_intents_due", "status_intents", [*_DUE, "run_id"], postgresql_where=_OPEN
    )
    op.create_index(
        "ix_status_intents_run",
        "status_intents",
        ["run_id"],
        postgresql_where=sa.text(
            "run_id IS NOT NULL AND state IN ('queued', 'waiting', 'sending', 'sent')"
        ),
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
    op.drop_column("status_intents", "run_id")
