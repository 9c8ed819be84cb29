"""signing in: known devices of a person's sessions, links to set a password, second factor, tokens

Revision: 0015, after 0014. Expand step: new columns with a default and new tables; the
release before this one does not look at them.
"""

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)
_TEXT = sqlmodel.sql.sqltypes.AutoString
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
    op.add_column("users", sa.Column("totp_secret", sa.LargeBinary(), nullable=True))
    op.add_column("users", sa.Column("totp_since", _TIME, nullable=True))
    op.add_column(
        "users",
        sa.Column("totp_last_step", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
    )
    op.create_table(
        "recovery_codes",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("used_at", _TIME, nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_recovery_codes_user_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_recovery_codes"),
    )
    op.create_index("ix_recovery_codes_user_id", "recovery_codes", ["user_id"])
    op.create_table(
        "api_tokens",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("name", _TEXT(length=80), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("hint", _TEXT(length=8), nullable=False),
        sa.Column("scopes", JSONB(), nullable=False),
        sa.Column("created_at", _TIME, server_default=_NOW, nullable=False),
        sa.Column("expires_at", _TIME, nullable=False),
        sa.Column("last_used_at", _TIME, nullable=True),
        sa.Column("last_address", _TEXT(length=64), nullable=False),
        sa.Column("revoked_at", _TIME, nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_api_tokens_user_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_api_tokens"),
        sa.UniqueConstraint("token_hash", name="uq_api_tokens_token_hash"),
    )
    op.create_index("ix_api_tokens_user_id", "api_tokens", ["user_id"])


def downgrade() -> None:
    op.drop_table("api_tokens")
    op.drop_table("recovery_codes")
    for column in ("totp_last_step", "totp_since", "totp_secret"):
        op.drop_column("users", column)
    op.drop_table("user_links")
    op.drop_column("user_sessions", "is_new_device")
    op.drop_column("user_sessions", "device_hash")
