"""notices, alerts and what they learn from, rules of fields; the version that an event led to

Revision: 0009, after 0008. Expand step: new tables, a new empty column and an index; the
release before this one does not look at them. Backfill: the orders of the last five weeks by
account and hour, so that an account's rhythm is known at once.
"""

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_TEXT = sqlmodel.sql.sqltypes.AutoString
_TIME = sa.DateTime(timezone=True)
_BACKFILL = """
INSERT INTO account_hours (account_id, hour, orders, last_order_at, most_waiting)
SELECT account_id, date_trunc('hour', placed_at, 'UTC'), count(*), max(placed_at), 0
FROM orders WHERE placed_at > now() - interval '35 days' GROUP BY 1, 2
"""


def upgrade() -> None:
    op.create_table(
        "notices",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", _TEXT(length=32), nullable=False),
        sa.Column("sentence", _TEXT(length=300), nullable=False),
        sa.Column("href", _TEXT(length=300), nullable=False),
        sa.Column("key", _TEXT(length=120), nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("read_at", _TIME, nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_notices_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
    )
    op.create_index(
        "uq_notices_unread",
        "notices",
        ["user_id", "key"],
        unique=True,
        postgresql_where=sa.text("read_at IS NULL"),
    )
    op.create_index("ix_notices_user", "notices", ["user_id", sa.literal_column("id DESC")])
    op.create_index("ix_notices_at", "notices", ["at"])
    # Without a default: no row is rewritten. What was written before says nothing of versions.
    op.add_column("order_events", sa.Column("version", sa.Integer(), nullable=True))
    op.create_table(
        "alert_hooks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("url", _TEXT(length=300), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.Column("changed_at", _TIME, nullable=False),
        sa.Column("changed_by", _TEXT(length=120), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert_hooks")),
    )
    op.create_table(
        "account_hours",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("hour", _TIME, nullable=False),
        sa.Column("orders", sa.Integer(), nullable=False),
        sa.Column("last_order_at", _TIME, nullable=True),
        sa.Column("most_waiting", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["channel_accounts.id"],
            name=op.f("fk_account_hours_account_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("account_id", "hour", name=op.f("pk_account_hours")),
    )
    op.create_table(
        "account_pulses",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("tried_hour", sa.Integer(), nullable=False),
        sa.Column("accepted_hour", sa.Integer(), nullable=False),
        sa.Column("tried_day", sa.Integer(), nullable=False),
        sa.Column("accepted_day", sa.Integer(), nullable=False),
        sa.Column("usual_wait_s", sa.Float(), nullable=True),
        sa.Column("learned_at", _TIME, nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["channel_accounts.id"],
            name=op.f("fk_account_pulses_account_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_account_pulses")),
    )
    op.create_table(
        "alert_choices",
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("in_app", sa.Boolean(), nullable=False),
        sa.Column("by_mail", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_alert_choices_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "kind", name=op.f("pk_alert_choices")),
    )
    op.create_table(
        "alerts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("subject", _TEXT(length=80), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=True),
        sa.Column("level", sa.String(length=32), nullable=False),
        sa.Column("sentence", _TEXT(length=300), nullable=False),
        sa.Column("href", _TEXT(length=300), nullable=False),
        sa.Column("opened_at", _TIME, nullable=False),
        sa.Column("changed_at", _TIME, nullable=False),
        sa.Column("escalated_at", _TIME, nullable=True),
        sa.Column("clear_since", _TIME, nullable=True),
        sa.Column("closed_at", _TIME, nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["channel_accounts.id"],
            name=op.f("fk_alerts_account_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alerts")),
    )
    op.create_index(
        "ix_alerts_opened",
        "alerts",
        [sa.literal_column("opened_at DESC"), sa.literal_column("id DESC")],
    )
    op.create_index(
        "uq_alerts_open",
        "alerts",
        ["subject"],
        unique=True,
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_table(
        "field_rules",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("field", sa.String(length=32), nullable=False),
        sa.Column("rule", sa.String(length=32), nullable=False),
        sa.Column("changed_at", _TIME, nullable=False),
        sa.Column("changed_by", _TEXT(length=120), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["channel_accounts.id"],
            name=op.f("fk_field_rules_account_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("account_id", "field", name=op.f("pk_field_rules")),
    )
    op.create_table(
        "alert_messages",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("alert_id", sa.BigInteger(), nullable=True),
        sa.Column("moment", sa.String(length=32), nullable=False),
        sa.Column("way", _TEXT(length=16), nullable=False),
        sa.Column("target", _TEXT(length=300), nullable=False),
        sa.Column("body", JSONB(), nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_try_at", _TIME, nullable=False),
        sa.Column("sent_at", _TIME, nullable=True),
        sa.Column("failed_at", _TIME, nullable=True),
        sa.Column("answer", _TEXT(length=300), nullable=False),
        sa.ForeignKeyConstraint(
            ["alert_id"], ["alerts.id"], name=op.f("fk_alert_messages_alert_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert_messages")),
    )
    op.create_index("ix_alert_messages_at", "alert_messages", ["at"])
    op.create_index(
        "ix_alert_messages_due",
        "alert_messages",
        ["next_try_at", "id"],
        postgresql_where=sa.text("sent_at IS NULL AND failed_at IS NULL"),
    )
    op.create_table(
        "field_disputes",
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("field", sa.String(length=32), nullable=False),
        sa.Column("theirs", JSONB(), nullable=False),
        sa.Column("told_at", _TIME, nullable=False),
        sa.Column("opened_at", _TIME, nullable=False),
        sa.Column("decided_at", _TIME, nullable=True),
        sa.Column("decided_by", _TEXT(length=120), nullable=False),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_field_disputes_order_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("order_id", "field", name=op.f("pk_field_disputes")),
    )
    op.create_index(
        "ix_field_disputes_open",
        "field_disputes",
        ["order_id"],
        postgresql_where=sa.text("decided_at IS NULL"),
    )
    op.create_index("ix_intent_attempts_at", "intent_attempts", ["at"])
    op.execute(_BACKFILL)


def downgrade() -> None:
    op.drop_index("ix_intent_attempts_at", table_name="intent_attempts")
    for table in (
        "field_disputes",
        "field_rules",
        "alert_messages",
        "alert_hooks",
        "alert_choices",
        "alerts",
        "account_pulses",
        "account_hours",
    ):
        op.drop_table(table)
    op.drop_column("order_events", "version")
    op.drop_table("notices")
