"""Webhooks without a proof leave a number behind, never a row each."""

from typing import Final

from sqlalchemy import text
from sqlmodel import Session

from crm_app.domain.channel import Channel
from crm_app.domain.time import now

# One statement for a wrong secret and for an account that does not exist: who measures the time
# learns nothing. A number that is no account of the channel counts for account 0.
_COUNT: Final = text(
    """
    INSERT INTO webhook_refusals (hour, account_id, refused, last_at)
    SELECT date_trunc('hour', CAST(:moment AS timestamptz)),
           coalesce(
               (SELECT id FROM channel_accounts WHERE id = :account AND channel = :channel), 0
           ),
           1, :moment
    ON CONFLICT (hour, account_id) DO UPDATE
    SET refused = webhook_refusals.refused + 1, last_at = excluded.last_at
    """
)


def record(session: Session, channel: Channel, account_id: int) -> None:
    """Count one refusal; the caller commits.

    Args:
        session: An open transaction.
        channel: As the address names it.
        account_id: As the address names it; 0 for what is no id.
    """
    values = {"moment": now(), "account": account_id, "channel": channel.value}
    session.execute(_COUNT, values)
