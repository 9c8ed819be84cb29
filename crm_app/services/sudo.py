"""Before a grave step, who is signed in proves once more that it is them.

A sign-in is left open at a desk, a cookie is stolen: neither may hand out roles, read secrets or
carry away what people told us about themselves. The proof holds for one sign-in and a few minutes;
the sign-in itself is the first one. A token is nobody who could be asked: it never has it.
"""

from datetime import timedelta

from sqlmodel import Session, col, select

from crm_app.config import get_settings
from crm_app.domain.actor import Actor, ActorKind
from crm_app.domain.time import now
from crm_app.errors import CodeRefusedError, ConfirmationNeededError
from crm_app.models import User, UserSession
from crm_app.services import audit, auth, second_factor
from crm_app.services.own import own_id


def is_confirmed(actor: Actor) -> bool:
    """Whether the actor gave a password or a code in this sign-in a few minutes ago."""
    if actor.kind is ActorKind.SYSTEM:
        # The command line: whoever reaches it has the machine and the database.
        return True
    # Only a sign-in carries the moment (`auth`): no token, and no job in somebody's name.
    if actor.confirmed_at is None:
        return False
    return now() - actor.confirmed_at < timedelta(minutes=get_settings().sudo_minutes)


def require(actor: Actor) -> None:
    """Let a grave step go on only for somebody who has just proved that it is them.

    Called after the permission was checked, and before anything is written.

    Raises:
        ConfirmationNeededError: If that is too long ago, or can never be: for a token.
    """
    if is_confirmed(actor):
        return
    if actor.session_id is None:
        raise ConfirmationNeededError("Only a person who is signed in may do this, not a token.")
    raise ConfirmationNeededError


def confirm(
    session: Session, actor: Actor, *, password: str = "", code: str = ""
) -> auth.Refused | None:
    """Take the password, or a code of the second factor, of who is signed in.

    Args:
        session: The caller commits, also after a refusal.
        actor: A person who is signed in.
        password: Theirs; not looked at if there is a code.
        code: Of their app, or a recovery code.

    Returns:
        None if it is them; a refusal if it was wrong or too many were.

    Raises:
        PermissionDeniedError: If the actor is no person who is signed in.
    """
    user = session.exec(select(User).where(User.id == own_id(actor)).with_for_update()).one()
    refused = (
        _take_code(session, actor, user, code)
        if code
        else auth.check_again(session, actor, user, password)
    )
    if refused is None:
        stamp(session, actor, "code" if code else "password")
    return refused


def stamp(session: Session, actor: Actor, by: str) -> None:
    """Note that who is signed in has proved it, in whatever way the caller has looked at."""
    opened = session.exec(
        select(UserSession).where(col(UserSession.id) == actor.session_id).with_for_update()
    ).one()
    opened.confirmed_at = now()
    audit.record(
        session,
        actor,
        "session:confirmed",
        subject_type="session",
        subject_id=opened.id,
        after={"by": by},
    )


def _take_code(session: Session, actor: Actor, user: User, code: str) -> auth.Refused | None:
    if not second_factor.is_on(user):
        # A secret that waits to be confirmed proves nothing yet.
        return auth.Refused(CodeRefusedError())
    return auth.take_code(session, actor, user, code, second_factor.Place(f"me:{user.id}"))
