"""Whether a person waits for one order, while many of a bulk change are on their way."""

from datetime import timedelta
from typing import Final

from sqlmodel import Session, col, select

from crm_app.domain.intent import IntentState
from crm_app.domain.time import now
from crm_app.models import AccountStatus, ChannelAccount, StatusIntent

# A click that nobody sent for so long waits for its channel, not for us.
_FRESH: Final = timedelta(seconds=20)


def is_one_waiting(session: Session, *, beside: int | None = None) -> bool:
    """Whether somebody changed a single order just now and nobody has sent it yet.

    Args:
        session: An open session.
        beside: An account that does not count: whoever asks is at work on it.
    """
    moment = now()
    waiting = (
        select(StatusIntent.id)
        .join(ChannelAccount, col(ChannelAccount.id) == StatusIntent.account_id)
        .where(
            ChannelAccount.status == AccountStatus.CONNECTED,
            col(StatusIntent.is_patient).is_(False),
            StatusIntent.state == IntentState.QUEUED,
            StatusIntent.next_try_at > moment - _FRESH,
            StatusIntent.next_try_at <= moment,
        )
    )
    if beside is not None:
        waiting = waiting.where(StatusIntent.account_id != beside)
    return session.exec(waiting.limit(1)).first() is not None
