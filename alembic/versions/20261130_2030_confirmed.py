"""sign-ins: when somebody last proved that it is them, and what renews an access token

Revision: guard_0001. Expand step: a nullable column, so sign-ins of before are asked once more, and
a new table.
"""

import sqlalchemy as sa
from alembic import op

revision = "guard_0001"
down_revision = "packages"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "user_sessions", sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True)
    )
    op.create_table(
        "refresh_tokens",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("session_id", sa.BigInteger(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["user_sessions.id"],
            name="fk_refresh_tokens_session_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_refresh_tokens"),
        sa.UniqueConstraint("token_hash", name="uq_refresh_tokens_token_hash"),
    )
    op.create_index("ix_refresh_tokens_session_id", "refresh_tokens", ["session_id"])


def downgrade() -> None:
    op.drop_table("refresh_tokens")
    op.drop_column("user_sessions", "confirmed_at")
