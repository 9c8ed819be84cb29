"""service accounts: programs that act in a name and with roles of their own

Revision: guard_0002, after guard_0001. Expand step: a column with a default and a new table.
"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "guard_0002"
down_revision = "guard_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "users",
        sa.Column("is_service", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    op.create_table(
        "service_accounts",
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("purpose", sqlmodel.sql.sqltypes.AutoString(length=300), nullable=False),
        sa.Column("owner_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_service_accounts_user_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name="fk_service_accounts_owner_id"),
        sa.PrimaryKeyConstraint("user_id", name="pk_service_accounts"),
    )


def downgrade() -> None:
    op.drop_table("service_accounts")
    op.drop_column("users", "is_service")
