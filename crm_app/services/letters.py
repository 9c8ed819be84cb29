"""Letters to one person: their link to set a password, a sign-in on a device that is new.

Written with the deed and sent by the worker. A letter holds a secret: it is sealed until it is
sent, and empty afterwards.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, func
from sqlmodel import Session, col, select

from crm_app import queue, vault
from crm_app.config import get_settings
from crm_app.domain.time import now
from crm_app.models import Letter, User
from crm_app.services.accounts import pause_after

INVITATION: Final = "invitation"
LINK: Final = "link"
FORGOTTEN: Final = "forgotten"
DEVICE: Final = "device"
_BATCH: Final = 5
_FIRST_PAUSE_S: Final = 20.0
# Longer than any try takes: a worker that died gives its letters back.
_LEASE: Final = timedelta(minutes=2)
_KEPT: Final = timedelta(days=30)


def can_mail() -> bool:
    """Whether a mail server is set up."""
    return bool(get_settings().smtp_host)


def write(
    session: Session, user: User, kind: str, *, subject: str, text: str, until: datetime
) -> bool:
    """Write a letter to a person; False without a mail server.

    Args:
        session: The caller commits.
        user: To whom.
        kind: What it is, for who looks at what was sent.
        subject: Its first line.
        text: What it says.
        until: When it is worth nothing any more, and no longer tried.
    """
    if not can_mail():
        return False
    session.add(
        Letter(
            user_id=user.id,
            address=user.email,
            kind=kind,
            content=vault.seal({"subject": subject, "text": text}),
            next_try_at=now(),
            expires_at=until,
        )
    )
    queue.hint_alerts(session)
    return True


def count_since(session: Session, user_id: int, kind: str, since: datetime) -> int:
    """How many letters of a kind a person was written since a moment."""
    return session.exec(
        select(func.count())
        .select_from(Letter)
        .where(Letter.user_id == user_id, Letter.kind == kind, col(Letter.created_at) > since)
    ).one()


def claim(session: Session) -> Sequence[Letter]:
    """Take some letters that are due; each is tried again if nothing is heard of it."""
    moment = now()
    due = session.exec(
        select(Letter)
        .where(
            col(Letter.sent_at).is_(None),
            col(Letter.failed_at).is_(None),
            col(Letter.next_try_at) <= moment,
        )
        .order_by(col(Letter.next_try_at), col(Letter.id))
        .limit(_BATCH)
        .with_for_update(skip_locked=True)
    ).all()
    for letter in due:
        letter.attempts += 1
        letter.next_try_at = moment + _LEASE
    return due


def note_sent(session: Session, letter_id: int) -> None:
    """The mail server took it: nothing of it is kept but that it was sent."""
    letter = session.get(Letter, letter_id, with_for_update=True)
    if letter is not None:
        letter.sent_at, letter.content, letter.answer = now(), None, ""


def note_failure(session: Session, letter_id: int, why: str) -> bool:
    """Try it again later; whether it is given up, as it would come too late."""
    letter = session.get(Letter, letter_id, with_for_update=True)
    if letter is None:
        return False
    letter.answer = why[:200]
    letter.next_try_at = now() + pause_after(letter.attempts, _FIRST_PAUSE_S)
    if letter.next_try_at < letter.expires_at:
        return False
    letter.failed_at, letter.content = now(), None
    return True


def forget_old(session: Session) -> int:
    """Delete what was sent or given up a month ago; how many letters it was."""
    gone = session.execute(
        delete(Letter).where(col(Letter.created_at) < now() - _KEPT).returning(col(Letter.id))
    )
    return len(gone.all())
