"""lists of SKUs by account, the SKUs that no list names, and marks on what is no account's

Revision: 0017_skus, after 0016_runs. Expand step: two new tables, and a column that may be empty
now. Backfill: none; an account without a list has no unknown SKU.
"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0017_skus"
down_revision = "0016_runs"
branch_labels = None
depends_on = None


def _text(name: str, length: int) -> sa.Column[str]:
    return sa.Column(name, sqlmodel.sql.sqltypes.AutoString(length=length), nullable=False)


def upgrade() -> None:
    op.create_table(
        "channel_skus",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        _text("channel_sku", 120),
        _text("sku", 120),
        _text("title", 300),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        _text("changed_by", 120),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["channel_accounts.id"],
            name=op.f("fk_channel_skus_account_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("account_id", "channel_sku", name=op.f("pk_channel_skus")),
    )
    op.create_index("ix_channel_skus_sku", "channel_skus", ["sku"])
    op.create_table(
        "unmapped_skus",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        _text("channel_sku", 120),
        _text("title", 300),
        sa.Column("orders", sa.Integer(), nullable=False),
        sa.Column("example_order_id", sa.BigInteger(), nullable=True),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["channel_accounts.id"],
            name=op.f("fk_unmapped_skus_account_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("account_id", "channel_sku", name=op.f("pk_unmapped_skus")),
    )
    op.alter_column("exception_marks", "account_id", existing_type=sa.BigInteger(), nullable=True)


def downgrade() -> None:
    op.execute("DELETE FROM exception_marks WHERE account_id IS NULL")
    op.alter_column("exception_marks", "account_id", existing_type=sa.BigInteger(), nullable=False)
    op.drop_table("unmapped_skus")
    op.drop_table("channel_skus")
