"""working data of an order: tags, assignee, priority, hold, comments, watchers, archive

Revision: 0010, after 0009. Expand step: the defaults keep the release before this one
writing. Backfill: what is on hold today is held by its channel, a small part of the orders.
"""

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_TEXT = sqlmodel.sql.sqltypes.AutoString
_TIME = sa.DateTime(timezone=True)
_NOW = sa.text("clock_timestamp()")
_NEWEST = [sa.literal_column("placed_at DESC"), sa.literal_column("id DESC")]

# A list of one tag is served from `order_tags` alone; a channel rarely corrects the time.
_FOLLOW = """
CREATE FUNCTION follow_placed_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE order_tags SET placed_at = NEW.placed_at WHERE order_id = NEW.id;
    RETURN NULL;
END $$
"""
_TRIGGER = """
CREATE TRIGGER order_tags_follow AFTER UPDATE OF placed_at ON orders
FOR EACH ROW WHEN (OLD.placed_at IS DISTINCT FROM NEW.placed_at)
EXECUTE FUNCTION follow_placed_at()
"""

# Not CONCURRENTLY: that ends the transaction, and with it the lock that keeps a second deployment
# out. All of them are empty or small: nothing has any of this yet.
_INDEXES = (
    ("ix_orders_assignee", ["assignee_id", *_NEWEST, "status"], "assignee_id IS NOT NULL"),
    ("ix_orders_priority", ["priority", *_NEWEST, "status"], "priority <> 'normal'"),
    ("ix_orders_on_hold", [*_NEWEST, "hold_reason"], "on_hold"),
    ("ix_orders_held", ["hold_reason", *_NEWEST], "held_at IS NOT NULL"),
    ("ix_orders_held_until", ["held_until", "id"], "held_until IS NOT NULL"),
    ("ix_orders_archived", _NEWEST, "archived_at IS NOT NULL"),
)


def upgrade() -> None:
    _add_columns()
    _create_tags()
    _create_voices()
    for statement in (_FOLLOW, _TRIGGER):
        op.execute(statement)
    op.execute("UPDATE orders SET held_by_channel = true WHERE on_hold")
    for name, columns, where in _INDEXES:
        op.create_index(name, "orders", columns, unique=False, postgresql_where=sa.text(where))


def _add_columns() -> None:
    for column in (
        sa.Column("held_by_channel", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("assignee_id", sa.BigInteger(), nullable=True),
        sa.Column("priority", sa.String(length=32), nullable=False, server_default="normal"),
        sa.Column("held_at", _TIME, nullable=True),
        sa.Column("held_until", _TIME, nullable=True),
        sa.Column("held_by", _TEXT(length=120), nullable=False, server_default=""),
        sa.Column("hold_reason", sa.String(length=32), nullable=True),
        sa.Column("hold_note", _TEXT(length=500), nullable=False, server_default=""),
        sa.Column("archived_at", _TIME, nullable=True),
    ):
        op.add_column("orders", column)
    op.create_foreign_key(op.f("fk_orders_assignee_id"), "orders", "users", ["assignee_id"], ["id"])


def _create_tags() -> None:
    op.create_table(
        "tags",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("name", _TEXT(length=40), nullable=False),
        sa.Column("colour", sa.String(length=32), nullable=False),
        sa.Column("is_retired", sa.Boolean(), nullable=False),
        sa.Column("created_at", _TIME, server_default=_NOW, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tags")),
    )
    op.create_index("uq_tags_name", "tags", [sa.text("lower(name)")], unique=True)
    op.create_table(
        "order_tags",
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("tag_id", sa.BigInteger(), nullable=False),
        sa.Column("placed_at", _TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_order_tags_order_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["tag_id"], ["tags.id"], name=op.f("fk_order_tags_tag_id")),
        sa.PrimaryKeyConstraint("order_id", "tag_id", name=op.f("pk_order_tags")),
    )
    op.create_index(
        "ix_order_tags_tag_placed",
        "order_tags",
        ["tag_id", sa.literal_column("placed_at DESC"), sa.literal_column("order_id DESC")],
    )


def _create_voices() -> None:
    op.create_table(
        "order_watchers",
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("since", _TIME, server_default=_NOW, nullable=False),
        sa.ForeignKeyConstraint(
            ["order_id"],
            ["orders.id"],
            name=op.f("fk_order_watchers_order_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_order_watchers_user_id")),
        sa.PrimaryKeyConstraint("order_id", "user_id", name=op.f("pk_order_watchers")),
    )
    op.create_index(
        op.f("ix_order_watchers_user_id_order_watchers_order_id"),
        "order_watchers",
        ["user_id", "order_id"],
    )
    op.create_table(
        "order_comments",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("author_id", sa.BigInteger(), nullable=False),
        sa.Column("text", _TEXT(length=4000), nullable=False),
        sa.Column("mentions", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("created_at", _TIME, server_default=_NOW, nullable=False),
        sa.Column("edited_at", _TIME, nullable=True),
        sa.Column("deleted_at", _TIME, nullable=True),
        sa.ForeignKeyConstraint(
            ["order_id"],
            ["orders.id"],
            name=op.f("fk_order_comments_order_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["author_id"], ["users.id"], name=op.f("fk_order_comments_author_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_comments")),
    )
    op.create_index(
        op.f("ix_order_comments_order_id_order_comments_id"), "order_comments", ["order_id", "id"]
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER order_tags_follow ON orders")
    op.execute("DROP FUNCTION follow_placed_at()")
    for table in ("order_comments", "order_watchers", "order_tags", "tags"):
        op.drop_table(table)
    for name, _, _ in _INDEXES:
        op.drop_index(name, table_name="orders")
    op.drop_constraint(op.f("fk_orders_assignee_id"), "orders", type_="foreignkey")
    for name in (
        "archived_at",
        "hold_note",
        "hold_reason",
        "held_by",
        "held_until",
        "held_at",
        "priority",
        "assignee_id",
        "held_by_channel",
    ):
        op.drop_column("orders", name)
