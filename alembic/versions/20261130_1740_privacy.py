"""requests about personal data, what was erased, and how long data are kept

Revision: 0302, after 0301. Expand step: tables of its own, and one empty column of orders.
Backfill: none.
"""

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0302"
down_revision = "0301"
branch_labels = None
depends_on = None

_TEXT = sqlmodel.sql.sqltypes.AutoString
_TIME = sa.DateTime(timezone=True)
_NOW = sa.text("clock_timestamp()")
_WORD = sa.String(length=32)


def upgrade() -> None:
    op.add_column("orders", sa.Column("anonymised_at", _TIME, nullable=True))
    op.create_table(
        "data_requests",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("kind", _WORD, nullable=False),
        sa.Column("state", _WORD, nullable=False),
        sa.Column("source", _TEXT(length=60), nullable=False),
        sa.Column("subject", _TEXT(length=300), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=True),
        sa.Column("customer_ids", ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("order_ids", ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("inbox_id", sa.BigInteger(), nullable=True),
        sa.Column("note", _TEXT(length=1000), nullable=False),
        sa.Column("received_at", _TIME, server_default=_NOW, nullable=False),
        sa.Column("due_at", _TIME, nullable=False),
        sa.Column("handled_by", _TEXT(length=120), nullable=False),
        sa.Column("handled_at", _TIME, nullable=True),
        sa.Column("outcome", JSONB(), nullable=False),
        sa.Column("file", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["channel_accounts.id"], name="fk_data_requests_account_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_data_requests"),
        sa.UniqueConstraint("inbox_id", name="uq_data_requests_inbox_id"),
    )
    op.create_index("ix_data_requests_newest", "data_requests", [sa.text("id DESC")])
    op.create_table(
        "erased_keys",
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_erased_keys"),
    )
    op.create_table(
        "erasure_secret",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_erasure_secret"),
    )
    op.create_table(
        "retention_rules",
        sa.Column("channel", _WORD, nullable=False),
        sa.Column("contact_days", sa.Integer(), nullable=True),
        sa.Column("payload_days", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("channel", name="pk_retention_rules"),
    )
    op.create_table(
        "retention_runs",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("channel", _WORD, nullable=False),
        sa.Column("at", _TIME, server_default=_NOW, nullable=False),
        sa.Column("contacts", sa.Integer(), nullable=False),
        sa.Column("payloads", sa.Integer(), nullable=False),
        sa.Column("bodies", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_retention_runs"),
    )
    op.create_table(
        "account_bases",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("basis", _WORD, nullable=False),
        sa.Column("note", _TEXT(length=500), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["channel_accounts.id"], name="fk_account_bases_account_id"
        ),
        sa.PrimaryKeyConstraint("account_id", name="pk_account_bases"),
    )


def downgrade() -> None:
    for table in (
        "account_bases",
        "retention_runs",
        "retention_rules",
        "erasure_secret",
        "erased_keys",
        "data_requests",
    ):
        op.drop_table(table)
    op.drop_column("orders", "anonymised_at")
