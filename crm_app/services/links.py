"""Links to set a password: an invitation for a new person, a reset for one who forgot theirs.

A link opens once, for a while, for one person, and a newer one takes its place. The database keeps
its hash. With a mail server it is mailed to the person and shown to nobody; without one, or where
somebody asks for it, who made it hands it over.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlencode

from sqlalchemy import delete
from sqlmodel import Session, col, select

from crm_app.config import get_settings
from crm_app.domain.actor import Actor
from crm_app.domain.permissions import Permission
from crm_app.domain.time import now
from crm_app.errors import ConflictError, LinkOverError, NotFoundError
from crm_app.models import User, UserLink
from crm_app.services import audit, auth, endings, granting, letters, passwords, sudo, users
from crm_app.services.granting import Granting

PATH: Final = "/welcome"


@dataclass(frozen=True, slots=True)
class MadeLink:
    """A link that was made. `url` is its only copy, to be shown once; empty if it was mailed."""

    user: User
    url: str
    expires_at: datetime

    @property
    def is_mailed(self) -> bool:
        return not self.url


@dataclass(frozen=True, slots=True)
class Invited:
    """For whom a link is. `is_new`: they have never signed in."""

    name: str
    email: str
    is_new: bool


def invite(
    session: Session, actor: Actor, *, email: str, name: str, roles: Sequence[Granting]
) -> MadeLink:
    """Add a person who sets their own password, with the link for it. Needs `users.manage`.

    Raises: as `users.create_user`.
    """
    # A password that nobody knows: until the link is used, nobody signs in.
    user, _ = users.create_user(session, actor, email=email, name=name, roles=roles)
    return _make(session, actor, user, letters.INVITATION)


def make_link(session: Session, actor: Actor, user_id: int, *, is_shown: bool = False) -> MadeLink:
    """A link for a person to set a password; older ones of theirs stop working.

    Their password and sign-ins stay as they are until it is used.

    Args:
        session: The caller commits.
        actor: Must hold `users.manage`.
        user_id: For whom.
        is_shown: Show it also where there is a mail server: their mailbox may be what they
            cannot get into.

    Raises:
        PermissionDeniedError: If the actor may not manage people, or they may do more.
        ConfirmationNeededError: If the actor has not just proved that it is them.
        NotFoundError: If there is no such person.
        ConflictError: If the person is deactivated.
    """
    actor.require(Permission.MANAGE_USERS)
    sudo.require(actor)
    user = session.exec(select(User).where(User.id == user_id).with_for_update()).one_or_none()
    if user is None or user.is_service:
        raise NotFoundError("person", user_id)
    granting.require_over(session, actor, user_id)
    if not user.is_active:
        raise ConflictError(f"{user.name} is deactivated. Reactivate them first.")
    return _make(session, actor, user, "" if is_shown else letters.LINK)


def _make(session: Session, actor: Actor, user: User, kind: str) -> MadeLink:
    session.execute(delete(UserLink).where(col(UserLink.user_id) == user.id))
    until = now() + timedelta(hours=get_settings().link_hours)
    url = add(session, user, until)
    is_mailed = bool(kind) and _mail(session, user, kind, url, until, actor.label)
    audit.record(
        session,
        actor,
        "user:link:made",
        subject_type="user",
        subject_id=user.id,
        after={"mailed": True} if is_mailed else {},
    )
    return MadeLink(user, "" if is_mailed else url, until)


def add(session: Session, user: User, until: datetime) -> str:
    """A new link of a person beside those there are; its address, the only copy."""
    token = secrets.token_urlsafe(32)
    session.add(UserLink(user_id=user.id, token_hash=auth.digest(token), expires_at=until))
    session.flush()
    # Behind the hash: a browser sends that to no server, so no log on the way keeps it.
    return f"{get_settings().origin}{PATH}#{urlencode({'link': token})}"


def _mail(session: Session, user: User, kind: str, url: str, until: datetime, by: str) -> bool:
    settings = get_settings()
    when = f"{until.astimezone(settings.zone):%d %B %Y, %H:%M} ({settings.business_timezone})"
    what = (
        f"{by} has added you to the order desk of {settings.brand_name}. Choose your password here:"
        if kind == letters.INVITATION
        else f"{by} has made you a link to choose a new password at the order desk of "
        f"{settings.brand_name}:"
    )
    return letters.write(
        session,
        user,
        kind,
        subject=f"Your password for the order desk of {settings.brand_name}",
        text=f"Hello {user.name},\n\n{what}\n\n{url}\n\n"
        f"The link works once, until {when}. If you do not know what this is about, leave it: "
        "nothing changes until somebody uses the link.\n",
        until=until,
    )


def look(session: Session, token: str) -> Invited:
    """For whom a link is; whoever holds it may know.

    Raises:
        LinkOverError: If it is unknown, used, replaced, too old, or of somebody deactivated.
    """
    _, user = _find(session, token)
    return Invited(user.name, user.email, is_new=user.last_seen_at is None)


def use(session: Session, token: str, password: str) -> User:
    """Set a person's password by their link, which then is over, like all their sign-ins.

    Args:
        session: The caller commits.
        token: Out of the link.
        password: The new one.

    Raises:
        LinkOverError: As `look`.
        InvalidInputError: If the password cannot be used; the link stays good.
    """
    link, user = _find(session, token, is_locked=True)
    user.password_hash = passwords.hash_password(
        passwords.check_new(password, user.email, user.name)
    )
    link.used_at = now()
    # Others that were asked for meanwhile would undo it.
    session.execute(
        delete(UserLink).where(col(UserLink.user_id) == user.id, col(UserLink.id) != link.id)
    )
    endings.revoke_all(session, user.id)
    audit.record(
        session,
        auth.person(session, user),
        "user:link:used",
        subject_type="user",
        subject_id=user.id,
    )
    return user


def _find(session: Session, token: str, *, is_locked: bool = False) -> tuple[UserLink, User]:
    statement = (
        select(UserLink, User)
        .join(User, col(User.id) == UserLink.user_id)
        .where(
            UserLink.token_hash == auth.digest(token),
            col(UserLink.used_at).is_(None),
            col(UserLink.expires_at) > now(),
            col(User.is_active).is_(True),
        )
    )
    found = session.exec(statement.with_for_update() if is_locked else statement).one_or_none()
    if found is None:
        raise LinkOverError
    return found
