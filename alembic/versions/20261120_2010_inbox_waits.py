"""webhooks in the inbox: topic, tries, and when to try again

Revision: 0002, after 0001. Expand step: the defaults keep the release before this one writing.
Backfill: none; the entries there were set aside, and no job takes those.
"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "inbox",
        sa.Column(
            "topic",
            sqlmodel.sql.sqltypes.AutoString(length=60),
            nullable=False,
            server_default="",
        ),
    )
    op.add_column("inbox", sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("inbox", sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=True))
    # Not CONCURRENTLY: that ends the transaction, and with it the lock that keeps a second
    # deployment out. The inbox is a small table.
    op.create_index(
        "ix_inbox_due",
        "inbox",
        ["account_id", "id"],
        unique=False,
        postgresql_where=sa.text("state IN ('received', 'waiting')"),
    )


def downgrade() -> None:
    op.drop_index("ix_inbox_due", table_name="inbox")
    op.drop_column("inbox", "next_try_at")
    op.drop_column("inbox", "attempts")
    op.drop_column("inbox", "topic")
