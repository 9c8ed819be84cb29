"""Signing in and out of the REST API."""

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
from crm_app.api.schemas import LoginIn, MeOut, TokenOut, UserOut
from crm_app.errors import NotFoundError
from crm_app.models import User
from crm_app.services import auth

router = APIRouter(prefix="/api/v1/auth", tags=["auth"])


def open_session(
    request: Request, email: str, password: str, kind: auth.SessionKind
) -> auth.SignedIn:
    """Sign in at the edge: the refusal is raised only after its count is on disk.

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
        )
    if isinstance(outcome, auth.Refused):
        raise outcome.error
    return outcome


@router.post("/login", dependencies=[public("this is how one signs in")])
def login(request: Request, body: LoginIn) -> TokenOut:
    """Exchange e-mail and password for an access token. 401 if wrong, 429 after many tries."""
    signed = open_session(request, body.email, body.password, "api")
    token, life_s = auth.access_token(signed)
    return TokenOut(access_token=token, expires_in=life_s)


@router.post("/logout", status_code=204, dependencies=[signed_in()])
def logout(request: Request, session: DbSession, bearer: Bearer) -> Response:
    """End the session; its access token stops working at once."""
    if bearer is not None:
        auth.sign_out_access_token(session, bearer.credentials)
    else:
        require_same_origin(request)
        auth.sign_out(session, request.cookies.get(auth.SESSION_COOKIE, ""))
    return Response(status_code=204)


@router.get("/me", dependencies=[signed_in()])
def me(session: DbSession, actor: CurrentActor) -> MeOut:
    """Who I am and what I may do."""
    user = session.get(User, actor.user_id)
    if user is None:
        raise NotFoundError("person", actor.user_id)
    return MeOut(**UserOut.model_validate(user).model_dump(), permissions=sorted(actor.permissions))
