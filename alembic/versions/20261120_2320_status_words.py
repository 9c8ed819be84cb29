"""status words: what admins decided, which orders carry unknown words, replays

Revision: 0005, after 0004. Expand step for the new tables. `unmapped_words` gets another key (the
vocabulary of the word): a pull of the release before this one that meets an unknown word while
both run fails, stores nothing, and is repeated by this one. Backfill: none; an account that is
read again (`/mappings`) writes the unknown words of its older orders.
"""

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_TEXT = sqlmodel.sql.sqltypes.AutoString


def _moment(name: str) -> sa.Column:
    return sa.Column(
        name,
        sa.DateTime(timezone=True),
        server_default=sa.text("clock_timestamp()"),
        nullable=False,
    )


def _account(table: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_account_id")
    return sa.ForeignKeyConstraint(["account_id"], ["channel_accounts.id"], name=name)


def _key(table: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}"))


def upgrade() -> None:
    op.create_table(
        "status_words",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("channel", sa.String(length=32), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=True),
        sa.Column("vocabulary", _TEXT(length=20), nullable=False),
        sa.Column("word", _TEXT(length=200), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("set_by_id", sa.BigInteger(), nullable=True),
        sa.Column("set_by", _TEXT(length=120), nullable=False),
        _moment("set_at"),
        _account("status_words"),
        _key("status_words"),
        sa.UniqueConstraint(
            "channel",
            "account_id",
            "vocabulary",
            "word",
            name=op.f("uq_status_words_channel_account_id_vocabulary_word"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_table(
        "order_unknown_words",
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("vocabulary", _TEXT(length=20), nullable=False),
        sa.Column("word", _TEXT(length=200), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["order_id"],
            ["orders.id"],
            name=op.f("fk_order_unknown_words_order_id"),
            ondelete="CASCADE",
        ),
        _account("order_unknown_words"),
        sa.PrimaryKeyConstraint(
            "order_id", "vocabulary", "word", name=op.f("pk_order_unknown_words")
        ),
    )
    op.create_index(
        "ix_order_unknown_words_word",
        "order_unknown_words",
        ["account_id", "vocabulary", "word", "order_id"],
    )
    op.create_table(
        "replays",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("channel", sa.String(length=32), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=True),
        sa.Column("vocabulary", _TEXT(length=20), nullable=False),
        sa.Column("word", _TEXT(length=200), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("reason", _TEXT(length=300), nullable=False),
        sa.Column("words_digest", sa.LargeBinary(), nullable=False),
        sa.Column("cursor_account", sa.BigInteger(), nullable=False),
        sa.Column("cursor_key", _TEXT(length=128), nullable=False),
        sa.Column("expected", sa.BigInteger(), nullable=False),
        sa.Column("found", JSONB(), nullable=False),
        sa.Column("done", JSONB(), nullable=False),
        sa.Column("asked_by_id", sa.BigInteger(), nullable=True),
        sa.Column("asked_by", _TEXT(length=120), nullable=False),
        _moment("created_at"),
        _moment("updated_at"),
        _account("replays"),
        _key("replays"),
    )
    op.create_index("ix_replays_channel", "replays", ["channel", "id"])
    op.add_column(
        "unmapped_words",
        sa.Column("vocabulary", _TEXT(length=20), nullable=False, server_default="order"),
    )
    op.drop_constraint("pk_unmapped_words", "unmapped_words", type_="primary")
    op.create_primary_key(
        "pk_unmapped_words", "unmapped_words", ["account_id", "vocabulary", "word"]
    )


def downgrade() -> None:
    # The old key knows one row a word: of several vocabularies' one stays.
    op.execute(
        "DELETE FROM unmapped_words a USING unmapped_words b WHERE a.account_id = b.account_id "
        "AND a.word = b.word AND a.vocabulary > b.vocabulary"
    )
    op.drop_constraint("pk_unmapped_words", "unmapped_words", type_="primary")
    op.create_primary_key("pk_unmapped_words", "unmapped_words", ["account_id", "word"])
    op.drop_column("unmapped_words", "vocabulary")
    op.drop_table("replays")
    op.drop_table("order_unknown_words")
    op.drop_table("status_words")
