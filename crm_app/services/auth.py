"""Signing in and out, and from a secret back to the person who acts."""

import hashlib
import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Literal

from sqlmodel import Session, col, select

from crm_app.config import get_settings
from crm_app.domain.actor import Actor, ActorKind
from crm_app.domain.time import now
from crm_app.errors import (
    CodeRefusedError,
    ConfirmationRefusedError,
    CrmError,
    NotSignedInError,
    SignInThrottledError,
    WrongPasswordError,
)
from crm_app.models import User, UserSession
from crm_app.services import (
    access,
    audit,
    new_devices,
    passwords,
    refusals,
    second_factor,
    signed,
    throttling,
    viewing,
    whose,
)

SESSION_COOKIE: Final = "crm_session"
SessionKind = Literal["browser", "api"]

DEVICE_COOKIE: Final = "crm_device"
# A browser takes a cookie of this name only from the host itself, encrypted and for all of it: no
# neighbour below the same domain can plant one.
_HOST_ONLY: Final = "__Host-"
# One address over all people, which may be a whole office.
_FREE_TRIES_OF_ADDRESS: Final = 50
# Writing on every click would cost more than it tells.
_TOUCH_EVERY: Final = timedelta(minutes=1)
API_AUDIENCE: Final = "crm-api"


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A new session. `token` is its only copy; the database keeps a hash.

    `must_set_up`: until a second factor is set up, nothing else is allowed.

    `device_token` is for the browser to keep: with it the next sign-in there is no news.
    """

    token: str
    device_token: str
    session_id: int
    user: User
    expires_at: datetime
    must_set_up: bool = False


@dataclass(frozen=True, slots=True)
class HalfIn:
    """The password was right; `token` proves it to `finish`, which takes the second factor."""

    token: str


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
    device_token: str = "",
    code: str = "",
) -> SignedIn | HalfIn | Refused:
    """Check a password and open a session.

    An unknown person, a wrong password and a deactivated account get the same answer in the
    same time. After five wrong tries of one person from one address each further one has to
    wait, doubling up to a minute; another address is not affected, nor a browser in which the
    person has signed in before, so nobody locks a colleague out from the desk beside them.

    Args:
        session: The caller commits, also after a refusal.
        email: As typed.
        password: As typed.
        address: The client's IP address.
        device: Its user agent.
        kind: A browser's cookie or an API client's token.
        device_token: What this browser kept of its last sign-in, if it did.
        code: Of the second factor, where one is on; without it the answer is `HalfIn`.
    """
    email = email.strip().lower()[:254]
    is_known = is_known_device(session, email, device_token)
    limits = _limits(email, address, device_token if is_known else "")
    # Parallel guesses at one person queue up here; those at many people from one address do not,
    # or a whole office would sign in one by one.
    own = next(iter(limits))
    throttling.hold(session, own)
    wait_s = max(throttling.wait_s(session, one, free) for one, free in limits.items())
    if wait_s > 0:
        _record_refusal(session, None, email, address, SignInThrottledError.code)
        return Refused(SignInThrottledError(wait_s))
    user = _user_of(session, email)
    is_right = passwords.is_right(password, user.password_hash if user else None)
    if user is None or not is_right or not user.is_active or user.is_service:
        for one in limits:
            throttling.count(session, one)
        _record_refusal(session, user, email, address, WrongPasswordError.code)
        return Refused(WrongPasswordError())
    throttling.forgive(session, own)
    if second_factor.is_on(user):
        if not code:
            return HalfIn(second_factor.half_token(user))
        place = second_factor.Place(address, device_token if is_known else "")
        refused = take_code(session, person(session, user).at(address), user, code, place)
        if refused is not None:
            return refused
    return open_for(
        session, user, address=address, device=device, kind=kind, is_known=is_known, is_proven=True
    )


def finish(
    session: Session, half: str, code: str, *, address: str, device: str, device_token: str = ""
) -> SignedIn | Refused:
    """Open a browser's session with the code, after `sign_in` has seen the password.

    Args: As `sign_in`; `half` is the token of its `HalfIn`.

    Raises:
        NotSignedInError: If the half is no longer good: the password is asked again.
    """
    user = second_factor.half_signed_in(session, half)
    is_known = is_known_device(session, user.email, device_token)
    place = second_factor.Place(address, device_token if is_known else "")
    refused = take_code(session, person(session, user).at(address), user, code, place)
    if refused is not None:
        return refused
    return open_for(
        session,
        user,
        address=address,
        device=device,
        kind="browser",
        is_known=is_known,
        is_proven=True,
    )


def take_code(
    session: Session, actor: Actor, user: User, code: str, place: second_factor.Place
) -> Refused | None:
    """Take a code of the second factor: None if it is right. Commit in any case."""
    try:
        kind = second_factor.check(session, user, code, place)
    except SignInThrottledError as error:
        return Refused(error)
    action = {"recovery": "user:recovery-code:used", None: "user:code:refused"}.get(kind)
    if action:
        audit.record(session, actor, action, subject_type="user", subject_id=user.id)
    return None if kind else Refused(CodeRefusedError())


def _limits(email: str, address: str, known_device: str) -> dict[str, int]:
    """The counters of a try with their free tries, the narrowest first."""
    if known_device:
        return {throttling.subject("device", email, known_device): throttling.FREE_TRIES}
    return {
        throttling.subject("pair", email, address): throttling.FREE_TRIES,
        throttling.subject("address", address): _FREE_TRIES_OF_ADDRESS,
    }


def is_known_device(session: Session, email: str, device_token: str) -> bool:
    """Whether this browser was handed its token when this person signed in there."""
    if not device_token or not email.isprintable():
        return False
    found = session.exec(
        select(UserSession.id)
        .join(User, col(User.id) == UserSession.user_id)
        .where(User.email == email, UserSession.device_hash == digest(device_token))
    )
    return found.first() is not None


def _user_of(session: Session, email: str) -> User | None:
    if not email.isprintable():
        return None  # a null byte or half a character: nobody's, and the driver refuses it
    return session.exec(select(User).where(User.email == email)).one_or_none()


def open_for(
    session: Session,
    user: User,
    *,
    address: str,
    device: str,
    kind: SessionKind,
    is_known: bool,
    is_proven: bool = False,
    has_factor: bool = False,
) -> SignedIn:
    """Open a session for somebody who has proved who they are; how is the caller's to see to.

    `has_factor`: a second factor was asked for elsewhere, so a role that needs one is content.
    """
    moment = now()
    token, device_token = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    is_news = kind == "browser" and not is_known and user.last_seen_at is not None
    opened = UserSession(
        token_hash=digest(token),
        # A new one each time: what somebody planted in this browser before is never trusted.
        device_hash=digest(device_token) if kind == "browser" else None,
        is_new_device=is_news,
        has_factor=has_factor,
        user_id=user.id,
        kind=kind,
        address=address[:64],
        device=device.replace("\x00", "")[:300],
        last_used_at=moment,
        confirmed_at=moment if is_proven else None,
        expires_at=moment + timedelta(hours=get_settings().session_absolute_hours),
    )
    session.add(opened)
    user.last_seen_at = moment
    session.flush()
    if is_news:
        new_devices.tell(session, user, opened)
    audit.record(
        session,
        person(session, user).at(address),
        "session:opened",
        subject_type="session",
        subject_id=opened.id,
        after={"kind": kind} | ({"new_device": True} if is_news else {}),
    )
    has_factor |= second_factor.is_on(user)
    must_set_up = second_factor.is_required(session, user) and not has_factor
    return SignedIn(token, device_token, opened.id, user, opened.expires_at, must_set_up)


def check_again(session: Session, actor: Actor, user: User, password: str) -> Refused | None:
    """Ask a signed-in person for their password once more; None if it is right.

    Counted by person alone: whoever asks holds a session of theirs, so nobody else can make
    them wait. The caller commits, also after a refusal.
    """
    own = throttling.subject("again", str(user.id))
    throttling.hold(session, own)
    wait_s = throttling.wait_s(session, own)
    if wait_s > 0:
        refusals.note_in(session, actor, "user:password:refused", "user", str(user.id), "too_many")
        return Refused(SignInThrottledError(wait_s))
    if passwords.is_right(password, user.password_hash):
        throttling.forgive(session, own)
        return None
    throttling.count(session, own)
    audit.record(session, actor, "user:password:refused", subject_type="user", subject_id=user.id)
    return Refused(ConfirmationRefusedError())


def actor_for(session: Session, token: str) -> Actor:
    """The person behind a session cookie, with what their role allows at this moment.

    Raises:
        NotSignedInError: If there is no such session, it ended, or the person was deactivated.
    """
    if not token:
        raise NotSignedInError
    return _actor(session, whose.by_token(session, digest(token)))


def actor_for_access_token(session: Session, access_token: str) -> Actor:
    """The same for an API client's JWT; its session can be revoked before the JWT ends."""
    return actor_of_session(session, session_id_of(access_token))


def actor_of_session(session: Session, session_id: int) -> Actor:
    """The same for a session that the caller was proved. Raises NotSignedInError if it ended."""
    return _actor(session, whose.by_id(session, session_id))


def _actor(session: Session, found: whose.Found | None) -> Actor:
    moment = now()
    if found is None:
        raise NotSignedInError
    opened, user, grants = found
    idle = timedelta(hours=get_settings().session_idle_hours)
    has_ended = (
        opened.revoked_at is not None
        or opened.expires_at <= moment
        or opened.last_used_at + idle <= moment
    )
    if has_ended or not user.is_active:
        raise NotSignedInError("Your session has ended. Please sign in again.")
    if moment - opened.last_used_at > _TOUCH_EVERY:
        whose.touch(session, opened.id, user.id, moment)
    held = access.read(grants)
    if held.needs_two_factor and not (second_factor.is_on(user) or opened.has_factor):
        # They may look after their own account, where it is set up, and nothing else.
        held = access.Access(roles=held.roles)
    if opened.viewing is None:
        return _holding(user, held, opened)
    seen, label = viewing.narrowed(session, held, opened.viewing)
    return replace(_holding(user, seen, opened), viewing_as=label)


def person(session: Session, user: User) -> Actor:
    """What a person may do at this moment; nothing once deactivated: work in their name stops."""
    return _holding(user, access.of(session, user.id) if user.is_active else access.Access())


def _holding(user: User, held: access.Access, opened: UserSession | None = None) -> Actor:
    return Actor(
        ActorKind.PERSON,
        user.name,
        user.id,
        held.permissions,
        session_id=opened.id if opened else None,
        confirmed_at=opened.confirmed_at if opened else None,
        narrowed=held.narrowed,
        roles=held.roles,
    )


def session_id_of(token: str) -> int:
    """The session of a JWT of ours; raises NotSignedInError for any other text."""
    claims = signed.read(token, API_AUDIENCE) or {}
    number = claims.get("sid")
    if not isinstance(number, int) or not 0 < number < 2**63:
        raise NotSignedInError("The access token is not valid or has expired.")
    return number


def session_cookie() -> str:
    """The name of the cookie that holds a browser's session."""
    return f"{_HOST_ONLY}{SESSION_COOKIE}" if get_settings().is_encrypted else SESSION_COOKIE


def device_cookie() -> str:
    """The name of the cookie by which a browser is known again."""
    return f"{_HOST_ONLY}{DEVICE_COOKIE}" if get_settings().is_encrypted else DEVICE_COOKIE


def digest(token: str) -> bytes:
    """What the database keeps of a random secret; it is long enough to need no salt."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def _record_refusal(
    session: Session, user: User | None, email: str, address: str, why: str
) -> None:
    """A refused sign-in is remembered; an address that is nobody's by an alias only.

    Bounded for those: whoever types made-up addresses must not fill the trail.
    """
    actor = Actor(ActorKind.SYSTEM, "Sign-in").at(address)
    if user is None:
        alias = refusals.alias(email)
        refusals.note_in(session, actor, "session:refused", "user", alias, why)
        return
    audit.record(
        session,
        actor,
        "session:refused",
        subject_type="user",
        subject_id=user.id,
        after={"error": why},
    )
