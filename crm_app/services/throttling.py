"""Patience with wrong tries: each subject has a counter, and waits longer each time.

What a subject is made of decides who waits: one person from one address, one browser that the
person has used before, an address over all people. A counter never reaches beyond its subject.
"""

import hashlib
from datetime import timedelta
from typing import Final

from sqlalchemy import case, delete
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, select

from crm_app.domain.time import now
from crm_app.models import SignInFailure

FREE_TRIES: Final = 5
_LONGEST_WAIT_S: Final = 60
FORGET_AFTER: Final = timedelta(minutes=15)


def subject(*parts: str) -> str:
    """The counter's key: a hash, so that the table names nobody."""
    return hashlib.sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def hold(session: Session, subject: str) -> None:
    """Hold the counter until the transaction ends, whether there is one already or not."""
    session.execute(
        insert(SignInFailure)
        .values(subject=subject, failures=0, last_failed_at=now())
        .on_conflict_do_nothing()
    )
    session.exec(
        select(SignInFailure.subject).where(SignInFailure.subject == subject).with_for_update()
    ).one_or_none()


def wait_s(session: Session, subject: str, free_tries: int = FREE_TRIES) -> int:
    """Seconds until the next try."""
    row = session.exec(select(SignInFailure).where(SignInFailure.subject == subject)).one_or_none()
    if row is None:
        return 0
    age = now() - row.last_failed_at
    if row.failures < free_tries or age > FORGET_AFTER:
        return 0
    pause_s = min(2 ** min(row.failures - free_tries, 10), _LONGEST_WAIT_S)
    return max(0, -int(-(pause_s - age.total_seconds()) // 1))


def count(session: Session, subject: str) -> None:
    """Count a wrong try; one after a quarter of an hour without any is the first again."""
    moment = now()
    statement = insert(SignInFailure).values(subject=subject, failures=1, last_failed_at=moment)
    still_counts = col(SignInFailure.last_failed_at) > moment - FORGET_AFTER
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["subject"],
            set_={
                "failures": case((still_counts, col(SignInFailure.failures) + 1), else_=1),
                "last_failed_at": moment,
            },
        )
    )


def forgive(session: Session, subject: str) -> None:
    """A right try: the wrong ones before it no longer count."""
    session.execute(delete(SignInFailure).where(col(SignInFailure.subject) == subject))


def forget_old(session: Session) -> None:
    """Delete the counters that no longer count."""
    session.execute(
        delete(SignInFailure).where(col(SignInFailure.last_failed_at) < now() - FORGET_AFTER)
    )
