"""Programs with a name, a purpose and roles of their own: they outlive whoever made them.

A service is a user who cannot sign in. So what people are held to holds it too: roles and their
reach, the trail, bulk changes and files in its name; and what it is refused at, people are.
"""

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import func
from sqlmodel import Session, col, select

from crm_app.domain.actor import Actor
from crm_app.domain.permissions import Permission
from crm_app.errors import ConflictError, InvalidInputError, NotFoundError
from crm_app.models import ApiToken, ServiceAccount, User
from crm_app.services import access, api_tokens, audit, endings, granting, passwords, sudo
from crm_app.services.granting import Granting
from crm_app.services.own import own_id

# Nobody's by the rules of the internet: no provider of sign-ins can vouch for it.
_DOMAIN: Final = "service.invalid"
_MAX_NAME: Final = 80
_MAX_PURPOSE: Final = 300


@dataclass(frozen=True, slots=True)
class Service:
    """A service with its roles and tokens.

    Attributes:
        grantable: What a token of it may be given.
    """

    user: User
    purpose: str
    owner: str
    roles: Sequence[granting.Held]
    tokens: Sequence[ApiToken]
    grantable: frozenset[Permission]


def list_all(session: Session, actor: Actor) -> list[Service]:
    """Every service, working ones first, then by name. Needs `tokens.manage`.

    Raises:
        PermissionDeniedError: If the actor may not look after tokens.
    """
    actor.require(Permission.MANAGE_TOKENS)
    return _read(session)


def get(session: Session, actor: Actor, service_id: int) -> Service:
    """One service. Raises PermissionDeniedError, NotFoundError."""
    actor.require(Permission.MANAGE_TOKENS)
    found = _read(session, service_id)
    if not found:
        raise NotFoundError("service", service_id)
    return found[0]


def make(
    session: Session, actor: Actor, *, name: str, purpose: str, roles: Sequence[Granting]
) -> Service:
    """Add a service; the actor answers for it.

    Args:
        session: The caller commits.
        actor: A person who holds `tokens.manage`.
        name: As the trail shows it; 1 to 80 characters, no other service's.
        purpose: What it is for; 1 to 300 characters.
        roles: What it may do and where; nothing that the actor may not do there.

    Raises:
        PermissionDeniedError: If the actor may not look after tokens, or not do what a role allows.
        ConfirmationNeededError: If the actor has not just proved that it is them.
        InvalidInputError: If name, purpose or roles cannot be used.
        ConflictError: If a service has this name.
    """
    actor.require(Permission.MANAGE_TOKENS)
    sudo.require(actor)
    owner_id = own_id(actor)
    name, purpose = _clean("name", name, _MAX_NAME), _clean("purpose", purpose, _MAX_PURPOSE)
    granting.hold_still(session)
    _require_free(session, name)
    user = User(
        email=f"{secrets.token_hex(8)}@{_DOMAIN}",
        name=name,
        is_service=True,
        password_hash=passwords.hash_password(secrets.token_urlsafe(32)),
    )
    session.add(user)
    session.flush()
    session.add(ServiceAccount(user_id=user.id, purpose=purpose, owner_id=owner_id))
    granting.give(session, actor, user, roles)
    after: dict[str, object] = {
        "name": name,
        "purpose": purpose,
        "roles": granting.words(session, roles),
    }
    _record(session, actor, user, "service:made", {}, after)
    return _read(session, user.id)[0]


def change(
    session: Session,
    actor: Actor,
    service_id: int,
    *,
    purpose: str | None = None,
    roles: Sequence[Granting] | None = None,
    is_active: bool | None = None,
) -> Service:
    """Change what a service is for, what it may do or whether it works; None leaves a thing.

    One that is switched off is refused at once, its tokens end, and so does work it asked for.

    Raises:
        PermissionDeniedError: If the actor may not look after tokens, or the service may do, or
            would be let do, what the actor may not.
        ConfirmationNeededError: If the actor has not just proved that it is them.
        NotFoundError: If there is no such service.
        InvalidInputError: If purpose or roles cannot be used.
    """
    actor.require(Permission.MANAGE_TOKENS)
    granting.hold_still(session)
    user, row = _get(session, service_id)
    if is_active is not False or roles is not None:
        # To stop one must not wait for a password.
        sudo.require(actor)
        granting.require_over(session, actor, user.id)
    before: dict[str, object] = {}
    after: dict[str, object] = {}
    if purpose is not None and (purpose := _clean("purpose", purpose, _MAX_PURPOSE)) != row.purpose:
        before["purpose"], after["purpose"], row.purpose = row.purpose, purpose, purpose
    if is_active is not None and is_active != user.is_active:
        before["is_active"], after["is_active"] = user.is_active, is_active
        user.is_active = is_active
    if roles is not None:
        had = [held.granting for held in granting.held_by(session, [user.id])[user.id]]
        granting.give(session, actor, user, roles)
        if set(had) != set(roles):
            before["roles"] = granting.words(session, had)
            after["roles"] = granting.words(session, roles)
    if not user.is_active:
        endings.end_tokens(session, user.id)
    if after:
        _record(session, actor, user, "service:changed", before, after)
    session.flush()
    return _read(session, user.id)[0]


def make_token(
    session: Session,
    actor: Actor,
    service_id: int,
    *,
    name: str,
    scopes: Collection[str],
    days: int,
) -> api_tokens.MadeToken:
    """Make a token of a service; its secret is shown once.

    Raises:
        PermissionDeniedError: If the actor may not look after tokens, or the service may do more.
        ConfirmationNeededError: If the actor has not just proved that it is them.
        NotFoundError: If there is no such service.
        InvalidInputError: If name, scopes or days cannot be used.
        ConflictError: If the service is switched off, or has twenty that work.
    """
    actor.require(Permission.MANAGE_TOKENS)
    sudo.require(actor)
    user, _ = _get(session, service_id)
    granting.require_over(session, actor, user.id)
    if not user.is_active:
        raise ConflictError(f"{user.name} is switched off.")
    allowed = _grantable(access.of(session, user.id))
    return api_tokens.make_for(
        session, actor, user.id, name=name, scopes=scopes, days=days, allowed=allowed
    )


def _grantable(held: access.Access) -> frozenset[Permission]:
    return held.permissions - api_tokens.NOT_FOR_TOKENS


def _read(session: Session, service_id: int | None = None) -> list[Service]:
    wanted = select(ServiceAccount, User).join(User, col(User.id) == ServiceAccount.user_id)
    if service_id is not None:
        wanted = wanted.where(ServiceAccount.user_id == service_id)
    order = (col(User.is_active).desc(), func.lower(User.name), col(User.id))
    rows = session.exec(wanted.order_by(*order)).all()
    ids = [user.id for _, user in rows]
    owners = dict(
        session.exec(
            select(User.id, User.name).where(col(User.id).in_([row.owner_id for row, _ in rows]))
        ).all()
    )
    roles, held = granting.held_by(session, ids), access.of_all(session, ids)
    tokens: dict[int, list[ApiToken]] = {one: [] for one in ids}
    works = col(ApiToken.user_id).in_(ids), col(ApiToken.revoked_at).is_(None)
    for token in session.exec(select(ApiToken).where(*works).order_by(col(ApiToken.id).desc())):
        tokens[token.user_id].append(token)
    return [
        Service(
            user,
            row.purpose,
            owners.get(row.owner_id, ""),
            roles[user.id],
            tokens[user.id],
            _grantable(held[user.id]),
        )
        for row, user in rows
    ]


def _get(session: Session, service_id: int) -> tuple[User, ServiceAccount]:
    found = session.exec(
        select(User, ServiceAccount)
        .join(ServiceAccount, col(ServiceAccount.user_id) == User.id)
        .where(User.id == service_id)
        .with_for_update()
    ).one_or_none()
    if found is None:
        raise NotFoundError("service", service_id)
    return found


def _require_free(session: Session, name: str) -> None:
    same = func.lower(User.name) == name.lower(), col(User.is_service).is_(True)
    if session.exec(select(User.id).where(*same)).first() is not None:
        raise ConflictError(f"There is a service {name} already.", details={"name": "Taken."})


def _clean(field: str, words: str, most: int) -> str:
    words = " ".join(words.split())
    if not words or len(words) > most or not words.isprintable():
        said = f"1 to {most} printable characters."
        raise InvalidInputError(f"A service's {field} has {said}", details={field: said})
    return words


def _record(
    session: Session,
    actor: Actor,
    user: User,
    action: str,
    before: dict[str, object],
    after: dict[str, object],
) -> None:
    audit.record(
        session,
        actor,
        action,
        subject_type="service",
        subject_id=user.id,
        before=before,
        after=after,
    )
