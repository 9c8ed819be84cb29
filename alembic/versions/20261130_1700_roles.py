"""roles as rows, and grants of them to people, each on all or on some accounts

Revision: 0016, after 0015. Expand and backfill: everybody keeps what they may do, as a grant of
the built-in role on all accounts. `users.role` stays for the release before this one and goes
with the next.
"""

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)
_TEXT = sqlmodel.sql.sqltypes.AutoString
_NOW = sa.text("clock_timestamp()")
_REACH = (
    "CASE reach WHEN 'all' THEN cardinality(channels) + cardinality(account_ids) = 0"
    " WHEN 'channels' THEN cardinality(channels) > 0 AND cardinality(account_ids) = 0"
    " WHEN 'accounts' THEN cardinality(account_ids) > 0 AND cardinality(channels) = 0"
    " ELSE false END"
)


def upgrade() -> None:
    op.create_table(
        "roles",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("key", sa.String(32), nullable=True),
        sa.Column("name", _TEXT(length=60), nullable=False),
        sa.Column("description", _TEXT(length=300), nullable=False),
        sa.Column("verbs", JSONB(), nullable=False),
        sa.Column("needs_two_factor", sa.Boolean(), nullable=False),
        sa.Column("created_at", _TIME, server_default=_NOW, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_roles"),
        sa.UniqueConstraint("key", name="uq_roles_key"),
        sa.UniqueConstraint("name", name="uq_roles_name"),
    )
    op.create_table(
        "role_grants",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("role_id", sa.BigInteger(), nullable=False),
        sa.Column("reach", sa.String(32), nullable=False),
        sa.Column("channels", ARRAY(sa.Text()), nullable=False),
        sa.Column("account_ids", ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("created_at", _TIME, server_default=_NOW, nullable=False),
        sa.CheckConstraint(_REACH, name="ck_role_grants_reach"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_role_grants_user_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["role_id"], ["roles.id"], name="fk_role_grants_role_id"),
        sa.PrimaryKeyConstraint("id", name="pk_role_grants"),
        sa.UniqueConstraint("user_id", "role_id", name="uq_role_grants_user_id_role_id"),
    )
    op.create_index("ix_role_grants_role_id", "role_grants", ["role_id"])
    op.execute(
        "INSERT INTO roles (key, name, description, verbs, needs_two_factor) VALUES"
        " ('admin', 'Admin', 'Everything.', '[]', false),"
        " ('support', 'Support', 'Works on orders and talks to buyers.', '[]', false),"
        " ('read_only', 'Read-only', 'Looks, changes nothing, sees no personal data.',"
        " '[]', false)"
    )
    op.execute(
        "INSERT INTO role_grants (user_id, role_id, reach, channels, account_ids)"
        " SELECT users.id, roles.id, 'all', '{}', '{}'"
        " FROM users JOIN roles ON roles.key = users.role"
    )
    op.alter_column("users", "role", nullable=True)
    op.add_column("user_sessions", sa.Column("viewing", JSONB(), nullable=True))


def downgrade() -> None:
    op.drop_column("user_sessions", "viewing")
    # The release before knows three roles on all accounts: whoever has less than one of them is
    # given the least.
    op.execute(
        "UPDATE users SET role = coalesce((SELECT roles.key FROM role_grants JOIN roles"
        " ON roles.id = role_grants.role_id WHERE role_grants.user_id = users.id"
        " AND role_grants.reach = 'all' AND roles.key IS NOT NULL"
        " ORDER BY array_position(ARRAY['admin', 'support', 'read_only']::varchar[], roles.key)"
        " LIMIT 1), 'read_only')"
    )
    op.alter_column("users", "role", nullable=False)
    op.drop_table("role_grants")
    op.drop_table("roles")
