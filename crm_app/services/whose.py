"""Whose session it is: asked at every click and request, so as cheaply as it can be."""

from collections.abc import Sequence
from datetime import datetime
from types import SimpleNamespace
from typing import Any, Final, cast

from sqlalchemy import bindparam, update
from sqlalchemy import select as columns
from sqlmodel import Session, col

from crm_app.models import User, UserSession
from crm_app.services import access

_SESSIONS: Final[Any] = cast(Any, UserSession).__table__
_USERS: Final[Any] = cast(Any, User).__table__
_OF_SESSION: Final[list[str]] = [one.name for one in _SESSIONS.c]
_OF_USER: Final[list[str]] = [one.name for one in _USERS.c]
# Columns and not objects: to load two of these costs three times what all the rest does. And two
# statements that are put together once: the database and we know them by heart.
_BOTH: Final[Any] = columns(*_SESSIONS.c, *_USERS.c, access.GRANTS).join_from(
    _SESSIONS, _USERS, _USERS.c.id == _SESSIONS.c.user_id
)
_BY_TOKEN: Final[Any] = _BOTH.where(_SESSIONS.c.token_hash == bindparam("key"))
_BY_ID: Final[Any] = _BOTH.where(_SESSIONS.c.id == bindparam("key"))

# The session, its person, and the person's grants. The first two have the fields of their models,
# and no change of them is stored.
Found = tuple[Any, Any, Any]


def by_token(session: Session, token_hash: bytes) -> Found | None:
    """Whose cookie it is; None if nobody's."""
    return _read(session, _BY_TOKEN, token_hash)


def by_id(session: Session, session_id: int) -> Found | None:
    """Whose session it is; None if nobody's."""
    return _read(session, _BY_ID, session_id)


def _read(session: Session, statement: Any, key: object) -> Found | None:
    session.flush()
    found = session.connection().execute(statement, {"key": key}).one_or_none()
    if found is None:
        return None
    split = len(_OF_SESSION)
    opened = _plain(_OF_SESSION, found[:split])
    return opened, _plain(_OF_USER, found[split:-1]), found[-1]


def touch(session: Session, session_id: int, user_id: int, moment: datetime) -> None:
    """Note that somebody is here."""
    used = update(UserSession).where(col(UserSession.id) == session_id)
    session.execute(used.values(last_used_at=moment))
    seen = update(User).where(col(User.id) == user_id)
    session.execute(seen.values(last_seen_at=moment))


def _plain(names: Sequence[str], values: Sequence[Any]) -> SimpleNamespace:
    return SimpleNamespace(**dict(zip(names, values, strict=True)))
