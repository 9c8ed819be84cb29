"""Somebody forgot their password: a link to choose a new one, mailed if they work here.

Whoever asks learns nothing but that the question was taken: not whether anybody has the address.
"""

from datetime import timedelta
from typing import Final

from sqlmodel import Session, select

from crm_app.config import get_settings
from crm_app.domain.actor import Actor, ActorKind
from crm_app.domain.time import now
from crm_app.errors import ServiceUnavailableError, SignInThrottledError
from crm_app.models import User
from crm_app.services import audit, letters, links, refusals, throttling

# A link that somebody asked for at the door waits in a mailbox: not for long.
LINK_LIFE: Final = timedelta(hours=1)
# One address asks for many people, or for one again and again.
_FREE_TRIES: Final = 5
# More than these fill a mailbox without helping anybody.
_MOST_AN_HOUR: Final = 3


def ask(session: Session, address: str) -> None:
    """Take a question from somebody at this address; what becomes of it, `answer` sees to.

    Raises:
        ServiceUnavailableError: If there is no mail server.
        SignInThrottledError: If too many came from this address.
    """
    if not letters.can_mail():
        raise ServiceUnavailableError("No mail server is set up. Ask an admin for a new password.")
    own = throttling.subject("forgotten", address)
    throttling.hold(session, own)
    wait_s = throttling.wait_s(session, own, _FREE_TRIES)
    if wait_s > 0:
        raise SignInThrottledError(wait_s)
    throttling.count(session, own)


def answer(session: Session, email: str, address: str) -> None:
    """Mail a link to whom an e-mail belongs, if it is somebody who may sign in.

    Runs after the question was answered, so that its time tells nothing either.
    """
    email = email.strip().lower()[:254]
    actor = Actor(ActorKind.SYSTEM, "Sign-in").at(address)
    user = None
    if email.isprintable():
        user = session.exec(select(User).where(User.email == email).with_for_update()).one_or_none()
    if user is None or not user.is_active:
        refusals.note_in(
            session, actor, "user:link:refused", "user", refusals.alias(email), "nobody"
        )
        return
    moment = now()
    since = moment - timedelta(hours=1)
    if letters.count_since(session, user.id, letters.FORGOTTEN, since) >= _MOST_AN_HOUR:
        refusals.note_in(session, actor, "user:link:refused", "user", str(user.id), "too_many")
        return
    brand = get_settings().brand_name
    until = moment + LINK_LIFE
    url = links.add(session, user, until)
    letters.write(
        session,
        user,
        letters.FORGOTTEN,
        subject=f"A new password for the order desk of {brand}",
        text=f"Hello {user.name},\n\n"
        f"somebody, we hope you, asked for a new password at the order desk of {brand}. Choose "
        f"it here:\n\n{url}\n\n"
        "The link works once, for an hour. If it was not you, leave it: your password stays as "
        "it is.\n",
        until=until,
    )
    audit.record(session, actor, "user:link:asked", subject_type="user", subject_id=user.id)
