"""exceptions that solved themselves are remembered, and documents know when they moved last

Revision: desk2_0001, after packages. Expand step: a table, and a column
without a default. Backfill: none.
"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "desk2_0001"
down_revision = "chan3_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "exception_sightings",
        sa.Column("key", sqlmodel.sql.sqltypes.AutoString(length=80), nullable=False),
        sa.Column("cause", sa.String(length=32), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=True),
        sa.Column("order_id", sa.BigInteger(), nullable=True),
        sa.Column("title", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=False),
        sa.Column("said", sqlmodel.sql.sqltypes.AutoString(length=500), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("healed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["channel_accounts.id"],
            name=op.f("fk_exception_sightings_account_id"),
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_exception_sightings")),
    )
    op.create_index("ix_exception_sightings_healed", "exception_sightings", ["healed_at", "key"])
    op.create_index(
        "ix_exception_sightings_there",
        "exception_sightings",
        ["key"],
        postgresql_where=sa.text("healed_at IS NULL"),
    )
    op.add_column("documents", sa.Column("moved_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("documents", "moved_at")
    op.drop_table("exception_sightings")
