"""Signing in and out of the REST API."""

from functools import partial
from typing import Final

import anyio
import anyio.to_thread
from fastapi import APIRouter, Request, Response

from crm_app import db
from crm_app.api.dependencies import (
    Bearer,
    CurrentActor,
    DbSession,
    client_address,
    public,
    require_same_origin,
    signed_in,
)
from crm_app.api.schemas import LoginIn, RefreshIn, TokenOut
from crm_app.api.user_schemas import LinkUseIn, MeOut
from crm_app.api.users import user_out
from crm_app.errors import CodeNeededError, NotFoundError, ServiceUnavailableError
from crm_app.models import User
from crm_app.services import auth, endings, links, refreshing, users

router = APIRouter(prefix="/api/v1/auth", tags=["auth"])


# A hash costs a quarter of a second of one core. In threads of their own and few at once, a crowd
# that signs in never takes the threads, the connections or the cores that the pages work with.
_HASHERS: Final = anyio.CapacityLimiter(2)
_MOST_WAITING: Final = 100


async def open_session(
    request: Request, email: str, password: str, kind: auth.SessionKind, code: str = ""
) -> auth.SignedIn | auth.HalfIn:
    """Sign in at the edge, in a thread.

    Raises:
        WrongPasswordError: As `services.auth.sign_in`.
        CodeRefusedError: As `services.auth.sign_in`.
        SignInThrottledError: As `services.auth.sign_in`.
        ServiceUnavailableError: If a hundred others wait already.
    """
    if _HASHERS.statistics().tasks_waiting >= _MOST_WAITING:
        raise ServiceUnavailableError("Too many sign in at once. Try again in a moment.")
    sign_in = partial(_open_session, request, email, password, kind, code)
    return await anyio.to_thread.run_sync(sign_in, limiter=_HASHERS)


def _open_session(
    request: Request, email: str, password: str, kind: auth.SessionKind, code: str
) -> auth.SignedIn | auth.HalfIn:
    """Sign in: the refusal is raised only after its count is on disk.

    Raises:
        WrongPasswordError: As `services.auth.sign_in`.
        SignInThrottledError: As `services.auth.sign_in`.
    """
    with db.transaction() as session:
        outcome = auth.sign_in(
            session,
            email=email,
            password=password,
            address=client_address(request),
            device=request.headers.get("user-agent", ""),
            kind=kind,
            device_token=request.cookies.get(auth.device_cookie(), ""),
            code=code,
        )
    if isinstance(outcome, auth.Refused):
        raise outcome.error
    return outcome


@router.post("/login", dependencies=[public("this is how one signs in")])
async def login(request: Request, body: LoginIn) -> TokenOut:
    """Exchange e-mail and password for an access token and what renews it.

    401 if wrong, 429 after many tries.

    Whoever has a second factor gets 401 `code_needed` without `code`.
    """
    signed = await open_session(request, body.email, body.password, "api", body.code)
    if isinstance(signed, auth.HalfIn):
        raise CodeNeededError
    pair = await anyio.to_thread.run_sync(_first_pair, signed)
    return TokenOut.model_validate(pair, from_attributes=True)


def _first_pair(signed: auth.SignedIn) -> refreshing.Pair:
    with db.transaction() as session:
        return refreshing.first_pair(session, signed)


@router.post("/refresh", dependencies=[public("the refresh token is the proof")])
def refresh(request: Request, body: RefreshIn) -> TokenOut:
    """Exchange a refresh token for the next access and refresh token, once.

    401 if its sign-in has ended. 409 if it was exchanged a moment ago: of two at once one gets the
    new ones. Later than that somebody else may have it: 401, and the whole sign-in ends.
    """
    # A transaction of its own: that the sign-in was ended stays though the answer is a refusal.
    with db.transaction() as session:
        outcome = refreshing.refresh(session, body.refresh_token, client_address(request))
    if isinstance(outcome, auth.Refused):
        raise outcome.error
    return TokenOut.model_validate(outcome, from_attributes=True)


@router.post("/link", status_code=204, dependencies=[public("the link is the proof")])
def use_link(body: LinkUseIn, session: DbSession) -> Response:
    """Set a password by an invitation or a reset link. 410 if the link is over."""
    links.use(session, body.token, body.password)
    return Response(status_code=204)


@router.post("/logout", status_code=204, dependencies=[signed_in()])
def logout(request: Request, session: DbSession, bearer: Bearer) -> Response:
    """End the session; its access token stops working at once."""
    if bearer is not None:
        endings.sign_out_access_token(session, bearer.credentials, client_address(request))
    else:
        require_same_origin(request)
        token = request.cookies.get(auth.session_cookie(), "")
        endings.sign_out(session, token, client_address(request))
    return Response(status_code=204)


@router.get("/me", dependencies=[signed_in()])
def me(session: DbSession, actor: CurrentActor) -> MeOut:
    """Who I am and what I may do."""
    user = session.get(User, actor.user_id)
    if user is None:
        raise NotFoundError("person", actor.user_id)
    return MeOut(
        **user_out(users.with_roles(session, [user])[0]).model_dump(),
        permissions=sorted(actor.permissions),
        narrowed={one.value: sorted(reach.accounts) for one, reach in actor.narrowed.items()},
        viewing_as=actor.viewing_as,
    )
