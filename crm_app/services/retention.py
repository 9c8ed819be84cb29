"""What is done with is forgotten after a while: processed inbox entries, counts, old marks."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import CursorResult, delete
from sqlmodel import Session, col, select

from crm_app.models import ExceptionMark, InboxEntry, RefusedWebhook, WebhookRefusal
from crm_app.services import endings, letters, notices, pulse
from crm_app.services.alerts import telling
from crm_app.services.exceptions import sources

# Small enough that nobody waits for its locks.
BATCH: Final = 2_000

Step = Callable[[Session, datetime], int]


def forget_entries(session: Session, before: datetime) -> int:
    """Delete a batch of inbox entries that were processed before a moment; how many it was.

    What waits or is set aside stays, however old: a person has not seen to it yet.
    """
    # In the words of the partial index.
    is_done = sa.literal_column("state = 'processed'", sa.Boolean)
    old = (
        select(InboxEntry.id)
        .where(is_done, col(InboxEntry.processed_at) < before)
        .order_by(col(InboxEntry.processed_at))
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )
    # Read first: inside the DELETE the planner may run it, and its limit, many times.
    ids = session.exec(old).all()
    return _deleted(session, delete(InboxEntry).where(col(InboxEntry.id).in_(ids)))


def forget_marks(session: Session, before: datetime) -> int:
    """Delete notes on exceptions that were last touched before a moment and are gone since.

    The audit trail keeps what people did.
    """
    still_wrong = sa.select(sources.everything().c.key)
    return _deleted(
        session,
        delete(ExceptionMark).where(
            col(ExceptionMark.changed_at) < before, col(ExceptionMark.key).not_in(still_wrong)
        ),
    )


def forget_refusals(session: Session, before: datetime) -> int:
    """Delete the counts of refused webhooks of hours before a moment."""
    return _deleted(session, delete(WebhookRefusal).where(col(WebhookRefusal.hour) < before))


def forget_refused(session: Session, before: datetime) -> int:
    """Delete the webhooks that were refused before a moment; how many it was."""
    return _deleted(session, delete(RefusedWebhook).where(col(RefusedWebhook.at) < before))


def forget_notices(session: Session, before: datetime) -> int:
    """Delete a batch of notices from before a moment; how many it was."""
    return notices.forget_notices(session, before, most=BATCH)


def forget_hours(session: Session, before: datetime) -> int:
    """Delete the hours of accounts that no rhythm remembers; how many it was."""
    del before  # what a rhythm remembers is no setting
    return pulse.forget_hours(session)


def forget_sign_ins(session: Session, before: datetime) -> int:
    """Delete sessions that ended a month ago and what else of signing in is done with."""
    del before  # the page of one's account shows none of them
    return endings.forget_old(session)


def forget_letters(session: Session, before: datetime) -> int:
    """Delete what is kept of letters that were sent a month ago; how many it was."""
    del before
    return letters.forget_old(session)


STEPS: Final[tuple[Step, ...]] = (
    forget_entries,
    forget_marks,
    forget_refusals,
    forget_refused,
    forget_notices,
    telling.forget_alerts,
    forget_hours,
    forget_sign_ins,
    forget_letters,
)


def _deleted(session: Session, statement: Any) -> int:
    found = session.execute(statement)
    return found.rowcount if isinstance(found, CursorResult) else 0
