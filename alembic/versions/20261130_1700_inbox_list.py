"""the inbox as a list, and webhooks that were refused

Revision: 0301, after 0016. Expand step: new indexes and a table of its own. Backfill: none.
"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0301"
down_revision = "0017"
branch_labels = None
depends_on = None

_TEXT = sqlmodel.sql.sqltypes.AutoString


def upgrade() -> None:
    op.create_index("ix_inbox_account_newest", "inbox", ["account_id", sa.text("id DESC")])
    op.create_index("ix_inbox_order", "inbox", ["external_id", sa.text("id DESC")])
    op.create_table(
        "refused_webhooks",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("path", _TEXT(length=80), nullable=False),
        sa.Column("address", _TEXT(length=64), nullable=False),
        sa.Column("topic", _TEXT(length=60), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("reason", _TEXT(length=120), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_refused_webhooks"),
    )
    op.create_index("ix_refused_webhooks_at", "refused_webhooks", ["account_id", "at"])


def downgrade() -> None:
    op.drop_table("refused_webhooks")
    op.drop_index("ix_inbox_order", "inbox")
    op.drop_index("ix_inbox_account_newest", "inbox")
