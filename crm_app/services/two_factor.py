"""Setting up one's second factor, and taking it away."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import pyotp
from pyotp.totp import TOTP
from sqlalchemy import delete, func
from sqlmodel import Session, col, select

from crm_app import vault
from crm_app.config import get_settings
from crm_app.domain.actor import Actor
from crm_app.domain.permissions import Permission
from crm_app.domain.time import now
from crm_app.errors import ConflictError, NotFoundError
from crm_app.models import RecoveryCode, User
from crm_app.services import audit, auth, endings, granting, second_factor, sudo
from crm_app.services.own import own_id

RECOVERY_CODES: Final = 10
# Without look-alikes; 16 of 32 letters are 80 bits.
_ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz023456789"


@dataclass(frozen=True, slots=True)
class Standing:
    """How a person's second factor stands; `codes_left` counts unused recovery codes."""

    is_on: bool
    is_required: bool
    since: datetime | None
    codes_left: int


@dataclass(frozen=True, slots=True)
class Setup:
    """What the authenticator app needs: show it until the first code proves that it has it."""

    secret: str
    uri: str


def standing(session: Session, actor: Actor) -> Standing:
    """How the actor's own second factor stands.

    Raises:
        PermissionDeniedError: If the actor is no person who is signed in.
    """
    user = session.exec(select(User).where(User.id == own_id(actor))).one()
    left = session.exec(
        select(func.count())
        .select_from(RecoveryCode)
        .where(RecoveryCode.user_id == user.id, col(RecoveryCode.used_at).is_(None))
    ).one()
    required = second_factor.is_required(session, user)
    return Standing(second_factor.is_on(user), required, user.totp_since, left)


def begin(session: Session, actor: Actor) -> Setup:
    """Make a secret for an app; nothing is asked for until `confirm` has seen a code of it.

    Whoever holds somebody's session alone must not make their own phone the one that counts.

    Raises:
        PermissionDeniedError: If the actor is no person who is signed in.
        ConfirmationNeededError: If the actor has not just proved that it is them.
        ConflictError: If a second factor is on: it is turned off first.
    """
    user = _own(session, actor)
    sudo.require(actor)
    if second_factor.is_on(user):
        raise ConflictError("Your second factor is on already.")
    secret = pyotp.random_base32()
    user.totp_secret = vault.seal({"totp": secret})
    session.flush()
    uri = TOTP(secret).provisioning_uri(name=user.email, issuer_name=get_settings().brand_name)
    return Setup(secret, uri)


def confirm(session: Session, actor: Actor, code: str) -> tuple[str, ...] | auth.Refused:
    """Turn the second factor on with a first code of the app, and end the other sign-ins.

    Returns:
        The recovery codes, which are kept as hashes only: show them once. Or a refusal, whose
        count the caller commits.

    Raises:
        PermissionDeniedError: If the actor is no person who is signed in.
        ConflictError: If there is nothing to confirm.
    """
    user = _own(session, actor)
    if second_factor.is_on(user) or user.totp_secret is None:
        raise ConflictError("There is nothing to confirm. Begin again.")
    refused = auth.take_code(session, actor, user, code, second_factor.Place(f"me:{user.id}"))
    if refused is not None:
        return refused
    user.totp_since = now()
    endings.revoke_others(session, user.id, actor.session_id)
    codes = _new_codes(session, user)
    _record(session, actor, user, "user:two-factor:on")
    return codes


def new_codes(session: Session, actor: Actor) -> tuple[str, ...]:
    """Replace the recovery codes; the old ones stop working.

    Raises:
        PermissionDeniedError: If the actor is no person who is signed in.
        ConfirmationNeededError: If the actor has not just proved that it is them.
        ConflictError: If no second factor is on.
    """
    user = _own(session, actor)
    sudo.require(actor)
    if not second_factor.is_on(user):
        raise ConflictError("No second factor is on.")
    codes = _new_codes(session, user)
    _record(session, actor, user, "user:two-factor:codes")
    return codes


def turn_off(session: Session, actor: Actor) -> None:
    """Sign in without a code from now on.

    Raises:
        PermissionDeniedError: If the actor is no person who is signed in.
        ConfirmationNeededError: If the actor has not just proved that it is them.
        ConflictError: If the actor's role asks for one.
    """
    user = _own(session, actor)
    sudo.require(actor)
    if second_factor.is_required(session, user):
        raise ConflictError("Your role asks for a second factor.")
    if second_factor.is_on(user):
        _forget(session, user)
        _record(session, actor, user, "user:two-factor:off")


def turn_off_of(session: Session, actor: Actor, user_id: int) -> None:
    """Take a lost phone out of a person's account, and end their sign-ins. Needs `users.manage`.

    Raises:
        PermissionDeniedError: If the actor may not manage people.
        ConfirmationNeededError: If the actor has not just proved that it is them.
        NotFoundError: If there is no such person.
        ConflictError: If it is the actor themselves, or no second factor is on.
    """
    actor.require(Permission.MANAGE_USERS)
    sudo.require(actor)
    user = session.exec(select(User).where(User.id == user_id).with_for_update()).one_or_none()
    if user is None or user.is_service:
        raise NotFoundError("person", user_id)
    if user.id == actor.user_id:
        raise ConflictError("Your own second factor you change on the page of your account.")
    granting.require_over(session, actor, user_id)
    if not second_factor.is_on(user):
        raise ConflictError(f"{user.name} has no second factor.")
    _forget(session, user)
    endings.revoke_all(session, user.id)
    _record(session, actor, user, "user:two-factor:off")


def is_on_for(session: Session, actor: Actor, user_id: int) -> bool:
    """Whether a person has a second factor. Needs `users.manage`; False for nobody.

    Raises:
        PermissionDeniedError: If the actor may not manage people.
    """
    actor.require(Permission.MANAGE_USERS)
    user = session.get(User, user_id)
    return user is not None and second_factor.is_on(user)


def _own(session: Session, actor: Actor) -> User:
    return session.exec(select(User).where(User.id == own_id(actor)).with_for_update()).one()


def _new_codes(session: Session, user: User) -> tuple[str, ...]:
    session.execute(delete(RecoveryCode).where(col(RecoveryCode.user_id) == user.id))
    made = tuple(_new_code() for _ in range(RECOVERY_CODES))
    session.add_all(
        RecoveryCode(user_id=user.id, code_hash=second_factor.recovery_hash(code.replace("-", "")))
        for code in made
    )
    return made


def _new_code() -> str:
    letters = "".join(secrets.choice(_ALPHABET) for _ in range(16))
    return "-".join(letters[start : start + 4] for start in range(0, 16, 4))


def _forget(session: Session, user: User) -> None:
    user.totp_secret, user.totp_since, user.totp_last_step = None, None, 0
    session.execute(delete(RecoveryCode).where(col(RecoveryCode.user_id) == user.id))


def _record(session: Session, actor: Actor, user: User, action: str) -> None:
    audit.record(session, actor, action, subject_type="user", subject_id=user.id)
