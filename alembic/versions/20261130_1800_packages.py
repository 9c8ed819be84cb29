"""packages of an order, changes that tell a part of it, and how many pieces have left

Revision: packages, after 0100. Expand step: new columns with a default and a new table; the release
before this one does not look at them. Of orders that are still in the house the pieces that left
are counted here; all others are counted with their next version.
"""

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "packages"
down_revision = "0100"
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)
_TEXT = sqlmodel.sql.sqltypes.AutoString


def upgrade() -> None:
    op.add_column(
        "orders",
        sa.Column("units_shipped", sa.Integer(), server_default=sa.text("0"), nullable=False),
    )
    op.add_column(
        "status_intents",
        sa.Column("is_part", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    op.add_column("status_intents", sa.Column("reference", sa.BigInteger(), nullable=True))
    op.create_table(
        "order_packages",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("external_id", _TEXT(length=128), nullable=False),
        sa.Column("carrier", _TEXT(length=80), nullable=False),
        sa.Column("tracking_number", _TEXT(length=120), nullable=False),
        sa.Column("channel_status", _TEXT(length=200), nullable=False),
        sa.Column("lines", JSONB(), nullable=False),
        sa.Column("shipped_at", _TIME, nullable=True),
        sa.Column("is_told", sa.Boolean(), nullable=False),
        sa.Column("intent_id", sa.BigInteger(), nullable=True),
        sa.Column("actor_label", _TEXT(length=120), nullable=False),
        sa.Column("created_at", _TIME, server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name="fk_order_packages_order_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_order_packages"),
    )
    op.create_index("ix_order_packages_order", "order_packages", ["order_id", "id"])
    op.create_index(
        "uq_order_packages_external",
        "order_packages",
        ["order_id", "external_id"],
        unique=True,
        postgresql_where=sa.text("external_id <> ''"),
    )
    op.create_index(
        "ix_order_packages_tracking",
        "order_packages",
        ["tracking_number"],
        postgresql_ops={"tracking_number": "text_pattern_ops"},
        postgresql_where=sa.text("tracking_number <> ''"),
    )
    op.execute(
        """
        UPDATE orders SET units_shipped = gone.units
        FROM (
            SELECT order_lines.order_id, sum(order_lines.quantity_shipped) AS units
            FROM order_lines JOIN orders ON orders.id = order_lines.order_id
            WHERE orders.status IN ('confirmed', 'packed', 'ready_to_ship')
                AND order_lines.quantity_shipped > 0
            GROUP BY order_lines.order_id) AS gone
        WHERE orders.id = gone.order_id
        """
    )


def downgrade() -> None:
    op.drop_table("order_packages")
    op.drop_column("status_intents", "reference")
    op.drop_column("status_intents", "is_part")
    op.drop_column("orders", "units_shipped")
