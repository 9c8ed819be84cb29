"""saved views, what each person does with them, and the indexes of every filter of the list

Revision: 0011, after 0010. Expand step. Backfill: none. Not CONCURRENTLY: that ends the
transaction, and with it the lock that keeps a second deployment out; imports wait for a minute
at a million orders.
"""

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_NEWEST = [sa.literal_column("placed_at DESC"), sa.literal_column("id DESC")]
_FLAGS = {
    "return_requested": "return_requested",
    "cod": "is_cod",
    "unmapped": "status_on_channel IS NULL",
    "in_flight": "sync_status IN ('queued', 'pushing')",
}


def upgrade() -> None:
    _create_views()
    op.drop_index("ix_orders_placed", table_name="orders")
    # Wider, so that a walk by date tests these without reading a row.
    op.create_index(
        "ix_orders_placed",
        "orders",
        [*_NEWEST, "channel", "status", "account_id", "payment_status", "is_cod"],
    )
    op.create_index("ix_orders_payment_placed", "orders", ["payment_status", *_NEWEST])
    op.create_index(
        "ix_orders_city_placed",
        "orders",
        [sa.literal_column("lower(city)"), *_NEWEST],
        postgresql_include=["city"],
        postgresql_where=sa.text("city <> ''"),
    )
    op.create_index(
        "ix_orders_pincode",
        "orders",
        ["pincode", *_NEWEST],
        postgresql_ops={"pincode": "text_pattern_ops"},
        postgresql_where=sa.text("pincode <> ''"),
    )
    op.create_index(
        "ix_orders_tracking",
        "orders",
        ["tracking_number"],
        postgresql_ops={"tracking_number": "text_pattern_ops"},
        postgresql_where=sa.text("tracking_number <> ''"),
    )
    for name, condition in _FLAGS.items():
        op.create_index(
            f"ix_orders_{name}",
            "orders",
            ["placed_at", "id"],
            postgresql_where=sa.text(condition),
        )
    op.create_index(
        "ix_order_lines_sku_order",
        "order_lines",
        ["sku", "order_id"],
        postgresql_ops={"sku": "text_pattern_ops"},
    )
    op.drop_index(op.f("ix_order_lines_sku"), table_name="order_lines")


def _create_views() -> None:
    text = sqlmodel.sql.sqltypes.AutoString
    time = sa.DateTime(timezone=True)
    written = sa.text("clock_timestamp()")
    op.create_table(
        "saved_views",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("owner_id", sa.BigInteger(), nullable=False),
        sa.Column("is_shared", sa.Boolean(), nullable=False),
        sa.Column("name", text(length=60), nullable=False),
        sa.Column("colour", sa.String(length=32), nullable=False),
        sa.Column("params", postgresql.JSONB(), nullable=False),
        sa.Column("layout", postgresql.JSONB(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", time, server_default=written, nullable=False),
        sa.Column("changed_at", time, server_default=written, nullable=False),
        sa.Column("changed_by", text(length=120), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name=op.f("fk_saved_views_owner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_views")),
    )
    op.create_index(op.f("ix_saved_views_owner_id"), "saved_views", ["owner_id"])
    op.create_table(
        "view_choices",
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("view_key", text(length=40), nullable=False),
        sa.Column("is_pinned", sa.Boolean(), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_view_choices_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "view_key", name=op.f("pk_view_choices")),
    )
    op.create_index(
        "ix_view_choices_default",
        "view_choices",
        ["user_id"],
        unique=True,
        postgresql_where=sa.text("is_default"),
    )


def downgrade() -> None:
    op.drop_table("view_choices")
    op.drop_table("saved_views")
    op.create_index(op.f("ix_order_lines_sku"), "order_lines", ["sku"])
    op.drop_index("ix_order_lines_sku_order", table_name="order_lines")
    names = ("tracking", "pincode", "city_placed", "payment_placed", "placed", *_FLAGS)
    for name in names:
        op.drop_index(f"ix_orders_{name}", table_name="orders")
    op.create_index("ix_orders_placed", "orders", [*_NEWEST, "channel", "status"])
