"""Short-lived access tokens of API clients, and the refresh tokens that renew them.

A refresh token is exchanged once, for the next one. Presented again it is in two hands, and nobody
can tell which of them is the thief: the whole sign-in ends. Only within the moment in which one
client may ask twice at once nothing ends: one of the two gets the new pair, the other nothing.
"""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlmodel import Session, col, select

from crm_app.config import get_settings
from crm_app.domain.actor import Actor, ActorKind
from crm_app.domain.time import now
from crm_app.errors import ConflictError, NotSignedInError
from crm_app.models import RefreshToken, UserSession
from crm_app.services import audit, auth, endings, notices, signed

_AT_ONCE: Final = timedelta(seconds=10)
_OVER: Final = "The refresh token is not valid or has expired. Please sign in again."


@dataclass(frozen=True, slots=True)
class Pair:
    """What an API client keeps: `refresh_token` is its only copy.

    Attributes:
        access_token: A JWT for the next requests.
        expires_in: Its life in seconds.
        refresh_token: Exchange it for the next pair, once.
    """

    access_token: str
    expires_in: int
    refresh_token: str


def access_token(signed_in: auth.SignedIn) -> tuple[str, int]:
    """A JWT for an API client and its life in seconds."""
    return _access(signed_in.user.id, signed_in.session_id)


def first_pair(session: Session, signed_in: auth.SignedIn) -> Pair:
    """What a new sign-in of an API client begins with."""
    opened = session.get_one(UserSession, signed_in.session_id)
    return _pair(session, opened)


def refresh(session: Session, token: str, address: str) -> Pair | auth.Refused:
    """Exchange a refresh token for the next pair.

    Args:
        session: The caller commits, also after a refusal: it may have ended the sign-in.
        token: As it was handed out.
        address: The client's IP address.

    Returns:
        The next pair. A refusal if it was exchanged before: nothing else happens if that was a
        moment ago, later the sign-in is over.

    Raises:
        NotSignedInError: If it is unknown, or its sign-in has ended in whatever way.
    """
    row = session.exec(
        select(RefreshToken).where(RefreshToken.token_hash == auth.digest(token)).with_for_update()
    ).one_or_none()
    if row is None:
        raise NotSignedInError(_OVER)
    opened = session.exec(select(UserSession).where(UserSession.id == row.session_id)).one()
    if row.used_at is None:
        auth.actor_of_session(session, opened.id)
        row.used_at = now()
        return _pair(session, opened)
    if opened.revoked_at is not None:
        raise NotSignedInError(_OVER)
    if now() - row.used_at < _AT_ONCE:
        return auth.Refused(ConflictError("It was exchanged a moment ago: use that answer."))
    _end_both(session, opened, address)
    return auth.Refused(NotSignedInError(_OVER))


def _end_both(session: Session, opened: UserSession, address: str) -> None:
    endings.revoke(session, col(UserSession.id) == opened.id)
    audit.record(
        session,
        Actor(ActorKind.SYSTEM, "Sign-in").at(address),
        "session:refresh:reused",
        subject_type="session",
        subject_id=opened.id,
        after={"user": opened.user_id},
    )
    notices.tell(
        session,
        [opened.user_id],
        kind="sign-in",
        sentence="A program's sign-in was ended: its refresh token was used twice. Somebody else"
        " may have had it.",
        href="/me",
        key=f"refresh:{opened.id}",
    )


def _pair(session: Session, opened: UserSession) -> Pair:
    token = secrets.token_urlsafe(32)
    session.add(
        RefreshToken(
            session_id=opened.id, token_hash=auth.digest(token), expires_at=opened.expires_at
        )
    )
    session.flush()
    access, life_s = _access(opened.user_id, opened.id)
    return Pair(access, life_s, token)


def _access(user_id: int, session_id: int) -> tuple[str, int]:
    life = timedelta(minutes=get_settings().access_token_minutes)
    claims = {"sub": str(user_id), "sid": session_id}
    return signed.sign(claims, auth.API_AUDIENCE, life), int(life.total_seconds())
