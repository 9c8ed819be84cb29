"""bulk changes: runs, their frozen orders, their files; patient intents and those that take back

Revision: 0007, after 0006. Expand step: the defaults keep the release before this one writing.
Backfill: none; every intent of before was a single person's click.
"""

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_OPEN = sa.text("state IN ('queued', 'waiting', 'sending', 'sent')")


def upgrade() -> None:
    for name in ("is_patient", "takes_back"):
        op.add_column(
            "status_intents",
            sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.text("false")),
        )
    # Not CONCURRENTLY: that ends the transaction, and with it the lock that keeps a second
    # deployment out. The open intents are a small part of the table.
    op.drop_index("ix_status_intents_due", table_name="status_intents")
    op.create_index(
        "ix_status_intents_due",
        "status_intents",
        ["account_id", "is_patient", "next_try_at", "id"],
        unique=False,
        postgresql_where=_OPEN,
    )
    _create_runs()
    _create_rows()
    op.create_table(
        "bulk_parts",
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"], ["bulk_runs.id"], name=op.f("fk_bulk_parts_run_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run_id", "position", name=op.f("pk_bulk_parts")),
    )


def _create_runs() -> None:
    op.create_table(
        "bulk_runs",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("action", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=False),
        sa.Column("settings", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("filter", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("key", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=False),
        sa.Column("actor_label", sqlmodel.sql.sqltypes.AutoString(length=120), nullable=False),
        sa.Column("undo_of", sa.BigInteger(), nullable=True),
        *[
            sa.Column(name, sa.Integer(), nullable=False)
            for name in ("total", "changed", "refused", "failed")
        ],
        sa.Column("reason", sqlmodel.sql.sqltypes.AutoString(length=300), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["actor_id"], ["users.id"], name=op.f("fk_bulk_runs_actor_id")),
        sa.ForeignKeyConstraint(["undo_of"], ["bulk_runs.id"], name=op.f("fk_bulk_runs_undo_of")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bulk_runs")),
        sa.UniqueConstraint("actor_id", "key", name=op.f("uq_bulk_runs_actor_id_key")),
    )
    op.create_index(
        "ix_bulk_runs_active",
        "bulk_runs",
        ["id"],
        unique=False,
        postgresql_where=sa.text("state IN ('queued', 'running')"),
    )
    op.create_index(op.f("ix_bulk_runs_undo_of"), "bulk_runs", ["undo_of"], unique=False)


def _create_rows() -> None:
    op.create_table(
        "bulk_rows",
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.String(length=32), nullable=False),
        sa.Column("seen_version", sa.Integer(), nullable=False),
        sa.Column("seen_status", sa.String(length=32), nullable=False),
        sa.Column("carrier", sqlmodel.sql.sqltypes.AutoString(length=80), nullable=False),
        sa.Column("tracking_number", sqlmodel.sql.sqltypes.AutoString(length=120), nullable=False),
        sa.Column("outcome", sa.String(length=32), nullable=False),
        sa.Column("reason", sqlmodel.sql.sqltypes.AutoString(length=300), nullable=False),
        sa.Column("found_version", sa.Integer(), nullable=True),
        sa.Column("from_status", sa.String(length=32), nullable=True),
        sa.Column("to_status", sa.String(length=32), nullable=True),
        sa.Column("intent_id", sa.BigInteger(), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["run_id"], ["bulk_runs.id"], name=op.f("fk_bulk_rows_run_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_bulk_rows_order_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run_id", "position", name=op.f("pk_bulk_rows")),
    )
    op.create_index(
        "ix_bulk_rows_waiting",
        "bulk_rows",
        ["run_id", "position"],
        unique=False,
        postgresql_where=sa.text("outcome = 'waiting'"),
    )
    op.create_index(op.f("ix_bulk_rows_order_id"), "bulk_rows", ["order_id"], unique=False)


def downgrade() -> None:
    for name in ("bulk_parts", "bulk_rows", "bulk_runs"):
        op.drop_table(name)
    op.drop_index("ix_status_intents_due", table_name="status_intents")
    op.create_index(
        "ix_status_intents_due",
        "status_intents",
        ["account_id", "next_try_at", "id"],
        unique=False,
        postgresql_where=_OPEN,
    )
    for name in ("takes_back", "is_patient"):
        op.drop_column("status_intents", name)
