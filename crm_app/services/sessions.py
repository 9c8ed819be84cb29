"""Where people are signed in, in words, and how a sign-in is ended from afar."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from crm_app.domain.actor import Actor
from crm_app.domain.device import device_words
from crm_app.domain.permissions import Permission
from crm_app.domain.time import now
from crm_app.errors import NotFoundError
from crm_app.models import User, UserSession
from crm_app.services import audit, endings
from crm_app.services.own import own_id


@dataclass(frozen=True, slots=True)
class OpenSession:
    """One sign-in that still works. Times are UTC.

    Attributes:
        device: "Chrome on Windows", or the name of a program.
        address: The IP address that it was opened from; may be empty.
        kind: "browser" or "api".
        ends_at: When it ends at the latest, used or not.
        is_this: It is the one that asks.
        is_new_device: The person had never signed in there before.
    """

    id: int
    device: str
    address: str
    kind: str
    opened_at: datetime
    last_used_at: datetime
    ends_at: datetime
    is_this: bool
    is_new_device: bool


def list_own(session: Session, actor: Actor) -> Sequence[OpenSession]:
    """The actor's own sign-ins that still work: this one first, then the last used.

    Raises:
        PermissionDeniedError: If the actor is no person who is signed in.
    """
    return _list(session, own_id(actor), actor)


def list_of(session: Session, actor: Actor, user_id: int) -> Sequence[OpenSession]:
    """A person's sign-ins that still work. Needs `users.manage`.

    Raises:
        PermissionDeniedError: If the actor may not manage people.
        NotFoundError: If there is no such person.
    """
    actor.require(Permission.MANAGE_USERS)
    if session.get(User, user_id) is None:
        raise NotFoundError("person", user_id)
    return _list(session, user_id, actor)


def end_own(session: Session, actor: Actor, session_id: int) -> None:
    """End one of the actor's own sign-ins; its next click or call is refused.

    Raises:
        PermissionDeniedError: If the actor is no person who is signed in.
        NotFoundError: If the actor has no such sign-in, or it is over.
    """
    _end_one(session, actor, own_id(actor), session_id)


def end_others(session: Session, actor: Actor) -> int:
    """End all of the actor's sign-ins but the one that asks, and their tokens; how many it were.

    Raises:
        PermissionDeniedError: If the actor is no person who is signed in.
    """
    user_id = own_id(actor)
    ended = endings.revoke_others(session, user_id, actor.session_id)
    tokens = endings.end_tokens(session, user_id)
    if ended or tokens:
        _record(session, actor, "user", user_id, {"ended": ended, "tokens": tokens})
    return ended + tokens


def end_of(session: Session, actor: Actor, user_id: int, session_id: int | None = None) -> int:
    """End one sign-in of a person, or all of them and their tokens (None); how many.

    Needs `users.manage`.

    Raises:
        PermissionDeniedError: If the actor may not manage people.
        NotFoundError: If the person has no such sign-in, or it is over.
    """
    actor.require(Permission.MANAGE_USERS)
    if session_id is not None:
        _end_one(session, actor, user_id, session_id)
        return 1
    ended = endings.revoke(session, col(UserSession.user_id) == user_id, *endings.is_open(now()))
    tokens = endings.end_tokens(session, user_id)
    if ended or tokens:
        _record(session, actor, "user", user_id, {"ended": ended, "tokens": tokens})
    return ended + tokens


def _list(session: Session, user_id: int, actor: Actor) -> list[OpenSession]:
    found = session.exec(
        select(UserSession)
        .where(UserSession.user_id == user_id, *endings.is_open(now()))
        .order_by(
            (col(UserSession.id) == (actor.session_id or 0)).desc(),
            col(UserSession.last_used_at).desc(),
            col(UserSession.id).desc(),
        )
    ).all()
    return [_seen(one, actor) for one in found]


def _seen(one: UserSession, actor: Actor) -> OpenSession:
    return OpenSession(
        id=one.id,
        device=device_words(one.device),
        address=one.address,
        kind=one.kind,
        opened_at=one.created_at,
        last_used_at=one.last_used_at,
        ends_at=one.expires_at,
        is_this=one.id == actor.session_id,
        is_new_device=one.is_new_device,
    )


def _end_one(session: Session, actor: Actor, user_id: int, session_id: int) -> None:
    ended = endings.revoke(
        session,
        col(UserSession.id) == session_id,
        col(UserSession.user_id) == user_id,
        *endings.is_open(now()),
    )
    if not ended:
        raise NotFoundError("session", session_id)
    _record(session, actor, "session", session_id, {"user_id": user_id})


def _record(
    session: Session, actor: Actor, subject_type: str, subject_id: int, after: dict[str, int]
) -> None:
    audit.record(
        session,
        actor,
        "session:revoked",
        subject_type=subject_type,
        subject_id=subject_id,
        after=after,
    )
