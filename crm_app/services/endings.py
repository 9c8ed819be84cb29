"""How sessions and tokens end: by their own person, by a new password, by an admin."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, delete, update
from sqlmodel import Session, col, select

from crm_app.config import get_settings
from crm_app.domain.time import now
from crm_app.models import ApiToken, UsedSignOn, User, UserSession
from crm_app.services import audit, auth, throttling

_KEEP_ENDED: Final = timedelta(days=30)


def sign_out(session: Session, token: str, address: str) -> None:
    """End the session of a cookie; harmless if there is none."""
    _close(session, col(UserSession.token_hash) == auth.digest(token), address)


def sign_out_access_token(session: Session, access_token: str, address: str) -> None:
    """End the session of a JWT. Raises NotSignedInError for one that is not ours."""
    _close(session, col(UserSession.id) == auth.session_id_of(access_token), address)


def _close(session: Session, which: ColumnElement[bool], address: str) -> None:
    found = session.exec(
        select(UserSession, User)
        .join(User, col(User.id) == UserSession.user_id)
        .where(which, col(UserSession.revoked_at).is_(None))
    ).one_or_none()
    if found is None:
        return
    opened, user = found
    opened.revoked_at = now()
    audit.record(
        session,
        replace(auth.person(session, user), session_id=opened.id).at(address),
        "session:closed",
        subject_type="session",
        subject_id=opened.id,
    )


def revoke_all(session: Session, user_id: int) -> None:
    """End every session and token of a person: deactivated, or given a new password."""
    revoke(session, col(UserSession.user_id) == user_id)
    end_tokens(session, user_id)


def end_tokens(session: Session, user_id: int) -> int:
    """End every API token of a person, as whoever got hold of the account may have made one.

    Returns:
        How many it ended. Who may is the caller's to decide.
    """
    ended = session.execute(
        update(ApiToken)
        .where(col(ApiToken.user_id) == user_id, col(ApiToken.revoked_at).is_(None))
        .values(revoked_at=now())
        .returning(col(ApiToken.id))
    )
    return len(ended.all())


def revoke_others(session: Session, user_id: int, session_id: int | None) -> int:
    """End a person's sessions but one; how many it ended that still worked."""
    return revoke(
        session,
        col(UserSession.user_id) == user_id,
        col(UserSession.id) != session_id,
        *is_open(now()),
    )


def revoke(session: Session, *which: ColumnElement[bool]) -> int:
    """End the sessions that fit; how many it ended. Who may is the caller's to decide."""
    ended = session.execute(
        update(UserSession)
        .where(*which, col(UserSession.revoked_at).is_(None))
        .values(revoked_at=now())
        .returning(col(UserSession.id))
    )
    return len(ended.all())


def is_open(moment: datetime) -> tuple[ColumnElement[bool], ...]:
    """What holds for the sessions that work at a moment."""
    idle = timedelta(hours=get_settings().session_idle_hours)
    return (
        col(UserSession.revoked_at).is_(None),
        col(UserSession.expires_at) > moment,
        col(UserSession.last_used_at) > moment - idle,
    )


def forget_old(session: Session) -> int:
    """Delete sessions that ended long ago, with what renewed their access tokens, ways back from a
    provider that are over, and counters of wrong tries that no longer count; how many sessions
    it was."""
    moment = now()
    throttling.forget_old(session)
    session.execute(delete(UsedSignOn).where(col(UsedSignOn.expires_at) < moment))
    ended = session.execute(
        delete(UserSession)
        .where(col(UserSession.expires_at) < moment - _KEEP_ENDED)
        .returning(col(UserSession.id))
    )
    return len(ended.all())
