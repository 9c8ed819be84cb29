"""What the inbox hears when orders are stored."""

from sqlalchemy import func, literal_column, update
from sqlmodel import Session, col

from crm_app import queue
from crm_app.models import ChannelAccount, InboxEntry, InboxState

PULLED = "order"  # `InboxEntry.kind` of one element of a pulled page


def stored(session: Session, account: ChannelAccount, external_ids: set[str]) -> None:
    """Orders that once were set aside leave the inbox; events that waited for them are due.

    Args:
        session: The transaction that stores the orders.
        account: Whose orders these are.
        external_ids: Of the orders that were written.
    """
    if not external_ids:
        return
    theirs = (
        col(InboxEntry.account_id) == account.id,
        col(InboxEntry.external_id).in_(external_ids),
    )
    session.execute(
        update(InboxEntry)
        .where(
            *theirs,
            col(InboxEntry.kind) == PULLED,
            # In the words of the partial index.
            col(InboxEntry.state) != literal_column("'processed'"),
        )
        .values(state=InboxState.PROCESSED, processed_at=func.clock_timestamp())
    )
    woken = session.execute(
        update(InboxEntry)
        .where(*theirs, col(InboxEntry.state) == InboxState.WAITING)
        .where(literal_column("state IN ('received', 'waiting')"))
        .values(next_try_at=func.clock_timestamp())
        .returning(col(InboxEntry.id))
    ).all()
    if woken:
        queue.hint_inbox(session, account.id)
