"""What endpoints ask for: a transaction, the actor, and the permission they carry."""

from collections.abc import Callable, Iterator
from typing import Annotated, Any, Final

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import AfterValidator
from sqlmodel import Session

from crm_app import db
from crm_app.api import rates
from crm_app.config import get_settings
from crm_app.domain.actor import Actor
from crm_app.domain.permissions import Permission
from crm_app.errors import NotSignedInError, PermissionDeniedError
from crm_app.services import api_tokens, auth, reach

MARK: Final = "__crm_mark__"
_SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})

_bearer = HTTPBearer(auto_error=False, description="From POST /api/v1/auth/login, or an API token")


def _session(request: Request) -> Iterator[Session]:
    with db.transaction() as session:
        # The mark of the endpoint has asked who it is before.
        actor: Actor | None = getattr(request.state, "actor", None)
        if actor is not None:
            reach.begin(session, actor)
        yield session


# `scope="function"`: the commit comes before the answer is sent, not after it.
DbSession = Annotated[Session, Depends(_session, scope="function")]
Bearer = Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]


def current_actor(request: Request, bearer: Bearer) -> Actor:
    """Who asks, known to the request from here on.

    Raises: As `_current_actor`, TooManyRequestsError, and PermissionDeniedError for a write of
        somebody who looks at the desk as a role.
    """
    actor = _current_actor(request, bearer).at(client_address(request))
    # For what it reads, and for the trail should it be refused.
    request.state.actor = actor
    rates.take(actor)
    if request.method not in _SAFE_METHODS:
        actor.require_own_eyes()
    return actor


def _current_actor(request: Request, bearer: HTTPAuthorizationCredentials | None) -> Actor:
    """The person behind the bearer token, or behind the browser's session cookie.

    By itself: the session's last use counts also when the request fails.

    Raises:
        NotSignedInError: Without either, or when it ended.
        PermissionDeniedError: For a write with a cookie from a page that is not ours.
    """
    if bearer is not None:
        secret, address = bearer.credentials, client_address(request)
        if secret.startswith(api_tokens.PREFIX):
            return db.ask(lambda session: api_tokens.actor_for(session, secret, address))
        return db.ask(lambda session: auth.actor_for_access_token(session, secret))
    cookie = request.cookies.get(auth.session_cookie())
    if not cookie:
        raise NotSignedInError
    if request.method not in _SAFE_METHODS:
        require_same_origin(request)
    return db.ask(lambda session: auth.actor_for(session, cookie))


CurrentActor = Annotated[Actor, Depends(current_actor)]


def require_same_origin(request: Request) -> None:
    """Refuse a write that another site's page made the browser send with our cookie.

    Raises:
        PermissionDeniedError: If the Origin header is missing or names another origin.
    """
    if request.headers.get("origin") not in allowed_origins():
        raise PermissionDeniedError("This request did not come from a page of this product.")


def allowed_origins() -> frozenset[str]:
    """Our public address; on one's own machine by name and by number."""
    origin = get_settings().origin
    return frozenset({origin, origin.replace("//localhost", "//127.0.0.1")})


def permitted(permission: Permission) -> Any:
    """The mark of an endpoint that needs `permission`: checked before its body is looked at.

    Every endpoint carries this mark, `signed_in` or `public`; a test fails on one that does not.
    """

    def check(actor: CurrentActor) -> None:
        actor.require(permission)

    return Depends(_marked(check, permission.value))


def signed_in() -> Any:
    """The mark of an endpoint for everybody who is signed in."""

    def check(actor: CurrentActor) -> None:
        del actor

    return Depends(_marked(check, "signed in"))


def public(reason: str) -> Any:
    """The mark of an endpoint that anybody may call, with the reason."""

    def check() -> None:
        return None

    return Depends(_marked(check, f"public: {reason}"))


# Ids are bigints. A number that is none is an id that nobody has, and no fault of the database.
_NO_ID: Final = 0


def _possible(number: int) -> int:
    return number if 0 < number < 2**63 else _NO_ID


Id = Annotated[int, AfterValidator(_possible)]


def _marked(check: Callable[..., None], mark: str) -> Callable[..., None]:
    setattr(check, MARK, mark)
    return check


def client_address(request: Request) -> str:
    """The client's IP address, counting the proxies that we were told of.

    With `trusted_proxy_hops` n the n-th entry of X-Forwarded-For from the right is the first one
    that a proxy of ours wrote; anything left of it came from the client and may be invented.
    """
    hops = get_settings().trusted_proxy_hops
    if hops:
        # Some proxies add a header of their own instead of a word to the client's.
        forwarded = ",".join(request.headers.getlist("x-forwarded-for")).split(",")
        if len(forwarded) >= hops and forwarded[-hops].strip():
            return forwarded[-hops].strip()
    return request.client.host if request.client else ""
