"""what a deep sweep's list named, and the orders here that it did not

Revision: chan3_0001. Expand step: new columns with a default and a new table; the release before
this one does not look at them. A sweep that is on its way did not note what its list named, so it
ends here, and the next one begins in its time.
"""

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "chan3_0001"
down_revision = "guard_0002"
branch_labels = None
depends_on = None

_TEXT = sqlmodel.sql.sqltypes.AutoString


def upgrade() -> None:
    op.add_column("sweeps", sa.Column("listed_at", sa.DateTime(timezone=True), nullable=True))
    for name in ("unlisted", "unknown"):
        op.add_column(
            "sweeps", sa.Column(name, sa.Integer(), server_default=sa.text("0"), nullable=False)
        )
    op.add_column(
        "sweeps",
        sa.Column("absent", JSONB(), server_default=sa.text("'[]'::jsonb"), nullable=False),
    )
    op.execute("UPDATE sweeps SET finished_at = now() WHERE finished_at IS NULL")
    op.create_table(
        "sweep_entries",
        sa.Column("sweep_id", sa.BigInteger(), nullable=False),
        sa.Column("external_id", _TEXT(length=128), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("fate", _TEXT(length=20), nullable=False),
        sa.ForeignKeyConstraint(
            ["sweep_id"], ["sweeps.id"], name=op.f("fk_sweep_entries_sweep_id")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["channel_accounts.id"], name=op.f("fk_sweep_entries_account_id")
        ),
        sa.PrimaryKeyConstraint("sweep_id", "external_id", name=op.f("pk_sweep_entries")),
    )


def downgrade() -> None:
    op.drop_table("sweep_entries")
    for name in ("absent", "unknown", "unlisted", "listed_at"):
        op.drop_column("sweeps", name)
