"""which status change goes first: by when it should be sent, and what it costs if it is late

Revision: 0014, after 0013. Expand step: the defaults keep the release before this one writing.
Backfill: open changes of before get a day from when they were made, and the value of their order.
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_OPEN = "state IN ('queued', 'waiting', 'sending', 'sent')"
_BACKFILL = f"""
UPDATE status_intents SET
    send_by = date_bin('15 minutes', status_intents.created_at + interval '1 day', 'epoch'),
    late_cost = least(32000, greatest(0, coalesce(orders.total_minor, 0) / 10000))
FROM orders WHERE orders.id = order_id AND status_intents.{_OPEN}
"""  # noqa: S608 - constants of this file


def upgrade() -> None:
    op.add_column(
        "status_intents",
        sa.Column(
            "send_by",
            sa.DateTime(timezone=True),
            nullable=False,
            server_default=sa.text("clock_timestamp() + interval '1 day'"),
        ),
    )
    op.add_column(
        "status_intents",
        sa.Column("late_cost", sa.Integer(), nullable=False, server_default=sa.text("0")),
    )
    op.execute(_BACKFILL)
    # Not CONCURRENTLY: that ends the transaction, and with it the lock that keeps a second
    # deployment out. The open intents are a small part of the table.
    op.drop_index("ix_status_intents_due", table_name="status_intents")
    op.create_index(
        "ix_status_intents_due",
        "status_intents",
        ["account_id", "is_patient", "send_by", sa.text("late_cost DESC"), "id", "next_try_at"],
        postgresql_where=sa.text(_OPEN),
    )


def downgrade() -> None:
    op.drop_index("ix_status_intents_due", table_name="status_intents")
    op.create_index(
        "ix_status_intents_due",
        "status_intents",
        ["account_id", "is_patient", "next_try_at", "id"],
        postgresql_where=sa.text(_OPEN),
    )
    for name in ("late_cost", "send_by"):
        op.drop_column("status_intents", name)
