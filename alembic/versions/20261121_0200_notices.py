"""notices: what one person is told in the app; which version of an order an event led to

Revision: 0009, after 0008. Expand step: a new table and a new empty column; the release before
this one does not look at them.
"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0009_notices"
down_revision = "0008"
branch_labels = None
depends_on = None

_TEXT = sqlmodel.sql.sqltypes.AutoString
_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "notices",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", _TEXT(length=32), nullable=False),
        sa.Column("sentence", _TEXT(length=300), nullable=False),
        sa.Column("href", _TEXT(length=300), nullable=False),
        sa.Column("key", _TEXT(length=120), nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("read_at", _TIME, nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_notices_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
    )
    op.create_index(
        "uq_notices_unread",
        "notices",
        ["user_id", "key"],
        unique=True,
        postgresql_where=sa.text("read_at IS NULL"),
    )
    op.create_index("ix_notices_user", "notices", ["user_id", sa.literal_column("id DESC")])
    op.create_index("ix_notices_at", "notices", ["at"])
    # Without a default: no row is rewritten. What was written before says nothing of versions.
    op.add_column("order_events", sa.Column("version", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column("order_events", "version")
    op.drop_table("notices")
