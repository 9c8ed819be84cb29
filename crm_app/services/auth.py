"""Signing in and out, and from a secret back to the person who acts."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

import jwt
from sqlalchemy import ColumnElement, case, delete, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, select

from crm_app.config import get_settings
from crm_app.domain.actor import Actor, ActorKind
from crm_app.domain.permissions import ROLE_PERMISSIONS
from crm_app.domain.time import now
from crm_app.errors import CrmError, NotSignedInError, SignInThrottledError, WrongPasswordError
from crm_app.models import SignInFailure, User, UserSession
from crm_app.services import audit, passwords

SESSION_COOKIE: Final = "crm_session"
SessionKind = Literal["browser", "api"]

# One person from one address; and one address over all people, which may be a whole office.
_FREE_TRIES: Final = 5
_FREE_TRIES_OF_ADDRESS: Final = 50
_LONGEST_WAIT_S: Final = 60
_FORGET_AFTER: Final = timedelta(minutes=15)
# Writing on every click would cost more than it tells.
_TOUCH_EVERY: Final = timedelta(minutes=1)
_KEEP_ENDED_SESSIONS: Final = timedelta(days=30)
_ALGORITHM: Final = "HS256"


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A new session. `token` is its only copy; the database keeps a hash."""

    token: str
    session_id: int
    user: User
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Refused:
    """A refusal, returned and not raised: the transaction that counted the try must commit."""

    error: CrmError


def sign_in(
    session: Session,
    *,
    email: str,
    password: str,
    address: str,
    device: str,
    kind: SessionKind = "browser",
) -> SignedIn | Refused:
    """Check a password and open a session.

    An unknown person, a wrong password and a deactivated account get the same answer in the
    same time. After five wrong tries of one person from one address each further one has to
    wait, doubling up to a minute; another address is not affected, so nobody is locked out.

    Args:
        session: The caller commits, also after a refusal.
        email: As typed.
        password: As typed.
        address: The client's IP address.
        device: Its user agent.
        kind: A browser's cookie or an API client's token.
    """
    email = email.strip().lower()[:254]
    pair, everybody = _subject("pair", email, address), _subject("address", address)
    # Parallel guesses at one person queue up here; those at many people from one address do not,
    # or a whole office would sign in one by one.
    _lock_counter(session, pair)
    wait_s = max(
        _wait_s(session, pair, _FREE_TRIES), _wait_s(session, everybody, _FREE_TRIES_OF_ADDRESS)
    )
    if wait_s > 0:
        return Refused(SignInThrottledError(wait_s))
    user = _user_of(session, email)
    is_right = passwords.is_right(password, user.password_hash if user else None)
    if user is None or not is_right or not user.is_active:
        for subject in (pair, everybody):
            _count_failure(session, subject)
        _record_refusal(session, user)
        return Refused(WrongPasswordError())
    session.execute(delete(SignInFailure).where(col(SignInFailure.subject) == pair))
    return _open(session, user, address=address, device=device, kind=kind)


def _user_of(session: Session, email: str) -> User | None:
    if not email.isprintable():
        return None  # a null byte or half a character: nobody's, and the driver refuses it
    return session.exec(select(User).where(User.email == email)).one_or_none()


def _open(
    session: Session, user: User, *, address: str, device: str, kind: SessionKind
) -> SignedIn:
    moment = now()
    token = secrets.token_urlsafe(32)
    opened = UserSession(
        token_hash=_hash(token),
        user_id=user.id,
        kind=kind,
        address=address[:64],
        device=device.replace("\x00", "")[:300],
        last_used_at=moment,
        expires_at=moment + timedelta(hours=get_settings().session_absolute_hours),
    )
    session.add(opened)
    user.last_seen_at = moment
    session.flush()
    audit.record(
        session,
        person(user),
        "session:opened",
        subject_type="session",
        subject_id=opened.id,
        after={"kind": kind},
    )
    return SignedIn(token, opened.id, user, opened.expires_at)


def actor_for(session: Session, token: str) -> Actor:
    """The person behind a session cookie, with what their role allows at this moment.

    Raises:
        NotSignedInError: If there is no such session, it ended, or the person was deactivated.
    """
    if not token:
        raise NotSignedInError
    return _actor(session, col(UserSession.token_hash) == _hash(token))


def actor_for_access_token(session: Session, access_token: str) -> Actor:
    """The same for an API client's JWT; its session can be revoked before the JWT ends."""
    return _actor(session, col(UserSession.id) == _session_id(access_token))


def _actor(session: Session, which: ColumnElement[bool]) -> Actor:
    found = session.exec(
        select(UserSession, User).join(User, col(User.id) == UserSession.user_id).where(which)
    ).one_or_none()
    moment = now()
    if found is None:
        raise NotSignedInError
    opened, user = found
    idle = timedelta(hours=get_settings().session_idle_hours)
    has_ended = (
        opened.revoked_at is not None
        or opened.expires_at <= moment
        or opened.last_used_at + idle <= moment
    )
    if has_ended or not user.is_active:
        raise NotSignedInError("Your session has ended. Please sign in again.")
    if moment - opened.last_used_at > _TOUCH_EVERY:
        opened.last_used_at = moment
        user.last_seen_at = moment
    return person(user)


def person(user: User) -> Actor:
    """The actor that a person is."""
    return Actor(ActorKind.PERSON, user.name, user.id, ROLE_PERMISSIONS[user.role])


def sign_out(session: Session, token: str) -> None:
    """End the session of a cookie; harmless if there is none."""
    _revoke(session, col(UserSession.token_hash) == _hash(token))


def sign_out_access_token(session: Session, access_token: str) -> None:
    """End the session of a JWT. Raises NotSignedInError for one that is not ours."""
    _revoke(session, col(UserSession.id) == _session_id(access_token))


def revoke_all(session: Session, user_id: int) -> None:
    """End every session of a person: deactivated, or given a new password."""
    _revoke(session, col(UserSession.user_id) == user_id)


def _revoke(session: Session, which: ColumnElement[bool]) -> None:
    session.execute(
        update(UserSession)
        .where(which, col(UserSession.revoked_at).is_(None))
        .values(revoked_at=now())
    )


def access_token(signed_in: SignedIn) -> tuple[str, int]:
    """A JWT for an API client and its life in seconds."""
    life_s = int(get_settings().access_token_minutes * 60)
    issued = now()
    claims = {
        "sub": str(signed_in.user.id),
        "sid": signed_in.session_id,
        "iat": issued,
        "exp": issued + timedelta(seconds=life_s),
        "aud": "crm-api",
    }
    return jwt.encode(claims, _jwt_keys()[0], algorithm=_ALGORITHM), life_s


def _session_id(token: str) -> int:
    for key in _jwt_keys():
        try:
            claims = jwt.decode(
                token,
                key,
                algorithms=[_ALGORITHM],
                audience="crm-api",
                options={"require": ["exp", "sub", "sid"]},
            )
        except jwt.InvalidSignatureError:
            continue
        except jwt.InvalidTokenError as error:
            raise NotSignedInError("The access token is not valid or has expired.") from error
        if isinstance(claims["sid"], int) and 0 < claims["sid"] < 2**63:
            return claims["sid"]
    raise NotSignedInError("The access token is not valid or has expired.")


def _jwt_keys() -> list[bytes]:
    """A key of its own per secret, so that no other use of the secret can make a token."""
    return [
        hmac.digest(secret.get_secret_value().encode(), b"crm access token", "sha256")
        for secret in get_settings().secret_keys
    ]


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def _subject(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def _lock_counter(session: Session, subject: str) -> None:
    """Hold the counter until the transaction ends, whether there is one already or not."""
    session.execute(
        insert(SignInFailure)
        .values(subject=subject, failures=0, last_failed_at=now())
        .on_conflict_do_nothing()
    )
    session.exec(
        select(SignInFailure.subject).where(SignInFailure.subject == subject).with_for_update()
    ).one_or_none()


def _wait_s(session: Session, subject: str, free_tries: int) -> int:
    """Seconds until the next try."""
    row = session.exec(select(SignInFailure).where(SignInFailure.subject == subject)).one_or_none()
    if row is None:
        return 0
    age = now() - row.last_failed_at
    if row.failures < free_tries or age > _FORGET_AFTER:
        return 0
    pause_s = min(2 ** min(row.failures - free_tries, 10), _LONGEST_WAIT_S)
    return max(0, -int(-(pause_s - age.total_seconds()) // 1))


def _count_failure(session: Session, subject: str) -> None:
    moment = now()
    statement = insert(SignInFailure).values(subject=subject, failures=1, last_failed_at=moment)
    still_counts = col(SignInFailure.last_failed_at) > moment - _FORGET_AFTER
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["subject"],
            set_={
                "failures": case((still_counts, col(SignInFailure.failures) + 1), else_=1),
                "last_failed_at": moment,
            },
        )
    )


def _record_refusal(session: Session, user: User | None) -> None:
    """A refused sign-in of a known person is remembered; typed addresses of others are not."""
    if user is None:
        return
    audit.record(
        session,
        Actor(ActorKind.SYSTEM, "Sign-in"),
        "session:refused",
        subject_type="user",
        subject_id=user.id,
    )


def forget_old(session: Session) -> None:
    """Delete counters of wrong tries that no longer count and sessions that ended long ago."""
    moment = now()
    session.execute(
        delete(SignInFailure).where(col(SignInFailure.last_failed_at) < moment - _FORGET_AFTER)
    )
    session.execute(
        delete(UserSession).where(col(UserSession.expires_at) < moment - _KEEP_ENDED_SESSIONS)
    )
