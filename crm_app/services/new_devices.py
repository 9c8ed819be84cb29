"""Telling a person that somebody signed in as them where nobody had before."""

from datetime import timedelta
from typing import Final

from sqlmodel import Session

from crm_app.config import get_settings
from crm_app.domain.device import device_words
from crm_app.domain.time import now
from crm_app.models import User, UserSession
from crm_app.services import letters, notices

# News of yesterday's sign-in frighten more than they help.
_NEWS_FOR: Final = timedelta(hours=12)


def tell(session: Session, user: User, opened: UserSession) -> None:
    """In the desk, where whoever is in already sees it too, and by mail, where only they do."""
    where = f"{device_words(opened.device)}, {opened.address or 'address unknown'}"
    notices.tell(
        session,
        [user.id],
        kind="sign-in",
        sentence=f"Signed in on a new device: {where}. Not you? End it and change your password.",
        href="/me",
        key=f"session:{opened.id}",
    )
    settings, moment = get_settings(), now()
    when = moment.astimezone(settings.zone)
    letters.write(
        session,
        user,
        letters.DEVICE,
        subject=f"New sign-in at the order desk of {settings.brand_name}",
        text=f"Hello {user.name},\n\n"
        f"somebody signed in as you on a device that is new here: {where}, "
        f"on {when:%d %B %Y at %H:%M} ({settings.business_timezone}).\n\n"
        "Was it you? Then there is nothing to do. If not, end that sign-in and change your "
        f"password on the page of your account:\n\n{settings.origin}/me\n",
        until=moment + _NEWS_FOR,
    )
