"""The second factor at the door: a code of an authenticator app, or a recovery code, each once."""

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from pyotp.totp import TOTP
from sqlmodel import Session, col, select

from crm_app import vault
from crm_app.domain.time import now
from crm_app.errors import NotSignedInError, SignInThrottledError
from crm_app.models import RecoveryCode, User
from crm_app.services import access, signed, throttling

STEP_S: Final = 30
# Clocks of phones are off: the code before and the one after count too.
_STEPS_OFF: Final = (0, -1, 1)
# One person from all addresses: six digits must not be guessed by many machines together.
_FREE_TRIES_OF_PERSON: Final = 30
_HALF_LIFE: Final = timedelta(minutes=5)
_AUDIENCE: Final = "crm-second-factor"


def is_required(session: Session, user: User) -> bool:
    """Whether a role of the person asks for a second factor: by its row, or, of those that are
    built in, by `CRM_TWO_FACTOR_ROLES` too."""
    return access.of(session, user.id).needs_two_factor


def is_on(user: User) -> bool:
    """Whether signing in asks this person for a code."""
    return user.totp_since is not None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a try comes from; `known_device` is empty unless the person has signed in there."""

    address: str
    known_device: str = ""


def check(session: Session, user: User, code: str, place: Place) -> str | None:
    """Take a code of the app or a recovery code; a right one is used up.

    Returns:
        "totp" or "recovery" for a right code, None for a wrong one, which is counted. The caller
        commits in both cases.

    Raises:
        SignInThrottledError: If the person has to wait after wrong ones.
    """
    limits = _limits(user, place)
    for one in limits:
        throttling.hold(session, one)
    wait_s = max(throttling.wait_s(session, one, free) for one, free in limits.items())
    if wait_s > 0:
        raise SignInThrottledError(wait_s)
    # Two tries with one code at once: the second sees what the first has used up.
    session.refresh(user, with_for_update=True)
    kind = _kind(session, user, code)
    if kind is None:
        for one in limits:
            throttling.count(session, one)
    else:
        throttling.forgive(session, next(iter(limits)))
    return kind


def _limits(user: User, place: Place) -> dict[str, int]:
    if place.known_device:
        own = throttling.subject("code", str(user.id), "device", place.known_device)
        return {own: throttling.FREE_TRIES}
    return {
        throttling.subject("code", str(user.id), place.address): throttling.FREE_TRIES,
        throttling.subject("code", str(user.id)): _FREE_TRIES_OF_PERSON,
    }


def _kind(session: Session, user: User, code: str) -> str | None:
    digits = re.sub(r"[\s-]", "", code)[:40]
    if digits.isascii() and digits.isdigit() and len(digits) == 6:
        return "totp" if _takes_totp(user, digits) else None
    return "recovery" if _takes_recovery(session, user, digits) else None


def _takes_totp(user: User, digits: str) -> bool:
    step = matching_step(user, digits)
    if step is None or step <= user.totp_last_step:
        return False  # wrong, or seen before: somebody looked over a shoulder
    user.totp_last_step = step
    return True


def matching_step(user: User, digits: str) -> int | None:
    """The 30-second step of which these digits are the code, within half a minute of now."""
    if user.totp_secret is None:
        return None
    totp = TOTP(vault.unseal(user.totp_secret)["totp"], interval=STEP_S)
    current = int(now().timestamp()) // STEP_S
    return next(
        (
            current + off
            for off in _STEPS_OFF
            if hmac.compare_digest(totp.at((current + off) * STEP_S), digits)
        ),
        None,
    )


def _takes_recovery(session: Session, user: User, code: str) -> bool:
    found = session.exec(
        select(RecoveryCode)
        .where(
            RecoveryCode.user_id == user.id,
            RecoveryCode.code_hash == recovery_hash(code),
            col(RecoveryCode.used_at).is_(None),
        )
        .with_for_update()
    ).one_or_none()
    if found is None:
        return False
    found.used_at = now()
    return True


def recovery_hash(code: str) -> bytes:
    """What is kept of a recovery code; its 80 random bits need no slow hash."""
    return hashlib.sha256(code.strip().lower().encode("utf-8", "surrogatepass")).digest()


def half_token(user: User) -> str:
    """A proof, good for five minutes, that somebody knew this person's password."""
    return signed.sign({"sub": str(user.id), "pw": _print(user)}, _AUDIENCE, _HALF_LIFE)


def half_signed_in(session: Session, token: str) -> User:
    """Whose password was known.

    Raises:
        NotSignedInError: If the proof is not ours or too old, or the password was changed since.
    """
    claims = signed.read(token, _AUDIENCE)
    user = session.get(User, int(claims["sub"])) if claims else None
    if claims and user and user.is_active and claims.get("pw") == _print(user):
        return user
    raise NotSignedInError("That took too long. Please sign in again.")


def _print(user: User) -> str:
    return hashlib.sha256(user.password_hash.encode()).hexdigest()[:16]
