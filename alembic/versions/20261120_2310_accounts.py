"""accounts: what is left alone, what the webhooks are, and deep sweeps

Revision: 0004, after 0003. Expand step: the defaults keep the release before this one writing.
Backfill: none; the first failure, check or sweep fills them.
"""

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("rests", "hooks"):
        op.add_column(
            "channel_accounts",
            sa.Column(
                name,
                postgresql.JSONB(astext_type=sa.Text()),
                nullable=False,
                server_default="{}",
            ),
        )
    text = sqlmodel.sql.sqltypes.AutoString
    op.create_table(
        "sweeps",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_by", text(length=120), nullable=False),
        sa.Column("resume", text(), nullable=True),
        sa.Column("checked", sa.Integer(), nullable=False),
        sa.Column("missing", sa.Integer(), nullable=False),
        sa.Column("behind", sa.Integer(), nullable=False),
        sa.Column("examples", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("error", text(length=500), nullable=False),
        sa.Column(
            "started_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column("next_step_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["channel_accounts.id"], name=op.f("fk_sweeps_account_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sweeps")),
    )
    op.create_index("ix_sweeps_account_id_id", "sweeps", ["account_id", sa.text("id DESC")])
    op.create_index(
        "uq_sweeps_open",
        "sweeps",
        ["account_id"],
        unique=True,
        postgresql_where=sa.text("finished_at IS NULL"),
    )
    # Not CONCURRENTLY, as in 0002: it would give back the lock of the deployment.
    op.create_index(
        "ix_inbox_hooks",
        "inbox",
        ["account_id", sa.text("id DESC")],
        postgresql_where=sa.text("kind LIKE 'hook:%'"),
    )


def downgrade() -> None:
    op.drop_index("ix_inbox_hooks", table_name="inbox")
    op.drop_table("sweeps")
    op.drop_column("channel_accounts", "hooks")
    op.drop_column("channel_accounts", "rests")
