"""The people of the desk: who may sign in, and as what."""

from collections.abc import Sequence
from dataclasses import dataclass

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import func
from sqlmodel import Session, col, select

from crm_app.domain.actor import Actor
from crm_app.domain.permissions import Permission
from crm_app.errors import ConflictError, InvalidInputError, NotFoundError
from crm_app.models import User
from crm_app.services import audit, auth, endings, granting, passwords, sudo
from crm_app.services.granting import Granting
from crm_app.services.own import own_id

_MAX_NAME = 120


def list_users(session: Session, actor: Actor) -> Sequence[User]:
    """Everybody, active ones first, then by name. Needs `users.manage`."""
    actor.require(Permission.MANAGE_USERS)
    return session.exec(
        select(User)
        .where(col(User.is_service).is_(False))
        .order_by(col(User.is_active).desc(), func.lower(User.name), col(User.id))
    ).all()


@dataclass(frozen=True, slots=True)
class Person:
    """A person with the roles they have."""

    user: User
    roles: Sequence[granting.Held]


def list_people(session: Session, actor: Actor) -> list[Person]:
    """Everybody with their roles, as `list_users`. Needs `users.manage`."""
    return with_roles(session, list_users(session, actor))


def with_roles(session: Session, found: Sequence[User]) -> list[Person]:
    """People with the roles they have, in the same order."""
    held = granting.held_by(session, [user.id for user in found])
    return [Person(user, held[user.id]) for user in found]


def create_user(
    session: Session,
    actor: Actor,
    *,
    email: str,
    name: str,
    roles: Sequence[Granting],
    password: str | None = None,
) -> tuple[User, str]:
    """Add a person.

    Args:
        session: The caller commits.
        actor: Must hold `users.manage`.
        email: Where they are reached; unique, whatever its case.
        name: As colleagues call them.
        roles: What they may do and where; nothing that the actor may not do there.
        password: None to have one made.

    Returns:
        The person and the password, which is stored as a hash only: show it once.

    Raises:
        PermissionDeniedError: If the actor may not manage people, or not do what a role allows.
        ConfirmationNeededError: If a role lets manage people or roles, and the actor has not just
            proved that it is them.
        InvalidInputError: If e-mail, name, password or roles cannot be used.
        ConflictError: If somebody has this e-mail already.
    """
    actor.require(Permission.MANAGE_USERS)
    email, name = _clean_email(email), _clean_name(name)
    password = passwords.usable(password, email, name)
    granting.hold_still(session)
    if granting.lets_manage(session, roles):
        sudo.require(actor)
    if session.exec(select(User.id).where(User.email == email)).first() is not None:
        raise ConflictError(
            f"Somebody has the address {email} already.", details={"email": "Taken."}
        )
    user = User(email=email, name=name, password_hash=passwords.hash_password(password))
    session.add(user)
    session.flush()
    granting.give(session, actor, user, roles)
    given = granting.words(session, roles)
    _audit(session, actor, user, "user:created", {}, {"name": name, "roles": given})
    return user, password


def update_user(
    session: Session,
    actor: Actor,
    user_id: int,
    *,
    name: str | None = None,
    roles: Sequence[Granting] | None = None,
    is_active: bool | None = None,
) -> User:
    """Change a person's name, roles or whether they may sign in; None leaves a thing as it is.

    Whoever is deactivated is signed out everywhere at once.

    Raises:
        PermissionDeniedError: If the actor may not manage people, or the person may do, or would
            be let do, what the actor may not.
        ConfirmationNeededError: For roles, if the actor has not just proved that it is them.
        NotFoundError: If there is no such person.
        InvalidInputError: If the name or the roles cannot be used.
        ConflictError: If it would leave no active admin, or shut the actor out themselves.
    """
    actor.require(Permission.MANAGE_USERS)
    granting.hold_still(session)
    user = _get(session, user_id)
    granting.require_over(session, actor, user_id)
    before: dict[str, object] = {}
    after: dict[str, object] = {}
    wanted = {"name": None if name is None else _clean_name(name), "is_active": is_active}
    for field, value in wanted.items():
        if value is not None and getattr(user, field) != value:
            before[field], after[field] = getattr(user, field), value
            setattr(user, field, value)
    if roles is not None:
        had = [held.granting for held in granting.held_by(session, [user_id])[user_id]]
        if set(had) != set(roles):
            sudo.require(actor)
            granting.give(session, actor, user, roles)
            before["roles"], after["roles"] = (
                granting.words(session, had),
                granting.words(session, roles),
            )
    if not after:
        return user
    if user.id == actor.user_id and ("roles" in after or "is_active" in after):
        raise ConflictError("You cannot change your own roles or deactivate yourself.")
    session.flush()
    granting.keep_an_admin(session)
    if not user.is_active:
        endings.revoke_all(session, user.id)
    _audit(session, actor, user, "user:changed", before, after)
    return user


def reset_password(
    session: Session, actor: Actor, user_id: int, password: str | None = None
) -> str:
    """Give a person a new password and sign them out everywhere; returns it, to show once.

    Raises: PermissionDeniedError, NotFoundError, InvalidInputError as `create_user`;
    ConfirmationNeededError if the actor has not just proved that it is them.
    """
    actor.require(Permission.MANAGE_USERS)
    sudo.require(actor)
    user = _get(session, user_id)
    granting.require_over(session, actor, user_id)
    password = passwords.usable(password, user.email, user.name)
    user.password_hash = passwords.hash_password(password)
    endings.revoke_all(session, user.id)
    _audit(session, actor, user, "user:password:reset", {}, {})
    return password


def change_own_password(
    session: Session, actor: Actor, *, current: str, new: str
) -> auth.Refused | None:
    """Replace one's own password, for which the old one is asked; ends every other session.

    Wrong tries are counted and slowed down like those of signing in: whoever finds a browser
    open must not guess the password there.

    Args:
        session: The caller commits, also after a refusal.
        actor: A person who is signed in.
        current: The password so far.
        new: The one from now on.

    Returns:
        None if it is done; a refusal if the old password is wrong or too many were.

    Raises:
        PermissionDeniedError: If the actor is no person who is signed in.
        InvalidInputError: If the new one cannot be used.
    """
    user = _get(session, own_id(actor))
    refused = auth.check_again(session, actor, user, current)
    if refused is not None:
        return refused
    passwords.check_new(new, user.email, user.name)
    if new == current:
        raise InvalidInputError(
            "This is your password already.", details={"password": "The same as the old one."}
        )
    user.password_hash = passwords.hash_password(new)
    endings.revoke_others(session, user.id, actor.session_id)
    endings.end_tokens(session, user.id)
    _audit(session, actor, user, "user:password:changed", {}, {})
    return None


def _get(session: Session, user_id: int) -> User:
    user = session.exec(select(User).where(User.id == user_id).with_for_update()).one_or_none()
    if user is None or user.is_service:
        raise NotFoundError("person", user_id)
    return user


def _clean_email(email: str) -> str:
    try:
        found = validate_email(email.strip(), check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        raise InvalidInputError(
            f"This is no e-mail address: {error}", details={"email": str(error)}
        ) from error
    return found.normalized.lower()


def _clean_name(name: str) -> str:
    name = " ".join(name.split())
    if not name or len(name) > _MAX_NAME or not name.isprintable():
        raise InvalidInputError(
            f"A name has 1 to {_MAX_NAME} printable characters.",
            details={"name": f"1 to {_MAX_NAME} printable characters."},
        )
    return name


def _audit(
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
        subject_type="user",
        subject_id=user.id,
        before=before,
        after=after,
    )
