"""whole causes that are tried again by the worker

Revision: 0018_retries, after 0017_skus. Expand step: a new table. Backfill: none.
"""

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0018_retries"
down_revision = "0017_skus"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "desk_retries",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=False),
        sa.Column("filter", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("cursor", sqlmodel.sql.sqltypes.AutoString(length=300), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.Column("gone", sa.Integer(), nullable=False),
        sa.Column("reasons", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["actor_id"], ["users.id"], name=op.f("fk_desk_retries_actor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_desk_retries")),
    )
    op.create_index("ix_desk_retries_actor_id", "desk_retries", ["actor_id"])
    op.create_index(
        "ix_desk_retries_open",
        "desk_retries",
        ["id"],
        postgresql_where=sa.text("finished_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_table("desk_retries")
