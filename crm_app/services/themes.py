"""Whether a person's pages are light or dark."""

from typing import Final

from sqlmodel import Session

from crm_app.domain.actor import Actor
from crm_app.errors import InvalidInputError
from crm_app.services import preferences

PREFERENCE: Final = "theme"
THEMES: Final = ("light", "dark", "system")


def own_theme(session: Session, actor: Actor) -> str:
    """One of `THEMES`; empty where this person never chose: then the browser's stays.

    Nobody reads another person's, so no permission is asked for beyond being one.
    """
    kept = preferences.get(session, actor, PREFERENCE)
    return kept if kept in THEMES else ""


def keep_theme(session: Session, actor: Actor, theme: str) -> str:
    """Remember a theme for this person, on every computer they sign in at.

    Raises:
        InvalidInputError: If there is no such theme.
        PermissionDeniedError: If the actor is no person.
    """
    if theme not in THEMES:
        raise InvalidInputError("A theme is light, dark or system.")
    preferences.keep(session, actor, PREFERENCE, theme)
    return theme
