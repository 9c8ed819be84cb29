"""One's own account over REST: where one is signed in, and one's password."""

from datetime import datetime
from typing import Literal

from fastapi import APIRouter, Response

from crm_app import db
from crm_app.api.dependencies import CurrentActor, DbSession, Id, signed_in
from crm_app.api.schemas import In, Out, Text
from crm_app.services import sessions, users

router = APIRouter(prefix="/api/v1/me", tags=["me"])


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


class EndedOut(Out):
    ended: int


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


@router.put("/password", status_code=204, dependencies=[signed_in()])
def change_password(body: PasswordIn, actor: CurrentActor) -> Response:
    """Change my password; every other sign-in ends. 403 if `current` is wrong, 429 after many."""
    # A transaction of its own: the refusal is raised only after its count is on disk.
    with db.transaction() as session:
        refused = users.change_own_password(session, actor, current=body.current, new=body.new)
    if refused is not None:
        raise refused.error
    return Response(status_code=204)
