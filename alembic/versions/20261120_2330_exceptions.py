"""exceptions: what people noted on them, indexes that find them, refused webhooks by the hour

Revision: 0006, after 0005. Expand step: two new tables and indexes; the release before this one
does not look at them.
"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_TEXT = sqlmodel.sql.sqltypes.AutoString
_TIME = sa.DateTime(timezone=True)
_OPEN_ENTRY = sa.text("state IN ('received', 'waiting')")
_OPEN_INTENT = sa.text("state IN ('queued', 'waiting', 'sending', 'sent')")


def upgrade() -> None:
    op.create_table(
        "exception_marks",
        sa.Column("key", _TEXT(length=80), nullable=False),
        sa.Column("cause", sa.String(length=32), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=True),
        sa.Column("title", _TEXT(length=200), nullable=False),
        sa.Column("since", _TIME, nullable=False),
        sa.Column("assignee_id", sa.BigInteger(), nullable=True),
        sa.Column("snoozed_until", _TIME, nullable=True),
        sa.Column("resolved_at", _TIME, nullable=True),
        sa.Column("note", _TEXT(length=500), nullable=False),
        sa.Column("changed_at", _TIME, nullable=False),
        sa.Column("changed_by", _TEXT(length=120), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["channel_accounts.id"],
            name=op.f("fk_exception_marks_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["assignee_id"], ["users.id"], name=op.f("fk_exception_marks_assignee_id")
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_exception_marks")),
    )
    op.create_index("ix_exception_marks_resolved", "exception_marks", ["resolved_at", "key"])
    op.create_index("ix_exception_marks_changed", "exception_marks", ["changed_at"])
    op.create_index(
        op.f("ix_exception_marks_assignee_id"), "exception_marks", ["assignee_id"], unique=False
    )
    op.create_table(
        "webhook_refusals",
        sa.Column("hour", _TIME, nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.Column("last_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("hour", "account_id", name=op.f("pk_webhook_refusals")),
    )
    # Not CONCURRENTLY: that ends the transaction, and with it the lock that keeps a second
    # deployment out. All but the last hold what is open, which is little.
    _index("ix_inbox_aside", "inbox", ["received_at", "id"], sa.text("state = 'set_aside'"))
    _index("ix_inbox_since", "inbox", ["received_at", "id"], _OPEN_ENTRY)
    _index("ix_status_intents_since", "status_intents", ["created_at", "id"], _OPEN_INTENT)
    _index("ix_inbox_processed", "inbox", ["processed_at"], sa.text("state = 'processed'"))


def _index(name: str, table: str, columns: list[str], where: sa.TextClause) -> None:
    op.create_index(name, table, columns, unique=False, postgresql_where=where)


def downgrade() -> None:
    op.drop_index("ix_inbox_processed", table_name="inbox")
    op.drop_index("ix_status_intents_since", table_name="status_intents")
    op.drop_index("ix_inbox_since", table_name="inbox")
    op.drop_index("ix_inbox_aside", table_name="inbox")
    op.drop_table("webhook_refusals")
    op.drop_table("exception_marks")
