"""signing in: known devices of a person's sessions

Revision: 0260, after 0009_notices. Expand step: new columns with a default and new tables; the
release before this one does not look at them.
"""

import sqlalchemy as sa
from alembic import op

revision = "0260_signing_in"
down_revision = "0009_notices"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("user_sessions", sa.Column("device_hash", sa.LargeBinary(), nullable=True))
    op.add_column(
        "user_sessions",
        sa.Column("is_new_device", sa.Boolean(), server_default=sa.false(), nullable=False),
    )


def downgrade() -> None:
    op.drop_column("user_sessions", "is_new_device")
    op.drop_column("user_sessions", "device_hash")
