"""signing in: known devices of a person's sessions, links to set a password

Revision: 0260, after 0009_notices. Expand step: new columns with a default and new tables; the
release before this one does not look at them.
"""

import sqlalchemy as sa
from alembic import op

revision = "0260_signing_in"
down_revision = "0009_notices"
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)
_NOW = sa.text("clock_timestamp()")


def upgrade() -> None:
    op.add_column("user_sessions", sa.Column("device_hash", sa.LargeBinary(), nullable=True))
    op.add_column(
        "user_sessions",
        sa.Column("is_new_device", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    op.create_table(
        "user_links",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", _TIME, server_default=_NOW, nullable=False),
        sa.Column("expires_at", _TIME, nullable=False),
        sa.Column("used_at", _TIME, nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_user_links_user_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_user_links"),
        sa.UniqueConstraint("token_hash", name="uq_user_links_token_hash"),
    )
    op.create_index("ix_user_links_user_id", "user_links", ["user_id"])


def downgrade() -> None:
    op.drop_table("user_links")
    op.drop_column("user_sessions", "is_new_device")
    op.drop_column("user_sessions", "device_hash")
