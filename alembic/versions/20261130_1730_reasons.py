"""the ledger says why: operation, note, run and version seen of each change; two more states

Revision: 0017, after 0016. Expand step: the defaults keep the release before this one writing.
Backfill: the run of those that a bulk change wrote, and waiting for a used-up limit by its reason.
"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_TEXT = sqlmodel.sql.sqltypes.AutoString
_BEFORE = "state IN ('queued', 'waiting', 'sending', 'sent')"
_OPEN = "state IN ('queued', 'waiting_for_budget', 'waiting', 'held', 'sending', 'sent')"
_RUNS = """
UPDATE status_intents SET run_id = bulk_rows.run_id
FROM bulk_rows WHERE bulk_rows.intent_id = status_intents.id
"""
_BUDGET = """
UPDATE status_intents SET state = 'waiting_for_budget'
WHERE state = 'waiting' AND (reason LIKE 'The limit of %' OR reason LIKE '% limits %: try again %')
"""


def upgrade() -> None:
    for column in (
        sa.Column("operation", _TEXT(length=60), server_default=sa.text("''"), nullable=False),
        sa.Column("why", _TEXT(length=200), server_default=sa.text("''"), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=True),
        sa.Column("seen_version", sa.Integer(), nullable=True),
    ):
        op.add_column("status_intents", column)
    op.add_column(
        "intent_attempts",
        sa.Column("is_read", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    op.execute(_RUNS)
    op.execute(_BUDGET)
    _index_open(_OPEN)
    op.create_index("ix_status_intents_day", "status_intents", ["made_on", "id"])
    op.create_index("ix_status_intents_person", "status_intents", ["actor_label", "made_on", "id"])


def downgrade() -> None:
    for name in ("ix_status_intents_person", "ix_status_intents_day"):
        op.drop_index(name, table_name="status_intents")
    op.execute(
        "UPDATE status_intents SET state = 'waiting' WHERE state IN ('waiting_for_budget', 'held')"
    )
    _index_open(_BEFORE)
    op.drop_column("intent_attempts", "is_read")
    for name in ("seen_version", "run_id", "why", "operation"):
        op.drop_column("status_intents", name)


def _index_open(which: str) -> None:
    # Not CONCURRENTLY: that ends the transaction, and with it the lock that keeps a second
    # deployment out. The open intents are a small part of the table.
    for name, columns in (
        (
            "ix_status_intents_due",
            ["account_id", "is_patient", "send_by", sa.text("late_cost DESC"), "id", "next_try_at"],
        ),
        ("ix_status_intents_since", ["created_at", "id"]),
    ):
        op.drop_index(name, table_name="status_intents")
        op.create_index(name, "status_intents", columns, postgresql_where=sa.text(which))
