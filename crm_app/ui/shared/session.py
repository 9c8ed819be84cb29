"""Who is at the other end of the socket: read from the HttpOnly cookie at every event."""

from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final

import reflex as rx

from crm_app.domain.actor import Actor
from crm_app.errors import NotSignedInError
from crm_app.services import auth
from crm_app.ui.shared.service import look


@dataclass(frozen=True)
class _Known:
    token: str
    actor: Actor


# What the guard found for the event that runs in this task, so that the handler behind it does
# not ask the database again. The guard writes it anew for each event; nothing outlives one.
_of_this_event: ContextVar[_Known | None] = ContextVar("actor_of_this_event", default=None)

_NOBODY: Final = ""


async def current_actor(state: rx.State) -> Actor:
    """The person behind this event.

    Raises:
        NotSignedInError: No cookie, or its session is unknown, over, revoked, or of somebody
            who was deactivated.
    """
    token = session_token(state.router.headers.cookie)
    known = _of_this_event.get()
    if known is not None and known.token == token:
        return known.actor
    return await _look_up(state, token)


async def identify(state: rx.State) -> Actor:
    """Like `current_actor`, but always asks the database. For the guard only."""
    _of_this_event.set(None)
    token = session_token(state.router.headers.cookie)
    actor = await _look_up(state, token)
    _of_this_event.set(_Known(token, actor))
    return actor


async def _look_up(state: rx.State, token: str) -> Actor:
    if token == _NOBODY:
        raise NotSignedInError
    actor = await look(auth.actor_for, token)
    return actor.at(state.router.session.client_ip)


def session_token(cookie_header: str) -> str:
    """The session's secret in a `Cookie` header, or an empty text.

    Read by hand: the standard library's parser drops everything behind one odd cookie, and any
    neighbour on the same host may set one.
    """
    for part in cookie_header.split(";"):
        name, _, value = part.strip().partition("=")
        if name == auth.session_cookie():
            return value.strip('"')
    return _NOBODY


def role_label(actor: Actor) -> str:
    """The names of the actor's roles."""
    return ", ".join(actor.roles) or "No role"
