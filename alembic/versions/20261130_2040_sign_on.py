"""single sign-on: providers, whom they know as whom, and ways back that were used

Revision: sso_0001, after desk2_0001. Expand step: new tables, a column with a default; the release
before this one does not look at them.
"""

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "sso_0001"
down_revision = "desk2_0001"
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)
_TEXT = sqlmodel.sql.sqltypes.AutoString


def upgrade() -> None:
    op.add_column(
        "user_sessions",
        sa.Column("has_factor", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    op.create_table(
        "identity_providers",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("name", _TEXT(length=60), nullable=False),
        sa.Column("issuer", _TEXT(length=300), nullable=False),
        sa.Column("client_id", _TEXT(length=300), nullable=False),
        sa.Column("client_secret", sa.LargeBinary(), nullable=True),
        sa.Column("domains", ARRAY(sa.Text()), nullable=False),
        sa.Column("role_ids", ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("has_factor", sa.Boolean(), nullable=False),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.Column("created_at", _TIME, server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_identity_providers"),
        sa.UniqueConstraint("name", name="uq_identity_providers_name"),
        sa.UniqueConstraint("issuer", name="uq_identity_providers_issuer"),
    )
    op.create_table(
        "user_identities",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("provider_id", sa.BigInteger(), nullable=False),
        sa.Column("subject", _TEXT(length=255), nullable=False),
        sa.Column("email", _TEXT(length=254), nullable=False),
        sa.Column("created_at", _TIME, server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("last_used_at", _TIME, nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_user_identities_user_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["provider_id"],
            ["identity_providers.id"],
            name="fk_user_identities_provider_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_user_identities"),
        sa.UniqueConstraint(
            "provider_id", "subject", name="uq_user_identities_provider_id_subject"
        ),
        sa.UniqueConstraint(
            "user_id", "provider_id", name="uq_user_identities_user_id_provider_id"
        ),
    )
    op.create_table(
        "used_sign_ons",
        sa.Column("state_hash", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("state_hash", name="pk_used_sign_ons"),
    )
    op.create_index("ix_used_sign_ons_expires_at", "used_sign_ons", ["expires_at"])


def downgrade() -> None:
    op.drop_table("used_sign_ons")
    op.drop_table("user_identities")
    op.drop_table("identity_providers")
    op.drop_column("user_sessions", "has_factor")
