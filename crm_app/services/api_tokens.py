"""API tokens: a program acts for a person or as a service, within what both may do.

A token may do what its scopes name and its owner's roles still allow, whichever is less. It is
never more than a token: it manages no people, makes no tokens and changes no password.
"""

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy import func
from sqlmodel import Session, col, select

from crm_app.domain.actor import Actor, ActorKind
from crm_app.domain.permissions import Permission
from crm_app.domain.time import now
from crm_app.errors import ConflictError, InvalidInputError, NotFoundError, NotSignedInError
from crm_app.models import ApiToken, User
from crm_app.services import access, audit, auth, second_factor, sudo
from crm_app.services.own import own_id

PREFIX: Final = "crm_"
# Who may work on people asks for a person each time.
NOT_FOR_TOKENS: Final = frozenset(
    {Permission.MANAGE_USERS, Permission.MANAGE_ROLES, Permission.MANAGE_TOKENS}
)
MOST_DAYS: Final = 366
_MOST_TOKENS: Final = 20
_MAX_NAME: Final = 80
_TOUCH_EVERY: Final = timedelta(minutes=1)
_MAX_LABEL: Final = 120


@dataclass(frozen=True, slots=True)
class MadeToken:
    """A new token. `secret` is its only copy: show it once."""

    secret: str
    row: ApiToken


@dataclass(frozen=True, slots=True)
class Owned:
    """A token and whose it is."""

    row: ApiToken
    owner: str


def grantable(actor: Actor) -> frozenset[Permission]:
    """What the actor can give a token."""
    return actor.permissions - NOT_FOR_TOKENS


def make(
    session: Session,
    actor: Actor,
    *,
    name: str,
    scopes: Collection[str],
    days: int,
) -> MadeToken:
    """Make a token for oneself.

    Args:
        session: The caller commits.
        actor: A person who is signed in.
        name: What it is for; 1 to 80 characters.
        scopes: Permissions by their words, such as `orders.view`; all held by the actor.
        days: Its life, 1 to 366.

    Raises:
        PermissionDeniedError: If the actor is no person who is signed in.
        ConfirmationNeededError: If the actor has not just proved that it is them.
        InvalidInputError: If name, scopes or days cannot be used.
        ConflictError: If the actor has twenty that work.
    """
    user_id = own_id(actor)
    sudo.require(actor)
    return make_for(
        session, actor, user_id, name=name, scopes=scopes, days=days, allowed=grantable(actor)
    )


def make_for(
    session: Session,
    actor: Actor,
    user_id: int,
    *,
    name: str,
    scopes: Collection[str],
    days: int,
    allowed: Collection[Permission],
) -> MadeToken:
    """A token of this person or service, of what is `allowed`. Who may is the caller's to decide.

    Raises: InvalidInputError, ConflictError as `make`.
    """
    name, granted = _clean_name(name), _clean_scopes(allowed, scopes)
    if not 1 <= days <= MOST_DAYS:
        raise InvalidInputError(
            f"A token lives 1 to {MOST_DAYS} days.", details={"days": f"1 to {MOST_DAYS} days."}
        )
    session.exec(select(User.id).where(User.id == user_id).with_for_update()).one()
    if _count(session, user_id) >= _MOST_TOKENS:
        raise ConflictError(f"There are {_MOST_TOKENS} tokens. Revoke one that is not needed.")
    secret = PREFIX + secrets.token_urlsafe(32)
    row = ApiToken(
        user_id=user_id,
        name=name,
        token_hash=auth.digest(secret),
        hint=secret[-4:],
        scopes=granted,
        expires_at=now() + timedelta(days=days),
    )
    session.add(row)
    session.flush()
    _record(session, actor, row, "token:made", {"name": name, "scopes": granted, "days": days})
    return MadeToken(secret, row)


def list_own(session: Session, actor: Actor) -> Sequence[ApiToken]:
    """The actor's tokens that were not revoked, newest first; also those whose time is over.

    Raises:
        PermissionDeniedError: If the actor is no person who is signed in.
    """
    return session.exec(
        select(ApiToken)
        .where(ApiToken.user_id == own_id(actor), col(ApiToken.revoked_at).is_(None))
        .order_by(col(ApiToken.id).desc())
    ).all()


def revoke_own(session: Session, actor: Actor, token_id: int) -> None:
    """End one of the actor's tokens at once.

    Raises:
        PermissionDeniedError: If the actor is no person who is signed in.
        NotFoundError: If the actor has no such token.
    """
    _revoke(session, actor, token_id, own_id(actor))


def list_all(session: Session, actor: Actor) -> Sequence[Owned]:
    """Everybody's tokens that were not revoked, newest first. Needs `tokens.manage`.

    Raises:
        PermissionDeniedError: If the actor may not look after the tokens of others.
    """
    actor.require(Permission.MANAGE_TOKENS)
    found = session.exec(
        select(ApiToken, User.name)
        .join(User, col(User.id) == ApiToken.user_id)
        .where(col(ApiToken.revoked_at).is_(None))
        .order_by(col(ApiToken.id).desc())
    ).all()
    return [Owned(row, owner) for row, owner in found]


def revoke_any(session: Session, actor: Actor, token_id: int) -> None:
    """End anybody's token at once. Needs `tokens.manage`.

    Raises:
        PermissionDeniedError: If the actor may not look after the tokens of others.
        NotFoundError: If there is no such token.
    """
    actor.require(Permission.MANAGE_TOKENS)
    _revoke(session, actor, token_id, None)


def actor_for(session: Session, secret: str, address: str) -> Actor:
    """For whom a token acts, with what it may do at this moment.

    Raises:
        NotSignedInError: If it is unknown, revoked or too old, or its owner was deactivated.
    """
    found = session.exec(
        select(ApiToken, User, access.GRANTS)
        .join(User, col(User.id) == ApiToken.user_id)
        .where(
            ApiToken.token_hash == auth.digest(secret),
            col(ApiToken.revoked_at).is_(None),
            col(ApiToken.expires_at) > now(),
            col(User.is_active).is_(True),
        )
    ).one_or_none()
    if found is None:
        raise NotSignedInError("The access token is not valid or has expired.")
    row, user, grants = found
    if row.last_used_at is None or now() - row.last_used_at > _TOUCH_EVERY:
        row.last_used_at, row.last_address = now(), address[:64]
    return _acting(row, user, access.read(grants))


def behind(session: Session, user: User, token_id: int) -> Actor | None:
    """For whom a job works that a token asked for; None once the token was revoked.

    A token whose time is over no longer asks for anything, but what it asked for is finished.
    """
    row = session.get(ApiToken, token_id, populate_existing=True)
    if row is None or row.user_id != user.id or row.revoked_at is not None:
        return None
    return _acting(row, user, access.of(session, user.id))


def _acting(row: ApiToken, user: User, held: access.Access) -> Actor:
    # A service has no phone: its roles ask for a second factor of people only.
    if held.needs_two_factor and not second_factor.is_on(user) and not user.is_service:
        held = access.Access()
    owner = Actor(
        ActorKind.SERVICE if user.is_service else ActorKind.TOKEN,
        f"{user.name} (token {row.name})"[:_MAX_LABEL],
        user.id,
        held.permissions - NOT_FOR_TOKENS,
        token_id=row.id,
        narrowed=held.narrowed,
    )
    return owner.only(one for one in owner.permissions if one.value in row.scopes)


def _count(session: Session, user_id: int) -> int:
    return session.exec(
        select(func.count())
        .select_from(ApiToken)
        .where(
            ApiToken.user_id == user_id,
            col(ApiToken.revoked_at).is_(None),
            col(ApiToken.expires_at) > now(),
        )
    ).one()


def _revoke(session: Session, actor: Actor, token_id: int, user_id: int | None) -> None:
    statement = select(ApiToken).where(ApiToken.id == token_id, col(ApiToken.revoked_at).is_(None))
    if user_id is not None:
        statement = statement.where(ApiToken.user_id == user_id)
    row = session.exec(statement.with_for_update()).one_or_none()
    if row is None:
        raise NotFoundError("token", token_id)
    row.revoked_at = now()
    _record(session, actor, row, "token:revoked", {"name": row.name})


def _clean_name(name: str) -> str:
    name = " ".join(name.split())
    if not name or len(name) > _MAX_NAME or not name.isprintable():
        raise InvalidInputError(
            f"A token's name has 1 to {_MAX_NAME} printable characters.",
            details={"name": f"1 to {_MAX_NAME} printable characters."},
        )
    return name


def _clean_scopes(allowed: Collection[Permission], scopes: Collection[str]) -> list[str]:
    wanted = sorted(set(scopes))
    if not wanted or not {one.value for one in allowed}.issuperset(wanted):
        raise InvalidInputError(
            "A token may do something, and nothing that you may not.",
            details={"scopes": "Choose one or more of what you may do yourself."},
        )
    return wanted


def _record(
    session: Session, actor: Actor, row: ApiToken, action: str, after: dict[str, object]
) -> None:
    audit.record(session, actor, action, subject_type="token", subject_id=row.id, after=after)
