"""the ledger's counts: kept by triggers, added up by a job, checked by recounting

Revision: 0008, after 0007. Backfill: the business day of every intent and the counts of all of
them, in the transaction of this migration; an outbox is small beside the orders.
"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

from crm_app.config import get_settings

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

# One statement's steps, summed: an intent that is written or goes counts in its state and in all.
_COUNT_WRITTEN = """
CREATE FUNCTION count_intents_written() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO intent_moves (day, account_id, state, intents)
    SELECT made_on, account_id, state, count(*) FROM written GROUP BY 1, 2, 3
    UNION ALL
    SELECT made_on, account_id, 'written', count(*) FROM written GROUP BY 1, 2;
    RETURN NULL;
END $$
"""
_COUNT_GONE = """
CREATE FUNCTION count_intents_gone() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO intent_moves (day, account_id, state, intents)
    SELECT made_on, account_id, state, -count(*) FROM gone GROUP BY 1, 2, 3
    UNION ALL
    SELECT made_on, account_id, 'written', -count(*) FROM gone GROUP BY 1, 2;
    RETURN NULL;
END $$
"""
_COUNT_MOVED = """
CREATE FUNCTION count_intent_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO intent_moves (day, account_id, state, intents)
    VALUES (OLD.made_on, OLD.account_id, OLD.state, -1),
           (NEW.made_on, NEW.account_id, NEW.state, 1);
    IF (OLD.made_on, OLD.account_id) IS DISTINCT FROM (NEW.made_on, NEW.account_id) THEN
        INSERT INTO intent_moves (day, account_id, state, intents)
        VALUES (OLD.made_on, OLD.account_id, 'written', -1),
               (NEW.made_on, NEW.account_id, 'written', 1);
    END IF;
    RETURN NULL;
END $$
"""
_TRIGGERS = (
    """
    CREATE TRIGGER intents_written AFTER INSERT ON status_intents
    REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION count_intents_written()
    """,
    """
    CREATE TRIGGER intents_gone AFTER DELETE ON status_intents
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION count_intents_gone()
    """,
    # By row, for a claim or a pause changes no state and must not pay for the count.
    """
    CREATE TRIGGER intent_moved AFTER UPDATE ON status_intents FOR EACH ROW
    WHEN ((OLD.state, OLD.account_id, OLD.made_on)
          IS DISTINCT FROM (NEW.state, NEW.account_id, NEW.made_on))
    EXECUTE FUNCTION count_intent_moved()
    """,
)
_BACKFILL = """
INSERT INTO intent_counts (day, account_id, state, intents)
SELECT made_on, account_id, state, count(*) FROM status_intents GROUP BY 1, 2, 3
UNION ALL
SELECT made_on, account_id, 'written', count(*) FROM status_intents GROUP BY 1, 2
"""


def upgrade() -> None:
    text = sqlmodel.sql.sqltypes.AutoString
    op.create_table(
        "intent_counts",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("state", text(length=32), nullable=False),
        sa.Column("intents", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["channel_accounts.id"], name=op.f("fk_intent_counts_account_id")
        ),
        sa.PrimaryKeyConstraint("day", "account_id", "state", name=op.f("pk_intent_counts")),
    )
    op.create_table(
        "intent_moves",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("state", text(length=32), nullable=False),
        sa.Column("intents", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_intent_moves")),
    )
    op.create_table(
        "ledger_checks",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column(
            "at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column("intents", sa.BigInteger(), nullable=False),
        sa.Column("differences", sa.dialects.postgresql.JSONB(), nullable=False),
        sa.Column("difference_count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_checks")),
    )
    op.add_column("status_intents", sa.Column("made_on", sa.Date(), nullable=True))
    zone = sa.bindparam("zone", get_settings().business_timezone)
    op.execute(
        sa.text(
            "UPDATE status_intents SET made_on = (created_at AT TIME ZONE :zone)::date"
        ).bindparams(zone)
    )
    op.alter_column("status_intents", "made_on", nullable=False)
    op.create_index(
        "ix_status_intents_ledger", "status_intents", ["account_id", "state", "made_on", "id"]
    )
    op.execute(_BACKFILL)
    for statement in (_COUNT_WRITTEN, _COUNT_GONE, _COUNT_MOVED, *_TRIGGERS):
        op.execute(statement)


def downgrade() -> None:
    for trigger in ("intents_written", "intents_gone", "intent_moved"):
        op.execute(f"DROP TRIGGER {trigger} ON status_intents")
    for function in ("count_intents_written", "count_intents_gone", "count_intent_moved"):
        op.execute(f"DROP FUNCTION {function}()")
    op.drop_index("ix_status_intents_ledger", table_name="status_intents")
    op.drop_column("status_intents", "made_on")
    op.drop_table("ledger_checks")
    op.drop_table("intent_moves")
    op.drop_table("intent_counts")
