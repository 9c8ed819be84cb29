"""What channels ask for the persons who bought there."""

from sqlmodel import Session, col, select

from crm_app.domain.channel import Channel
from crm_app.models import ChannelAccount, InboxEntry, InboxState
from crm_app.services.receiving import KIND

_MOST = 1_000


def set_aside(session: Session) -> list[tuple[int, Channel]]:
    """Ids of webhooks that a person has to see to, with their channel; the oldest first."""
    rows = session.exec(
        select(InboxEntry.id, ChannelAccount.channel)
        .join(ChannelAccount, col(ChannelAccount.id) == InboxEntry.account_id)
        .where(InboxEntry.state == InboxState.SET_ASIDE, InboxEntry.kind == f"{KIND}person")
        .order_by(col(InboxEntry.id))
        .limit(_MOST)
    )
    return [(key, Channel(channel)) for key, channel in rows]
