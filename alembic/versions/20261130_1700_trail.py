"""the trail: where a deed came from, append-only by the database itself, checks; work of a token

Revision: 0100, after 0018_retries. Expand step: new columns with a default and a new table.
Entries of before are of form 1, whose hash covers neither address nor token.
"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0100"
down_revision = "0018_retries"
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)
_TEXT = sqlmodel.sql.sqltypes.AutoString
_NOW = sa.text("clock_timestamp()")
_WORK = ("bulk_runs", "downloads", "documents", "replays")

# What the database itself refuses, whoever asks. The erasure of a person takes the words out of an
# event and leaves what happened, when, and who did it: nothing else may ever be rewritten.
_REFUSE = """
CREATE FUNCTION refuse_rewriting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$
"""
_REFUSE_BUT_ERASURE = """
CREATE FUNCTION refuse_rewriting_events() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND current_setting('crm.erasure', true) = 'on'
        AND (to_jsonb(NEW) - 'data') = (to_jsonb(OLD) - 'data')
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$
"""


def upgrade() -> None:
    op.add_column(
        "audit_entries",
        sa.Column("form", sa.SmallInteger(), server_default=sa.text("1"), nullable=False),
    )
    op.add_column(
        "audit_entries",
        sa.Column("address", _TEXT(length=64), server_default="", nullable=False),
    )
    op.add_column("audit_entries", sa.Column("token_id", sa.BigInteger(), nullable=True))
    op.create_index("ix_audit_entries_actor", "audit_entries", ["actor_id", "id"])
    op.create_index("ix_audit_entries_action", "audit_entries", ["action", "id"])
    op.create_table(
        "audit_checks",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("state", _TEXT(length=32), nullable=False),
        sa.Column("asked_by", _TEXT(length=120), nullable=False),
        sa.Column("reached", sa.BigInteger(), nullable=False),
        sa.Column("reached_hash", sa.LargeBinary(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("broken_id", sa.BigInteger(), nullable=True),
        sa.Column("reason", _TEXT(length=300), nullable=False),
        sa.Column("created_at", _TIME, server_default=_NOW, nullable=False),
        sa.Column("finished_at", _TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_audit_checks"),
    )
    for table in _WORK:
        op.add_column(table, sa.Column("token_id", sa.BigInteger(), nullable=True))
        op.create_foreign_key(f"fk_{table}_token_id", table, "api_tokens", ["token_id"], ["id"])
    op.execute(_REFUSE)
    op.execute(_REFUSE_BUT_ERASURE)
    op.execute(
        "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entries "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting()"
    )
    op.execute(
        "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON order_events "
        "FOR EACH ROW EXECUTE FUNCTION refuse_rewriting_events()"
    )
    op.execute(
        "CREATE TRIGGER append_only_whole BEFORE TRUNCATE ON order_events "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting()"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER append_only_whole ON order_events")
    op.execute("DROP TRIGGER append_only ON order_events")
    op.execute("DROP TRIGGER append_only ON audit_entries")
    op.execute("DROP FUNCTION refuse_rewriting_events()")
    op.execute("DROP FUNCTION refuse_rewriting()")
    for table in _WORK:
        op.drop_column(table, "token_id")
    op.drop_table("audit_checks")
    op.drop_index("ix_audit_entries_action", table_name="audit_entries")
    op.drop_index("ix_audit_entries_actor", table_name="audit_entries")
    for column in ("token_id", "address", "form"):
        op.drop_column("audit_entries", column)
