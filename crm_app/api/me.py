"""One's own account over REST: where one is signed in, and one's password."""

from datetime import datetime
from typing import Literal, TypeVar

from fastapi import APIRouter, Response

from crm_app import db
from crm_app.api.dependencies import CurrentActor, DbSession, Id, signed_in
from crm_app.api.schemas import In, Out, Text
from crm_app.services import auth, oidc, sessions, sudo, two_factor, users

router = APIRouter(prefix="/api/v1/me", tags=["me"])

T = TypeVar("T")


class SessionOut(Out):
    """One sign-in that still works; `device` is what its user agent claims, in words."""

    id: int
    device: str
    address: str
    kind: Literal["browser", "api"]
    opened_at: datetime
    last_used_at: datetime
    ends_at: datetime
    is_this: bool
    is_new_device: bool


class SessionsOut(Out):
    sessions: list[SessionOut]


class IdentityOut(Out):
    """A provider of single sign-on; `email` is what it calls the one who is linked with it."""

    provider_id: int
    name: str
    email: str
    is_linked: bool


class IdentitiesOut(Out):
    identities: list[IdentityOut]


class EndedOut(Out):
    ended: int


class StandingOut(Out):
    """`codes_left` counts the recovery codes that were not used."""

    is_on: bool
    is_required: bool
    since: datetime | None
    codes_left: int


class SetupOut(Out):
    """`uri` is what the QR code holds."""

    secret: str
    uri: str


class CodeIn(In):
    code: Text


class ConfirmIn(In):
    """My password once more, or a code of my second factor."""

    password: Text = ""
    code: Text = ""


class CodesOut(Out):
    """Shown this once; each stands in for the app one time."""

    recovery_codes: list[str]


class PasswordIn(In):
    current: Text
    new: Text


@router.get("/sessions", dependencies=[signed_in()])
def list_sessions(session: DbSession, actor: CurrentActor) -> SessionsOut:
    """Where I am signed in; this sign-in first."""
    found = sessions.list_own(session, actor)
    return SessionsOut(sessions=[SessionOut.model_validate(one) for one in found])


@router.delete("/sessions/{session_id}", status_code=204, dependencies=[signed_in()])
def end_session(session_id: Id, session: DbSession, actor: CurrentActor) -> Response:
    """End one of my sign-ins. 404 if it is over already, or somebody else's."""
    sessions.end_own(session, actor, session_id)
    return Response(status_code=204)


@router.post("/sessions/end-others", dependencies=[signed_in()])
def end_others(session: DbSession, actor: CurrentActor) -> EndedOut:
    """End all of my sign-ins but this one."""
    return EndedOut(ended=sessions.end_others(session, actor))


@router.get("/two-factor", dependencies=[signed_in()])
def two_factor_standing(session: DbSession, actor: CurrentActor) -> StandingOut:
    """Whether signing in asks me for a code."""
    return StandingOut.model_validate(two_factor.standing(session, actor))


@router.post("/confirm", status_code=204, dependencies=[signed_in()])
def confirm(body: ConfirmIn, actor: CurrentActor) -> Response:
    """Prove that it is me, for what answers 403 `confirmation_needed` without.

    It holds for this sign-in and some minutes. 403 `wrong_password` or 401 `wrong_code` if it is
    not right, 429 after many; 403 for an API token, which nobody can ask.
    """
    # A transaction of its own: the refusal is raised only after its count is on disk.
    with db.transaction() as session:
        refused = sudo.confirm(session, actor, password=body.password, code=body.code)
    if refused is not None:
        raise refused.error
    return Response(status_code=204)


@router.post("/two-factor", status_code=201, dependencies=[signed_in()])
def begin_two_factor(session: DbSession, actor: CurrentActor) -> SetupOut:
    """A secret for an authenticator app; nothing changes until a code of it comes back.

    Needs `/me/confirm` shortly before.
    """
    return SetupOut.model_validate(two_factor.begin(session, actor))


@router.post("/two-factor/confirm", dependencies=[signed_in()])
def confirm_two_factor(body: CodeIn, actor: CurrentActor) -> CodesOut:
    """Turn it on with a first code; my other sign-ins end. 401 if the code does not fit."""
    with db.transaction() as session:
        outcome = two_factor.confirm(session, actor, body.code)
    return CodesOut(recovery_codes=list(_or_raise(outcome)))


@router.post("/two-factor/codes", dependencies=[signed_in()])
def new_codes(session: DbSession, actor: CurrentActor) -> CodesOut:
    """New recovery codes in place of the old ones. Needs `/me/confirm` shortly before."""
    return CodesOut(recovery_codes=list(two_factor.new_codes(session, actor)))


@router.post("/two-factor/off", status_code=204, dependencies=[signed_in()])
def two_factor_off(session: DbSession, actor: CurrentActor) -> Response:
    """Sign in without a code from now on. 409 if my role needs it.

    Needs `/me/confirm` shortly before.
    """
    two_factor.turn_off(session, actor)
    return Response(status_code=204)


def _or_raise(outcome: T | auth.Refused) -> T:
    if isinstance(outcome, auth.Refused):
        raise outcome.error
    return outcome


@router.put("/password", status_code=204, dependencies=[signed_in()])
def change_password(body: PasswordIn, actor: CurrentActor) -> Response:
    """Change my password; every other sign-in ends. 403 if `current` is wrong, 429 after many."""
    # A transaction of its own: the refusal is raised only after its count is on disk.
    with db.transaction() as session:
        refused = users.change_own_password(session, actor, current=body.current, new=body.new)
    if refused is not None:
        raise refused.error
    return Response(status_code=204)


@router.get("/identities", dependencies=[signed_in()])
def list_identities(session: DbSession, actor: CurrentActor) -> IdentitiesOut:
    """The providers with which I can sign in, or could be linked: that is done in a browser."""
    found = oidc.list_own(session, actor)
    return IdentitiesOut(identities=[IdentityOut.model_validate(one) for one in found])


@router.delete("/identities/{provider_id}", status_code=204, dependencies=[signed_in()])
def unlink(provider_id: Id, session: DbSession, actor: CurrentActor) -> Response:
    """Sign in with this provider no more. 404 if I am not linked with it."""
    oidc.unlink(session, actor, provider_id)
    return Response(status_code=204)
